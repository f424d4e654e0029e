use async_graphql::parser::types::Field;

use crate::graphql::execute::raw_json::Leaf;
use crate::graphql::execute::sync_object::{ChildOf, FieldWriter, SyncObject};
use crate::graphql::lead::{Lead, LeadSource, LeadStatus};
use crate::graphql::user::User;

impl SyncObject for Lead {
    type Child = User;

    fn is_ready(&self, field: &Field) -> bool {
        match field.name.node.as_str() {
            "notes" | "timeline" => false,
            "assignedTo" => match &self.assignee {
                Some(user) => user.are_ready(&field.selection_set.node),
                None => self.row.assigned_to.is_none(),
            },
            _ => true,
        }
    }

    fn writer(field: &str) -> Option<FieldWriter<Self>> {
        Some(match field {
            "id" => |lead, json| lead.row.id.0.write(json),
            "firstName" => |lead, json| lead.row.first_name.write(json),
            "lastName" => |lead, json| lead.row.last_name.write(json),
            "fullName" => |lead, json| lead.row.full_name().into_owned().write(json),
            "email" => |lead, json| lead.row.email.write(json),
            "phone" => |lead, json| lead.row.phone.write(json),
            "company" => |lead, json| lead.row.company.write(json),
            "source" => |lead, json| LeadSource::from(lead.row.source).write(json),
            "status" => |lead, json| LeadStatus::from(lead.row.status).write(json),
            "leadScore" => |lead, json| lead.row.lead_score.write(json),
            "isHotLead" => |lead, json| lead.row.is_hot().write(json),
            "conversionProbability" => |lead, json| lead.row.conversion_probability.write(json),
            "lastContactDate" => |lead, json| lead.row.last_contact_date.write(json),
            "nextFollowUp" => |lead, json| lead.row.next_follow_up.write(json),
            "tags" => |lead, json| lead.row.tags.write(json),
            "customFields" => |lead, json| json.extend(lead.row.custom_fields.as_str().bytes()),
            "createdAt" => |lead, json| lead.row.created_at.write(json),
            "updatedAt" => |lead, json| lead.row.updated_at.write(json),
            "version" => |lead, json| lead.row.version.write(json),
            "isArchived" => |lead, json| lead.row.is_archived().write(json),
            _ => return None,
        })
    }

    fn child(field: &str) -> Option<ChildOf<Self>> {
        (field == "assignedTo").then_some(|lead| match &lead.assignee {
            Some(user) => Some(Some(user)),
            None => lead.row.assigned_to.is_none().then_some(None),
        })
    }
}
