//! A page of the documentation, taken apart.

use std::fs;
use std::path::{Path, PathBuf};

/// A Markdown file.
pub(super) struct Page {
    /// Its path from the root of the project.
    pub(super) path: String,
    pub(super) text: String,
}

/// A fenced block of code.
pub(super) struct Block {
    /// The words behind the fence: `graphql`, `json answer`.
    pub(super) kind: String,
    pub(super) text: String,
    /// The line where it begins, for messages.
    pub(super) line: usize,
}

/// The root of the project.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Page {
    pub(super) fn read(path: &str) -> Page {
        let text = fs::read_to_string(root().join(path));
        Page {
            path: path.to_owned(),
            text: text.unwrap_or_else(|error| panic!("{path}: {error}")),
        }
    }

    /// The pages of a folder and its subfolders, by their paths.
    pub(super) fn all_in(folder: &str) -> Vec<Page> {
        let mut paths = Vec::new();
        collect(&root().join(folder), &mut paths);
        let relative = |path: PathBuf| path.strip_prefix(root()).unwrap().display().to_string();
        let mut paths: Vec<String> = paths.into_iter().map(relative).collect();
        paths.sort();
        paths.iter().map(|path| Page::read(path)).collect()
    }

    /// Its blocks, in their order.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut is_open = false;
        for (index, line) in self.text.lines().enumerate() {
            match line.trim_start().strip_prefix("```") {
                Some(kind) if !is_open => blocks.push(Block {
                    kind: kind.to_owned(),
                    text: String::new(),
                    line: index + 1,
                }),
                Some(_) => {}
                None if is_open => {
                    let block = blocks.last_mut().expect("an open block");
                    block.text.push_str(line);
                    block.text.push('\n');
                    continue;
                }
                None => continue,
            }
            is_open = !is_open;
        }
        assert!(!is_open, "{}: a block is not closed", self.path);
        blocks
    }

    /// The lines outside blocks, with their numbers.
    pub(super) fn prose(&self) -> Vec<(usize, &str)> {
        let mut is_open = false;
        let mut lines = Vec::new();
        for (index, line) in self.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                is_open = !is_open;
            } else if !is_open {
                lines.push((index + 1, line));
            }
        }
        lines
    }

    /// The rows of the first table under a heading, without its head; each cell as it is written.
    pub(super) fn table(&self, heading: &str) -> Vec<Vec<String>> {
        let under = self.text.lines().skip_while(|line| *line != heading);
        let section = under.skip(1).take_while(|line| !line.starts_with("## "));
        let rows: Vec<Vec<String>> = section
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'))
            .skip(2)
            .map(cells)
            .collect();
        assert!(
            !rows.is_empty(),
            "{}: no table under {heading:?}",
            self.path
        );
        rows
    }

    /// The rows of all tables whose first column is called so.
    pub(super) fn tables(&self, column: &str) -> Vec<Vec<String>> {
        let head = format!("| {column} |");
        let mut rows = Vec::new();
        let mut is_inside = false;
        for line in self.text.lines() {
            if line.starts_with(&head) {
                is_inside = true;
            } else if !line.starts_with('|') {
                is_inside = false;
            } else if is_inside && !line.starts_with("|-") {
                rows.push(cells(line));
            }
        }
        rows
    }
}

/// The texts in backticks.
pub(super) fn code(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn cells(row: &str) -> Vec<String> {
    let inner = row.trim().trim_start_matches('|').trim_end_matches('|');
    inner
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect()
}

/// The Markdown files below a folder, without what is built or hidden.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let is_ours = !name.starts_with('.') && name != "target" && name != "node_modules";
            if is_ours {
                collect(&path, found);
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}
