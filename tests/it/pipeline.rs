//! The import of a real sales pipeline, and the figures it must give; see tests/data/pipeline.

use std::fs;
use std::path::{Path, PathBuf};

use crm::cli::seed::{PASSWORD, Progress, SeedError, import_pipeline};
use crm::db::Db;
use crm::service::leads::{Archived, LeadFilter};
use crm::service::statistics::{Totals, Wanted, statistics};
use crm::service::users;
use crm::service::{Actor, leads};
use serde_json::{Value, json};

use crate::support::{Api, TestDatabase};

const FIGURES: &str = "{
    leads { totalCount }
    leadStatistics {
        totalLeads conversionRate
        leadsByStatus { status count }
        leadsByAgent { user { id email manager { email } } totalLeads wonLeads conversionRate }
    }
}";

#[tokio::test]
async fn the_real_pipeline_gives_the_published_figures() {
    let api = Api::new().await;
    let imported = import_pipeline(api.db(), &data(), Progress::Silent).await;
    let imported = imported.expect("an import");
    assert_eq!(
        (imported.leads, imported.users, imported.already_there),
        (8_800, 41, 0)
    );
    let figures = api.data(&api.admin().await, FIGURES, json!({})).await;
    assert_eq!(figures["leads"]["totalCount"], 8_800);
    let all = &figures["leadStatistics"];
    assert_eq!(all["totalLeads"], 8_800);
    assert_eq!(all["conversionRate"], 48.16);
    let expected = json!([
        { "status": "NEW", "count": 500 },
        { "status": "CONTACTED", "count": 1_589 },
        { "status": "QUALIFIED", "count": 0 },
        { "status": "PROPOSAL", "count": 0 },
        { "status": "NEGOTIATION", "count": 0 },
        { "status": "WON", "count": 4_238 },
        { "status": "LOST", "count": 2_473 },
        { "status": "CALLBACK", "count": 0 },
    ]);
    assert_eq!(all["leadsByStatus"], expected);
    assert_eq!(won_of_total(all, "darcel.schlecht@example.com"), (349, 747));
    assert_eq!(won_of_total(all, "vicki.laflamme@example.com").0, 221);
    assert_eq!(won_of_total(all, "kary.hendrixson@example.com").0, 209);
}

#[tokio::test]
async fn of_the_real_pipeline_everybody_sees_what_is_theirs() {
    let api = Api::new().await;
    let imported = import_pipeline(api.db(), &data(), Progress::Silent).await;
    imported.expect("an import");
    let manager = api.sign_in("melvin.marxen@example.com", PASSWORD).await;
    let figures = api.data(&manager, FIGURES, json!({})).await;
    assert_eq!(figures["leads"]["totalCount"], 1_929);
    let team = &figures["leadStatistics"];
    assert_eq!(team["totalLeads"], 1_929);
    let agents = team["leadsByAgent"].as_array().unwrap();
    assert_eq!(agents.len(), 5);
    for agent in agents {
        assert_eq!(agent["user"]["manager"]["email"], json!(manager.email));
    }
    assert_eq!(
        won_of_total(team, "darcel.schlecht@example.com"),
        (349, 747)
    );

    let agent = api.sign_in("darcel.schlecht@example.com", PASSWORD).await;
    let figures = api.data(&agent, FIGURES, json!({})).await;
    assert_eq!(figures["leads"]["totalCount"], 747);
    let own = figures["leadStatistics"]["leadsByAgent"]
        .as_array()
        .unwrap();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["user"]["id"], json!(agent.id));
}

/// An agent's leads that were won, and all of them.
fn won_of_total(statistics: &Value, email: &str) -> (i64, i64) {
    let agents = statistics["leadsByAgent"].as_array().unwrap();
    let agent = agents
        .iter()
        .find(|agent| agent["user"]["email"] == email)
        .unwrap();
    (
        agent["wonLeads"].as_i64().unwrap(),
        agent["totalLeads"].as_i64().unwrap(),
    )
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
    let everybody = users::UserFilter::default();
    let people = users::count(database.db(), &Actor::operator(), &everybody).await;
    assert_eq!(people.unwrap(), 0);
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
        custom_fields: Some(json!({ "opportunityId": "OPP00001" }).into()),
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
    let answer = statistics(db, actor, &LeadFilter::default(), &Wanted::totals()).await;
    answer.expect("statistics").totals
}
