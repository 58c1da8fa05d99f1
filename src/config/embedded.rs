//! What comes with the binary: the fictional council Northmere, the ready standards, and the bank
//! holidays. A council's own catalogue starts as a copy of these files.

use std::borrow::Cow;

use include_dir::{Dir, include_dir};

use crate::domain::catalogue::{Catalogue, Fault};
use crate::domain::triage::{Model, ModelError};

static CONFIG: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/config");

/// The catalogue of Northmere.
///
/// # Errors
/// Every fault in it; a test keeps it without any.
pub fn northmere() -> Result<Catalogue, Vec<Fault>> {
    Catalogue::load(&northmere_files(), bank_holidays(), &standards())
}

/// Northmere's files, by their paths below the folder.
#[must_use]
pub fn northmere_files() -> Vec<(String, String)> {
    texts_below("northmere")
}

/// The ready standards a council picks from: file name and text.
#[must_use]
pub fn standards() -> Vec<(String, String)> {
    texts_below("standards")
}

/// The bank holidays of the three nations, as GOV.UK publishes them.
#[must_use]
pub fn bank_holidays() -> &'static str {
    CONFIG
        .get_file("bank-holidays.json")
        .and_then(|file| file.contents_utf8())
        .expect("the file is in the repository, as UTF-8, when the binary is built")
}

/// Messages whose place is known, one JSON object a line, by which Northmere reads free text.
#[must_use]
pub fn triage_examples() -> &'static str {
    CONFIG
        .get_file("northmere/triage-examples.jsonl")
        .and_then(|file| file.contents_utf8())
        .expect("the file is in the repository, as UTF-8, when the binary is built")
}

/// Short texts written to learn from, one JSON object a line.
#[must_use]
pub fn triage_lessons() -> &'static str {
    CONFIG
        .get_file("northmere/triage-lessons.jsonl")
        .and_then(|file| file.contents_utf8())
        .expect("the file is in the repository, as UTF-8, when the binary is built")
}

/// The model by which free text is read until a council trains its own, as `reeve triage train` wrote
/// it for Northmere. What it knows are the ready categories, which most councils keep.
///
/// # Errors
/// When it is not a model, which a test rules out.
pub fn reading_model() -> Result<Model, ModelError> {
    let file = CONFIG
        .get_file("reading.model")
        .expect("the file is in the repository when the binary is built");
    Model::read(Cow::Borrowed(file.contents()))
}

fn texts_below(folder: &str) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let mut folders: Vec<&Dir<'_>> = CONFIG.get_dir(folder).into_iter().collect();
    while let Some(next) = folders.pop() {
        folders.extend(next.dirs());
        for file in next.files() {
            let path = file.path().strip_prefix(folder).unwrap_or(file.path());
            let path: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            texts.push((
                path.join("/"),
                String::from_utf8_lossy(file.contents()).into_owned(),
            ));
        }
    }
    texts.sort();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::routing::fingerprint;
    use crate::domain::triage::Example;

    #[test]
    fn northmere_has_no_fault_and_nothing_to_warn_of() {
        let northmere = northmere().map_err(|faults| {
            faults
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        });
        let northmere = northmere.unwrap();
        let warnings: Vec<String> = northmere
            .check_warnings()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn every_labelled_message_is_of_a_category_there_is() {
        let northmere = northmere().unwrap_or_else(|faults| panic!("{faults:?}"));
        for line in triage_examples().lines() {
            let example: crate::domain::triage::Example = serde_json::from_str(line).unwrap();
            assert!(
                northmere
                    .category(&example.service, &example.category)
                    .is_some(),
                "{line}"
            );
        }
    }

    #[test]
    fn the_model_that_comes_along_was_trained_on_the_texts_that_come_along() {
        let northmere = northmere().unwrap_or_else(|faults| panic!("{faults:?}"));
        let read = |text: &str| Example::read_lines(text).unwrap();
        let now = fingerprint(
            &northmere,
            &read(triage_examples()),
            &read(triage_lessons()),
        );
        assert_eq!(
            *reading_model().unwrap().learnt_from(),
            now,
            "names, keywords, vocabulary, examples or lessons have changed since: run `reeve triage train --out \
             config/reading.model`"
        );
    }

    #[test]
    fn a_copied_folder_reads_as_the_embedded_one_does() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/northmere");
        let copied = crate::config::folder::read_folder(&folder).unwrap();
        assert_eq!(copied, northmere_files());
    }
}
