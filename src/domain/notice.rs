//! A notice: something we tell somebody, as data. Which words it becomes is the template's
//! business; what it may contain is decided here.
//!
//! A [`Letter`] holds everything a template may use and nothing else, so it can be stored beside
//! the case in the transaction that decides to send it and rendered later by any replica. It
//! never holds a sender's words and never a resident's name: automatic mail is made from our own
//! lists ([`CaseLine::of`]). Officers' own words travel only in the kinds that carry them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::case::{Outcome, Procedure, Secrecy, Status, WaitingFor};
use super::contact::words;
use super::ids::{ContactId, UserId};
use super::reference::Reference;
use super::wording::{self, Language, ReadOut};

mod in_each;

pub use in_each::InEach;

words! {
    /// What kind of notice it is, as the mail header `X-Reeve-Notice` says.
    NoticeKind {
        /// We have it, and what happens next.
        Confirmation = "confirmation",
        /// Somebody may be in danger: 999, and our emergency line.
        Danger = "danger",
        /// An officer's own acknowledgement.
        Acknowledgement = "acknowledgement",
        /// An officer's reply, substantive or holding.
        Reply = "reply",
        /// An officer asks the person something.
        Question = "question",
        /// A later date, with its reason.
        Extension = "extension",
        /// Another team has it, or another date holds because the matter was placed anew.
        Transfer = "transfer",
        /// To whoever has it: a date is near, or has come.
        Reminder = "reminder",
        /// To heads of service and above, once a working day.
        Digest = "digest",
        /// To whoever answers for it: something has waited, and may not wait much longer.
        Waiting = "waiting",
        /// To the councillor responsible for services: a week in counts.
        WeeklyCounts = "weekly_counts",
        /// To whoever owns instructions about people that are past their review, once a week.
        MarkerReview = "marker_review",
        /// To a post for which a report was made and kept.
        ReportKept = "report_kept",
        /// To the duty contact: somebody may be in danger.
        Alert = "alert",
        /// We will ring them back, by a date.
        Callback = "callback",
        /// We rang, and nobody answered.
        TriedToCall = "tried_to_call",
        /// The secret link, sent again.
        TrackingLink = "tracking_link",
        /// They asked again; where it stands.
        ChaserConfirmation = "chaser_confirmation",
        Closure = "closure",
        NotOurs = "not_ours",
        Reopened = "reopened",
        /// News of something many people told us of.
        IncidentUpdate = "incident_update",
        /// How satisfied they are, now that it is closed.
        Survey = "survey",
        /// To the owner: a message joined the case.
        Joined = "joined",
        /// To the team leader: it has changed hands three times.
        ManyTransfers = "many_transfers",
        /// To whoever has a member's enquiry: news of the service's own case.
        ServiceActed = "service_acted",
        /// To the team: a member's term has ended, their enquiries go on.
        MemberLeft = "member_left",
        /// To the team leader: somebody who asked about a case could not show who they are.
        IdentityFailed = "identity_failed",
        /// To somebody with an account, who asked for it: a link to sign in by.
        SignInLink = "sign_in_link",
        /// To whoever answers for a restricted case: somebody opened it for themselves.
        GlassBroken = "glass_broken",
        /// To administrators: a mailbox cannot be read.
        MailboxUnread = "mailbox_unread",
        /// To the inbox of a team that works by e-mail: a case, with links to act on it.
        InboxCase = "inbox_case",
        /// To that inbox: what became of its reply.
        InboxReceipt = "inbox_receipt",
        /// To the leader of such a team: a case that is not put into mail.
        InboxKept = "inbox_kept",
    }
}

impl NoticeKind {
    /// Whether it goes to the person who contacted us, not to staff.
    #[must_use]
    pub const fn is_for_the_person(self) -> bool {
        !matches!(
            self,
            Self::Reminder
                | Self::Digest
                | Self::Waiting
                | Self::WeeklyCounts
                | Self::MarkerReview
                | Self::ReportKept
                | Self::Alert
                | Self::Joined
                | Self::ManyTransfers
                | Self::ServiceActed
                | Self::MemberLeft
                | Self::IdentityFailed
                | Self::SignInLink
                | Self::GlassBroken
                | Self::MailboxUnread
                | Self::InboxCase
                | Self::InboxReceipt
                | Self::InboxKept
        )
    }

    /// The value of `Auto-Submitted`: none where an officer wrote the words, `auto-replied` when
    /// the notice answers a mail, `auto-generated` otherwise.
    #[must_use]
    pub const fn auto_submitted(self, answers_a_mail: bool) -> Option<&'static str> {
        match self {
            Self::Acknowledgement | Self::Reply | Self::Question => None,
            _ if answers_a_mail => Some("auto-replied"),
            _ => Some("auto-generated"),
        }
    }
}

/// Everything one notice says. Stored as JSON in the outbox row; templates read its fields by
/// these names (`{{ case.reference }}`, `{{ council.name }}`, and those of [`Says`] directly).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    pub language: Language,
    /// How the person needs it, where not as usual (`large_print`, `braille`): for whoever writes it
    /// out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    pub council: CouncilLine,
    /// The case it is about; none in mail to staff, nor where even the reference must not be said.
    pub case: Option<CaseLine>,
    #[serde(flatten)]
    pub says: Says,
}

/// A letter somebody is to print and post.
#[derive(Debug, Clone, PartialEq)]
pub struct ForThePost {
    pub letter: Letter,
    /// The lines of the address block, the name first; empty where no address is known.
    pub address: Vec<String>,
    /// The date at its head.
    pub on: Date,
}

/// Who writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouncilLine {
    pub name: String,
    pub main_phone: String,
    /// The line that is open day and night.
    pub emergency_phone: String,
}

/// A telephone number staffed when the notice is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneLine {
    /// Exactly as in the catalogue.
    pub number: String,
    /// "Monday to Friday, 8.30am to 5pm".
    pub hours: Option<String>,
}

/// A case as a notice may speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLine {
    pub reference: String,
    /// "report", "question", "complaint", "request" …; "message" where nothing may be said.
    pub noun: String,
    /// "your report of a missed bin"; "your message" where nothing may be said.
    pub matter: String,
    /// "a missed bin", for staff; "a matter we do not name in e-mail" where nothing may be said.
    pub topic: String,
    /// From our own lists: "14 Larkfield Rise".
    pub place: Option<String>,
    /// "the bins team".
    pub team: String,
    /// The person's secret link.
    pub link: Option<String>,
    pub phone: PhoneLine,
    /// Sensitive and restricted cases: no content, a neutral subject.
    pub is_private: bool,
    /// A death is behind it: no "thank you", no cheer.
    pub is_bereavement: bool,
}

/// What [`CaseLine::of`] needs to know; it decides what of it may be said.
#[derive(Debug, Clone)]
pub struct CaseFacts<'a> {
    pub reference: &'a Reference,
    pub procedure: Procedure,
    /// The category in public words: "a missed bin".
    pub public_name: &'a str,
    /// An address from our own lists or shaped like one ([`wording::address_line`]).
    pub place: Option<&'a str>,
    /// The service's public name: "the bins team".
    pub team: &'a str,
    pub secrecy: Secrecy,
    pub is_bereavement: bool,
    pub link: Option<String>,
    pub phone: PhoneLine,
    pub language: Language,
}

impl CaseLine {
    /// Says of a case what its secrecy allows.
    #[must_use]
    pub fn of(facts: &CaseFacts<'_>) -> Self {
        let is_private = facts.secrecy != Secrecy::Ordinary;
        let phone = match facts.language {
            Language::English => facts.phone.clone(),
            Language::Welsh => PhoneLine {
                number: facts.phone.number.clone(),
                hours: facts.phone.hours.as_deref().and_then(wording::welsh_hours),
            },
        };
        let mut line = Self {
            reference: facts.reference.to_string(),
            noun: "message".to_owned(),
            matter: "your message".to_owned(),
            topic: "a matter we do not name in e-mail".to_owned(),
            place: None,
            team: "the team".to_owned(),
            link: facts.link.clone(),
            phone,
            is_private,
            is_bereavement: facts.is_bereavement,
        };
        if !is_private {
            line.noun = wording::noun(facts.procedure).into();
            line.matter = wording::your_matter(facts.procedure, facts.public_name);
            line.topic = wording::topic(facts.public_name);
            line.place = facts.place.map(str::to_owned);
            line.team = wording::the_team(facts.team);
        }
        line
    }

    /// Where it stands, as a sentence this case may say: a private one does not name its team.
    #[must_use]
    pub fn standing(
        &self,
        status: Status,
        waiting_for: Option<WaitingFor>,
        outcome: Option<Outcome>,
        follow_up_until: Option<Date>,
        language: Language,
    ) -> String {
        let label = wording::public_status(
            status,
            waiting_for,
            outcome,
            &self.team,
            follow_up_until,
            language,
        );
        format!("{label}.")
    }

    /// The promise as this case may say it: a private case promises an answer, without saying to
    /// what.
    #[must_use]
    pub fn promise(&self, what_we_do: Option<&str>, by: &str, language: Language) -> String {
        let what_we_do = what_we_do.filter(|_| !self.is_private);
        wording::promise(what_we_do, by, language)
    }
}

/// An office of the council with how to reach it: a title, never a holder's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostLine {
    /// "Head of Waste and Street Scene", "Councillor responsible for environment and waste".
    pub title: String,
    pub email: String,
    pub phone: Option<String>,
}

impl PostLine {
    /// The councillor responsible for a portfolio ("Environment and Waste"), as the public says it.
    #[must_use]
    pub fn councillor_responsible(portfolio: &str, email: String, phone: Option<String>) -> Self {
        let title = format!(
            "Councillor responsible for {}",
            portfolio.trim().to_lowercase()
        );
        Self {
            title,
            email,
            phone,
        }
    }
}

/// Whom a member may go to, named in every answer to a councillor or MP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLines {
    pub head_of_service: PostLine,
    pub councillor_responsible: PostLine,
}

words! {
    /// Which of an officer's words were kept out of a mail.
    Kept {
        Acknowledgement = "acknowledgement", Answer = "answer", Update = "update",
        Question = "question", Extension = "extension", Closure = "closure",
    }
}

impl Kept {
    const fn kind(self) -> NoticeKind {
        match self {
            Self::Acknowledgement => NoticeKind::Acknowledgement,
            Self::Answer | Self::Update => NoticeKind::Reply,
            Self::Question => NoticeKind::Question,
            Self::Extension => NoticeKind::Extension,
            Self::Closure => NoticeKind::Closure,
        }
    }
}

words! {
    /// When a person may go to the Ombudsman.
    OmbudsmanWhen {
        /// At any time.
        Now = "now",
        /// Once somebody else here has looked at it again.
        AfterReview = "after_review",
        /// This was our last word.
        Final = "final",
    }
}

/// An Ombudsman, where the code says the person must be told of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ombudsman {
    /// "the Local Government and Social Care Ombudsman".
    pub name: String,
    pub phone: Option<String>,
    pub website: Option<String>,
    #[serde(default = "OmbudsmanWhen::now")]
    pub when: OmbudsmanWhen,
}

impl OmbudsmanWhen {
    const fn now() -> Self {
        Self::Now
    }
}

/// The language to write a notice in: the one asked for where its template exists, else English,
/// so that no mail is half one and half the other. `has` tells whether the catalogue holds a
/// file (`cy/confirmation.txt`).
#[must_use]
pub fn language_for(wanted: Language, template: &str, has: impl Fn(&str) -> bool) -> Language {
    if has(&format!("{wanted}/{template}.txt")) {
        wanted
    } else {
        Language::English
    }
}

/// A body outside the council.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherBody {
    pub name: String,
    /// Whole sentences: "Ring 0808 157 0105, at any hour."
    pub how_to_reach: String,
}

/// A week of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCounts {
    pub name: String,
    /// Cases opened in the week.
    pub came_in: u64,
    /// Open when this is written.
    pub open: u64,
    /// Of those, with a date that has passed.
    pub late: u64,
    /// "Tuesday 3 November 2026": when the oldest of those open was received.
    pub oldest_since: Option<String>,
}

/// One case in a mail to staff: what was promised, to what kind of person, who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffItem {
    /// Empty for a mail that is on no case.
    pub reference: String,
    /// "a missed bin".
    pub topic: String,
    /// From our own lists; leave it out in a digest.
    pub place: Option<String>,
    /// The promise in the words the person was told, without its full stop: "We will collect it,
    /// or tell you why not, by 5pm on Tuesday 24 November 2026". Empty where nobody was told
    /// anything.
    pub promised: String,
    /// "a resident" ([`wording::to_whom`]).
    pub to_whom: String,
    /// "an officer of the bins team", "nobody yet (the bins team)". No names.
    pub who_has_it: String,
    /// "note, 27 November" ([`wording::last_action`]); none when nothing was done yet.
    pub last_action: Option<String>,
    /// The case's page for staff.
    pub link: Option<String>,
    /// Where it waits, when that is why it is named.
    #[serde(default)]
    pub waits: Option<Waits>,
}

/// Why something is named that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// "Nobody has taken it since Monday 2 November 2026", without its full stop.
    pub how: String,
    /// "take it · give it to someone".
    pub you_can: String,
}

impl StaffItem {
    /// Says who has a case without naming anybody.
    #[must_use]
    pub fn who_has_it(is_owned: bool, team: &str) -> String {
        let team = wording::the_team(team);
        if is_owned {
            format!("an officer of {team}")
        } else {
            format!("nobody yet ({team})")
        }
    }
}

/// Words for everybody in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    pub title: Option<String>,
    pub text: String,
}

/// What a notice says beyond the case itself. The name of the variant, in kebab case, is the
/// name of its template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "kebab-case")]
pub enum Says {
    /// We have it. `what_happens`: whole sentences of [`wording::promise`] or
    /// [`wording::clock_promise`], or the category's no-answer text.
    Confirmation { what_happens: Vec<String> },
    /// The automatic receipt of a complaint: an officer will write by one date, the answer comes
    /// by the latest date.
    ComplaintReceipt {
        acknowledge_by: Option<String>,
        latest_by: Option<String>,
    },
    /// A councillor's or MP's enquiry. `service_reference`: the service's own, linked case.
    MemberConfirmation {
        what_happens: Vec<String>,
        service_reference: Option<String>,
        member: MemberLines,
    },
    /// No date, no link, no quoted words.
    Danger { emergency_line: String },
    /// An officer's acknowledgement; `text` is theirs.
    Acknowledgement {
        text: String,
        officer: Option<String>,
        what_happens: Vec<String>,
    },
    /// An officer's answer. `follow_up_by`: until when to tell us it is not right.
    Reply {
        text: String,
        officer: Option<String>,
        follow_up_by: Option<String>,
        member: Option<MemberLines>,
        ombudsman: Option<Ombudsman>,
        /// To a member, about somebody of whom they may not be told yet.
        #[serde(default)]
        is_general: bool,
    },
    /// To a member, in place of an officer's words on a matter that is not put into mail to members.
    WordsKept {
        instead_of: Kept,
        what_happens: Vec<String>,
        follow_up_by: Option<String>,
        member: Option<MemberLines>,
    },
    /// An officer's word that the answer is still to come. `what_happens`: the promise that
    /// stands, or [`wording::missed`].
    HoldingReply {
        text: String,
        officer: Option<String>,
        what_happens: Vec<String>,
        member: Option<MemberLines>,
    },
    /// An officer asks the person. `pause_until`: the date our clock stands still until.
    Question {
        text: String,
        officer: Option<String>,
        pause_until: Option<String>,
    },
    /// A later date. `reason` is the officer's.
    Extension {
        old_by: String,
        new_by: String,
        reason: String,
        ombudsman: Option<Ombudsman>,
    },
    /// Holidays, closures or the standard changed, and with them a date we gave. `dates`: whole
    /// sentences of [`wording::moved_promise`]; `reason`: a whole sentence, where there is one.
    DateChanged {
        dates: Vec<String>,
        reason: Option<String>,
    },
    /// The case was placed anew: `is_new_team` when another team has it now; `new_by` when
    /// another date holds.
    Transfer {
        is_new_team: bool,
        old_by: Option<String>,
        new_by: Option<String>,
    },
    /// They asked again. `standing`: whole sentences, the truth included ([`wording::missed`]).
    ChaserConfirmation { standing: Vec<String> },
    /// It belongs to somebody else.
    NotOurs {
        body: Option<OtherBody>,
        text: Option<String>,
    },
    /// Work on it has ended.
    Closure {
        outcome: Outcome,
        /// The officer's own words, where they gave some.
        text: Option<String>,
        follow_up_by: Option<String>,
        ombudsman: Option<Ombudsman>,
    },
    /// Work on it goes on.
    Reopened { what_happens: Vec<String> },
    /// We will ring back. `by`: "5pm on Monday 23 November 2026".
    Callback { by: String },
    /// We rang and did not reach them.
    TriedToCall {
        /// "10.05am on Friday 20 November 2026".
        rang_at: String,
        /// What their telephone showed; none where our number was withheld.
        number: Option<String>,
        left_message: bool,
    },
    /// News of something many people told us of, in words for everybody. Left out where the matter is not
    /// named in mail.
    IncidentUpdate {
        title: Option<String>,
        text: Option<String>,
        /// The same in Welsh, until the language of the letter is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        welsh: Option<Announced>,
        /// References of the same person's other cases on it.
        also: Vec<String>,
    },
    /// The secret link, asked for again.
    TrackingLink,
    /// One question: how satisfied they are with how we dealt with it.
    Survey,
    /// To the owner: the date is near.
    Reminder { item: StaffItem },
    /// To owner and team leader: the date has come.
    Due { item: StaffItem },
    /// To whoever answers for it: it has waited, and may not wait much longer.
    Waiting { item: StaffItem },
    /// To a head of service or above, worst first. `n_told_before`: those of earlier digests
    /// that are still open.
    Digest {
        /// "Head of Waste and Street Scene".
        post: String,
        items: Vec<StaffItem>,
        n_told_before: u32,
    },
    /// To the councillor responsible for services: how many and how late. No references, because
    /// from a small service a reference and a week name a person.
    WeeklyCounts {
        /// "Councillor responsible for Housing".
        post: String,
        /// "16 to 22 November 2026".
        week: String,
        services: Vec<ServiceCounts>,
    },
    /// To a post for which a report was made: where it is, and none of its figures.
    ReportKept {
        /// "Councillor responsible for Housing".
        post: String,
        /// "Complaints".
        title: String,
        /// "1 to 31 October 2026".
        period: String,
        link: String,
    },
    /// To the owner of markers whose review day has passed. Nothing of whom they are about.
    MarkerReview {
        n_overdue: u64,
        /// "Monday 2 November 2026".
        oldest: String,
        /// Somebody who has left owns them, and this goes to the team leader instead.
        owner_left: Option<String>,
    },
    /// To the duty contact. No name, address or words.
    Alert {
        /// Empty when it is about a mail that waits and is on no case.
        reference: String,
        /// "no heating with a baby in the house".
        danger: String,
        number_to_ring: String,
        /// The first, second, third … telling.
        occurrence: u32,
        case_page: Option<String>,
    },
    /// To the owner: the person (or somebody about the same case) wrote again.
    Joined {
        item: StaffItem,
        /// "an e-mail", "a telephone call".
        came_as: String,
        came_at: String,
        is_chaser: bool,
    },
    /// To whoever has a member's enquiry: the service has done something on its own case.
    ServiceActed {
        item: StaffItem,
        service_reference: String,
        /// "the bins team".
        service_team: String,
        /// "has answered", without its full stop.
        what: String,
        is_answer: bool,
    },
    /// To the team: these were asked by a member who is one no longer.
    MemberLeft {
        items: Vec<StaffItem>,
        /// "Friday 7 May 2027", the last day of their term.
        left_on: String,
    },
    /// To the team leader: it has been passed on `n_transfers` times.
    ManyTransfers { item: StaffItem, n_transfers: u32 },
    /// To the team leader: somebody asked about it and could not show who they are. `asked_at`:
    /// "Friday 20 November 2026 at 4.58pm".
    IdentityFailed { item: StaffItem, asked_at: String },
    /// To somebody who asked for a link to sign in by. Nothing here opens anything: `link` is
    /// where such links begin, until whoever sends the mail completes it.
    SignInLink {
        link: String,
        minutes: u8,
        /// Nobody, when the address has no account that may sign in this way: nothing is sent.
        user: Option<UserId>,
        /// By the computer's own time, as sessions are.
        until: Timestamp,
    },
    /// To whoever answers for a restricted case: somebody of the council opened it for themselves.
    /// The reason stands on the case.
    GlassBroken {
        reference: String,
        /// Whoever did: one of us, by name.
        by: String,
        at: String,
        until: String,
    },
    /// To administrators: no mail comes in from a mailbox.
    MailboxUnread {
        /// What the settings call it.
        mailbox: String,
        /// "Friday 20 November 2026 at 4.58pm".
        since: String,
        /// "the mail server does not answer", without its full stop.
        why: String,
    },
    /// To the inbox of a team that works by e-mail.
    InboxCase(Box<InboxCase>),
    /// To that inbox: its reply was kept as a note, or goes to the resident, or could not.
    InboxReceipt {
        item: StaffItem,
        became: InboxBecame,
        /// "5.02pm on Friday 20 November 2026": when words for the resident leave.
        leaves_at: Option<String>,
        /// Why they were not sent on, a whole sentence.
        why_not: Option<String>,
    },
    /// To the leader of a team that works by e-mail: a case of theirs that is not put into mail.
    InboxKept { item: StaffItem },
}

words! {
    /// Why a case is mailed to an inbox.
    InboxWhy {
        /// It is new there.
        Landed = "landed",
        /// The person wrote again.
        Message = "message",
        /// Work on it goes on.
        Reopened = "reopened",
        /// A date is near.
        DateNear = "date_near",
        /// A date has come.
        DateCome = "date_come",
    }
}

words! {
    /// What became of a reply from an inbox.
    InboxBecame { Note = "note", Sent = "sent", NotSent = "not_sent" }
}

/// A case as it is mailed to a team that works by e-mail. Nobody's words, name or number stand in the
/// outbox: what is empty here is filled when the mail is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxCase {
    pub item: StaffItem,
    pub why: InboxWhy,
    /// The slug of the queue whose inbox it goes to.
    pub queue: String,
    /// Only what this contact says; else everything that came in.
    pub contact: Option<ContactId>,
    /// Instructions that keep staff safe: first of all.
    #[serde(default)]
    pub safety: Vec<String>,
    /// "no heating with a baby in the house".
    #[serde(default)]
    pub danger: Option<String>,
    /// Where it is, as it was told.
    #[serde(default)]
    pub place: Option<String>,
    #[serde(default)]
    pub person: Option<InboxPerson>,
    #[serde(default)]
    pub asked: Vec<InboxWords>,
    /// Files that came with it and are not mailed.
    #[serde(default)]
    pub n_files: u32,
    #[serde(default)]
    pub links: Option<InboxLinks>,
}

/// Whom a case is for, as far as a team outside the system needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxPerson {
    pub name: Option<String>,
    pub phone: Option<String>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxWords {
    /// "by e-mail at 4.58pm on Friday 20 November 2026".
    pub how: String,
    pub text: String,
}

/// What the links of one mail to an inbox are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxLinks {
    pub taken: String,
    pub not_ours: String,
    pub needs_longer: String,
    /// "Sunday 20 December 2026": the last day they work.
    pub until: String,
}

impl Says {
    /// Its template's name, without language and ending.
    #[must_use]
    pub const fn template(&self) -> &'static str {
        match self {
            Self::Confirmation { .. } => "confirmation",
            Self::ComplaintReceipt { .. } => "complaint-receipt",
            Self::MemberConfirmation { .. } => "member-confirmation",
            Self::Danger { .. } => "danger",
            Self::Acknowledgement { .. } => "acknowledgement",
            Self::Reply { .. } => "reply",
            Self::WordsKept { .. } => "words-kept",
            Self::HoldingReply { .. } => "holding-reply",
            Self::Question { .. } => "question",
            Self::Extension { .. } => "extension",
            Self::DateChanged { .. } => "date-changed",
            Self::Transfer { .. } => "transfer",
            Self::ChaserConfirmation { .. } => "chaser-confirmation",
            Self::NotOurs { .. } => "not-ours",
            Self::Closure { .. } => "closure",
            Self::Reopened { .. } => "reopened",
            Self::Callback { .. } => "callback",
            Self::TriedToCall { .. } => "tried-to-call",
            Self::IncidentUpdate { .. } => "incident-update",
            Self::TrackingLink => "tracking-link",
            Self::Survey => "survey",
            Self::Reminder { .. } => "reminder",
            Self::Due { .. } => "due",
            Self::Waiting { .. } => "waiting",
            Self::Digest { .. } => "digest",
            Self::WeeklyCounts { .. } => "weekly-counts",
            Self::MarkerReview { .. } => "marker-review",
            Self::ReportKept { .. } => "report-kept",
            Self::Alert { .. } => "alert",
            Self::Joined { .. } => "joined",
            Self::ServiceActed { .. } => "service-acted",
            Self::MemberLeft { .. } => "member-left",
            Self::ManyTransfers { .. } => "many-transfers",
            Self::IdentityFailed { .. } => "identity-failed",
            Self::SignInLink { .. } => "sign-in-link",
            Self::GlassBroken { .. } => "glass-broken",
            Self::MailboxUnread { .. } => "mailbox-unread",
            Self::InboxCase(_) => "inbox-case",
            Self::InboxReceipt { .. } => "inbox-receipt",
            Self::InboxKept { .. } => "inbox-kept",
        }
    }

    /// Whether its own words can be had in a language; templates are another matter.
    #[must_use]
    pub fn is_said_in(&self, language: Language) -> bool {
        match self {
            Self::IncidentUpdate { text, welsh, .. } => {
                language == Language::English || text.is_none() || welsh.is_some()
            }
            _ => true,
        }
    }

    /// The same in one language, where its own words are there in several.
    #[must_use]
    pub fn said_in(self, language: Language) -> Self {
        match self {
            Self::IncidentUpdate {
                title,
                text,
                welsh,
                also,
            } => {
                let (title, text) = match welsh {
                    Some(welsh) if language == Language::Welsh => (welsh.title, Some(welsh.text)),
                    _ => (title, text),
                };
                Self::IncidentUpdate {
                    title,
                    text,
                    welsh: None,
                    also,
                }
            }
            other => other,
        }
    }

    /// Its kind, as the mail header says.
    #[must_use]
    pub const fn kind(&self) -> NoticeKind {
        match self {
            Self::Confirmation { .. }
            | Self::ComplaintReceipt { .. }
            | Self::MemberConfirmation { .. } => NoticeKind::Confirmation,
            Self::Danger { .. } => NoticeKind::Danger,
            Self::Acknowledgement { .. } => NoticeKind::Acknowledgement,
            Self::Reply { .. } | Self::HoldingReply { .. } => NoticeKind::Reply,
            Self::WordsKept { instead_of, .. } => instead_of.kind(),
            Self::Question { .. } => NoticeKind::Question,
            Self::Extension { .. } | Self::DateChanged { .. } => NoticeKind::Extension,
            Self::Transfer { .. } => NoticeKind::Transfer,
            Self::ChaserConfirmation { .. } => NoticeKind::ChaserConfirmation,
            Self::NotOurs { .. } => NoticeKind::NotOurs,
            Self::Closure { .. } => NoticeKind::Closure,
            Self::Reopened { .. } => NoticeKind::Reopened,
            Self::Callback { .. } => NoticeKind::Callback,
            Self::TriedToCall { .. } => NoticeKind::TriedToCall,
            Self::IncidentUpdate { .. } => NoticeKind::IncidentUpdate,
            Self::TrackingLink => NoticeKind::TrackingLink,
            Self::Survey => NoticeKind::Survey,
            Self::Reminder { .. } | Self::Due { .. } => NoticeKind::Reminder,
            Self::Waiting { .. } => NoticeKind::Waiting,
            Self::Digest { .. } => NoticeKind::Digest,
            Self::WeeklyCounts { .. } => NoticeKind::WeeklyCounts,
            Self::MarkerReview { .. } => NoticeKind::MarkerReview,
            Self::ReportKept { .. } => NoticeKind::ReportKept,
            Self::Alert { .. } => NoticeKind::Alert,
            Self::Joined { .. } => NoticeKind::Joined,
            Self::ServiceActed { .. } => NoticeKind::ServiceActed,
            Self::MemberLeft { .. } => NoticeKind::MemberLeft,
            Self::ManyTransfers { .. } => NoticeKind::ManyTransfers,
            Self::IdentityFailed { .. } => NoticeKind::IdentityFailed,
            Self::SignInLink { .. } => NoticeKind::SignInLink,
            Self::GlassBroken { .. } => NoticeKind::GlassBroken,
            Self::MailboxUnread { .. } => NoticeKind::MailboxUnread,
            Self::InboxCase(_) => NoticeKind::InboxCase,
            Self::InboxReceipt { .. } => NoticeKind::InboxReceipt,
            Self::InboxKept { .. } => NoticeKind::InboxKept,
        }
    }
}

impl Letter {
    /// A letter about one case, in words or for staff.
    #[must_use]
    pub const fn about(
        case: CaseLine,
        language: Language,
        council: CouncilLine,
        says: Says,
    ) -> Self {
        Self {
            language,
            format: None,
            council,
            case: Some(case),
            says,
        }
    }

    /// A mail to staff, who read English; the cases stand in what it says.
    #[must_use]
    pub const fn to_staff(council: CouncilLine, says: Says) -> Self {
        Self::without_case(Language::English, council, says)
    }

    /// A letter that names no case of its own, such as a danger notice whose very reference must
    /// not be said.
    #[must_use]
    pub const fn without_case(language: Language, council: CouncilLine, says: Says) -> Self {
        Self {
            language,
            format: None,
            council,
            case: None,
            says,
        }
    }

    /// Its kind, as the mail header says.
    #[must_use]
    pub const fn kind(&self) -> NoticeKind {
        self.says.kind()
    }

    /// Every case it speaks of, once each, for the `X-Reeve-Case` headers.
    #[must_use]
    pub fn references(&self) -> Vec<String> {
        let mut named: Vec<String> = Vec::new();
        let own = self.case.iter().map(|case| &case.reference);
        let listed: Vec<&String> = match &self.says {
            Says::Digest { items, .. } | Says::MemberLeft { items, .. } => {
                items.iter().map(|item| &item.reference).collect()
            }
            Says::Reminder { item }
            | Says::Due { item }
            | Says::Waiting { item }
            | Says::Joined { item, .. }
            | Says::ServiceActed { item, .. }
            | Says::IdentityFailed { item, .. }
            | Says::ManyTransfers { item, .. }
            | Says::InboxReceipt { item, .. }
            | Says::InboxKept { item } => vec![&item.reference],
            Says::InboxCase(case) => vec![&case.item.reference],
            Says::Alert { reference, .. } | Says::GlassBroken { reference, .. } => vec![reference],
            Says::MemberConfirmation {
                service_reference, ..
            } => service_reference.iter().collect(),
            Says::IncidentUpdate { also, .. } => also.iter().collect(),
            _ => Vec::new(),
        };
        for reference in own.chain(listed) {
            if !reference.is_empty() && !named.contains(reference) {
                named.push(reference.clone());
            }
        }
        named
    }

    /// What an agent reads out to the caller, from the letter that will follow; nothing for
    /// letters that are not about what happens next.
    #[must_use]
    pub fn read_out(&self) -> Option<String> {
        let case = self.case.as_ref();
        let what_happens: Vec<String> = match &self.says {
            Says::Danger { emergency_line } => {
                return Some(wording::read_out_danger(emergency_line));
            }
            Says::Confirmation { what_happens }
            | Says::MemberConfirmation { what_happens, .. }
            | Says::Reopened { what_happens } => what_happens.clone(),
            Says::ChaserConfirmation { standing } => standing.clone(),
            Says::ComplaintReceipt {
                acknowledge_by,
                latest_by,
            } => {
                let acknowledge = acknowledge_by
                    .as_deref()
                    .map(|by| wording::clock_promise("acknowledge", None, by, self.language));
                let answer = latest_by
                    .as_deref()
                    .map(|by| format!("You will have our answer by {by} at the latest."));
                acknowledge.into_iter().chain(answer).collect()
            }
            _ => return None,
        };
        case.map(|case| {
            wording::read_out(&ReadOut {
                reference: &case.reference,
                what_happens: &what_happens,
                phone: &case.phone.number,
                phone_hours: case.phone.hours.as_deref(),
            })
        })
    }

    /// The same letter for the post: no secret link, which nobody can type.
    #[must_use]
    pub fn for_the_post(mut self) -> Self {
        if let Some(case) = &mut self.case {
            case.link = None;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(secrecy: Secrecy, language: Language) -> CaseLine {
        CaseLine::of(&CaseFacts {
            reference: &Reference::from_bits(7),
            procedure: Procedure::ServiceRequest,
            public_name: "a missed bin",
            place: Some("14 Larkfield Rise"),
            team: "the bins team",
            secrecy,
            is_bereavement: false,
            link: None,
            phone: PhoneLine {
                number: "01632 960100".to_owned(),
                hours: Some("by appointment".to_owned()),
            },
            language,
        })
    }

    fn council() -> CouncilLine {
        CouncilLine {
            name: "Northmere Council".to_owned(),
            main_phone: "01632 960000".to_owned(),
            emergency_phone: "01632 960999".to_owned(),
        }
    }

    #[test]
    fn a_sensitive_or_restricted_case_says_neither_matter_nor_place_nor_team() {
        for secrecy in [Secrecy::Sensitive, Secrecy::Restricted] {
            let said = serde_json::to_string(&line(secrecy, Language::English)).unwrap();
            for secret in ["bin", "Larkfield"] {
                assert!(!said.contains(secret), "{said}");
            }
        }
        let standing = line(Secrecy::Sensitive, Language::English).standing(
            Status::Open,
            None,
            None,
            None,
            Language::English,
        );
        assert_eq!(standing, "The team is working on it.");
    }

    #[test]
    fn hours_no_welsh_is_known_for_are_left_out_of_a_welsh_letter() {
        assert_eq!(line(Secrecy::Ordinary, Language::Welsh).phone.hours, None);
        assert!(
            line(Secrecy::Ordinary, Language::English)
                .phone
                .hours
                .is_some()
        );
    }

    #[test]
    fn a_caller_in_danger_is_told_to_ring_999_before_anything_else() {
        let letter = Letter::about(
            line(Secrecy::Ordinary, Language::English),
            Language::English,
            council(),
            Says::Danger {
                emergency_line: "01632 960999".to_owned(),
            },
        );
        assert_eq!(
            letter.read_out().as_deref(),
            Some(
                "If someone is in danger now, ring 999. Do not wait for us. Our emergency line, \
                 open now, is 01632 960999."
            )
        );
    }

    #[test]
    fn a_complainant_hears_both_dates_and_the_number() {
        let letter = Letter::about(
            line(Secrecy::Ordinary, Language::English),
            Language::English,
            council(),
            Says::ComplaintReceipt {
                acknowledge_by: Some("Friday 27 November 2026".to_owned()),
                latest_by: Some("Friday 11 December 2026".to_owned()),
            },
        );
        let reference = Reference::from_bits(7);
        assert_eq!(
            letter.read_out(),
            Some(format!(
                "Your reference is {reference}. An officer will write to you by Friday 27 \
                 November 2026. You will have our answer by Friday 11 December 2026 at the \
                 latest. To ask about it, ring 01632 960100, by appointment."
            ))
        );
    }

    #[test]
    fn only_officers_words_go_without_the_mark_of_a_machine() {
        for kind in NoticeKind::ALL {
            let is_officers = matches!(
                kind,
                NoticeKind::Acknowledgement | NoticeKind::Reply | NoticeKind::Question
            );
            assert_eq!(kind.auto_submitted(true).is_none(), is_officers, "{kind}");
            assert_eq!(kind.auto_submitted(false).is_none(), is_officers, "{kind}");
        }
        assert_eq!(
            NoticeKind::Confirmation.auto_submitted(true),
            Some("auto-replied")
        );
        assert_eq!(
            NoticeKind::Digest.auto_submitted(false),
            Some("auto-generated")
        );
    }
}
