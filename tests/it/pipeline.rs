//! The import of a real sales pipeline, and the figures it must give; see tests/data/pipeline.

use std::fs;
use std::path::{Path, PathBuf};

use crm::cli::seed::{Progress, SeedError, import_pipeline};
use crm::db::Db;
use crm::service::leads::{Archived, LeadFilter, LeadStatus};
use crm::service::page::{Page, Start};
use crm::service::statistics::{AgentTotals, Totals, statistics};
use crm::service::users::{self, UserFilter, UserRole};
use crm::service::{Actor, leads};
use serde_json::json;

use crate::support::TestDatabase;

#[tokio::test]
async fn the_real_pipeline_gives_the_published_figures_to_whoever_may_see_them() {
    let database = TestDatabase::new().await;
    let db = database.db();
    let imported = import_pipeline(db, &data(), Progress::Silent)
        .await
        .expect("an import");
    assert_eq!(
        (imported.leads, imported.users, imported.already_there),
        (8_800, 41, 0)
    );

    let all = totals(db, &Actor::operator()).await;
    assert_eq!(all.total, 8_800);
    let of = |status| all.by_status.get(&status).copied().unwrap_or_default();
    assert_eq!(of(LeadStatus::Won), 4_238);
    assert_eq!(of(LeadStatus::Lost), 2_473);
    assert_eq!(of(LeadStatus::Contacted), 1_589);
    assert_eq!(of(LeadStatus::New), 500);
    assert_eq!(all.conversion_rate(), 48.16);
    let darcel = agent(db, &all, "darcel.schlecht@example.com").await;
    assert_eq!((darcel.total, darcel.won), (747, 349));
    assert_eq!(agent(db, &all, "vicki.laflamme@example.com").await.won, 221);
    assert_eq!(
        agent(db, &all, "kary.hendrixson@example.com").await.won,
        209
    );

    let manager = actor(db, "melvin.marxen@example.com").await;
    let team = totals(db, &manager).await;
    assert_eq!(team.total, 1_929);
    assert_eq!(team.by_agent.len(), 5);
    for seen in &team.by_agent {
        assert!(manager.team.contains(&seen.agent.expect("an agent")));
    }
    assert_eq!(
        agent(db, &team, "darcel.schlecht@example.com").await,
        darcel
    );

    let own = totals(db, &actor(db, "darcel.schlecht@example.com").await).await;
    assert_eq!((own.total, own.by_agent), (747, vec![darcel]));
}

#[tokio::test]
async fn an_import_that_is_run_again_imports_nothing_twice() {
    let database = TestDatabase::new().await;
    let folder = folder_with(
        "Anna Snelling,,Prospecting,,",
        "Anna Snelling,,Won,1/2/2017,1/9/2017",
    );
    let first = import_pipeline(database.db(), &folder, Progress::Silent).await;
    assert_eq!(first.expect("an import").leads, 2);
    let second = import_pipeline(database.db(), &folder, Progress::Silent)
        .await
        .expect("an import");
    assert_eq!(
        (second.leads, second.users, second.already_there),
        (0, 0, 2)
    );
    assert_eq!(totals(database.db(), &Actor::operator()).await.total, 2);
    fs::remove_dir_all(folder).ok();
}

#[tokio::test]
async fn rows_that_make_no_sense_are_named_and_nothing_is_imported() {
    let database = TestDatabase::new().await;
    let folder = folder_with(
        "Nobody Known,,Won,1/2/2017,",
        "Anna Snelling,,Won,31/12/2017,",
    );
    let outcome = import_pipeline(database.db(), &folder, Progress::Silent).await;
    let Err(SeedError::Rows(faults)) = outcome else {
        panic!("{outcome:?}");
    };
    let places: Vec<_> = faults
        .iter()
        .map(|fault| (fault.file, fault.line))
        .collect();
    assert_eq!(
        places,
        [("sales_pipeline.csv", 2), ("sales_pipeline.csv", 3)]
    );
    assert!(faults[0].message.contains("Nobody Known"), "{faults:?}");
    assert!(faults[1].message.contains("engage_date"), "{faults:?}");
    assert_eq!(totals(database.db(), &Actor::operator()).await.total, 0);
    assert!(users::is_empty(database.db()).await.expect("an answer"));
    fs::remove_dir_all(folder).ok();
}

#[tokio::test]
async fn an_opportunity_becomes_a_lead_with_its_facts() {
    let database = TestDatabase::new().await;
    let folder = folder_with(
        "Anna Snelling,Acme Corporation,Won,10/20/2016,3/1/2017",
        "Anna Snelling,,Lost,,",
    );
    import_pipeline(database.db(), &folder, Progress::Silent)
        .await
        .expect("an import");
    let filter = LeadFilter {
        custom_fields: Some(json!({ "opportunityId": "OPP00001" })),
        archived: Some(Archived::Include),
        ..LeadFilter::default()
    };
    let mut conn = database.db().connection().await.expect("a connection");
    let query = filter.query(&Actor::operator()).expect("a query");
    let lead: leads::Lead = {
        use diesel::prelude::*;
        use diesel_async::RunQueryDsl;
        let lead = query.select(leads::Lead::as_select());
        lead.first(&mut conn).await.expect("a lead")
    };
    assert_eq!(lead.full_name(), "Buyer OPP00001");
    assert_eq!(
        lead.email.as_deref(),
        Some("opp00001@acmecorporation.example")
    );
    assert_eq!(lead.company.as_deref(), Some("Acme Corporation"));
    assert_eq!(lead.created_at.to_rfc3339(), "2016-10-20T00:00:00+00:00");
    let contact = lead.last_contact_date.expect("a date");
    assert_eq!(contact.to_rfc3339(), "2017-03-01T00:00:00+00:00");
    // 50, REFERRAL 20, a company 10, a business e-mail 10.
    assert_eq!(lead.lead_score, 90);
    fs::remove_dir_all(folder).ok();
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pipeline")
}

/// A pipeline of one agent and two opportunities, whose rows are given without their ids.
fn folder_with(first: &str, second: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("crm-pipeline-{}", uuid::Uuid::now_v7()));
    fs::create_dir_all(&folder).expect("a folder");
    let teams = "sales_agent,manager\nAnna Snelling,Dustin Brinkmann\n";
    fs::write(folder.join("sales_teams.csv"), teams).expect("a file");
    let pipeline = format!(
        "opportunity_id,sales_agent,account,deal_stage,engage_date,close_date\n\
         OPP00001,{first}\nOPP00002,{second}\n"
    );
    fs::write(folder.join("sales_pipeline.csv"), pipeline).expect("a file");
    folder
}

async fn totals(db: &Db, actor: &Actor) -> Totals {
    let answer = statistics(db, actor, &LeadFilter::default(), &[]).await;
    answer.expect("statistics").totals
}

async fn agent(db: &Db, totals: &Totals, email: &str) -> AgentTotals {
    let user = actor(db, email).await;
    let found = totals
        .by_agent
        .iter()
        .find(|seen| seen.agent == Some(user.id));
    found.expect("an agent with leads").clone()
}

/// Who asks when the user with that address is signed in.
async fn actor(db: &Db, email: &str) -> Actor {
    let user = users::by_email(db, email).await.expect("an answer");
    let user = user.expect("a user");
    let mut team = vec![user.id];
    if user.role == UserRole::Manager {
        let filter = UserFilter {
            manager: Some(user.id),
            ..UserFilter::default()
        };
        let page = Page {
            size: 100,
            start: Start::Offset(0),
        };
        let members = users::list(db, &Actor::operator(), &filter, &page).await;
        team.extend(members.expect("users").rows.iter().map(|member| member.id));
    }
    Actor {
        id: user.id,
        role: user.role,
        team,
    }
}
