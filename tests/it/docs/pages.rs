//! The form of the pages: short lines and a short README, and a first paragraph that says for whom.

use std::collections::BTreeSet;
use std::fs;

use crate::docs::page::{Page, code, root};

const README_LINES: usize = 200;
const README_WIDTH: usize = 120;

#[test]
fn the_readme_is_short() {
    let readme = Page::read("README.md");
    let lines = readme.text.lines().count();
    assert!(lines <= README_LINES, "{lines} lines");
    for (index, line) in readme.text.lines().enumerate() {
        let width = line.chars().count();
        assert!(width <= README_WIDTH, "README.md:{}: {width}", index + 1);
    }
}

#[test]
fn each_page_says_for_whom_it_is() {
    for page in Page::all_in("docs") {
        let mut lines = page.text.lines();
        let title = lines.next().unwrap_or_default();
        assert!(title.starts_with("# "), "{}: {title:?}", page.path);
        let rest: Vec<&str> = lines.skip_while(|line| line.is_empty()).collect();
        let first = rest.first().copied().unwrap_or_default();
        assert!(first.starts_with("For "), "{}: {first:?}", page.path);
    }
}

#[test]
fn the_page_on_testing_has_each_folder_of_tests() {
    let page = Page::read("docs/develop/testing.md");
    let rows = page.tables("Folder of `tests/it`");
    let said: BTreeSet<String> = rows.iter().flat_map(|row| code(&row[0])).collect();
    let entries = fs::read_dir(root().join("tests/it")).unwrap();
    let entries = entries.map(|entry| entry.unwrap());
    let folders: BTreeSet<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(said, folders);
}
