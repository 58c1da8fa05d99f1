//! What was found, as a table that two readers on two machines can compare: rates and their ratio to
//! what the database alone did in the same round.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::rounds::Round;

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub database: String,
    pub n_cases: usize,
    pub what: String,
    pub clients: usize,
    /// `a second`, `ms`, `MB` …
    pub unit: String,
    /// One for each round.
    pub values: Vec<f64>,
    pub p50: Vec<f64>,
    pub p99: Vec<f64>,
    /// What the limit came to in the same round.
    pub limits: Vec<f64>,
    pub limit: String,
    pub n_failed: usize,
    pub aim: Option<Aim>,
}

/// What we want a figure to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Aim {
    /// The median of the ratios.
    RatioAtLeast(f64),
    AtLeast(f64),
    AtMost(f64),
    P99AtMost(f64),
}

impl Figure {
    /// A line about nothing yet.
    #[must_use]
    pub fn of(database: &str, n_cases: usize, what: &str, clients: usize, unit: &str) -> Self {
        Self {
            database: database.to_owned(),
            n_cases,
            what: what.to_owned(),
            clients,
            unit: unit.to_owned(),
            values: Vec::new(),
            p50: Vec::new(),
            p99: Vec::new(),
            limits: Vec::new(),
            limit: String::new(),
            n_failed: 0,
            aim: None,
        }
    }

    /// The same with an aim.
    #[must_use]
    pub fn aiming(mut self, aim: Aim) -> Self {
        self.aim = Some(aim);
        self
    }

    /// Adds a round, and what the limit came to in it.
    pub fn add(&mut self, round: &Round, limit: Option<f64>) {
        self.values.push(round.rate);
        self.p50.push(round.p50);
        self.p99.push(round.p99);
        self.limits.extend(limit);
        self.n_failed += round.n_failed;
    }

    /// The middle of the ratios to the limit.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        spread(&self.ratios()).map(|(_, middle, _)| middle)
    }

    fn ratios(&self) -> Vec<f64> {
        let rounds = self.values.iter().zip(&self.limits);
        rounds
            .filter(|(_, limit)| **limit > 0.0)
            .map(|(value, limit)| value / limit)
            .collect()
    }

    /// Whether the aim was reached; nothing without one.
    #[must_use]
    pub fn is_reached(&self) -> Option<bool> {
        let middle = |of: &[f64]| spread(of).map(|(_, middle, _)| middle);
        match self.aim? {
            Aim::RatioAtLeast(least) => self.ratio().map(|ratio| ratio >= least),
            Aim::AtLeast(least) => middle(&self.values).map(|value| value >= least),
            Aim::AtMost(most) => middle(&self.values).map(|value| value <= most),
            Aim::P99AtMost(most) => middle(&self.p99).map(|p99| p99 <= most),
        }
    }

    fn line(&self) -> String {
        let three = spread(&self.values).map_or_else(
            || "not measured".to_owned(),
            |(least, middle, most)| {
                format!("{} / {} / {}", spoken(least), spoken(middle), spoken(most))
            },
        );
        let times = |of: &[f64]| {
            spread(of).map_or_else(String::new, |(_, middle, _)| {
                format!("{} ms", spoken(middle))
            })
        };
        let ratio = self
            .ratio()
            .map_or_else(String::new, |ratio| format!("{ratio:.2} × {}", self.limit));
        let aim = match (self.aim, self.is_reached()) {
            (Some(aim), Some(true)) => format!("{}: reached", aim.in_words(&self.unit)),
            (Some(aim), _) => format!("{}: **not reached**", aim.in_words(&self.unit)),
            (None, _) => String::new(),
        };
        let failed = if self.n_failed == 0 {
            String::new()
        } else {
            format!(" ({} failed)", self.n_failed)
        };
        format!(
            "| {} | {} | {}{failed} | {} | {} {} | {} | {} | {ratio} | {aim} |",
            self.database,
            self.n_cases,
            self.what,
            self.clients,
            three,
            self.unit,
            times(&self.p50),
            times(&self.p99),
        )
    }
}

impl Aim {
    fn in_words(self, unit: &str) -> String {
        match self {
            Self::RatioAtLeast(least) => format!("ratio at least {least}"),
            Self::AtLeast(least) => format!("at least {} {unit}", spoken(least)),
            Self::AtMost(most) => format!("at most {} {unit}", spoken(most)),
            Self::P99AtMost(most) => format!("p99 at most {} ms", spoken(most)),
        }
    }
}

/// The whole table, in Markdown.
#[must_use]
pub fn table(figures: &[Figure]) -> String {
    let mut text = "| database | cases | what | clients | min / median / max | p50 | p99 | ratio, same round | aim |\n\
                    |---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for figure in figures {
        text.push_str(&figure.line());
        text.push('\n');
    }
    text
}

/// Which program on which machine: the commit, the cores and what they are.
#[must_use]
pub fn provenance() -> String {
    let commit = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .output()
        .map_or_else(
            |_| "unknown".to_owned(),
            |ended| String::from_utf8_lossy(&ended.stdout).trim().to_owned(),
        );
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo").map_or_else(
        |_| "unknown".to_owned(),
        |text| {
            let line = text.lines().find(|line| line.starts_with("model name"));
            let name = line.and_then(|line| line.split_once(':'));
            name.map_or("unknown", |(_, name)| name.trim()).to_owned()
        },
    );
    let load = std::fs::read_to_string("/proc/loadavg").map_or_else(
        |_| "unknown".to_owned(),
        |text| text.split(' ').next().unwrap_or("unknown").to_owned(),
    );
    format!("commit {commit}; {cores} cores, {model}; load average at the end {load}")
}

/// Adds a section to the file of results, which is made when it is not there.
///
/// # Errors
/// When it cannot be written.
pub fn append(file: &Path, title: &str, figures: &[Figure], note: &str) -> anyhow::Result<()> {
    let mut text = std::fs::read_to_string(file).unwrap_or_else(|_| {
        "# Measured\n\nEach section is one run of `./bench`. How to read it: [`README.md`](README.md).\n"
            .to_owned()
    });
    write!(text, "\n## {title}\n\n{}", provenance())?;
    if !note.is_empty() {
        write!(text, ". {note}")?;
    }
    write!(text, "\n\n{}", table(figures))?;
    std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

/// What is recorded of a run, by what was measured.
pub type Ratios = BTreeMap<String, Recorded>;

/// The ratio of one figure to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    pub median: f64,
    pub best: f64,
}

/// The ratios of figures that have a limit.
#[must_use]
pub fn ratios(figures: &[Figure]) -> Ratios {
    let mut all = Ratios::new();
    for figure in figures {
        let ratios = figure.ratios();
        if let Some((_, median, best)) = spread(&ratios) {
            let what = format!("{}: {}, {}", figure.database, figure.what, figure.clients);
            all.insert(what, Recorded { median, best });
        }
    }
    all
}

/// What has become slower, in words: the best of its rounds is under half of the median recorded.
#[must_use]
pub fn slower(now: &Ratios, recorded: &Ratios) -> Vec<String> {
    let mut all = Vec::new();
    for (what, before) in recorded {
        match now.get(what) {
            Some(now) if now.best >= before.median / 2.0 => {}
            Some(now) => all.push(format!(
                "{what}: {:.2} of its limit at best, and {:.2} were recorded",
                now.best, before.median
            )),
            None => all.push(format!("{what}: recorded, and not measured this time")),
        }
    }
    all
}

/// The least, the middle and the most.
#[must_use]
pub fn spread(values: &[f64]) -> Option<(f64, f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some((first, f64::midpoint(lower, upper), last))
}

/// Three digits at least.
fn spoken(value: f64) -> String {
    match value {
        large if large >= 100.0 => format!("{large:.0}"),
        middling if middling >= 10.0 => format!("{middling:.1}"),
        small => format!("{small:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_middle_of_those_of_each_round() {
        let mut figure =
            Figure::of("SQLite", 10, "intake", 32, "a second").aiming(Aim::RatioAtLeast(1.2));
        let round = |rate| Round {
            rate,
            p50: 1.0,
            p99: 2.0,
            worst: 3.0,
            n_done: 1,
            n_failed: 0,
        };
        for (rate, limit) in [(100.0, 50.0), (100.0, 100.0), (130.0, 100.0)] {
            figure.add(&round(rate), Some(limit));
        }
        assert!((figure.ratio().unwrap() - 1.3).abs() < 1e-9);
        assert_eq!(figure.is_reached(), Some(true));
        let ratios = ratios(std::slice::from_ref(&figure));
        let recorded = |median| {
            let same = ratios.keys().cloned();
            same.map(|what| {
                (
                    what,
                    Recorded {
                        median,
                        best: median,
                    },
                )
            })
            .collect()
        };
        assert_eq!(slower(&ratios, &recorded(3.9)), Vec::<String>::new());
        assert_eq!(slower(&ratios, &recorded(4.1)).len(), 1);
        assert_eq!(slower(&Ratios::new(), &recorded(1.0)).len(), 1);
        assert_eq!(spread(&[3.0, 1.0]), Some((1.0, 2.0, 3.0)));
        assert_eq!(spread(&[]), None);
        assert!(table(&[figure]).contains("100 / 100 / 130 a second"));
    }
}
