//! What one sample is: drawn from its number, so that every demo tells the same stories, and laid
//! out backwards from the moment of loading.

use jiff::{SignedDuration, Timestamp, civil};
use serde_json::{Map, Value, json};

use super::texts::{
    AREAS, FIRST_NAMES, LAST_NAMES, NOTES, PLACES, QUESTIONS, REPLIES, ROADS, TEXTS, Text,
};
use crate::domain::calendar::Calendar;
use crate::domain::case::{Audience, Case, Outcome, ReplyKind, Status, WaitingFor};
use crate::domain::catalogue::Catalogue;
use crate::domain::clock::Longer;
use crate::domain::contact::{Channel, Location};
use crate::domain::enquiry::{Described, Enquiry, Spoken, Who};
use crate::domain::ids::UserId;
use crate::domain::lifecycle::{AcknowledgedBy, Command};
use crate::domain::person::{Address, PersonKind};
use crate::domain::standard::Target;

/// One sample case.
pub(super) struct Sample {
    pub number: usize,
    pub enquiry: Enquiry,
    pub brought: Brought,
    /// What happened to it, and when.
    pub steps: Vec<(Timestamp, Step)>,
}

/// How it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought {
    Agent,
    Themselves,
    /// By mail, which Reeve reads itself.
    Us,
}

/// Something an officer did.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Take,
    Acknowledge,
    Note(&'static str),
    Ask(&'static str, civil::Date),
    WaitForContractor(civil::Date),
    Extend,
    Reply(&'static str),
    Close(Outcome),
}

/// How far a case has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Untouched,
    Owned,
    Noted,
    Asked,
    Paused,
    Extended,
    Answered,
    Closed,
}

impl Step {
    /// The command it is on this case; nothing where it would not make sense any more.
    pub(super) fn command(&self, case: &Case, officer: UserId) -> Option<Command> {
        let is_over = matches!(case.status, Status::Closed);
        Some(match self {
            Self::Take => Command::Assign {
                owner: Some(officer),
            },
            Self::Acknowledge => Command::Acknowledge {
                how: AcknowledgedBy::Email,
                text: Some(
                    "Thank you. I have read what you sent and am looking into it.".to_owned(),
                ),
            },
            Self::Note(text) => Command::Note {
                text: (*text).to_owned(),
                audience: Audience::Staff,
            },
            Self::Ask(text, resume_on) => Command::Ask {
                text: (*text).to_owned(),
                resume_on: *resume_on,
            },
            Self::WaitForContractor(resume_on) => Command::Pause {
                reason: "The contractor has the parts on order.".to_owned(),
                waiting_for: WaitingFor::Contractor,
                resume_on: *resume_on,
            },
            Self::Extend => Command::Extend {
                clock: "respond".to_owned(),
                to: Longer::By(Target::WorkingDays(5)),
                reason: "We need a second visit to be sure of the cause.".to_owned(),
            },
            Self::Reply(text) => Command::Reply {
                text: (*text).to_owned(),
                kind: ReplyKind::Substantive,
                outcome: Some(Outcome::Answered),
                general_only: false,
            },
            Self::Close(_) if is_over => return None,
            Self::Close(outcome) => Command::Close { outcome: *outcome },
        })
    }
}

/// The sample of this number, of so many.
pub(super) fn sample(
    catalogue: &Catalogue,
    number: usize,
    n_samples: usize,
    loaded_at: Timestamp,
) -> Sample {
    let mut dice = Dice::of(number);
    let calendar = &catalogue.calendar;
    // The first ones are the oldest, and most are recent.
    let youth = n_samples.saturating_sub(number + 1);
    let age = u32::try_from(youth * youth * 60 / (n_samples * n_samples)).unwrap_or(0);
    let text = dice.one_of_at(TEXTS, number * 37 + 11);
    let (channel, brought) = channel(&mut dice, text);
    let received_at = received_at(&mut dice, calendar, channel, age, loaded_at);
    let mut enquiry = Enquiry::new(channel, received_at);
    let filled = Filled::draw(&mut dice);
    enquiry.subject = filled.fill(text.subject);
    enquiry.body = filled.fill(text.body);
    enquiry.service = Some(text.service.to_owned());
    enquiry.category = Some(text.category.to_owned());
    enquiry.language = Some("en".to_owned());
    enquiry.location = Some(Location {
        description: Some(format!("{} {}", filled.number, filled.road)),
        ..Location::default()
    });
    enquiry.fields = answers(text.category, number);
    enquiry.who = who(&mut dice, text, channel, &filled);
    if brought == Brought::Agent {
        enquiry.acknowledged = Some(Spoken { at: received_at });
    }
    enquiry.external_id = Some(format!("sample-{number:03}"));
    if brought == Brought::Themselves && is_put_on_a_map(catalogue, text, number) {
        put_on_a_map(&mut enquiry, number);
    }
    let course = course(&mut dice, age);
    let steps = steps(&mut dice, calendar, text, course, received_at, loaded_at);
    Sample {
        number,
        enquiry,
        brought,
        steps,
    }
}

/// What was answered to the category's own questions, by every other person.
fn answers(category: &str, number: usize) -> Map<String, Value> {
    let one_of = |all: &[&'static str]| all.get(number % all.len().max(1)).copied();
    let given = match category {
        _ if number % 2 == 1 => json!({}),
        "fly-tip" => json!({
            "size": one_of(&["bags", "car", "van"]), "what": [one_of(&["furniture", "rubble", "bags"])],
        }),
        "abandoned-vehicle" => json!({"days_there": 7 + number % 30}),
        "light-out" => json!({"column_number": format!("NM{}", 100 + number)}),
        _ => json!({}),
    };
    match given {
        Value::Object(given) => given,
        _ => Map::new(),
    }
}

/// Half of the forms about what may be seen from the street came from a reporting service.
fn is_put_on_a_map(catalogue: &Catalogue, text: &Text, number: usize) -> bool {
    let category = catalogue.category(text.service, text.category);
    number.is_multiple_of(2)
        && category.is_some_and(|(_, category)| category.is_offered_by_open311())
}

fn put_on_a_map(enquiry: &mut Enquiry, number: usize) {
    enquiry.channel = Channel::Open311;
    let step = f64::from(u32::try_from(number).unwrap_or(0)) / 10_000.0;
    if let Some(location) = &mut enquiry.location {
        location.lat = Some(54.35 + step);
        location.long = Some(-1.45 - step);
    }
    enquiry.page_url = Some(format!("https://fixmystreet.example/report/{number}"));
}

fn channel(dice: &mut Dice, text: &Text) -> (Channel, Brought) {
    if text.from == PersonKind::Councillor {
        return (Channel::Councillor, Brought::Us);
    }
    match dice.up_to(100) {
        0..35 => (Channel::Phone, Brought::Agent),
        35..60 => (Channel::WebForm, Brought::Themselves),
        60..80 => (Channel::Email, Brought::Us),
        80..86 => (Channel::FaceToFace, Brought::Agent),
        86..91 => (Channel::Letter, Brought::Agent),
        91..95 => (Channel::Webchat, Brought::Agent),
        95..98 => (Channel::Social, Brought::Agent),
        _ => (Channel::Voicemail, Brought::Agent),
    }
}

/// People ring in office hours and write at any hour; nothing has been received after loading.
fn received_at(
    dice: &mut Dice,
    calendar: &Calendar,
    channel: Channel,
    age: u32,
    loaded_at: Timestamp,
) -> Timestamp {
    let office = calendar.office();
    let today = calendar.date_of(loaded_at);
    let on = if age == 0 {
        office.last_open_day(today)
    } else {
        office.subtract_working_days(today, age)
    };
    let writes = matches!(
        channel,
        Channel::Email | Channel::WebForm | Channel::Councillor
    );
    let minutes = if writes {
        6 * 60 + dice.up_to(16 * 60)
    } else {
        8 * 60 + 45 + dice.up_to(7 * 60)
    };
    let midnight = calendar.instant(on, crate::domain::calendar::WallTime::MIDNIGHT);
    let at = midnight + SignedDuration::from_mins(minutes);
    let latest = loaded_at - SignedDuration::from_mins(10 + dice.up_to(170));
    at.min(latest)
}

fn who(dice: &mut Dice, text: &Text, channel: Channel, filled: &Filled) -> Who {
    if text.from == PersonKind::Councillor {
        let (name, email) = *dice.one_of(&[
            (
                "Cllr Wilfred Osgathorpe",
                "cllr.wilfred.osgathorpe@council.example",
            ),
            (
                "Cllr Parveen Lindqvist",
                "cllr.parveen.lindqvist@council.example",
            ),
        ]);
        return Who::Described(Described {
            name: Some(name.to_owned()),
            kind: Some(PersonKind::Councillor),
            email: Some(email.to_owned()),
            is_verified: true,
            ..Described::default()
        });
    }
    let (first, last) = (*dice.one_of(FIRST_NAMES), *dice.one_of(LAST_NAMES));
    let has_no_mail =
        matches!(channel, Channel::Letter) || (channel == Channel::Phone && dice.up_to(5) == 0);
    let has_phone = has_no_mail || dice.up_to(3) > 0;
    Who::Described(Described {
        name: Some(format!("{first} {last}")),
        kind: Some(text.from),
        email: (!has_no_mail).then(|| {
            format!(
                "{}.{}@mail.example",
                first.to_lowercase(),
                last.to_lowercase()
            )
        }),
        phone: has_phone.then(|| format!("07700 900{:03}", dice.up_to(1_000))),
        address: (channel == Channel::Letter || dice.up_to(2) == 0).then(|| Address {
            lines: vec![
                format!("{} {}", filled.number, filled.road),
                filled.area.to_owned(),
            ],
            postcode: Some(format!("ZZ{} {}AA", 1 + dice.up_to(9), 1 + dice.up_to(9))),
            uprn: None,
        }),
        organisation: None,
        is_verified: false,
    })
}

/// The older a case, the further it has come; a few have been forgotten.
fn course(dice: &mut Dice, age: u32) -> Course {
    let roll = dice.up_to(100);
    match (age, roll) {
        (25.., 0..84) => Course::Closed,
        (25.., 84..92) => Course::Answered,
        (25.., 92..97) => Course::Noted,
        (25.., _) => Course::Paused,
        (8..25, 0..42) => Course::Closed,
        (8..25, 42..58) => Course::Answered,
        (8..25, 58..68) => Course::Paused,
        (8..25, 68..76) => Course::Asked,
        (8..25, 76..84) => Course::Extended,
        (8..25, 84..95) => Course::Noted,
        (2..8, 0..18) => Course::Closed,
        (2..8, 18..36) => Course::Answered,
        (2..8, 36..62) => Course::Owned,
        (2..8, 62..70) => Course::Noted,
        (2..8, 70..77) => Course::Asked,
        (2..8, 77..83) => Course::Paused,
        (0..2, 0..18) => Course::Owned,
        (0..2, 18..24) => Course::Noted,
        _ => Course::Untouched,
    }
}

fn steps(
    dice: &mut Dice,
    calendar: &Calendar,
    text: &Text,
    course: Course,
    received_at: Timestamp,
    loaded_at: Timestamp,
) -> Vec<(Timestamp, Step)> {
    let today = calendar.date_of(loaded_at);
    let office = calendar.office();
    let soon = office.add_working_days(today, 2 + u32::try_from(dice.up_to(4)).unwrap_or(0));
    let note = *dice.one_of(NOTES);
    let reply = *dice.one_of(REPLIES);
    let question = *dice.one_of(QUESTIONS);
    let outcome = if dice.up_to(3) == 0 {
        Outcome::Answered
    } else {
        Outcome::Resolved
    };
    let is_formal = matches!(text.service, "complaints" | "democratic-services");
    let mut wanted = Vec::new();
    if course != Course::Untouched {
        wanted.push(Step::Take);
        if is_formal {
            wanted.push(Step::Acknowledge);
        }
    }
    match course {
        Course::Untouched | Course::Owned => {}
        Course::Noted => wanted.push(Step::Note(note)),
        Course::Asked => wanted.push(Step::Ask(question, soon)),
        Course::Paused => wanted.push(Step::WaitForContractor(soon)),
        Course::Extended => wanted.extend([Step::Note(note), Step::Extend]),
        Course::Answered => wanted.extend([Step::Note(note), Step::Reply(reply)]),
        Course::Closed => wanted.extend([Step::Reply(reply), Step::Close(outcome)]),
    }
    // Waiting began lately: a pause has a longest length.
    let begins_lately = matches!(course, Course::Asked | Course::Paused);
    let earliest = office.counted_from(loaded_at - SignedDuration::from_hours(4 * 24));
    let mut at = received_at;
    if begins_lately {
        at = at.max(calendar.instant(earliest, crate::domain::calendar::REMINDER_HOUR));
    }
    let mut done = Vec::new();
    for step in wanted {
        let hours = 1 + u32::try_from(dice.up_to(6)).unwrap_or(0);
        at = office.add_working_hours(at, hours);
        // What would be later than the first start has not happened yet.
        if at >= loaded_at {
            break;
        }
        done.push((at, step));
    }
    done
}

/// Where somebody is, for the blanks in a text.
struct Filled {
    number: u64,
    road: &'static str,
    area: &'static str,
    place: &'static str,
}

impl Filled {
    fn draw(dice: &mut Dice) -> Self {
        Self {
            number: u64::try_from(1 + dice.up_to(120)).unwrap_or(1),
            road: *dice.one_of::<&str>(ROADS),
            area: *dice.one_of::<&str>(AREAS),
            place: *dice.one_of::<&str>(PLACES),
        }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{number}", &self.number.to_string())
            .replace("{road}", self.road)
            .replace("{area}", self.area)
            .replace("{place}", self.place)
    }
}

/// Chance that falls the same way every time (splitmix64).
struct Dice(u64);

impl Dice {
    fn of(number: usize) -> Self {
        Self(
            u64::try_from(number)
                .unwrap_or(0)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                ^ 0x5EED_0F0A_2026_0001,
        )
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is small.
    fn up_to(&mut self, limit: u32) -> i64 {
        i64::try_from(self.roll() % u64::from(limit.max(1))).unwrap_or(0)
    }

    fn one_of<T>(&mut self, items: &'static [T]) -> &'static T {
        let n = usize::try_from(self.roll() >> 1).unwrap_or(0);
        self.one_of_at(items, n)
    }

    fn one_of_at<T>(&self, items: &'static [T], n: usize) -> &'static T {
        items
            .get(n % items.len().max(1))
            .or_else(|| items.first())
            .expect("the lists of the samples are written out above and none is empty")
    }
}
