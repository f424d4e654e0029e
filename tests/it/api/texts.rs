//! Text as people write and paste it.

use serde_json::{Value, json};

use super::{Team, strings};
use crate::support::{Api, SignedIn};

const CREATE: &str = "mutation ($i: CreateLeadInput!) { createLead(input: $i) {
    lead { id firstName lastName company email phone tags } } }";

async fn created(api: &Api, who: &SignedIn, input: Value) -> Value {
    api.data(who, CREATE, json!({ "i": input })).await["createLead"]["lead"].clone()
}

async fn counted(api: &Api, who: &SignedIn, arguments: Value) -> i64 {
    let leads = api.leads(who, arguments).await;
    leads["totalCount"].as_i64().unwrap()
}

#[tokio::test]
async fn what_nobody_sees_is_left_out_and_refused_where_nothing_else_is() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let input = json!({ "firstName": "Ro\u{200b}sa", "lastName": "Klein\u{ad}feld",
        "company": "\u{feff}Acme\u{2060} GmbH\u{3164}", "email": "\u{202a}rosa@acme.example\u{202c}",
        "tags": ["vip\u{200b}", "vip", "VIP", "víp", "\u{2800}x"] });
    let lead = created(&api, &ada, input).await;
    for (field, expected) in [
        ("firstName", json!("Rosa")),
        ("lastName", json!("Kleinfeld")),
        ("company", json!("Acme GmbH")),
        ("email", json!("rosa@acme.example")),
        ("tags", json!(["vip", "x"])),
    ] {
        assert_eq!(lead[field], expected, "{field}");
    }
    for arguments in [
        json!({ "search": "Kleinfeld" }),
        json!({ "search": "kl\u{200d}einfeld\u{200f}" }),
        json!({ "filter": { "company": { "equals": "acme\u{a0}gmbh" } } }),
        json!({ "filter": { "tags": { "all": ["\u{feff}VIP"] } } }),
    ] {
        assert_eq!(
            counted(&api, &ada, arguments.clone()).await,
            1,
            "{arguments}"
        );
    }
    let nothing = "\u{200b}\u{feff}\u{ad}\u{3164}\u{2800}\u{200e}";
    for field in [
        "firstName",
        "lastName",
        "company",
        "jobTitle",
        "email",
        "phone",
        "tags",
    ] {
        let mut input = super::jan(json!({}));
        input[field] = if field == "tags" {
            json!([nothing])
        } else {
            json!(nothing)
        };
        assert_eq!(api.faults(&ada, "createLead", input).await, [field]);
    }
    let user = json!({ "email": "u@acme.example", "fullName": nothing, "role": "AGENT" });
    assert_eq!(api.faults(&ada, "inviteUser", user).await, ["fullName"]);
    let odd = super::jan(json!({ "email": "pat\u{3164}@acme.example" }));
    assert_eq!(api.faults(&ada, "createLead", odd).await, ["email"]);
}

#[tokio::test]
async fn greek_capitals_and_final_sigmas_are_one_letter() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let input = json!({ "firstName": "Γιώργος", "lastName": "Νίκου", "email": "g@n.example",
        "company": "Αφοί Παππάς" });
    created(&api, &ada, input).await;
    for arguments in [
        json!({ "search": "ΓΙΩΡΓΟΣ ΝΙΚΟΥ" }),
        json!({ "search": "γιωργοσ" }),
        json!({ "filter": { "company": { "equals": "ΑΦΟΙ ΠΑΠΠΑΣ" } } }),
        json!({ "filter": { "company": { "startsWith": "ΑΦΟΊ ΠΑΠΠΑΣ" } } }),
    ] {
        assert_eq!(
            counted(&api, &ada, arguments.clone()).await,
            1,
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn a_domain_in_letters_and_in_ascii_is_one() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let first = json!({ "firstName": "A", "email": "info@münchen.example" });
    let second = json!({ "firstName": "B", "email": "office@XN--MNCHEN-3YA.example" });
    created(&api, &ada, first).await;
    assert_eq!(
        created(&api, &ada, second).await["email"],
        "office@münchen.example"
    );
    let query = "query ($e: String) { duplicateLeads(email: $e) { email } }";
    for address in ["INFO@xn--mnchen-3ya.example", "info@MU\u{308}NCHEN.EXAMPLE"] {
        let found = api.data(&ada, query, json!({ "e": address })).await;
        assert_eq!(
            strings(&found["duplicateLeads"], "email"),
            ["info@münchen.example"]
        );
        let filter = json!({ "filter": { "email": { "equals": address } } });
        assert_eq!(counted(&api, &ada, filter).await, 1);
        assert_eq!(counted(&api, &ada, json!({ "search": address })).await, 1);
    }
    for (domain, expected) in [
        ("xn--mnchen-3ya.example", 2),
        ("münchen", 2),
        ("MUNCHEN.example", 2),
    ] {
        assert_eq!(
            counted(&api, &ada, json!({ "search": domain })).await,
            expected
        );
    }
    let start = json!({ "filter": { "email": { "startsWith": "office@xn--mnchen-3ya" } } });
    assert_eq!(counted(&api, &ada, start).await, 1);
    // A free provider is one in both forms, too.
    let free = json!({ "add": ["xn--mnchen-3ya.example"] });
    let added = api.change(&ada, "updateFreeEmailDomains", free).await;
    assert!(
        added["freeEmailDomains"]
            .as_array()
            .unwrap()
            .contains(&json!("münchen.example"))
    );
}

#[tokio::test]
async fn a_user_has_one_address_and_one_password_however_they_are_typed() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let user = json!({ "email": "Nfc@münchen.example", "fullName": "N F C", "role": "AGENT" });
    let invited = api.change(&ada, "inviteUser", user).await;
    let accept = json!({ "token": invited["link"], "password": "übergrößé\u{a0}pässwort" });
    api.change(&ada, "useLink", accept).await;
    let again = json!({ "email": "nfc@xn--mnchen-3ya.example", "fullName": "N", "role": "AGENT" });
    api.refused(&ada, "inviteUser", again, "CONFLICT").await;
    for address in ["nfc@xn--mnchen-3ya.example", "NFC@mu\u{308}nchen.example"] {
        for password in [
            "übergrößé pässwort",
            "u\u{308}bergro\u{308}ße\u{301}\u{3000}pa\u{308}sswort",
        ] {
            api.sign_in(address, password).await;
        }
    }
    let query = "mutation ($i: LoginInput!) { login(input: $i) { token } }";
    let wrong =
        json!({ "i": { "email": "nfc@münchen.example", "password": "Übergrößé pässwort" } });
    api.refusal(None, query, wrong, "UNAUTHENTICATED").await;
}

#[tokio::test]
async fn a_number_is_taken_and_found_as_it_was_pasted() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (pasted, stored) in [
        ("+7 812 320-12-34", "+78123201234"),
        ("\u{202a}+48 601 234 567\u{202c}", "+48601234567"),
        ("＋49 1512 3456789", "+4915123456789"),
        ("+966 ٥٠ ١٢٣ ٤٥٦٧", "+966501234567"),
        ("(+48) 602‑111—222,", "+48602111222"),
        ("tel:+48603111222;ext=12", "+48603111222;ext=12"),
        ("+48 604 111 222 ext. 7", "+48604111222;ext=7"),
        (
            "+1 (650) 253-0000 x0123456789",
            "+16502530000;ext=0123456789",
        ),
    ] {
        let lead = created(&api, &ada, json!({ "firstName": "A", "phone": pasted })).await;
        assert_eq!(lead["phone"], stored);
        for written in [pasted, stored] {
            let search = json!({ "search": written });
            assert_eq!(counted(&api, &ada, search).await, 1, "{written}");
            let query = "query ($p: String) { duplicateLeads(phone: $p) { phone } }";
            let found = api.data(&ada, query, json!({ "p": written })).await;
            assert_eq!(strings(&found["duplicateLeads"], "phone"), [stored]);
        }
    }
    for (search, expected) in [
        ("603 111 222 x12", 1),
        ("603 111 222 x13", 0),
        ("603111222", 1),
        ("601–234–567", 1),
        ("0048 601−234−567", 1),
        ("+7 8 812 320 12 34", 1),
    ] {
        assert_eq!(
            counted(&api, &ada, json!({ "search": search })).await,
            expected,
            "{search}"
        );
    }
}

#[tokio::test]
async fn a_national_number_is_one_of_the_region_that_its_input_names() {
    let Team { api, ada, .. } = &Team::new().await;
    for (region, pasted, stored) in [
        ("PL", "601 234 567", "+48601234567"),
        ("de", "030 901820", "+4930901820"),
        ("RU", "8 (812) 320-12-34", "+78123201234"),
        ("DE", "0048 602 111 222", "+48602111222"),
        ("DE", "+48 602 111 223", "+48602111223"),
    ] {
        let input = json!({ "firstName": "A", "phone": pasted, "phoneRegion": region });
        let lead = created(api, ada, input).await;
        assert_eq!(lead["phone"], stored, "{region} {pasted}");
        let query = "query ($p: String, $r: String) {
            duplicateLeads(phone: $p, phoneRegion: $r) { phone } }";
        let found = api
            .data(ada, query, json!({ "p": pasted, "r": region }))
            .await;
        assert_eq!(strings(&found["duplicateLeads"], "phone"), [stored]);
        let other = json!({ "id": lead["id"], "phone": pasted, "phoneRegion": region });
        assert_eq!(api.edit(ada, "updateLead", other).await["phone"], stored);
    }
    for (region, phone, field) in [
        (json!(null), "601 234 567", "phone"),
        (json!("PL"), "030 901820 1", "phone"),
        (json!("Poland"), "601 234 567", "phoneRegion"),
        (json!("XX"), "+48601234567", "phoneRegion"),
    ] {
        let input = super::jan(json!({ "phone": phone, "phoneRegion": region }));
        let faults = api.faults(ada, "createLead", input).await;
        assert!(
            faults.contains(&field.to_owned()),
            "{region} {phone}: {faults:?}"
        );
    }
}

#[tokio::test]
async fn a_search_takes_what_is_pasted() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let input =
        json!({ "firstName": "Anna", "lastName": "Nowak-Kowalska", "email": "anna@nk.example" });
    created(&api, &ada, input).await;
    for search in [
        "Nowak-Kowalska, Anna",
        "Nowak-Kowalska,Anna",
        "Anna Nowak-Kowalska <anna@nk.example>",
        "mailto:anna@nk.example",
        "\"Anna Nowak-Kowalska\"",
        "„Anna” «Nowak–Kowalska»",
        "(Anna) Nowak-Kowalska;",
        "[Anna] 'Nowak'",
        "kowalska anna",
    ] {
        assert_eq!(
            counted(&api, &ada, json!({ "search": search })).await,
            1,
            "{search}"
        );
    }
}
