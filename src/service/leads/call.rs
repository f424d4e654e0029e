use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::db::Connection;
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::leads::Lead;
use crate::service::leads::edit::{LeadEdit, edit, require_active};
use crate::service::permission::Action;
use crate::service::timeline::{self, NoteType};
use crate::service::validation::{self, FieldErrors};
use crate::service::{Actor, LeadId, Result};

/// Records an attempted call: counts it, sets the last contact to now, and saves the note and the next
/// follow-up.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct RecordCallAttempt {
    pub id: LeadId,
    pub expected_version: Option<i32>,
    pub note: Option<String>,
    pub next_follow_up: Option<DateTime<Utc>>,
}

impl Command for RecordCallAttempt {
    const NAME: &'static str = "recordCallAttempt";
    const ACTION: Action = Action::UpdateLead;
    type Answer = Lead;

    fn check(&self, faults: &mut FieldErrors) {
        self.valid(faults);
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let mut faults = FieldErrors::default();
        let (note, next) = self.valid(&mut faults);
        faults.finish()?;
        let target = LeadEdit {
            id: self.id,
            expected_version: self.expected_version,
            fields: &["callAttempts", "lastContactDate", "nextFollowUp"],
        };
        let lead = edit(conn, actor, target, Action::UpdateLead, |lead| {
            require_active(lead)?;
            lead.call_attempts += 1;
            lead.last_contact_date = Some(now());
            lead.next_follow_up = next.or(lead.next_follow_up);
            Ok(())
        })
        .await?;
        if let Some(content) = note {
            timeline::write(conn, actor, lead.id, NoteType::Call, content, None).await?;
        }
        Ok(lead)
    }
}

impl RecordCallAttempt {
    /// The note and the next follow-up, if they are valid.
    fn valid(&self, faults: &mut FieldErrors) -> (Option<String>, Option<DateTime<Utc>>) {
        let text = self.note.as_deref().unwrap_or_default();
        let text = validation::optional_text(text, timeline::LONGEST_CONTENT);
        let note = faults.take("note", text).flatten();
        let next = self.next_follow_up;
        let next = next.and_then(|date| faults.take("nextFollowUp", validation::stored_date(date)));
        (note, next)
    }
}
