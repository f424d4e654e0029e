//! Databases whose locale lowers letters otherwise, or hardly any.

use serde_json::{Value, json};

use crate::support::{Api, ApiOptions, TestDatabase};

/// Turkish, by ICU: the small form of I is ı. And C: no letter but those of ASCII has a small form.
const LOCALES: [&str; 2] = [
    "locale_provider icu icu_locale 'tr-TR' lc_collate 'C' lc_ctype 'C'",
    "locale 'C'",
];

const CREATE: &str =
    "mutation ($input: CreateLeadInput!) { createLead(input: $input) { lead { id } } }";
const FIND: &str = "query ($email: String, $search: String, $company: String, $tag: String!) {
    duplicateLeads(email: $email) { id }
    bySearch: leads(search: $search) { totalCount }
    byCompany: leads(filter: { company: { equals: $company } }) { totalCount }
    byTag: leads(filter: { tags: { any: [$tag] } }) { totalCount } }";

#[tokio::test]
async fn duplicates_searches_and_filters_do_not_depend_on_the_databases_locale() {
    for locale in LOCALES {
        let database = TestDatabase::made_with(locale).await;
        let api = Api::over(database, ApiOptions::default()).await;
        let ada = api.admin().await;
        for (email, company, tag) in [
            ("INFO.4@COMPANY-I.example", "IVANOVA INDUSTRIES", "VIP"),
            ("ivan@petrov.example", "ИВАН ПЕТРОВ", "ЙОД"),
            ("igdir@acme.example", "Iğdır Şişli", "ΣΊΣΥΦΟΣ"),
        ] {
            let lead = json!({ "company": company, "email": email, "tags": [tag] });
            let made = api.data(&ada, CREATE, json!({ "input": lead })).await;
            let turns: [fn(&str) -> String; 2] = [str::to_lowercase, str::to_uppercase];
            for turned in turns {
                let asked = json!({ "email": turned(email), "search": turned(company),
                    "company": turned(company), "tag": turned(tag) });
                let found = api.data(&ada, FIND, asked).await;
                assert_eq!(
                    found["duplicateLeads"],
                    json!([made["createLead"]["lead"]]),
                    "{locale}"
                );
                for way in ["bySearch", "byCompany", "byTag"] {
                    assert_eq!(found[way]["totalCount"], 1, "{locale} {way} {company}");
                }
            }
        }
        // A name with a typing mistake, and the word in the middle of a company.
        for (search, company) in [
            ("INDUSTRIE", "IVANOVA INDUSTRIES"),
            ("петрво", "ИВАН ПЕТРОВ"),
        ] {
            let found = api
                .data(
                    &ada,
                    "query ($s: String) { leads(search: $s) { nodes { company } } }",
                    json!({ "s": search }),
                )
                .await;
            let expected: Value = json!([{ "company": company }]);
            assert_eq!(found["leads"]["nodes"], expected, "{locale} {search}");
        }
    }
}
