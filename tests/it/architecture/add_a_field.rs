//! The places where a field of a lead is written: those that docs/develop/add-a-field.md names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A field of the kind that the page describes, in the forms in which code names it.
const FORMS: [&str; 3] = [".company", "company:", "company_key"];
/// Generated from the migrations.
const GENERATED: &str = "src/db/schema.rs";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("docs/develop/add-a-field.md")).unwrap()
}

/// The Rust files that the page names.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split('`').skip(1).step_by(2);
    let files = words.filter(|word| word.starts_with("src/") && word.ends_with(".rs"));
    files.map(str::to_owned).collect()
}

/// A file's code: no comments, no tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The files of a folder of `src` whose code names the field.
fn with_the_field(folder: &str) -> BTreeSet<String> {
    let mut folders = vec![root().join("src").join(folder)];
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|is| is == "rs")
                && FORMS.iter().any(|form| code(&path).contains(form))
            {
                let name = path.strip_prefix(root()).unwrap();
                found.insert(name.display().to_string());
            }
        }
    }
    found
}

#[test]
fn a_field_is_written_just_where_the_page_says() {
    let layers = ["db", "service", "graphql", "http"];
    let found: BTreeSet<String> = layers.iter().flat_map(|l| with_the_field(l)).collect();
    let mut named = named(&page());
    for file in &named {
        assert!(root().join(file).exists(), "{file}");
    }
    // The demo's leads have only what is made up for them.
    named.retain(|file| !file.starts_with("src/demo/"));
    // Of the order the API has an enumeration of its own, without a field's name.
    assert!(named.remove("src/graphql/lead/query.rs"));
    // So has it of the columns of an export.
    assert!(named.remove("src/graphql/export.rs"));
    assert_eq!(found, named);
}

#[test]
fn a_field_that_is_only_kept_and_shown_is_written_in_four_files() {
    let page = page();
    let (_, places) = page.split_once("## The places").unwrap();
    let (places, _) = places
        .split_once("A field that leads are found by")
        .unwrap();
    let mut always = named(places);
    assert!(always.remove(GENERATED));
    assert!(always.len() <= 4, "{always:?}");
}
