//! Enquiries of councillors and of an MP, one in each state, each with the case of the service beside
//! it. They come in as mail, as they would anywhere.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Staff, history, moment};
use crate::casework::actions::{self, Target};
use crate::casework::{Desk, Failure, Moment, mail_in};
use crate::channels::email_in::Envelope;
use crate::domain::access::{Act, Actor, User};
use crate::domain::calendar::REMINDER_HOUR;
use crate::domain::case::{Case, LinkKind, Outcome, ReplyKind};
use crate::domain::ids::CaseId;
use crate::domain::lifecycle::{AcknowledgedBy, Command};
use crate::domain::member::ConsentHow;
use crate::store::{Tx, cases};

/// One enquiry and what became of it.
struct Story {
    from: &'static str,
    subject: &'static str,
    words: &'static str,
    /// Working days before the demo was loaded.
    days_ago: u32,
    then: &'static [Then],
}

/// Something that happened to it, a few working hours after what went before.
#[derive(Clone, Copy)]
enum Then {
    Taken,
    Acknowledged,
    Asked(&'static str),
    ServiceAnswered(&'static str),
    Consented,
    ToldGeneralThings(&'static str),
    Answered(&'static str),
    Closed,
}

const WILFRED: &str = "Cllr Wilfred Osgathorpe <cllr.wilfred.osgathorpe@council.example>";
const PARVEEN: &str = "Cllr Parveen Lindqvist <cllr.parveen.lindqvist@council.example>";
const CASEWORKER: &str = "Helen Marsh <helen.marsh@parliament.example>";

const STORIES: &[Story] = &[
    Story {
        from: WILFRED,
        subject: "Street light out on Vale Terrace",
        words: "The street light outside 4 Vale Terrace has been out since the weekend. When will it be mended?",
        days_ago: 0,
        then: &[],
    },
    Story {
        from: PARVEEN,
        subject: "Repair at a house on Beck Row",
        words: "Mrs Obi's daughter has told me about a repair at 3 Beck Row, a council house: the kitchen tap has \
                dripped since October and the plumber never came back to fix the washer. When will the repair be done?",
        days_ago: 3,
        then: &[Then::Taken, Then::Acknowledged],
    },
    Story {
        from: PARVEEN,
        subject: "Bins on Foundry Street",
        words: "Mr Amadi has asked me why his black bin was not emptied again. Could it be collected, please?",
        days_ago: 2,
        then: &[
            Then::Taken,
            Then::Acknowledged,
            Then::Asked("At which of the two gates does he put it out?"),
        ],
    },
    Story {
        from: CASEWORKER,
        subject: "Our ref PW/3316",
        words: "Dear colleague, I write on behalf of my constituent, Mr Blandford, about a pothole in the road \
                outside 9 Dairy Lane. He reported the pothole in September and it has not been filled. I would be grateful for your comments. Helen Marsh, Senior \
                Caseworker to Oliver Stratton-Keane MP",
        days_ago: 4,
        then: &[
            Then::Taken,
            Then::Acknowledged,
            Then::ServiceAnswered(
                "The pothole was filled last week; the road is on the list for a new surface.",
            ),
            Then::Answered(
                "The pothole has been filled, and the road is to have a new surface in the spring.",
            ),
        ],
    },
    Story {
        from: WILFRED,
        subject: "Fly-tipping behind the shops",
        words: "I am worried about an elderly man at 12 Mill Lane: there is fly-tipping behind his fence again, \
                mattresses and a fridge. Will it be cleared?",
        days_ago: 9,
        then: &[
            Then::Taken,
            Then::Acknowledged,
            Then::ToldGeneralThings(
                "We clear fly-tipping on our land within five working days of a report.",
            ),
            Then::Consented,
            Then::Answered("It has been cleared, and we have told the man at number 12."),
            Then::Closed,
        ],
    },
];

/// Takes them in and lets happen what happened.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn deliver(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    staff: &Staff,
    loaded_at: Timestamp,
) -> Result<(), Failure> {
    for (number, story) in STORIES.iter().enumerate() {
        file(tx, desk, staff, (number, story), loaded_at)?;
    }
    Ok(())
}

fn file(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    staff: &Staff,
    (number, story): (usize, &Story),
    loaded_at: Timestamp,
) -> Result<(), Failure> {
    let council = desk.council();
    let calendar = &council.catalogue.calendar;
    let office = calendar.office();
    let today = calendar.date_of(loaded_at);
    let on = match story.days_ago {
        0 => office.last_open_day(today),
        days => office.subtract_working_days(today, days),
    };
    let latest = loaded_at - SignedDuration::from_mins(30);
    let mut at = calendar.instant(on, REMINDER_HOUR).min(latest);
    let Some(first) = take_in(tx, &moment(desk, at), number, story)? else {
        return Err(anyhow::anyhow!("the enquiry “{}” opened no case", story.subject).into());
    };
    let beside = cases::related(tx, &Actor::System.sight(), first)?;
    let own = beside
        .into_iter()
        .find(|(kind, _)| *kind == LinkKind::About)
        .map(|(_, filed)| filed.case.id);
    let opened: Vec<CaseId> = std::iter::once(first).chain(own).collect();
    for case in &opened {
        history::deliver(tx, &moment(desk, at), *case)?;
    }
    for then in story.then {
        at = office.add_working_hours(at, 2);
        // What would be later than the first start has not happened yet.
        if at >= loaded_at {
            break;
        }
        let now = moment(desk, at);
        let case = match (then, own) {
            (Then::ServiceAnswered(_), Some(own)) => own,
            _ => first,
        };
        act(tx, &now, staff, number, case, *then)?;
        for case in &opened {
            history::deliver(tx, &now, *case)?;
        }
    }
    for case in opened {
        history::pass(tx, desk, case, loaded_at)?;
    }
    Ok(())
}

fn take_in(
    tx: &mut Tx<'_>,
    at: &Moment,
    number: usize,
    story: &Story,
) -> Result<Option<CaseId>, Failure> {
    let to = &at.council.catalogue.council.mail.from_address;
    let raw = format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <demo-member-{number}@mail.example>\r\n\
         Date: {date}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n",
        from = story.from,
        subject = story.subject,
        date = at.now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        words = story.words,
    );
    let envelope = Envelope {
        recipient: Some(to.clone()),
        sender: None,
    };
    let delivery = mail_in::read(at, raw, envelope);
    let taken = mail_in::receive(tx, at, &Actor::System, &delivery)?;
    Ok(taken.case.map(|filed| filed.case.id))
}

fn act(
    tx: &mut Tx<'_>,
    at: &Moment,
    staff: &Staff,
    number: usize,
    case: CaseId,
    then: Then,
) -> Result<(), Failure> {
    let target = Target::Id(case);
    let filed = actions::find(tx, &Actor::System, &target, Act::Read)?;
    let Some(officer) = staff.officer(&filed.case.queue, number) else {
        return Ok(());
    };
    let command = command(at, &filed.case, officer, then);
    actions::act(
        tx,
        at,
        &Actor::User(officer.clone()),
        &target,
        &command,
        None,
    )
    .map(|_| ())
}

fn command(at: &Moment, case: &Case, officer: &User, then: Then) -> Command {
    let reply = |text: &str, general_only| Command::Reply {
        text: text.to_owned(),
        kind: ReplyKind::Substantive,
        outcome: Some(
            if case.procedure == crate::domain::case::Procedure::MemberEnquiry {
                Outcome::Answered
            } else {
                Outcome::Resolved
            },
        ),
        general_only,
    };
    match then {
        Then::Taken => Command::Assign {
            owner: Some(officer.id),
        },
        Then::Acknowledged => Command::Acknowledge {
            how: AcknowledgedBy::Email,
            text: Some("Thank you. I have asked the service and will write again.".to_owned()),
        },
        Then::Asked(text) => Command::Ask {
            text: text.to_owned(),
            resume_on: at
                .council
                .catalogue
                .calendar
                .office()
                .add_working_days(at.today(), 10),
        },
        Then::ServiceAnswered(text) | Then::Answered(text) => reply(text, false),
        Then::ToldGeneralThings(text) => reply(text, true),
        Then::Consented => Command::RecordConsent {
            is_given: true,
            how: ConsentHow::Verbal,
            who: None,
            on: at.today(),
        },
        Then::Closed => Command::Close {
            outcome: Outcome::Answered,
        },
    }
}
