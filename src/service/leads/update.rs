use serde::Serialize;

use crate::db::Connection;
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::leads::edit::{LeadEdit, edit, require_active};
use crate::service::leads::input::any_lead;
use crate::service::leads::{Lead, LeadPatch};
use crate::service::permission::Action;
use crate::service::validation::FieldErrors;
use crate::service::{Actor, LeadId, Result, free_email_domains};

/// Changes the named fields of a lead, and only these.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct UpdateLead {
    pub id: LeadId,
    pub expected_version: Option<i32>,
    pub patch: LeadPatch,
}

impl Command for UpdateLead {
    const NAME: &'static str = "updateLead";
    const ACTION: Action = Action::UpdateLead;
    type Answer = Lead;

    fn check(&self, faults: &mut FieldErrors) {
        let checked = any_lead().and_then(|mut lead| self.patch.apply(&mut lead, now()));
        faults.absorb(checked).ok();
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let fields = self.patch.fields();
        if self.patch.email.is_some() {
            free_email_domains::keep(conn).await?;
        }
        let target = LeadEdit {
            id: self.id,
            expected_version: self.expected_version,
            fields: &fields,
        };
        edit(conn, actor, target, Action::UpdateLead, |lead| {
            require_active(lead)?;
            self.patch.apply(lead, now())
        })
        .await
    }
}
