//! Reads the files of a pipeline, and names every row that makes no sense.

use std::collections::HashSet;
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Number;

use super::table::rows;
use crate::cli::seed::{RowFault, SeedError};
use crate::service::leads::LeadStatus;

pub(super) const OPPORTUNITIES: &str = "sales_pipeline.csv";
pub(super) const TEAMS: &str = "sales_teams.csv";
const ACCOUNTS: &str = "accounts.csv";

/// The data of the files.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) teams: Vec<Member>,
    pub(super) opportunities: Vec<Opportunity>,
}

/// A row of the teams.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) line: u64,
    pub(super) agent: String,
    pub(super) manager: String,
}

/// A row of the pipeline.
#[derive(Debug)]
pub(super) struct Opportunity {
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) agent: String,
    pub(super) account: Option<String>,
    pub(super) product: Option<String>,
    pub(super) status: LeadStatus,
    pub(super) engaged: Option<NaiveDate>,
    pub(super) closed: Option<NaiveDate>,
    pub(super) close_value: Option<Number>,
}

#[derive(Deserialize)]
struct TeamRow {
    sales_agent: String,
    manager: String,
}

#[derive(Deserialize)]
struct AccountRow {
    account: String,
}

#[derive(Deserialize)]
struct PipelineRow {
    opportunity_id: String,
    sales_agent: String,
    product: Option<String>,
    account: Option<String>,
    deal_stage: String,
    engage_date: Option<String>,
    close_date: Option<String>,
    close_value: Option<String>,
}

/// Reads the folder's files. Errors: `Unreadable`, and `Rows` with all rows that make no sense.
pub(super) fn folder(folder: &Path) -> Result<Pipeline, SeedError> {
    let mut faults = Vec::new();
    let teams = rows::<TeamRow>(folder, TEAMS, &mut faults)?;
    let mut accounts = None;
    if folder.join(ACCOUNTS).exists() {
        let rows = rows::<AccountRow>(folder, ACCOUNTS, &mut faults)?;
        accounts = Some(rows.into_iter().map(|(_, row)| row.account).collect());
    }
    let found = rows::<PipelineRow>(folder, OPPORTUNITIES, &mut faults)?;
    let agents = teams.iter().map(|(_, row)| row.sales_agent.clone());
    let known = Known {
        agents: agents.collect(),
        accounts,
    };
    let (mut opportunities, mut ids) = (Vec::with_capacity(found.len()), HashSet::new());
    for (line, row) in found {
        let mut fault = |message| {
            faults.push(RowFault {
                file: OPPORTUNITIES,
                line,
                message,
            })
        };
        if !ids.insert(row.opportunity_id.clone()) {
            fault(format!(
                "opportunity {:?} stands in an earlier line too",
                row.opportunity_id
            ));
        }
        match known.opportunity(line, row) {
            Ok(row) => opportunities.push(row),
            Err(message) => fault(message),
        }
    }
    if !faults.is_empty() {
        return Err(SeedError::Rows(faults));
    }
    let member = |(line, row): (u64, TeamRow)| Member {
        line,
        agent: row.sales_agent,
        manager: row.manager,
    };
    Ok(Pipeline {
        teams: teams.into_iter().map(member).collect(),
        opportunities,
    })
}

/// The agents and accounts that a row of the pipeline may speak of.
struct Known {
    agents: HashSet<String>,
    accounts: Option<HashSet<String>>,
}

impl Known {
    fn opportunity(&self, line: u64, row: PipelineRow) -> Result<Opportunity, String> {
        if row.opportunity_id.is_empty() {
            return Err("has no opportunity_id".to_owned());
        }
        if !self.agents.contains(&row.sales_agent) {
            return Err(format!(
                "sales_agent {:?} is not in {TEAMS}",
                row.sales_agent
            ));
        }
        let account = row.account.filter(|account| !account.is_empty());
        if let (Some(account), Some(accounts)) = (&account, &self.accounts)
            && !accounts.contains(account)
        {
            return Err(format!("account {account:?} is not in {ACCOUNTS}"));
        }
        Ok(Opportunity {
            line,
            id: row.opportunity_id,
            agent: row.sales_agent,
            account,
            product: row.product.filter(|product| !product.is_empty()),
            status: status(&row.deal_stage)?,
            engaged: date("engage_date", row.engage_date)?,
            closed: date("close_date", row.close_date)?,
            close_value: number("close_value", row.close_value)?,
        })
    }
}

fn status(stage: &str) -> Result<LeadStatus, String> {
    match stage {
        "Prospecting" => Ok(LeadStatus::New),
        "Engaging" => Ok(LeadStatus::Contacted),
        "Won" => Ok(LeadStatus::Won),
        "Lost" => Ok(LeadStatus::Lost),
        _ => Err(format!(
            "deal_stage {stage:?} is none of Prospecting, Engaging, Won, Lost"
        )),
    }
}

/// The files are about in two spellings: with American dates and with those of ISO 8601.
fn date(column: &str, text: Option<String>) -> Result<Option<NaiveDate>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    NaiveDate::parse_from_str(&text, "%m/%d/%Y")
        .or_else(|_| NaiveDate::parse_from_str(&text, "%Y-%m-%d"))
        .map(Some)
        .map_err(|_| format!("{column} {text:?} is not a date like 10/31/2016 or 2016-10-31"))
}

fn number(column: &str, text: Option<String>) -> Result<Option<Number>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let number = text
        .parse()
        .map_err(|_| format!("{column} {text:?} is not a number"));
    number.map(Some)
}
