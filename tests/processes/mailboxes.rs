//! Mailboxes of a real mail server, read by real processes.

use std::time::{Duration, SystemTime};

use reeve::time_source::TimeSource;
use serde_json::Value;

use crate::demo::{Demo, wait_until};
use crate::dovecot::{Dovecot, Proxy};
use crate::postgres;

/// What the mailbox of these stories is for.
const RECIPIENT: &str = "contact-us@council.example";

/// `[[mail.mailboxes]]` in the environment: the first, and what differs from how most stories have it.
fn mailbox(number: usize, name: &str, port: u16, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let port = port.to_string();
    let common = [
        ("NAME", name),
        ("HOST", "127.0.0.1"),
        ("PORT", &port),
        ("TLS", "none"),
        ("USERNAME", name),
        ("PASSWORD", "secret"),
        ("RECIPIENT", RECIPIENT),
        ("POLL_SECONDS", "1"),
    ];
    common
        .iter()
        .chain(more)
        .map(|(key, value)| {
            let key = format!("REEVE__MAIL__MAILBOXES__{number}__{key}");
            (key, (*value).to_owned())
        })
        .collect()
}

fn letter(id: &str, subject: &str, body: &str) -> String {
    format!(
        "From: Ada Example <{id}@mail.example>\r\nTo: {RECIPIENT}\r\nSubject: {subject}\r\n\
         Message-ID: <{id}@mail.example>\r\nDate: Fri, 20 Nov 2026 16:50:00 +0000\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    )
}

fn missed_bin(id: &str) -> String {
    letter(
        id,
        &format!("Missed bin {id}"),
        "My black bin was not emptied at 3 Weir Street.",
    )
}

/// Every mail that came to the mailbox, as the centre sees it.
fn taken(demo: &Demo, agent: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut path = "/v1/channels/email/messages?limit=100".to_owned();
    loop {
        let page = demo.get(agent, &path);
        let items = page["items"].as_array().unwrap().iter();
        found.extend(items.filter(|mail| mail["recipient"] == RECIPIENT).cloned());
        let Some(next) = page["next_cursor"].as_str() else {
            return found;
        };
        path = format!("/v1/channels/email/messages?limit=100&cursor={next}");
    }
}

/// So many of each became what.
fn n(mails: &[Value], disposition: &str) -> usize {
    let mails = mails.iter();
    mails
        .filter(|mail| mail["disposition"] == disposition)
        .count()
}

fn cases(mails: &[Value]) -> Vec<&str> {
    let mut cases: Vec<&str> = mails
        .iter()
        .filter_map(|mail| mail["case"]["reference"].as_str())
        .collect();
    cases.sort_unstable();
    cases.dedup();
    cases
}

#[test]
fn a_mail_that_arrives_is_a_case_within_seconds() {
    let server = Dovecot::start();
    let certificate = server.certificate();
    let more = [
        ("HOST", "localhost"),
        ("TLS", "tls"),
        ("CA_FILE", certificate.to_str().unwrap()),
        // So that it is the server that tells us.
        ("POLL_SECONDS", "1500"),
    ];
    let demo = Demo::with(mailbox(0, "contact", server.tls, &more));
    let agent = demo.sign_in("agent");
    server.deliver("contact", missed_bin("first"));
    demo.wait_until("it is a case", || n(&taken(&demo, &agent), "opened") == 1);
    std::thread::sleep(Duration::from_secs(1));
    let began = TimeSource::System.monotonic();
    server.deliver("contact", missed_bin("second"));
    demo.wait_until("the next is one too", || {
        n(&taken(&demo, &agent), "opened") == 2
    });
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    demo.wait_until("they are put away", || {
        server.put_away("contact").len() == 2
    });
    assert_eq!(server.waiting("contact"), Vec::<String>::new());
    let mails = taken(&demo, &agent);
    for case in cases(&mails) {
        demo.wait_until("it is confirmed", || {
            demo.mails_about(case, "confirmation").len() == 1
        });
    }
    let log = demo.log();
    for secret in ["secret", "mail.example", "Weir Street", "Missed bin"] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[test]
fn after_ten_days_away_all_mail_is_taken_and_counts_from_the_day_it_came() {
    let server = Dovecot::start();
    let demo = Demo::with(mailbox(0, "contact", server.plain, &[]));
    let agent = demo.sign_in("agent");
    server.deliver("contact", missed_bin("before"));
    demo.wait_until("the first is taken", || taken(&demo, &agent).len() == 1);
    server.crash();
    for day in 0..10_i64 {
        let path = if day % 3 == 0 {
            // Somebody has looked into the mailbox meanwhile.
            server.deliver_read("contact", missed_bin(&format!("day-{day}")))
        } else {
            server.deliver("contact", missed_bin(&format!("day-{day}")))
        };
        let then = TimeSource::System.now() - jiff::SignedDuration::from_hours((10 - day) * 24);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::from(then)).unwrap();
    }
    let admin = demo.sign_in("admin");
    demo.wait_until("it is known to be away", || {
        let mailbox = &demo.get(&admin, "/v1/mailboxes")["items"][0];
        mailbox["state"] == "failing" && mailbox["last_error"].is_string()
    });
    server.come_back();
    wait_until("all are taken", || taken(&demo, &agent).len() == 11);
    let mails = taken(&demo, &agent);
    assert_eq!(n(&mails, "opened"), 11, "{mails:#?}");
    assert_eq!(cases(&mails).len(), 11);
    let oldest = mails
        .iter()
        .find(|mail| mail["subject"] == "Missed bin day-0")
        .unwrap();
    let came: jiff::Timestamp = oldest["received_at"].as_str().unwrap().parse().unwrap();
    let now: jiff::Timestamp = demo.later(0).parse().unwrap();
    let hours = now.duration_since(came).as_hours();
    assert!((239..=241).contains(&hours), "{hours} hours ago");
    let mailbox = || demo.get(&admin, "/v1/mailboxes")["items"][0].clone();
    demo.wait_until("it is read again", || mailbox()["state"] == "read");
    assert_eq!(mailbox()["failing_since"], Value::Null);
}

#[test]
fn killed_before_a_taken_mail_was_put_away_it_is_known_again() {
    let server = Dovecot::start();
    let proxy = Proxy::before(server.plain);
    let mut demo = Demo::with(mailbox(0, "contact", proxy.port, &[]));
    demo.wait_until("it reads", || demo.log().contains("Reeve is ready"));
    proxy.hold_back(Some("UID STORE"));
    server.deliver("contact", missed_bin("kill"));
    demo.wait_until("it is taken, and about to be put away", || proxy.is_held());
    demo.kill();
    assert_eq!(server.waiting("contact").len(), 1, "it was not marked");
    proxy.hold_back(None);
    demo.start();
    // The turn of the killed one ends after a minute.
    demo.post_clock(serde_json::json!({"to": demo.later(70)}));
    let agent = demo.sign_in("agent");
    demo.wait_until("it is put away", || server.put_away("contact").len() == 1);
    let mails = taken(&demo, &agent);
    assert_eq!((n(&mails, "opened"), n(&mails, "duplicate")), (1, 1));
    assert_eq!(mails.len(), 2, "{mails:#?}");
    assert_eq!(cases(&mails).len(), 1);
    assert_eq!(server.waiting("contact"), Vec::<String>::new());
}

#[test]
fn numbered_anew_everything_is_looked_at_again_and_nothing_is_opened_twice() {
    let server = Dovecot::start();
    let demo = Demo::with(mailbox(0, "contact", server.plain, &[("TAKEN", "keep")]));
    let agent = demo.sign_in("agent");
    for number in 0..4 {
        server.deliver("contact", missed_bin(&format!("kept-{number}")));
    }
    demo.wait_until("all are taken", || taken(&demo, &agent).len() == 4);
    demo.wait_until("they stay, marked as read", || {
        let there = server.waiting("contact");
        there.len() == 4 && there.iter().all(|name| name.ends_with('S'))
    });
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(
        taken(&demo, &agent).len(),
        4,
        "what stays is not taken again"
    );
    server.number_anew("contact");
    server.deliver("contact", missed_bin("after"));
    wait_until("the new one is taken", || {
        n(&taken(&demo, &agent), "opened") == 5
    });
    let mails = taken(&demo, &agent);
    assert_eq!(n(&mails, "duplicate"), 4, "{mails:#?}");
    assert_eq!(cases(&mails).len(), 5);
    assert!(demo.log().contains("numbered mailbox contact anew"));
}

#[test]
fn mail_that_cannot_be_read_holds_up_none_behind_it() {
    let server = Dovecot::start();
    let mut settings = mailbox(0, "contact", server.plain, &[]);
    let limit = (
        "REEVE__HTTP__MAX_MAIL_BYTES".to_owned(),
        "200000".to_owned(),
    );
    settings.push(limit);
    let bad: [Vec<u8>; 4] = [
        b"no header and no sense\r\n".to_vec(),
        vec![0xff; 3000],
        letter("large", "Photos", &"All of them. ".repeat(40_000)).into_bytes(),
        b"Subject: nobody\r\n\r\nwrote this\r\n".to_vec(),
    ];
    for (number, raw) in bad.iter().enumerate() {
        server.deliver("contact", missed_bin(&format!("good-{number}")));
        server.deliver("contact", raw);
    }
    server.deliver("contact", missed_bin("good-last"));
    let demo = Demo::with(settings);
    let agent = demo.sign_in("agent");
    demo.wait_until("all are put away", || {
        server.put_away("contact").len() == 9 && server.waiting("contact").is_empty()
    });
    let mails = taken(&demo, &agent);
    assert_eq!(
        (n(&mails, "opened"), n(&mails, "quarantined")),
        (5, 4),
        "{mails:#?}"
    );
    let large = mails.iter().find(|mail| {
        let id = mail["id"].as_str().unwrap();
        let shown = demo.get(&agent, &format!("/v1/channels/email/messages/{id}"));
        shown["why"]
            .as_str()
            .is_some_and(|why| why.contains("larger than we read"))
    });
    assert!(large.is_some(), "the large one says why: {mails:#?}");
}

#[test]
fn several_mailboxes_are_read_side_by_side_and_one_that_refuses_us_stops_none() {
    let server = Dovecot::start();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = nobody.local_addr().unwrap().port();
    let certificate = server.certificate();
    let starttls = [
        ("HOST", "localhost"),
        ("TLS", "starttls"),
        ("CA_FILE", certificate.to_str().unwrap()),
    ];
    let mut settings = mailbox(0, "silent", silent, &[]);
    settings.extend(mailbox(
        1,
        "refused",
        server.plain,
        &[("PASSWORD", "wrong")],
    ));
    settings.extend(mailbox(
        2,
        "unknown",
        server.tls,
        &[("TLS", "tls"), ("HOST", "localhost")],
    ));
    settings.extend(mailbox(3, "highways", server.plain, &starttls));
    let polled = [("IDLE", "false"), ("TAKEN", "delete")];
    settings.extend(mailbox(4, "housing", server.plain, &polled));
    let demo = Demo::with(settings);
    let agent = demo.sign_in("agent");
    for number in 0..3 {
        server.deliver("highways", missed_bin(&format!("highways-{number}")));
        server.deliver("housing", missed_bin(&format!("housing-{number}")));
    }
    demo.wait_until("both good ones are read", || {
        taken(&demo, &agent).len() == 6
    });
    demo.wait_until("one is emptied", || server.waiting("housing").is_empty());
    assert_eq!(server.put_away("housing"), Vec::<String>::new());
    demo.wait_until("one is put away", || server.put_away("highways").len() == 3);
    let admin = demo.sign_in("admin");
    let states = || {
        let listed = demo.get(&admin, "/v1/mailboxes");
        let items = listed["items"].as_array().unwrap().iter();
        let said = |mailbox: &Value, key: &str| mailbox[key].as_str().unwrap_or("").to_owned();
        items
            .map(|mailbox| {
                (
                    said(mailbox, "name"),
                    said(mailbox, "state"),
                    said(mailbox, "last_error"),
                )
            })
            .collect::<Vec<_>>()
    };
    let state = |name: &str| {
        let states = states();
        let found = states.into_iter().find(|(own, ..)| own == name).unwrap();
        (found.1, found.2)
    };
    demo.wait_until("the refused one is known", || {
        state("refused").0 == "failing"
    });
    demo.wait_until("the untrusted one is known", || {
        state("unknown").0 == "failing"
    });
    assert!(
        state("refused").1.contains("refuses the sign-in"),
        "{:?}",
        states()
    );
    assert!(state("unknown").1.contains("TLS"), "{:?}", states());
    assert_eq!(state("highways").0, "read");
    assert_eq!(state("housing").0, "read");
}

#[test]
fn of_two_replicas_one_reads_a_mailbox_and_the_other_takes_over() {
    let Some(database) = postgres::new_database() else {
        return;
    };
    let server = Dovecot::start();
    let mut one = Demo::on_with(database, mailbox(0, "contact", server.plain, &[]));
    let two = one.replica();
    let agent = two.sign_in("agent");
    for number in 0..15 {
        server.deliver("contact", missed_bin(&format!("two-{number}")));
    }
    two.wait_until("all are taken", || taken(&two, &agent).len() == 15);
    assert_eq!(n(&taken(&two, &agent), "opened"), 15, "none twice");
    one.kill();
    // A turn that nobody keeps ends after a minute.
    two.post_clock(serde_json::json!({"to": two.later(70)}));
    server.deliver("contact", missed_bin("two-last"));
    wait_until("the other takes over", || taken(&two, &agent).len() == 16);
    let mails = taken(&two, &agent);
    assert_eq!(n(&mails, "opened"), 16, "{mails:#?}");
    assert_eq!(cases(&mails).len(), 16);
}

#[test]
fn while_the_database_is_away_nothing_is_fetched_and_nothing_marked() {
    let Some(database) = postgres::Server::start() else {
        return;
    };
    let server = Dovecot::start();
    let settings = mailbox(0, "contact", server.plain, &[]);
    let demo = Demo::on_with(database.url.clone(), settings);
    let agent = demo.sign_in("agent");
    server.deliver("contact", missed_bin("away-before"));
    demo.wait_until("the first is taken", || taken(&demo, &agent).len() == 1);
    demo.wait_until("it is put away", || server.put_away("contact").len() == 1);
    database.crash();
    for number in 0..5 {
        server.deliver("contact", missed_bin(&format!("away-{number}")));
    }
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(
        server.waiting("contact").len(),
        5,
        "they are where they were"
    );
    assert!(
        server
            .waiting("contact")
            .iter()
            .all(|name| !name.ends_with('S'))
    );
    database.come_back();
    wait_until("they are taken", || server.put_away("contact").len() == 6);
    let mails = taken(&demo, &agent);
    assert_eq!(n(&mails, "opened"), 6, "{mails:#?}");
    assert_eq!(cases(&mails).len(), 6);
}
