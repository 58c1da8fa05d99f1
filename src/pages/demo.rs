//! The demo's own pages: a front door, the clock, and every mail that went out, by recipient.
//!
//! A server that is no demo has none of them. The mails are read from the folder they were written
//! to, the same files anybody can open.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;
use mail_parser::MessageParser;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::one_site::{for_anybody, form_of_anybody};
use super::{Frame, page};
use crate::demo::clock::DemoClock;
use crate::domain::wording::{Language, at_when};
use crate::http::fields::At;
use crate::http::{Access, Answer, Call, Limit, Operation, Problem, get, post};

/// The newest so many mails are listed.
const MOST_MAILS: usize = 2_000;
/// Nothing of ours comes near it.
const LARGEST_MAIL: u64 = 4 * 1024 * 1024;

/// The demo's pages over a folder of mails, and its clock.
#[must_use]
pub fn operations(mail_folder: PathBuf) -> Vec<Operation> {
    let folder = Arc::new(mail_folder);
    let for_list = Arc::clone(&folder);
    let html = |operation: Operation, id, summary| {
        operation
            .id(id)
            .summary(summary)
            .tag("Demo")
            .access(Access::public())
            .answers_raw(200, "text/html", "The page.")
            .hidden()
    };
    vec![
        html(
            get("/", home),
            "show_demo_home",
            "Where everything in the demo is",
        ),
        html(
            get("/demo", home),
            "show_demo_home_again",
            "The same, from residents' pages",
        ),
        html(
            get("/demo/mail", move |call| {
                list_mails(call, Arc::clone(&for_list))
            })
            .query::<Wanted>(),
            "show_demo_mails",
            "The mails that went out, by recipient",
        ),
        html(
            get("/demo/mail/{file}", move |call| {
                show_mail(call, Arc::clone(&folder))
            }),
            "show_demo_mail",
            "One mail",
        ),
        post("/demo/advance", advance)
            .id("post_demo_advance")
            .summary("The button that moves the clock on")
            .tag("Demo")
            .access(Access::public())
            .raw_body("application/x-www-form-urlencoded", Limit::Bytes(4_096))
            .answers_nothing(303, "Back to the page.")
            .not_idempotent()
            .hidden(),
        get("/demo/clock", show_clock)
            .id("show_demo_clock")
            .summary("What the demo's clock says")
            .tag("Demo")
            .access(Access::public())
            .answers::<Moved>(200, "The time it is now.")
            .hidden(),
        post("/demo/clock", move_clock)
            .id("move_demo_clock")
            .summary("Move the demo's clock")
            .tag("Demo")
            .access(Access::public())
            .optional_body::<MoveTo>()
            .answers::<Moved>(200, "The time it is now.")
            .example_request(json!({"to": "2026-11-25T09:00:00Z"}))
            .not_idempotent()
            .hidden(),
    ]
}

/// Where to move the clock; nothing means 9 o'clock of the next working day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MoveTo {
    #[serde(default)]
    to: Option<At>,
}

/// The time it is now.
#[derive(Debug, Serialize, JsonSchema)]
struct Moved {
    now: Timestamp,
}

/// Which recipient's mails.
#[derive(Debug, Deserialize, JsonSchema)]
struct Wanted {
    #[serde(default)]
    #[schemars(length(max = 320))]
    to: Option<String>,
}

/// One mail in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Listed {
    href: String,
    subject: String,
    kind: String,
    to: String,
    at: String,
    #[serde(skip)]
    sent_at: i64,
}

/// Somebody who got mail.
#[derive(Debug, Serialize)]
struct Recipient {
    address: String,
    href: String,
    n_mails: usize,
}

/// One mail, to be read.
#[derive(Debug, Serialize)]
struct Read {
    subject: String,
    headers: Vec<(String, String)>,
    /// The text in pieces: words, and the links among them.
    pieces: Vec<Piece>,
    to: String,
    href_to: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Piece {
    text: String,
    /// A link into this very demo.
    is_link: bool,
}

async fn home(call: Call) -> Result<Answer, Problem> {
    let frame = frame(&call, "Northmere rehearses");
    let form = for_anybody(&call);
    let said = json!({"now": now_in_words(&call), "form_token": form.seal});
    let shown = page(200, "home.html", &frame, said)?;
    Ok(shown.with_cookie(form.set_cookie))
}

async fn advance(call: Call) -> Result<Answer, Problem> {
    let form = form_of_anybody(&call)?;
    clock(&call)?.move_on().await?;
    let back = form
        .into_iter()
        .any(|(name, value)| name == "back" && value == "mail");
    Ok(Answer::see_other(if back { "/demo/mail" } else { "/" }))
}

async fn show_clock(call: Call) -> Result<Answer, Problem> {
    // There is one in a demo only.
    clock(&call)?;
    Ok(Answer::ok(&Moved { now: call.now }))
}

async fn move_clock(call: Call) -> Result<Answer, Problem> {
    let wanted: MoveTo = call.json()?;
    let clock = clock(&call)?;
    let now = match wanted.to {
        Some(to) => clock.move_to(to.0).await?,
        None => clock.move_on().await?,
    };
    call.front.desk.outbox_bell.notify_one();
    Ok(Answer::ok(&Moved { now }))
}

async fn list_mails(call: Call, folder: Arc<PathBuf>) -> Result<Answer, Problem> {
    let wanted: Wanted = call.query()?;
    let zone = call.front.desk.council().catalogue.calendar.zone().clone();
    let mails = read_aside(move || mails(&folder, &zone)).await?;
    let mut by_recipient: BTreeMap<String, Recipient> = BTreeMap::new();
    for mail in &mails {
        let first = || Recipient {
            address: mail.to.clone(),
            href: href_to(&mail.to),
            n_mails: 0,
        };
        by_recipient
            .entry(mail.to.clone())
            .or_insert_with(first)
            .n_mails += 1;
    }
    let shown: Vec<&Listed> = mails
        .iter()
        .filter(|mail| wanted.to.as_ref().is_none_or(|to| *to == mail.to))
        .collect();
    let recipients: Vec<Recipient> = by_recipient.into_values().collect();
    let frame = frame(&call, "Mails that went out");
    let form = for_anybody(&call);
    let said = json!({
        "now": now_in_words(&call), "to": wanted.to, "recipients": recipients, "mails": shown,
        "form_token": form.seal,
    });
    let listed = page(200, "mail_list.html", &frame, said)?;
    Ok(listed.with_cookie(form.set_cookie))
}

async fn show_mail(call: Call, folder: Arc<PathBuf>) -> Result<Answer, Problem> {
    let file = call.path("file").to_owned();
    let own = format!("{}/", call.front.desk.manners.public_url);
    let read = read_aside(move || one_mail(&folder, &file, &own)).await?;
    let mail = read.ok_or_else(Problem::not_found)?;
    let frame = frame(&call, mail.subject.clone());
    page(200, "mail.html", &frame, mail)
}

/// The newest mails first.
fn mails(folder: &Path, zone: &jiff::tz::TimeZone) -> io::Result<Vec<Listed>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // No mail has been written yet, or mail goes to a server.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files: Vec<(SystemTime, String)> = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_mail_name(&name) {
            files.push((entry.metadata()?.modified()?, name));
        }
    }
    files.sort_by(|one, other| other.cmp(one));
    files.truncate(MOST_MAILS);
    let mut mails = Vec::with_capacity(files.len());
    for (_, file) in files {
        let bytes = std::fs::read(folder.join(&file))?;
        if let Some(listed) = listed(&bytes, file, zone) {
            mails.push(listed);
        }
    }
    mails.sort_by_key(|mail| std::cmp::Reverse(mail.sent_at));
    Ok(mails)
}

fn listed(bytes: &[u8], file: String, zone: &jiff::tz::TimeZone) -> Option<Listed> {
    let message = MessageParser::new().parse_headers(bytes)?;
    let sent_at = message
        .date()
        .map_or(0, mail_parser::DateTime::to_timestamp);
    let at = Timestamp::from_second(sent_at).unwrap_or(Timestamp::UNIX_EPOCH);
    Some(Listed {
        href: format!("/demo/mail/{}", in_url(&file)),
        subject: message.subject().unwrap_or("(no subject)").to_owned(),
        kind: header(&message, "X-Reeve-Notice").unwrap_or_default(),
        to: recipient(&message),
        at: at_when(at, zone, Language::English),
        sent_at,
    })
}

fn one_mail(folder: &Path, file: &str, own: &str) -> io::Result<Option<Read>> {
    if !is_mail_name(file) {
        return Ok(None);
    }
    let path = folder.join(file);
    match std::fs::metadata(&path) {
        Ok(found) if found.is_file() && found.len() <= LARGEST_MAIL => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let bytes = std::fs::read(path)?;
    let Some(message) = MessageParser::new().parse(&bytes) else {
        return Ok(None);
    };
    let names = [
        "From",
        "To",
        "Date",
        "Reply-To",
        "Message-ID",
        "In-Reply-To",
        "Auto-Submitted",
        "X-Reeve-Notice",
        "X-Reeve-Case",
    ];
    let headers = names
        .into_iter()
        .filter_map(|name| {
            let value = message.header_raw(name)?;
            Some((
                name.to_owned(),
                value.split_whitespace().collect::<Vec<_>>().join(" "),
            ))
        })
        .collect();
    let text = message.body_text(0).unwrap_or_default();
    Ok(Some(Read {
        subject: message.subject().unwrap_or("(no subject)").to_owned(),
        headers,
        pieces: pieces(&text, own),
        href_to: href_to(&recipient(&message)),
        to: recipient(&message),
    }))
}

/// Cuts the text where links into this demo stand, so that they can be followed.
fn pieces(text: &str, own: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(own) {
        let (before, from_link) = rest.split_at(at);
        let end = from_link
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')'))
            .unwrap_or(from_link.len());
        let (link, after) = from_link.split_at(end);
        let bare = link.trim_end_matches(['.', ',']);
        pieces.push(Piece {
            text: before.to_owned(),
            is_link: false,
        });
        pieces.push(Piece {
            text: bare.to_owned(),
            is_link: true,
        });
        pieces.push(Piece {
            text: link.get(bare.len()..).unwrap_or_default().to_owned(),
            is_link: false,
        });
        rest = after;
    }
    pieces.push(Piece {
        text: rest.to_owned(),
        is_link: false,
    });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

fn recipient(message: &mail_parser::Message<'_>) -> String {
    message
        .to()
        .and_then(|to| to.first())
        .and_then(|address| address.address())
        .unwrap_or("(nobody)")
        .to_lowercase()
}

fn header(message: &mail_parser::Message<'_>, name: &'static str) -> Option<String> {
    message
        .header_raw(name)
        .map(|value| value.trim().to_owned())
}

/// The mails of one recipient.
fn href_to(address: &str) -> String {
    format!("/demo/mail?to={}", in_url(address))
}

/// Text as it stands in a part of an address.
fn in_url(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}

/// A file the mail folder can hold: no path leads out of it, and nothing half-written is read.
fn is_mail_name(name: &str) -> bool {
    name.ends_with(".eml") && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

async fn read_aside<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(Problem::fault(error)),
        Err(panic) => Err(Problem::fault(panic)),
    }
}

fn clock(call: &Call) -> Result<DemoClock, Problem> {
    DemoClock::of(&call.front.desk).ok_or_else(Problem::not_found)
}

fn frame(call: &Call, title: impl Into<String>) -> Frame {
    Frame::of(&call.front.desk, call.front.is_demo, title)
}

fn now_in_words(call: &Call) -> String {
    at_when(
        call.now,
        call.front.desk.council().catalogue.calendar.zone(),
        Language::English,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_demo_can_be_followed_and_others_cannot() {
        let own = "http://127.0.0.1:8080/";
        let cut = pieces(
            "See http://127.0.0.1:8080/track/rvt_x. Or https://elsewhere.example/.",
            own,
        );
        let links: Vec<&str> = cut
            .iter()
            .filter(|piece| piece.is_link)
            .map(|piece| piece.text.as_str())
            .collect();
        assert_eq!(links, ["http://127.0.0.1:8080/track/rvt_x"]);
        let whole: String = cut.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(
            whole,
            "See http://127.0.0.1:8080/track/rvt_x. Or https://elsewhere.example/."
        );
    }

    #[test]
    fn the_pages_can_be_written_and_nothing_in_a_mail_is_taken_for_markup() {
        let frame = Frame::sample();
        let mail = Read {
            subject: "<b>Hello</b>".to_owned(),
            headers: vec![("From".to_owned(), "<contact@council.example>".to_owned())],
            pieces: pieces("See http://127.0.0.1/track/x <script>", "http://127.0.0.1/"),
            to: "ada@mail.example".to_owned(),
            href_to: href_to("ada@mail.example"),
        };
        let html = crate::pages::html("mail.html", &frame, &mail).unwrap();
        assert!(
            html.contains("&lt;script&gt;") && !html.contains("<b>"),
            "{html}"
        );
        assert_eq!(html.matches("<a href=\"http:").count(), 1, "{html}");
        let listed = Listed {
            href: "/demo/mail/x.eml".to_owned(),
            subject: "Hello".to_owned(),
            kind: "reply".to_owned(),
            to: "ada@mail.example".to_owned(),
            at: "9am".to_owned(),
            sent_at: 0,
        };
        let one = Recipient {
            address: listed.to.clone(),
            href: href_to(&listed.to),
            n_mails: 1,
        };
        for said in [
            json!({"now": "9am", "to": null, "recipients": [], "mails": [], "form_token": "x"}),
            json!({"now": "9am", "to": "ada@mail.example", "recipients": [one], "mails": [listed], "form_token": "x"}),
        ] {
            crate::pages::html("mail_list.html", &frame, said).unwrap();
        }
        crate::pages::html(
            "home.html",
            &frame,
            json!({"now": "9am", "form_token": "x"}),
        )
        .unwrap();
    }

    #[test]
    fn no_name_leads_out_of_the_mail_folder() {
        for name in [
            "../reeve.db",
            "/etc/passwd",
            ".hidden.eml",
            "a.txt",
            "x/../../y.eml",
            "..\\y.eml",
            "",
        ] {
            assert!(!is_mail_name(name), "{name}");
        }
        assert!(is_mail_name("0199-abc@reply.council.example.eml"));
    }

    #[test]
    fn the_newest_mail_stands_first_and_half_written_ones_are_passed_by() {
        let folder = tempfile::tempdir().unwrap();
        let mail = |day: u8| {
            format!(
                "From: <contact@council.example>\r\nTo: Ada <Ada@mail.example>\r\nSubject: Day {day}\r\n\
                 X-Reeve-Notice: confirmation\r\nDate: {day:02} Nov 2026 09:00:00 +0000\r\n\r\nHello.\r\n"
            )
        };
        for (name, day) in [("a.eml", 20), ("b.eml", 23), (".c.eml.1.0.part", 24)] {
            std::fs::write(folder.path().join(name), mail(day)).unwrap();
        }
        let mails = mails(folder.path(), &jiff::tz::TimeZone::UTC).unwrap();
        let seen: Vec<(&str, &str, &str)> = mails
            .iter()
            .map(|mail| (mail.subject.as_str(), mail.to.as_str(), mail.kind.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("Day 23", "ada@mail.example", "confirmation"),
                ("Day 20", "ada@mail.example", "confirmation")
            ]
        );
        let read = one_mail(folder.path(), "b.eml", "http://127.0.0.1/")
            .unwrap()
            .unwrap();
        assert_eq!(read.subject, "Day 23");
        assert_eq!(
            read.pieces,
            [Piece {
                text: "Hello.\r\n".to_owned(),
                is_link: false
            }]
        );
        assert!(
            one_mail(folder.path(), "absent.eml", "http://127.0.0.1/")
                .unwrap()
                .is_none()
        );
    }
}
