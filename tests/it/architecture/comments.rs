//! Doc comments and descriptions of the API begin with the term, not with a question word.

use std::fs;
use std::path::Path;

/// The words that no doc comment and no description begins with.
const REFUSED: &[&str] = &[
    "What", "Whether", "How", "Who", "Those", "Where", "Whose", "Whom", "Whoever", "Why",
];

#[test]
fn no_doc_comment_begins_with_a_question_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut count) = (Vec::new(), 0);
    for folder in ["src", "tests", "benches"] {
        for (path, text) in files(&root.join(folder)) {
            for line in beginnings(&text, path.contains("src/graphql")) {
                count += 1;
                if is_refused(line) {
                    found.push(format!("{path}: {line}"));
                }
            }
        }
    }
    assert!(count > 3_000, "{count} doc comments were found");
    assert_eq!(found, [""; 0]);
}

#[test]
fn question_words_are_found_where_a_comment_begins() {
    let text = [
        "//! Terms.",
        "//! What is not a beginning.",
        "",
        "    /// Whether it is open.",
        "    /// How it closes.",
        "    #[graphql(desc = \"The lead.\")]",
        "    desc = \"How many.\",",
        "// Why not.",
        "/// Whatever.",
    ]
    .join("\n");
    let refused = |with_descriptions| {
        let beginnings = beginnings(&text, with_descriptions);
        beginnings
            .filter(|line| is_refused(line))
            .collect::<Vec<_>>()
    };
    assert_eq!(refused(true), ["Whether it is open.", "How many.\","]);
    assert_eq!(refused(false), ["Whether it is open."]);
}

/// The Rust files of a folder and their texts.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((
                path.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            ));
        }
    }
    files
}

/// The first line of each doc comment and, `with_descriptions`, of each `desc = "…"`.
fn beginnings(text: &str, with_descriptions: bool) -> impl Iterator<Item = &str> {
    let before = [""].into_iter().chain(text.lines());
    before
        .zip(text.lines())
        .filter_map(move |(before, line)| match doc(line) {
            Some(line) => doc(before).is_none().then_some(line),
            None if with_descriptions => line.split_once("desc = \"").map(|(_, line)| line),
            None => None,
        })
}

/// The text of a line of a doc comment.
fn doc(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let text = line.strip_prefix("///").or(line.strip_prefix("//!"))?;
    Some(text.trim_start())
}

/// True if the first word is a refused one.
fn is_refused(line: &str) -> bool {
    let word = line.split(|c: char| !c.is_alphanumeric()).next();
    word.is_some_and(|word| REFUSED.contains(&word))
}
