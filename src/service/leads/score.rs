use serde::Serialize;

use crate::db::Connection;
use crate::service::command::Command;
use crate::service::leads::Lead;
use crate::service::leads::edit::{LeadEdit, edit, require_active};
use crate::service::permission::Action;
use crate::service::validation::{self, FieldErrors};
use crate::service::{Actor, LeadId, Result};

/// Sets a lead's score by hand, or (`score: None`) computes it by the rules again.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct SetScore {
    pub id: LeadId,
    pub expected_version: Option<i32>,
    pub score: Option<i32>,
}

impl Command for SetScore {
    const NAME: &'static str = "setScore";
    const ACTION: Action = Action::UpdateLead;
    type Answer = Lead;

    fn check(&self, faults: &mut FieldErrors) {
        if let Some(score) = self.score {
            faults.take("score", validation::score(score));
        }
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let mut faults = FieldErrors::default();
        self.check(&mut faults);
        faults.finish()?;
        let target = LeadEdit {
            id: self.id,
            expected_version: self.expected_version,
            fields: &["leadScore", "scoreIsManual"],
        };
        edit(conn, actor, target, Action::UpdateLead, |lead| {
            require_active(lead)?;
            lead.score_is_manual = self.score.is_some();
            lead.lead_score = self.score.unwrap_or(lead.lead_score);
            Ok(())
        })
        .await
    }
}
