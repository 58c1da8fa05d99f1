//! What is seen and told of the mailboxes that are read. How they are read is told in
//! `tests/processes/mailboxes.rs`, with a real mail server.

use std::time::Duration;

use reeve::casework::mailboxes;
use serde_json::Value;

use crate::support::{Caller, TestApp};

const ADMIN: &str = "admin@council.example";
const WHY: &str = "the mail server does not answer";

async fn read_from_now_on(app: &TestApp, names: &[&str]) {
    let every_minute = Duration::from_secs(60);
    let read = names
        .iter()
        .map(|name| ((*name).to_owned(), every_minute))
        .collect();
    mailboxes::put_in_use(&app.desk, read).await.unwrap();
}

async fn listed(app: &TestApp) -> Vec<(String, String)> {
    let admin = app.sign_in(ADMIN).await;
    let page = app.get(&admin, "/v1/mailboxes").await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    let word = |mailbox: &Value, key: &str| mailbox[key].as_str().unwrap().to_owned();
    items
        .map(|mailbox| (word(mailbox, "name"), word(mailbox, "state")))
        .collect()
}

async fn unread(app: &TestApp) -> Value {
    let ready = app.get(&Caller::nobody(), "/readyz").await;
    ready.json()["unread_mailboxes"].clone()
}

fn as_listed(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    let words = wanted.iter();
    words
        .map(|(name, state)| ((*name).to_owned(), (*state).to_owned()))
        .collect()
}

stories! {
    async fn administrators_are_told_once_a_day_of_a_mailbox_that_cannot_be_read(app) {
        read_from_now_on(&app, &["contact"]).await;
        let fail = async |at: &str| {
            app.jump_to(at).await;
            mailboxes::failed(&app.desk, "contact", WHY).await.unwrap();
            app.mails_to(ADMIN).await.len()
        };
        assert_eq!(fail("2026-11-23T10:00:00Z").await, 0, "it may be back in a minute");
        assert_eq!(fail("2026-11-23T10:14:00Z").await, 0);
        assert_eq!(fail("2026-11-23T10:15:00Z").await, 1);
        assert_eq!(fail("2026-11-23T10:16:00Z").await, 1, "once");
        assert_eq!(fail("2026-11-24T06:00:00Z").await, 1, "not by night");
        assert_eq!(fail("2026-11-24T10:00:00Z").await, 2, "again the next day");
        let mail = app.mails_to(ADMIN).await.remove(0);
        assert_eq!(mail.header("X-Reeve-Notice"), "mailbox_unread");
        for words in ["\"contact\"", "since Monday 23 November 2026 at 10am", WHY] {
            assert!(mail.raw.contains(words), "{words} is not in {}", mail.raw);
        }
        mailboxes::looked(&app.desk, "contact", 0).await.unwrap();
        assert_eq!(fail("2026-11-24T11:00:00Z").await, 2, "another outage begins anew");
        assert_eq!(fail("2026-11-24T11:20:00Z").await, 3);
    }

    async fn a_mailbox_that_is_not_read_is_seen_and_one_that_is_retired_is_not_missed(app) {
        assert_eq!(unread(&app).await, 0);
        read_from_now_on(&app, &["contact", "housing", "old"]).await;
        assert_eq!(unread(&app).await, 0, "they have not had the time");
        read_from_now_on(&app, &["contact", "housing"]).await;
        app.jump_to("2026-11-20T17:05:00Z").await;
        mailboxes::looked(&app.desk, "contact", 0).await.unwrap();
        let wanted = [("contact", "read"), ("housing", "late"), ("old", "retired")];
        assert_eq!(listed(&app).await, as_listed(&wanted));
        assert_eq!(unread(&app).await, 1);
        mailboxes::failed(&app.desk, "contact", WHY).await.unwrap();
        let wanted = [("contact", "failing"), ("housing", "late"), ("old", "retired")];
        assert_eq!(listed(&app).await, as_listed(&wanted));
        assert_eq!(unread(&app).await, 2);
        assert_eq!(app.get(&Caller::nobody(), "/readyz").await.status, 200, "requests can be answered all the same");
        let officer = app.officer().await;
        assert_eq!(app.get(&officer, "/v1/mailboxes").await.status, 403);
    }

    async fn of_two_readers_one_has_the_turn_until_it_is_given_up_or_forgotten(app) {
        let keep = async |holder: &str| mailboxes::keep_turn(&app.desk, "contact", holder).await.unwrap();
        assert!(keep("one").await);
        assert!(!keep("two").await);
        assert!(mailboxes::keep_turn(&app.desk, "housing", "two").await.unwrap());
        mailboxes::give_up_turn(&app.desk, "contact", "one").await.unwrap();
        assert!(keep("two").await);
        assert!(!keep("one").await);
        app.move_to("2026-11-20T16:59:01Z");
        assert!(keep("one").await, "a turn nobody keeps ends after a minute");
        app.move_to("2027-11-20T16:59:01Z");
        assert!(keep("one").await);
        app.move_to("2026-11-20T17:00:00Z");
        assert!(keep("two").await, "the year a clock ran ahead is not waited for");
    }

    async fn a_mailbox_goes_on_where_it_was_and_from_the_start_when_it_is_numbered_anew(app) {
        read_from_now_on(&app, &["contact"]).await;
        let begin = async |validity: u32| mailboxes::begin(&app.desk, "contact", validity).await.unwrap();
        assert_eq!(begin(7).await, 0);
        let take = async |up_to: u32, raw: &str| {
            let delivery = reeve::casework::mail_in::read(&app.desk.moment(), raw.to_owned(), Default::default());
            let numbered = mailboxes::Numbered { uid_validity: 7, up_to };
            mailboxes::take(&app.desk, "contact", numbered, std::sync::Arc::new(delivery)).await.unwrap()
        };
        take(3, "From: ada@mail.example\r\nSubject: Bin\r\n\r\nMy bin was not emptied.\r\n").await;
        take(2, "From: bo@mail.example\r\nSubject: Bin\r\n\r\nMy bin was not emptied.\r\n").await;
        assert_eq!(begin(7).await, 3, "a late word takes nothing back");
        assert_eq!(begin(8).await, 0);
        take(9, "From: cy@mail.example\r\nSubject: Bin\r\n\r\nMy bin was not emptied.\r\n").await;
        assert_eq!(begin(8).await, 0, "numbers given under 7 say nothing under 8");
    }
}
