//! The tables of the pages against what they are about.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chrono::Utc;
use diesel::result::Error as DieselError;
use serde_json::json;
use uuid::Uuid;

use crm::cli::command_line;
use crm::db::DbError;
use crm::service::leads::scoring::{self, Rule};
use crm::service::leads::{Lead, LeadSource};
use crm::service::permission::{Action, Scope, scope};
use crm::service::users::UserRole;
use crm::service::{ApiKeyId, ErrorCode, LeadId, NoteId, ServiceError, UserId};

use crate::docs::page::{Page, code};

#[test]
fn what_checks_a_promise_of_security_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for row in Page::read("docs/SECURITY.md").table("## Promises") {
        let checks = code(&row[2]);
        assert!(!checks.is_empty(), "nothing checks {row:?}");
        for check in checks {
            let tests = root.join("tests/it").join(check.replace("::", "/"));
            let is_script = check.starts_with('.') && root.join(&check).is_file();
            let is_there = is_script || tests.is_dir() || tests.with_extension("rs").is_file();
            assert!(is_there, "{check}");
        }
    }
}

#[test]
fn every_field_that_a_feature_is_said_to_be_in_is_in_the_schema() {
    let sdl = crm::graphql::sdl();
    let rows = Page::read("README.md").table("## Features");
    assert!(rows.len() > 10);
    for field in rows.iter().flat_map(|row| code(&row[1])) {
        let (object, name) = field.split_once('.').expect("Type.field");
        let start = sdl.find(&format!("\ntype {object} ")).expect(&field);
        let body = sdl[start + 1..].split("\n}").next().unwrap_or_default();
        let is_there = [":", "("]
            .iter()
            .any(|end| body.contains(&format!("\t{name}{end}")));
        assert!(is_there, "{field}");
    }
}

#[test]
fn the_configuration_table_is_what_the_program_takes() {
    let command = command_line();
    let arguments = command.get_arguments().filter(|a| !a.is_hide_set());
    let arguments = arguments.filter(|a| a.get_env().is_some());
    let taken: BTreeSet<(String, String, String)> = arguments
        .map(|argument| {
            let flag = format!("--{}", argument.get_long().unwrap());
            let variable = argument.get_env().unwrap().to_str().unwrap().to_owned();
            let default = argument.get_default_values().first();
            let default = default.map(|value| value.to_str().unwrap().to_owned());
            (flag, variable, default.unwrap_or_default())
        })
        .collect();
    let first = |cell: &String| code(cell).into_iter().next().unwrap_or_default();
    let pages = ["configuration", "limits"];
    let pages = pages.map(|name| Page::read(&format!("docs/operate/{name}.md")));
    let rows = pages.map(|page| page.tables("Flag")).concat();
    let said: BTreeSet<(String, String, String)> = rows
        .iter()
        .map(|row| (first(&row[0]), first(&row[1]), first(&row[2])))
        .collect();
    assert_eq!(said, taken);
}

#[test]
fn the_table_of_commands_is_what_the_program_has() {
    let command = command_line();
    let there: BTreeSet<String> = command
        .get_subcommands()
        .map(|c| format!("crm {}", c.get_name()))
        .collect();
    let rows = Page::read("docs/operate/configuration.md").table("## Commands");
    let said: BTreeSet<String> = rows.iter().flat_map(|row| code(&row[0])).collect();
    assert_eq!(said, there);
    let users = command.find_subcommand("users").unwrap();
    let users: Vec<String> = users
        .get_subcommands()
        .map(|c| c.get_name().to_owned())
        .collect();
    let row = rows.iter().find(|row| row[0] == "`crm users`").unwrap();
    assert_eq!(code(&row[1]), users);
}

#[test]
fn the_permission_table_is_the_programs() {
    let said = Page::read("docs/guide/users-and-permissions.md").table("## Permissions");
    let word = |role, action| match scope(role, action) {
        Scope::All => "all",
        Scope::Team => "team",
        Scope::Own => "own",
        Scope::Nothing => "nothing",
    };
    let rows = Action::ALL.iter().map(|&action| {
        let roles = [UserRole::Agent, UserRole::Manager, UserRole::Admin];
        let mut row = vec![format!("`{action:?}`")];
        row.extend(roles.map(|role| word(role, action).to_owned()));
        row
    });
    let said: Vec<Vec<String>> = said.iter().map(|row| row[..4].to_vec()).collect();
    assert_eq!(said, rows.collect::<Vec<_>>());
}

#[test]
fn the_scoring_table_is_the_programs() {
    let table = Page::read("docs/guide/scoring.md").table("## Rules");
    let points = |rule: Rule, when: &str| {
        let (id, mut rows) = (format!("`{}`", rule.id()), table.iter());
        let row = rows.find(|row| row[0] == id && row[2].starts_with(when));
        let row = row.unwrap_or_else(|| panic!("no row {id}, {when}"));
        assert_eq!(row[1], rule.name());
        row[3].parse::<i32>()
    };
    assert_eq!(
        points(Rule::Base, "every lead"),
        Ok(of(&lead(), Rule::Base))
    );
    for &source in LeadSource::ALL {
        let lead = Lead { source, ..lead() };
        let said = points(Rule::Source, source.as_str());
        assert_eq!(said, Ok(of(&lead, Rule::Source)));
    }
    let known = Lead {
        company: Some("Falk".to_owned()),
        has_business_email: true,
        ..lead()
    };
    assert_eq!(points(Rule::Company, ""), Ok(of(&known, Rule::Company)));
    let business = of(&known, Rule::BusinessEmail);
    assert_eq!(points(Rule::BusinessEmail, ""), Ok(business));
    let tags = scoring::URGENT_TAGS.map(str::to_owned).to_vec();
    let when = format!("a tag among {}", tags.join(", "));
    let urgent = Lead { tags, ..lead() };
    assert_eq!(
        points(Rule::UrgentTag, &when),
        Ok(of(&urgent, Rule::UrgentTag))
    );
    assert_eq!(
        table.len(),
        6 + LeadSource::ALL.len(),
        "rules without a row, or rows without one"
    );
}

#[test]
fn the_error_table_has_every_code() {
    let mut codes: BTreeSet<String> = every_service_error()
        .iter()
        .map(|error| error.code().to_owned())
        .collect();
    codes.extend(codes_of_the_edge());
    let said: BTreeSet<String> = Page::read("docs/guide/errors.md")
        .table("## Codes")
        .iter()
        .flat_map(|row| code(&row[0]))
        .collect();
    assert_eq!(said, codes);
    let known: BTreeSet<String> = ErrorCode::ALL
        .iter()
        .map(|code| code.as_str().to_owned())
        .collect();
    assert_eq!(known, codes);
    let schema = crm::graphql::sdl();
    let (_, values) = schema.split_once("\nenum ErrorCode {").unwrap();
    let (values, _) = values.split_once("\n}").unwrap();
    let values = values.lines().map(str::trim);
    let is_value = |line: &&str| line.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let values = values.filter(|line| !line.is_empty()).filter(is_value);
    assert_eq!(values.map(str::to_owned).collect::<BTreeSet<_>>(), codes);
}

fn of(lead: &Lead, rule: Rule) -> i32 {
    let lines = scoring::breakdown(lead);
    let mut lines = lines.iter().filter(|line| line.rule == rule);
    lines.next().unwrap().points
}

/// A lead for which no rule but the base has points.
fn lead() -> Lead {
    serde_json::from_value(json!({
        "id": Uuid::nil(), "firstName": "Rita", "lastName": "Falk", "source": "OTHER",
        "status": "NEW", "leadScore": 0, "scoreIsManual": false, "hasBusinessEmail": false,
        "conversionProbability": 0.0, "callAttempts": 0, "tags": [], "customFields": {},
        "createdAt": Utc::now(), "updatedAt": Utc::now(), "version": 1,
    }))
    .unwrap()
}

/// One of each kind. A kind that is new does not compile here until it is added to both lists.
fn every_service_error() -> Vec<ServiceError> {
    use ServiceError::*;
    let is_listed = |error: &ServiceError| match error {
        Unauthenticated(_) | PermissionDenied(_) | LeadNotFound(_) | UserNotFound(_) => (),
        NoteNotFound(_)
        | ApiKeyNotFound(_)
        | NotFound(_)
        | InvalidData(_)
        | ServiceError::Conflict(_)
        | IdempotencyConflict => (),
        NotApplied | RateLimited | SearchTooWide => (),
        AnswerTooLarge(_) | TooManyRows { .. } => (),
        Unavailable(_) | ProviderUnavailable(_) => (),
        TimedOut(_) | Database(_) | Internal(_) => (),
    };
    let all = vec![
        Unauthenticated(""),
        PermissionDenied(String::new()),
        LeadNotFound(LeadId(Uuid::nil())),
        UserNotFound(UserId(Uuid::nil())),
        NoteNotFound(NoteId(Uuid::nil())),
        ApiKeyNotFound(ApiKeyId(Uuid::nil())),
        NotFound(Uuid::nil()),
        InvalidData(Vec::new()),
        ServiceError::conflict(""),
        IdempotencyConflict,
        NotApplied,
        RateLimited,
        Unavailable(DbError::Unavailable(String::new())),
        AnswerTooLarge(0),
        TooManyRows {
            selected: 2,
            most: 1,
        },
        SearchTooWide,
        TimedOut(""),
        ProviderUnavailable(String::new()),
        Database(DieselError::NotFound),
        Internal(String::new()),
    ];
    all.iter().for_each(is_listed);
    all
}

/// The codes of the HTTP layer and of GraphQL itself: in their sources, any quoted text that looks like a
/// code.
fn codes_of_the_edge() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let edge = fs::read_dir(source.join("http")).unwrap();
    let files = edge
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file());
    let graphql = ["graphql/answer.rs", "graphql/error.rs"].map(|file| source.join(file));
    let mut codes = BTreeSet::new();
    for path in files.chain(graphql) {
        let source = fs::read_to_string(path).unwrap();
        let is_code = |text: &&str| {
            text.len() > 4 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        };
        codes.extend(source.split('"').filter(is_code).map(str::to_owned));
    }
    assert!(codes.len() >= 3, "{codes:?}");
    codes
}
