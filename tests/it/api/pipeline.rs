//! A real sales pipeline, and the figures it must give; see tests/data/pipeline.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use crm::service::leads::bulk::BulkMode;
use crm::service::leads::{CreateLeads, LeadSource, LeadStatus, NewLead};
use crm::service::users::UserRole;
use crm::service::{Actor, UserId, perform};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{Api, PASSWORD};

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
    load(&api).await;
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
    load(&api).await;
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

#[derive(Deserialize)]
struct Member {
    sales_agent: String,
    manager: String,
}

#[derive(Deserialize)]
struct Opportunity {
    opportunity_id: String,
    sales_agent: String,
    account: String,
    deal_stage: String,
    engage_date: String,
    close_date: String,
}

/// Makes the users and leads of the files.
async fn load(api: &Api) {
    let (mut managers, mut agents) = (HashMap::new(), HashMap::new());
    for member in rows::<Member>("sales_teams.csv") {
        if !managers.contains_key(&member.manager) {
            let manager = api.user(&member.manager, UserRole::Manager, None).await;
            managers.insert(member.manager.clone(), manager);
        }
        let manager = managers.get(&member.manager);
        let agent = api
            .user(&member.sales_agent, UserRole::Agent, manager)
            .await;
        let id = agent.id.parse().map(UserId).expect("an id");
        agents.insert(member.sales_agent, id);
    }
    let opportunities = rows::<Opportunity>("sales_pipeline.csv");
    for rows in opportunities.chunks(1_000) {
        let leads = rows.iter().map(|row| lead(row, agents[&row.sales_agent]));
        let command = CreateLeads {
            leads: leads.collect(),
            mode: BulkMode::AllOrNothing,
            dry_run: false,
            most_rows: usize::MAX,
        };
        let result = perform(api.db(), &Actor::operator(), command).await;
        for row in result.expect("new leads").rows {
            assert!(row.error.is_none(), "{:?}", row.error);
        }
    }
}

fn rows<Row: DeserializeOwned>(file: &str) -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pipeline");
    let mut reader = csv::Reader::from_path(folder.join(file)).expect("a file");
    reader
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect()
}

fn lead(row: &Opportunity, agent: UserId) -> NewLead {
    let id = &row.opportunity_id;
    NewLead {
        last_name: Some(id.clone()),
        email: Some(format!("{}@buyers.example", id.to_lowercase())),
        company: (!row.account.is_empty()).then(|| row.account.clone()),
        source: Some(LeadSource::Other),
        status: Some(match row.deal_stage.as_str() {
            "Prospecting" => LeadStatus::New,
            "Engaging" => LeadStatus::Contacted,
            "Won" => LeadStatus::Won,
            "Lost" => LeadStatus::Lost,
            stage => panic!("the stage {stage}"),
        }),
        assigned_to: Some(agent),
        last_contact_date: date(&row.close_date),
        created_at: date(&row.engage_date),
        ..NewLead::default()
    }
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    let day = NaiveDate::parse_from_str(text, "%m/%d/%Y").ok()?;
    Some(day.and_time(NaiveTime::MIN).and_utc())
}
