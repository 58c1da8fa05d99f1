//! One of everything that comes in of a morning, each through the door it really comes by.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::{Caller, Mail, TestApp};

/// One line of `tests/data/contacts.jsonl`: what was said, and where a caseworker would send it.
struct Said {
    channel: String,
    from: String,
    subject: String,
    body: String,
    service: String,
    category: String,
    notes: String,
}

/// What became of it.
struct Became {
    said: Said,
    answer: Value,
    /// As somebody sees it who may; null where there is none.
    case: Value,
}

/// What the notes of the data ask for beyond the place, in the order of the data.
#[rustfmt::skip]
const ASKED: &[(Disposition, Danger, Confirmed)] = &[
    ("opened", false, Some("confirmation")),  // the bin, again
    ("opened", true,  Some("danger")),        // a cyclist hurt by a pothole
    ("opened", true,  Some("danger")),        // a councillor for somebody who cannot get out
    ("opened", false, None),                  // a widower on the telephone
    ("opened", true,  None),                  // no heating with a newborn, by webchat
    ("opened", false, Some("confirmation")),  // a tenant's complaint
    ("opened", false, None),                  // a letter, answered by letter
    ("opened", false, None),                  // a wing mirror, by text message
    ("opened", false, None),                  // a street light, on social media
    ("opened", false, Some("confirmation")),  // a Member of Parliament
    ("opened", false, Some("confirmation")),  // a parish clerk
    ("opened", true,  Some("danger")),        // a child at risk
    ("opened", true,  None),                  // the lift is out, by voicemail
    ("opened", false, Some("confirmation")),  // freedom of information
    ("opened", false, Some("confirmation")),  // one's own data
    ("stored", false, None),                  // a machine
    ("stored", false, None),                  // an absence notice
    ("joined", false, Some("chaser_confirmation")), // when exactly?
    ("opened", false, None),                  // a planning application, and the telephone
    ("opened", false, Some("confirmation")),  // a blue badge
    ("opened", false, Some("confirmation")),  // a petition
    ("opened", true,  None),                  // a landlord who changes the lock
    ("opened", true,  None),                  // a chimney, from the police
    ("opened", false, Some("confirmation")),  // a supplier's URGENT!!! invoice
    ("opened", false, None),                  // half past nine is fine
    ("opened", false, None),                  // a summons, at the access point
    ("opened", false, Some("confirmation")),  // praise
    ("opened", false, None),                  // is the tip open
    ("opened", true,  Some("danger")),        // a carer who has not come
    ("opened", false, Some("confirmation")),  // a councillor who asks for the third time
];
type Disposition = &'static str;
type Danger = bool;
type Confirmed = Option<&'static str>;

const CHILD: usize = 11;
const BIN: usize = 0;
const ABSENT: usize = 16;
const CHASER: usize = 17;

fn everything() -> Vec<Said> {
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let get = |key: &str| line[key].as_str().unwrap().to_owned();
        Said {
            channel: get("channel"),
            from: get("from"),
            subject: get("subject"),
            body: get("body"),
            service: get("expect_service"),
            category: get("expect_category"),
            notes: get("notes"),
        }
    };
    include_str!("../data/contacts.jsonl")
        .lines()
        .map(read)
        .collect()
}

/// A file that came with a mail.
type File = (&'static str, &'static str);

/// What each mail brought with it that the data only tells of.
fn files(n: usize) -> &'static [File] {
    match n {
        9 => &[("signed-consent.pdf", "application/pdf")],
        14 => &[("driving-licence.jpg", "image/jpeg")],
        20 => &[("42-names.csv", "text/csv")],
        _ => &[],
    }
}

/// A mail as a gateway hands it over.
fn mail(n: usize, said: &Said, subject: &str, more: &str) -> String {
    let coded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let head = format!(
        "From: {}\r\nTo: Northmere Council <contact@council.example>\r\nSubject: {subject}\r\n\
         Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <morning-{n}@mail.example>\r\nMIME-Version: 1.0\r\n{more}",
        said.from
    );
    let text = format!(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        coded(&said.body)
    );
    if files(n).is_empty() {
        return head + &text;
    }
    let mut whole =
        format!("{head}Content-Type: multipart/mixed; boundary=\"part\"\r\n\r\n--part\r\n{text}");
    for (name, kind) in files(n) {
        whole += &format!(
            "--part\r\nContent-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            coded(name)
        );
    }
    whole + "--part--\r\n"
}

fn address(from: &str) -> &str {
    from.rsplit_once('<')
        .map_or(from, |(_, rest)| rest.trim_end_matches('>'))
}

async fn by_mail(
    app: &TestApp,
    n: usize,
    said: &Said,
    confirmation: Option<(&Mail, &str)>,
) -> Value {
    let old = "NM-2026-004822";
    let (mut more, mut subject, mut sender) = (
        String::new(),
        said.subject.clone(),
        address(&said.from).to_owned(),
    );
    if let Some((confirmation, reference)) = confirmation {
        let id = confirmation.header("Message-ID");
        more += &format!("In-Reply-To: {id}\r\nReferences: {id}\r\n");
        subject = subject.replace(old, reference);
    }
    match n {
        15 => more += "Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\n",
        ABSENT => {
            more += "Auto-Submitted: auto-replied\r\n";
            // Programs write from the null address.
            sender.clear();
        }
        _ => {}
    }
    let path =
        format!("/v1/channels/email/messages?recipient=contact@council.example&sender={sender}");
    let raw = mail(n, said, &subject, &more);
    app.post_with(
        &app.key("mail-gateway"),
        &path,
        &[("content-type", "message/rfc822")],
        &raw,
    )
    .await
    .expect(202)
}

async fn by_form(app: &TestApp, said: &Said) -> Value {
    let (name, email) = said.from.split_once(" <").unwrap();
    let body = json!({
        "subject": said.subject, "body": said.body, "danger": false,
        "person": {"name": name, "email": email.trim_end_matches('>')}
    });
    app.post(&Caller::nobody(), "/v1/public/contacts", body)
        .await
        .expect(201)
}

/// Whom the agent wrote down, and when it came.
async fn by_agent(app: &TestApp, n: usize, said: &Said) -> Value {
    let person = match n {
        3 => json!({"name": "Mr J Whitlock", "phone": "07700 900431"}),
        6 => {
            json!({"name": "Miss E M Thistlewood", "address": {"lines": ["3 Chapel Row"], "postcode": "ZZ2 4CR"}})
        }
        7 => json!({"phone": "07700 900218"}),
        12 => {
            json!({"name": "Stan Kowalczyk", "phone": "01632 960477", "address": {"lines": ["Flat 4", "Birch Court"], "postcode": "ZZ1 7BC"}})
        }
        18 => json!({"name": "Sandra Pike", "phone": "01632 960588"}),
        22 => {
            json!({"kind": "partner", "organisation": "Police control room", "phone": "01632 960417"})
        }
        24 => json!({"phone": "07700 900777"}),
        27 => json!({"name": "Jay Lee"}),
        _ => Value::Null,
    };
    let mut body = json!({"channel": said.channel, "body": said.body});
    if !said.subject.is_empty() {
        body["subject"] = json!(said.subject);
    }
    if !person.is_null() {
        body["person"] = person;
    }
    match n {
        12 => body["received_at"] = json!("2026-11-21T21:42:00Z"),
        22 => body["received_at"] = json!("2026-11-23T02:13:00Z"),
        25 => body["access_point"] = json!("peverel-road"),
        _ => {}
    }
    app.post(&app.agent().await, "/v1/contacts", body)
        .await
        .expect(201)
}

/// Sends everything, each by its own door, and reads what became of it.
async fn a_morning(app: &TestApp) -> Vec<Became> {
    app.jump_to("2026-11-23T09:00:00Z").await;
    let officer = app.officer().await;
    let mut became: Vec<Became> = Vec::new();
    for (n, said) in everything().into_iter().enumerate() {
        let answer = match said.channel.as_str() {
            "email" if n == ABSENT || n == CHASER => {
                let first = app.mails_to(address(&said.from)).await.remove(0);
                let reference = became[BIN].case["reference"].as_str().unwrap().to_owned();
                by_mail(app, n, &said, Some((&first, &reference))).await
            }
            "email" => by_mail(app, n, &said, None).await,
            "web_form" => by_form(app, &said).await,
            _ => by_agent(app, n, &said).await,
        };
        let named = [&answer["case"]["reference"], &answer["reference"]];
        let case = match named.iter().find_map(|name| name.as_str()) {
            Some(reference) => app
                .get(&officer, &format!("/v1/cases/{reference}"))
                .await
                .expect(200),
            None => newest_of(app, &officer, &said).await,
        };
        became.push(Became { said, answer, case });
    }
    became
}

/// Whoever is in danger is told no reference; staff find the case all the same.
async fn newest_of(app: &TestApp, officer: &Caller, said: &Said) -> Value {
    let path = format!("/v1/cases?category={}/{}", said.service, said.category);
    let list = app.get(officer, &path).await.expect(200);
    match list["items"][0]["reference"].as_str() {
        Some(reference) if said.service != "customer-services" => app
            .get(officer, &format!("/v1/cases/{reference}"))
            .await
            .expect(200),
        _ => Value::Null,
    }
}

stories! {
    async fn everything_that_comes_in_of_a_morning_goes_where_a_caseworker_would_send_it(app) {
        let became = a_morning(&app).await;
        let mut wrong = Vec::new();
        for (n, one) in became.iter().enumerate() {
            let (said, case) = (&one.said, &one.case);
            let (disposition, is_danger, _) = ASKED[n];
            let mut differs = |what: &str, is: String, wanted: String| {
                if is != wanted {
                    wrong.push(format!("{n} {}: {what} is {is}, not {wanted}", said.subject));
                }
            };
            if said.channel == "email" {
                differs("disposition", one.answer["disposition"].as_str().unwrap().to_owned(), disposition.to_owned());
            }
            // A machine's mail has no place; the child's case is not for this reader.
            if disposition == "stored" || n == CHILD {
                continue;
            }
            let place = format!("{}/{}", case["service"].as_str().unwrap_or("-"), case["category"].as_str().unwrap_or("-"));
            differs("place", place, format!("{}/{}", said.service, said.category));
            differs("queue by guess", (case["queue"] == "triage").to_string(), false.to_string());
            differs("emergency", (case["priority"] == "emergency").to_string(), is_danger.to_string());
            let is_raised = matches!(case["priority"].as_str(), Some("high" | "urgent" | "emergency"));
            if said.notes.contains("vulnerable:yes") {
                differs("raised for somebody who needs more care", is_raised.to_string(), true.to_string());
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // What is asked of the service itself stands on a case of its own.
        let beside = |n: usize| became[n].case["related_cases"].to_string();
        assert!(beside(2).contains("housing-repairs"), "the lift: {}", beside(2));
        assert!(beside(9).contains("\"send\""), "the plan: {}", beside(9));
        assert!(beside(5).contains("housing-repairs"), "the mould: {}", beside(5));
        assert!(beside(18).contains("complaint"), "the telephone: {}", beside(18));
        for (n, procedure) in [(2, "member_enquiry"), (5, "complaint"), (9, "member_enquiry"), (13, "information_request"), (14, "subject_access"), (20, "petition"), (26, "compliment"), (29, "member_enquiry")] {
            assert_eq!(became[n].case["procedure"], procedure, "{n}");
        }
        assert_eq!(became[23].case["priority"], "normal", "capitals raise nothing");
        assert_eq!(became[26].case["priority"], "low", "praise that tells of somebody frail is no more urgent");
        assert_eq!(became[CHASER].case["reference"], became[BIN].case["reference"], "one bin, one case");
        assert_eq!(became[ABSENT].answer["case"]["reference"], became[BIN].case["reference"], "shown on the case, silently");
    }

    async fn nothing_that_comes_in_of_a_morning_is_lost_and_nobody_is_answered_twice(app) {
        let became = a_morning(&app).await;
        let leader = app.team_leader().await;
        let mut figures: BTreeMap<String, i64> = BTreeMap::new();
        for day in ["2026-11-21", "2026-11-22", "2026-11-23"] {
            let report = app.get(&leader, &format!("/v1/reports/intake?on={day}")).await.expect(200);
            for name in ["came_in", "opened", "joined", "stored", "held", "quarantined", "duplicate"] {
                *figures.entry(name.to_owned()).or_default() += report[name].as_i64().unwrap();
            }
        }
        let n = |name: &str| figures[name];
        assert_eq!(n("came_in"), 30, "{figures:?}");
        assert_eq!(n("opened") + n("joined") + n("stored") + n("held") + n("quarantined") + n("duplicate"), 30, "{figures:?}");
        assert_eq!((n("opened"), n("joined"), n("stored")), (27, 1, 2), "{figures:?}");

        let mails = app.mails().await;
        for (n, one) in became.iter().enumerate().filter(|(_, one)| one.said.from.contains('@') && one.said.channel != "social") {
            let kinds: Vec<&str> = mails.iter().filter(|mail| mail.to == address(&one.said.from)).map(Mail::kind).collect();
            // Pauline wrote three times: one confirmation, one word on where it stands, nothing to her machine.
            let wanted: Vec<&str> = match n {
                BIN | ABSENT | CHASER => vec!["confirmation", "chaser_confirmation"],
                _ => ASKED[n].2.into_iter().collect(),
            };
            assert_eq!(kinds, wanted, "{n} {}", one.said.from);
        }
        for mail in mails.iter().filter(|mail| mail.kind() == "danger") {
            assert!(mail.raw.contains("999") && !mail.raw.contains("/track/"), "{}", mail.raw);
        }
        let letter = became[6].case["reference"].as_str().unwrap();
        let notices = app.get(&app.officer().await, &format!("/v1/cases/{letter}/notices")).await.expect(200);
        let to_write: Vec<&Value> = notices["items"].as_array().unwrap().iter().filter(|notice| notice["state"] == "to_write").collect();
        assert_eq!(to_write.len(), 1, "who has no internet is written to: {notices:#}");
        let waiting = became[CHASER].case["status"].as_str().unwrap();
        assert!(matches!(waiting, "new" | "open"), "an absence notice changes nothing: {waiting}");
    }

    async fn the_child_at_risk_of_that_morning_is_seen_by_one_team_only(app) {
        let became = a_morning(&app).await;
        let child = &became[CHILD];
        assert_eq!(child.answer["case"], Value::Null, "the gateway hears of no case");
        assert_eq!(child.case, Value::Null, "nor do officers");
        let team = app.sign_in("mash.officer@council.example").await;
        let list = app.get(&team, "/v1/cases?category=childrens-social-care/child-at-risk").await.expect(200);
        let reference = list["items"][0]["reference"].as_str().expect("the team sees it").to_owned();
        assert_eq!(list["items"][0]["priority"], "emergency");
        for email in ["agent@council.example", "officer@council.example", "team.leader.waste-ops@council.example", "cllr.anwen.prothero@council.example", "partner@night.example", "auditor@council.example"] {
            let somebody = app.sign_in(email).await;
            let seen = app.get(&somebody, &format!("/v1/cases/{reference}")).await;
            assert!(matches!(seen.status, 403 | 404), "{email}: {}", seen.status);
        }
        let to_reporter = app.mails_to("a.concerned@mail.example").await;
        assert!(to_reporter.iter().all(|mail| !mail.raw.contains(&reference) && !mail.raw.contains("ashgrove")));
        let told = app.mails_to("duty.mash@council.example").await;
        assert!(!told.is_empty(), "the duty contact is told at once");
        assert!(told.iter().all(|mail| !mail.raw.to_lowercase().contains("ashgrove") && !mail.raw.contains("a.concerned")));
    }
}
