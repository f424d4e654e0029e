//! README.md, taken apart.

/// The README.
pub(super) const TEXT: &str = include_str!("../../../README.md");

/// A fenced block of code.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    /// What stands behind the fence: `graphql`, `json answer`.
    pub(super) kind: String,
    pub(super) text: String,
    /// Where it begins, for messages.
    pub(super) line: usize,
}

/// All blocks, in their order.
pub(super) fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (index, line) in TEXT.lines().enumerate() {
        match line.strip_prefix("```") {
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
    assert!(!is_open, "a block of the README is not closed");
    blocks
}

/// The rows of the first table under a heading, without its head; each cell as it is written.
pub(super) fn table(heading: &str) -> Vec<Vec<String>> {
    let under = TEXT.lines().skip_while(|line| *line != heading).skip(1);
    let section = under.take_while(|line| !line.starts_with("## "));
    let rows: Vec<Vec<String>> = section
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(cells)
        .collect();
    assert!(!rows.is_empty(), "there is no table under {heading:?}");
    rows
}

/// What stands in backticks.
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
