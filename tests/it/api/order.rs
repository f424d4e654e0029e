//! Every order of a list, both ways.

use serde_json::{Value, json};

use crate::support::{Api, SignedIn};

const FIELDS: [&str; 10] = [
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

async fn leads(api: &Api, who: &SignedIn) {
    let day = |day: u32| json!(format!("2026-03-{day:02}T12:00:00Z"));
    for lead in [
        json!({ "lastName": "Çelik", "firstName": "C", "company": "zeta", "status": "WON",
            "lastContactDate": day(2), "conversionProbability": 0.5 }),
        json!({ "lastName": "adams", "firstName": "A", "status": "NEW", "source": "REFERRAL",
            "nextFollowUp": day(5) }),
        json!({ "lastName": "Brown", "firstName": "B", "company": "Älpha", "status": "CALLBACK",
            "lastContactDate": day(1), "nextFollowUp": day(4), "conversionProbability": 0.25 }),
        json!({ "lastName": "Dunn", "firstName": "D", "company": "alpine", "status": "PROPOSAL" }),
    ] {
        api.lead(who, lead).await;
    }
    // C is changed last.
    let id = api.leads(who, json!({ "search": "Celik" })).await["nodes"][0]["id"].clone();
    let update = json!({ "id": id, "tags": ["x"] });
    api.change(who, "updateLead", update).await;
}

/// The initials of the leads in an order.
async fn initials(api: &Api, who: &SignedIn, arguments: Value) -> String {
    let initial = |name: String| match name.as_str() {
        "Çelik" => 'C',
        "adams" => 'A',
        other => other.chars().next().unwrap(),
    };
    let names = api.names(who, arguments).await;
    names.into_iter().map(initial).collect()
}

#[tokio::test]
async fn leads_come_in_the_order_asked_for_those_without_a_value_last_and_ties_by_id() {
    let api = Api::new().await;
    let ada = api.admin().await;
    leads(&api, &ada).await;
    // In the order of their ids the leads are C A B D.
    for (field, ascending, descending) in [
        ("LEAD_SCORE", "CBDA", "ADBC"),
        ("CREATED_AT", "CABD", "DBAC"),
        ("UPDATED_AT", "ABDC", "CDBA"),
        ("LAST_CONTACT_DATE", "BCAD", "CBDA"),
        ("NEXT_FOLLOW_UP", "BACD", "ABDC"),
        ("LAST_NAME", "ABCD", "DCBA"),
        ("COMPANY", "BDCA", "CDBA"),
        ("CONVERSION_PROBABILITY", "ADBC", "CBDA"),
        ("STATUS", "ADCB", "BCDA"),
        ("SOURCE", "ACBD", "DBCA"),
    ] {
        for (direction, expected) in [("ASC", ascending), ("DESC", descending)] {
            let order = json!({ "field": field, "direction": direction });
            let found = initials(&api, &ada, json!({ "orderBy": order })).await;
            assert_eq!(found, expected, "{field} {direction}");
        }
        let unsaid = json!({ "orderBy": { "field": field } });
        assert_eq!(initials(&api, &ada, unsaid).await, ascending);
    }
    assert_eq!(initials(&api, &ada, json!({})).await, "DBAC");
    assert_eq!(
        initials(&api, &ada, json!({ "orderBy": null })).await,
        "DBAC"
    );
}

#[tokio::test]
async fn every_order_can_be_walked_forwards_and_backwards_and_jumped_into() {
    let api = Api::new().await;
    let ada = api.admin().await;
    leads(&api, &ada).await;
    for field in FIELDS {
        for direction in ["ASC", "DESC"] {
            let order = json!({ "field": field, "direction": direction });
            let whole = initials(&api, &ada, json!({ "orderBy": order })).await;
            for size in [1, 2, 3] {
                let forwards = walk(&api, &ada, &order, size, ["first", "after"]).await;
                assert_eq!(forwards, whole, "{order} by {size}");
                let backwards = walk(&api, &ada, &order, size, ["last", "before"]).await;
                assert_eq!(backwards, whole, "{order} by {size}");
            }
            for offset in 0..5 {
                let jump = json!({ "orderBy": order, "offset": offset, "first": 2 });
                let rest: String = whole.chars().skip(offset).take(2).collect();
                assert_eq!(
                    initials(&api, &ada, jump).await,
                    rest,
                    "{order} from {offset}"
                );
            }
        }
    }
}

/// Reads a list page by page and gives what all pages have, in the list's order.
async fn walk(
    api: &Api,
    who: &SignedIn,
    order: &Value,
    size: usize,
    [count, place]: [&str; 2],
) -> String {
    let forwards = count == "first";
    let mut pages = Vec::new();
    let mut cursor = json!(null);
    loop {
        let mut arguments = json!({ "orderBy": order });
        arguments[count] = json!(size);
        arguments[place] = cursor.clone();
        pages.push(initials(api, who, arguments.clone()).await);
        let info = api.leads(who, arguments).await["pageInfo"].clone();
        let (more, back, next) = if forwards {
            ("hasNextPage", "hasPreviousPage", "endCursor")
        } else {
            ("hasPreviousPage", "hasNextPage", "startCursor")
        };
        assert_eq!(info[back], !cursor.is_null());
        cursor = info[next].clone();
        if info[more] == false {
            break;
        }
    }
    if !forwards {
        pages.reverse();
    }
    pages.concat()
}

#[tokio::test]
async fn leads_without_a_last_name_come_last_in_both_directions() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for names in [
        json!({ "firstName": "X", "lastName": null }),
        json!({ "firstName": null, "lastName": "Adams" }),
        json!({ "firstName": null, "lastName": null, "company": "Y" }),
        json!({ "lastName": "Brown" }),
    ] {
        api.lead(&ada, names).await;
    }
    for (direction, expected) in [
        ("ASC", ["Adams", "Jan Brown", "X", "Y"]),
        ("DESC", ["Jan Brown", "Adams", "Y", "X"]),
    ] {
        let order = json!({ "field": "LAST_NAME", "direction": direction });
        for [count, place, more, next] in [
            ["first", "after", "hasNextPage", "endCursor"],
            ["last", "before", "hasPreviousPage", "startCursor"],
        ] {
            let (mut seen, mut cursor) = (Vec::new(), json!(null));
            loop {
                let mut arguments = json!({ "orderBy": order });
                arguments[count] = json!(1);
                arguments[place] = cursor;
                let page = api.leads(&ada, arguments).await;
                seen.extend(super::strings(&page["nodes"], "fullName"));
                cursor = page["pageInfo"][next].clone();
                if page["pageInfo"][more] == false {
                    break;
                }
            }
            if count == "last" {
                seen.reverse();
            }
            assert_eq!(seen, expected, "{direction} {count}");
        }
    }
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.lead(&ada, json!({ "company": "Acme" })).await;
    for field in FIELDS {
        let order = json!({ "field": field });
        let page = api.leads(&ada, json!({ "orderBy": order })).await;
        let cursor = page["pageInfo"]["endCursor"].clone();
        let other = if field == "LEAD_SCORE" {
            "LAST_NAME"
        } else {
            "LEAD_SCORE"
        };
        for place in ["after", "before"] {
            let mut arguments = json!({ "orderBy": { "field": other } });
            arguments[place] = cursor.clone();
            assert_eq!(api.leads_faults(&ada, arguments).await, [place], "{field}");
        }
    }
}

#[tokio::test]
async fn a_cursor_without_a_value_is_refused_where_every_lead_has_one() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.lead(&ada, json!({})).await;
    let order = json!({ "field": "COMPANY" });
    let page = api.leads(&ada, json!({ "orderBy": order })).await;
    let arguments = json!({ "orderBy": { "field": "CREATED_AT" },
        "after": page["pageInfo"]["endCursor"] });
    assert_eq!(api.leads_faults(&ada, arguments).await, ["after"]);
}
