use async_graphql::{ID, InputObject, MaybeUndefined};
use chrono::{DateTime, Utc};

use crate::graphql::attempt::{self, Attempt};
use crate::graphql::json::JsonValue;
use crate::graphql::lead::{LeadSource, LeadStatus};
use crate::service::leads::{LeadPatch, NewLead, UpdateLead};
use crate::service::validation::Faults;
use crate::service::{LeadId, UserId};

/// Declares the fields of a lead to be, as an input of its own and as a row among others.
macro_rules! new_lead_input {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// The first name, 1–100 characters. It, or `lastName`, or `company`, is needed.
            first_name: Option<String>,
            /// The last name, 1–100 characters.
            last_name: Option<String>,
            /// The e-mail address. It, or the phone number, is needed.
            email: Option<String>,
            /// The phone number, written internationally: `+48 123 456 789`, with an extension, if it
            /// has one: `+48 123 456 789 ext. 12`. A national number needs `phoneRegion`.
            phone: Option<String>,
            /// The country of a national phone number, by its two letters (ISO 3166): `PL`. Without it
            /// it is that of the service's configuration (CRM_PHONE_REGION), if there is one. A
            /// number that begins with `+` or `00` needs none.
            phone_region: Option<String>,
            /// The company, at most 200 characters.
            company: Option<String>,
            /// Where the lead came from.
            #[graphql(default_with = "LeadSource::Other")]
            source: LeadSource,
            /// Where the lead stands.
            #[graphql(default_with = "LeadStatus::New")]
            status: LeadStatus,
            /// Who works on it: an active user. Without one, an agent's lead is the agent's own,
            /// anybody else's is unassigned. Agents may name only themselves, managers their team.
            assigned_to: Option<ID>,
            /// How likely the lead becomes a customer, 0.0–1.0. Default 0.0.
            conversion_probability: Option<f64>,
            /// When somebody was last in contact; not in the future.
            last_contact_date: Option<DateTime<Utc>>,
            /// When to be in contact again.
            next_follow_up: Option<DateTime<Utc>>,
            /// Tags: at most 50, each 1–50 characters; stored trimmed, in lower case, each once.
            #[graphql(default)]
            tags: Vec<String>,
            /// A JSON object, at most 16 KiB.
            custom_fields: Option<JsonValue>,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// The lead, together with what is wrong with an assignee that is not an id.
            pub fn new_lead(self) -> NewLead {
                let mut malformed = Faults::default();
                let assigned_to = self
                    .assigned_to
                    .map(|id| UserId(attempt::id("assignedTo", &id, &mut malformed)));
                NewLead {
                    first_name: self.first_name,
                    last_name: self.last_name,
                    email: self.email,
                    phone: self.phone,
                    phone_region: self.phone_region,
                    company: self.company,
                    source: Some(self.source.into()),
                    status: Some(self.status.into()),
                    assigned_to: assigned_to.filter(|_| malformed.is_empty()),
                    conversion_probability: self.conversion_probability,
                    last_contact_date: self.last_contact_date,
                    next_follow_up: self.next_follow_up,
                    tags: self.tags,
                    custom_fields: self.custom_fields.map(|fields| fields.0),
                    created_at: None,
                    malformed,
                }
            }
        }
    };
}

new_lead_input! {
    /// A lead to be.
    CreateLeadInput {
        /// A name for this change, made up by the client, 1–200 characters: sent again within 24
        /// hours it has no second effect and answers what was done, with the objects as they are now.
        idempotency_key: Option<String>,
    }
}

new_lead_input! {
    /// A lead to be, among others.
    NewLeadInput {}
}

/// The fields of a lead to change: absent ones stay as they are, null empties those that can be
/// empty.
#[derive(InputObject)]
pub struct UpdateLeadInput {
    /// The lead.
    id: ID,
    /// The first name, 1–100 characters. It, or `lastName`, or `company`, must stay.
    first_name: MaybeUndefined<String>,
    /// The last name, 1–100 characters.
    last_name: MaybeUndefined<String>,
    /// The e-mail address. It, or the phone number, must stay.
    email: MaybeUndefined<String>,
    /// The phone number, written internationally: `+48 123 456 789`, with an extension, if it has one:
    /// `+48 123 456 789 ext. 12`. A national number needs `phoneRegion`.
    phone: MaybeUndefined<String>,
    /// The country of a national phone number, by its two letters (ISO 3166): `PL`. Without it it is that
    /// of the service's configuration (CRM_PHONE_REGION), if there is one. A number that begins with `+`
    /// or `00` needs none.
    phone_region: Option<String>,
    /// The company, at most 200 characters.
    company: MaybeUndefined<String>,
    /// Where the lead came from.
    source: MaybeUndefined<LeadSource>,
    /// Where the lead stands.
    status: MaybeUndefined<LeadStatus>,
    /// How likely the lead becomes a customer, 0.0–1.0.
    conversion_probability: MaybeUndefined<f64>,
    /// When somebody was last in contact; not in the future.
    last_contact_date: MaybeUndefined<DateTime<Utc>>,
    /// When to be in contact again.
    next_follow_up: MaybeUndefined<DateTime<Utc>>,
    /// All tags the lead has then: at most 50, each 1–50 characters.
    tags: MaybeUndefined<Vec<String>>,
    /// All custom fields the lead has then: a JSON object, at most 16 KiB.
    custom_fields: MaybeUndefined<JsonValue>,
    /// The `version` that the client saw: CONFLICT if the lead has another one now.
    expected_version: Option<i32>,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it has no second effect and answers what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

impl UpdateLeadInput {
    pub(super) fn command(self) -> Attempt<UpdateLead> {
        Attempt::read(|faults| UpdateLead {
            id: LeadId(attempt::id("id", &self.id, faults)),
            expected_version: self.expected_version,
            patch: LeadPatch {
                first_name: given(self.first_name),
                last_name: given(self.last_name),
                email: given(self.email),
                phone: given(self.phone),
                phone_region: self.phone_region,
                company: given(self.company),
                source: given(self.source).map(|source| source.map(Into::into)),
                status: given(self.status).map(|status| status.map(Into::into)),
                conversion_probability: given(self.conversion_probability),
                last_contact_date: given(self.last_contact_date),
                next_follow_up: given(self.next_follow_up),
                tags: given(self.tags),
                custom_fields: given(self.custom_fields.map_value(|fields| fields.0)),
            },
        })
    }
}

fn given<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}
