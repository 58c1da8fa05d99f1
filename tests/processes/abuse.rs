//! Access taken away under three replicas, and a flood of the public form beside people at work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reeve::time_source::TimeSource;
use serde_json::{Value, json};

use crate::demo::Demo;

/// Asks by a path, and says how long the answer took.
type Asking<'a> = &'a dyn Fn(&str) -> Duration;

/// The start of something whose length is measured.
fn started() -> Instant {
    TimeSource::System.monotonic()
}

/// The status of an answer, refusals included.
fn status(request: ureq::RequestBuilder<ureq::typestate::WithoutBody>) -> u16 {
    let answer = request
        .config()
        .http_status_as_error(false)
        .build()
        .call()
        .unwrap();
    answer.status().as_u16()
}

fn reads_a_list(demo: &Demo, token: &str) -> u16 {
    status(
        ureq::get(format!("{}/v1/cases?limit=1", demo.api()))
            .header("authorization", format!("Bearer {token}")),
    )
}

fn renews(demo: &Demo, refresh_token: &str) -> u16 {
    let answer = ureq::post(format!("{}/v1/auth/refreshes", demo.api()))
        .config()
        .http_status_as_error(false)
        .build()
        .send_json(json!({"refresh_token": refresh_token}))
        .unwrap();
    answer.status().as_u16()
}

/// Both tokens of a fresh sign-in.
fn tokens(demo: &Demo, email: &str, password: &str) -> (String, String) {
    let mut answer = ureq::post(format!("{}/v1/auth/tokens", demo.api()))
        .send_json(json!({"email": email, "password": password}))
        .unwrap();
    let answer: Value = answer.body_mut().read_json().unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

#[test]
fn an_account_that_is_disabled_is_out_of_all_three_replicas_within_a_minute() {
    let Some(one) = Demo::on_postgres() else {
        return;
    };
    let replicas = [one.replica(), one.replica()];
    let all = || std::iter::once(&one).chain(&replicas);
    let admin = one.sign_in("admin");
    let (email, password) = ("leaver@council.example", "four words are enough");
    let leaver = one.post(
        &admin,
        "/v1/users",
        json!({"email": email, "name": "Lena Leaver", "role": "agent", "queues": ["*"], "password": password}),
    );
    // A session opened at each replica, used at every one of them.
    let sessions: Vec<(String, String)> = all().map(|demo| tokens(demo, email, password)).collect();
    for demo in all() {
        for (access, _) in &sessions {
            assert_eq!(reads_a_list(demo, access), 200);
        }
    }
    let disabled = ureq::patch(format!(
        "{}/v1/users/{}",
        replicas[1].api(),
        leaver["id"].as_str().unwrap()
    ))
    .header("authorization", format!("Bearer {admin}"))
    .header("if-match", format!("\"{}\"", leaver["version"]))
    .send_json(json!({"active": false}))
    .unwrap();
    assert_eq!(disabled.status().as_u16(), 200);
    let since = started();
    one.wait_until("every replica refuses every session", || {
        all().all(|demo| {
            sessions
                .iter()
                .all(|(access, _)| reads_a_list(demo, access) == 401)
        })
    });
    assert!(since.elapsed() < Duration::from_secs(60));
    for (demo, (_, refresh)) in all().zip(&sessions) {
        assert_eq!(renews(demo, refresh), 401);
    }
    let own = ureq::get(format!("{}/v1/me", one.api()))
        .header("authorization", format!("Bearer {admin}"));
    assert_eq!(status(own), 200, "nobody else is");
}

/// Eight clients post as fast as they can to the public form; somebody at work reads on beside them.
#[test]
fn a_flood_of_the_public_form_is_shed_at_once_and_an_agent_works_on() {
    let demo = Demo::on_sqlite();
    let agent = demo.sign_in("agent");
    let form = json!({
        "channel": "web_form", "subject": "Flood", "body": "Again and again.",
        "service": "waste-collection", "category": "missed-bin",
        "person": {"name": "Flo Flood", "email": "flo@mail.example"},
    });
    let is_over = AtomicBool::new(false);
    let (mut shed, mut reads) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        let flooding: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let client = ureq::Agent::new_with_config(
                        ureq::Agent::config_builder()
                            .http_status_as_error(false)
                            .build(),
                    );
                    let mut answers = Vec::new();
                    // Bounded in count, should the reader never be done.
                    for _ in 0..20_000 {
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                        let asked = started();
                        let answer = client
                            .post(format!("{}/v1/public/contacts", demo.api()))
                            .send_json(&form)
                            .unwrap();
                        answers.push((answer.status().as_u16(), asked.elapsed()));
                    }
                    answers
                })
            })
            .collect();
        // The budget of the form is spent before the reader's time is taken.
        std::thread::sleep(Duration::from_millis(1_500));
        for _ in 0..200 {
            let asked = started();
            assert_eq!(reads_a_list(&demo, &agent), 200);
            reads.push(asked.elapsed());
        }
        is_over.store(true, Ordering::Relaxed);
        for client in flooding {
            for (status, took) in client.join().unwrap() {
                assert!(matches!(status, 201 | 429), "{status}");
                if status == 429 {
                    shed.push(took);
                }
            }
        }
    });
    reads.sort();
    shed.sort();
    assert!(shed.len() > 1_000, "only {} were refused", shed.len());
    let typical = shed[shed.len() / 2];
    assert!(
        typical < Duration::from_millis(50),
        "half of what is refused waited {typical:?} or longer"
    );
    let slowest_but_one_percent = reads[reads.len() * 99 / 100];
    assert!(
        slowest_but_one_percent < Duration::from_secs(1),
        "an agent waited {slowest_but_one_percent:?}"
    );
    println!(
        "refused: {} in {typical:?} (median); an agent's list: {slowest_but_one_percent:?} (99 %)",
        shed.len()
    );
}

/// What may not be known is refused like what is not there, and as fast: asked for in turns, so that
/// whatever else the machine does falls on both alike.
#[test]
fn a_hidden_case_is_refused_in_the_same_time_as_an_absent_one() {
    // Asked as fast as it answers, which is faster than one person may.
    let demo = Demo::with_setting("LIMITS__REQUESTS_PER_SECOND", "100000");
    let agent = demo.sign_in("agent");
    let child_at_risk = json!({
        "channel": "phone", "body": "There is a child alone next door and nobody has come for two days.",
        "service": "childrens-social-care", "category": "child-at-risk",
    });
    let receipt = demo.post(&agent, "/v1/contacts", child_at_risk)["receipt"]["reference"].clone();
    let mash = demo.told["users"]
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["restricted_teams"] == json!(["mash"]) && user["role"] == "officer");
    let mash = mash.unwrap();
    let (reader, _) = tokens(
        &demo,
        mash["email"].as_str().unwrap(),
        mash["password"].as_str().unwrap(),
    );
    let case = demo.get(&reader, &format!("/v1/cases/{}", receipt.as_str().unwrap()));
    let hidden = case["id"].as_str().unwrap().to_owned();
    let absent = "019a9f5e-7c00-7000-8000-0000000000ff";
    let client = whatever_it_answers();
    let reads = |path: &str| {
        let asked = started();
        let answer = client
            .get(format!("{}{path}", demo.api()))
            .header("authorization", format!("Bearer {agent}"))
            .call()
            .unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{path}");
        asked.elapsed()
    };
    let writes = |path: &str| {
        let asked = started();
        let answer = client
            .post(format!("{}{path}", demo.api()))
            .header("authorization", format!("Bearer {agent}"))
            .send_json(json!({"body": "Rang twice, nobody answered."}))
            .unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{path}");
        asked.elapsed()
    };
    let ways: [(&str, Asking<'_>); 5] = [
        ("", &reads),
        ("/timeline", &reads),
        ("/clocks", &reads),
        ("/contacts", &reads),
        ("/notes", &writes),
    ];
    for (part, ask) in ways {
        assert_as_fast(
            part,
            ("hidden", || ask(&format!("/v1/cases/{hidden}{part}"))),
            ("absent", || ask(&format!("/v1/cases/{absent}{part}"))),
            400,
        );
    }
}

/// Whether somebody has an account is not told by how long they wait: a password is worked out for
/// nobody too.
#[test]
fn a_guess_takes_as_long_for_an_account_nobody_has() {
    let many = ["SIGN_INS_PER_MINUTE", "SIGN_INS_PER_MINUTE_AND_ACCOUNT"];
    let demo = Demo::with_settings(many.map(|name| (format!("LIMITS__FAILED_{name}"), "100000")));
    let known = demo.told["users"][0]["email"].as_str().unwrap().to_owned();
    let client = whatever_it_answers();
    let guess = |email: &str| {
        let asked = started();
        let answer = client
            .post(format!("{}/v1/auth/tokens", demo.api()))
            .send_json(json!({"email": email, "password": "not the password of anybody"}))
            .unwrap();
        assert_eq!(answer.status().as_u16(), 401);
        asked.elapsed()
    };
    assert_as_fast(
        "sign-in",
        ("known", || guess(&known)),
        ("unknown", || guess("nobody.at.all@northmere.example")),
        60,
    );
}

/// A client that takes a refusal for an answer.
fn whatever_it_answers() -> ureq::Agent {
    ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build(),
    )
}

/// The medians of two ways, asked in turns, are less than a quarter apart.
fn assert_as_fast(
    what: &str,
    one: (&str, impl Fn() -> Duration),
    other: (&str, impl Fn() -> Duration),
    n_times: usize,
) {
    let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
    for _ in 0..n_times {
        of_one.push(one.1());
        of_other.push(other.1());
    }
    of_one.sort();
    of_other.sort();
    let (of_one, of_other) = (of_one[n_times / 2], of_other[n_times / 2]);
    let said = format!(
        "{what}, medians of {n_times}: {} {of_one:?}, {} {of_other:?}",
        one.0, other.0
    );
    println!("{said}");
    assert!(
        of_one.abs_diff(of_other) < of_one.min(of_other) / 4,
        "{said}"
    );
}
