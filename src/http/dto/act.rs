//! What is sent to do something to a case, one document for each act.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::casework::Failure;
use crate::casework::actions::{Owner, Recipients};
use crate::domain::case::{Audience, LinkKind, Outcome, ReplyKind, WaitingFor};
use crate::domain::clock::Longer;
use crate::domain::decision::{
    Decided, DecidedBy, Decision, Improvement, Learning, NotAcceptedBecause, Remedy,
};
use crate::domain::identity::{AskedFor, CheckResult, CheckedHow};
use crate::domain::lifecycle::AcknowledgedBy;
use crate::domain::member::{Basis, ConsentHow};
use crate::domain::standard::Target as Length;
use crate::http::fields::{At, Id, Line, On, Text};

/// Nothing needs to be said.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The person was told that we have it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAcknowledgement {
    /// `email` sends `text`; the others record what was done.
    pub how: AcknowledgedBy,
    /// Needed for `email`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub text: Option<Text<100_000>>,
}

/// Somebody is to have it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssignment {
    /// A user's id or e-mail address, `me`, or null for nobody.
    pub owner: Whose,
}

/// Another queue is to have it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransfer {
    /// A queue's slug.
    #[schemars(length(min = 1))]
    pub queue: Line<100>,
    #[schemars(length(min = 1))]
    pub reason: Text<2000>,
}

/// We wait for somebody.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPause {
    #[schemars(length(min = 1))]
    pub reason: Text<2000>,
    pub waiting_for: WaitingFor,
    /// It resumes by itself when this day begins.
    pub resume_on: On,
}

/// A promise gets a later date: `until_on` or `by`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExtension {
    /// The promise's name: `respond`.
    #[schemars(length(min = 1))]
    pub clock: Line<100>,
    /// The new last day.
    #[serde(default)]
    pub until_on: Option<On>,
    /// How much longer.
    #[serde(default)]
    pub by: Option<ByLength>,
    /// Told to the person.
    #[schemars(length(min = 1))]
    pub reason: Text<2000>,
}

/// A length: `{"working_days": 10}`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByLength {
    WorkingDays(#[schemars(range(min = 1, max = 1000))] u32),
    Months(#[schemars(range(min = 1, max = 120))] u32),
    Hours(#[schemars(range(min = 1, max = 10000))] u32),
}

/// The person is asked something.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQuestion {
    #[schemars(length(min = 1))]
    pub text: Text<100_000>,
    /// Until when we wait for the answer; ten days when unsaid.
    #[serde(default)]
    pub resume_on: Option<On>,
    /// E-mail addresses it goes to, in place of those who are answered on the case.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub to: Vec<Line<254>>,
    /// E-mail addresses it goes to besides.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub cc: Vec<Line<254>>,
    /// Those of them that are on nobody of the case, said again to confirm them.
    #[serde(default)]
    #[schemars(length(max = 40))]
    pub confirmed_recipients: Vec<Line<254>>,
}

/// The person is answered, or told that the answer will come.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReply {
    #[schemars(length(min = 1))]
    pub text: Text<100_000>,
    /// Only a substantive one keeps the promise of an answer.
    pub kind: ReplyKind,
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// To a member whose constituent's consent is not clear, only a general one may go.
    #[serde(default)]
    pub scope: ReplyScope,
    /// E-mail addresses it goes to, in place of those who are answered on the case.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub to: Vec<Line<254>>,
    /// E-mail addresses it goes to besides.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub cc: Vec<Line<254>>,
    /// Those of them that are on nobody of the case, said again to confirm them.
    #[serde(default)]
    #[schemars(length(max = 40))]
    pub confirmed_recipients: Vec<Line<254>>,
    /// With a holding reply: the day by which the answer comes instead, as far as the standard allows.
    #[serde(default)]
    pub until_on: Option<On>,
}

/// Why a member asks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBasis {
    pub basis: Basis,
    /// What shows it.
    #[schemars(length(min = 1))]
    pub reason: Text<2000>,
}

/// What the person a member writes about said of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    /// False when they refuse it or take it back.
    pub given: bool,
    pub how: ConsentHow,
    /// Who said so, where it was not the person themselves: "her son, who holds power of attorney".
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub who: Option<Line<200>>,
    /// When they said so; today when unsaid.
    #[serde(default)]
    pub on: Option<On>,
}

/// How far a reply goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplyScope {
    /// Nothing about the person the member asks for.
    General,
    #[default]
    Full,
}

/// A note for ourselves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    #[schemars(length(min = 1))]
    pub text: Text<100_000>,
    /// `team`: only those who work the case's queue.
    #[serde(default = "staff")]
    pub audience: Audience,
}

/// Somebody said they would do something by a time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPromise {
    #[schemars(length(min = 1))]
    pub what: Line<500>,
    /// The first instant that is late.
    pub by: At,
    /// A user's id or e-mail address, or `me`; unsaid means whoever promises.
    #[serde(default)]
    pub owner: Whose,
}

/// Work on it has ended.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClosure {
    pub outcome: Outcome,
    /// With `not_ours` or `referred`: whose it is, by the name the catalogue has in `routing.not_ours`. The
    /// person is told how to reach them.
    #[serde(default)]
    pub other_body: Option<Line<200>>,
}

/// Work on it goes on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReopening {
    #[schemars(length(min = 1))]
    pub reason: Text<2000>,
}

/// A complaint moves to its next stage.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStage {
    #[schemars(range(min = 1, max = 3))]
    pub stage: u8,
    #[schemars(length(min = 1))]
    pub reason: Text<2000>,
    /// Who answers it: a user's id or e-mail address, `me`, or null for nobody yet.
    #[serde(default)]
    pub officer: Whose,
}

/// It is the same as another case, which goes on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMerge {
    /// The other case's id or reference.
    #[schemars(length(min = 1))]
    pub into: Line<100>,
}

/// It has to do with another case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    pub kind: LinkKind,
    /// The other case's id or reference.
    #[schemars(length(min = 1))]
    pub case: Line<100>,
}

/// More people may see a restricted case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccess {
    /// Users' ids or e-mail addresses.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub people: Vec<Line<254>>,
    /// Restricted teams: `mash`.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub teams: Vec<Line<100>>,
    #[schemars(length(min = 1))]
    pub reason: Text<2000>,
    /// Whom the case is about; they never see it.
    #[serde(default)]
    pub about: Option<AboutWhom>,
    /// Opens it to whoever asks, for a time. Then nobody else is named.
    #[serde(default)]
    pub break_glass: bool,
}

/// Whom a case is about: a user by id or e-mail address, a post by its slug, or `nobody` of the
/// council: what was taken to be a complaint about staff is one no longer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AboutWhom {
    User(Line<254>),
    Post(Line<100>),
    /// Only the director over them says so. The case is open to its queue again, what was written on
    /// it included.
    Nobody,
}

/// Somebody was rung about a danger.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCall {
    /// Whom: a post or an organisation.
    #[schemars(length(min = 1))]
    pub who: Line<200>,
    #[schemars(length(min = 1))]
    pub number: Line<40>,
    /// How it ended.
    #[schemars(length(min = 1))]
    pub outcome: Text<2000>,
}

/// Somebody who spoke to us was asked to show who they are.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdentityCheck {
    pub how: CheckedHow,
    pub result: CheckResult,
    /// What kinds of thing they were asked for, never what they answered.
    #[schemars(length(min = 1, max = 10))]
    pub asked: Vec<AskedFor>,
    /// The contact it was made in, by id, where that is logged.
    #[serde(default)]
    pub contact: Option<Id>,
}

/// Why somebody contacted us.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContactReason {
    /// The contact, by id.
    pub contact: Id,
    /// A code of `GET /v1/contact-reasons`; null takes away what stands there.
    pub contact_reason: Option<Line<60>>,
}

/// What was decided at a stage of a complaint, or about a request for information.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    #[serde(default = "council")]
    pub by: DecidedBy,
    /// The stage it was decided at, or the Ombudsman looked at; unsaid: the one the case has come to.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3))]
    pub stage: Option<u8>,
    /// `upheld`, `partly_upheld`, `not_upheld` or `not_accepted` of a complaint; `granted`, `partly_granted`,
    /// `refused`, `not_held` or `not_accepted` of a request for information.
    pub decision: Decision,
    /// The slug of the service it is about; unsaid: that of the request it was opened beside, or of the case.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub service: Option<Line<100>>,
    /// Why it is not accepted. Only with `not_accepted`, and always when the council decides so.
    #[serde(default)]
    pub because: Option<NotAcceptedBecause>,
    /// Under what information is withheld: `s40`, `r12(4)(b)`. With `refused` and `partly_granted`.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub exemptions: Vec<Line<20>>,
    /// What was done for the person.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub remedies: Vec<Remedy>,
    /// What is done so that it does not happen again.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub learning: Vec<NewLearning>,
}

/// Something that is done so that it does not happen again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLearning {
    pub improvement: Improvement,
    /// In words. They stay on the case: reports say what kind of improvement it is, whose, and by when.
    #[schemars(length(min = 1))]
    pub what: Line<500>,
    /// The slug of the post that answers for it.
    #[schemars(length(min = 1))]
    pub owner: Line<100>,
    pub due_on: On,
}

impl NewDecision {
    /// The same as it is recorded, on a case that has come to this stage.
    #[must_use]
    pub fn decided(&self, stage: u8) -> Decided {
        let mut remedies = self.remedies.clone();
        remedies.sort_unstable();
        remedies.dedup();
        let learning = self.learning.iter().map(|learning| Learning {
            improvement: learning.improvement,
            what: learning.what.to_string(),
            owner: learning.owner.to_string(),
            due_on: learning.due_on.0,
        });
        let mut exemptions: Vec<String> = self
            .exemptions
            .iter()
            .map(|name| name.to_string())
            .collect();
        exemptions.sort_unstable();
        exemptions.dedup();
        Decided {
            by: self.by,
            stage: self.stage.unwrap_or(stage),
            decision: self.decision,
            service: self.service.as_ref().map(|slug| slug.to_string()),
            because: self.because,
            exemptions,
            remedies,
            learning: learning.collect(),
        }
    }
}

/// Something happened that the case's standard knows: `concluded`, `clarified` …
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStandardEvent {
    #[schemars(length(min = 1))]
    pub event: Line<100>,
    /// When; now, when unsaid. Not in the future.
    #[serde(default)]
    pub at: Option<At>,
}

/// The addresses named for some words, as they are read.
fn recipients(to: &[Line<254>], cc: &[Line<254>], confirmed: &[Line<254>]) -> Recipients {
    let owned = |lines: &[Line<254>]| lines.iter().map(|line| (**line).to_owned()).collect();
    Recipients {
        to: owned(to),
        cc: owned(cc),
        confirmed: owned(confirmed),
    }
}

impl NewReply {
    /// To whom it goes.
    #[must_use]
    pub fn recipients(&self) -> Recipients {
        recipients(&self.to, &self.cc, &self.confirmed_recipients)
    }
}

impl NewQuestion {
    /// To whom it goes.
    #[must_use]
    pub fn recipients(&self) -> Recipients {
        recipients(&self.to, &self.cc, &self.confirmed_recipients)
    }
}

/// Somebody who works here, as named in a document; or nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Whose(Option<String>);

impl Whose {
    /// Who is meant.
    ///
    /// # Errors
    /// Names `pointer` when it is no way to name anybody.
    pub fn read(&self, pointer: &str) -> Result<Owner, Failure> {
        match self.0.as_deref() {
            None => Ok(Owner::Nobody),
            Some(text) => owner(text, pointer),
        }
    }

    /// Nobody is named.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.0.is_none()
    }
}

/// Reads one name of somebody who works here.
///
/// # Errors
/// Names `pointer` when it is no way to name anybody.
pub fn owner(text: &str, pointer: &str) -> Result<Owner, Failure> {
    if text == "me" {
        return Ok(Owner::Me);
    }
    match text.parse() {
        Ok(id) => Ok(Owner::Id(id)),
        Err(_) if text.contains('@') => Ok(Owner::Email(text.to_owned())),
        Err(_) => Err(Failure::invalid(
            pointer,
            "unknown_value",
            "Give a user's id, their e-mail address, or `me`.",
        )),
    }
}

impl JsonSchema for Whose {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Whose".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "null"], "maxLength": 254, "format": "single-line"})
    }
}

impl From<ByLength> for Longer {
    fn from(by: ByLength) -> Self {
        Self::By(match by {
            ByLength::WorkingDays(n) => Length::WorkingDays(n),
            ByLength::Months(n) => Length::Months(n),
            ByLength::Hours(n) => Length::Hours(n),
        })
    }
}

fn council() -> DecidedBy {
    DecidedBy::Council
}

fn staff() -> Audience {
    Audience::Staff
}
