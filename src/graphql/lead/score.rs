use async_graphql::{Enum, Object};

use crate::service::leads::scoring::{self, RuleScore};

/// What can contribute to a score.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "scoring::Rule")]
pub enum ScoreRule {
    /// Every lead starts with 50 points.
    Base,
    /// REFERRAL 20, WEBSITE 15, FACEBOOK and INSTAGRAM 10, WHATSAPP 5, OTHER 0 points.
    Source,
    /// 10 points if the company is known.
    Company,
    /// 10 points if the e-mail's domain is not a free mail provider's.
    BusinessEmail,
    /// 15 points, once, for a tag among enterprise, hot, urgent.
    UrgentTag,
    /// What is taken off so that the score is at most 100.
    Cap,
    /// A score that was set by hand; then the only line.
    Manual,
}

/// One line of a score's explanation.
pub struct ScoreLine(pub RuleScore);

/// One line of a score's explanation.
#[Object]
impl ScoreLine {
    /// The rule.
    async fn rule(&self) -> ScoreRule {
        self.0.rule.into()
    }

    /// What the rule contributes: 0 where it does not apply, negative for CAP.
    async fn points(&self) -> i32 {
        self.0.points
    }
}
