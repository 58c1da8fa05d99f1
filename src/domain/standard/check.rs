//! What is wrong with a standard, and where a council promises less than the code it follows.

use std::fmt;

use super::{ClockSpec, ExtensionRule, Standard, Target, TargetRule};

/// Longer than any promise a council makes; a target above it is a slip of the pen.
const LONGEST_HOURS: u64 = 5 * 365 * 24;

/// One figure that is laxer than the code the standard claims to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laxity {
    pub clock: String,
    pub ours: Option<Target>,
    pub code: Target,
    /// The extension, rather than the target itself.
    pub in_extension: bool,
}

impl Standard {
    /// Everything wrong with it, named at once.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.version == 0 {
            faults.push("version: versions begin at 1".to_owned());
        }
        if self.clocks.is_empty() {
            faults.push("clocks: a standard without a clock promises nothing".to_owned());
        }
        for (n, clock) in self.clocks.iter().enumerate() {
            let before: Vec<&ClockSpec> = self.clocks.iter().take(n).collect();
            faults.extend(
                clock
                    .faults(&before)
                    .into_iter()
                    .map(|fault| format!("{}: {fault}", clock.name)),
            );
        }
        faults
    }

    /// Where this standard promises less than `code`: a later date, a longer extension, or no
    /// clock at all.
    pub fn laxer_than(&self, code: &Standard) -> Vec<Laxity> {
        let mut found = Vec::new();
        for theirs in &code.clocks {
            let Some(limit) = theirs.target() else {
                continue;
            };
            let laxity = |ours, code, in_extension| Laxity {
                clock: theirs.name.clone(),
                ours,
                code,
                in_extension,
            };
            let Some(own) = self.clock(&theirs.name) else {
                found.push(laxity(None, limit, false));
                continue;
            };
            if let Some(target) = own.target()
                && target.roughly_hours() > limit.roughly_hours()
            {
                found.push(laxity(Some(target), limit, false));
            }
            let (ours, cap) = (own.longest(), theirs.longest());
            if let (Some(ours), Some(cap)) = (ours, cap)
                && own.extension.is_some()
                && ours.roughly_hours() > cap.roughly_hours()
            {
                found.push(laxity(Some(ours), cap, true));
            }
        }
        found
    }
}

impl ClockSpec {
    fn faults(&self, before: &[&ClockSpec]) -> Vec<String> {
        let mut faults = Vec::new();
        if before.iter().any(|other| other.name == self.name) {
            faults.push("there is already a clock of this name".to_owned());
        }
        if let Some(other) = &self.projected_from {
            match before.iter().find(|earlier| earlier.name == *other) {
                None => faults.push(format!("projected_from: {other} is not an earlier clock")),
                Some(earlier) if !earlier.stops_on.contains(&self.starts) => {
                    faults.push(format!(
                        "projected_from: {other} is not met by {}",
                        self.starts
                    ));
                }
                Some(_) => {}
            }
        }
        if self.stops_on.is_empty() {
            faults.push("stops_on: nothing could ever meet it".to_owned());
        }
        let own = match &self.target {
            TargetRule::Fixed(target) => Some(*target),
            TargetRule::OfCategory(rule) => rule.otherwise,
        };
        let lengths = own
            .into_iter()
            .chain(self.restarts.iter().filter_map(|restart| restart.target))
            .chain(self.pause.iter().map(|pause| pause.latest_resume))
            .chain(
                self.extension
                    .iter()
                    .flat_map(|rule| rule.more.into_iter().chain(rule.in_all)),
            );
        for length in lengths {
            if length.amount() == 0 || length.roughly_hours() > LONGEST_HOURS {
                faults.push(format!("{length} is not a length a council can promise"));
            }
        }
        if let Some(rule) = &self.extension {
            faults.extend(rule.faults(own).map(str::to_owned));
        }
        faults
    }

    /// The target with all the extension the rule allows, where the two can be added.
    fn longest(&self) -> Option<Target> {
        let target = self.target()?;
        let rule = self.extension.as_ref();
        match rule.map(|rule| (rule.in_all, rule.more)) {
            Some((Some(in_all), _)) => Some(in_all),
            Some((None, Some(more))) => target.plus(more),
            _ => Some(target),
        }
    }
}

impl ExtensionRule {
    fn faults(&self, target: Option<Target>) -> impl Iterator<Item = &'static str> {
        let both_or_neither = self.more.is_some() == self.in_all.is_some();
        let other_unit = match (self.in_all, target) {
            (Some(in_all), Some(target)) => {
                target.plus(in_all).is_none() || in_all.roughly_hours() <= target.roughly_hours()
            }
            _ => false,
        };
        let hours =
            self.more.is_some_and(Target::is_in_hours) && !target.is_some_and(Target::is_in_hours);
        [
            (both_or_neither, "extension: give either more or in_all"),
            (
                other_unit,
                "extension: in_all must be longer than the target, in its unit",
            ),
            (
                hours,
                "extension: a target in days is not lengthened by hours",
            ),
            (self.times == 0, "extension: times must be at least 1"),
        ]
        .into_iter()
        .filter_map(|(wrong, words)| wrong.then_some(words))
    }
}

impl fmt::Display for Laxity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Laxity { clock, code, .. } = self;
        match self.ours {
            None => write!(
                f,
                "{clock}: the code promises {code}, this standard has no such clock"
            ),
            Some(ours) if self.in_extension => {
                write!(
                    f,
                    "{clock}: {ours} with its extension is laxer than the {code} of the code"
                )
            }
            Some(ours) => write!(f, "{clock}: {ours} is laxer than the {code} of the code"),
        }
    }
}
