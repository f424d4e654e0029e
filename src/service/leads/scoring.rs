//! The automatic score: a pure table of rules over a lead's facts.

use crate::service::leads::{Lead, LeadSource};

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

/// The breakdown of a lead's present score: the lines add up to it.
///
/// The automatic rules are all listed, also those that give 0 points; `Cap` only where it applies.
pub fn breakdown(lead: &Lead) -> Vec<RuleScore> {
    if lead.score_is_manual {
        return vec![RuleScore {
            rule: Rule::Manual,
            points: lead.lead_score,
        }];
    }
    automatic(lead)
}

/// The automatic score, 0–100, whatever the lead's present one is.
pub fn score(lead: &Lead) -> i32 {
    automatic(lead).iter().map(|line| line.points).sum()
}

fn automatic(lead: &Lead) -> Vec<RuleScore> {
    let urgent = lead
        .tags
        .iter()
        .any(|tag| URGENT_TAGS.contains(&tag.as_str()));
    let mut lines = vec![
        RuleScore {
            rule: Rule::Base,
            points: BASE,
        },
        RuleScore {
            rule: Rule::Source,
            points: source_points(lead.source),
        },
        RuleScore {
            rule: Rule::Company,
            points: if lead.company.is_some() { 10 } else { 0 },
        },
        RuleScore {
            rule: Rule::BusinessEmail,
            points: if lead.has_business_email { 10 } else { 0 },
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
