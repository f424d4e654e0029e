//! Every link and every file name of every page leads somewhere. Nothing is asked of the network.

use std::path::{Component, Path, PathBuf};

use crate::docs::page::{Page, code, root};

/// The folders whose files pages name.
const OURS: [&str; 7] = [
    "src/",
    "tests/",
    "benches/",
    "docs/",
    "migrations/",
    ".ci/",
    ".cargo/",
];

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut links = 0;
    for page in Page::all_in("") {
        for (line, link) in links_of(&page) {
            links += 1;
            if let Err(why) = follow(&page, &link) {
                broken.push(format!("{}:{line}: {link}: {why}", page.path));
            }
        }
    }
    assert!(links > 100, "{links} links");
    assert_eq!(broken, [""; 0]);
}

#[test]
fn every_file_that_a_page_names_exists() {
    let mut missing = Vec::new();
    for page in Page::all_in("") {
        for (line, text) in page.prose() {
            let named = code(text).into_iter();
            let named = named.filter(|name| OURS.iter().any(|folder| name.starts_with(folder)));
            // Patterns, and commands with their arguments.
            let named = named.filter(|name| !name.contains(['<', '*', '…', ' ']));
            missing.extend(
                named
                    .filter(|name| !root().join(name).exists())
                    .map(|name| format!("{}:{line}: {name}", page.path)),
            );
        }
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_readme_leads_to_every_page() {
    let readme = Page::read("README.md");
    let linked: Vec<String> = links_of(&readme)
        .into_iter()
        .map(|(_, link)| link.split('#').next().unwrap_or_default().to_owned())
        .collect();
    for page in Page::all_in("docs") {
        assert!(linked.contains(&page.path), "{}", page.path);
    }
}

#[test]
fn anchors_are_made_as_hosts_make_them() {
    for (heading, anchor) in [
        ("First query, first change", "first-query-first-change"),
        ("Results, modes, dry run", "results-modes-dry-run"),
        ("A read: `{ leads(first: 50) }`", "a-read--leadsfirst-50-"),
        ("What `deleteLead` removes", "what-deletelead-removes"),
    ] {
        assert_eq!(anchor_of(heading), anchor);
    }
}

/// The targets of the links outside blocks and backticks, with their lines.
fn links_of(page: &Page) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (line, text) in page.prose() {
        // A link's text may be in backticks, its target is not.
        let without_code: String = text.split('`').step_by(2).collect();
        for link in without_code.split("](").skip(1) {
            let target = link.split(')').next().unwrap_or_default();
            links.push((line, target.to_owned()));
        }
    }
    links
}

fn follow(page: &Page, link: &str) -> Result<(), &'static str> {
    if link.starts_with("https://") {
        return Ok(());
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => PathBuf::from(&page.path),
        _ => normal(&Path::new(&page.path).with_file_name(file)),
    };
    if !root().join(&target).exists() {
        return Err("no such file");
    }
    if anchor.is_empty() {
        return Ok(());
    }
    let target = Page::read(&target.display().to_string());
    let headings = target.prose().into_iter();
    let mut headings = headings.filter_map(|(_, line)| line.split_once("# "));
    let is_there = headings.any(|(hashes, heading)| {
        hashes.bytes().all(|byte| byte == b'#') && anchor_of(heading) == anchor
    });
    is_there.then_some(()).ok_or("no such heading")
}

/// The path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(normal.pop(), "{}", path.display()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

fn anchor_of(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    let letters = letters
        .chars()
        .filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
    letters.collect::<String>().replace(' ', "-")
}
