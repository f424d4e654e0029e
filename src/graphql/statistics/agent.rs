use async_graphql::parser::types::Field;
use async_graphql::{Context, Object};

use crate::graphql::execute::raw_json::Leaf;
use crate::graphql::execute::sync_object::{ChildOf, FieldWriter, RawObject, SyncObject};
use crate::graphql::objects::User;
use crate::graphql::user::{all_named, named};
use crate::service::Result;
use crate::service::statistics::AgentTotals;

/// The figures counted over the leads of one assignee.
pub struct AgentStatistics {
    totals: AgentTotals,
    /// The assignee, where all have been looked up already.
    user: Option<User>,
}

impl SyncObject for AgentStatistics {
    type Child = User;

    fn is_ready(&self, field: &Field) -> bool {
        match &self.user {
            _ if field.name.node != "user" => true,
            Some(user) => user.are_ready(&field.selection_set.node),
            None => self.totals.agent.is_none(),
        }
    }

    fn writer(field: &str) -> Option<FieldWriter<Self>> {
        Some(match field {
            "totalLeads" => |row, json| row.totals.total.write(json),
            "wonLeads" => |row, json| row.totals.won.write(json),
            "conversionRate" => |row, json| row.totals.conversion_rate().write(json),
            "averageLeadScore" => |row, json| row.totals.average_score().write(json),
            _ => return None,
        })
    }

    fn child(field: &str) -> Option<ChildOf<Self>> {
        (field == "user").then_some(|row| match &row.user {
            Some(user) => Some(Some(user)),
            None => row.totals.agent.is_none().then_some(None),
        })
    }
}

/// The figures over the leads of one assignee.
#[Object]
impl AgentStatistics {
    /// The assignee; null for the unassigned leads.
    async fn user(&self, ctx: &Context<'_>) -> Option<RawObject<User>> {
        let id = self.totals.agent?;
        if let Some(user) = &self.user {
            return Some(RawObject(user.clone()));
        }
        named(ctx, id).await.map(RawObject)
    }

    /// The number of leads.
    async fn total_leads(&self) -> i64 {
        self.totals.total
    }

    /// The number of leads that are WON.
    async fn won_leads(&self) -> i64 {
        self.totals.won
    }

    /// WON ÷ total × 100, in percent, rounded half up to two decimals.
    async fn conversion_rate(&self) -> f64 {
        self.totals.conversion_rate()
    }

    /// The mean score, 0–100, rounded half up to two decimals.
    async fn average_lead_score(&self) -> f64 {
        self.totals.average_score()
    }
}

/// The rows of these assignees. Their users are looked up if the query selects them.
pub(super) async fn agents(
    ctx: &Context<'_>,
    totals: Vec<AgentTotals>,
) -> Result<Vec<RawObject<AgentStatistics>>> {
    let look = ctx.look_ahead().field("leadsByAgent").field("user");
    let ids = totals.iter().filter_map(|totals| totals.agent);
    let ids = ids.filter(|_| look.exists());
    let users = all_named(ctx, ids).await?;
    let agents = totals.into_iter().map(|totals| {
        let user = totals.agent.and_then(|id| users.get(&id)).cloned();
        RawObject(AgentStatistics { totals, user })
    });
    Ok(agents.collect())
}
