use std::collections::HashMap;

use uuid::Uuid;

use crate::service::UserId;
use crate::service::leads::{LeadSource, LeadStatus};
use crate::service::statistics::rollup_query::{NOBODY, Sum};

/// Sums over a set of leads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    /// The number of leads.
    pub total: i64,
    /// The number of hot leads.
    pub hot: i64,
    /// The number of overdue follow-ups: planned before now, on leads neither WON nor LOST.
    pub overdue: i64,
    /// The number of leads of each status; a missing status has none.
    pub by_status: HashMap<LeadStatus, i64>,
    /// The number of leads from each source; a missing source has none.
    pub by_source: HashMap<LeadSource, i64>,
    /// Per assignee, the largest number of leads first, ties by id; without one: unassigned.
    pub by_agent: Vec<AgentTotals>,
    pub(super) score_sum: i64,
}

/// Sums over the leads of one assignee.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentTotals {
    /// The assignee; `None` for the unassigned leads.
    pub agent: Option<UserId>,
    /// The number of leads.
    pub total: i64,
    /// The number of WON leads.
    pub won: i64,
    pub(super) score_sum: i64,
}

impl Totals {
    /// The mean score, 0–100, rounded to two decimals; 0 if there are no leads.
    pub fn average_score(&self) -> f64 {
        rounded_ratio(self.score_sum, self.total)
    }

    /// WON ÷ total × 100, rounded to two decimals; 0 if there are no leads.
    pub fn conversion_rate(&self) -> f64 {
        let won = self.by_status.get(&LeadStatus::Won).copied().unwrap_or(0);
        rounded_ratio(won * 100, self.total)
    }
}

impl AgentTotals {
    /// The mean score, 0–100, rounded to two decimals.
    pub fn average_score(&self) -> f64 {
        rounded_ratio(self.score_sum, self.total)
    }

    /// WON ÷ total × 100, rounded to two decimals.
    pub fn conversion_rate(&self) -> f64 {
        rounded_ratio(self.won * 100, self.total)
    }
}

/// The one rounding rule: to two decimals, half up, computed in integers to avoid floating-point errors;
/// 0 ÷ 0 is 0.
fn rounded_ratio(numerator: i64, denominator: i64) -> f64 {
    if denominator == 0 {
        return 0.0;
    }
    let hundredths =
        (i128::from(numerator) * 200 + i128::from(denominator)) / (2 * i128::from(denominator));
    hundredths as f64 / 100.0
}

impl Totals {
    /// The sums of a group of rollups, also as those of its assignee if it is given.
    pub(super) fn of(assignee: Option<Uuid>, sums: &[Sum], values: Vec<i64>) -> Self {
        let mut totals = Self::default();
        for (sum, value) in sums.iter().zip(values) {
            match *sum {
                Sum::Total => totals.total = value,
                Sum::Score => totals.score_sum = value,
                Sum::Hot => totals.hot = value,
                Sum::NotHot => {}
                Sum::Overdue => totals.overdue = value,
                Sum::Status(status) => drop(totals.by_status.insert(status, value)),
                Sum::Source(source) => drop(totals.by_source.insert(source, value)),
            }
        }
        totals.by_agent.extend(assignee.map(|assignee| AgentTotals {
            agent: (assignee != NOBODY).then_some(UserId(assignee)),
            total: totals.total,
            won: totals.by_status.get(&LeadStatus::Won).copied().unwrap_or(0),
            score_sum: totals.score_sum,
        }));
        totals
    }

    /// The sums of all parts together.
    pub(super) fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        let mut agents: HashMap<Option<UserId>, AgentTotals> = HashMap::new();
        for part in parts {
            all.total += part.total;
            all.score_sum += part.score_sum;
            all.hot += part.hot;
            all.overdue += part.overdue;
            for (status, count) in part.by_status {
                *all.by_status.entry(status).or_default() += count;
            }
            for (source, count) in part.by_source {
                *all.by_source.entry(source).or_default() += count;
            }
            for part in part.by_agent {
                let agent = agents.entry(part.agent).or_default();
                agent.agent = part.agent;
                agent.total += part.total;
                agent.score_sum += part.score_sum;
                agent.won += part.won;
            }
        }
        all.by_status.retain(|_, count| *count != 0);
        all.by_source.retain(|_, count| *count != 0);
        // Rollups keep rows of zeros for assignees who once had leads.
        let agents = agents.into_values().filter(|agent| agent.total > 0);
        all.by_agent = agents.collect();
        all.by_agent
            .sort_by_key(|agent| (-agent.total, agent.agent));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::rounded_ratio;

    #[test]
    fn ratios_are_rounded_half_up_to_two_decimals() {
        assert_eq!(rounded_ratio(423_800, 8_800), 48.16);
        assert_eq!(rounded_ratio(1, 200), 0.01);
        assert_eq!(rounded_ratio(200, 3), 66.67);
        assert_eq!(rounded_ratio(0, 0), 0.0);
    }
}
