//! What was decided: a complaint upheld or not, information given or refused, what was put right and
//! what is learnt from it. Recorded when it is decided, so that a year's figures need nobody's memory.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::Procedure;
use super::contact::words;

words! {
    /// What was decided.
    Decision {
        Upheld = "upheld", PartlyUpheld = "partly_upheld", NotUpheld = "not_upheld",
        /// It was not looked into. A complaint that is refused says why, and of the Ombudsman.
        NotAccepted = "not_accepted",
        /// All that was asked for was given.
        Granted = "granted", PartlyGranted = "partly_granted", Refused = "refused",
        /// There is no such information here.
        NotHeld = "not_held",
    }
}

words! {
    /// Who decided.
    DecidedBy { Council = "council", Ombudsman = "ombudsman" }
}

words! {
    /// Why something was not looked into.
    NotAcceptedBecause {
        /// More than twelve months after the person knew, and no reason to look all the same.
        TooLate = "too_late",
        /// It was answered before, at every stage there is.
        AlreadyAnswered = "already_answered",
        /// There is an appeal, a tribunal or an insurer for it.
        OtherProcedure = "other_procedure",
        /// It is or was before a court.
        Court = "court",
        /// Another body answers for it.
        NotOurs = "not_ours",
        /// Vexatious, repeated or unreasonable.
        Unreasonable = "unreasonable",
        /// It would cost more than the law asks us to spend.
        TooCostly = "too_costly",
        Other = "other",
    }
}

words! {
    /// What was done for the person.
    Remedy {
        Apology = "apology", Explanation = "explanation", PutRight = "put_right",
        DecisionChanged = "decision_changed", Payment = "payment", Refund = "refund",
        Other = "other",
    }
}

words! {
    /// What is done so that it does not happen again.
    Improvement {
        Procedure = "procedure", Policy = "policy", Training = "training",
        Information = "information", System = "system", Staffing = "staffing",
        Contractor = "contractor", Other = "other",
    }
}

/// What was decided at one stage, or by the Ombudsman.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    pub by: DecidedBy,
    pub stage: u8,
    pub decision: Decision,
    /// The slug of the service it is about, where that is not the one the case is filed under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<NotAcceptedBecause>,
    /// By their section or regulation: `s40`, `r12(4)(b)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exemptions: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<Remedy>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learning: Vec<Learning>,
}

/// Something that is done so that it does not happen again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learning {
    pub improvement: Improvement,
    /// In words, on the case alone: no figure and no report has them.
    pub what: String,
    /// The post that answers for it, by slug.
    pub owner: String,
    pub due_on: Date,
}

/// Learning as figures have it, without anybody's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lesson {
    pub improvement: Improvement,
    pub owner: String,
    pub due_on: Date,
}

/// What is wrong with a decision: the member, and why.
pub type Unfit = (&'static str, String);

/// Whether something is decided about cases of this procedure, stage by stage.
#[must_use]
pub const fn is_decided(procedure: Procedure) -> bool {
    is_complaint(procedure) || asks_for_information(procedure)
}

/// Complaints of every procedure.
#[must_use]
pub const fn is_complaint(procedure: Procedure) -> bool {
    matches!(
        procedure,
        Procedure::Complaint
            | Procedure::DpComplaint
            | Procedure::ChildrensComplaint
            | Procedure::AdultsComplaint
    )
}

/// Requests for information, one's own included.
#[must_use]
pub const fn asks_for_information(procedure: Procedure) -> bool {
    matches!(
        procedure,
        Procedure::InformationRequest | Procedure::SubjectAccess
    )
}

impl Decision {
    /// What can be decided about a case of this procedure.
    #[must_use]
    pub fn of(procedure: Procedure) -> &'static [Self] {
        if is_complaint(procedure) {
            &[
                Self::Upheld,
                Self::PartlyUpheld,
                Self::NotUpheld,
                Self::NotAccepted,
            ]
        } else if asks_for_information(procedure) {
            &[
                Self::Granted,
                Self::PartlyGranted,
                Self::Refused,
                Self::NotHeld,
                Self::NotAccepted,
            ]
        } else {
            &[]
        }
    }

    /// As a report has it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Upheld => "Upheld",
            Self::PartlyUpheld => "Partly upheld",
            Self::NotUpheld => "Not upheld",
            Self::NotAccepted => "Not accepted",
            Self::Granted => "Information given",
            Self::PartlyGranted => "Given in part",
            Self::Refused => "Refused",
            Self::NotHeld => "Not held",
        }
    }
}

impl NotAcceptedBecause {
    /// As a report has it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooLate => "More than twelve months after the person knew",
            Self::AlreadyAnswered => "Answered before at every stage",
            Self::OtherProcedure => "An appeal, a tribunal or an insurer deals with it",
            Self::Court => "Before a court",
            Self::NotOurs => "Another body answers for it",
            Self::Unreasonable => "Vexatious, repeated or unreasonable",
            Self::TooCostly => "Beyond the limit of cost",
            Self::Other => "Another reason",
        }
    }
}

impl Remedy {
    /// As a report has it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Apology => "Apology",
            Self::Explanation => "Explanation",
            Self::PutRight => "What was wrong was put right",
            Self::DecisionChanged => "A decision was changed",
            Self::Payment => "Payment",
            Self::Refund => "Refund",
            Self::Other => "Another remedy",
        }
    }
}

impl Improvement {
    /// As a report has it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Procedure => "A procedure is changed",
            Self::Policy => "A policy is changed",
            Self::Training => "Training",
            Self::Information => "Letters, forms or pages are made clearer",
            Self::System => "A system is changed",
            Self::Staffing => "Staffing",
            Self::Contractor => "A contractor is held to it",
            Self::Other => "Another improvement",
        }
    }
}

impl Decided {
    /// What cannot be meant about a case of this procedure at this stage.
    ///
    /// # Errors
    /// The member that is wrong, and what to give instead.
    pub fn check(&self, procedure: Procedure, stage: u8) -> Result<(), Unfit> {
        let known = Decision::of(procedure);
        if !known.contains(&self.decision) {
            let words: Vec<&str> = known.iter().map(|one| one.as_str()).collect();
            let detail = if words.is_empty() {
                format!(
                    "Nothing is decided about a case of the procedure `{procedure}`: only about complaints and \
                     requests for information."
                )
            } else {
                format!(
                    "About a case of the procedure `{procedure}` one of these is decided: {}.",
                    words.join(", ")
                )
            };
            return Err(("/decision", detail));
        }
        if self.stage == 0 || self.stage > stage {
            return Err((
                "/stage",
                format!("The case has come to stage {stage}. Give that or an earlier one."),
            ));
        }
        let is_refused = self.decision == Decision::NotAccepted;
        match (is_refused && self.by == DecidedBy::Council, self.because) {
            (true, None) => {
                let detail = "Say why it is not accepted: figures count the reasons.";
                return Err(("/because", detail.to_owned()));
            }
            (false, Some(_)) if !is_refused => {
                let detail = "Only with `not_accepted` there is a reason.";
                return Err(("/because", detail.to_owned()));
            }
            _ => {}
        }
        let is_withheld = matches!(self.decision, Decision::Refused | Decision::PartlyGranted);
        match (is_withheld, self.exemptions.as_slice()) {
            (true, []) => Err((
                "/exemptions",
                "Name what it is withheld under, such as `s40`.".to_owned(),
            )),
            (false, [_, ..]) => Err((
                "/exemptions",
                "Only what is refused, in whole or in part, is withheld under an exemption."
                    .to_owned(),
            )),
            (_, named) if !named.iter().all(|name| is_exemption(name)) => Err((
                "/exemptions",
                "Give sections and regulations as `s40`, `s43(2)` or `r12(4)(b)`.".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// A section of an Act or a regulation, and nothing anybody could write a sentence in.
fn is_exemption(name: &str) -> bool {
    let mut letters = name.chars();
    let begins = matches!(letters.next(), Some('s' | 'r'))
        && letters.next().is_some_and(|c| c.is_ascii_digit());
    begins
        && name.len() <= 20
        && letters.all(|c| c.is_ascii_digit() || c.is_ascii_lowercase() || "()".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(decision: Decision) -> Decided {
        Decided {
            by: DecidedBy::Council,
            stage: 1,
            decision,
            service: None,
            because: None,
            exemptions: Vec::new(),
            remedies: Vec::new(),
            learning: Vec::new(),
        }
    }

    fn check(decided: &Decided, procedure: Procedure, wrong: Option<&str>) {
        let found = decided
            .check(procedure, 2)
            .err()
            .map(|(pointer, _)| pointer);
        assert_eq!(found, wrong, "{decided:?} about {procedure}");
    }

    #[test]
    fn a_complaint_is_upheld_or_not_and_information_is_given_or_not() {
        check(&decided(Decision::Upheld), Procedure::Complaint, None);
        check(
            &decided(Decision::Granted),
            Procedure::Complaint,
            Some("/decision"),
        );
        check(
            &decided(Decision::Granted),
            Procedure::InformationRequest,
            None,
        );
        check(
            &decided(Decision::Upheld),
            Procedure::SubjectAccess,
            Some("/decision"),
        );
        check(
            &decided(Decision::Upheld),
            Procedure::ServiceRequest,
            Some("/decision"),
        );
    }

    #[test]
    fn what_is_not_looked_into_says_why_and_only_that() {
        let refused = decided(Decision::NotAccepted);
        check(&refused, Procedure::Complaint, Some("/because"));
        let because = Some(NotAcceptedBecause::TooLate);
        check(
            &Decided {
                because,
                ..refused.clone()
            },
            Procedure::Complaint,
            None,
        );
        check(
            &Decided {
                because,
                ..decided(Decision::Upheld)
            },
            Procedure::Complaint,
            Some("/because"),
        );
        // The Ombudsman's reasons are the Ombudsman's.
        check(
            &Decided {
                by: DecidedBy::Ombudsman,
                ..refused
            },
            Procedure::Complaint,
            None,
        );
    }

    #[test]
    fn what_is_withheld_names_its_exemption_and_nothing_else_does() {
        let with = |decision, exemptions: &[&str]| Decided {
            exemptions: exemptions.iter().map(|name| (*name).to_owned()).collect(),
            ..decided(decision)
        };
        let of = Procedure::InformationRequest;
        check(&with(Decision::Refused, &[]), of, Some("/exemptions"));
        check(&with(Decision::Refused, &["s40", "r12(4)(b)"]), of, None);
        check(&with(Decision::PartlyGranted, &["s43(2)"]), of, None);
        check(&with(Decision::Granted, &["s40"]), of, Some("/exemptions"));
        for words in ["Ada lives here", "s", "s40 Ada", "S40", "x40"] {
            check(&with(Decision::Refused, &[words]), of, Some("/exemptions"));
        }
    }

    #[test]
    fn nothing_is_decided_at_a_stage_to_come() {
        for (stage, wrong) in [
            (0, Some("/stage")),
            (1, None),
            (2, None),
            (3, Some("/stage")),
        ] {
            check(
                &Decided {
                    stage,
                    ..decided(Decision::Upheld)
                },
                Procedure::Complaint,
                wrong,
            );
        }
    }
}
