//! Pages of somebody who signed in: who they are, where they may go, and forms that lose no word.
//!
//! [`shown`] and [`form`] make an operation of a page. Whoever is not signed in is asked to, and comes back;
//! a form whose session is over is kept, sealed for whom it was shown to, and comes back with every word.
//! What a page shows and does it asks for through [`Visit::ask`], as a program would.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::one_site::{check_sealed, is_from_here, seal};
use super::{Frame, apology, signed_page};
use crate::auth::sealed::Sealer;
use crate::casework::members;
use crate::domain::access::{Actor, Role, User};
use crate::http::operation::Answering;
use crate::http::query;
use crate::http::recognise::Caller;
use crate::http::within::{self, Asked, Told};
use crate::http::{
    Access, Answer, Call, Came, Limit, Operation, Problem, get, page_sessions, post,
};

/// Somebody signed in, at a page.
pub struct Visit {
    pub call: Call,
    caller: Caller,
    user: User,
    cookie: String,
    fields: Fields,
    /// What was done just before, in words.
    done: Option<&'static str>,
    /// Of a councillor: their account names the ward they were elected for.
    has_ward: bool,
}

/// The file of a form that has one: none where none was chosen; why not, where it cannot be taken.
pub type Brought = Result<Option<Came>, Problem>;

/// What a form holds, as people write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields(Vec<(String, String)>);

/// A form that came when its session was over.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    /// Where it was sent.
    pub path: String,
    pub fields: Fields,
}

/// What the pages of somebody signed in have around what they say.
#[derive(Debug, Serialize)]
struct Desk {
    name: String,
    role: String,
    navigation: Vec<Way>,
    /// What was done just before, in words.
    done: Option<&'static str>,
    /// In which instants are written.
    zone: String,
    form_token: String,
    form_of: String,
    /// So that a form sent twice is sent once.
    form_key: String,
}

/// One way in the navigation.
#[derive(Debug, Serialize)]
struct Way {
    href: &'static str,
    words: &'static str,
    /// Of the keyboard.
    key: Option<&'static str>,
    is_here: bool,
}

/// Type of the forms of pages.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// A long letter, as a form writes it: up to three bytes for one.
pub const FORM_LIMIT: usize = 320 * 1024;
/// Whose form it is.
const FORM_OF: &str = "form_of";
const KEPT_FORMS: &str = "kept form";

/// Those who work cases.
const CASEWORKERS: &[Role] = &[
    Role::Agent,
    Role::Officer,
    Role::TeamLeader,
    Role::HeadOfService,
    Role::Partner,
];
/// Those of them who are the council's own.
const COUNCIL: &[Role] = &[
    Role::Agent,
    Role::Officer,
    Role::TeamLeader,
    Role::HeadOfService,
];

/// Where one may go, in the order of the navigation: path, words, key, roles.
type Signpost = (
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static [Role],
);
const WAYS: &[Signpost] = &[
    ("/work", "My work", Some("w"), CASEWORKERS),
    ("/log", "Log a contact", Some("l"), CASEWORKERS),
    ("/queues", "Queues", Some("q"), CASEWORKERS),
    ("/find", "Find", Some("f"), CASEWORKERS),
    ("/to-place", "To place", Some("p"), COUNCIL),
    ("/my-enquiries", "My enquiries", None, &[Role::Councillor]),
    ("/teams", "Teams", None, MANAGERS),
    ("/escalations", "What is late", None, MANAGERS),
    ("/performance", "Promises kept", None, COUNTERS),
    ("/intake", "What came in", None, COUNTERS),
    ("/my-ward", "Ward figures", None, WARD_READERS),
    ("/reports", "Kept reports", None, WARD_READERS),
    ("/admin", "Administration", None, &[Role::Admin]),
    ("/admin/audit", "Audit", None, &[Role::Auditor, Role::Admin]),
    ("/account", "Your account", None, Role::ALL),
];
/// Those who see to it that promises are kept; with those who check it; of wards.
const MANAGERS: &[Role] = &[Role::TeamLeader, Role::HeadOfService];
const COUNTERS: &[Role] = &[
    Role::TeamLeader,
    Role::HeadOfService,
    Role::Auditor,
    Role::Admin,
];
const WARD_READERS: &[Role] = &[
    Role::Councillor,
    Role::HeadOfService,
    Role::Auditor,
    Role::Admin,
];

/// What was done, by the code a page is shown with after it.
const DONE: &[(&str, &str)] = &[
    ("signed_in", "You are signed in again."),
    ("taken", "This case is yours now."),
    ("nothing", "Nothing waits in that queue."),
    ("note", "Your note is saved."),
    (
        "reply",
        "Your reply is on its way. You can take it back until it leaves.",
    ),
    ("taken_back", "The reply was taken back. Nothing was sent."),
    ("question", "The question is on its way."),
    (
        "acknowledged",
        "It is put down that the person knows we have it.",
    ),
    ("assigned", "It is put down who has this case."),
    ("transferred", "The case was passed on. The person is told."),
    ("paused", "The case waits now."),
    ("resumed", "Work on the case goes on."),
    ("extended", "The date was moved. The person is told."),
    ("promised", "The promise is on the case."),
    ("closed", "The case is closed."),
    ("reopened", "The case is open again."),
    ("stage", "The next stage is open."),
    ("merged", "The case was merged."),
    ("linked", "The two cases are linked."),
    ("called", "The call is on the case."),
    ("recorded", "It is on the case now."),
    ("named", "They may see the case now."),
    ("changed", "The case is changed."),
    ("checked", "The check is on the case."),
    ("marked", "The reason is put down."),
    ("logged", "The contact is saved."),
    ("joined", "The contact is saved with this case."),
    (
        "kept",
        "The contact is saved. Only a small team may see it.",
    ),
    ("placed", "The case was placed."),
    ("reassigned", "Those cases were given away."),
    (
        "enquiry_raised",
        "We have your enquiry. We will answer by the date below.",
    ),
    (
        "word_added",
        "We have added your words. Whoever has the enquiry was told.",
    ),
    ("notice_retried", "It is on its way again."),
    ("user_added", "The account was made."),
    (
        "user_closed",
        "The account was closed. Its sessions end within a minute.",
    ),
    ("key_revoked", "The key opens nothing any more."),
    ("catalogue_applied", "The new catalogue is in force."),
    ("file", "The file is on the case."),
    ("person_on", "It is put down who they are on this case."),
    (
        "person_off",
        "They are off the case. What was on its way to them about it stops.",
    ),
    ("person_changed", "It is put right."),
    ("on_incident", "The case is on the incident."),
    ("off_incident", "The case is off the incident."),
    (
        "letter_posted",
        "It is put down that the letter was posted.",
    ),
    (
        "glass_broken",
        "This case is open to you for a time. Those who answer for it are told now.",
    ),
    ("may_already", "You may see this case already."),
    ("away", "It is put down when you are away."),
    ("back", "It is put down that you are not away."),
];

/// A page for whoever is signed in.
pub fn shown(path: &'static str, id: &'static str, handler: fn(Visit) -> Answering) -> Operation {
    get(path, move |call| arrive(call, handler))
        .id(id)
        .summary("A page of somebody signed in")
        .tag("Pages")
        .access(Access::public())
        .answers_raw(200, "text/html", "The page.")
        .hidden()
}

/// A form for whoever is signed in. It is sealed; what it holds is [`Visit::fields`].
pub fn form(path: &'static str, id: &'static str, handler: fn(Visit) -> Answering) -> Operation {
    post(path, move |call| send(call, handler))
        .id(id)
        .summary("A form of somebody signed in")
        .tag("Pages")
        .access(Access::public())
        .raw_body(FORM, Limit::Bytes(FORM_LIMIT))
        .answers_nothing(303, "On to the next page.")
        .not_idempotent()
        .hidden()
}

/// A form with a file in it, which stands after everything else in it. Given back after a new sign-in, it
/// comes without its file.
pub fn form_with_file(
    path: &'static str,
    id: &'static str,
    handler: fn(Visit, Brought) -> Answering,
) -> Operation {
    post(path, move |call| send_with_file(call, handler))
        .id(id)
        .summary("A form of somebody signed in, with a file")
        .tag("Pages")
        .access(Access::public())
        .upload_with_words(Limit::Attachment, FORM_LIMIT)
        .raw_body(FORM, Limit::Bytes(FORM_LIMIT))
        .answers_nothing(303, "On to the next page.")
        .not_idempotent()
        .hidden()
}

impl Visit {
    /// Who it is.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// What the form that was sent holds.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// A parameter of the page's address; empty where it is not there. Mails and gateways add others, so a
    /// page is shown whatever else stands there.
    #[must_use]
    pub fn parameter(&self, name: &str) -> String {
        match query::pairs(&self.call.query_string) {
            Ok(pairs) => pairs
                .into_iter()
                .find(|(own, _)| own == name)
                .map_or_else(String::new, |(_, value)| value),
            Err(_) => String::new(),
        }
    }

    /// Whether their role may ask this operation at all.
    #[must_use]
    pub fn may(&self, operation: &str) -> bool {
        within::admits(&self.call, &self.caller, operation)
    }

    /// Asks an operation of the API as whoever is signed in.
    ///
    /// # Errors
    /// As it refuses.
    pub async fn ask(&self, asked: Asked) -> Result<Told, Problem> {
        within::ask(&self.call, &self.caller, asked).await
    }

    /// The same councillor without what a portfolio lets them follow: what they raised is left, and no more.
    #[must_use]
    pub fn for_what_they_raised(mut self) -> Self {
        self.user.services.clear();
        self.caller.actor = Actor::User(self.user.clone());
        self
    }

    /// What logging this contact would come to; nothing of it is kept.
    ///
    /// # Errors
    /// As logging it.
    pub async fn look_at_contact(&self, body: serde_json::Value) -> Result<Told, Problem> {
        within::look_at_contact(&self.call, &self.caller, body).await
    }

    /// As whom operations are asked.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.caller.actor.clone()
    }

    /// Asks an operation whose answer is a file.
    ///
    /// # Errors
    /// As it refuses.
    pub async fn file(&self, asked: Asked) -> Result<Answer, Problem> {
        within::answer_of(&self.call, &self.caller, asked).await
    }

    /// Writes a page: `said` in the template, and around it who is signed in.
    ///
    /// # Errors
    /// When the template and what it is given do not fit, which is a defect.
    pub fn page(
        &self,
        status: u16,
        template: &str,
        title: impl Into<String>,
        said: impl Serialize,
    ) -> Result<Answer, Problem> {
        let frame = frame(&self.call, title);
        signed_page(status, template, &frame, self.desk(), said)
    }

    fn desk(&self) -> Desk {
        let here = self.call.route;
        let role = self.user.role;
        let navigation = WAYS
            .iter()
            .filter(|(way, _, _, roles)| self.leads_to(way, roles));
        Desk {
            name: self.user.name.clone(),
            role: role.as_str().replace('_', " "),
            navigation: navigation
                .map(|(href, words, key, _)| Way {
                    href,
                    words,
                    key: *key,
                    is_here: here == *href,
                })
                .collect(),
            done: self.done,
            zone: zone(&self.call),
            form_token: seal(&self.call, &self.cookie),
            form_of: whose(&self.call, &self.user),
            form_key: self.call.front.form_key(),
        }
    }

    /// Whether there is anything for them there.
    fn leads_to(&self, way: &str, roles: &[Role]) -> bool {
        match way {
            "/my-ward" => roles.contains(&self.user.role) && self.has_ward,
            // A report is kept for posts too, whoever holds them.
            "/reports" => roles.contains(&self.user.role) || self.user.post.is_some(),
            _ => roles.contains(&self.user.role),
        }
    }
}

impl Fields {
    /// Of names and values.
    #[must_use]
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let pairs = pairs.into_iter();
        Self(
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// A field of one line, without what cannot stand in a line.
    #[must_use]
    pub fn line(&self, name: &str) -> String {
        self.text(name)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// A field of several lines: as browsers end them, and without control characters.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let text = self.raw(name).replace("\r\n", "\n").replace('\r', "\n");
        text.chars()
            .filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
            .collect()
    }

    /// A field of one line, when anything stands in it.
    #[must_use]
    pub fn some(&self, name: &str) -> Option<String> {
        Some(self.line(name)).filter(|text| !text.is_empty())
    }

    /// Every value of a field that can be chosen several times.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        let own = self.0.iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| value.trim().to_owned())
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// Whether a box was ticked or a button pressed.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// A whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.line(name).parse().ok()
    }

    /// Under which key the form is done once.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        self.some("form_key")
    }

    /// The version of what was shown beside the form.
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        self.number("version")
    }

    /// What was written, by name, for a form that is shown again. Of several of one name, the last.
    #[must_use]
    pub fn words(&self) -> serde_json::Map<String, serde_json::Value> {
        let own = self.0.iter().filter(|(name, _)| !is_of_the_seal(name));
        own.map(|(name, value)| (name.clone(), json!(value)))
            .collect()
    }

    /// All of it but the seals, in its order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|(name, _)| !is_of_the_seal(name))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn raw(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map_or("", |(_, value)| value.as_str())
    }
}

/// The way to the sign-in page, and back to here.
#[must_use]
pub fn to_sign_in(call: &Call) -> Answer {
    let query = &call.query_string;
    let place = if query.is_empty() {
        call.path.clone()
    } else {
        format!("{}?{query}", call.path)
    };
    match page_sessions::own_place(&place) {
        Some(place) => {
            let place = place
                .replace('%', "%25")
                .replace('&', "%26")
                .replace('#', "%23");
            Answer::see_other(&format!("/sign-in?next={place}"))
        }
        None => Answer::see_other("/sign-in"),
    }
}

/// Opens what was kept of a form, for whom it was kept and nobody else.
#[must_use]
pub fn open_kept(call: &Call, kept: &str, user: &User) -> Option<Kept> {
    let sealed = URL_SAFE_NO_PAD.decode(kept).ok()?;
    let bytes = sealer(call).open(&user.id.to_string(), &sealed)?;
    serde_json::from_slice(&bytes).ok()
}

/// The page that gives a kept form back to who has signed in again.
///
/// # Errors
/// When the page cannot be written.
pub fn give_back(call: &Call, user: &User, cookie: &str, kept: &Kept) -> Result<Answer, Problem> {
    let fields: Vec<_> = kept.fields.pairs().collect();
    let words: Vec<_> = fields
        .iter()
        .filter(|(name, value)| is_of_words(name) && !value.trim().is_empty())
        .map(|(name, value)| {
            (
                crate::domain::wording::sentence_case(&name.replace('_', " ")),
                value,
            )
        })
        .collect();
    let said = json!({
        "path": kept.path, "fields": fields, "words": words,
        "form_token": seal(call, cookie), "form_of": whose(call, user),
    });
    super::page(
        200,
        "staff/kept.html",
        &frame(call, "You are signed in again"),
        said,
    )
}

/// Whoever is signed in is shown the page; anybody else is asked to sign in and comes back.
pub(super) async fn arrive(call: Call, handler: fn(Visit) -> Answering) -> Result<Answer, Problem> {
    let Some(caller) = page_sessions::caller(&call).await? else {
        return Ok(to_sign_in(&call));
    };
    visit(call, caller, Fields::default(), handler).await
}

pub(super) async fn send(call: Call, handler: fn(Visit) -> Answering) -> Result<Answer, Problem> {
    let caller = page_sessions::caller(&call).await?;
    let fields = Fields(call.form()?);
    let Some(caller) = caller else {
        return keep(&call, &fields);
    };
    match check_sent(&call, &caller, &fields) {
        Ok(()) => visit(call, caller, fields, handler).await,
        Err(problem) => Ok(apologise(&call, problem)),
    }
}

async fn send_with_file(
    mut call: Call,
    handler: fn(Visit, Brought) -> Answering,
) -> Result<Answer, Problem> {
    let caller = page_sessions::caller(&call).await?;
    let (fields, file) = if call.brings_a_file() {
        let posted = match &caller {
            Some(_) => call.upload_of_somebody_known().await,
            None => call.upload_with_words().await,
        };
        match posted {
            Ok(posted) => (Fields(posted.words), posted.file),
            Err(problem) => return Ok(apologise(&call, problem)),
        }
    } else {
        (Fields(call.form()?), Ok(None))
    };
    let Some(caller) = caller else {
        return keep(&call, &fields);
    };
    match check_sent(&call, &caller, &fields) {
        Ok(()) => visit(call, caller, fields, move |visit| handler(visit, file)).await,
        Err(problem) => Ok(apologise(&call, problem)),
    }
}

/// That a form was sent from one of our pages, by whom it was shown to.
fn check_sent(call: &Call, caller: &Caller, fields: &Fields) -> Result<(), Problem> {
    check_sealed(call, &page_sessions::cookie(call), &fields.0).or_else(|problem| {
        // Shown to the same person in a session that is over, in another window.
        let is_own = caller.actor.user().is_some_and(|user| {
            is_from_here(call) && whose_it_is(call, fields) == Some(user.id.to_string())
        });
        if is_own { Ok(()) } else { Err(problem) }
    })
}

async fn visit(
    mut call: Call,
    caller: Caller,
    fields: Fields,
    handler: impl FnOnce(Visit) -> Answering,
) -> Result<Answer, Problem> {
    let Some(user) = caller.actor.user().cloned() else {
        return Ok(to_sign_in(&call));
    };
    let cookie = page_sessions::cookie(&call);
    let done = done_just_before(&call);
    // It is said around the page, and no parameter of any.
    let others = call.query_string.split('&');
    let others: Vec<&str> = others.filter(|pair| !pair.starts_with("done=")).collect();
    call.query_string = others.join("&");
    let (front, route, request_id) = (
        std::sync::Arc::clone(&call.front),
        call.route,
        call.request_id.clone(),
    );
    let role = user.role;
    let has_ward = match role {
        Role::Councillor => {
            let id = user.id;
            let office = call.read(move |conn, _| members::office_of(conn, id));
            office.await?.ward.is_some()
        }
        _ => true,
    };
    let visit = Visit {
        call,
        caller,
        user,
        cookie,
        fields,
        done,
        has_ward,
    };
    handler(visit).await.or_else(|problem| {
        let frame = Frame::of(&front.desk, front.is_demo, "Sorry, this did not work");
        refused(route, &request_id, &frame, role, problem)
    })
}

/// Why not, in words for people of the council.
fn refused(
    route: &str,
    request_id: &str,
    frame: &Frame,
    role: Role,
    problem: Problem,
) -> Result<Answer, Problem> {
    if !matches!(problem.status, 400 | 403 | 404 | 409 | 412 | 422) {
        return Ok(apology(route, request_id, frame, problem));
    }
    let said = json!({
        "status": problem.status, "detail": problem.detail, "request_id": request_id,
        "faults": problem.errors.iter().map(|fault| fault.detail.as_str()).collect::<Vec<_>>(),
        // Said of every page that is not there, so that it tells nothing of one.
        "may_be_restricted": problem.status == 404 && role == Role::HeadOfService,
        "needs_codes": problem.code == "totp_not_set_up",
    });
    super::page(problem.status, "staff/refused.html", frame, said)
}

/// The session was over when the form came: the sign-in page, which holds the form until it is over.
fn keep(call: &Call, fields: &Fields) -> Result<Answer, Problem> {
    let whose = whose_it_is(call, fields).filter(|_| is_from_here(call));
    let Some(whose) = whose else {
        return Ok(Answer::see_other("/sign-in"));
    };
    let kept = Kept {
        path: call.path.clone(),
        fields: Fields(
            fields
                .pairs()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        ),
    };
    let bytes = serde_json::to_vec(&kept).map_err(Problem::fault)?;
    let sealed = URL_SAFE_NO_PAD.encode(sealer(call).seal(&whose, &bytes));
    super::sign_in::ask_again(call, &sealed)
}

fn sealer(call: &Call) -> Sealer {
    Sealer::new(&call.front.keyed(KEPT_FORMS).finalize().into_bytes().into())
}

/// To whom a form is shown, so that it is known when their session is over.
fn whose(call: &Call, user: &User) -> String {
    let seal = call.front.keyed(FORM_OF).chain_update(user.id.to_string());
    let seal = URL_SAFE_NO_PAD.encode(seal.finalize().into_bytes());
    format!("{}.{seal}", user.id)
}

fn whose_it_is(call: &Call, fields: &Fields) -> Option<String> {
    let (id, seal) = fields.raw(FORM_OF).split_once('.')?;
    let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
    let made = call.front.keyed(FORM_OF).chain_update(id);
    made.verify_slice(&seal).ok().map(|()| id.to_owned())
}

fn zone(call: &Call) -> String {
    let council = call.front.desk.council();
    let zone = council.catalogue.calendar.zone();
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn is_of_the_seal(name: &str) -> bool {
    matches!(name, "form_token" | FORM_OF)
}

/// Whether somebody wrote it, or a page put it there for itself.
fn is_of_words(name: &str) -> bool {
    !matches!(name, "form_key" | "version" | "last" | "do") && !is_of_the_seal(name)
}

fn done_just_before(call: &Call) -> Option<&'static str> {
    let code = call
        .query_string
        .split('&')
        .find_map(|pair| pair.strip_prefix("done="))?;
    let found = DONE.iter().find(|(own, _)| *own == code);
    found.map(|(_, words)| *words)
}

fn apologise(call: &Call, problem: Problem) -> Answer {
    let frame = frame(call, "Sorry, this did not work");
    apology(call.route, &call.request_id, &frame, problem)
}

fn frame(call: &Call, title: impl Into<String>) -> Frame {
    Frame::of(&call.front.desk, call.front.is_demo, title)
}
