//! The order of precedence, sentence by sentence, over Northmere as it stands in the repository.

use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;

use super::*;
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Described, Who};

fn read_below(folder: &Path, below: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            read_below(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
    files.sort();
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn northmere() -> &'static Catalogue {
    static NORTHMERE: OnceLock<Catalogue> = OnceLock::new();
    NORTHMERE.get_or_init(|| {
        let (mut files, mut standards) = (Vec::new(), Vec::new());
        read_below(&repository().join("config/northmere"), "", &mut files);
        files.retain(|(name, _)| !name.ends_with(".jsonl"));
        read_below(&repository().join("config/standards"), "", &mut standards);
        let holidays = std::fs::read_to_string(repository().join("config/bank-holidays.json")).unwrap();
        Catalogue::load(&files, &holidays, &standards).unwrap_or_else(|faults| panic!("{faults:#?}"))
    })
}

pub(super) fn examples() -> &'static [Example] {
    static EXAMPLES: OnceLock<Vec<Example>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let text = std::fs::read_to_string(repository().join("config/northmere/triage-examples.jsonl")).unwrap();
        Example::read_lines(&text).unwrap()
    })
}

pub(super) fn router() -> &'static Router {
    static ROUTER: OnceLock<Router> = OnceLock::new();
    ROUTER.get_or_init(|| Router::new(northmere(), &northmere().routing, examples()).unwrap())
}
