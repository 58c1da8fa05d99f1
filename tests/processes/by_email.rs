//! A team that works by e-mail, whose words are on their way when the process dies.

use serde_json::{Value, json};

use crate::demo::{Demo, header};

#[test]
fn a_reply_of_a_team_is_taken_once_and_its_answer_leaves_once_whenever_the_process_dies() {
    reply_and_kill(Demo::on_sqlite());
}

#[test]
fn a_reply_of_a_team_is_taken_once_and_its_answer_leaves_once_whenever_the_process_dies_on_postgresql()
 {
    if let Some(demo) = Demo::on_postgres() {
        reply_and_kill(demo);
    }
}

fn reply_and_kill(mut demo: Demo) {
    const N: usize = 4;
    demo.post_clock(json!({"to": "2027-02-01T10:00:00Z"}));
    let agent = demo.sign_in("agent");
    let cases: Vec<String> = (0..N).map(|n| ask(&demo, &agent, n)).collect();
    demo.wait_until("the team has its mails", || {
        cases
            .iter()
            .all(|case| demo.mails_about(case, "inbox_case").len() == 1)
    });
    let replies: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(n, case)| reply_to(&demo.mails_about(case, "inbox_case")[0], n))
        .collect();
    let officer = demo.sign_in("officer");
    // What the team wrote leaves two minutes later; the process dies before, each time.
    for raw in &replies {
        let taken = deliver(&demo, raw);
        assert_eq!(taken["disposition"], "joined", "{taken:#}");
        demo.kill();
        demo.start();
    }
    let lines = |demo: &Demo, case: &str, kind: &str| -> usize {
        let timeline = demo.get(&officer, &format!("/v1/cases/{case}/timeline?limit=100"));
        let lines = timeline["items"].as_array().unwrap().iter();
        lines.filter(|line| line["kind"] == kind).count()
    };
    for (raw, case) in replies.iter().zip(&cases) {
        assert!(
            demo.mails_about(case, "reply").is_empty(),
            "it leaves later"
        );
        assert_eq!(deliver(&demo, raw)["disposition"], "duplicate");
        assert_eq!(lines(&demo, case, "replied"), 1, "{case}");
    }
    // What a killed process was about to send is taken over when its lease ends, after a minute.
    demo.post_clock(json!({"to": demo.later(300)}));
    demo.wait_until("every answer has left", || {
        cases.iter().all(|case| {
            !demo.mails_about(case, "reply").is_empty()
                && !demo.mails_about(case, "inbox_receipt").is_empty()
        })
    });
    demo.kill();
    demo.start();
    demo.post_clock(json!({"to": demo.later(300)}));
    let last = ask(&demo, &demo.sign_in("agent"), N);
    demo.wait_until("what came after it has left", || {
        demo.mails_about(&last, "inbox_case").len() == 1
    });
    for (n, case) in cases.iter().enumerate() {
        let answers = demo.mails_about(case, "reply");
        assert_eq!(answers.len(), 1, "{case}");
        assert!(
            answers[0].contains(&format!("Lane {n} opens on Monday.")),
            "{}",
            answers[0]
        );
        assert_eq!(demo.mails_about(case, "inbox_receipt").len(), 1, "{case}");
        let contacts = demo.get(&officer, &format!("/v1/cases/{case}/contacts"));
        let n_taken = contacts["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["channel"] == "email" && one["direction"] == "inbound")
            .filter(|one| one["disposition"] != "duplicate")
            .count();
        assert_eq!(n_taken, 1, "{contacts:#}");
        assert_eq!(lines(&demo, case, "replied"), 1, "{case}");
    }
}

/// A question for the leisure team, which works by e-mail.
fn ask(demo: &Demo, agent: &str, n: usize) -> String {
    let question = json!({
        "channel": "phone", "subject": "Pool lanes", "body": format!("When does lane {n} open again?"),
        "service": "leisure", "category": "leisure-feedback",
        "person": {"name": format!("Ada Number{n}"), "email": format!("ada{n}@mail.example")},
    });
    let logged = demo.post(agent, "/v1/contacts", question);
    logged["case"]["reference"].as_str().unwrap().to_owned()
}

fn reply_to(mail: &str, n: usize) -> String {
    let mail = mail.replace("\r\n ", " ");
    let (to, inbox) = (header(&mail, "Reply-To"), header(&mail, "To"));
    format!(
        "From: {inbox}\r\nTo: {to}\r\nSubject: Re: Pool lanes\r\nMessage-ID: <answer-{n}@leisure-trust.example>\r\n\
         Date: Mon, 01 Feb 2027 10:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         To the resident:\r\nLane {n} opens on Monday.\r\n"
    )
}

/// Hands a raw mail over, as the mail server does.
fn deliver(demo: &Demo, raw: &str) -> Value {
    let keys = demo.told["api_keys"].as_array().unwrap();
    let key = keys
        .iter()
        .find(|key| key["name"] == "mail-gateway")
        .unwrap();
    let key = key["key"].as_str().unwrap();
    let path = format!("{}/v1/channels/email/messages", demo.api());
    let mut answer = ureq::post(path)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "message/rfc822")
        .send(raw)
        .unwrap();
    answer.body_mut().read_json().unwrap()
}
