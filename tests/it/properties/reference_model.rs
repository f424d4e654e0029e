//! Filters, searches and orders as a reader of the API's documentation would evaluate them over a
//! handful of leads in memory: slowly, without SQL and without any code of the program's.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crm::service::leads::Lead;

pub(crate) mod typing;

/// True if a list with this filter and search has the lead.
pub(super) fn selects(filter: &Value, search: &str, lead: &Lead) -> bool {
    let archived_is_meant = !filter["archived"].is_null() || !lead.is_archived();
    archived_is_meant && holds(filter, lead) && is_found(search, lead)
}

/// The leads of a list, in its order: those that have what is searched for, then those that would
/// have it if names had not been mistyped.
pub(super) fn list<'a>(
    filter: &Value,
    search: &str,
    order: &Value,
    leads: impl IntoIterator<Item = &'a Lead>,
) -> Vec<&'a Lead> {
    let let_through: Vec<&Lead> = leads
        .into_iter()
        .filter(|lead| selects(filter, "", lead))
        .collect();
    let (mut exact, rest): (Vec<&Lead>, Vec<&Lead>) = let_through
        .into_iter()
        .partition(|lead| is_found(search, lead));
    let mut near: Vec<&Lead> = rest
        .into_iter()
        .filter(|lead| typing::is_near(search, lead))
        .collect();
    sort(&mut exact, order);
    sort(&mut near, order);
    exact.extend(near);
    exact
}

/// The selection of a bulk change for the leads of a list with this filter and search.
pub(super) fn selection(filter: &Value, search: &str) -> Value {
    if *filter == json!({}) && search.is_empty() {
        return json!({ "all": true });
    }
    match search {
        "" => json!({ "matching": { "filter": filter } }),
        _ => json!({ "matching": { "filter": filter, "search": search } }),
    }
}

/// True if they have a condition besides `archived`; otherwise bulk changes refuse them.
pub(super) fn narrows(filter: &Value, search: &str) -> bool {
    let part = |part: &Value| narrows(part, "");
    let mut conditions = filter.as_object().expect("a filter").iter();
    let says_more = conditions.any(|(name, value)| match name.as_str() {
        "archived" => false,
        "and" => parts(value).iter().any(part),
        "or" => parts(value).iter().all(part),
        "not" => part(value),
        _ => true,
    });
    says_more || !search.trim().is_empty()
}

/// True if the conditions hold; NULL is never equal, smaller or larger.
fn holds(filter: &Value, lead: &Lead) -> bool {
    let conditions = filter.as_object().expect("a filter");
    conditions.iter().all(|(name, value)| match name.as_str() {
        "ids" => contains(value, &lead.id.to_string()),
        "status" => contains(value, lead.status.as_str()),
        "source" => contains(value, lead.source.as_str()),
        "assignedTo" => match lead.assigned_to {
            Some(user) => contains(value, &user.to_string()),
            None => filter["unassigned"] == true,
        },
        "unassigned" => {
            let listed = !filter["assignedTo"].is_null() && value == true;
            listed || lead.assigned_to.is_none() == (value == true)
        }
        "createdAt" => in_time(value, Some(lead.created_at)),
        "updatedAt" => in_time(value, Some(lead.updated_at)),
        "lastContactDate" => in_time(value, lead.last_contact_date),
        "nextFollowUp" => in_time(value, lead.next_follow_up),
        "leadScore" => in_range(value, lead.lead_score.into()),
        "conversionProbability" => in_range(value, lead.conversion_probability),
        "isHotLead" => value == (lead.lead_score > 70),
        "tags" => tags(value, &lead.tags),
        "company" => text(value, lead.company.as_deref().map(normalised)),
        "jobTitle" => text(value, lead.job_title.as_deref().map(normalised)),
        "email" => email(value, lead.email.as_deref()),
        "phone" => phone(value, lead.phone.as_deref()),
        "archived" => match value.as_str() {
            Some("ONLY") => lead.is_archived(),
            Some("EXCLUDE") => !lead.is_archived(),
            _ => true,
        },
        "customFields" => json_contains(&lead.custom_fields.to_string().parse().unwrap(), value),
        "and" => parts(value).iter().all(|part| holds(part, lead)),
        "or" => parts(value).iter().any(|part| holds(part, lead)),
        "not" => !holds(value, lead),
        other => panic!("no rule for {other}"),
    })
}

fn parts(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn contains(list: &Value, word: &str) -> bool {
    parts(list).iter().any(|item| item == word)
}

fn in_time(range: &Value, at: Option<DateTime<Utc>>) -> bool {
    let end = |name: &str| {
        range[name]
            .as_str()
            .map(|text| text.parse::<DateTime<Utc>>().unwrap())
    };
    is_set_as_asked(range, at.is_some())
        && end("from").is_none_or(|from| at.is_some_and(|at| at >= from))
        && end("to").is_none_or(|to| at.is_some_and(|at| at < to))
}

fn in_range(range: &Value, number: f64) -> bool {
    range["min"].as_f64().is_none_or(|min| number >= min)
        && range["max"].as_f64().is_none_or(|max| number <= max)
}

fn tags(filter: &Value, tags: &[String]) -> bool {
    let asked = |name: &str| filter[name].as_array().cloned();
    let has = |tag: &Value| {
        let key = normalised(tag.as_str().unwrap());
        tags.iter().any(|own| key == normalised(own))
    };
    asked("all").is_none_or(|all| all.iter().all(has))
        && asked("any").is_none_or(|any| any.iter().any(has))
        && asked("none").is_none_or(|none| !none.iter().any(has))
}

fn is_set_as_asked(filter: &Value, is_set: bool) -> bool {
    filter["isSet"]
        .as_bool()
        .is_none_or(|asked| asked == is_set)
}

fn text(filter: &Value, own: Option<String>) -> bool {
    compared(filter, own, normalised)
}

/// Of an address only the case does not matter: ü and u are different mailboxes.
fn email(filter: &Value, own: Option<&str>) -> bool {
    compared(filter, own.map(str::to_lowercase), str::to_lowercase)
}

/// Of a number its digits count, without the zeros that are dialled.
fn phone(filter: &Value, own: Option<&str>) -> bool {
    let digits = |number: &str| {
        let number = number.replace("(0)", "");
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        digits.trim_start_matches('0').to_owned()
    };
    compared(filter, own.map(digits), digits)
}

/// A text's conditions, where `own` is what the lead has in the form in which `form` compares.
fn compared(filter: &Value, own: Option<String>, form: impl Fn(&str) -> String) -> bool {
    let asked = |name: &str| filter[name].as_str().map(&form);
    let is = |text: &Value| own.as_ref() == text.as_str().map(&form).as_ref();
    is_set_as_asked(filter, own.is_some())
        && asked("equals").is_none_or(|text| own.as_ref() == Some(&text))
        && filter["in"]
            .as_array()
            .is_none_or(|some| some.iter().any(is))
        // Blanks around it do not count.
        && asked("startsWith")
            .is_none_or(|text| own.as_ref().is_some_and(|o| o.starts_with(text.trim())))
}

/// PostgreSQL's `@>`: every key and every element is there; lists without regard to order.
fn json_contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|own| json_contains(own, part))),
        (Value::Array(whole), Value::Array(part)) => part
            .iter()
            .all(|part| whole.iter().any(|own| json_contains(own, part))),
        (whole, part) => whole == part,
    }
}

/// Every word somewhere in name, e-mail, phone, company or job title. Neighbouring words that could be pieces
/// of a phone number are found in the phone together, too, without the zeros one dials; those of an
/// international number only together.
fn is_found(search: &str, lead: &Lead) -> bool {
    let words: Vec<&str> = search.split_whitespace().collect();
    let mut runs = words.chunk_by(|a, b| could_be_phone(a) == could_be_phone(b));
    runs.all(|run| has_run(run, lead))
}

fn could_be_phone(word: &str) -> bool {
    word.chars().all(|c| "0123456789+-./()".contains(c))
}

fn has_run(run: &[&str], lead: &Lead) -> bool {
    let phone = lead.phone.as_deref().unwrap_or_default().replace('+', "");
    let mut places = vec![normalised(&called(lead)), phone];
    places.extend(
        [&lead.email, &lead.company, &lead.job_title]
            .into_iter()
            .flatten()
            .map(|text| normalised(text)),
    );
    let somewhere = |word: &str| places.iter().any(|place| place.contains(&normalised(word)));
    let written = run.concat().replace("(0)", "");
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let together = could_be_phone(run[0]) && !digits.is_empty() && somewhere(digits);
    let is_international = ["+", "00"].iter().any(|mark| run[0].starts_with(mark));
    match could_be_phone(run[0]) && !digits.is_empty() && is_international {
        true => together,
        false => together || run.iter().all(|word| somewhere(word)),
    }
}

/// The names that are there, else the company.
pub(super) fn called(lead: &Lead) -> String {
    let names = [&lead.first_name, &lead.last_name].into_iter().flatten();
    let names: Vec<&str> = names.map(String::as_str).collect();
    match (names.is_empty(), &lead.company) {
        (true, Some(company)) => company.clone(),
        _ => names.join(" "),
    }
}

/// Lower case without accents, as far as the samples have any.
pub(super) fn normalised(text: &str) -> String {
    let lower = text.to_lowercase();
    let plain = lower.chars().map(|c| match c {
        'ł' => "l".to_owned(),
        'ß' => "ss".to_owned(),
        'é' => "e".to_owned(),
        'ü' => "u".to_owned(),
        'å' | 'ą' => "a".to_owned(),
        'ö' | 'ó' => "o".to_owned(),
        'ż' | 'ź' => "z".to_owned(),
        'ć' => "c".to_owned(),
        other => other.to_string(),
    });
    plain.collect()
}

/// Sorts as the API does: leads without a value last, ties by id in the order's direction.
pub(super) fn sort(leads: &mut [&Lead], order: &Value) {
    let field = order["field"].as_str().unwrap();
    let descending = order["direction"] == "DESC";
    let turned = |ordering: Ordering| {
        if descending {
            ordering.reverse()
        } else {
            ordering
        }
    };
    leads.sort_by(|a, b| {
        let nulls = is_null(field, a).cmp(&is_null(field, b));
        nulls.then_with(|| turned(compare(field, a, b).then(a.id.cmp(&b.id))))
    });
}

fn is_null(field: &str, lead: &Lead) -> bool {
    match field {
        "LAST_CONTACT_DATE" => lead.last_contact_date.is_none(),
        "NEXT_FOLLOW_UP" => lead.next_follow_up.is_none(),
        "LAST_NAME" => lead.last_name.is_none(),
        "COMPANY" => lead.company.is_none(),
        _ => false,
    }
}

fn compare(field: &str, a: &Lead, b: &Lead) -> Ordering {
    let name = |lead: &Lead| lead.last_name.as_deref().map(normalised);
    let company = |lead: &Lead| lead.company.as_deref().map(normalised);
    match field {
        "LEAD_SCORE" => a.lead_score.cmp(&b.lead_score),
        "CREATED_AT" => a.created_at.cmp(&b.created_at),
        "UPDATED_AT" => a.updated_at.cmp(&b.updated_at),
        "LAST_CONTACT_DATE" => a.last_contact_date.cmp(&b.last_contact_date),
        "NEXT_FOLLOW_UP" => a.next_follow_up.cmp(&b.next_follow_up),
        "LAST_NAME" => name(a).cmp(&name(b)),
        "COMPANY" => company(a).cmp(&company(b)),
        "CONVERSION_PROBABILITY" => a
            .conversion_probability
            .total_cmp(&b.conversion_probability),
        "STATUS" => a.status.cmp(&b.status),
        "SOURCE" => a.source.cmp(&b.source),
        other => panic!("no order {other}"),
    }
}
