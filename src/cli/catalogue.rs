//! `reeve catalogue check|apply <dir>`: reads a council's folder and names everything wrong with it,
//! file and line, in one go. Checking opens no database and changes nothing; applying stores a new
//! version, which running servers put in force by themselves.

mod apply;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;
use minijinja::Environment;

use super::{Data, Ended, coded, exit, settings, to_the_end};
use crate::config::{Sources, embedded, folder};
use crate::domain::catalogue::{Catalogue, Fault, Warning};
use crate::time_source::TimeSource;

use apply::Wanted;

/// What can be done with a catalogue folder.
#[derive(Subcommand, Debug)]
pub enum CatalogueCommand {
    /// Name everything wrong with a folder, file and line.
    Check {
        /// The folder: a copy of config/northmere, made your council's own.
        dir: PathBuf,
    },
    /// Put a folder in force. Open cases keep what they were promised unless told otherwise.
    Apply {
        /// The folder: a copy of config/northmere, made your council's own.
        dir: PathBuf,
        /// Only say what would change, and which dates of open cases would move with it.
        #[arg(long)]
        dry_run: bool,
        /// Bring open cases under the new terms too; people whose date becomes later are told.
        #[arg(long)]
        move_open_cases: bool,
        #[command(flatten)]
        data: Data,
    },
}

/// What a check found, and the catalogue when nothing was wrong.
#[derive(Debug)]
pub struct Checked {
    pub catalogue: Option<Catalogue>,
    /// Each keeps the catalogue from being used.
    pub faults: Vec<Fault>,
    /// Allowed, but worth a second look.
    pub warnings: Vec<Warning>,
}

/// Checks, or checks and applies.
///
/// # Errors
/// Exit code 65 when the folder is not in order.
pub fn run(command: &CatalogueCommand, sources: Sources) -> Ended {
    match command {
        CatalogueCommand::Check { dir } => {
            let checked = check(dir, TimeSource::System.now(), &mut io::stdout().lock())?;
            Ok(if checked.catalogue.is_some() {
                exit::DONE
            } else {
                exit::BAD_DATA
            })
        }
        CatalogueCommand::Apply {
            dir,
            dry_run,
            move_open_cases,
            data,
        } => {
            // What is wrong with it goes where errors go; what was done, to standard output.
            let checked = check(dir, TimeSource::System.now(), &mut io::stderr().lock())?;
            let Some(catalogue) = checked.catalogue else {
                let why = anyhow::anyhow!(
                    "{} was not applied: put right what is named above",
                    dir.display()
                );
                return Err(coded(exit::BAD_DATA, why));
            };
            let settings = settings(&data.over(sources))?;
            let wanted = Wanted {
                is_dry_run: *dry_run,
                moves_open_cases: *move_open_cases,
            };
            to_the_end(apply::apply(settings, catalogue, wanted))?;
            Ok(exit::DONE)
        }
    }
}

/// Checks a folder as of an instant and writes one line for each finding: `file:line: message`.
///
/// # Errors
/// Only when `out` cannot be written to; a folder that cannot be read is a finding.
pub fn check(dir: &Path, now: Timestamp, out: &mut impl Write) -> io::Result<Checked> {
    let mut checked = match folder::read_folder(dir) {
        Ok(files) => checked(&files),
        Err(unreadable) => Checked {
            catalogue: None,
            faults: vec![Fault {
                file: unreadable.path.display().to_string(),
                line: 0,
                pointer: String::new(),
                message: unreadable.to_string(),
            }],
            warnings: Vec::new(),
        },
    };
    let outlook = checked
        .catalogue
        .as_ref()
        .and_then(|catalogue| catalogue.holidays_end_soon(catalogue.calendar.date_of(now)));
    checked.warnings.extend(outlook);
    for fault in &checked.faults {
        writeln!(out, "{fault}")?;
    }
    for warning in &checked.warnings {
        writeln!(out, "{warning}")?;
    }
    if let Some(catalogue) = &checked.catalogue {
        let n_categories = catalogue.categories().count();
        writeln!(
            out,
            "{}: {} services, {n_categories} categories, {} queues; nothing wrong",
            catalogue.council.name,
            catalogue.services.len(),
            catalogue.queues.len(),
        )?;
    }
    Ok(checked)
}

/// Checks files that were read already.
#[must_use]
pub fn checked(files: &[(String, String)]) -> Checked {
    let mut faults = syntax_faults(files);
    let mut catalogue = None;
    match Catalogue::load(files, embedded::bank_holidays(), &embedded::standards()) {
        Ok(loaded) => catalogue = Some(loaded),
        Err(more) => faults.extend(more),
    }
    if !faults
        .iter()
        .any(|fault| fault.file.starts_with("templates/"))
    {
        faults.extend(reading_faults(files));
    }
    faults.sort();
    let warnings = catalogue
        .iter()
        .flat_map(Catalogue::check_warnings)
        .cloned()
        .collect();
    Checked {
        catalogue: catalogue.filter(|_| faults.is_empty()),
        faults,
        warnings,
    }
}

/// Every template whose markup does not parse, with its line.
fn syntax_faults(files: &[(String, String)]) -> Vec<Fault> {
    templates(files)
        .filter_map(|(path, text)| {
            let error = Environment::new()
                .template_from_named_str(path, text)
                .err()?;
            let line = error
                .line()
                .and_then(|line| u32::try_from(line).ok())
                .unwrap_or(0);
            let why = error.detail().unwrap_or("its markup does not parse");
            Some(template_fault(
                path,
                line,
                format!("this template cannot be read: {why}"),
            ))
        })
        .collect()
}

/// What is wrong with the wording once it is read aloud with sample letters.
fn reading_faults(files: &[(String, String)]) -> Vec<Fault> {
    let texts = templates(files)
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    crate::notify::render::check(&texts)
        .into_iter()
        .map(|(path, what)| template_fault(&path, 1, what))
        .collect()
}

fn templates(files: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    files
        .iter()
        .filter_map(|(path, text)| Some((path.strip_prefix("templates/")?, text.as_str())))
}

fn template_fault(path: &str, line: u32, message: String) -> Fault {
    Fault {
        file: format!("templates/{path}"),
        line,
        pointer: format!("/templates/{}", path.replace('/', "~1")),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn northmere_with(path: &str, change: impl Fn(&str) -> String) -> Vec<(String, String)> {
        let mut files = embedded::northmere_files();
        for (known, text) in &mut files {
            if known == path {
                *text = change(text);
            }
        }
        files
    }

    #[test]
    fn northmere_is_written_out_as_a_folder_and_found_to_be_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in embedded::northmere_files() {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut out = Vec::new();
        let checked = check(folder.path(), at("2026-11-20T09:00:00Z"), &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(
            out,
            "Northmere Council: 47 services, 208 categories, 44 queues; nothing wrong\n"
        );
        assert!(checked.catalogue.is_some());
    }

    #[test]
    fn holidays_that_end_within_the_year_are_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in embedded::northmere_files() {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let warned = |now| {
            let mut out = Vec::new();
            let checked = check(folder.path(), at(now), &mut out).unwrap();
            assert!(checked.catalogue.is_some(), "a warning stops nothing");
            String::from_utf8(out)
                .unwrap()
                .contains("bank-holidays.json:0: warning: bank holidays are known up to 2028-12-31")
        };
        assert!(!warned("2027-12-30T09:00:00Z"));
        assert!(warned("2028-01-01T09:00:00Z"));
    }

    #[test]
    fn a_template_that_cannot_be_read_is_named_with_its_line() {
        let files = northmere_with("templates/en/confirmation.txt", |text| {
            format!("{text}{{% if %}}")
        });
        let n_lines = files
            .iter()
            .find(|(path, _)| path == "templates/en/confirmation.txt")
            .map(|(_, text)| u32::try_from(text.lines().count()).unwrap())
            .unwrap();
        let checked = checked(&files);
        let fault = checked.faults.first().unwrap();
        assert_eq!(
            (fault.file.as_str(), fault.line),
            ("templates/en/confirmation.txt", n_lines)
        );
        assert!(checked.catalogue.is_none());
    }

    #[test]
    fn a_template_that_asks_for_what_no_letter_has_is_named() {
        let files = northmere_with("templates/en/reply.txt", |text| {
            format!("{text}{{{{ bank_balance }}}}")
        });
        let faults = checked(&files).faults;
        assert!(
            faults
                .iter()
                .any(|fault| fault.file == "templates/en/reply.txt"),
            "{faults:?}"
        );
    }

    #[test]
    fn no_notice_may_go_without_its_wording() {
        let names: std::collections::BTreeSet<&str> =
            crate::notify::samples::letters(crate::domain::wording::Language::English)
                .iter()
                .map(|letter| letter.says.template())
                .collect();
        for name in names {
            let mut files = embedded::northmere_files();
            let prefix = format!("templates/en/{name}.");
            files.retain(|(path, _)| !path.starts_with(&prefix));
            let missing = format!("templates/en/{name}.txt");
            let faults = Catalogue::load(&files, embedded::bank_holidays(), &embedded::standards());
            let faults = faults.err().unwrap_or_default();
            assert!(
                faults.iter().any(|fault| fault.file == missing),
                "{name}: {faults:?}"
            );
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_finding() {
        let mut out = Vec::new();
        let checked = check(
            Path::new("/nowhere/at/all"),
            at("2026-11-20T09:00:00Z"),
            &mut out,
        )
        .unwrap();
        assert_eq!(checked.faults.len(), 1);
        assert!(String::from_utf8(out).unwrap().contains("/nowhere/at/all"));
    }
}
