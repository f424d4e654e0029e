//! Random leads, filters, searches and orders. The pools are small on purpose: many ties, many
//! NULLs, and filters that hit. Names carry case, accents and the metacharacters of LIKE.

use std::fmt::Debug;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::{select, subsequence};
use proptest::strategy::{BoxedStrategy, Strategy};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crm::service::leads::{LeadSource, LeadStatus, NewLead};
use crm::service::{LeadId, UserId};

const FIRST_NAMES: [&str; 7] = [
    "Anna",
    "anna",
    "Łukasz",
    "Émile",
    "Bo%b",
    "A_b",
    "Back\\slash",
];
const LAST_NAMES: [&str; 6] = [
    "Kowalski",
    "kowalska",
    "Müller",
    "O'Neil",
    "Ångström",
    "Groß",
];
const COMPANIES: [&str; 8] = [
    "Acme",
    "ACME",
    "Acmé GmbH",
    "100% Real",
    "Under_score",
    "Underscore",
    "Beta\\Co",
    "Zażółć",
];
const JOB_TITLES: [&str; 5] = [
    "CTO",
    "Chief_Buyer",
    "chief buyer",
    "Président",
    "100% Owner",
];
const EMAILS: [&str; 7] = [
    "ann@acme.com",
    "Ann@acme.com",
    "anna.lee@gmail.com",
    "jürgen@acme.com",
    "jurgen@acme.com",
    "bo_b@example.org",
    "boxb@example.org",
];
const PHONES: [&str; 3] = ["+48 601 234 567", "+48 601 234 568", "+49 30 901820"];
const TAGS: [&str; 5] = ["hot", "vip", "enterprise", "x_y", "źle"];
const WORDS: [&str; 31] = [
    "Kowalsky", "kowlaksa", "Anan", "lukazs", "Mueler", "na", "qx", "kowal", "ANNA", "ann",
    "Lukasz", "łuk", "muller", "Müll", "gross", "o'n", "%", "_", "\\", "100%", "r_s", "@acme",
    "acme", "601", "+48", "601-234", "0048", "(0)30", "zzz", "chief", "Presid",
];

/// A whole hour of a few; the same ones come again and again.
fn hour() -> impl Strategy<Value = DateTime<Utc>> + Clone {
    let start: DateTime<Utc> = "2024-03-29T22:00:00Z".parse().unwrap();
    (0..60_i64).prop_map(move |hours| start + TimeDelta::hours(hours))
}

fn follow_up() -> impl Strategy<Value = DateTime<Utc>> + Clone {
    let far: DateTime<Utc> = "2099-01-01T00:00:00Z".parse().unwrap();
    prop_oneof![hour(), Just(far)]
}

fn probability() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![select(vec![0.0, 0.1, 0.5, 1.0]), 0.0..1.0_f64]
}

fn text(pool: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(pool).prop_map(str::to_owned)
}

fn custom_fields() -> impl Strategy<Value = Value> + Clone {
    select(vec![
        json!({}),
        json!({ "size": "L" }),
        json!({ "size": "M", "rooms": 3 }),
        json!({ "size": "L", "nested": { "list": [1, 2, { "deep": true }] } }),
        json!({ "nested": { "list": [2] }, "none": null }),
    ])
}

/// A lead to be.
pub(super) fn new_lead() -> impl Strategy<Value = NewLead> + Clone {
    let who = (
        weighted(0.8, text(&FIRST_NAMES)),
        weighted(0.8, text(&LAST_NAMES)),
        weighted(0.6, text(&COMPANIES)),
    );
    let reach = (weighted(0.7, text(&EMAILS)), weighted(0.5, text(&PHONES)));
    let place = (
        select(LeadSource::ALL),
        select(LeadStatus::ALL),
        probability(),
    );
    let times = (of(hour()), of(follow_up()), hour());
    let rest = (
        subsequence(TAGS.to_vec(), 0..=2),
        custom_fields(),
        weighted(0.5, text(&JOB_TITLES)),
    );
    (who, reach, place, times, rest).prop_map(|(who, reach, place, times, rest)| {
        let is_nameless = who.0.is_none() && who.1.is_none();
        let company = (is_nameless && who.2.is_none()).then(|| "Acmé GmbH".to_owned());
        let fallback = reach.1.is_none().then(|| "only@way.org".to_owned());
        NewLead {
            first_name: who.0,
            last_name: who.1,
            company: company.or(who.2),
            job_title: rest.2,
            email: reach.0.or(fallback),
            phone: reach.1,
            phone_region: None,
            source: Some(place.0),
            status: Some(place.1),
            assigned_to: None,
            conversion_probability: Some(place.2),
            last_contact_date: times.0,
            next_follow_up: times.1,
            created_at: Some(times.2),
            tags: rest.0.into_iter().map(str::to_owned).collect(),
            custom_fields: Some(rest.1.into()),
            ..NewLead::default()
        }
    })
}

/// A search of no, one or a few words.
pub(super) fn search() -> impl Strategy<Value = String> + Clone {
    let words = vec(select(&WORDS[..]), 1..=3).prop_map(|words| words.join(" "));
    prop_oneof![2 => Just(String::new()), 2 => words, 1 => Just("+48 (601) 234-567".to_owned())]
}

/// An order, as the API takes it.
pub(super) fn order() -> impl Strategy<Value = Value> + Clone {
    let fields = [
        "LEAD_SCORE",
        "CREATED_AT",
        "UPDATED_AT",
        "LAST_CONTACT_DATE",
        "NEXT_FOLLOW_UP",
        "LAST_NAME",
        "COMPANY",
        "CONVERSION_PROBABILITY",
        "STATUS",
        "SOURCE",
    ];
    (select(fields.to_vec()), any::<bool>()).prop_map(
        |(field, up)| json!({ "field": field, "direction": if up { "ASC" } else { "DESC" } }),
    )
}

/// A filter, as the API takes it, with and, or, not.
pub(super) fn filter(users: Vec<UserId>, leads: Vec<LeadId>) -> BoxedStrategy<Value> {
    let part = vec(condition(users, leads), 1..=2).prop_map(together);
    let filter = part.prop_recursive(3, 12, 3, |inner| {
        let several = vec(inner.clone(), 1..=3);
        let nested = prop_oneof![
            several.clone().prop_map(|parts| json!({ "and": parts })),
            several.prop_map(|parts| json!({ "or": parts })),
            inner.clone().prop_map(|part| json!({ "not": part })),
        ];
        vec(prop_oneof![inner, nested], 1..=2).prop_map(together)
    });
    prop_oneof![1 => Just(json!({})), 15 => filter].boxed()
}

fn together(parts: Vec<Value>) -> Value {
    let mut whole = Map::new();
    for part in parts {
        whole.extend(part.as_object().cloned().unwrap_or_default());
    }
    Value::Object(whole)
}

fn condition(users: Vec<UserId>, leads: Vec<LeadId>) -> impl Strategy<Value = Value> + Clone {
    let users: Vec<String> = users.iter().map(ToString::to_string).collect();
    let leads: Vec<String> = leads.iter().map(ToString::to_string).collect();
    let some = |name: &'static str, ids: Vec<String>| {
        let most = ids.len();
        subsequence(ids, 0..=most).prop_map(move |ids| json!({ name: ids }))
    };
    let words = |name: &'static str, all: Vec<&'static str>| {
        let most = all.len();
        subsequence(all, 0..=most).prop_map(move |some| json!({ name: some }))
    };
    let tags = |which: &'static str, least: usize| {
        subsequence(TAGS.to_vec(), least..=2)
            .prop_map(move |tags| json!({ "tags": { which: tags } }))
    };
    let custom = custom_fields().prop_filter("says nothing", |fields| *fields != json!({}));
    prop_oneof![
        some("ids", leads),
        words(
            "status",
            LeadStatus::ALL.iter().map(|s| s.as_str()).collect()
        ),
        words(
            "source",
            LeadSource::ALL.iter().map(|s| s.as_str()).collect()
        ),
        some("assignedTo", users),
        any::<bool>().prop_map(|is| json!({ "unassigned": is })),
        date_condition(),
        range("leadScore", ["min", "max"], 0..100),
        any::<bool>().prop_map(|is| json!({ "isHotLead": is })),
        prop_oneof![tags("all", 1), tags("any", 0), tags("none", 1)],
        range("conversionProbability", ["min", "max"], probability()),
        text_condition(),
        text_condition(),
        phone_condition(),
        select(vec!["EXCLUDE", "ONLY", "INCLUDE"]).prop_map(|scope| json!({ "archived": scope })),
        custom.prop_map(|fields| json!({ "customFields": fields })),
    ]
}

/// From one value, up to one, or both.
fn range<T: Serialize + Clone + Debug + 'static>(
    name: &'static str,
    [low, high]: [&'static str; 2],
    value: impl Strategy<Value = T> + Clone + 'static,
) -> impl Strategy<Value = Value> + Clone {
    let both = (value.clone(), value.clone());
    prop_oneof![
        value
            .clone()
            .prop_map(move |from| json!({ name: { low: from } })),
        value.prop_map(move |to| json!({ name: { high: to } })),
        both.prop_map(move |(from, to)| json!({ name: { low: from, high: to } })),
    ]
}

fn is_set(name: &'static str) -> impl Strategy<Value = Value> + Clone {
    any::<bool>().prop_map(move |is| json!({ name: { "isSet": is } }))
}

fn date_condition() -> impl Strategy<Value = Value> + Clone {
    let ends = ["from", "to"];
    prop_oneof![
        range("createdAt", ends, hour()),
        range("updatedAt", ends, hour()),
        range("lastContactDate", ends, hour()),
        is_set("lastContactDate"),
        range("nextFollowUp", ends, hour()),
        is_set("nextFollowUp"),
    ]
}

fn text_condition() -> impl Strategy<Value = Value> + Clone {
    let whole = |name: &'static str, pool: &'static [&'static str]| {
        text(pool).prop_map(move |text| json!({ name: { "equals": text.to_uppercase() } }))
    };
    let one_of = |name: &'static str, pool: &'static [&'static str]| {
        subsequence(pool.to_vec(), 0..=3).prop_map(move |texts| {
            let texts: Vec<String> = texts.iter().map(|text| text.to_uppercase()).collect();
            json!({ name: { "in": texts } })
        })
    };
    let start = |name: &'static str, pool: &'static [&'static str]| {
        (text(pool), 1..6_usize).prop_map(move |(text, length)| {
            let start: String = text.chars().take(length).collect();
            json!({ name: { "startsWith": start } })
        })
    };
    prop_oneof![
        whole("company", &COMPANIES),
        one_of("company", &COMPANIES),
        start("company", &COMPANIES),
        is_set("company"),
        whole("jobTitle", &JOB_TITLES),
        one_of("jobTitle", &JOB_TITLES),
        start("jobTitle", &JOB_TITLES),
        is_set("jobTitle"),
        whole("email", &EMAILS),
        one_of("email", &EMAILS),
        start("email", &EMAILS),
        is_set("email"),
    ]
}

/// A number as it is stored, or as it is written elsewhere.
fn phone_condition() -> impl Strategy<Value = Value> + Clone {
    let number = (text(&PHONES), any::<bool>()).prop_map(|(number, is_dialled)| match is_dialled {
        true => number.replace('+', "00").replace(' ', ""),
        false => number,
    });
    prop_oneof![
        number
            .clone()
            .prop_map(|number| json!({ "phone": { "equals": number } })),
        vec(number.clone(), 0..=2).prop_map(|some| json!({ "phone": { "in": some } })),
        (number, 4..12_usize).prop_map(|(number, length)| {
            let start: String = number.chars().take(length).collect();
            json!({ "phone": { "startsWith": start } })
        }),
        is_set("phone"),
    ]
}
