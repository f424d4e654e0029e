//! The table.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::measure::Measured;

const HEAD: [&str; 14] = [
    "operation",
    "clients",
    "req/s",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "server CPU ms",
    "PG CPU ms",
    "rows",
    "SQL/s",
    "SQL p99 ms",
    "SQL CPU ms",
    "of SQL",
    "target",
];

/// The largest ratio of a flat cost at ten million leads to that at one million.
const FLAT: f64 = 1.5;

/// All that was measured.
#[derive(Default)]
pub struct Report {
    lines: Vec<Line>,
}

/// A line of the table.
#[derive(Debug, Default)]
pub struct Line {
    pub name: String,
    pub clients: Option<usize>,
    pub measured: Option<Measured>,
    /// The bare SQL for the same rows, on the same number of connections.
    pub sql: Option<Measured>,
    pub rows: Option<u64>,
    /// A remark.
    pub remark: String,
    pub verdicts: Vec<Verdict>,
    pub fault: Option<String>,
}

/// A figure beside what it is to be.
#[derive(Debug)]
pub struct Verdict {
    what: String,
    is: f64,
    limit: f64,
    met: bool,
    sign: &'static str,
}

impl Line {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Of what could not be measured, or answered wrongly.
    pub fn failed(name: &str, fault: &dyn std::error::Error) -> Self {
        eprintln!("{name} FAILED: {fault}");
        let fault = fault.to_string().replace(['\n', '|'], " ");
        Self {
            fault: Some(fault.chars().take(160).collect()),
            ..Self::new(name)
        }
    }

    fn cells(&self) -> [String; 14] {
        let load = self.measured.map(|measured| measured.load);
        let sql = self.sql.as_ref();
        let part = || Some(load?.per_second / sql?.load.per_second);
        let last = match &self.fault {
            Some(fault) => format!("FAILED: {fault}"),
            None => {
                let verdicts = self.verdicts.iter().map(Verdict::to_string);
                let remark = (!self.remark.is_empty()).then(|| self.remark.clone());
                remark
                    .into_iter()
                    .chain(verdicts)
                    .collect::<Vec<_>>()
                    .join("; ")
            }
        };
        [
            self.name.clone(),
            self.clients
                .map_or_else(String::new, |clients| clients.to_string()),
            figure(load.map(|load| load.per_second)),
            figure(load.map(|load| load.p50_ms)),
            figure(load.map(|load| load.p95_ms)),
            figure(load.map(|load| load.p99_ms)),
            figure(self.measured.and_then(|measured| measured.server_ms)),
            figure(self.measured.and_then(|measured| measured.postgres_ms)),
            self.rows.map_or_else(String::new, |rows| rows.to_string()),
            figure(sql.map(|sql| sql.load.per_second)),
            figure(sql.map(|sql| sql.load.p99_ms)),
            figure(sql.and_then(|sql| sql.postgres_ms)),
            part().map_or_else(String::new, |part| format!("{:.0} %", part * 100.0)),
            last,
        ]
    }
}

impl Verdict {
    pub fn at_most(what: &str, is: f64, limit: f64) -> Self {
        Self {
            what: what.to_owned(),
            is,
            limit,
            met: is <= limit,
            sign: "≤",
        }
    }

    pub fn at_least(what: &str, is: f64, limit: f64) -> Self {
        Self {
            met: is >= limit,
            sign: "≥",
            ..Self::at_most(what, is, limit)
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what, limit, sign, ..
        } = self;
        let verdict = if self.met { "met" } else { "MISSED" };
        let is = figure(Some(self.is));
        write!(f, "{what} {is} (target {sign} {limit}): {verdict}")
    }
}

impl Report {
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// The number of failed lines, whose figures are not known.
    pub fn failures(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| line.fault.is_some())
            .count()
    }

    /// Saves the cost of a request of each line, in milliseconds of CPU time, beside those of other runs.
    pub fn keep_costs(&self, file: &Path) -> Result<()> {
        let mut all = costs(file)?;
        let measured = |line: &Line| Some((line.name.clone(), line.measured?.cost()));
        all.extend(self.lines.iter().filter_map(measured));
        Ok(fs::write(file, serde_json::to_string_pretty(&all)?)?)
    }

    /// Compares with what a request costs where there are fewer leads. That of statistics may not
    /// grow with their number, but for the leads of a day at an end that is not at midnight.
    pub fn compare(&mut self, file: &Path, leads: u64) -> Result<()> {
        let costs = costs(file)?;
        for line in &mut self.lines {
            let Some((before, measured)) = costs.get(&line.name).zip(line.measured) else {
                continue;
            };
            let (ratio, what) = (measured.cost() / before, format!("× at {leads} leads:"));
            let may_grow = line.name.ends_with("not at midnight") || line.verdicts.is_empty();
            if line.name.starts_with("statistics: ") && !may_grow {
                line.verdicts.push(Verdict::at_most(&what, ratio, FLAT));
            } else {
                line.remark = format!("{what} {}", figure(Some(ratio)));
            }
        }
        Ok(())
    }

    /// The number of targets, and of those that are met.
    pub fn targets(&self) -> (usize, usize) {
        let all = || self.lines.iter().flat_map(|line| &line.verdicts);
        (all().count(), all().filter(|verdict| verdict.met).count())
    }
}

fn costs(file: &Path) -> Result<BTreeMap<String, f64>> {
    if !file.exists() {
        return Ok(BTreeMap::new());
    }
    Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
}

/// A Markdown table that is aligned for reading as it is, too.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<[String; 14]> = self.lines.iter().map(Line::cells).collect();
        let head = HEAD.map(str::to_owned);
        let mut widths = head.clone().map(|cell| cell.chars().count());
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.chars().count().max(*width);
            }
        }
        // The last column is as long as its longest sentence; nothing is aligned after it.
        widths[13] = 0;
        let rule = std::array::from_fn(|at| match at {
            0 | 13 => "-".repeat(widths[at].max(3)),
            _ => format!("{}:", "-".repeat(widths[at] - 1)),
        });
        for line in [head, rule].iter().chain(&lines) {
            for (at, cell) in line.iter().enumerate() {
                let fill = " ".repeat(widths[at].saturating_sub(cell.chars().count()));
                match at {
                    0 | 13 => write!(f, "| {cell}{fill} ")?,
                    _ => write!(f, "| {fill}{cell} ")?,
                }
            }
            writeln!(f, "|")?;
        }
        Ok(())
    }
}

/// A number with three digits that count.
pub fn figure(number: Option<f64>) -> String {
    match number {
        None => String::new(),
        Some(number) if number.abs() >= 100.0 => format!("{number:.0}"),
        Some(number) if number.abs() >= 10.0 => format!("{number:.1}"),
        Some(number) if number.abs() >= 1.0 => format!("{number:.2}"),
        Some(number) => format!("{number:.3}"),
    }
}
