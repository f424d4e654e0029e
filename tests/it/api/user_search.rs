//! `users(search: …)`: a field that completes an assignee's name.

use serde_json::{Value, json};

use super::{Team, fields_of, strings};
use crate::support::{Api, SignedIn};

const USERS: &str = "query ($search: String, $role: UserRole, $first: Int, $after: String, $last: Int,
    $before: String, $offset: Int) {
    users(search: $search, role: $role, first: $first, after: $after, last: $last, before: $before,
        offset: $offset) {
        totalCount nodes { fullName } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn page(api: &Api, who: &SignedIn, arguments: Value) -> Value {
    api.data(who, USERS, arguments).await["users"].clone()
}

async fn names(api: &Api, who: &SignedIn, search: &str) -> Vec<String> {
    let page = page(api, who, json!({ "search": search })).await;
    let names = strings(&page["nodes"], "fullName");
    assert_eq!(page["totalCount"], names.len(), "{search}");
    names
}

async fn user(api: &Api, ada: &SignedIn, name: &str, email: &str) {
    let input = json!({ "email": email, "fullName": name, "role": "AGENT" });
    api.change(ada, "inviteUser", input).await;
}

async fn office() -> (Api, SignedIn) {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (name, email) in [
        ("Łukasz Müller", "lm@work.example"),
        ("Maria Nowak-Kowalska", "maria@work.example"),
        ("Mariusz O'Neil", "sales.north@work.example"),
        ("Zoë 100% _x", "zoe@elsewhere.example"),
    ] {
        user(&api, &ada, name, email).await;
    }
    (api, ada)
}

#[tokio::test]
async fn each_word_begins_a_word_of_the_name_or_the_address() {
    let (api, ada) = office().await;
    let [ada_admin, lukasz, maria, mariusz, zoe] = [
        "Ada Admin",
        "Łukasz Müller",
        "Maria Nowak-Kowalska",
        "Mariusz O'Neil",
        "Zoë 100% _x",
    ];
    for (search, expected) in [
        ("mari", &[maria, mariusz][..]),
        ("MÜL", &[lukasz]),
        ("mul luk", &[lukasz]),
        ("łukasz m", &[lukasz]),
        ("kow", &[maria]),
        ("nowak-k", &[maria]),
        ("neil", &[mariusz]),
        ("o’n", &[mariusz]),
        ("sales", &[mariusz]),
        ("SALES.North@Work", &[mariusz]),
        ("mari sales", &[mariusz]),
        ("zoe", &[zoe]),
        ("100%", &[zoe]),
        ("_", &[zoe]),
        ("admin", &[ada_admin]),
        ("a", &[ada_admin]),
        ("north", &[]),
        ("work.example", &[]),
        ("aria", &[]),
        ("mari zoe", &[]),
        ("%", &[]),
        ("\\", &[]),
        ("", &[ada_admin, maria, mariusz, zoe, lukasz]),
        (" \t", &[ada_admin, maria, mariusz, zoe, lukasz]),
    ] {
        assert_eq!(names(&api, &ada, search).await, expected, "{search:?}");
    }
    let only = json!({ "search": "a", "role": "AGENT" });
    assert_eq!(page(&api, &ada, only).await["totalCount"], 0);
}

#[tokio::test]
async fn what_is_found_is_paged_both_ways() {
    let (api, ada) = office().await;
    for number in 0..5 {
        let (name, email) = (format!("Mark {number}"), format!("m{number}@work.example"));
        user(&api, &ada, &name, &email).await;
    }
    let found = |page: &Value| strings(&page["nodes"], "fullName");
    let (mut seen, mut after) = (Vec::new(), json!(null));
    for is_last in [false, false, false, true] {
        let arguments = json!({ "search": "mar", "first": 2, "after": after });
        let forwards = page(&api, &ada, arguments).await;
        assert_eq!(forwards["totalCount"], 7);
        assert_eq!(forwards["pageInfo"]["hasNextPage"], !is_last);
        let before = json!({ "search": "mar", "last": 7,
            "before": forwards["pageInfo"]["startCursor"] });
        assert_eq!(found(&page(&api, &ada, before).await), seen);
        seen.extend(found(&forwards));
        after = forwards["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen.len(), 7);
    for offset in [0, 3, 6, 7, 100] {
        let jump = json!({ "search": "mar", "first": 2, "offset": offset });
        let jump = page(&api, &ada, jump).await;
        let expected: Vec<_> = seen.iter().skip(offset).take(2).cloned().collect();
        assert_eq!(found(&jump), expected);
        assert_eq!(jump["pageInfo"]["hasNextPage"], offset + 2 < 7, "{offset}");
    }
    let last = page(&api, &ada, json!({ "search": "mar", "last": 3 })).await;
    assert_eq!(found(&last), seen[4..]);
    assert_eq!(last["pageInfo"]["hasPreviousPage"], true);
}

#[tokio::test]
async fn nobody_finds_whom_they_do_not_see() {
    let team = Team::new().await;
    for (who, search, expected) in [
        (&team.ada, "a", 5),
        (&team.mia, "a", 2),
        (&team.ann, "a", 1),
        (&team.mia, "max", 0),
        (&team.ann, "mia", 0),
        (&team.bea, "be", 1),
    ] {
        let found = names(&team.api, who, search).await;
        assert_eq!(found.len(), expected, "{} {search}: {found:?}", who.email);
    }
}

#[tokio::test]
async fn what_is_no_search_is_refused() {
    let (api, ada) = office().await;
    for search in [
        "a\0".to_owned(),
        "\u{7f}".to_owned(),
        "é".repeat(201),
        "a b c d e f g h i j k".to_owned(),
    ] {
        let arguments = json!({ "search": search });
        let refusal = api.refusal(Some(&ada), USERS, arguments, "INVALID_DATA");
        assert_eq!(fields_of(&refusal.await), ["search"], "{search:?}");
    }
    assert_eq!(names(&api, &ada, &"é".repeat(200)).await, [""; 0]);
    assert_eq!(names(&api, &ada, "a b c d e f g h i j").await, [""; 0]);
}
