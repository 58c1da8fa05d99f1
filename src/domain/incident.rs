//! An incident: something many people tell us of at once. A power cut, a missed round, a burst main.
//!
//! It is announced once, in words for everybody; cases are put on it by people, never by themselves.
//! Here it is said whether a matter at a place may belong to one ([`Incident::offers_itself`]), who may
//! run one, and which words may stand in it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::access::{ActorLabel, Role, User};
use super::case::{Case, Procedure, Secrecy};
use super::contact::{Location, metres_between, words};
use super::ids::IncidentId;
use super::person::Address;
use super::wording::{banned_words, long_sentences};

words! {
    /// Whether it is still going on.
    IncidentState { Open = "open", Ended = "ended" }
}

words! {
    /// What came of an update for a case, or for a person.
    IncidentTold {
        /// They were written to.
        Told = "told",
        /// A letter lies there to be posted.
        ToWrite = "to_write",
        /// They have heard it by another case of theirs.
        HeardBefore = "heard_before",
        /// There is no way to them, or none that may be used by itself.
        NotReached = "not_reached",
        /// Nobody is behind the case who could be told.
        Nobody = "nobody",
        /// Whoever has the member's enquiry was told, who writes to the member.
        Inside = "inside",
        /// Somebody may be in danger, or few may know of it: a person speaks to them, no mail.
        Danger = "danger",
        /// It was closed before.
        Closed = "closed",
    }
}

words! {
    /// What came of an answer with which a case was to be closed.
    ClosedAs {
        Closed = "closed",
        /// It was closed before.
        WasClosed = "was_closed",
        /// A complaint, or something else with steps of its own.
        OwnProcedure = "own_procedure",
        /// We wait for somebody: it has a question of its own.
        OpenQuestion = "open_question",
        /// Somebody may be in danger.
        Danger = "danger",
        /// Only those who work its service may know what it says.
        Sensitive = "sensitive",
        /// Whoever asked for it may not work this case.
        NotTheirs = "not_theirs",
        /// The person cannot be told, and must be.
        NotReached = "not_reached",
        /// The rules of the case say no.
        Refused = "refused",
    }
}

/// One incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    pub id: IncidentId,
    /// One line, for everybody.
    pub title: String,
    pub title_cy: Option<String>,
    /// What is known, for everybody.
    pub words: String,
    pub words_cy: Option<String>,
    /// What people tell us of when it is this.
    pub matters: Vec<Matter>,
    pub area: Area,
    pub since: Timestamp,
    pub expected_end: Option<Timestamp>,
    pub state: IncidentState,
    pub opened_at: Timestamp,
    pub opened_by: ActorLabel,
    pub ended_at: Option<Timestamp>,
    pub ended_by: Option<ActorLabel>,
    pub version: i64,
}

/// A service, or one category of it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[schemars(rename = "IncidentMatter")]
pub struct Matter {
    pub service: String,
    /// None: whatever the service does.
    pub category: Option<String>,
}

/// Where it is, by everything a case may know of its place. Nothing said: everywhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "IncidentArea")]
pub struct Area {
    /// Slugs of wards.
    pub wards: Vec<String>,
    /// Names of streets: "Larkfield Rise".
    pub streets: Vec<String>,
    /// Postcodes, or the beginnings of some: `ZZ1 4`.
    pub postcodes: Vec<String>,
    /// Properties, by their UPRN.
    pub uprns: Vec<String>,
    pub circles: Vec<Circle>,
}

/// A point on the map and what lies around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "IncidentCircle")]
pub struct Circle {
    pub lat: f64,
    pub long: f64,
    pub radius_metres: u32,
}

/// What is known of the place a matter is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spot<'a> {
    pub ward: Option<&'a str>,
    pub location: Option<&'a Location>,
    /// Where the person lives.
    pub home: Option<&'a Address>,
}

/// Whether a place lies in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    Yes,
    /// Nothing is known of the place that could tell.
    Unknown,
    No,
}

/// What is wrong with words for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPlain(pub String);

/// How long before it is known to have begun somebody may have told us of it.
pub const EARLIER: SignedDuration = SignedDuration::from_hours(24);

impl Incident {
    /// Whether it is still going on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == IncidentState::Open
    }

    /// Whether a matter, told of at an instant, is of a kind it is about and of its time.
    #[must_use]
    pub fn is_about(&self, service: &str, category: &str, received_at: Timestamp) -> bool {
        let is_of_its_kind = self.matters.iter().any(|matter| {
            matter.service == service
                && matter.category.as_deref().is_none_or(|own| own == category)
        });
        let begins = self.since.checked_sub(EARLIER).unwrap_or(Timestamp::MIN);
        is_of_its_kind && received_at >= begins
    }

    /// Whether somebody who logs a matter is asked if it belongs here. Where nothing is known of the
    /// place they are asked too: they can find out.
    #[must_use]
    pub fn offers_itself(
        &self,
        (service, category): (&str, &str),
        received_at: Timestamp,
        spot: &Spot<'_>,
    ) -> bool {
        self.is_open()
            && self.is_about(service, category, received_at)
            && self.area.holds(spot) != Within::No
    }

    /// Whether a case may be swept up with many others: only what nobody could mind, and only where its
    /// place is known to lie here.
    #[must_use]
    pub fn may_sweep_up(&self, case: &Case, home: Option<&Address>) -> bool {
        let spot = Spot {
            ward: case.ward.as_deref(),
            location: case.location.as_ref(),
            home,
        };
        is_plain_work(case)
            && self.is_about(&case.service, &case.category, case.received_at)
            && self.area.holds(&spot) == Within::Yes
    }

    /// The services it is about, each once.
    #[must_use]
    pub fn services(&self) -> Vec<&str> {
        let mut services: Vec<&str> = self
            .matters
            .iter()
            .map(|one| one.service.as_str())
            .collect();
        services.sort_unstable();
        services.dedup();
        services
    }
}

impl Area {
    /// Whether nothing was said of where it is.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.wards.is_empty()
            && self.streets.is_empty()
            && self.postcodes.is_empty()
            && self.uprns.is_empty()
            && self.circles.is_empty()
    }

    /// Whether a place lies in it. One way to know it is enough.
    #[must_use]
    pub fn holds(&self, spot: &Spot<'_>) -> Within {
        if self.is_everywhere() {
            return Within::Yes;
        }
        let uprn = spot
            .location
            .and_then(|place| place.uprn.as_deref())
            .or_else(|| spot.home.and_then(|home| home.uprn.as_deref()));
        let point = spot.location.and_then(Location::point);
        let described = spot
            .location
            .and_then(|place| place.description.as_deref())
            .or_else(|| {
                spot.home
                    .and_then(|home| home.lines.first())
                    .map(String::as_str)
            });
        // Of whoever says where it is, their home says nothing.
        let postcode = spot
            .home
            .filter(|_| point.is_none())
            .and_then(|home| home.postcode.as_deref());
        let is_in = spot
            .ward
            .is_some_and(|ward| self.wards.iter().any(|own| own == ward))
            || uprn.is_some_and(|uprn| self.uprns.iter().any(|own| same_number(own, uprn)))
            || point.is_some_and(|point| self.circles.iter().any(|circle| circle.holds(point)))
            || described.is_some_and(|text| self.streets.iter().any(|own| names(text, own)))
            || postcode.is_some_and(|code| self.postcodes.iter().any(|own| begins(code, own)));
        if is_in {
            return Within::Yes;
        }
        // Each way of knowing a place tells only of the parts of the area that are said that way.
        let is_told = (spot.ward.is_some() && !self.wards.is_empty())
            || (uprn.is_some() && !self.uprns.is_empty())
            || (point.is_some() && !self.circles.is_empty())
            || (described.is_some() && !self.streets.is_empty())
            || (postcode.is_some() && !self.postcodes.is_empty());
        if is_told { Within::No } else { Within::Unknown }
    }
}

impl Circle {
    fn holds(&self, point: (f64, f64)) -> bool {
        metres_between((self.lat, self.long), point) <= f64::from(self.radius_metres)
    }
}

/// Ordinary work that many people may be told of at once: no secret, no complaint, nobody in danger, no
/// member's enquiry.
#[must_use]
pub fn is_plain_work(case: &Case) -> bool {
    case.secrecy == Secrecy::Ordinary
        && matches!(
            case.procedure,
            Procedure::ServiceRequest | Procedure::Enquiry
        )
        && !case.is_in_danger()
        && case.about.is_none()
}

/// Whether somebody may open, change, announce and end an incident of these services, each with its
/// queue: team leaders and heads of service, for what they work themselves.
#[must_use]
pub fn may_run<'s>(user: &User, services: impl IntoIterator<Item = (&'s str, &'s str)>) -> bool {
    matches!(user.role, Role::TeamLeader | Role::HeadOfService)
        && services
            .into_iter()
            .all(|(service, queue)| user.works(queue, Some(service)))
}

/// Whether words may be said to everybody.
///
/// # Errors
/// The first word nobody should read from us, or a sentence that must be read twice.
pub fn check_plain(text: &str) -> Result<(), NotPlain> {
    if let Some(word) = banned_words(text).first() {
        return Err(NotPlain(format!(
            "People never read “{word}” from us: say it plainly."
        )));
    }
    if let Some(sentence) = long_sentences(text).first() {
        let start: Vec<&str> = sentence.split_whitespace().take(6).collect();
        return Err(NotPlain(format!(
            "“{} …” has more than 25 words. Make two sentences of it.",
            start.join(" ")
        )));
    }
    Ok(())
}

/// Leading noughts are not always written.
fn same_number(one: &str, other: &str) -> bool {
    one.trim_start_matches('0') == other.trim_start_matches('0')
}

/// Whether a description names a street: its words, one after the other.
fn names(text: &str, street: &str) -> bool {
    let split = |text: &str| -> Vec<String> {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (said, wanted) = (split(text), split(street));
    !wanted.is_empty() && said.windows(wanted.len()).any(|words| words == wanted)
}

/// Whether a postcode is this one or begins with it, between whole parts: `ZZ1` does not begin `ZZ12 3AA`.
fn begins(code: &str, own: &str) -> bool {
    let parts = |text: &str| -> (String, String) {
        let plain: String = text
            .to_ascii_uppercase()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let spaced = text.trim().split_once(char::is_whitespace);
        match spaced {
            Some((district, rest)) => (
                district.trim().to_ascii_uppercase(),
                rest.trim().to_ascii_uppercase().replace(' ', ""),
            ),
            None if plain.len() >= 5 => {
                let at = plain.len() - 3;
                let (district, rest) = plain.split_at(at);
                (district.to_owned(), rest.to_owned())
            }
            None => (plain, String::new()),
        }
    };
    let ((district, rest), (own_district, own_rest)) = (parts(code), parts(own));
    !own_district.is_empty() && district == own_district && rest.starts_with(&own_rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(line: &str, postcode: &str) -> Address {
        Address {
            lines: vec![line.to_owned()],
            postcode: Some(postcode.to_owned()),
            uprn: None,
        }
    }

    fn area() -> Area {
        Area {
            wards: vec!["larkfield".to_owned()],
            streets: vec!["Beck Row".to_owned()],
            postcodes: vec!["ZZ1 4".to_owned(), "ZZ2".to_owned()],
            uprns: vec!["000100000000001".to_owned()],
            circles: vec![Circle {
                lat: 51.5,
                long: -0.1,
                radius_metres: 300,
            }],
        }
    }

    #[test]
    fn a_place_is_known_by_ward_street_postcode_property_or_point() {
        let check = |spot: Spot<'_>, expect| assert_eq!(area().holds(&spot), expect, "{spot:?}");
        let place = |location: &Location, expect| {
            check(
                Spot {
                    location: Some(location),
                    ..Spot::default()
                },
                expect,
            );
        };
        let at = |lat, long| Location {
            lat: Some(lat),
            long: Some(long),
            ..Location::default()
        };
        let called = |words: &str| Location {
            description: Some(words.to_owned()),
            ..Location::default()
        };
        let ward = |ward| Spot {
            ward: Some(ward),
            ..Spot::default()
        };
        check(ward("larkfield"), Within::Yes);
        check(ward("market"), Within::No);
        place(&at(51.502, -0.1), Within::Yes);
        place(&at(51.51, -0.1), Within::No);
        place(&called("outside 3 beck row, by the gate"), Within::Yes);
        place(&called("3 Beckett Row"), Within::No);
        let property = Location {
            uprn: Some("100000000001".to_owned()),
            ..Location::default()
        };
        place(&property, Within::Yes);
        for (line, code, expect) in [
            ("1 Mill Lane", "zz1 4lr", Within::Yes),
            ("1 Mill Lane", "ZZ14LR", Within::Yes),
            ("1 Mill Lane", "ZZ2 9AA", Within::Yes),
            ("1 Mill Lane", "ZZ12 4AA", Within::No),
            ("1 Mill Lane", "ZZ1 5AA", Within::No),
        ] {
            let home = home(line, code);
            check(
                Spot {
                    home: Some(&home),
                    ..Spot::default()
                },
                expect,
            );
        }
        check(Spot::default(), Within::Unknown);
        assert_eq!(Area::default().holds(&Spot::default()), Within::Yes);
    }

    #[test]
    fn whoever_says_where_it_is_is_not_judged_by_where_they_live() {
        let far = Location {
            lat: Some(52.9),
            long: Some(-0.1),
            ..Location::default()
        };
        let home = home("1 Mill Lane", "ZZ2 9AA");
        let spot = Spot {
            location: Some(&far),
            home: Some(&home),
            ward: None,
        };
        assert_eq!(area().holds(&spot), Within::No);
    }

    #[test]
    fn words_for_everybody_are_plain() {
        assert_eq!(
            check_plain("The power is off. We expect it by 6pm."),
            Ok(())
        );
        for bad in ["It will be mended soon.", &"word ".repeat(30)] {
            assert!(check_plain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_was_told_long_before_it_began_is_something_else() {
        let since: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let incident = Incident {
            id: IncidentId(uuid::Uuid::nil()),
            title: String::new(),
            title_cy: None,
            words: String::new(),
            words_cy: None,
            matters: vec![Matter {
                service: "waste-collection".to_owned(),
                category: Some("missed-bin".to_owned()),
            }],
            area: Area::default(),
            since,
            expected_end: None,
            state: IncidentState::Open,
            opened_at: since,
            opened_by: super::super::access::Actor::System.label(),
            ended_at: None,
            ended_by: None,
            version: 1,
        };
        let check = |service, category, hours, expect: bool| {
            let at = since - SignedDuration::from_hours(hours);
            assert_eq!(incident.is_about(service, category, at), expect);
        };
        check("waste-collection", "missed-bin", 0, true);
        check("waste-collection", "missed-bin", 24, true);
        check("waste-collection", "missed-bin", 25, false);
        check("waste-collection", "new-bin", 0, false);
        check("highways", "missed-bin", 0, false);
        let ended = Incident {
            state: IncidentState::Ended,
            ..incident
        };
        let matter = ("waste-collection", "missed-bin");
        assert!(!ended.offers_itself(matter, since, &Spot::default()));
    }
}
