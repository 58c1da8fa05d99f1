//! Who is told that a date has moved, and in which words.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::casework::actions::{last_thread, people_to_answer};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters::{self, ToPerson};
use crate::casework::promises::answer_reading;
use crate::domain::case::{Case, Secrecy};
use crate::domain::clock::{self, Because, Moved, Terms};
use crate::domain::lifecycle;
use crate::domain::notice::{InEach, Says};
use crate::domain::standard::{Acknowledgement, Role as ClockRole};
use crate::domain::wording::{self, Language};
use crate::store::Tx;
use crate::store::moves::Asked;

/// Whether the person is told the date of this clock. That of an acknowledgement which leaves by
/// itself is nobody's to wait for.
pub(super) fn is_told_of(case: &Case, terms: &Terms, clock: &str) -> bool {
    let is_private = case.secrecy != Secrecy::Ordinary;
    let Some(spec) = terms.standard.clock(clock) else {
        return false;
    };
    match spec.role {
        ClockRole::Acknowledgement => terms.standard.acknowledgement == Acknowledgement::Officer,
        _ => !is_private || lifecycle::current_answer_clock(case, terms).as_deref() == Some(clock),
    }
}

/// A later date for any reason is a notice.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    at: &Moment,
    asked: &Asked,
    case: &Case,
    terms: &Terms,
    moved: &[Moved],
) -> Result<(), Failure> {
    let later: Vec<&Moved> = moved
        .iter()
        .filter(|one| one.is_later_than_told() && is_told_of(case, terms, &one.clock))
        .collect();
    let dates = |language| -> Vec<String> {
        let sentences = later.iter();
        sentences
            .filter_map(|one| sentence(at, case, terms, one, language))
            .collect()
    };
    if dates(Language::English).is_empty() {
        return Ok(());
    }
    let says = InEach::of(|language| Says::DateChanged {
        dates: dates(language),
        reason: later
            .iter()
            .find_map(|one| public_reason(&one.because, language)),
    });
    let thread = last_thread(tx, case)?;
    for person in people_to_answer(tx, case)? {
        let telling = ToPerson {
            says: says.clone(),
            meets: None,
            dedupe_key: format!("terms:{}:{}:{}", asked.version, case.id, person.id),
            thread: &thread,
            send_at: at.now,
            is_automatic: true,
        };
        letters::tell_person(tx, at, case, Some(&person), telling)?;
    }
    Ok(())
}

/// The promise with its new date, then the one before it.
fn sentence(
    at: &Moment,
    case: &Case,
    terms: &Terms,
    moved: &Moved,
    language: Language,
) -> Option<String> {
    let zone = at.council.catalogue.calendar.zone();
    let by = |on: Option<Date>, due_at: Option<Timestamp>| {
        Some(wording::by_when(on?, due_at?, zone, language))
    };
    let new_by = by(moved.to_on, moved.to_at)?;
    let old_by = by(moved.told_on, moved.told_at)?;
    let what_we_do =
        letters::matter(at, case).and_then(|(_, category)| category.what_we_do.as_deref());
    let readings = clock::read(&case.facts, terms, at.now);
    let is_answer =
        answer_reading(case, terms, &readings).is_some_and(|one| one.name == moved.clock);
    let promise = if is_answer {
        letters::case_line(at, case, None, language, None).promise(what_we_do, &new_by, language)
    } else {
        letters::promise_beside(terms, &moved.clock, &new_by, language)
    };
    Some(wording::moved_promise(&promise, &old_by, language))
}

/// Why, in a sentence for the person; the council's own title of a day is for staff.
fn public_reason(because: &[Because], language: Language) -> Option<String> {
    because.iter().find_map(|one| match one {
        Because::NoLongerCounts { on, .. } => {
            let day = wording::day(*on, language);
            Some(match language {
                Language::English => format!("{day} is not a working day any more."),
                Language::Welsh => format!("Nid yw {day} yn ddiwrnod gwaith mwyach."),
            })
        }
        _ => None,
    })
}
