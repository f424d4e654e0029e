//! `search`: any part of name, e-mail, phone, company or job title.

use serde_json::json;

use super::Team;
use crate::support::Api;

#[tokio::test]
async fn any_part_is_found_without_regard_to_case_and_accents() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for lead in [
        json!({ "lastName": "A", "firstName": "Łucja-José", "company": "Škoda Straße",
            "email": "l.j@acme.example" }),
        json!({ "lastName": "B", "firstName": "Иван", "email": "İvan@bolt.example" }),
        json!({ "lastName": "C", "firstName": "Ὀδυσσεύς", "company": "🦀 & Co" }),
    ] {
        api.lead(&ada, lead).await;
    }
    for (search, expected) in [
        ("łucja", "A"),
        ("LUCJA", "A"),
        ("jose", "A"),
        ("ucj", "A"),
        ("skoda", "A"),
        ("strasse", "A"),
        ("STRAßE", "A"),
        ("acme.ex", "A"),
        ("@acme", "A"),
        ("ИВАН", "B"),
        ("иван", "B"),
        ("🦀", "C"),
        ("ὀδυσ", "C"),
        ("example", "AB"),
        ("nobody", ""),
        ("", "ABC"),
        ("   ", "ABC"),
        (" \t lucja \n ", "A"),
    ] {
        let order = json!({ "field": "LAST_NAME" });
        let arguments = json!({ "search": search, "orderBy": order });
        assert_eq!(
            api.names(&ada, arguments).await.concat(),
            expected,
            "{search:?}"
        );
    }
}

#[tokio::test]
async fn several_words_must_all_match_in_any_order_and_in_any_of_the_fields() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for lead in [
        json!({ "lastName": "Kowalski", "company": "Acme", "phone": "+48601234567",
            "jobTitle": "Président" }),
        json!({ "lastName": "Kowalska", "company": "Bolt" }),
    ] {
        api.lead(&ada, lead).await;
    }
    for (search, expected) in [
        ("jan kowal", vec!["Kowalska", "Kowalski"]),
        // Kowalska might have been meant.
        ("kowalski jan", vec!["Kowalski", "Kowalska"]),
        ("acme gmail kowal", vec!["Kowalski"]),
        ("kowal 601 234", vec!["Kowalski"]),
        ("601 kowal 567", vec!["Kowalski"]),
        ("PRESIDENT", vec!["Kowalski"]),
        ("kowal sident acme", vec!["Kowalski"]),
        // A job title may not be mistyped.
        ("presidant", vec![]),
        ("acme bolt", vec![]),
        ("jankowalski", vec![]),
        ("jan jan jan", vec!["Kowalska", "Kowalski"]),
    ] {
        let order = json!({ "field": "LAST_NAME" });
        let arguments = json!({ "search": search, "orderBy": order });
        assert_eq!(api.names(&ada, arguments).await, expected, "{search:?}");
    }
}

#[tokio::test]
async fn a_job_title_that_is_changed_or_cleared_is_not_found_any_more() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({ "jobTitle": "Buyer" })).await;
    for (title, found) in [
        (json!("Head of Purchasing"), [false, true]),
        (json!(null), [false, false]),
        (json!("Buyer"), [true, false]),
    ] {
        let input = json!({ "id": id, "jobTitle": title });
        api.change(&ada, "updateLead", input).await;
        for (search, is_found) in ["buyer", "purchas"].into_iter().zip(found) {
            let names = api.names(&ada, json!({ "search": search })).await;
            assert_eq!(!names.is_empty(), is_found, "{search} of {title}");
        }
    }
}

#[tokio::test]
async fn a_phone_is_found_however_it_is_written() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.lead(&ada, json!({ "lastName": "A", "phone": "+48 601 234 567" }))
        .await;
    api.lead(
        &ada,
        json!({ "lastName": "B", "phone": "+44 20 7946 0958" }),
    )
    .await;
    for (search, expected) in [
        ("+48601234567", "A"),
        ("+48 601 234 567", "A"),
        ("0048 601-234-567", "A"),
        ("601234567", "A"),
        ("601 234", "A"),
        ("(601) 234.567", "A"),
        ("601/234", "A"),
        ("4567", "A"),
        ("0601 234 567", "A"),
        ("+44 (0)20 7946 0958", "B"),
        ("020 7946", "B"),
        ("48 601 2", "A"),
        ("+49", ""),
        ("601 235", ""),
    ] {
        let arguments = json!({ "search": search });
        assert_eq!(
            api.names(&ada, arguments).await.concat(),
            expected,
            "{search:?}"
        );
    }
}

#[tokio::test]
async fn digits_that_are_no_phone_are_found_where_they_stand() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.lead(
        &ada,
        json!({ "lastName": "A", "company": "Studio 54 2000" }),
    )
    .await;
    api.lead(&ada, json!({ "lastName": "B", "company": "007 Ltd." }))
        .await;
    api.lead(&ada, json!({ "lastName": "C", "company": "C-3 (R+D) 1/2" }))
        .await;
    for (search, expected) in [
        ("54 2000", "A"),
        ("2000 54", "A"),
        ("studio 2000", "A"),
        ("007", "B"),
        ("1/2", "C"),
        ("c-3", "C"),
        ("(r+d)", "C"),
        ("+", "C"),
        ("-", "C"),
        ("0", "AB"),
    ] {
        let order = json!({ "field": "LAST_NAME" });
        let arguments = json!({ "search": search, "orderBy": order });
        assert_eq!(
            api.names(&ada, arguments).await.concat(),
            expected,
            "{search:?}"
        );
    }
}

#[tokio::test]
async fn metacharacters_of_patterns_mean_themselves() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (name, company) in [
        ("A", "100% pure"),
        ("B", "snake_case"),
        ("C", "back\\slash"),
        ("D", "'; DROP TABLE leads; --"),
        ("E", "plain ％ ＿"),
    ] {
        api.lead(&ada, json!({ "lastName": name, "company": company }))
            .await;
    }
    for (search, expected) in [
        ("100%", "A"),
        ("0%p", ""),
        ("s_c", ""),
        ("snake_case", "B"),
        ("\\", "C"),
        ("k\\s", "C"),
        ("\\\\", ""),
        ("x\\", ""),
        ("'", "D"),
        ("'; drop", "D"),
        ("%%", ""),
        ("[a-z]", ""),
        (".*", ""),
    ] {
        let found = api.names(&ada, json!({ "search": search })).await;
        assert_eq!(found.concat(), expected, "{search:?}");
    }
    // unaccent() turns the full-width signs into the plain ones, in what is stored, too.
    let order = json!({ "field": "LAST_NAME" });
    for (search, expected) in [("%", "AE"), ("_", "BE"), ("＿", "BE")] {
        let arguments = json!({ "search": search, "orderBy": order });
        assert_eq!(api.names(&ada, arguments).await.concat(), expected);
    }
}

#[tokio::test]
async fn a_search_that_cannot_be_is_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let words = |number: usize| vec!["a"; number].join(" ");
    for bad in ["\0", "a\0b", &"x".repeat(201), &words(11), "\u{7}"] {
        let arguments = json!({ "search": bad });
        assert_eq!(
            api.leads_faults(&ada, arguments).await,
            ["search"],
            "{bad:?}"
        );
        let query = "query ($s: String) { leadStatistics(search: $s) { totalLeads } }";
        api.refusal(Some(&ada), query, json!({ "s": bad }), "INVALID_DATA")
            .await;
    }
    for good in ["🦀".repeat(200), words(10)] {
        api.leads(&ada, json!({ "search": good })).await;
    }
}

#[tokio::test]
async fn a_search_finds_only_what_the_viewer_may_see_and_narrows_the_filter() {
    let team = Team::new().await;
    for (owner, name) in [(Some(&team.ann), "Kowalski"), (Some(&team.bea), "Kowalska")] {
        team.lead_of(owner, name).await;
    }
    let search = json!({ "search": "kowal" });
    assert_eq!(
        team.api.names(&team.ann, search.clone()).await,
        ["Kowalski"]
    );
    assert_eq!(team.api.leads(&team.ada, search).await["totalCount"], 2);
    let both = json!({ "search": "kowal", "filter": { "assignedTo": [team.bea.id] } });
    assert_eq!(team.api.names(&team.ada, both).await, ["Kowalska"]);
}
