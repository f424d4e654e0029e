//! Single changes, on a copy of the database.

use serde_json::{Value, json};

use crate::facts::{Who, array};
use crate::measure::{Ask, Expect, Row};
use crate::rows::{bulk, load, upkeep};
use crate::{Bench, Result};

pub const UPDATE: &str = "
    mutation ($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id version } } }";

pub const CREATE: &str = "
    mutation ($input: CreateLeadInput!) { createLead(input: $input) { lead { id version } } }";

/// A note as a change leaves it. `gen_random_uuid` stands for the service's own ids.
const NOTE: &str = "INSERT INTO lead_notes \
    (id, lead_id, author_id, note_type, content, changes, created_at) VALUES (gen_random_uuid(), ";

const STATUS: &str = "updateLead: a status, beside a table with its primary key alone";
const UPDATED: &str = "updateLead: one field, its note";
const CREATED: &str = "createLead: its note";

/// The name of the copy.
const COPY: &str = "crm_bench_copy";

/// All that changes leads, one by one and in bulk.
pub async fn on_a_copy(bench: &mut Bench<'_>) -> Result<()> {
    let mut names = [STATUS, UPDATED, CREATED, load::NAME]
        .map(str::to_owned)
        .into_iter()
        .chain(upkeep::names())
        .chain(bulk::names());
    if !names.any(|name| bench.is_wanted(&name)) {
        return Ok(());
    }
    eprintln!("copying the database …");
    let copied = bench.database.copy(COPY).await;
    bench.database.reconnect().await?;
    let copy = copied?;
    let original = std::mem::replace(&mut bench.database, copy);
    bench.restart().await?;
    rows(bench).await;
    upkeep::rows(bench).await;
    bulk::rows(bench).await;
    load::row(bench).await;
    let copy = std::mem::replace(&mut bench.database, original);
    bench.restart().await?;
    copy.discard().await
}

async fn rows(bench: &mut Bench<'_>) {
    let outcome = status(bench).await;
    bench.note(STATUS, outcome);
    update(bench).await;
    create(bench).await;
}

/// The same leads in a table with the same triggers and no index but its primary key.
const BARE_TABLE: &str = "\
    CREATE TABLE bare_leads (LIKE leads INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY (id)); \
    INSERT INTO bare_leads SELECT * FROM leads; ANALYZE bare_leads";
const BARE_TRIGGERS: &str = "\
    SELECT string_agg(replace(pg_get_triggerdef(oid), ' ON public.leads ', ' ON bare_leads '), ';') \
    FROM pg_trigger WHERE tgrelid = 'leads'::regclass AND NOT tgisinternal AND tgname LIKE '%updated'";

async fn status(bench: &mut Bench<'_>) -> Result<()> {
    if !bench.is_wanted(STATUS) {
        return Ok(());
    }
    let sql = bench.database.sql();
    sql.run(BARE_TABLE).await?;
    sql.run(&sql.text(BARE_TRIGGERS).await?).await?;
    let ids = &bench.facts.leads;
    // Each lead has one of them, and gets the next one each time that it is its turn.
    let statuses = ["CONTACTED", "QUALIFIED", "PROPOSAL", "NEGOTIATION"];
    let change = |status| {
        let input = move |id| json!({ "input": { "id": id, "status": status } });
        ids.iter().map(input)
    };
    let variables = statuses.into_iter().flat_map(change).collect();
    let (count, all, admin) = (ids.len(), array(ids), bench.facts.admin());
    let script = format!(
        "\\set at random(1, {count})\n\\set next random(1, 4)\nBEGIN;\n\
         UPDATE bare_leads SET status = (enum_range(NULL::lead_status))[1 + :next], lead_score = 50 + :next, \
         updated_at = now(), version = version + 1 WHERE id = ({all})[:at];\n\
         {NOTE} ({all})[:at], '{admin}', 'CHANGE', '', \
         '{{\"status\": [\"NEW\", \"CONTACTED\"], \"leadScore\": [50, 51]}}', now());\nCOMMIT;\n"
    );
    let row = Row {
        name: STATUS.to_owned(),
        clients: bench.options.clients,
        ask: Ask {
            query: UPDATE,
            variables,
            by: Who::Admin,
        },
        sql: Some(script),
        expect: Expect::Something("/updateLead/lead/version"),
        targets: &[],
    };
    bench.measure(row).await;
    Ok(())
}

async fn update(bench: &mut Bench<'_>) {
    let ids = &bench.facts.leads;
    // Another value in each request, so that each changes something.
    let input = |id: &String| json!({ "input": { "id": id, "company": "Bench @COUNT" } });
    let ask = Ask {
        query: UPDATE,
        variables: ids.iter().map(input).collect(),
        by: Who::Admin,
    };
    let (count, all, admin) = (ids.len(), array(ids), bench.facts.admin());
    let sql = format!(
        "\\set at random(1, {count})\n\\set value random(100000, 999999)\nBEGIN;\n\
         UPDATE leads SET company = 'Bench ' || :value::int, updated_at = now(), version = version + 1 \
         WHERE id = ({all})[:at];\n\
         {NOTE} ({all})[:at], '{admin}', 'CHANGE', 'changed company', \
         '{{\"company\": [\"Bench 000000\", \"Bench 000001\"]}}', now());\nCOMMIT;\n"
    );
    bench
        .measure(Row {
            name: UPDATED.to_owned(),
            clients: bench.options.clients,
            ask,
            sql: Some(sql),
            expect: Expect::Something("/updateLead/lead/version"),
            targets: &[],
        })
        .await;
}

/// Another one in each request.
pub fn lead() -> Value {
    json!({ "firstName": "Ada", "lastName": "Bench", "email": "ada.bench@bench-@COUNT.example",
        "phone": "+48601234567", "company": "Bench", "source": "WEBSITE", "tags": ["newsletter"] })
}

async fn create(bench: &mut Bench<'_>) {
    let input = lead();
    let admin = bench.facts.admin();
    // With a space: pgbench takes a colon before a word for a variable of its own.
    let mut changes = input.clone();
    changes["tags"] = json!([null, input["tags"]]);
    let changes = changes
        .to_string()
        .replace("@COUNT", "000000")
        .replace(':', ": ");
    let sql = format!(
        "\\set value random(100000, 999999)\nBEGIN;\n\
         INSERT INTO leads (id, first_name, last_name, email, phone, company, source, status, lead_score, \
         has_business_email, conversion_probability, tags, created_at, updated_at, search_text, \
         last_name_key, company_key, email_key, tag_keys) \
         VALUES (gen_random_uuid(), 'Ada', 'Bench', 'ada.bench@bench-' || :value::int || '.example', \
         '+48601234567', 'Bench', 'WEBSITE', 'NEW', 85, true, 0, '{{newsletter}}', now(), now(), \
         E'ada bench\\nada.bench@bench-' || :value::int || E'.example\\nbench\\n48601234567', 'bench', 'bench', \
         'ada.bench@bench-' || :value::int || '.example', '{{newsletter}}') \
         RETURNING id AS lead \\gset\n\
         {NOTE} :lead, '{admin}', 'CHANGE', 'created the lead', '{changes}', now());\nCOMMIT;\n"
    );
    bench
        .measure(Row {
            name: CREATED.to_owned(),
            clients: bench.options.clients,
            ask: Ask::one(Who::Admin, CREATE, json!({ "input": input })),
            sql: Some(sql),
            expect: Expect::Something("/createLead/lead/version"),
            targets: &[],
        })
        .await;
}
