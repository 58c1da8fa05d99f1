//! The end of a term. Access and recognition end by the date itself; here it is said: on the
//! timeline of what is still open, and to the team, who decide what becomes of it. Nothing is given
//! to another councillor.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::beside::keeper;
use crate::casework::desk::{Desk, Moment};
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::promises::{Written, answer_reading, settle_by, terms_of};
use crate::domain::access::{Actor, Role, Sight};
use crate::domain::case::Procedure;
use crate::domain::clock;
use crate::domain::ids::UserId;
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::notice::{Says, StaffItem};
use crate::domain::person::PersonKind;
use crate::domain::wording;
use crate::store::cases::{Filter, Order};
use crate::store::{Tx, cases, members, people, users};

/// More enquiries than one member has open.
const MOST: i64 = 1_000;

/// Sees to every member whose term has ended, one transaction for each. Says how many there were.
///
/// # Errors
/// When they cannot be read or written; whoever is left is seen to the next time.
pub async fn end_terms(desk: &Arc<Desk>) -> Result<usize, Failure> {
    let leaving = desk
        .read(|conn, at| Ok(members::leaving(conn, at.today())?))
        .await?;
    let mut n_left = 0;
    for user in leaving {
        let has_left = desk.perform(move |tx, at| leave(tx, at, user)).await?;
        n_left += usize::from(has_left);
    }
    Ok(n_left)
}

fn leave(tx: &mut Tx<'_>, at: &Moment, user: UserId) -> Result<bool, Failure> {
    let office = super::office_of(tx, user)?;
    let Some(last_day) = office.term_ends_on.filter(|last| *last < at.today()) else {
        return Ok(false);
    };
    if !members::note_left(tx, user, at.now)? {
        return Ok(false);
    }
    let Some(account) = users::find(tx, user)?.filter(|one| one.user.role == Role::Councillor)
    else {
        return Ok(false);
    };
    users::revoke_all(tx, user, crate::casework::accounts::real_now())?;
    let email = account.user.email;
    for (person, _) in people::identified_by(tx, "email", &email)? {
        if person.kind == PersonKind::Councillor {
            let read_version = person.version;
            let resident = people::Person {
                kind: PersonKind::Resident,
                updated_at: at.now,
                version: read_version + 1,
                ..person
            };
            people::update(tx, &resident, read_version)?;
        }
    }
    let raised = Sight {
        raised_by: Some(email),
        ..Actor::Anonymous {
            address: String::new(),
        }
        .sight()
    };
    let enquiries = Filter {
        procedure: Some(Procedure::MemberEnquiry.to_string()),
        status: ["new", "open", "waiting", "responded"]
            .map(str::to_owned)
            .to_vec(),
        ..Filter::default()
    };
    let mut told: BTreeMap<String, Vec<StaffItem>> = BTreeMap::new();
    for filed in cases::list(tx, &raised, &enquiries, Order::Received, None, MOST)? {
        let terms = terms_of(tx, at, &filed.case)?;
        let read_revision = filed.case.revision;
        let mut case = filed.case;
        let event = Event::MemberLeft { on: last_day };
        lifecycle::apply(&mut case, &event, &terms, By::System, at.now);
        let label = Actor::System.label();
        let written = Written::Changed { read_revision };
        let settled = settle_by(tx, at, case, &terms, vec![event], &label, written)?;
        let case = &settled.filed.case;
        let readings = clock::read(&case.facts, &terms, at.now);
        let item = letters::staff_item(tx, at, case, answer_reading(case, &terms, &readings))?;
        if let Some(email) = keeper(tx, at, case)? {
            told.entry(email).or_default().push(item);
        }
    }
    let send_at = at.council.catalogue.calendar.next_sending_time(at.now);
    for (email, items) in told {
        let says = Says::MemberLeft {
            items,
            left_on: wording::on_day(last_day),
        };
        let key = format!("member-left:{user}:{last_day}:{email}");
        letters::tell_staff(tx, at, None, &email, says, key, send_at)?;
    }
    Ok(true)
}
