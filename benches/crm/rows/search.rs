//! Searches of every kind, with terms found in the data.

use serde_json::{Value, json};

use crate::database::Sql;
use crate::facts::Who;
use crate::measure::{Ask, Expect, Row, Target};
use crate::rows::{LIST, NEWEST, page_ids, page_script, quoted};
use crate::{Bench, Result};

/// The approximate number of leads that a rare term finds.
const RARE: i64 = 60;

/// Two that about three leads of ten have.
const FREQUENT: &str = "\
    SELECT term FROM unnest('{com,gmail,example,ann,mar,gmbh,group,son,ing,ell}'::text[]) AS term, \
      LATERAL (SELECT count(*) FILTER (WHERE search_text LIKE '%' || term || '%') * 1.0 / count(*) \
        FROM (SELECT search_text FROM leads LIMIT 20000) AS part) AS t (share) \
    ORDER BY abs(share - 0.3), term LIMIT 2";
const ACCENTED: &str = "\
    SELECT last_name FROM leads WHERE last_name_key <> lower(last_name) \
    GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1";
const LONG_NAME: &str = "\
    SELECT last_name_key FROM leads WHERE length(last_name_key) BETWEEN 7 AND 9 \
    GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1";
/// With a country of two digits.
const PHONE: &str = "\
    SELECT ltrim(phone, '+') FROM leads \
    WHERE length(phone) = 12 AND phone NOT LIKE '+1%' AND archived_at IS NULL LIMIT 1";

/// Orders in which those that are found lie elsewhere than on the average.
const ORDERS: [(&str, &str, &str); 3] = [
    ("LEAD_SCORE", "DESC", "ORDER BY lead_score DESC, id DESC"),
    ("LAST_NAME", "ASC", "ORDER BY last_name_key, id"),
    ("STATUS", "ASC", "ORDER BY status, id"),
];

/// Terms that a tenth of all leads have, but hardly one at the beginning of the order.
const LATE: (&str, [(&str, &str, &str); 2]) = (
    "gmail",
    [
        ("LEAD_SCORE", "DESC", "ORDER BY lead_score DESC, id DESC"),
        (
            "CONVERSION_PROBABILITY",
            "DESC",
            "ORDER BY conversion_probability DESC, id DESC",
        ),
    ],
);

/// The kinds of terms.
const KINDS: [&str; 12] = [
    "rare",
    "frequent",
    "two frequent",
    "no match",
    "accents",
    "one letter",
    "two letters",
    "domain",
    "typing mistake",
    "phone, digits",
    "phone, written",
    "phone, dialled",
];

/// Something to search for.
struct Term {
    kind: &'static str,
    text: String,
    /// The parts that must all occur, as they are stored; none if no plain statement finds it.
    parts: Vec<String>,
}

impl Term {
    fn new(kind: &'static str, text: &str) -> Self {
        let parts = text.split_whitespace().map(str::to_owned).collect();
        Self {
            kind,
            text: text.to_owned(),
            parts,
        }
    }
}

pub async fn rows(bench: &mut Bench<'_>) -> Result<()> {
    for term in terms(bench.database.sql()).await? {
        for (viewer, by) in [("", Who::Admin), (", as an agent", Who::Agent)] {
            measure(bench, &term, viewer, by, NEWEST, json!({})).await?;
        }
    }
    for term in bench.database.sql().column(FREQUENT).await? {
        for (field, direction, order) in ORDERS {
            let shown = format!(", by {field} {direction}");
            let order_by = json!({ "orderBy": { "field": field, "direction": direction } });
            let term = Term::new(KINDS[1], &term);
            measure(bench, &term, &shown, Who::Admin, order, order_by).await?;
        }
    }
    let (term, orders) = LATE;
    for (field, direction, order) in orders {
        let shown = format!(", by {field} {direction}");
        for (viewer, by) in [("", Who::Admin), (", as a manager", Who::Manager)] {
            let order_by = json!({ "orderBy": { "field": field, "direction": direction } });
            let term = Term::new(KINDS[1], term);
            measure(
                bench,
                &term,
                &format!("{shown}{viewer}"),
                by,
                order,
                order_by,
            )
            .await?;
        }
    }
    // Those that were won are not among the newest leads.
    let won = json!({ "filter": { "status": ["WON"] } });
    let newest = format!("AND status = 'WON' {NEWEST}");
    for text in [term, "ann"] {
        let term = Term::new(KINDS[1], text);
        measure(bench, &term, ", won", Who::Admin, &newest, won.clone()).await?;
    }
    Ok(())
}

async fn measure(
    bench: &mut Bench<'_>,
    term: &Term,
    shown: &str,
    by: Who,
    order: &str,
    mut variables: Value,
) -> Result<()> {
    let contains = term.parts.iter().map(|part| {
        format!(
            "text LIKE '%' || {} || '%'",
            quoted(&crm::service::text::compared(part))
        )
    });
    let contains: Vec<String> = contains.chain(["true".to_owned()]).collect();
    let rest = format!(
        "id IN (SELECT lead_id FROM lead_search WHERE {}) AND {} {order}",
        contains.join(" AND "),
        bench.facts.visible(by)
    );
    variables["search"] = json!(term.text);
    let is_plain = !term.parts.is_empty();
    let sql = match is_plain {
        true => Some(page_script(bench.database.sql(), &rest).await?),
        false => None,
    };
    bench
        .measure(Row {
            name: format!("search: {} \"{}\"{shown}", term.kind, term.text),
            clients: bench.options.few,
            ask: Ask::one(by, LIST, variables),
            sql,
            expect: Expect::AsManyAs(is_plain.then(|| page_ids(&rest))),
            targets: &[Target::P99(40.0)],
        })
        .await;
    Ok(())
}

/// One of each kind.
pub async fn texts(sql: &Sql) -> Result<Vec<String>> {
    let terms = terms(sql).await?.into_iter().map(|term| term.text);
    Ok(terms.chain([LATE.0.to_owned()]).collect())
}

async fn terms(sql: &Sql) -> Result<Vec<Term>> {
    let frequent = sql.column(FREQUENT).await?;
    let first = frequent.first().ok_or("no term is frequent")?;
    let name = sql.text(LONG_NAME).await?;
    let mut terms = vec![
        Term::new(KINDS[0], &sql.text(&rare()).await?),
        Term::new(KINDS[1], first),
        Term::new(KINDS[2], &frequent.join(" ")),
        Term::new(KINDS[3], "zzyqxw"),
        Term::new(KINDS[4], &sql.text(ACCENTED).await?),
        Term::new(KINDS[5], "k"),
        Term::new(KINDS[6], "ko"),
        Term::new(KINDS[7], &sql.text(&domain()).await?),
        Term {
            parts: Vec::new(),
            ..Term::new(KINDS[8], &mistyped(&name))
        },
    ];
    terms.extend(spellings(&sql.text(PHONE).await?));
    Ok(terms)
}

/// The part before the @ that about so many addresses have, and that is found nowhere else.
fn rare() -> String {
    format!(
        "SELECT word FROM (SELECT split_part(email_key, '@', 1) FROM leads \
           WHERE email_key IS NOT NULL GROUP BY 1 ORDER BY abs(count(*) - {RARE}), 1 LIMIT 10) AS words (word), \
         LATERAL (SELECT count(*) FROM leads WHERE search_text LIKE '%' || word || '%') AS t (found) \
         ORDER BY abs(found - {RARE}), 1 LIMIT 1"
    )
}

fn domain() -> String {
    format!(
        "SELECT split_part(email_key, '@', 2) FROM leads WHERE email_key IS NOT NULL \
         GROUP BY 1 ORDER BY abs(count(*) - 10 * {RARE}), 1 LIMIT 1"
    )
}

/// Two letters in the middle change places.
fn mistyped(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let differ = |at: &usize| letters[*at] != letters[at + 1];
    if let Some(at) = (letters.len() / 2..letters.len() - 1).find(differ) {
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

/// The beginning of a number as it is stored, as people write it, and as they dial it.
fn spellings(phone: &str) -> [Term; 3] {
    let (country, area, rest) = (&phone[..2], &phone[2..5], &phone[5..9]);
    let spelled = |kind, text: String| Term {
        kind,
        text,
        parts: vec![phone[..9].to_owned()],
    };
    [
        spelled(KINDS[9], phone[..9].to_owned()),
        spelled(KINDS[10], format!("+{country} {area} {rest}")),
        spelled(KINDS[11], format!("00{country}-{area}-{rest}")),
    ]
}
