//! The service asks for permission itself, whoever calls it and in whatever way: the API's own
//! checks are not the only ones.

use crm::service::leads::bulk::{Bulk, BulkMode, Selection};
use crm::service::leads::{BulkTag, TagChange};
use crm::service::sessions::PasswordHash;
use crm::service::users::{
    CreateUser, DeactivateUser, TheirLeads, UpdateUser, UserPatch, UserRole,
};
use crm::service::{Command, ServiceError, perform};

use crate::properties::same;

use super::population::Population;
use super::viewer::Viewer;

pub(super) async fn check(population: &mut Population, index: usize) -> Result<(), String> {
    let viewer = population.viewer(index);
    check_limit(viewer).await?;
    check_management(viewer).await
}

/// The number of leads in the refusal of a large selection is the number that the viewer sees,
/// and leads that the viewer does not see take nothing of the limit.
async fn check_limit(viewer: Viewer<'_>) -> Result<(), String> {
    let size = viewer
        .visible()
        .iter()
        .filter(|lead| !lead.is_archived())
        .count();
    let tag = |limit: usize| BulkTag {
        bulk: Bulk {
            selection: Selection::Filter(Box::default()),
            mode: BulkMode::Partial,
            dry_run: true,
            limit,
            most_rows: usize::MAX,
        },
        change: TagChange {
            add: vec!["limit".to_owned()],
            remove: vec![],
        },
    };
    same(
        "a selection at the limit",
        code(viewer, tag(size)).await,
        None,
    )?;
    if size == 0 {
        return Ok(());
    }
    let (db, actor) = (
        viewer.population.api.db(),
        viewer.population.actor(viewer.index),
    );
    match perform(db, &actor, tag(size - 1)).await {
        Err(ServiceError::InvalidData(faults)) => {
            let limit = size - 1;
            let expected = format!("selects {size} leads, the limit is {limit}");
            same("the refusal", faults[0].message.clone(), expected)
        }
        _ => Err("a selection above the limit was not refused".to_owned()),
    }
}

async fn check_management(viewer: Viewer<'_>) -> Result<(), String> {
    let is_admin = viewer.person().role == UserRole::Admin;
    let refusal = (!is_admin).then_some("PERMISSION_DENIED");
    let gone = viewer.population.people[9].id;
    let create = CreateUser {
        email: format!("made.by.{}@example.com", viewer.name()),
        full_name: "Made".to_owned(),
        role: UserRole::Agent,
        manager: None,
        password: Some(password().await),
        is_demo: false,
    };
    same("creating a user", code(viewer, create).await, refusal)?;
    let update = UpdateUser {
        id: gone,
        patch: UserPatch::default(),
    };
    same("changing a user", code(viewer, update).await, refusal)?;
    let deactivate = DeactivateUser {
        id: gone,
        leads: TheirLeads::Keep,
    };
    same(
        "deactivating a user",
        code(viewer, deactivate).await,
        refusal,
    )
}

async fn code<C: Command>(viewer: Viewer<'_>, command: C) -> Option<&'static str> {
    let (db, actor) = (
        viewer.population.api.db(),
        viewer.population.actor(viewer.index),
    );
    let outcome = perform(db, &actor, command).await;
    outcome.err().map(|error| error.code())
}

async fn password() -> PasswordHash {
    PasswordHash::of("a password of some length").await.unwrap()
}
