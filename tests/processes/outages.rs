//! What Reeve leans on is away: the folder of mails, the database server.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::demo::{self, Demo, wait_until};
use crate::postgres::Server;

/// Nothing can be written to the folder for a while, as with a full disk: cases are taken, mail
/// waits, and arrives once.
#[test]
fn mail_waits_for_its_folder_and_arrives_once() {
    let demo = Demo::on_sqlite();
    let agent = demo.sign_in("agent");
    let before = demo::post_contact(&demo.api(), &agent, "folder-before").unwrap();
    wait_until("the first is confirmed", || {
        demo.mails_about(&before, "confirmation").len() == 1
    });
    // A file where the folder was: nobody can write there, not even root.
    let (folder, aside) = (demo.mail_dir(), demo.mail_dir().with_extension("aside"));
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "").unwrap();
    let references: Vec<String> = (0..5)
        .map(|n| demo::post_contact(&demo.api(), &agent, &format!("folder-{n}")).unwrap())
        .collect();
    let admin = demo.sign_in("team_leader");
    let confirmation = |case: &str| -> Value {
        let notices = demo.get(&admin, &format!("/v1/cases/{case}/notices"));
        let notices = notices["items"].as_array().unwrap().clone();
        let mut of_kind = notices
            .into_iter()
            .filter(|one| one["kind"] == "confirmation");
        of_kind.next().unwrap()
    };
    wait_until("each was tried, and says why it waits", || {
        references.iter().all(|case| {
            let waits = confirmation(case);
            let why = waits["last_error"].as_str().unwrap_or("");
            waits["state"] == "pending" && why.starts_with("mail folder: ")
        })
    });
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    demo.post_clock(json!({"to": demo.later(3600)}));
    wait_until("all mail has arrived", || {
        references
            .iter()
            .all(|case| demo.mails_about(case, "confirmation").len() == 1)
    });
    let admin = demo.sign_in("team_leader");
    for case in &references {
        let notices = demo.get(&admin, &format!("/v1/cases/{case}/notices"));
        assert_eq!(notices["items"][0]["state"], "sent", "{case}");
    }
    let unfinished = std::fs::read_dir(&folder).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".part")
    });
    assert_eq!(unfinished.count(), 0, "nothing is left half written");
    assert_eq!(demo.mails_about(&before, "confirmation").len(), 1);
}

/// The database server crashes under its users and comes back: whoever asks meanwhile is told to
/// come back later, who tries again with the same key has one case, and nothing answered is lost.
#[test]
fn a_database_server_that_crashes_loses_nothing_that_was_answered() {
    let Some(server) = Server::start() else {
        return;
    };
    let demo = Demo::on(server.url.clone());
    let agent = demo.sign_in("agent");
    let api = demo.api();
    let first = demo::post_contact(&api, &agent, "crash-first").unwrap();
    let (is_over, n_answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let posted: Vec<(String, String)> = std::thread::scope(|scope| {
        let posting = scope.spawn(|| post_without_cease(&api, &agent, &n_answered, &is_over));
        let until_now = Until(&is_over);
        wait_until("some are answered", || {
            demo.mails_about(&first, "confirmation").len() == 1
                && n_answered.load(Ordering::SeqCst) > 0
        });
        server.crash();
        let refused = ask(&demo, &agent, &format!("/v1/cases/{first}"));
        assert_eq!(refused.0, 503, "{}", refused.2);
        assert!(refused.1.parse::<u32>().unwrap() <= 60, "{}", refused.1);
        assert_eq!(refused.2["status"], 503);
        assert_eq!(refused.2["code"], "database_away", "{}", refused.2);
        assert_eq!(ask(&demo, &agent, "/livez").0, 200);
        let ready = ask(&demo, &agent, "/readyz");
        assert_eq!((ready.0, &ready.2["database"]), (503, &json!("away")));
        server.come_back();
        wait_until("it is ready again", || {
            ask(&demo, &agent, "/readyz").0 == 200
        });
        // One may have been on its way when the server fell; the next began after it.
        let n_before = n_answered.load(Ordering::SeqCst);
        wait_until("it goes on after the crash", || {
            posting.is_finished() || n_answered.load(Ordering::SeqCst) > n_before + 1
        });
        drop(until_now);
        posting.join().unwrap()
    });
    let mut references: Vec<&String> = posted.iter().map(|(_, case)| case).collect();
    references.sort();
    references.dedup();
    assert_eq!(references.len(), posted.len(), "two keys got one case");
    let agent = demo.sign_in("agent");
    for (key, case) in &posted {
        let contacts = demo.get(&agent, &format!("/v1/cases/{case}/contacts"));
        assert_eq!(contacts["items"].as_array().unwrap().len(), 1, "{key}");
    }
    // What was being sent in that very moment is sent again when its lease ends.
    demo.post_clock(json!({"to": demo.later(120)}));
    wait_until("every confirmation has left", || {
        posted
            .iter()
            .all(|(_, case)| demo.mails_about(case, "confirmation").len() == 1)
    });
    // And what falls due is found as before.
    demo.post_clock(json!({"to": "2027-02-01T10:00:00Z"}));
    let agent = demo.sign_in("agent");
    let late = demo::post_contact(&demo.api(), &agent, "crash-late").unwrap();
    wait_until("it is confirmed", || {
        demo.mails_about(&late, "confirmation").len() == 1
    });
    demo.post_clock(json!({"to": "2027-02-03T17:00:30Z"}));
    wait_until("the team leader is told when it is due", || {
        demo.mails_about(&late, "reminder").len() == 1
    });
}

/// Over when it is dropped: also when the story fails, which must not go on posting for ever.
struct Until<'t>(&'t AtomicBool);

impl Drop for Until<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Posts one after another until told that it is over, each until it is answered: by its key it is
/// one request, however often it is sent. Says key and case.
fn post_without_cease(
    api: &str,
    agent: &str,
    n_answered: &AtomicUsize,
    is_over: &AtomicBool,
) -> Vec<(String, String)> {
    let mut posted = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        let key = format!("crash-{}", posted.len());
        let mut n_tries = 0;
        let case = loop {
            n_tries += 1;
            assert!(n_tries < 600, "{key} was never answered");
            match demo::post_contact(api, agent, &key) {
                Ok(case) => break case,
                Err(ureq::Error::StatusCode(503)) => {
                    std::thread::sleep(std::time::Duration::from_millis(200));
                }
                Err(other) => panic!("{key}: {other}"),
            }
        };
        posted.push((key, case));
        n_answered.store(posted.len(), Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    posted
}

/// Status, Retry-After and body of an answer, whatever it is.
fn ask(demo: &Demo, token: &str, path: &str) -> (u16, String, Value) {
    let mut answer = ureq::get(format!("{}{path}", demo.api()))
        .config()
        .http_status_as_error(false)
        .build()
        .header("authorization", format!("Bearer {token}"))
        .call()
        .unwrap();
    let wait = answer.headers().get("retry-after");
    let wait = wait.map_or("", |wait| wait.to_str().unwrap()).to_owned();
    let body = answer.body_mut().read_json().unwrap_or(Value::Null);
    (answer.status().as_u16(), wait, body)
}
