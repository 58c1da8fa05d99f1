//! Figures people can trust: every one of them recounted from outside, and what may surprise in them.

use std::collections::BTreeMap;

use actix_web::test::TestRequest;
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan as _};
use reeve::casework::{delivery, measuring};
use reeve::domain::access::Role;
use reeve::domain::ids::CaseId;
use reeve::store::{measures, outbox};
use serde_json::{Value, json};

use crate::intake::log;
use crate::kept_reports::settle;
use crate::mail_in::gone;
use crate::support::{Caller, TestApp};

const AUDITOR: &str = "auditor@council.example";
const HEAD: &str = "head.of.waste.and.street.scene@council.example";
const MATTERS: [(&str, &str); 5] = [
    ("waste-collection", "missed-bin"),
    ("waste-collection", "new-container"),
    ("street-lighting", "light-out"),
    ("fly-tipping", "fly-tip"),
    ("council-tax", "ct-bill"),
];
/// A head of service who sees the whole council.
const WHOLE: &str = "whole.council@council.example";
const GROUPS: [&str; 9] = [
    "service",
    "queue",
    "team",
    "channel",
    "category",
    "ward",
    "procedure",
    "head_of_service",
    "portfolio",
];

/// A case as somebody outside knows it: what they were told first, and where to read the rest.
struct Followed {
    reference: String,
    token: String,
    first_promised: BTreeMap<String, Timestamp>,
    ward: Option<&'static str>,
    channel: &'static str,
    service: &'static str,
    /// What they said.
    body: String,
    received_at: Timestamp,
}

/// Numbers that look drawn and are the same every time.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

async fn report(app: &TestApp, who: &Caller, query: &str) -> Value {
    app.get(who, &format!("/v1/reports/performance?{query}"))
        .await
        .expect(200)
}

async fn act(app: &TestApp, who: &Caller, reference: &str, what: &str, body: Value) {
    app.post(who, &format!("/v1/cases/{reference}/{what}"), body)
        .await
        .expect(201);
}

/// A bin reported by somebody of their own, and its reference.
async fn bin(app: &TestApp, n: usize, postcode: &str) -> String {
    let logged = log(app, bin_of(n, postcode)).await;
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

fn bin_of(n: usize, postcode: &str) -> Value {
    json!({
        "channel": "phone", "body": format!("Number {n}."), "service": "waste-collection", "category": "missed-bin",
        "person": {
            "name": format!("Person {n}"), "email": format!("p{n}@mail.example"),
            "address": {"lines": [format!("{n} Long Street")], "postcode": postcode}
        },
    })
}

fn item<'r>(report: &'r Value, key: &str) -> &'r Value {
    report["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["key"] == key)
        .unwrap_or_else(|| panic!("{key} is not in {report:#}"))
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str().map(|text| text.parse().unwrap())
}

/// In November and December the local time is UTC.
fn day_of(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

async fn open_one(app: &TestApp, drawn: &mut Drawn, n: usize) -> Followed {
    let (service, category) = drawn.of(&MATTERS);
    let (postcode, ward) = drawn.of(&[
        ("ZZ1 1AA", Some("larkfield")),
        ("ZZ2 1AA", Some("eastmere")),
        ("QQ9 9QQ", None),
    ]);
    let channel = drawn.of(&["phone", "face_to_face", "letter"]);
    let logged = log(app, json!({
        "channel": channel, "body": format!("Number {n}."), "service": service, "category": category,
        "person": {
            "name": format!("Person {n}"), "email": format!("p{n}@mail.example"),
            "address": {"lines": [format!("{n} Long Street")], "postcode": postcode}
        },
    })).await;
    let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
    let clocks = app
        .get(
            &app.officer().await,
            &format!("/v1/cases/{reference}/clocks"),
        )
        .await
        .expect(200);
    let first_promised = clocks["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|clock| clock["state"] != "not_applicable")
        .filter_map(|clock| {
            Some((
                clock["name"].as_str()?.to_owned(),
                instant(&clock["due_at"])?,
            ))
        })
        .collect();
    Followed {
        reference,
        token: logged["tracking"]["token"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        first_promised,
        ward,
        channel,
        service,
        body: format!("Number {n}."),
        received_at: instant(&logged["case"]["received_at"]).unwrap_or(app.now()),
    }
}

/// Another category, of whatever service: the date first told stays.
async fn recategorise(app: &TestApp, officer: &Caller, drawn: &mut Drawn, one: &Followed) {
    let (service, category) = drawn.of(&MATTERS);
    let path = format!("/v1/cases/{}", one.reference);
    let read = app.get(officer, &path).await;
    let etag = read.header("etag").unwrap().to_owned();
    let patch = TestRequest::patch()
        .uri(&path)
        .insert_header(("if-match", etag))
        .set_json(json!({"service": service, "category": category, "reason": "It is that."}));
    let reply = app.send(officer, patch).await;
    assert!(matches!(reply.status, 200 | 409 | 422), "{}", reply.text);
}

/// An answer is given and taken back before it leaves.
async fn take_back(app: &TestApp, officer: &Caller, one: &Followed) {
    let path = format!("/v1/cases/{}/replies", one.reference);
    let answer = json!({"text": "It is done.", "kind": "substantive", "outcome": "resolved"});
    let reply = app.post(officer, &path, answer).await;
    if reply.status != 201 {
        return;
    }
    let id = reply.json()["notice"]["id"].as_str().unwrap().to_owned();
    let taken = TestRequest::delete().uri(&format!("{path}/{id}"));
    let reply = app.send(officer, taken).await;
    assert!(
        matches!(reply.status, 200 | 204 | 404 | 409),
        "{}",
        reply.text
    );
}

/// The confirmation of a case turns out not to have arrived.
async fn comes_back(app: &TestApp, one: &Followed) {
    let wanted = one.reference.clone();
    app.desk
        .perform(move |tx, at| {
            let sent = outbox::list(tx, None, Some("sent"), None, 100)?;
            let of_case = |one: &&outbox::Notice| {
                one.kind == "confirmation" && one.letter.references().contains(&wanted)
            };
            match sent.iter().find(of_case).cloned() {
                Some(notice) => delivery::bounced(tx, at, &notice, &gone()),
                None => Ok(()),
            }
        })
        .await
        .unwrap();
}

/// One thing that may happen to a case; what is refused does not happen.
async fn something(app: &TestApp, officer: &Caller, drawn: &mut Drawn, all: &[Followed]) {
    let one = &all[drawn.below(all.len())];
    let other = &all[drawn.below(all.len())].reference;
    let today = day_of(app.now());
    let later = |n: i32| today.checked_add(n.days()).unwrap().to_string();
    let (what, body) = match drawn.below(16) {
        12 => return recategorise(app, officer, drawn, one).await,
        13 => {
            let leader = app.team_leader().await;
            let text = one.body.clone();
            let taken = json!({"ground": "third_party", "reason": "A neighbour", "texts": [text]});
            let path = format!("/v1/cases/{}/redactions", one.reference);
            let reply = app.post(&leader, &path, taken).await;
            assert!(
                matches!(reply.status, 201 | 404 | 409 | 422),
                "{}",
                reply.text
            );
            return;
        }
        14 => return take_back(app, officer, one).await,
        15 => return comes_back(app, one).await,
        0..=2 => (
            "replies",
            json!({"text": "It is done.", "kind": "substantive", "outcome": "resolved"}),
        ),
        3 => (
            "pauses",
            json!({"reason": "We asked.", "waiting_for": "contractor", "resume_on": later(3)}),
        ),
        4 => ("resumptions", json!({})),
        5 => (
            "extensions",
            json!({"clock": "respond", "by": {"working_days": 3}, "reason": "The lorry."}),
        ),
        6 => (
            "transfers",
            json!({"queue": "street-scene", "reason": "It lies on the street."}),
        ),
        7 => (
            "closures",
            json!({"outcome": drawn.of(&["resolved", "withdrawn", "duplicate", "not_ours"])}),
        ),
        8 => ("reopenings", json!({"reason": "It was the other one."})),
        9 if *other != one.reference => ("merges", json!({"into": other})),
        10 => ("questions", json!({"text": "Which one?"})),
        _ => {
            let person = Caller {
                bearer: Some(one.token.clone()),
            };
            app.post(
                &person,
                "/v1/public/tracking/messages",
                json!({"body": "When will you come? I am still waiting."}),
            )
            .await;
            return;
        }
    };
    let reply = app
        .post(
            officer,
            &format!("/v1/cases/{}/{what}", one.reference),
            body,
        )
        .await;
    assert!(
        matches!(reply.status, 200 | 201 | 409 | 422),
        "{what}: {} {}",
        reply.status,
        reply.text
    );
}

/// What one case adds, read from outside.
#[derive(Debug, Clone, Default)]
struct Counted {
    received: u64,
    acknowledged: (u64, u64),
    answered: (u64, u64),
    gross: Vec<u64>,
    net: Vec<u64>,
    open: u64,
    overdue: u64,
    reopened: u64,
    transferred: u64,
    chased: u64,
    paused: u64,
    paused_seconds: i64,
    contacts: u64,
    avoidable: u64,
    oldest: Option<Timestamp>,
}

impl Counted {
    fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.acknowledged.0 += other.acknowledged.0;
        self.acknowledged.1 += other.acknowledged.1;
        self.answered.0 += other.answered.0;
        self.answered.1 += other.answered.1;
        self.gross.extend(&other.gross);
        self.net.extend(&other.net);
        self.open += other.open;
        self.overdue += other.overdue;
        self.reopened += other.reopened;
        self.transferred += other.transferred;
        self.chased += other.chased;
        self.paused += other.paused;
        self.paused_seconds += other.paused_seconds;
        self.contacts += other.contacts;
        self.avoidable += other.avoidable;
        self.oldest = [self.oldest, other.oldest].into_iter().flatten().min();
    }

    fn as_reported(&self) -> Value {
        let share = |(in_time, of): (u64, u64)| json!({"in_time": in_time, "of": of, "percent": percent(in_time, of)});
        json!({
            "received": self.received,
            "acknowledged": share(self.acknowledged), "answered": share(self.answered),
            "median_working_days": rank(&self.gross, 50), "p90_working_days": rank(&self.gross, 90),
            "median_net_working_days": rank(&self.net, 50), "p90_net_working_days": rank(&self.net, 90),
            "open": self.open, "overdue": self.overdue, "reopened": self.reopened,
            "transferred": self.transferred, "chased": self.chased, "paused_cases": self.paused,
            "paused_days": (self.paused_seconds as f64 / 86_400.0 * 10.0).round() / 10.0,
            "contacts": self.contacts, "avoidable": self.avoidable, "oldest": self.oldest.map(Timestamp::as_second),
        })
    }
}

fn percent(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| (part as f64 * 1000.0 / of as f64).round() / 10.0)
}

fn rank(days: &[u64], per_hundred: usize) -> Option<u64> {
    let mut sorted = days.to_vec();
    sorted.sort_unstable();
    sorted
        .get((sorted.len() * per_hundred).div_ceil(100).max(1) - 1)
        .copied()
}

/// The same members of a line of the report.
fn reported(line: &Value) -> Value {
    let mut told = json!({});
    for name in [
        "received",
        "acknowledged",
        "answered",
        "median_working_days",
        "p90_working_days",
        "median_net_working_days",
        "p90_net_working_days",
        "open",
        "overdue",
        "reopened",
        "transferred",
        "chased",
    ] {
        told[name] = line[name].clone();
    }
    told["paused_cases"] = line["paused"]["cases"].clone();
    told["paused_days"] = line["paused"]["days"].clone();
    told["contacts"] = line["avoidable_contact"]["contacts"].clone();
    told["avoidable"] = line["avoidable_contact"]["avoidable"].clone();
    told["oldest"] = json!(instant(&line["oldest_received_at"]).map(Timestamp::as_second));
    told
}

/// Whether a promise counts, and was kept: against the date first told, up to when the case ended.
fn share(promised: Option<&Timestamp>, met_at: Option<Timestamp>, until: Timestamp) -> (u64, u64) {
    match (promised, met_at) {
        (Some(promised), Some(met_at)) => (u64::from(met_at < *promised), 1),
        (Some(promised), None) => (0, u64::from(*promised <= until)),
        (None, _) => (0, 0),
    }
}

/// Whether a case came from one team to another, by the queues on its timeline.
fn changed_teams(app: &TestApp, one: &Followed, lines: &[Value]) -> bool {
    let catalogue = &app.desk.council().catalogue;
    let queue_of = |service: &str| catalogue.service(service).unwrap().queue.clone();
    let team_of = |queue: &str| catalogue.queue(queue).unwrap().team_name.clone();
    let mut queue = queue_of(one.service);
    let mut has_changed = false;
    for line in lines {
        let to = line["detail"]["to"].as_str().unwrap_or_default();
        let now = match line["kind"].as_str().unwrap() {
            "transferred" => to.to_owned(),
            "recategorised" => queue_of(to.split('/').next().unwrap()),
            _ => continue,
        };
        has_changed |= team_of(&queue) != team_of(&now);
        queue = now;
    }
    has_changed
}

/// What one case adds, and under which key of each group.
async fn recounted(
    app: &TestApp,
    officer: &Caller,
    one: &Followed,
) -> (BTreeMap<&'static str, String>, Counted) {
    let path = format!("/v1/cases/{}", one.reference);
    let case = app.get(officer, &path).await.expect(200);
    let clocks = app
        .get(officer, &format!("{path}/clocks"))
        .await
        .expect(200);
    let lines = app
        .get(officer, &format!("{path}/timeline?limit=100"))
        .await
        .expect(200);
    assert!(lines["next_cursor"].is_null(), "the whole of it was read");
    let contacts = app
        .get(officer, &format!("{path}/contacts?limit=100"))
        .await
        .expect(200);
    // What we said is no contact of theirs, nor what only a machine sent.
    let is_theirs = |one: &&Value| {
        one["direction"] == "inbound"
            && (one["disposition"] == "opened" || one["disposition"] == "joined")
    };
    let contacts: Vec<&Value> = contacts["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(is_theirs)
        .collect();
    let lines = lines["items"].as_array().unwrap();
    let happened = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count() as u64;
    let closed_at = lines
        .iter()
        .rev()
        .find(|line| line["kind"] == "closed" || line["kind"] == "merged")
        .and_then(|line| instant(&line["at"]));
    let is_closed = case["status"] == "closed";
    let until = if is_closed {
        closed_at.unwrap()
    } else {
        app.now()
    };
    let clocks = clocks["items"].as_array().unwrap();
    let named = |name: &str| clocks.iter().find(|clock| clock["name"] == name);
    let met = |name: &str| named(name).and_then(|clock| instant(&clock["met_at"]));
    let mut counted = Counted {
        received: 1,
        acknowledged: share(
            one.first_promised.get("acknowledge"),
            met("acknowledge"),
            until,
        ),
        answered: share(one.first_promised.get("respond"), met("respond"), until),
        open: u64::from(!is_closed),
        reopened: u64::from(happened("reopened") > 0),
        transferred: u64::from(changed_teams(app, one, lines)),
        chased: u64::from(
            lines
                .iter()
                .any(|line| line["kind"] == "contact_joined" && line["detail"]["chases"] == true),
        ),
        contacts: contacts.len() as u64,
        avoidable: contacts
            .iter()
            .filter(|contact| contact["contact_reason"]["code"] == "progress_chase")
            .count() as u64,
        oldest: (!is_closed).then_some(one.received_at),
        ..Counted::default()
    };
    let is_late = |clock: &Value| {
        matches!(
            clock["state"].as_str(),
            Some("running" | "missed" | "projected")
        ) && instant(&clock["due_at"]).is_some_and(|due_at| due_at <= app.now())
    };
    counted.overdue = u64::from(!is_closed && clocks.iter().any(is_late));
    if let Some(respond) = named("respond") {
        let pauses: Vec<(Timestamp, Option<Timestamp>)> = respond["paused"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pause| {
                (
                    instant(&pause["paused_at"]).unwrap(),
                    instant(&pause["resumed_at"]),
                )
            })
            .collect();
        counted.paused_seconds = pauses
            .iter()
            .filter_map(|(from, to)| Some(to.as_ref()?.as_second() - from.as_second()))
            .sum();
        counted.paused = u64::from(counted.paused_seconds > 0);
        if let Some(met_at) = met("respond") {
            let from: Date = respond["counted_from_on"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            let working: Vec<Date> = from
                .series(1.day())
                .skip(1)
                .take_while(|day| *day <= day_of(met_at))
                .filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday))
                .collect();
            let stood_still = |day: &Date| {
                pauses.iter().any(|(from, to)| {
                    day_of(*from) < *day && to.is_some_and(|to| *day <= day_of(to))
                })
            };
            counted.gross = vec![working.len() as u64];
            counted.net = vec![working.iter().filter(|day| !stood_still(day)).count() as u64];
        }
    }
    let catalogue = &app.desk.council().catalogue;
    let (service, queue) = (
        case["service"].as_str().unwrap(),
        case["queue"].as_str().unwrap(),
    );
    let known = catalogue.service(service).unwrap();
    let keys = BTreeMap::from([
        ("service", service.to_owned()),
        ("queue", queue.to_owned()),
        ("team", catalogue.queue(queue).unwrap().team_name.clone()),
        ("channel", one.channel.to_owned()),
        (
            "category",
            format!("{service}/{}", case["category"].as_str().unwrap()),
        ),
        ("ward", one.ward.unwrap_or("none").to_owned()),
        ("procedure", case["procedure"].as_str().unwrap().to_owned()),
        ("head_of_service", known.head_of_service.clone()),
        ("portfolio", known.portfolio.clone()),
    ]);
    (keys, counted)
}

/// Every figure of every group against a plain recount.
async fn check_every_figure(app: &TestApp, all: &[Followed], when: &str) -> Counted {
    let (officer, auditor) = (app.officer().await, app.sign_in(AUDITOR).await);
    let head = app.sign_in(WHOLE).await;
    let mut cases = Vec::new();
    for one in all {
        cases.push(recounted(app, &officer, one).await);
    }
    let mut sum = Counted::default();
    for (_, counted) in &cases {
        sum.add(counted);
    }
    for group in GROUPS {
        // Days of a ward are chosen by those alone who see its cases.
        let reader = if group == "ward" { &head } else { &auditor };
        let told = report(
            app,
            reader,
            &format!("from_on=2026-11-20&to_on=2026-12-18&group_by={group}"),
        )
        .await;
        if group != "ward" {
            assert_eq!(
                reported(&told["all"]),
                sum.as_reported(),
                "{when}: all by {group}"
            );
        }
        let mut by_key: BTreeMap<String, Counted> = BTreeMap::new();
        for (keys, counted) in &cases {
            by_key.entry(keys[group].clone()).or_default().add(counted);
        }
        let items = told["items"].as_array().unwrap();
        let n_told: u64 = items
            .iter()
            .map(|item| item["received"].as_u64().unwrap())
            .sum();
        assert_eq!(
            n_told, sum.received,
            "{when}: nothing is missing by {group}"
        );
        for item in items {
            let key = item["key"].as_str().unwrap_or("none");
            if group == "ward" {
                // Small numbers are not told of wards; that there are so many of them is.
                assert!(
                    item["small_numbers"] == true
                        || by_key[key].received == item["received"].as_u64().unwrap()
                );
                continue;
            }
            assert_eq!(
                reported(item),
                by_key[key].as_reported(),
                "{when}: {group} {key}"
            );
        }
        if group != "ward" {
            assert_eq!(
                items.len(),
                by_key.len(),
                "{when}: every {group} has its line"
            );
        }
    }
    sum
}

stories! {
    async fn every_figure_of_a_fortnight_is_what_a_recount_from_outside_comes_to(app) {
        settle(&app, WHOLE, Role::HeadOfService, &["*"], None).await;
        // Another fortnight for whoever names one.
        let seed = std::env::var("REEVE_FORTNIGHT").ok().and_then(|seed| seed.parse().ok());
        let mut drawn = Drawn(seed.unwrap_or(20_261_120));
        let mut all = Vec::new();
        let officer = app.officer().await;
        let mut hour: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        for n in 0..26 {
            app.jump_to(&hour.to_string()).await;
            all.push(open_one(&app, &mut drawn, n).await);
            app.catch_up().await;
            for _ in 0..2 {
                something(&app, &officer, &mut drawn, &all).await;
            }
            if n == 12 {
                check_every_figure(&app, &all, "before the job has run").await;
                assert!(measuring::roll_up(&app.desk).await.unwrap() > 0);
                check_every_figure(&app, &all, "once the job has run").await;
            }
            hour += jiff::SignedDuration::from_hours(11);
        }
        // One of them waits for a contractor for days before it is answered.
        all.push(open_one(&app, &mut drawn, 26).await);
        let waits = all.last().unwrap().reference.clone();
        let resume_on = day_of(app.now()).checked_add(5.days()).unwrap().to_string();
        let pause = json!({"reason": "We asked.", "waiting_for": "contractor", "resume_on": resume_on});
        act(&app, &officer, &waits, "pauses", pause).await;
        app.jump_to(&(app.now() + jiff::SignedDuration::from_hours(6 * 24)).to_string()).await;
        let answer = json!({"text": "It is done.", "kind": "substantive", "outcome": "resolved"});
        act(&app, &officer, &waits, "replies", answer).await;
        check_every_figure(&app, &all, "with some days summed up and some not").await;
        assert!(measuring::roll_up(&app.desk).await.unwrap() > 0);
        assert_eq!(measuring::roll_up(&app.desk).await.unwrap(), 0, "what has not changed is not summed up again");
        check_every_figure(&app, &all, "all summed up").await;
        // Dates pass though nobody writes.
        app.jump_to("2026-12-14T18:00:00Z").await;
        let sum = check_every_figure(&app, &all, "a fortnight later").await;
        if seed.is_some() {
            return;
        }
        // Nothing of what was compared was nothing all along.
        assert!(sum.answered.0 > 0 && sum.answered.0 < sum.answered.1 && sum.answered.1 < sum.received, "{sum:?}");
        assert!(sum.reopened > 0 && sum.transferred > 0 && sum.chased > 0 && sum.paused > 0, "{sum:?}");
        assert!(sum.open > 0 && sum.overdue > 0 && sum.net != sum.gross, "{sum:?}");
    }

    async fn what_has_changed_in_a_report_since_its_period_is_named_by_the_later_one(app) {
        let officer = app.officer().await;
        let mut bins = Vec::new();
        for n in 0..5 {
            bins.push(bin(&app, n, "ZZ1 1AA").await);
        }
        let answer = json!({"text": "Emptied.", "kind": "substantive", "outcome": "resolved"});
        act(&app, &officer, &bins[0], "replies", answer.clone()).await;
        act(&app, &officer, &bins[1], "replies", answer).await;
        let query = "from_on=2026-11-20&to_on=2026-11-20";
        app.jump_to("2026-12-02T09:00:00Z").await;
        let leader = app.sign_in(HEAD).await;
        let early = report(&app, &leader, query).await;
        assert_eq!((&early["all"]["received"], &early["all"]["answered"]["in_time"]), (&json!(5), &json!(2)));
        assert_eq!(early["corrected_since"]["cases"], 0, "{early:#}");
        let officer = app.officer().await;
        act(&app, &officer, &bins[0], "reopenings", json!({"reason": "It was the other one."})).await;
        // To a queue of the same head, and out of their services altogether.
        act(&app, &officer, &bins[2], "transfers", json!({"queue": "street-scene", "reason": "It lies on the street."})).await;
        for (reference, service, category) in [(&bins[3], "street-lighting", "light-out"), (&bins[4], "childrens-social-care", "child-at-risk")] {
            let path = format!("/v1/cases/{reference}");
            let etag = app.get(&officer, &path).await.header("etag").unwrap().to_owned();
            let patch = TestRequest::patch().uri(&path).insert_header(("if-match", etag))
                .set_json(json!({"service": service, "category": category, "reason": "It is that."}));
            let changed = app.send(&officer, patch).await;
            assert!(matches!(changed.status, 200 | 404), "{}", changed.text);
        }
        let auditor = app.sign_in(AUDITOR).await;
        let whole = report(&app, &auditor, query).await;
        assert_eq!((&whole["all"]["received"], &whole["all"]["answered"]["in_time"]), (&json!(4), &json!(1)), "{whole:#}");
        let corrected = |told: &Value| {
            let all = told["corrected_since"].as_object().unwrap().clone();
            all.into_iter().filter(|(_, n)| *n != 0).collect::<Value>()
        };
        // The one known to few is not among them any more; the others are, elsewhere.
        let expect = json!({"cases": 4, "placed_anew": 1, "transferred": 1, "reopened": 1, "left": 1});
        assert_eq!(corrected(&whole), expect, "{whole:#}");
        let own = report(&app, &leader, query).await;
        assert_eq!(own["all"]["received"], 3, "{own:#}");
        assert_eq!(corrected(&own), json!({"cases": 4, "transferred": 1, "reopened": 1, "left": 2}), "{own:#}");
        // Passed on by another category, as by a transfer; placing is neither.
        assert_eq!(whole["all"]["transferred"], 2, "{whole:#}");
    }

    async fn a_missed_promise_stays_missed_whatever_date_is_given_afterwards(app) {
        let (late, early) = (bin(&app, 1, "ZZ1 1AA").await, bin(&app, 2, "ZZ1 1AA").await);
        let (officer, auditor) = (app.officer().await, app.sign_in(AUDITOR).await);
        // Before the date passes one person is told a later one, and that is kept.
        act(&app, &officer, &early, "extensions", json!({"clock": "respond", "by": {"working_days": 3}, "reason": "The lorry."})).await;
        app.jump_to("2026-11-25T10:00:00Z").await;
        act(&app, &officer, &late, "extensions", json!({"clock": "respond", "by": {"working_days": 5}, "reason": "The lorry."})).await;
        for reference in [&late, &early] {
            act(&app, &officer, reference, "replies", json!({"text": "Emptied.", "kind": "substantive", "outcome": "resolved"})).await;
        }
        let clocks = app.get(&officer, &format!("/v1/cases/{early}/clocks")).await.expect(200);
        assert_eq!(clocks["items"][1]["state"], "met", "{clocks:#}");
        let told = report(&app, &auditor, "from_on=2026-11-20&to_on=2026-11-20").await;
        assert_eq!(item(&told, "waste-collection")["answered"], json!({"in_time": 0, "of": 2, "percent": 0.0}), "{told:#}");
    }

    async fn what_was_withdrawn_or_merged_in_time_reached_us_and_was_no_promise_broken(app) {
        let (officer, auditor) = (app.officer().await, app.sign_in(AUDITOR).await);
        let mut bins = Vec::new();
        for n in 0..4 {
            bins.push(bin(&app, n, "ZZ1 1AA").await);
        }
        act(&app, &officer, &bins[0], "closures", json!({"outcome": "withdrawn"})).await;
        act(&app, &officer, &bins[1], "merges", json!({"into": bins[3]})).await;
        app.jump_to("2026-11-25T10:00:00Z").await;
        // Only now, after its date.
        act(&app, &officer, &bins[2], "closures", json!({"outcome": "duplicate"})).await;
        for _ in 0..2 {
            let told = report(&app, &auditor, "from_on=2026-11-20&to_on=2026-11-20").await;
            let bins = item(&told, "waste-collection");
            assert_eq!((&bins["received"], &bins["open"], &bins["overdue"]), (&json!(4), &json!(1), &json!(1)), "{bins:#}");
            assert_eq!(bins["answered"], json!({"in_time": 0, "of": 2, "percent": 0.0}), "{bins:#}");
            measuring::roll_up(&app.desk).await.unwrap();
        }
    }

    async fn a_ward_of_three_people_is_told_with_others_and_never_alone(app) {
        for n in 0..3 {
            bin(&app, n, "ZZ2 1AA").await;
        }
        for n in 3..10 {
            bin(&app, n, "ZZ1 1AA").await;
        }
        for n in 10..16 {
            bin(&app, n, "QQ9 9QQ").await;
        }
        let leader = app.team_leader().await;
        let query = "from_on=2026-11-20&to_on=2026-11-20&group_by=ward";
        let told = report(&app, &leader, query).await;
        assert_eq!(told["small_numbers_together"], true);
        let lines: Vec<(&Value, &Value, &Value)> = told["items"].as_array().unwrap().iter().map(|item| (&item["key"], &item["small_numbers"], &item["received"])).collect();
        // The six of no known ward are the next smallest: with nobody beside them the three could be subtracted.
        assert_eq!(lines, [(&json!("larkfield"), &json!(false), &json!(7)), (&Value::Null, &json!(true), &json!(9))], "{told:#}");
        assert_eq!(told["all"]["received"], 16);
        assert!(told["items"][1]["cases"].is_null());
        let text = app.get(&leader, &format!("/v1/reports/performance?{query}")).await.text;
        assert!(!text.contains("eastmere"), "{text}");
        let unknown = app.get(&leader, "/v1/cases?ward=none&received_from=2026-11-20&received_to=2026-11-20&in_figures=true&include=total").await.expect(200);
        assert_eq!(unknown["total"], 6, "those of no known ward are listed by that");
        let other_day = app.get(&leader, "/v1/cases?received_from=2026-11-21&include=total").await.expect(200);
        assert_eq!(other_day["total"], 0);
    }

    async fn a_restricted_case_is_in_nobodys_figures_and_they_lead_to_none(app) {
        let report_child = json!({
            "channel": "phone", "body": "A child is hurt.", "service": "childrens-social-care", "category": "child-at-risk",
            "person": {"name": "Ada Example", "email": "ada@mail.example"}
        });
        app.post(&app.agent().await, "/v1/contacts", report_child).await.expect(201);
        bin(&app, 1, "ZZ1 1AA").await;
        for who in [AUDITOR, "admin@council.example", HEAD] {
            let is_head = who == HEAD;
            let who = app.sign_in(who).await;
            for group in GROUPS {
                let told = app.get(&who, &format!("/v1/reports/performance?from_on=2026-11-20&to_on=2026-11-20&group_by={group}")).await;
                assert!(!told.text.contains("child"), "{}", told.text);
                if group == "ward" && !is_head {
                    // Of one day of a ward, whoever sees no cases could work one out.
                    assert_eq!((told.status, &told.json()["errors"][0]["pointer"]), (422, &json!("/to_on")), "{}", told.text);
                    continue;
                }
                let one = if group == "ward" { Value::Null } else { json!(1) };
                assert_eq!(told.json()["all"]["received"], one, "{}", told.text);
            }
        }
        let mash = app.sign_in("mash.officer@council.example").await;
        let all = app.get(&mash, "/v1/cases").await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 1, "they see it");
        let counted = app.get(&mash, "/v1/cases?in_figures=true").await.expect(200);
        assert_eq!(counted["items"], json!([]), "and no figure counts it");
    }

    async fn a_head_of_service_reads_the_figures_of_their_services_and_the_link_leads_to_just_those_cases(app) {
        bin(&app, 1, "ZZ1 1AA").await;
        bin(&app, 2, "ZZ2 1AA").await;
        let light = json!({"channel": "phone", "body": "Dark.", "service": "street-lighting", "category": "light-out", "person": {"name": "Bo", "email": "bo@mail.example"}});
        log(&app, light).await;
        app.jump_to("2026-11-23T10:00:00Z").await;
        bin(&app, 3, "ZZ1 1AA").await;
        let query = "from_on=2026-11-20&to_on=2026-11-20";
        let (head, auditor, officer) = (app.sign_in(HEAD).await, app.sign_in(AUDITOR).await, app.officer().await);
        for group in GROUPS {
            let told = report(&app, &head, &format!("{query}&group_by={group}")).await;
            let two = if group == "ward" { Value::Null } else { json!(2) };
            assert_eq!(told["all"]["received"], two, "{group}: {told:#}");
            for item in told["items"].as_array().unwrap() {
                let link = item["cases"].as_str().unwrap_or_else(|| panic!("{item:#}"));
                let listed = app.get(&head, &format!("{link}&include=total")).await.expect(200);
                assert_eq!(listed["total"], item["received"], "{link}");
                assert!(listed["items"].as_array().unwrap().iter().all(|case| case["service"] == "waste-collection"), "{listed:#}");
            }
        }
        let whole = report(&app, &auditor, query).await;
        assert_eq!(whole["all"]["received"], 3);
        assert!(whole["items"].as_array().unwrap().iter().all(|item| item["cases"].is_null()), "auditors see no cases");
        assert_eq!(app.get(&officer, &format!("/v1/reports/performance?{query}")).await.expect(403)["code"], "role_may_not");
        assert_eq!(app.get(&Caller::nobody(), "/v1/reports/performance").await.status, 401);
    }

    async fn a_table_is_safe_to_open_whatever_a_category_is_called(app) {
        let admin = app.sign_in("admin@council.example").await;
        let read = app.get(&admin, "/v1/catalogue").await;
        let etag = read.header("etag").unwrap().to_owned();
        let mut tree = read.expect(200);
        let categories = tree["services"]["waste-collection"]["categories"].as_array_mut().unwrap();
        let missed = categories.iter_mut().find(|category| category["slug"] == "missed-bin").unwrap();
        missed["name"] = json!("=cmd|' /C calc'!A0, \"bins\"");
        let put = actix_web::test::TestRequest::put().uri("/v1/catalogue").insert_header(("if-match", etag)).set_json(&tree);
        app.send(&admin, put).await.expect(200);
        bin(&app, 1, "ZZ1 1AA").await;
        let ask = |accept: &'static str| actix_web::test::TestRequest::get()
            .uri("/v1/reports/performance?from_on=2026-11-20&to_on=2026-11-20&group_by=category&and_from_on=2025-11-20&and_to_on=2025-11-20")
            .insert_header(("accept", accept));
        let table = app.send(&admin, ask("text/csv")).await;
        assert_eq!(table.status, 200);
        assert!(table.header("content-type").unwrap().starts_with("text/csv"), "{:?}", table.headers);
        assert!(table.header("content-disposition").unwrap().contains("attachment"));
        let lines: Vec<&str> = table.text.split("\r\n").collect();
        assert!(lines[0].starts_with("from_on,to_on,group_by,key,name,received,"), "{}", lines[0]);
        assert!(lines[1].starts_with("2026-11-20,2026-11-20,category,waste-collection/missed-bin,\"'=cmd|' /C calc'!A0, \"\"bins\"\"\",1,"), "{}", lines[1]);
        assert!(lines[2].starts_with("2026-11-20,2026-11-20,category,(all),All together,1,"), "{}", lines[2]);
        assert!(lines[3].starts_with("2025-11-20,2025-11-20,category,(all),All together,0,"), "the other period stands below: {}", lines[3]);
        assert_eq!(lines[4..], [""]);
        assert_eq!(app.send(&admin, ask("application/json")).await.expect(200)["compared_with"]["all"]["received"], 0);
    }

    async fn a_period_that_cannot_be_meant_is_refused_by_name_and_ten_years_are_no_trouble(app) {
        let auditor = app.sign_in(AUDITOR).await;
        let refused = async |query: &str| {
            let reply = app.get(&auditor, &format!("/v1/reports/performance?{query}")).await;
            (reply.status, reply.json()["errors"][0]["pointer"].clone())
        };
        assert_eq!(refused("from_on=2026-11-20&to_on=2026-11-19").await, (422, json!("/to_on")));
        assert_eq!(refused("from_on=2026-11-20&and_from_on=2025-11-20").await, (422, json!("/and_to_on")));
        assert_eq!(refused("and_to_on=2025-11-20").await, (422, json!("/and_from_on")));
        assert_eq!(refused("and_from_on=2025-11-20&and_to_on=2025-11-19").await, (422, json!("/and_to_on")));
        assert_eq!(refused("from_on=yesterday").await, (400, json!("/from_on")));
        assert_eq!(refused("group_by=officer").await, (400, json!("/group_by")));
        bin(&app, 1, "ZZ1 1AA").await;
        assert_eq!(report(&app, &auditor, "from_on=2016-01-01&to_on=2026-12-31").await["all"]["received"], 1);
        let today = report(&app, &auditor, "").await;
        assert_eq!((&today["from_on"], &today["to_on"], &today["group_by"]), (&json!("2026-11-01"), &json!("2026-11-20"), &json!("service")));
        let figures: Vec<&str> = today["definitions"].as_array().unwrap().iter().map(|one| one["figure"].as_str().unwrap()).collect();
        for member in today["all"].as_object().unwrap().keys() {
            let is_defined = figures.contains(&member.as_str()) || member.starts_with("median_net") || member.starts_with("p90_net");
            assert!(is_defined, "{member} is defined nowhere");
        }
    }

    async fn who_was_over_a_case_when_it_came_stays_in_the_figures_when_the_post_changes(app) {
        bin(&app, 1, "ZZ1 1AA").await;
        let admin = app.sign_in("admin@council.example").await;
        let read = app.get(&admin, "/v1/catalogue").await;
        let etag = read.header("etag").unwrap().to_owned();
        let mut tree = read.expect(200);
        let other = tree["services"]["street-lighting"]["head_of_service"].clone();
        let was = tree["services"]["waste-collection"]["head_of_service"].clone();
        assert_ne!(was, other);
        tree["services"]["waste-collection"]["head_of_service"] = other.clone();
        let put = actix_web::test::TestRequest::put().uri("/v1/catalogue").insert_header(("if-match", etag)).set_json(&tree);
        app.send(&admin, put).await.expect(200);
        bin(&app, 2, "ZZ1 1AA").await;
        let told = report(&app, &admin, "from_on=2026-11-20&to_on=2026-11-20&group_by=head_of_service").await;
        assert_eq!(item(&told, was.as_str().unwrap())["received"], 1);
        assert_eq!(item(&told, other.as_str().unwrap())["received"], 1);
    }

    async fn figures_stay_what_they_were_when_words_and_people_are_taken_away(app) {
        let logged = log(&app, bin_of(1, "ZZ1 1AA")).await;
        let (case, person) = (logged["case"]["reference"].as_str().unwrap(), logged["contact"]["person"]["id"].as_str().or(logged["person"]["id"].as_str()).unwrap().to_owned());
        let (officer, leader, admin) = (app.officer().await, app.team_leader().await, app.sign_in("admin@council.example").await);
        act(&app, &officer, case, "replies", json!({"text": "Emptied.", "kind": "substantive", "outcome": "resolved"})).await;
        app.jump_to("2026-11-20T17:30:00Z").await;
        act(&app, &officer, case, "closures", json!({"outcome": "resolved"})).await;
        measuring::roll_up(&app.desk).await.unwrap();
        let query = "from_on=2026-11-20&to_on=2026-11-20&group_by=category";
        let before = report(&app, &admin, query).await;
        assert_eq!(item(&before, "waste-collection/missed-bin")["answered"]["in_time"], 1);
        act(&app, &leader, case, "redactions", json!({"ground": "third_party", "reason": "A neighbour", "texts": ["Number 1."]})).await;
        assert_eq!(report(&app, &admin, query).await, before);
        app.post(&admin, &format!("/v1/people/{person}/erasures"), json!({"reason": "Request under article 17"})).await.expect(201);
        assert_eq!(report(&app, &admin, query).await, before);
        measuring::roll_up(&app.desk).await.unwrap();
        assert_eq!(report(&app, &admin, query).await, before);
    }

    async fn what_is_written_while_a_day_is_summed_up_is_not_lost(app) {
        let logged = log(&app, bin_of(1, "ZZ1 1AA")).await;
        let reference = logged["case"]["reference"].as_str().unwrap().to_owned();
        let case: CaseId = logged["case"]["id"].as_str().unwrap().parse().unwrap();
        let (officer, auditor) = (app.officer().await, app.sign_in(AUDITOR).await);
        act(&app, &officer, &reference, "closures", json!({"outcome": "resolved"})).await;
        let day: Date = "2026-11-20".parse().unwrap();
        let responses = async || report(&app, &auditor, "from_on=2026-11-20&to_on=2026-11-20").await["all"]["satisfaction"].clone();
        let score = move |n: u8| move |tx: &mut reeve::store::Tx<'_>| measures::add_score(tx, case, n);
        // The mark is there, and a writer has the case in hand when the job comes to it.
        app.desk.db.write(score(1)).await.unwrap();
        let (other, is_postgres) = (app.database.open(), app.database.url().is_some());
        let (has_written, written) = std::sync::mpsc::channel::<()>();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let may_go_on = std::sync::Mutex::new(may_go_on);
        let writer = tokio::spawn({
            let other = other.clone();
            async move {
                other.write(move |tx| {
                    measures::add_score(tx, case, 5)?;
                    has_written.send(()).unwrap();
                    may_go_on.lock().unwrap().recv().unwrap();
                    Ok::<(), reeve::store::StoreError>(())
                }).await
            }
        });
        tokio::task::spawn_blocking(move || written.recv().unwrap()).await.unwrap();
        let job = tokio::spawn({
            let db = app.desk.db.clone();
            async move { db.write(move |tx| measures::roll(tx, day)).await }
        });
        if is_postgres {
            // The job stands before the row until the writer is done.
            let is_waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE case_measures%'";
            app.database.wait_for(is_waiting).await;
        }
        go_on.send(()).unwrap();
        writer.await.unwrap().unwrap();
        job.await.unwrap().unwrap();
        assert_eq!(responses().await, json!({"score": 3.0, "responses": 2, "invited": null}));
        measuring::roll_up(&app.desk).await.unwrap();
        assert_eq!(responses().await, json!({"score": 3.0, "responses": 2, "invited": null}));

        // The job has cleared the mark and not yet committed when a writer comes to the case.
        app.desk.db.write(score(3)).await.unwrap();
        let (has_rolled, rolled) = std::sync::mpsc::channel::<()>();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let may_go_on = std::sync::Mutex::new(may_go_on);
        let job = tokio::spawn(async move {
            other.write(move |tx| {
                let n_cleared = measures::roll(tx, day)?;
                has_rolled.send(()).unwrap();
                may_go_on.lock().unwrap().recv().unwrap();
                Ok::<usize, reeve::store::StoreError>(n_cleared)
            }).await
        });
        tokio::task::spawn_blocking(move || rolled.recv().unwrap()).await.unwrap();
        let writer = tokio::spawn({
            let db = app.desk.db.clone();
            async move { db.write(score(3)).await }
        });
        if is_postgres {
            let is_waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE%case_measures%score%'";
            app.database.wait_for(is_waiting).await;
        }
        go_on.send(()).unwrap();
        assert_eq!(job.await.unwrap().unwrap(), 1);
        writer.await.unwrap().unwrap();
        assert_eq!(responses().await, json!({"score": 3.0, "responses": 4, "invited": null}));
        assert_eq!(measuring::roll_up(&app.desk).await.unwrap(), 1, "the writer has set the mark again");
        assert_eq!(responses().await, json!({"score": 3.0, "responses": 4, "invited": null}));
    }
}
