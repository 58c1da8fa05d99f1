//! Web chats that have ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::contacts::{answer_for, find_case};
use super::dto::contact::{ContactReceived, ContactStub, PersonGiven};
use super::fields::{At, Id, Line};
use super::operation::{Operation, post};
use super::problem::Problem;
use crate::casework::chats::{self, Chatted};
use crate::casework::intake::Entry;
use crate::casework::{Failure, Fault, people};
use crate::channels::given::Given;
use crate::channels::webchat::{self, Chat};
use crate::domain::access::Scope;
use crate::domain::contact::Disposition;
use crate::domain::enquiry::{Speaker, Turn, Who};

/// A chat that has ended.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTranscript {
    /// The chat tool's own id. The same one again answers with what it made before.
    #[schemars(length(min = 1))]
    pub external_id: Line<200>,
    /// Unsaid: the first turn.
    #[serde(default)]
    pub started_at: Option<At>,
    /// In their order.
    #[schemars(length(min = 1, max = 2000))]
    pub turns: Vec<TurnGiven>,
    /// Whether the person agreed that what was said is kept. Without it only that there was a chat is
    /// kept, unless they said that somebody is in danger.
    pub consent_to_keep: bool,
    /// Cleaned as the turns are.
    #[serde(default)]
    #[schemars(length(max = 200), extend("format" = "cleaned"))]
    pub subject: Option<String>,
    /// The language it is in: a BCP 47 tag.
    #[serde(default)]
    #[schemars(
        length(max = 35),
        regex(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
    )]
    pub language: Option<String>,
    #[serde(default)]
    pub person: Option<PersonGiven>,
    /// Somebody on the books, in place of `person`.
    #[serde(default)]
    pub person_id: Option<Id>,
    /// The case it joins: an id or a reference.
    #[serde(default)]
    pub case: Option<Line<100>>,
    /// The slug of a service, when somebody chose one.
    #[serde(default)]
    pub service: Option<Line<100>>,
    /// The slug of a category of that service.
    #[serde(default)]
    pub category: Option<Line<100>>,
}

/// One turn of a chat. An adviser's name has no place in it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnGiven {
    pub who: Speaker,
    pub at: At,
    /// Control characters are cleaned away, as in a mail.
    #[schemars(length(max = 10_000), extend("format" = "cleaned"))]
    pub words: String,
}

/// What became of a chat.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TranscriptTaken {
    Taken(Box<ContactReceived>),
    NotKept(TranscriptNotKept),
}

/// A chat of which nothing is kept but that there was one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TranscriptNotKept {
    pub contact: ContactStub,
    /// `stored`.
    pub disposition: Disposition,
}

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/channels/webchat/transcripts", take_transcript)
            .id("take_transcript")
            .summary("Take in a web chat that has ended")
            .description(
                "One contact, read by what the person said: an adviser's questions place nothing and raise no \
                 alarm. Staff read the whole of it under `detail.transcript`; the person's own page shows none of \
                 it. Without `consent_to_keep` it is `stored` without a word, unless somebody is in danger. Sent again \
                 under the same `external_id` with consent, it is kept from then on.",
            )
            .tag("Channels")
            .access(Access::scope(Scope::WebchatWrite))
            .body::<NewTranscript>()
            .answers::<TranscriptTaken>(201, "The contact, and the case it opened or joined.")
            .answers::<TranscriptTaken>(200, "It had been taken in before under this `external_id`.")
            .refuses(&[409])
            .example_request(json!({
                "external_id": "chat-88121", "consent_to_keep": true,
                "turns": [
                    {"who": "adviser", "at": "2026-11-20T16:50:00Z", "words": "Hello, how can I help?"},
                    {"who": "person", "at": "2026-11-20T16:50:30Z", "words": "My black bin was missed today."},
                ],
                "person": {"name": "Ada Example", "email": "ada@mail.example"},
            }))
            .example_response(json!({
                "contact": {
                    "id": "019a9f5e-7c00-7000-8000-000000000002", "channel": "webchat",
                    "received_at": "2026-11-20T16:50:00Z", "counted_from_on": null,
                },
                "disposition": "stored",
            })),
    ]
}

async fn take_transcript(call: Call) -> Result<Answer, Problem> {
    let sent: NewTranscript = call.json()?;
    let actor = call.actor.clone();
    call.commit(
        move |tx, at| {
            let read = webchat::read(sent.chat(), at.now);
            let mut enquiry = read.enquiry;
            let mut found: Vec<Fault> = webchat::renamed(read.faults)
                .into_iter()
                .map(Fault::from)
                .collect();
            if let Some(id) = sent.person_id {
                match people::find_for(tx, at, &actor, id.0.into()) {
                    Ok(person) => enquiry.who = Who::Known(person.id),
                    Err(Failure::Missing) => found.push(Fault {
                        pointer: "/person_id".to_owned(),
                        code: "unknown_value",
                        detail: "There is no person with this id, or none you may look up."
                            .to_owned(),
                    }),
                    Err(other) => return Err(other),
                }
            }
            let mut entry = Entry::by(actor.clone());
            match sent
                .case
                .as_deref()
                .map(|case| find_case(tx, at, &actor, case))
                .transpose()?
            {
                Some(Ok(case)) => entry.case = Some(case),
                Some(Err(fault)) => found.push(fault),
                None => {}
            }
            if !found.is_empty() {
                return Err(Failure::Invalid(found));
            }
            Ok(
                match chats::receive(tx, at, &enquiry, &entry, sent.consent_to_keep)? {
                    Chatted::Taken(received) => {
                        let is_repeat = received.is_duplicate;
                        let answered = answer_for(tx, at, &actor, *received)?;
                        (TranscriptTaken::Taken(Box::new(answered)), is_repeat)
                    }
                    Chatted::NotKept { contact, is_repeat } => {
                        let kept = TranscriptNotKept {
                            disposition: contact.disposition,
                            contact: ContactStub::of(&contact),
                        };
                        (TranscriptTaken::NotKept(kept), is_repeat)
                    }
                },
            )
        },
        |(taken, is_repeat)| Answer::json(if *is_repeat { 200 } else { 201 }, taken),
    )
    .await
}

impl NewTranscript {
    fn chat(&self) -> Chat {
        let line = |text: &Option<Line<100>>| text.as_deref().map(str::to_owned);
        Chat {
            external_id: self.external_id.to_string(),
            started_at: self.started_at.map(|at| at.0),
            turns: self
                .turns
                .iter()
                .map(|turn| Turn {
                    who: turn.who,
                    at: turn.at.0,
                    words: turn.words.clone(),
                })
                .collect(),
            given: Given {
                subject: self.subject.clone(),
                language: self.language.clone(),
                person: self.person.clone().map(PersonGiven::into_given),
                service: line(&self.service),
                category: line(&self.category),
                ..Given::default()
            },
        }
    }
}
