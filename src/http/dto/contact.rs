//! Contacts as they are sent and answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::casework::intake::Received;
use crate::casework::views::case::{CaseView, RelatedCase};
use crate::casework::views::incidents::KnownIncident;
use crate::casework::{Contact, Filed, Moment, Receipt};
use crate::channels::given::{Given, GivenOnBehalfOf, GivenPerson};
use crate::channels::logged::Logged;
use crate::domain::case::{Candidate, Priority, Procedure, Status};
use crate::domain::contact::{CallOutcome, Channel, Direction, Location};
use crate::domain::identity::{AskedFor, CheckResult, CheckedHow};
use crate::domain::ids::AttachmentId;
use crate::domain::member::ConsentHow;
use crate::domain::person::{Address, PersonKind};
use crate::domain::routing::{Matter, Offer, Placement};
use crate::http::fields::{At, Id, Line, On, Text};

/// A contact to log.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct NewContact {
    pub channel: Channel,
    /// When it reached the council; unsaid: now. At most five minutes ahead and two years back.
    #[serde(default)]
    pub received_at: Option<At>,
    #[serde(flatten)]
    pub matter: MatterGiven,
    /// Somebody on the books, in place of `person`.
    #[serde(default)]
    pub person_id: Option<Id>,
    /// The case it joins: an id or a reference.
    #[serde(default)]
    pub case: Option<Line<100>>,
    /// Who was speaking was asked to show who they are.
    #[serde(default)]
    pub identity_check: Option<IdentityCheckGiven>,
    /// It was acknowledged while it was being logged.
    #[serde(default)]
    pub acknowledged: Option<AcknowledgedGiven>,
    /// Unsaid: `inbound`. What goes out joins a case.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// How a call or visit of ours ended.
    #[serde(default)]
    pub outcome: Option<CallOutcome>,
    /// The number the person saw when we rang.
    #[serde(default)]
    pub number_presented: Option<Line<40>>,
    /// The telephone call it was said in: the phone system's own id, whether anything was told of the
    /// call yet or not.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}$"))]
    pub call: Option<String>,
    /// Where the recording of it is kept, by a reference of the phone system's. Never fetched.
    #[serde(default)]
    pub recording: Option<Line<200>>,
    /// Where a visit took place: the slug of an access point.
    #[serde(default)]
    pub access_point: Option<Line<100>>,
    /// Why it was made: a code of `GET /v1/contact-reasons`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub contact_reason: Option<Line<60>>,
    /// The sender's own number for it. The same one again answers with what it made before.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub external_id: Option<Line<200>>,
    /// The open incident it belongs to, because whoever logs it says so.
    #[serde(default)]
    pub incident: Option<Id>,
}

/// What somebody who spoke to us was asked, to show who they are; never what they answered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct IdentityCheckGiven {
    pub how: CheckedHow,
    pub result: CheckResult,
    #[schemars(length(min = 1, max = 10))]
    pub asked: Vec<AskedFor>,
}

/// What it is about. `subject` or `body` is needed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct MatterGiven {
    /// One line.
    #[serde(default)]
    pub subject: Option<Line<200>>,
    /// In their own words.
    #[serde(default)]
    pub body: Option<Text<100_000>>,
    /// The language it is in, or they want to be answered in: a BCP 47 tag.
    #[serde(default)]
    #[schemars(
        length(max = 35),
        regex(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
    )]
    pub language: Option<String>,
    #[serde(default)]
    pub person: Option<PersonGiven>,
    #[serde(default)]
    pub on_behalf_of: Option<OnBehalfOfGiven>,
    /// The slug of a service, when somebody chose one.
    #[serde(default)]
    pub service: Option<Line<100>>,
    /// The slug of a category of that service.
    #[serde(default)]
    pub category: Option<Line<100>>,
    #[serde(default)]
    pub location: Option<Location>,
    /// The category's own questions, answered.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 100))]
    pub fields: Map<String, Value>,
    /// Files sent ahead to `/v1/attachments` or `/v1/public/attachments`, by id, in their order.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub attachments: Vec<Id>,
}

/// Who it is from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct PersonGiven {
    #[serde(default)]
    pub name: Option<Line<200>>,
    #[serde(default)]
    pub kind: Option<PersonKind>,
    #[serde(default)]
    #[schemars(email, length(max = 254))]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<Line<40>>,
    #[serde(default)]
    pub address: Option<Address>,
    /// For whom they write.
    #[serde(default)]
    pub organisation: Option<Line<200>>,
}

/// For whom they speak.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct OnBehalfOfGiven {
    #[serde(default)]
    pub name: Option<Line<200>>,
    #[serde(default)]
    #[schemars(email, length(max = 254))]
    pub email: Option<String>,
    #[serde(default)]
    pub consent: Option<ConsentGiven>,
}

/// Whether that person agrees.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ConsentGiven {
    pub given: bool,
    /// How: unsaid means `verbal`.
    #[serde(default)]
    pub how: Option<ConsentHow>,
}

/// How it was acknowledged.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct AcknowledgedGiven {
    pub how: AcknowledgedHow,
}

/// In which way.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcknowledgedHow {
    Spoken,
}

/// What became of a contact.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ContactReceived {
    pub contact: ContactStub,
    /// The case it opened or joined. Left out where the caller may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseView>,
    /// In place of `case`, for a matter that only a small team may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptObject>,
    /// Whether it joined a case that was there.
    pub joined: bool,
    /// It had been logged before, under the same `external_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<bool>,
    pub person: Option<PersonLink>,
    /// Cases opened beside it.
    pub related_cases: Vec<RelatedCase>,
    /// Open cases that may be about the same.
    pub possible_duplicates: Vec<SimilarCase>,
    /// What an officer is asked to decide.
    pub offers: Vec<OfferObject>,
    /// Open incidents it may belong to, with words to read out, and the one it was put on.
    pub known_incidents: Vec<KnownIncident>,
    /// What the agent can say: the reference, what happens by when, the number.
    pub read_out: String,
    /// What to see to before any of it is said to whoever is on the line.
    pub warnings: Vec<String>,
    /// The person's own link, to hand to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking: Option<TrackingObject>,
}

/// A contact, briefly.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ContactStub {
    pub id: Id,
    pub channel: Channel,
    pub received_at: At,
    /// The day its promises count from.
    pub counted_from_on: Option<On>,
}

/// What is kept of a case that its logger may not see.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReceiptObject {
    pub reference: String,
    pub received_at: At,
    /// Somebody answers it now.
    pub number_to_ring: String,
}

/// A person, by id.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonLink {
    pub id: Id,
}

/// A case that may be about the same.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SimilarCase {
    pub id: Id,
    pub reference: String,
    pub status: Status,
    pub service: String,
    pub category: String,
    pub subject: String,
    pub received_at: At,
    pub location: Option<Location>,
}

/// A person's secret link to their case.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TrackingObject {
    pub url: String,
    pub token: String,
}

/// Something an officer is asked to decide.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OfferObject {
    /// It may be a complaint: where one would go, and which words say so.
    Complaint {
        service: String,
        category: String,
        why: String,
    },
    /// It seems to raise several matters.
    SeveralMatters { matters: Vec<MatterObject> },
    /// A member asks about a service, but which one is not clear.
    ServiceCase { matters: Vec<MatterObject> },
    /// Somebody needs an interpreter.
    Interpreter { why: String },
}

/// One of several matters in a message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MatterObject {
    pub service: String,
    pub category: String,
    /// The part it was read from.
    pub text: String,
}

/// Where a contact would go.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrialResult {
    pub queue: String,
    pub service: String,
    pub category: String,
    pub procedure: Procedure,
    pub priority: Priority,
    pub danger: bool,
    pub rule: String,
    pub reason: String,
    /// Between 0 and 1.
    pub confidence: f64,
    /// False: a person places it, and the rest is a guess.
    pub placed: bool,
    /// Best first; the first is the placement.
    pub candidates: Vec<Candidate>,
    /// BCP 47 tag of the language it is in or asks for, when that is not English; `und` when it is
    /// not clear which.
    pub language: Option<String>,
    /// What an officer would be asked to decide. Of several matters the case would be the parent,
    /// and each other one a case below it.
    pub offers: Vec<OfferObject>,
    /// Open incidents it may belong to, with words to read out.
    pub known_incidents: Vec<KnownIncident>,
}

impl MatterGiven {
    /// The same as the channels read it.
    #[must_use]
    pub fn into_given(self) -> Given {
        Given {
            subject: self.subject.map(Line::into_string),
            body: self.body.map(Text::into_string),
            language: self.language,
            person: self.person.map(PersonGiven::into_given),
            on_behalf_of: self.on_behalf_of.map(OnBehalfOfGiven::into_given),
            service: self.service.map(Line::into_string),
            category: self.category.map(Line::into_string),
            location: self.location,
            fields: self.fields,
            attachments: self
                .attachments
                .into_iter()
                .map(|id| AttachmentId(id.0))
                .collect(),
        }
    }
}

impl NewContact {
    /// The same as the channels read it.
    #[must_use]
    pub fn into_logged(self) -> Logged {
        Logged {
            channel: self.channel,
            received_at: self.received_at.map(|at| at.0),
            given: self.matter.into_given(),
            person: self.person_id.map(|id| id.0.into()),
            is_acknowledged: self.acknowledged.is_some(),
            direction: self.direction.unwrap_or(Direction::Inbound),
            outcome: self.outcome,
            number_presented: self.number_presented.map(Line::into_string),
            call: self.call,
            recording: self.recording.map(Line::into_string),
            access_point: self.access_point.map(Line::into_string),
            external_id: self.external_id.map(Line::into_string),
            contact_reason: self.contact_reason.map(Line::into_string),
            joins_a_case: self.case.is_some(),
        }
    }
}

impl PersonGiven {
    pub(in crate::http) fn into_given(self) -> GivenPerson {
        GivenPerson {
            name: self.name.map(Line::into_string),
            kind: self.kind,
            email: self.email,
            phone: self.phone.map(Line::into_string),
            address: self.address,
            organisation: self.organisation.map(Line::into_string),
        }
    }
}

impl OnBehalfOfGiven {
    fn into_given(self) -> GivenOnBehalfOf {
        let how = self.consent.as_ref().and_then(|consent| consent.how);
        GivenOnBehalfOf {
            name: self.name.map(Line::into_string),
            email: self.email,
            is_consent_given: self.consent.is_some_and(|consent| consent.given),
            consent_how: how.map(|how| how.to_string()),
        }
    }
}

impl ContactReceived {
    /// What is answered about a contact that was taken in: `case` and `related_cases` as far as
    /// whoever brought it in may see them.
    #[must_use]
    pub fn of(
        at: &Moment,
        received: &Received,
        case: Option<CaseView>,
        related_cases: Vec<RelatedCase>,
    ) -> Self {
        let is_restricted = received.receipt.is_some();
        Self {
            contact: ContactStub::of(&received.contact),
            case,
            receipt: received.receipt.as_ref().map(ReceiptObject::of),
            joined: received.is_joined,
            duplicate: received.is_duplicate.then_some(true),
            person: received.person.as_ref().map(|person| PersonLink {
                id: person.id.0.into(),
            }),
            related_cases,
            possible_duplicates: received
                .possible_duplicates
                .iter()
                .map(SimilarCase::of)
                .collect(),
            // What the text says of a matter nobody may know of is not told by its offers either.
            offers: if is_restricted {
                Vec::new()
            } else {
                received.offers.iter().map(OfferObject::of).collect()
            },
            known_incidents: received
                .incidents
                .iter()
                .map(|one| KnownIncident::of(at, one))
                .collect(),
            read_out: received.read_out.clone(),
            warnings: Vec::new(),
            tracking: received.access.as_ref().map(|access| TrackingObject {
                url: access.url.clone(),
                token: access.token.clone(),
            }),
        }
    }
}

impl ContactStub {
    /// As it is answered.
    #[must_use]
    pub fn of(contact: &Contact) -> Self {
        Self {
            id: contact.id.0.into(),
            channel: contact.channel,
            received_at: contact.received_at.into(),
            counted_from_on: contact.counted_from_on.map(Into::into),
        }
    }
}

impl ReceiptObject {
    /// As it is answered.
    #[must_use]
    pub fn of(receipt: &Receipt) -> Self {
        Self {
            reference: receipt.reference.clone(),
            received_at: receipt.received_at.into(),
            number_to_ring: receipt.number_to_ring.clone(),
        }
    }
}

impl SimilarCase {
    fn of(filed: &Filed) -> Self {
        Self {
            id: filed.case.id.0.into(),
            reference: filed.case.reference.to_string(),
            status: filed.case.status,
            service: filed.case.service.clone(),
            category: filed.case.category.clone(),
            subject: filed.case.subject.clone(),
            received_at: filed.case.received_at.into(),
            location: filed.case.location.clone(),
        }
    }
}

impl OfferObject {
    fn of(offer: &Offer) -> Self {
        let matters = |matters: &[Matter]| {
            matters
                .iter()
                .map(|matter| MatterObject {
                    service: matter.service.clone(),
                    category: matter.category.clone(),
                    text: matter.text.clone(),
                })
                .collect()
        };
        match offer {
            Offer::Complaint {
                service,
                category,
                why,
            } => Self::Complaint {
                service: service.clone(),
                category: category.clone(),
                why: why.clone(),
            },
            Offer::SeveralMatters { matters: several } => Self::SeveralMatters {
                matters: matters(several),
            },
            Offer::ServiceCase { matters: several } => Self::ServiceCase {
                matters: matters(several),
            },
            Offer::Interpreter { why } => Self::Interpreter { why: why.clone() },
        }
    }
}

impl TrialResult {
    /// Where it would go, and the open incidents it may belong to.
    #[must_use]
    pub fn of(placement: Placement, known_incidents: Vec<KnownIncident>) -> Self {
        Self {
            queue: placement.queue,
            service: placement.service,
            category: placement.category,
            procedure: placement.procedure,
            priority: placement.priority,
            danger: placement.danger.is_some(),
            rule: placement.routed.rule,
            reason: placement.routed.reason,
            confidence: placement.routed.confidence,
            placed: placement.is_placed,
            candidates: placement.routed.candidates,
            language: placement.language,
            offers: placement.offers.iter().map(OfferObject::of).collect(),
            known_incidents,
        }
    }
}
