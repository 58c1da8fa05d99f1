//! What a run of benches has found: each figure as a time and as a ratio to another of the same run.
//!
//! A time alone says as much about the machine as about the program. The ratio is what a reader on
//! another machine can compare.

use std::path::PathBuf;
use std::time::Duration;

/// One bench and what its figure is measured against.
pub struct Figure {
    /// `group/name`, as criterion knows it.
    pub id: &'static str,
    /// The bench of the same run it is divided by.
    pub against: &'static str,
    /// What we say it stays under.
    pub under: Option<Duration>,
}

impl Figure {
    /// A figure without a claim.
    pub const fn of(id: &'static str, against: &'static str) -> Self {
        Self {
            id,
            against,
            under: None,
        }
    }
}

/// Puts away what an earlier run has measured, so that it is not taken for this one's.
pub fn forget(figures: &[Figure]) {
    for figure in figures {
        let file = kept_at(figure.id);
        if file.exists() {
            std::fs::remove_file(file).expect("the build folder can be written");
        }
    }
}

/// Prints those figures that this run has measured.
pub fn print(figures: &[Figure]) {
    let mut lines = Vec::new();
    for figure in figures {
        let Some(took) = median(figure.id) else {
            continue;
        };
        let ratio = median(figure.against).map_or_else(
            || "not run".to_owned(),
            |other| format!("{} × {}", times(took / other), figure.against),
        );
        let claim = figure.under.map_or_else(String::new, |bound| {
            let kept = if took < nanos(bound) {
                "kept"
            } else {
                "NOT KEPT"
            };
            format!("  (under {}: {kept})", spoken(nanos(bound)))
        });
        lines.push(format!(
            "{:<44} {:>10}   {ratio}{claim}",
            figure.id,
            spoken(took)
        ));
    }
    if !lines.is_empty() {
        println!("\nMedians of this run\n\n{}\n", lines.join("\n"));
    }
}

/// The median of a bench in nanoseconds, if it was run.
fn median(id: &str) -> Option<f64> {
    let estimates = std::fs::read(kept_at(id)).ok()?;
    let estimates: serde_json::Value = serde_json::from_slice(&estimates).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

/// Where criterion keeps what it has measured.
fn kept_at(id: &str) -> PathBuf {
    let folder = std::env::var_os("CRITERION_HOME").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_TARGET_TMPDIR"), "/../criterion")),
        PathBuf::from,
    );
    folder.join(id).join("new/estimates.json")
}

fn nanos(length: Duration) -> f64 {
    length.as_secs_f64() * 1e9
}

fn times(ratio: f64) -> String {
    match ratio {
        small if small < 0.1 => format!("{small:.3}"),
        middling if middling < 10.0 => format!("{middling:.2}"),
        large => format!("{large:.0}"),
    }
}

fn spoken(nanos: f64) -> String {
    let (value, unit) = match nanos {
        small if small < 1e3 => (small, "ns"),
        micros if micros < 1e6 => (micros / 1e3, "µs"),
        millis if millis < 1e9 => (millis / 1e6, "ms"),
        seconds => (seconds / 1e9, "s"),
    };
    let digits = if value < 10.0 {
        2
    } else {
        usize::from(value < 100.0)
    };
    format!("{value:.digits$} {unit}")
}
