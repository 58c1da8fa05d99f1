//! The phone system and the telephone on an agent's desk: what is told of a call, whose it may be, and
//! calls back.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::contacts::find_case;
use super::dto::contact::{PersonLink, ReceiptObject};
use super::fields::{At, Id, Line, Text};
use super::operation::{Operation, get, post};
use super::problem::Problem;
use crate::casework::callbacks::{self, Promised};
use crate::casework::calls::{self, Answered};
use crate::casework::intake::Entry;
use crate::casework::views::CaseName;
use crate::casework::views::calls::{CallView, CallbackView, OnTheLine};
use crate::casework::{Failure, Fault, Moment, Tx, people};
use crate::channels::given::{Faults, Given, GivenPerson};
use crate::channels::telephony::{self, Told};
use crate::domain::access::{Act, Actor, Role, Scope, Verdict, may};
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Enquiry, Who};
use crate::domain::telephony::CallEventKind;

/// Something that happened to a call.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCallEvent {
    /// The phone system's own id of the call.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}$"))]
    pub call: String,
    pub event: CallEventKind,
    /// When it happened, by the phone system's clock.
    pub at: At,
    /// What was rung: a number or a name.
    #[serde(default)]
    pub line: Option<Line<100>>,
    /// Where it waits.
    #[serde(default)]
    pub queue: Option<Line<100>>,
    /// Whence it comes. What is no telephone number with its area code (`anonymous`, `999`, an extension)
    /// is not kept: the call then has none.
    #[serde(default)]
    pub number: Option<Line<400>>,
    /// Place among those that wait: 1 is next.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub position: Option<u32>,
    /// Who answered, as the phone system names them.
    #[serde(default)]
    pub agent: Option<Line<100>>,
}

/// What the phone system needs to know next.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallAnswered {
    pub call: CallView,
    /// While it waits: its place, 1 is next.
    pub position: Option<u32>,
    /// Null where too few calls were answered in the last half hour to tell.
    pub expected_wait_seconds: Option<i64>,
    /// To be spoken to whoever waits.
    pub say: Option<String>,
    /// Whether a call back is offered to them: a wait of five minutes or more, in opening hours.
    pub callback_offered: bool,
    /// Those who proved that the number is theirs, as far as you may know of them.
    pub people: Vec<OnTheLine>,
}

/// A call, and whose it may be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallShown {
    #[serde(flatten)]
    pub call: CallView,
    /// Those who proved that the number is theirs, as far as you may know of them.
    pub people: Vec<OnTheLine>,
}

/// Somebody wants to be rung.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCallback {
    /// The number to ring.
    pub number: Line<40>,
    #[serde(default)]
    pub name: Option<Line<200>>,
    /// Somebody on the books.
    #[serde(default)]
    pub person_id: Option<Id>,
    /// What it is about, in their words.
    #[serde(default)]
    pub about: Option<Text<2000>>,
    /// The case it is about: an id or a reference.
    #[serde(default)]
    pub case: Option<Line<100>>,
    /// The call they asked in. The same call asks once: another number or other words go to what it asked
    /// before.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}$"))]
    pub call: Option<String>,
    /// They left a message instead of waiting: where its recording is kept. Never fetched.
    #[serde(default)]
    pub recording: Option<Line<200>>,
}

/// A call back, promised.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallbackPromised {
    pub callback: CallbackView,
    pub contact: ContactId,
    /// The case it stands on. Null where you may not see it.
    pub case: Option<CaseName>,
    /// In place of `case`, for a matter that only a small team may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptObject>,
    pub person: Option<PersonLink>,
    /// What can be said to them.
    pub read_out: String,
}

/// A contact by its id.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ContactId {
    pub id: Id,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let staff = || {
        Access::staff(&[
            Role::Agent,
            Role::Officer,
            Role::TeamLeader,
            Role::HeadOfService,
        ])
        .or_scope(Scope::TelephonyWrite)
    };
    let call = || {
        json!({
            "id": "pbx-20261120-0042", "state": "waiting", "line": "01632 960110", "queue": "council-tax",
            "number": "+441632960123", "agent": null, "began_at": "2026-11-20T10:02:11Z", "answered_at": null,
            "abandoned_at": null, "ended_at": null, "wrapped_at": null, "waited_seconds": null,
            "first_position": 3, "position": 3, "contacts": [],
        })
    };
    let people = || {
        json!([{
            "id": "019a9f5e-7c00-7000-8000-000000000003", "name": "Ada Example", "kind": "resident",
            "instructions": [], "safe_contact": null, "is_deceased": false,
            "open_cases": [{
                "id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3", "subject": "Missed bin",
                "service": "waste-collection", "category": "missed-bin", "status": "new",
                "respond_on": "2026-11-24",
            }],
        }])
    };
    let mut shown = call();
    if let Some(members) = shown.as_object_mut() {
        members.insert("people".to_owned(), people());
    }
    vec![
        post("/v1/channels/telephony/events", take_event)
            .id("take_call_event")
            .summary("Tell what happened to a call")
            .description(
                "Events of one call may come in any order, and the same one again changes nothing: an event is \
                 known by call, kind, instant, place, line, queue and agent. While the call waits, the answer says \
                 what may be spoken to the caller; the expected wait is the pace at which calls of the same queue \
                 were answered in the half hour before, and is null where fewer than three were.",
            )
            .tag("Channels")
            .access(Access::scope(Scope::TelephonyWrite))
            .body::<NewCallEvent>()
            .answers::<CallAnswered>(200, "The call as it is now, and what the phone system may say.")
            .example_request(json!({
                "call": "pbx-20261120-0042", "event": "queued", "at": "2026-11-20T10:02:11Z",
                "line": "01632 960110", "queue": "council-tax", "number": "01632 960123", "position": 3,
            }))
            .example_response(json!({
                "call": call(), "position": 3, "expected_wait_seconds": 360,
                "say": "You are third in the queue. We expect to answer in about 6 minutes. We can ring you back \
                    instead.",
                "callback_offered": true, "people": people(),
            })),
        get("/v1/calls/{call}", show_call)
            .id("get_call")
            .summary("A call, and whose it may be")
            .description(
                "For the telephone on an agent's desk: who proved that the number is theirs, what to know before \
                 dealing with them, and their open cases, all as far as you may know of them. That they were looked \
                 at is put down in the audit.",
            )
            .tag("Channels")
            .access(staff())
            .path_note("call", "The phone system's own id.")
            .answers::<CallShown>(200, "The call.")
            .example_response(shown),
        post("/v1/callbacks", ask_callback)
            .id("ask_callback")
            .summary("Promise somebody a call back")
            .description(
                "It opens a case, or stands on the one named by `case`, and is a promise there with its own date and \
                 reminders: the end of the next working day. The person is told the date. It is kept by an outbound \
                 contact on that case with `outcome: spoke`; `no_answer` and `voicemail` count as tries, and the \
                 person is told that we rang. Asked once more in the same `call`, the promise stays one: what is new \
                 is put on its case, and read for danger as any message is.",
            )
            .tag("Intake")
            .access(staff())
            .body::<NewCallback>()
            .answers::<CallbackPromised>(201, "What was promised.")
            .answers::<CallbackPromised>(
                200,
                "It had been asked for in this call before. `contact` is what this added, where it said anything new.",
            )
            .example_request(json!({
                "number": "01632 960123", "name": "Ada Example", "about": "My council tax bill",
                "call": "pbx-20261120-0042",
            }))
            .example_response(json!({
                "callback": {
                    "id": "019a9f5e-7c00-7000-8000-000000000009", "clock": "respond",
                    "due_at": "2026-11-23T17:00:00Z", "due_on": "2026-11-23", "tries": 0, "kept_at": null,
                },
                "contact": {"id": "019a9f5e-7c00-7000-8000-000000000002"},
                "case": {"id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3"},
                "person": {"id": "019a9f5e-7c00-7000-8000-000000000003"},
                "read_out": "We will ring you by 5pm on Monday 23 November 2026. Your reference is 4X7-K92-MQ3.",
            })),
    ]
}

async fn take_event(call: Call) -> Result<Answer, Problem> {
    let sent: NewCallEvent = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let event = telephony::read(sent.told(), at.now).map_err(|faults| {
                Failure::Invalid(faults.into_iter().map(Fault::from).collect())
            })?;
            calls::take(tx, at, &actor, &sent.call, &event)
        },
        |answered| Answer::ok(&CallAnswered::of(answered)),
    )
    .await
}

async fn show_call(call: Call) -> Result<Answer, Problem> {
    let id = call.path("call").to_owned();
    let actor = call.actor.clone();
    let named = id.clone();
    let shown = call
        .read(move |conn, at| calls::show(conn, at, &actor, &named))
        .await?;
    let found = |person: &OnTheLine| format!("person:{}", person.id);
    call.note_looks("call.read", vec![calls::object(&id)])
        .await?;
    call.note_looks("person.found", shown.people.iter().map(found).collect())
        .await?;
    let marked = shown
        .people
        .iter()
        .filter(|person| person.instructions.iter().any(|one| one.is_of_marker()));
    call.note_looks("person.markers_read", marked.map(found).collect())
        .await?;
    Ok(Answer::ok(&CallShown {
        call: shown.call,
        people: shown.people,
    }))
}

async fn ask_callback(call: Call) -> Result<Answer, Problem> {
    let sent: NewCallback = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let (enquiry, entry) = read_callback(tx, at, &actor, &sent)?;
            let promised = callbacks::ask(tx, at, &enquiry, &entry)?;
            Ok((
                CallbackPromised::of(at, &actor, &promised),
                promised.was_promised,
            ))
        },
        |(promised, was_promised)| Answer::json(if *was_promised { 200 } else { 201 }, promised),
    )
    .await
}

/// A number that an agent took down, having spoken with them, is theirs; one that was keyed in is not
/// proved to be.
fn read_callback(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    sent: &NewCallback,
) -> Result<(Enquiry, Entry), Failure> {
    let channel = match sent.recording {
        Some(_) => Channel::Voicemail,
        None => Channel::Phone,
    };
    let mut enquiry = Enquiry::new(channel, at.now);
    let mut faults = Faults::default();
    let given = Given {
        subject: Some("Call back".to_owned()),
        body: Some(telephony::wish(sent.about.as_deref(), &sent.number)),
        person: Some(GivenPerson {
            name: sent.name.as_deref().map(str::to_owned),
            phone: Some(sent.number.to_string()),
            ..GivenPerson::default()
        }),
        ..Given::default()
    };
    given.read_into(&mut enquiry, actor.user().is_some(), &mut faults);
    let mut found: Vec<Fault> = faults
        .into_vec()
        .into_iter()
        .map(|one| Fault {
            pointer: one
                .pointer
                .replace("/person/phone", "/number")
                .replace("/person/name", "/name"),
            ..Fault::from(one)
        })
        .collect();
    if let Some(id) = sent.person_id {
        match people::find_for(tx, at, actor, id.0.into()) {
            Ok(person) => enquiry.who = Who::Known(person.id),
            Err(Failure::Missing) => found.push(Fault {
                pointer: "/person_id".to_owned(),
                code: "unknown_value",
                detail: "There is no person with this id, or none you may look up.".to_owned(),
            }),
            Err(other) => return Err(other),
        }
    }
    let case = match sent
        .case
        .as_deref()
        .map(|case| find_case(tx, at, actor, case))
        .transpose()?
    {
        Some(Ok(case)) => Some(case),
        Some(Err(fault)) => {
            found.push(fault);
            None
        }
        None => None,
    };
    if !found.is_empty() {
        return Err(Failure::Invalid(found));
    }
    enquiry.recording = sent.recording.as_deref().map(str::to_owned);
    enquiry.call.clone_from(&sent.call);
    enquiry.external_id = sent.call.as_ref().map(|call| format!("callback:{call}"));
    let own = Entry::by(actor.clone());
    let entry = Entry {
        case,
        same_id_is_same: true,
        // Asked by the phone system and once more of the agent, one call asks once.
        source: match sent.call {
            Some(_) => "call".to_owned(),
            None => own.source.clone(),
        },
        ..own
    };
    Ok((enquiry, entry))
}

impl NewCallEvent {
    fn told(&self) -> Told {
        let line = |text: &Option<Line<100>>| text.as_deref().map(str::to_owned);
        Told {
            kind: self.event,
            at: self.at.0,
            line: line(&self.line),
            queue: line(&self.queue),
            number: self.number.as_deref().map(str::to_owned),
            position: self.position,
            agent: line(&self.agent),
        }
    }
}

impl CallAnswered {
    fn of(answered: &Answered) -> Self {
        let place = answered.place.as_ref();
        Self {
            call: answered.call.clone(),
            position: place.map(|place| place.position),
            expected_wait_seconds: place.and_then(|place| place.expected_wait_seconds),
            say: place.map(|place| place.say.clone()),
            callback_offered: place.is_some_and(|place| place.callback_offered),
            people: answered.people.clone(),
        }
    }
}

impl CallbackPromised {
    fn of(at: &Moment, actor: &Actor, promised: &Promised) -> Self {
        let (received, callback) = (&promised.received, &promised.callback);
        let visible = received
            .case
            .as_ref()
            .filter(|filed| may(actor, Act::Read, &filed.case, true) == Verdict::Allow);
        let due_on: Date = at.council.catalogue.calendar.date_of(callback.due_at);
        let reference = visible.map(|filed| filed.case.reference.to_string());
        // What is asked in one call may be harmless first, and then not.
        let is_danger = received
            .case
            .as_ref()
            .is_some_and(|filed| filed.case.is_in_danger());
        let read_out = if received.is_danger || is_danger || received.receipt.is_some() {
            received.read_out.clone()
        } else {
            let said = format!("We will ring you by {}.", promised.by);
            match &reference {
                Some(reference) => format!("{said} Your reference is {reference}."),
                None => said,
            }
        };
        Self {
            callback: CallbackView {
                id: callback.id.0,
                clock: callback.clock.clone(),
                due_at: callback.due_at,
                due_on,
                tries: u32::try_from(callback.n_tries).unwrap_or_default(),
                kept_at: callback.kept_at,
            },
            contact: ContactId {
                id: received.contact.id.0.into(),
            },
            case: visible.map(|filed| CaseName {
                id: filed.case.id.0,
                reference: filed.case.reference.to_string(),
            }),
            receipt: received.receipt.as_ref().map(ReceiptObject::of),
            person: received.person.as_ref().map(|person| PersonLink {
                id: person.id.0.into(),
            }),
            read_out,
        }
    }
}
