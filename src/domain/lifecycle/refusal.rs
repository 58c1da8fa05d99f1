//! Why a command is refused, and the refusals that look at nothing but who asks and whether the case
//! is closed.
//!
//! [`super::decide`] asks these first: whoever may not do a thing at all is not told first that the
//! date they gave is wrong.

use jiff::civil::Date;

use super::By;
use super::commands::Command;
use crate::domain::access::Role;
use crate::domain::case::{Case, Status};
use crate::domain::clock;

/// Why a command is refused, in the caller's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("The case is closed. Reopen it first.")]
    Closed,
    #[error("The case is not closed or answered, so there is nothing to reopen.")]
    NotClosed,
    #[error("The time to reopen this case ended on {until}. Open a new case and link it.")]
    ReopenWindowOver { until: Date },
    #[error("A {role} may not do this. Ask {ask}.")]
    NotYourRole { role: Role, ask: &'static str },
    #[error("Somebody else has this case. Only a team leader may take it from them.")]
    OwnedBySomebody,
    #[error("{0}.")]
    Clock(clock::Refusal),
    #[error("There is no pause to end.")]
    NotPaused,
    #[error("The case is in this queue already.")]
    SameQueue,
    #[error("This standard has no stage {0}.")]
    NoSuchStage(u8),
    #[error("Stage {stage} must be answered by somebody who did not answer stage {before}.")]
    SameOfficer { stage: u8, before: u8 },
    #[error("A case cannot be merged into itself or linked to itself.")]
    Itself,
    #[error("Lowering a priority raised for danger needs a reason.")]
    ReasonNeeded,
    #[error("A promise must lie in the future.")]
    PromiseInThePast,
    #[error(
        "Until consent is cleared, only a general reply may go to the member: send `\"scope\":\"general\"`."
    )]
    ConsentUnclear,
    #[error("This is not a councillor's or MP's enquiry.")]
    NotAMembersEnquiry,
    #[error("The case is not kept from anybody as being about them.")]
    NotAboutStaff,
    #[error("Consent cannot have been said on a day that is still to come.")]
    ConsentOnAnotherDay,
    #[error("The case has no answer date that could be moved.")]
    NoAnswerDate,
    #[error("The reply has left already.")]
    AlreadySent,
    #[error("`{0}` is not an event this standard knows; it knows: {1}.")]
    UnknownEvent(String, String),
}

impl Refusal {
    /// Stable code for the problem document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed => "case_closed",
            Self::NotClosed => "case_not_closed",
            Self::ReopenWindowOver { .. } => "reopen_window_over",
            Self::NotYourRole { .. } => "role_may_not",
            Self::OwnedBySomebody => "owned_by_somebody",
            Self::Clock(refusal) => refusal.code(),
            Self::NotPaused => "not_paused",
            Self::SameQueue => "same_queue",
            Self::NoSuchStage(_) => "no_such_stage",
            Self::SameOfficer { .. } => "same_officer",
            Self::Itself => "itself",
            Self::ReasonNeeded => "reason_needed",
            Self::PromiseInThePast => "promise_in_the_past",
            Self::ConsentUnclear => "consent_unclear",
            Self::NotAMembersEnquiry => "not_a_members_enquiry",
            Self::NotAboutStaff => "not_about_staff",
            Self::ConsentOnAnotherDay => "consent_on_another_day",
            Self::NoAnswerDate => "no_answer_date",
            Self::AlreadySent => "already_sent",
            Self::UnknownEvent(..) => "unknown_event",
        }
    }
}

/// Whether somebody of this role may do it at all: what comes before the version they saw, and before
/// everything that may be wrong with what they ask for. Of somebody who is away a case may be taken.
///
/// # Errors
/// Says whom to ask.
pub fn check_role(
    case: &Case,
    command: &Command,
    by: By,
    is_owner_away: bool,
) -> Result<(), Refusal> {
    let (By::User { id, .. }, Some(role)) = (by, by.role()) else {
        return Ok(());
    };
    let refuse = |ask| Err(Refusal::NotYourRole { role, ask });
    match (role, command) {
        (Role::Councillor | Role::Auditor | Role::Admin, _) => refuse("an officer"),
        (Role::Agent | Role::Officer | Role::Partner, Command::Assign { owner })
            if case.owner.is_some()
                && case.owner != Some(id)
                && *owner != case.owner
                && !is_owner_away =>
        {
            Err(Refusal::OwnedBySomebody)
        }
        (
            Role::Partner,
            Command::Note { .. }
            | Command::Call { .. }
            | Command::Acknowledge { .. }
            | Command::Assign { .. }
            | Command::Transfer { .. },
        ) => Ok(()),
        (Role::Partner, _) => refuse("the council's own officers"),
        (
            Role::Agent,
            Command::Extend { .. }
            | Command::Hold { .. }
            | Command::OpenStage { .. }
            | Command::Merge { .. }
            | Command::Record { .. }
            | Command::RecordDecision(_),
        ) => refuse("an officer"),
        (Role::Agent | Role::Officer, Command::GrantAccess { .. }) => refuse("a team leader"),
        (Role::Agent | Role::Officer | Role::TeamLeader, Command::NotAboutStaff { .. }) => {
            refuse("the director over them")
        }
        (Role::Agent | Role::Officer, Command::Amend(amendment))
            if case.is_in_danger()
                && amendment
                    .priority
                    .is_some_and(|priority| priority < case.priority) =>
        {
            refuse("a team leader")
        }
        _ => Ok(()),
    }
}

/// Whether a command of this kind is worth offering: their role may give it, and the case takes it as it
/// stands. What its words say is looked at when it is given.
#[must_use]
pub fn is_offered(case: &Case, command: &Command, by: By, is_owner_away: bool) -> bool {
    let fits = match command {
        Command::Resume => case.status == Status::Waiting,
        Command::Pause { .. } => case.status != Status::Waiting,
        Command::Reopen { .. } => matches!(case.status, Status::Closed | Status::Responded),
        _ => true,
    };
    fits && check_role(case, command, by, is_owner_away).is_ok()
        && check_status(case, command).is_ok()
}

pub(super) fn check_status(case: &Case, command: &Command) -> Result<(), Refusal> {
    let is_fine_when_closed = matches!(
        command,
        Command::Note { .. }
            | Command::Reopen { .. }
            | Command::Link { .. }
            | Command::GrantAccess { .. }
            | Command::NotAboutStaff { .. }
            | Command::Call { .. }
            | Command::OpenStage { .. }
            | Command::SetBasis { .. }
            | Command::RecordConsent { .. }
            | Command::RecordDecision(_)
    );
    if case.is_closed() && !is_fine_when_closed {
        return Err(Refusal::Closed);
    }
    Ok(())
}
