//! The automatic score: a pure table of rules over a lead's facts.

use crate::service::leads::{Lead, LeadSource, ListedLead};

/// The points that every lead starts with.
pub const BASE: i32 = 50;
/// The highest score; the lowest is 0.
pub const HIGHEST: i32 = 100;
/// Any of these tags makes a lead urgent.
pub const URGENT_TAGS: [&str; 3] = ["enterprise", "hot", "urgent"];

/// One line of a score's explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleScore {
    /// The rule.
    pub rule: Rule,
    /// The points that it contributes; the cap's points are negative.
    pub points: i32,
}

/// A rule that can contribute to a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Every lead starts with 50.
    Base,
    /// REFERRAL 20, WEBSITE 15, FACEBOOK and INSTAGRAM 10, WHATSAPP 5, OTHER 0.
    Source,
    /// 10 if the company is known.
    Company,
    /// 10 if the e-mail's domain is not a free mail provider's.
    BusinessEmail,
    /// 15, once, for a tag among enterprise, hot, urgent.
    UrgentTag,
    /// The points taken off so that the score is at most 100.
    Cap,
    /// A score that was set by hand; then the only line.
    Manual,
}

impl Rule {
    /// The word that names the rule in the API.
    pub fn id(self) -> &'static str {
        match self {
            Self::Base => "BASE",
            Self::Source => "SOURCE",
            Self::Company => "COMPANY",
            Self::BusinessEmail => "BUSINESS_EMAIL",
            Self::UrgentTag => "URGENT_TAG",
            Self::Cap => "CAP",
            Self::Manual => "MANUAL",
        }
    }

    /// The name that people read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "Starting points",
            Self::Source => "Source of the lead",
            Self::Company => "Company known",
            Self::BusinessEmail => "Business e-mail address",
            Self::UrgentTag => "Urgent tag",
            Self::Cap => "Limit of 100 points",
            Self::Manual => "Set by hand",
        }
    }
}

/// The facts of a lead that its score depends on.
#[derive(Debug, Clone, Copy)]
pub struct ScoreInputs<'a> {
    source: LeadSource,
    has_company: bool,
    has_business_email: bool,
    tags: &'a [String],
    /// The score that was set by hand.
    manual: Option<i32>,
}

impl<'a> From<&'a Lead> for ScoreInputs<'a> {
    fn from(lead: &'a Lead) -> Self {
        Self {
            source: lead.source,
            has_company: lead.company.is_some(),
            has_business_email: lead.has_business_email,
            tags: &lead.tags,
            manual: lead.score_is_manual.then_some(lead.lead_score),
        }
    }
}

impl<'a> From<&'a ListedLead> for ScoreInputs<'a> {
    fn from(lead: &'a ListedLead) -> Self {
        Self {
            source: *lead.source(),
            has_company: lead.company().is_some(),
            has_business_email: *lead.has_business_email(),
            tags: lead.tags(),
            manual: lead.score_is_manual().then_some(*lead.lead_score()),
        }
    }
}

/// The breakdown of a lead's present score: the lines add up to it.
///
/// The automatic rules are all listed, also those that give 0 points; `Cap` only where it applies.
pub fn breakdown<'a>(lead: impl Into<ScoreInputs<'a>>) -> Vec<RuleScore> {
    let facts = lead.into();
    match facts.manual {
        Some(points) => vec![RuleScore {
            rule: Rule::Manual,
            points,
        }],
        None => automatic(&facts),
    }
}

/// The automatic score, 0–100, whatever the lead's present one is.
pub fn score(lead: &Lead) -> i32 {
    let lines = automatic(&lead.into());
    lines.iter().map(|line| line.points).sum()
}

fn automatic(facts: &ScoreInputs<'_>) -> Vec<RuleScore> {
    let mut tags = facts.tags.iter();
    let urgent = tags.any(|tag| URGENT_TAGS.contains(&tag.as_str()));
    let mut lines = vec![
        RuleScore {
            rule: Rule::Base,
            points: BASE,
        },
        RuleScore {
            rule: Rule::Source,
            points: source_points(facts.source),
        },
        RuleScore {
            rule: Rule::Company,
            points: if facts.has_company { 10 } else { 0 },
        },
        RuleScore {
            rule: Rule::BusinessEmail,
            points: if facts.has_business_email { 10 } else { 0 },
        },
        RuleScore {
            rule: Rule::UrgentTag,
            points: if urgent { 15 } else { 0 },
        },
    ];
    let over = lines.iter().map(|line| line.points).sum::<i32>() - HIGHEST;
    if over > 0 {
        lines.push(RuleScore {
            rule: Rule::Cap,
            points: -over,
        });
    }
    lines
}

fn source_points(source: LeadSource) -> i32 {
    match source {
        LeadSource::Referral => 20,
        LeadSource::Website => 15,
        LeadSource::Facebook | LeadSource::Instagram => 10,
        LeadSource::Whatsapp => 5,
        LeadSource::Other => 0,
    }
}
