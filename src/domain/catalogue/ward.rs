//! Wards: which one a place is in, and who its councillors are.
//!
//! `wards.toml` names the wards. `wards.csv` says where they are, one line for a postcode, the
//! beginning of one (`ZZ1 4`), or a property; what says more holds over what says less, and a
//! property over any postcode.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::node::{Node, Place};
use super::reading;
use crate::domain::contact::Location;
use crate::domain::person::Address;

/// One ward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ward {
    pub slug: String,
    pub name: String,
    pub councillors: Vec<WardCouncillor>,
}

/// Somebody elected for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WardCouncillor {
    pub name: String,
    pub email: String,
}

/// The wards of a council, and the look-up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wards {
    /// By slug.
    pub wards: BTreeMap<String, Ward>,
    /// Postcodes and beginnings of them, capitals and digits only.
    postcodes: BTreeMap<String, String>,
    uprns: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    councillors: Vec<WardCouncillor>,
}

/// Faults of one look-up beyond this many are left out: one wrong column would name each line.
const MOST_FAULTS: usize = 50;
const HEADER: &str = "postcode,uprn,ward";

impl Wards {
    /// The ward of a matter: that of the place it is about, else that of the person's own address.
    #[must_use]
    pub fn find(&self, location: Option<&Location>, address: Option<&Address>) -> Option<&Ward> {
        let by_place = location
            .and_then(|location| location.uprn.as_deref())
            .and_then(|uprn| self.of_uprn(uprn));
        by_place
            .or_else(|| self.of_uprn(address?.uprn.as_deref()?))
            .or_else(|| self.of_postcode(address?.postcode.as_deref()?))
    }

    /// The ward of a property.
    #[must_use]
    pub fn of_uprn(&self, uprn: &str) -> Option<&Ward> {
        let slug = self.uprns.get(uprn.trim().trim_start_matches('0'))?;
        self.wards.get(slug)
    }

    /// The ward of a postcode, however it is written.
    #[must_use]
    pub fn of_postcode(&self, postcode: &str) -> Option<&Ward> {
        let (district, rest) = halves(postcode)?;
        let sector = rest.get(..1).map(|sector| format!("{district} {sector}"));
        let by = |key: &str| self.wards.get(self.postcodes.get(key)?);
        by(&format!("{district} {rest}"))
            .or_else(|| by(&sector?))
            .or_else(|| by(&district))
    }

    /// Reads both parts of a catalogue's tree; either may be left out.
    pub(super) fn read(tree: &Node, faults: &mut Vec<Fault>) -> Self {
        let mut all = Self::default();
        if let Some(node) = tree.get("wards").filter(|node| !node.is_table()) {
            faults.push(
                node.place
                    .fault("this must be a table of wards, each under its slug"),
            );
        }
        for (slug, node) in tree.get("wards").map(Node::entries).unwrap_or_default() {
            match reading::read::<Written>(node) {
                Ok(written) => {
                    let ward = Ward {
                        slug: slug.clone(),
                        name: written.name,
                        councillors: written.councillors,
                    };
                    all.wards.insert(slug.clone(), ward);
                }
                Err(fault) => faults.push(fault),
            }
        }
        match tree.get("ward_lookup") {
            Some(node) => all.read_lines(node, faults),
            None if !all.wards.is_empty() => {
                let place = tree.place_of(&["wards"]);
                faults.push(place.fault("wards.csv is missing: it says where the wards are"));
            }
            None => {}
        }
        all
    }

    fn read_lines(&mut self, node: &Node, faults: &mut Vec<Fault>) {
        let Some(text) = node.text() else {
            faults.push(node.place.fault("this must be the text of wards.csv"));
            return;
        };
        let mut lines = (1u32..).zip(text.lines());
        if lines.next().map(|(_, line)| line.trim()) != Some(HEADER) {
            faults.push(
                node.place
                    .fault(format!("the first line must be `{HEADER}`")),
            );
            return;
        }
        let mut n_faults = 0;
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            if let Err(message) = self.read_line(line) {
                n_faults += 1;
                if n_faults <= MOST_FAULTS {
                    // Files have lines to name; a document of JSON does not.
                    let line = if node.place.line == 0 { 0 } else { number };
                    let place = Place {
                        line,
                        ..node.place.clone()
                    };
                    faults.push(place.fault(format!("line {number}: {message}")));
                }
            }
        }
    }

    fn read_line(&mut self, line: &str) -> Result<(), String> {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let [postcode, uprn, ward] = cells.as_slice() else {
            return Err(format!("three columns are needed: {HEADER}"));
        };
        if !self.wards.contains_key(*ward) {
            return Err(format!("there is no ward `{ward}` in wards.toml"));
        }
        let before = match (postcode.is_empty(), uprn.is_empty()) {
            (false, true) => {
                let key = halves(postcode)
                    .map(|(district, rest)| format!("{district} {rest}").trim_end().to_owned())
                    .ok_or_else(|| {
                        format!("`{postcode}` is not a postcode or the beginning of one")
                    })?;
                self.postcodes.insert(key, (*ward).to_owned())
            }
            (true, false) => {
                if uprn.len() > 12 || !uprn.chars().all(|c| c.is_ascii_digit()) {
                    return Err(format!("`{uprn}` is not a UPRN: at most twelve digits"));
                }
                let key = uprn.trim_start_matches('0').to_owned();
                self.uprns.insert(key, (*ward).to_owned())
            }
            _ => return Err("give a postcode or a UPRN, one of the two".to_owned()),
        };
        match before {
            Some(other) if other != *ward => {
                Err(format!("this stands above already, in the ward `{other}`"))
            }
            _ => Ok(()),
        }
    }
}

/// The district (`ZZ1`) and what follows: `4LR`, `4`, or nothing.
fn halves(postcode: &str) -> Option<(String, String)> {
    let upper = postcode.trim().to_ascii_uppercase();
    let (district, rest) = match upper.split_once(char::is_whitespace) {
        Some((district, rest)) => (district.to_owned(), rest.trim().to_owned()),
        None if upper.is_ascii() && upper.len() >= 5 => {
            let (district, rest) = upper.split_at(upper.len() - 3);
            (district.to_owned(), rest.to_owned())
        }
        None => (upper, String::new()),
    };
    let is_district = (2..=4).contains(&district.len())
        && district.chars().all(|c| c.is_ascii_alphanumeric())
        && district.starts_with(|c: char| c.is_ascii_alphabetic());
    let mut chars = rest.chars();
    let is_rest = chars.next().is_none_or(|c| c.is_ascii_digit())
        && matches!(rest.len(), 0 | 1 | 3)
        && chars.all(|c| c.is_ascii_alphabetic());
    (is_district && is_rest).then_some((district, rest))
}
