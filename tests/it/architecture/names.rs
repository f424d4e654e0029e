//! Our own types and modules have the field's names, not the private words that they once had.

use crate::architecture::layers::sources;

/// Private words of earlier times, in the form that a type or module would have.
const PRIVATE: &[&str] = &[
    "Asked",
    "Browsers",
    "Copier",
    "Corridor",
    "Curfew",
    "Directory",
    "Errand",
    "Errands",
    "Excess",
    "Facets",
    "Fault",
    "Faults",
    "Found",
    "Grain",
    "Grains",
    "House",
    "Hunt",
    "Judge",
    "Kept",
    "Known",
    "Memory",
    "Naive",
    "Near",
    "Owners",
    "Peek",
    "Pieces",
    "Place",
    "Places",
    "Premise",
    "Proofs",
    "RaggedEnds",
    "Reach",
    "Ready",
    "Room",
    "Settle",
    "Shape",
    "Shorten",
    "SignInTries",
    "Slice",
    "Story",
    "Stretch",
    "Stretches",
    "Surveyor",
    "Tally",
    "Target",
    "Tier",
    "Told",
    "Trust",
    "Unread",
    "UsersRevision",
    "Waiting",
    "Wanted",
    "Watch",
    "Way",
    "World",
];

/// Associated types that a trait of others names.
const OF_OTHERS: &[&str] = &["type Target ="];

#[test]
fn types_and_modules_have_the_names_of_the_field() {
    let mut found = Vec::new();
    for source in sources() {
        for line in source.code() {
            let name = declared(line).map(in_capitals);
            if name.is_some_and(|name| PRIVATE.contains(&name.as_str())) {
                found.push(format!("{}: {}", source.path, line.trim()));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

/// The name of the type, trait or module that a line declares.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if OF_OTHERS.iter().any(|start| line.starts_with(start)) {
        return None;
    }
    let line = match line.strip_prefix("pub") {
        // Behind `pub `, `pub(crate) ` or `pub(in crate::graphql) `.
        Some(rest) => rest
            .split_once(if rest.starts_with('(') { ") " } else { " " })
            .map_or("", |(_, rest)| rest),
        None => line,
    };
    let kinds = ["struct ", "enum ", "trait ", "type ", "mod "];
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
}

/// `sign_in_tries` as `SignInTries`.
fn in_capitals(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}

#[test]
fn declarations_are_read() {
    let name = |line| declared(line).map(in_capitals);
    assert_eq!(
        name("pub(crate) mod ragged_ends;").as_deref(),
        Some("RaggedEnds")
    );
    assert_eq!(name("    struct Known<'a> {").as_deref(), Some("Known"));
    assert_eq!(
        name("pub(in crate::graphql) enum Fault {").as_deref(),
        Some("Fault")
    );
    assert_eq!(name("pub struct Way(u8);").as_deref(), Some("Way"));
    assert_eq!(name("    type Target = [u8];"), None);
    assert_eq!(name("let known = 1;"), None);
}
