//! The users who work on made-up leads.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::population::{COUNTRIES, ascii};
use super::{DemoError, PASSWORD, lead};
use crate::db::schema::users;
use crate::db::{Connection, RequestDb};
use crate::service::sessions::PasswordHash;
use crate::service::users::{User, UserRole};
use crate::service::{ServiceError, UserId};

/// The demo's managers and agents; larger teams begin with them.
const MANAGERS: [&str; 3] = ["Maria Schmidt", "James Carter", "Elena Rossi"];
const AGENTS: [&str; 12] = [
    "Piotr Nowak",
    "Sofia Garcia",
    "Lukas Weber",
    "Amelie Dubois",
    "Oliver Smith",
    "Chiara Conti",
    "Jan de Vries",
    "Zofia Wójcik",
    "Emma Johnson",
    "Mateo Fernández",
    "Hannah Müller",
    "Tiago Silva",
];

/// The active agents, in the order of their addresses; where they are too few for so many leads,
/// a team is added.
pub(super) async fn ready(
    db: &RequestDb,
    leads: u64,
    random_seed: u64,
    today: DateTime<Utc>,
) -> Result<Vec<UserId>, DemoError> {
    let (managers, agents) = if leads < 100_000 { (3, 12) } else { (20, 200) };
    let there = active_agents(db).await?;
    if there.len() >= agents {
        return Ok(there);
    }
    let password = PasswordHash::of(PASSWORD).await?;
    let mut conn = db.connection().await?;
    let mut random = StdRng::seed_from_u64(random_seed);
    let mut names = names(managers, agents, &mut random);
    let since = today - TimeDelta::days(2 * 365);
    let mut person = |(email, full_name), role, manager_id| User {
        id: UserId(lead::id(since, &mut random)),
        email,
        full_name,
        role,
        manager_id,
        is_active: true,
        created_at: since,
        updated_at: since,
        oidc_subject: None,
        invited_at: None,
    };
    let team = names.split_off(managers);
    let chiefs: Vec<User> = names
        .into_iter()
        .map(|name| person(name, UserRole::Manager, None))
        .collect();
    let chiefs = add(&mut conn, chiefs, &password).await?;
    let team: Vec<User> = team
        .into_iter()
        .zip(chiefs.iter().cycle())
        .map(|(name, chief)| person(name, UserRole::Agent, Some(*chief)))
        .collect();
    add(&mut conn, team, &password).await?;
    drop(conn);
    active_agents(db).await
}

/// Adds those whose address is not taken yet and returns whoever has these addresses, in their
/// order. One hash serves all: hashing is slow on purpose.
async fn add(
    conn: &mut Connection,
    new: Vec<User>,
    password: &PasswordHash,
) -> Result<Vec<UserId>, ServiceError> {
    let emails: Vec<String> = new.iter().map(|user| user.email.clone()).collect();
    let rows: Vec<_> = new
        .into_iter()
        .map(|user| {
            let hash = users::password_hash.eq(password.hash());
            (user, hash, users::is_demo.eq(true))
        })
        .collect();
    diesel::insert_into(users::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let known = users::table.filter(users::email.eq_any(&emails));
    let known: Vec<(String, UserId)> = known.select((users::email, users::id)).load(conn).await?;
    let known: HashMap<String, UserId> = known.into_iter().collect();
    Ok(emails
        .iter()
        .filter_map(|email| known.get(email).copied())
        .collect())
}

async fn active_agents(db: &RequestDb) -> Result<Vec<UserId>, DemoError> {
    let mut conn = db.connection().await?;
    let agents = users::table
        .filter(users::role.eq(UserRole::Agent).and(users::is_active))
        .order_by(users::email)
        .select(users::id);
    Ok(agents.load(&mut conn).await.map_err(ServiceError::from)?)
}

/// That many people, each with an address of its own: the known ones, managers first, then others.
fn names(managers: usize, agents: usize, random: &mut StdRng) -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = Vec::with_capacity(managers + agents);
    let mut any = || {
        let country = &COUNTRIES[random.random_range(0..COUNTRIES.len())];
        let first = country.first_name(random);
        format!("{first} {}", country.last_name(first, random))
    };
    let mut add = |known: &[&str], count: usize| {
        let wanted = names.len() + count;
        let mut known = known.iter();
        while names.len() < wanted {
            let name = known.next().map_or_else(&mut any, |&name| name.to_owned());
            let email = address(&name);
            if !names.iter().any(|(taken, _)| *taken == email) {
                names.push((email, name));
            }
        }
    };
    add(&MANAGERS, managers);
    add(&AGENTS, agents);
    names
}

/// The address of a made-up or imported user: first and last name, at example.com.
pub(super) fn address(full_name: &str) -> String {
    let parts: Vec<String> = full_name.split_whitespace().map(ascii).collect();
    format!("{}@example.com", parts.join("."))
}
