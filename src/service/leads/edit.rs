use crate::db::Connection;
use crate::service::clock::now;
use crate::service::leads::{Lead, scoring, sql};
use crate::service::permission::{self, Action};
use crate::service::timeline::{self, changes};
use crate::service::{Actor, Conflict, LeadId, Result, ServiceError, free_email_domains};

/// The one lead that a change is about, and what the change expects of it.
pub(crate) struct LeadEdit<'a> {
    pub id: LeadId,
    /// The version that the client saw; without one the last writer of a field wins.
    pub expected_version: Option<i32>,
    /// The fields that the client wants to change, by their API names.
    pub fields: &'a [&'a str],
}

/// Changes one lead: lock, permission, rule, write, timeline.
///
/// A change that changes nothing writes nothing and leaves the version as it is.
/// Errors: `LeadNotFound`, `PermissionDenied`, `Conflict` if the version is not the expected one,
/// and what `rule` refuses.
pub(crate) async fn edit(
    conn: &mut Connection,
    actor: &Actor,
    target: LeadEdit<'_>,
    action: Action,
    rule: impl FnOnce(&mut Lead) -> Result<()> + Send,
) -> Result<Lead> {
    let before = sql::lock_one(conn, target.id).await?;
    permission::require(actor, action, before.assigned_to)?;
    expect_version(&before, &target)?;
    let mut after = before.clone();
    rule(&mut after)?;
    if after.email != before.email {
        after.has_business_email = free_email_domains::is_business(conn, &after.email).await?;
    }
    rescore(&mut after);
    let changes = changes(Some(&before), &after);
    if changes.is_empty() {
        return Ok(before);
    }
    after.version += 1;
    after.updated_at = now();
    if !sql::update(
        conn,
        &after,
        target.expected_version.unwrap_or(before.version),
    )
    .await?
    {
        return Err(conflict(&before, &target));
    }
    timeline::record(conn, actor, after.updated_at, vec![(after.id, changes)]).await?;
    Ok(after)
}

/// Computes the score again, unless it was set by hand.
pub(crate) fn rescore(lead: &mut Lead) {
    if !lead.score_is_manual {
        lead.lead_score = scoring::score(lead);
    }
}

/// Refuses archived leads, which can only be read, noted on, restored and deleted. Errors: `Conflict`.
pub(crate) fn require_active(lead: &Lead) -> Result<()> {
    if lead.is_archived() {
        return Err(ServiceError::conflict(
            "the lead is archived: restore it first",
        ));
    }
    Ok(())
}

/// [`expect_version`] for a change of none of the lead's own fields.
pub(crate) fn require_version(lead: &Lead, expected_version: Option<i32>) -> Result<()> {
    expect_version(
        lead,
        &LeadEdit {
            id: lead.id,
            expected_version,
            fields: &[],
        },
    )
}

/// Errors: `Conflict` with the current version and the current values of the target's fields.
pub(crate) fn expect_version(lead: &Lead, target: &LeadEdit<'_>) -> Result<()> {
    match target.expected_version {
        Some(expected) if expected != lead.version => Err(conflict(lead, target)),
        _ => Ok(()),
    }
}

fn conflict(lead: &Lead, target: &LeadEdit<'_>) -> ServiceError {
    let values = timeline::fields(lead);
    let current = target
        .fields
        .iter()
        .map(|&field| {
            (
                field.to_owned(),
                values.get(field).cloned().unwrap_or_default(),
            )
        })
        .collect();
    let expected = target.expected_version.unwrap_or(lead.version);
    let message = format!("the lead has version {}, not {expected}", lead.version);
    ServiceError::Conflict(Conflict {
        message,
        current_version: Some(lead.version),
        current,
    })
}
