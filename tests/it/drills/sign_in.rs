//! Signing in at nine o'clock, and while somebody guesses.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crm::service::sessions::PasswordHash;
use crm::service::users::{CreateUser, UserRole};
use crm::service::{Actor, perform};

use crate::support::program::{PASSWORD, Program};

const PROXY: (&str, &str) = ("CRM_TRUSTED_PROXIES", "127.0.0.1/32");

/// The code that signing in from an address is refused with, or `OK`.
async fn login(program: &Program, address: &str, email: &str, password: &str) -> String {
    let query = "mutation ($email: String!, $password: String!) {
        login(input: { email: $email, password: $password }) { token } }";
    let variables = json!({ "email": email, "password": password });
    let body = json!({ "query": query, "variables": variables });
    let header = format!("x-forwarded-for: {address}\r\n");
    let answer = program.ask(&header, &body).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str().unwrap_or("OK").to_owned()
}

async fn colleagues(program: &Program, number: usize) -> Vec<String> {
    let hash = PasswordHash::of(PASSWORD).await.unwrap();
    let mut emails = Vec::new();
    for n in 0..number {
        let user = CreateUser {
            email: format!("colleague{n}@example.com"),
            full_name: format!("Colleague {n}"),
            role: UserRole::Agent,
            manager: None,
            password: Some(hash.clone()),
            is_demo: false,
        };
        emails.push(user.email.clone());
        perform(program.db(), &Actor::operator(), user)
            .await
            .unwrap();
    }
    emails
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_colleagues_behind_one_address_all_get_in_at_nine_o_clock() {
    let program = Program::start(&[PROXY]).await;
    let emails = colleagues(&program, 40).await;
    let all = emails
        .iter()
        .map(|email| login(&program, "198.51.100.1", email, PASSWORD));
    let answers = join_all(all).await;
    assert_eq!(answers, vec!["OK"; 40]);
    let twelve = (0..12).map(|_| login(&program, "198.51.100.9", &emails[0], PASSWORD));
    assert_eq!(join_all(twelve).await, vec!["OK"; 12]);
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_from_many_addresses_keeps_no_owner_out() {
    let program = Program::start(&[PROXY]).await;
    let owner = colleagues(&program, 1).await.remove(0);
    assert_eq!(
        login(&program, "198.51.100.1", &owner, PASSWORD).await,
        "OK"
    );
    let until = Instant::now() + Duration::from_secs(4);
    let guessers = (0..8).map(|n| {
        let (program, owner) = (&program, &owner);
        async move {
            let mut codes = BTreeMap::new();
            let mut guess = 0;
            while Instant::now() < until {
                guess += 1;
                let address = format!("203.0.113.{}", (n * 30 + guess) % 250);
                let code = login(program, &address, owner, "a wrong guess").await;
                *codes.entry(code).or_insert(0) += 1;
            }
            codes
        }
    });
    let owners = async {
        let mut answers = Vec::new();
        while Instant::now() < until {
            answers.push(login(&program, "198.51.100.1", &owner, PASSWORD).await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        answers
    };
    let (guesses, owners) = tokio::join!(join_all(guessers), owners);
    assert!(
        !owners.is_empty() && owners.iter().all(|code| code == "OK"),
        "{owners:?}"
    );
    let looked_at: i32 = guesses
        .iter()
        .filter_map(|codes| codes.get("UNAUTHENTICATED"))
        .sum();
    assert_eq!(looked_at, 5, "{guesses:?}");
    program.stop().await;
}
