//! People of whom something must be known before dealing with them, each on a case of their own:
//! somebody who is visited in pairs, somebody who may be rung and nothing else, somebody who reads
//! Welsh in large print, a secretary who writes for her association, and a man whom a form has put on
//! the books a second time.

use std::sync::Arc;

use jiff::{SignedDuration, Span, Timestamp};

use super::{Staff, history, moment};
use crate::casework::actions::Owner;
use crate::casework::intake::{self, Entry};
use crate::casework::people::{self, Change, marking, organisations};
use crate::casework::{Desk, Failure, Moment};
use crate::domain::access::Actor;
use crate::domain::contact::{Channel, Location};
use crate::domain::enquiry::{Described, Enquiry, Who};
use crate::domain::ids::PersonId;
use crate::domain::person::marker::MarkerKind;
use crate::domain::person::{Address, OrganisationKind, PersonKind, Preferences};
use crate::store::Tx;

/// Long enough ago to have been read, and not yet late.
const SOME_HOURS_AGO: SignedDuration = SignedDuration::from_hours(3);

struct Wrote {
    who: Described,
    channel: Channel,
    category: &'static str,
    subject: &'static str,
    body: &'static str,
}

/// Puts them on the books.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn add(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    staff: &Staff,
    loaded_at: Timestamp,
) -> Result<(), Failure> {
    let (Some(agent), Some(officer)) = (staff.agent(0), staff.officer("waste-ops", 0)) else {
        return Ok(());
    };
    let (agent, officer) = (Actor::User(agent.clone()), Actor::User(officer.clone()));
    let at = moment(desk, loaded_at - SOME_HOURS_AGO);
    let add =
        |tx: &mut Tx<'_>, actor: &Actor, wrote: Wrote| log(tx, desk, &at, actor, wrote, loaded_at);

    let visited = add(
        tx,
        &agent,
        Wrote {
            who: resident(
                "Silas Underhay",
                "silas.underhay",
                "07700 900201",
                "9 Weir Lane",
                "ZZ6 2AA",
            ),
            channel: Channel::Phone,
            category: "missed-bin",
            subject: "Assisted collection missed",
            body: "Nobody came to the door for his bin this week, though it is on the list.",
        },
    )?;
    let pairs = marking::NewMarker {
        kind: MarkerKind::StaffSafety,
        purpose: "A dog at this address has bitten a visitor.".to_owned(),
        instruction: "Visit in pairs, and ring before going in".to_owned(),
        owner: Owner::Me,
        review_on: at.today().saturating_add(Span::new().days(100)),
    };
    marking::place(tx, &at, &officer, visited, &pairs)?;

    let rung = add(
        tx,
        &agent,
        Wrote {
            who: resident(
                "Meredith Harrow",
                "meredith.harrow",
                "07700 900202",
                "31 Linnet Way",
                "ZZ2 5AA",
            ),
            channel: Channel::Phone,
            category: "missed-bin",
            subject: "Black bin not emptied",
            body: "Her black bin was not emptied. Please ring her mobile only, in the mornings.",
        },
    )?;
    change(
        tx,
        &at,
        &officer,
        rung,
        Change {
            safe_contact: Some(Some(vec!["07700 900202".to_owned()])),
            ..Change::default()
        },
    )?;

    let reads_welsh = add(
        tx,
        &agent,
        Wrote {
            who: resident(
                "Gwenllian Rowlands",
                "gwenllian.rowlands",
                "01632 960203",
                "2 Chandler Row",
                "ZZ3 1AA",
            ),
            channel: Channel::Phone,
            category: "missed-bin",
            subject: "Recycling left behind",
            body: "The boxes were left at the kerb. She asks us to write in Welsh, in large print.",
        },
    )?;
    change(
        tx,
        &at,
        &officer,
        reads_welsh,
        Change {
            preferences: Some(Preferences {
                channel: Some("post".to_owned()),
                language: Some("cy".to_owned()),
                format: Some("large_print".to_owned()),
            }),
            ..Change::default()
        },
    )?;

    let said = organisations::Said {
        name: Some("Larkfield Residents' Association".to_owned()),
        kind: Some(OrganisationKind::CommunityGroup),
        email: Some("secretary@larkfield-residents.example".to_owned()),
        phone: Some("01632 960204".to_owned()),
        address: None,
    };
    let association = organisations::add(tx, &at, &officer, &said)?;
    let secretary = add(
        tx,
        &agent,
        Wrote {
            who: Described {
                kind: Some(PersonKind::CommunityGroup),
                ..resident(
                    "Odette Farrant",
                    "odette.farrant",
                    "07700 900204",
                    "18 Larkfield Rise",
                    "ZZ1 4LR",
                )
            },
            channel: Channel::Phone,
            category: "missed-bin",
            subject: "Communal bins at Larkfield Rise",
            body: "For the residents' association: the communal bins have been full since Friday.",
        },
    )?;
    change(
        tx,
        &at,
        &officer,
        secretary,
        Change {
            organisation: Some(Some(association.id)),
            ..Change::default()
        },
    )?;

    let twice = resident(
        "Tobias Quenby",
        "tobias.quenby",
        "07700 900205",
        "5 Orchard Croft",
        "ZZ1 6AA",
    );
    let stranger = Actor::Anonymous {
        address: "192.0.2.45".to_owned(),
    };
    for (actor, who, channel) in [
        (&agent, twice.clone(), Channel::Phone),
        // What a form says proves nothing: it is a record of its own, proposed as his.
        (
            &stranger,
            Described {
                name: Some("Tobias Quenbey".to_owned()),
                phone: None,
                address: None,
                is_verified: false,
                ..twice
            },
            Channel::WebForm,
        ),
    ] {
        let wrote = Wrote {
            who,
            channel,
            category: "missed-bin",
            subject: "Garden bin",
            body: "The garden bin was left full on Friday.",
        };
        add(tx, actor, wrote)?;
    }
    Ok(())
}

fn resident(name: &str, local: &str, phone: &str, line: &str, postcode: &str) -> Described {
    Described {
        name: Some(name.to_owned()),
        kind: Some(PersonKind::Resident),
        email: Some(format!("{local}@mail.example")),
        phone: Some(phone.to_owned()),
        address: Some(Address {
            lines: vec![line.to_owned(), "Northmere".to_owned()],
            postcode: Some(postcode.to_owned()),
            uprn: None,
        }),
        organisation: None,
        is_verified: true,
    }
}

fn log(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    at: &Moment,
    actor: &Actor,
    wrote: Wrote,
    loaded_at: Timestamp,
) -> Result<PersonId, Failure> {
    let mut enquiry = Enquiry::new(wrote.channel, at.now);
    enquiry.subject = wrote.subject.to_owned();
    enquiry.body = wrote.body.to_owned();
    enquiry.service = Some("waste-collection".to_owned());
    enquiry.category = Some(wrote.category.to_owned());
    enquiry.location = wrote.who.address.as_ref().map(|address| Location {
        description: address.lines.first().cloned(),
        ..Location::default()
    });
    enquiry.who = Who::Described(wrote.who);
    let entry = Entry {
        source: "samples".to_owned(),
        ..Entry::by(actor.clone())
    };
    let received = intake::receive(tx, at, &enquiry, &entry)?;
    let (Some(person), Some(case)) = (received.contact.person, received.contact.case) else {
        return Err(anyhow::anyhow!("{} made no case", wrote.subject).into());
    };
    history::deliver(tx, at, case)?;
    history::pass(tx, desk, case, loaded_at)?;
    Ok(person)
}

fn change(
    tx: &mut Tx<'_>,
    at: &Moment,
    officer: &Actor,
    person: PersonId,
    what: Change,
) -> Result<(), Failure> {
    people::change(tx, at, officer, person, &what, None).map(drop)
}
