//! Texts that people take for the same are the same, however their characters are composed, and what
//! leads are compared by is what the program makes of them, after any kind of write.

use chrono::Utc;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::select;
use proptest::strategy::Strategy;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use crm::db::RequestDb;
use crm::db::schema::{leads, text_forms};
use crm::demo::{Progress, RANDOM_SEED, generate};
use crm::service::leads::{Keys, Lead, fill_keys};

use super::prove;
use crate::support::{Api, TestDatabase};

/// Letters of many scripts, with case, accents, several compositions, and several spellings.
const LETTERS: [&str; 48] = [
    "a",
    "B",
    "z",
    "É",
    "e\u{301}",
    "ü",
    "Å",
    "\u{212b}",
    "ñ",
    "ß",
    "ẞ",
    "ł",
    "Ø",
    "đ",
    "Æ",
    "œ",
    "Þ",
    "ı",
    "İ",
    "ﬁ",
    "Ａ",
    "ｚ",
    "ǆ",
    "ệ",
    "Σ",
    "ς",
    "σ",
    "ή",
    "ΐ",
    "й",
    "Ё",
    "ї",
    "Ж",
    "أ",
    "ؤ",
    "م",
    "한",
    "김",
    "\u{1106}\u{1175}",
    "ガ",
    "ｶﾞ",
    "が",
    "東",
    "क़",
    "ি",
    "ক",
    "กิ",
    "\u{5e9}\u{5c1}",
];
/// The texts that are allowed before the `@`.
const OF_ADDRESSES: [&str; 12] = [
    "a", "B", "7", "é", "e\u{301}", "Ü", "ñ", "ł", "й", "김", "ガ", "ß",
];

#[derive(Debug, Clone)]
struct Texts {
    word: String,
    address: String,
    stored: usize,
    asked: usize,
}

fn texts() -> impl Strategy<Value = Texts> {
    let word = vec(select(&LETTERS[..]), 3..9).prop_map(|letters| letters.concat());
    let address = vec(select(&OF_ADDRESSES[..]), 1..9).prop_map(|letters| letters.concat());
    (word, address, 0..4_usize, 0..4_usize, any::<bool>()).prop_map(
        |(word, address, stored, asked, is_small)| Texts {
            // It begins with a letter that marks may follow.
            word: if is_small {
                format!("k{word}")
            } else {
                format!("K{word}")
            },
            address: format!("k{address}"),
            stored,
            asked,
        },
    )
}

/// One of the four normal forms.
fn form(text: &str, which: usize) -> String {
    match which {
        0 => text.nfc().collect(),
        1 => text.nfd().collect(),
        2 => text.nfkc().collect(),
        _ => text.nfkd().collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_in_one_normal_form_is_found_in_each_other() {
    let api = Api::with_pool(2).await;
    let ada = api.admin().await;
    prove(48, 100, texts(), async |texts| {
        let (stored, asked) = (
            form(&texts.word, texts.stored),
            form(&texts.word, texts.asked),
        );
        let address = |which| format!("{}@bücher.example", form(&texts.address, which));
        let input = json!({ "lastName": stored, "company": stored, "jobTitle": stored, "tags": [stored],
            "email": address(texts.stored) });
        let lead =
            api.data(&ada, CREATE, json!({ "input": input })).await["createLead"]["lead"].clone();
        let start: String = asked.chars().take(1).collect();
        let same = json!({ "search": asked, "company": { "equals": asked, "startsWith": start },
            "tags": { "all": [asked] }, "email": { "equals": address(texts.asked) },
            "address": address(texts.asked) });
        let found = api.data(&ada, FIND, same).await;
        for (way, ids) in found.as_object().unwrap() {
            let ids = ids.get("nodes").unwrap_or(ids).as_array().unwrap();
            if !ids.iter().any(|found| found["id"] == lead["id"]) {
                return Err(format!("not found by {way}"));
            }
        }
        // One tag, whichever form comes second.
        let tag = json!({ "id": lead["id"], "tags": [stored, asked, stored.to_uppercase()] });
        let tagged = api.data(&ada, UPDATE, json!({ "input": tag })).await;
        let tags = &tagged["updateLead"]["lead"]["tags"];
        if tags.as_array().is_none_or(|tags| tags.len() != 1) {
            return Err(format!("{tags} are one tag"));
        }
        Ok(())
    });
}

const CREATE: &str =
    "mutation ($input: CreateLeadInput!) { createLead(input: $input) { lead { id } } }";
const UPDATE: &str =
    "mutation ($input: UpdateLeadInput!) { updateLead(input: $input) { lead { tags } } }";
const FIND: &str = "query ($search: String!, $company: TextFilter!, $tags: TagFilter!,
    $email: TextFilter!, $address: String!) {
    search: leads(search: $search, first: 100) { nodes { id } }
    company: leads(filter: { company: $company }, first: 100) { nodes { id } }
    title: leads(filter: { jobTitle: $company }, first: 100) { nodes { id } }
    tags: leads(filter: { tags: $tags }, first: 100) { nodes { id } }
    email: leads(filter: { email: $email }, first: 100) { nodes { id } }
    duplicates: duplicateLeads(email: $address) { id } }";

async fn stored(db: &RequestDb) -> Vec<(Lead, Keys)> {
    let mut conn = db.connection().await.unwrap();
    let all = leads::table.order_by(leads::id);
    let all = all.select((Lead::as_select(), Keys::as_select()));
    all.load(&mut conn).await.unwrap()
}

async fn run(db: &RequestDb, sql: &str) {
    let mut conn = db.connection().await.unwrap();
    conn.batch_execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lead_is_compared_by_its_own_texts_after_any_kind_of_write() {
    let api = Api::with_pool(4).await;
    let ada = api.admin().await;
    generate(api.db(), 300, RANDOM_SEED, Utc::now(), Progress::Silent)
        .await
        .unwrap();
    let names = [
        "Łuc\u{ad}ja",
        "ΓΙΩΡΓΟΣ",
        "Straße",
        "민준",
        "İzmir",
        "Özm\u{302}en",
        "D\"ávila",
        "ʻO'Brien",
        "محمد \u{5e9}\u{5c1}לום",
        "Zo\u{308}e 👩\u{200d}🌾",
    ];
    let mut ids = Vec::new();
    for name in names {
        let input = json!({ "lastName": name, "company": format!("{name} GmbH"),
            "email": format!("Info.{}@MÜNCHEN.example", ids.len()), "tags": [name],
            "phone": "+48 601 234 567 ext. 9" });
        let made = api.data(&ada, CREATE, json!({ "input": input })).await;
        ids.push(made["createLead"]["lead"]["id"].clone());
    }
    let change = async |mutation: &str, input: Value| {
        api.change(&ada, mutation, input).await;
    };
    let several =
        json!([{ "company": "Ærø", "jobTitle": "Ærø", "phone": "+48601234567", "tags": ["Ö"] }]);
    change("createLeads", json!({ "leads": several })).await;
    change(
        "updateLead",
        json!({ "id": ids[0], "firstName": "Zoë", "lastName": null }),
    )
    .await;
    change(
        "updateLead",
        json!({ "id": ids[1], "email": "x@xn--mnchen-3ya.example" }),
    )
    .await;
    change("addTag", json!({ "id": ids[2], "tag": "Ærø" })).await;
    change("archiveLead", json!({ "id": ids[3] })).await;
    change("archiveLead", json!({ "id": ids[4] })).await;
    change("restoreLead", json!({ "id": ids[4] })).await;
    for (lead, keys) in stored(api.db()).await {
        assert_eq!(keys, Keys::of(&lead), "{lead:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_an_older_version_are_brought_in_line_from_where_the_last_one_stopped() {
    let database = TestDatabase::new().await;
    let db = database.db();
    generate(db, 2_300, RANDOM_SEED, Utc::now(), Progress::Silent)
        .await
        .unwrap();
    let all = stored(db).await;
    let middle = all[1_200].0.id;
    run(
        db,
        &format!(
            "UPDATE leads SET search_text = 'old', email_key = 'old', tag_keys = '{{}}'; \
             UPDATE text_forms SET version = 0, filled_to = '{middle}'"
        ),
    )
    .await;
    assert_eq!(fill_keys(db).await.unwrap(), 2_300 - 1_201);
    for (place, (lead, keys)) in stored(db).await.into_iter().enumerate() {
        assert_eq!(keys == Keys::of(&lead), place > 1_200, "{place}");
    }
    // Done, until the functions change again; then by whoever comes first, and once.
    assert_eq!(fill_keys(db).await.unwrap(), 0);
    run(db, "UPDATE text_forms SET version = 0").await;
    let filled = futures_util::future::join_all((0..3).map(|_| fill_keys(db))).await;
    let filled: usize = filled.into_iter().map(Result::unwrap).sum();
    assert_eq!(filled, 1_201);
    for (lead, keys) in stored(db).await {
        assert_eq!(keys, Keys::of(&lead));
    }
    let version = text_forms::table.select(text_forms::version);
    let mut conn = db.connection().await.unwrap();
    let version: i32 = version.get_result(&mut conn).await.unwrap();
    assert_eq!(version, 1);
}
