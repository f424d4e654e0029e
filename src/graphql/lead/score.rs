use async_graphql::{ID, Object, SimpleObject};

use crate::service::leads::scoring::RuleScore;

/// A rule that can contribute to a score.
#[derive(SimpleObject)]
pub struct ScoreRule {
    /// The rule's id: BASE, SOURCE, COMPANY, BUSINESS_EMAIL, URGENT_TAG, CAP or MANUAL. Rules may be
    /// added later.
    id: ID,
    /// The rule's name, in English.
    name: String,
}

/// One line of a score's explanation.
pub struct ScoreLine(pub RuleScore);

/// One line of a score's explanation.
///
/// BASE: every lead starts with 50 points. SOURCE: REFERRAL 20, WEBSITE 15, FACEBOOK and INSTAGRAM
/// 10, WHATSAPP 5, OTHER 0. COMPANY: 10 if the company is known. BUSINESS_EMAIL: 10 if the e-mail's
/// domain is not a free mail provider's. URGENT_TAG: 15, once, for a tag among enterprise, hot,
/// urgent. CAP: the points above 100, negative, so that the score is at most 100. MANUAL: a score that
/// was set by hand; then the only line.
#[Object]
impl ScoreLine {
    /// The rule.
    async fn rule(&self) -> ScoreRule {
        ScoreRule {
            id: self.0.rule.id().into(),
            name: self.0.rule.name().to_owned(),
        }
    }

    /// The points of the rule: 0 if it does not apply, negative for CAP.
    async fn points(&self) -> i32 {
        self.0.points
    }
}
