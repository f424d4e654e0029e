use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::service::exports::cell::Cell;
use crate::service::leads::Lead;

/// Declares the columns of an export: the name of each, as the API calls the field, and its value. A value that
/// stands for the user gets that user's e-mail address.
macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident = $name:literal: |$lead:ident, $assignee:ident| $value:expr,)*) => {
        /// A column of an export.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum ExportColumn {
            $($(#[$doc])* $column,)*
        }

        impl ExportColumn {
            /// Every column, in the order of an export that names none.
            pub const ALL: &[Self] = &[$(Self::$column,)*];

            /// The name, in the first line of CSV and in each object of NDJSON.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$column => $name,)*
                }
            }

            /// The value of a lead, whose assignee has this e-mail address.
            pub(super) fn cell<'a>(self, lead: &'a Lead, assignee: Option<&'a str>) -> Cell<'a> {
                match self {
                    $(Self::$column => {
                        let ($lead, $assignee) = (lead, assignee);
                        let _ = ($lead, $assignee);
                        $value
                    })*
                }
            }
        }
    };
}

fn text(text: &Option<String>) -> Cell<'_> {
    text.as_deref()
        .map_or(Cell::Nothing, |text| Cell::Text(Cow::Borrowed(text)))
}

columns! {
    /// The id.
    Id = "id": |lead, _a| Cell::Text(lead.id.to_string().into()),
    /// The first name.
    FirstName = "firstName": |lead, _a| text(&lead.first_name),
    /// The last name.
    LastName = "lastName": |lead, _a| text(&lead.last_name),
    /// The first and last name, or else the company.
    FullName = "fullName": |lead, _a| Cell::Text(lead.full_name()),
    /// The e-mail address.
    Email = "email": |lead, _a| text(&lead.email),
    /// The phone number, in E.164.
    Phone = "phone": |lead, _a| text(&lead.phone),
    /// The company.
    Company = "company": |lead, _a| text(&lead.company),
    /// The job title.
    JobTitle = "jobTitle": |lead, _a| text(&lead.job_title),
    /// The source.
    Source = "source": |lead, _a| Cell::Text(lead.source.as_str().into()),
    /// The status.
    Status = "status": |lead, _a| Cell::Text(lead.status.as_str().into()),
    /// The e-mail address of the assignee.
    AssignedTo = "assignedTo": |_lead, assignee| match assignee {
        Some(assignee) => Cell::Text(assignee.into()),
        None => Cell::Nothing,
    },
    /// The score, 0–100.
    LeadScore = "leadScore": |lead, _a| Cell::Integer(lead.lead_score.into()),
    /// True for a hot lead.
    IsHotLead = "isHotLead": |lead, _a| Cell::Bool(lead.is_hot()),
    /// The probability that the lead becomes a customer, 0–1.
    ConversionProbability = "conversionProbability": |lead, _a| Cell::Float(lead.conversion_probability),
    /// The time of the last contact.
    LastContactDate = "lastContactDate": |lead, _a| lead.last_contact_date.map_or(Cell::Nothing, Cell::Time),
    /// The time of the next follow-up.
    NextFollowUp = "nextFollowUp": |lead, _a| lead.next_follow_up.map_or(Cell::Nothing, Cell::Time),
    /// The number of calls that were tried.
    CallAttempts = "callAttempts": |lead, _a| Cell::Integer(lead.call_attempts.into()),
    /// The tags.
    Tags = "tags": |lead, _a| Cell::Texts(&lead.tags),
    /// The custom fields, as JSON.
    CustomFields = "customFields": |lead, _a| Cell::Json(&lead.custom_fields),
    /// The time of creation.
    CreatedAt = "createdAt": |lead, _a| Cell::Time(lead.created_at),
    /// The time of the last change.
    UpdatedAt = "updatedAt": |lead, _a| Cell::Time(lead.updated_at),
    /// The time at which it was archived.
    ArchivedAt = "archivedAt": |lead, _a| lead.archived_at.map_or(Cell::Nothing, Cell::Time),
}
