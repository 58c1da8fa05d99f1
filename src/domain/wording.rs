//! How the council says things: dates, promises, states, so that a mail, the tracking page and
//! an agent's telephone sentence never tell one story three ways.
//!
//! Pure text. It never looks anything up and never repeats a sender's words: whatever a resident
//! wrote stays in the contact, and what goes out is made of our own lists. Sentences meant for
//! the public stay under 25 words.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::case::{Outcome, Procedure, Status, WaitingFor};
use super::contact::words;
use super::person::PersonKind;

pub mod form;
mod place;
mod plain;
#[cfg(test)]
mod tests;
mod welsh;

pub use place::address_line;
pub use plain::{banned_words, long_sentences};
pub use welsh::welsh_hours;

words! {
    /// The languages mails are written in.
    Language { English = "en", Welsh = "cy" }
}

impl Language {
    /// The language of a BCP 47 tag (`cy-GB` is Welsh), English for any other.
    #[must_use]
    pub fn from_tag(tag: Option<&str>) -> Self {
        let is_welsh = tag
            .and_then(|tag| tag.split(['-', '_']).next())
            .is_some_and(|primary| primary.eq_ignore_ascii_case("cy"));
        if is_welsh { Self::Welsh } else { Self::English }
    }
}

/// A date as people say it: `Tuesday 24 November 2026`.
#[must_use]
pub fn day(on: Date, language: Language) -> String {
    let (weekday, month) = match language {
        Language::English => (english_weekday(on.weekday()), english_month(on.month())),
        Language::Welsh => (welsh::weekday(on.weekday()), welsh::month(on.month())),
    };
    format!("{weekday} {} {month} {}", on.day(), on.year())
}

/// The same in English, for staff.
///
/// ```
/// use jiff::civil::date;
/// use reeve::domain::wording::on_day;
/// assert_eq!(on_day(date(2026, 11, 24)), "Tuesday 24 November 2026");
/// ```
#[must_use]
pub fn on_day(on: Date) -> String {
    day(on, Language::English)
}

/// Day and month only, where the year is plain: `27 November`.
#[must_use]
pub fn short_day(on: Date) -> String {
    format!("{} {}", on.day(), english_month(on.month()))
}

/// Some days on end, in English, for staff: `16 to 22 November 2026`.
///
/// ```
/// use jiff::civil::date;
/// use reeve::domain::wording::span;
/// assert_eq!(span(date(2026, 11, 16), date(2026, 11, 22)), "16 to 22 November 2026");
/// assert_eq!(span(date(2026, 11, 30), date(2026, 12, 6)), "30 November to 6 December 2026");
/// assert_eq!(span(date(2026, 12, 28), date(2027, 1, 3)), "28 December 2026 to 3 January 2027");
/// ```
#[must_use]
pub fn span(from: Date, to: Date) -> String {
    let end = format!("{} {}", short_day(to), to.year());
    if from.year() != to.year() {
        format!("{} {} to {end}", short_day(from), from.year())
    } else if from.month() != to.month() {
        format!("{} to {end}", short_day(from))
    } else {
        format!("{} to {end}", from.day())
    }
}

/// A time of day as people say it: `5pm`, `8.30am`, `midday`, `midnight`.
///
/// ```
/// use jiff::civil::time;
/// use reeve::domain::wording::clock_time;
/// assert_eq!(clock_time(time(17, 0, 0, 0)), "5pm");
/// assert_eq!(clock_time(time(8, 30, 0, 0)), "8.30am");
/// assert_eq!(clock_time(time(12, 0, 0, 0)), "midday");
/// ```
#[must_use]
pub fn clock_time(at: Time) -> String {
    match (at.hour(), at.minute()) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "midday".to_owned(),
        (hour, minute) => {
            let half = if hour < 12 { "am" } else { "pm" };
            let shown = match hour % 12 {
                0 => 12,
                hour => hour,
            };
            if minute == 0 {
                format!("{shown}{half}")
            } else {
                format!("{shown}.{minute:02}{half}")
            }
        }
    }
}

/// What follows "by" for a promise: `5pm on Tuesday 24 November 2026`, or the bare date where
/// the whole day counts (`due_at` is the midnight after it).
#[must_use]
pub fn by_when(due_on: Date, due_at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let local = due_at.to_zoned(zone.clone());
    let date = day(due_on, language);
    if local.date() > due_on {
        return date;
    }
    match language {
        Language::English => format!("{} on {date}", clock_time(local.time())),
        // "ddydd": the adverbial date is softly mutated.
        Language::Welsh => format!("{} d{date}", welsh::hour(local.time())),
    }
}

/// An instant as a time on a day: `4.12pm on Friday 20 November 2026`.
#[must_use]
pub fn at_when(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let local = at.to_zoned(zone.clone());
    let date = day(local.date(), language);
    match language {
        Language::English => format!("{} on {date}", clock_time(local.time())),
        Language::Welsh => format!("{} d{date}", welsh::hour(local.time())),
    }
}

/// A whole promise: "We will collect it, or tell you why not, by 5pm on Tuesday 24 November
/// 2026." `what_we_do` is the category's own wording (it ends before "by"); without one we
/// promise an answer.
#[must_use]
pub fn promise(what_we_do: Option<&str>, by: &str, language: Language) -> String {
    match (language, what_we_do) {
        (Language::English, Some(what)) => format!("{} by {by}.", what.trim()),
        (Language::English, None) => format!("We will answer by {by}."),
        // The catalogue's wording is English; a Welsh mail promises the answer itself.
        (Language::Welsh, _) => format!("Byddwn yn ateb erbyn {by}."),
    }
}

/// The promise of one clock by its name, where a case has more than one.
#[must_use]
pub fn clock_promise(
    clock: &str,
    what_we_do: Option<&str>,
    by: &str,
    language: Language,
) -> String {
    let what = match clock {
        "acknowledge" | "stage_2_acknowledge" => "An officer will write to you",
        "investigate" | "inspect" => "We will inspect it",
        "make_safe" => "We will make it safe",
        "summary" => "We will write to tell you what we found",
        "further_works" => "We will finish the work",
        "stage_2_respond" => "We will send you the answer to your review",
        "stage_3_panel" => "The review panel will meet",
        "early_resolution" => "We will try to put it right",
        _ => return promise(what_we_do, by, language),
    };
    match language {
        Language::English => format!("{what} by {by}."),
        Language::Welsh => {
            let what = match clock {
                "acknowledge" | "stage_2_acknowledge" => "Bydd swyddog yn ysgrifennu atoch",
                "investigate" | "inspect" => "Byddwn yn ei archwilio",
                "make_safe" => "Byddwn yn ei wneud yn ddiogel",
                "further_works" => "Byddwn yn gorffen y gwaith",
                _ => "Byddwn yn ateb",
            };
            format!("{what} erbyn {by}.")
        }
    }
}

/// A promise with another date than the one given before: the new one, then the old.
///
/// ```
/// use reeve::domain::wording::{moved_promise, Language};
/// assert_eq!(
///     moved_promise("We will answer by Tuesday 16 June 2026.", "Monday 15 June 2026", Language::English),
///     "We will answer by Tuesday 16 June 2026. The date we gave you before was Monday 15 June 2026."
/// );
/// ```
#[must_use]
pub fn moved_promise(promise: &str, old_by: &str, language: Language) -> String {
    match language {
        Language::English => format!("{promise} The date we gave you before was {old_by}."),
        Language::Welsh => format!("{promise} Y dyddiad blaenorol: {old_by}."),
    }
}

/// A promise we have not kept, owned up to. `told` is the post's title and the day it was told.
///
/// ```
/// use jiff::civil::date;
/// use reeve::domain::wording::{missed, Language};
/// assert_eq!(
///     missed("Tuesday 24 November 2026", Some(("Head of Waste and Street Scene", date(2026, 11, 25))), Language::English),
///     "We said we would answer by Tuesday 24 November 2026. We have not, and we are sorry. \
///      The Head of Waste and Street Scene was told on Wednesday 25 November 2026."
/// );
/// ```
#[must_use]
pub fn missed(by: &str, told: Option<(&str, Date)>, language: Language) -> String {
    let owned_up = match language {
        Language::English => {
            format!("We said we would answer by {by}. We have not, and we are sorry.")
        }
        Language::Welsh => format!(
            "Dywedasom y byddem yn ateb erbyn {by}. Nid ydym wedi gwneud hynny, ac mae'n ddrwg gennym."
        ),
    };
    let Some((post, on)) = told else {
        return owned_up;
    };
    let on = day(on, language);
    match language {
        Language::English => format!("{owned_up} The {post} was told on {on}."),
        // Post titles are English names; a colon keeps them out of Welsh grammar.
        Language::Welsh => format!("{owned_up} Cafodd y swyddog hwn wybod d{on}: {post}."),
    }
}

/// Where a case stands, in the words the person sees.
#[must_use]
pub fn public_status(
    status: Status,
    waiting_for: Option<WaitingFor>,
    outcome: Option<Outcome>,
    team: &str,
    follow_up_until: Option<Date>,
    language: Language,
) -> String {
    if language == Language::Welsh {
        return welsh::status(status, waiting_for, outcome, follow_up_until);
    }
    match status {
        Status::New => "We have it; nobody is working on it yet".to_owned(),
        Status::Open => format!("{} is working on it", sentence_case(&the_team(team))),
        Status::Waiting => match waiting_for {
            Some(WaitingFor::Person) | None => "We need something from you".to_owned(),
            Some(WaitingFor::Contractor) => "We are waiting for our contractor".to_owned(),
            Some(WaitingFor::OtherBody) => "We are waiting for another organisation".to_owned(),
        },
        Status::Responded => match follow_up_until {
            Some(on) => format!(
                "We have answered. Tell us by {} if it is not right",
                on_day(on)
            ),
            None => "We have answered. Tell us if it is not right".to_owned(),
        },
        Status::Closed => match outcome {
            Some(Outcome::Answered) | None => "Closed: we have answered",
            Some(Outcome::Resolved) => "Closed: it has been dealt with",
            Some(Outcome::Referred) => "Closed: we have passed it to those who can deal with it",
            Some(Outcome::NotOurs) => {
                "This belongs to another organisation; our message says how to reach them"
            }
            Some(Outcome::Duplicate | Outcome::Merged) => {
                "We deal with this together with another report of the same thing"
            }
            Some(Outcome::Withdrawn) => "Closed because you asked us to",
            Some(Outcome::NoReply) => "Closed because we did not hear from you",
            Some(Outcome::Refused) => "Closed: we cannot do this, and our message says why",
        }
        .to_owned(),
    }
}

/// The label of a case that belongs to somebody else, where we know who.
#[must_use]
pub fn belongs_to(body: &str) -> String {
    format!("This belongs to {body}; here is how to reach them")
}

/// What we call the thing they sent us, with the category in public words: "your report of a
/// missed bin". A `public_name` that brings its own noun ("request for a new bin", "complaint
/// about a school") is taken as it stands.
#[must_use]
pub fn your_matter(procedure: Procedure, public_name: &str) -> String {
    let name = public_name.trim().trim_end_matches('.');
    let noun = noun(procedure);
    if name.is_empty() {
        return format!("your {noun}");
    }
    let lower = name.to_lowercase();
    let first = lower.split(' ').next().unwrap_or_default();
    if OWN_NOUNS.contains(&first) {
        return format!("your {name}");
    }
    match procedure {
        // "your complaint about a complaint" helps nobody.
        Procedure::Complaint
        | Procedure::DpComplaint
        | Procedure::ChildrensComplaint
        | Procedure::AdultsComplaint
            if lower.contains("complaint") =>
        {
            "your complaint".to_owned()
        }
        Procedure::MemberEnquiry => "your enquiry".to_owned(),
        Procedure::SubjectAccess => "your request for your own information".to_owned(),
        Procedure::InformationRequest => "your request for information".to_owned(),
        Procedure::ServiceRequest => format!("your {noun} of {name}"),
        _ if lower.contains(noun) => format!("your {noun}"),
        _ => format!("your {noun} about {name}"),
    }
}

/// The same matter as staff read it, with its article: "a missed bin", "a question about a
/// grave".
#[must_use]
pub fn topic(public_name: &str) -> String {
    let name = public_name.trim().trim_end_matches('.');
    let first = name.split(' ').next().unwrap_or_default().to_lowercase();
    if first == "kind" || !OWN_NOUNS.contains(&first.as_str()) {
        name.to_owned()
    } else if first.starts_with(['a', 'e', 'i', 'o', 'u']) {
        format!("an {name}")
    } else {
        format!("a {name}")
    }
}

/// "report", "question", "complaint" or "request".
#[must_use]
pub const fn noun(procedure: Procedure) -> &'static str {
    match procedure {
        Procedure::ServiceRequest | Procedure::Safeguarding => "report",
        Procedure::Enquiry => "question",
        Procedure::Complaint
        | Procedure::DpComplaint
        | Procedure::ChildrensComplaint
        | Procedure::AdultsComplaint => "complaint",
        Procedure::InformationRequest | Procedure::SubjectAccess => "request",
        Procedure::MemberEnquiry => "enquiry",
        Procedure::InsuranceClaim => "claim",
        Procedure::Petition => "petition",
        Procedure::Appeal => "appeal",
        Procedure::Compliment => "kind words",
    }
}

/// To what kind of person a promise was made: "a resident". Staff mails say this, never a name.
#[must_use]
pub const fn to_whom(kind: PersonKind) -> &'static str {
    match kind {
        PersonKind::Resident => "a resident",
        PersonKind::Business => "a business",
        PersonKind::Visitor => "a visitor",
        PersonKind::Councillor => "a councillor",
        PersonKind::Mp => "a Member of Parliament",
        PersonKind::ParishCouncil => "a parish council",
        PersonKind::CommunityGroup => "a community group",
        PersonKind::Partner => "a partner organisation",
        PersonKind::Staff => "a member of staff",
        PersonKind::Anonymous => "somebody who gave no name",
    }
}

/// The last thing done, by event kind and day: "note, 27 November".
#[must_use]
pub fn last_action(what: &str, on: Date) -> String {
    format!("{}, {}", what.replace('_', " "), short_day(on))
}

/// What an agent reads out at the end of a call: reference, what happens by when, the number.
#[derive(Debug, Clone, Copy)]
pub struct ReadOut<'a> {
    /// As written, `4X7-K92-MQ3`.
    pub reference: &'a str,
    /// Whole sentences from [`promise`], [`clock_promise`] or the category's no-answer text.
    pub what_happens: &'a [String],
    /// Staffed at this hour.
    pub phone: &'a str,
    pub phone_hours: Option<&'a str>,
}

/// The sentences an agent reads out.
#[must_use]
pub fn read_out(call: &ReadOut<'_>) -> String {
    let mut said = vec![format!("Your reference is {}.", call.reference)];
    said.extend(call.what_happens.iter().cloned());
    said.push(match call.phone_hours {
        Some(hours) => format!("To ask about it, ring {}, {hours}.", call.phone),
        None => format!("To ask about it, ring {}.", call.phone),
    });
    said.join(" ")
}

/// What an agent reads out when somebody may be in danger.
#[must_use]
pub fn read_out_danger(number_to_ring: &str) -> String {
    format!(
        "If someone is in danger now, ring 999. Do not wait for us. \
         Our emergency line, open now, is {number_to_ring}."
    )
}

/// "the bins team" for any way of naming a team.
#[must_use]
pub fn the_team(team: &str) -> String {
    let team = team.trim();
    let lower = team.to_lowercase();
    if lower.starts_with("the ") || lower.starts_with("our ") {
        let mut rest = team.chars();
        rest.next()
            .map(|first| first.to_lowercase().chain(rest).collect())
            .unwrap_or_default()
    } else if lower.ends_with(" team") || lower.ends_with(" service") || lower.ends_with(" office")
    {
        format!("the {team}")
    } else {
        format!("the {team} team")
    }
}

/// The text with its first letter large.
#[must_use]
pub fn sentence_case(text: &str) -> String {
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => String::new(),
    }
}

/// Public names that already begin with what the person sent.
const OWN_NOUNS: [&str; 12] = [
    "report",
    "request",
    "question",
    "complaint",
    "application",
    "claim",
    "appeal",
    "petition",
    "enquiry",
    "comment",
    "challenge",
    "kind",
];

const fn english_weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

const fn english_month(month: i8) -> &'static str {
    match month {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    }
}
