//! What a mail server and a mail reader would see.

use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::*;

fn confirmation() -> Mail {
    Mail {
        message_id: "<0192-3c@reeve.council.example>".to_owned(),
        date: "2026-11-20T16:58:00Z".parse().unwrap(),
        from_name: "Northmere Council".to_owned(),
        from: "contact@council.example".to_owned(),
        to: "ada@mail.example".to_owned(),
        reply_to: Some("contact+k3y@reply.council.example".to_owned()),
        return_path: None,
        words: Rendered {
            subject: "We have your report of a missed bin [4X7-K92-MQ3]".to_owned(),
            text: "Thank you. We have your report.\n".to_owned(),
            html: "<!doctype html>\n<html><body class=\"x\">\n<p>Thank you.</p></body></html>\n"
                .to_owned(),
        },
        kind: NoticeKind::Confirmation,
        cases: vec!["4X7-K92-MQ3".to_owned()],
        auto_submitted: NoticeKind::Confirmation.auto_submitted(true),
        in_reply_to: Some("<abc@mail.example>".to_owned()),
        references: vec!["<first@mail.example>".to_owned(), "not one".to_owned()],
        loop_token: "northmere-1".to_owned(),
        unsubscribe: None,
        redirect_to: None,
    }
}

/// The header lines as sent, unfolded.
fn headers(sendable: &Sendable) -> Vec<String> {
    let raw = String::from_utf8(sendable.bytes.clone()).unwrap();
    let (head, _) = raw.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ")
        .replace("\r\n\t", " ")
        .split("\r\n")
        .map(str::to_owned)
        .collect()
}

fn values(sendable: &Sendable, name: &str) -> Vec<String> {
    headers(sendable)
        .iter()
        .filter_map(|line| line.split_once(": "))
        .filter(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.to_owned())
        .collect()
}

#[test]
fn a_confirmation_carries_every_header_it_should() {
    let sent = confirmation().build().unwrap();
    let check = |name: &str, expect: &[&str]| assert_eq!(values(&sent, name), expect, "{name}");
    check("X-Reeve-Notice", &["confirmation"]);
    check("X-Reeve-Case", &["4X7-K92-MQ3"]);
    check("X-Reeve-Loop", &["northmere-1"]);
    check("Auto-Submitted", &["auto-replied"]);
    check("Message-ID", &["<0192-3c@reeve.council.example>"]);
    check("In-Reply-To", &["<abc@mail.example>"]);
    check("References", &["<first@mail.example> <abc@mail.example>"]);
    check("From", &["\"Northmere Council\" <contact@council.example>"]);
    check("To", &["ada@mail.example"]);
    check("Reply-To", &["contact+k3y@reply.council.example"]);
    check("Date", &["Fri, 20 Nov 2026 16:58:00 +0000"]);
    check(
        "Subject",
        &["We have your report of a missed bin [4X7-K92-MQ3]"],
    );
    check("List-Unsubscribe", &[]);
    check("Bcc", &[]);
    assert_eq!(sent.message_id, "0192-3c@reeve.council.example");
    assert_eq!(sent.envelope.to().len(), 1);
}

#[test]
fn a_bounce_finds_its_way_to_the_case() {
    let sent = confirmation().build().unwrap();
    assert_eq!(
        sent.envelope.from().map(ToString::to_string).as_deref(),
        Some("contact+k3y@reply.council.example")
    );
}

#[test]
fn a_digest_names_each_of_its_cases() {
    let mail = Mail {
        kind: NoticeKind::Digest,
        cases: vec!["4X7-K92-MQ3".to_owned(), "7QH-2MX-90V".to_owned()],
        auto_submitted: NoticeKind::Digest.auto_submitted(false),
        ..confirmation()
    };
    let sent = mail.build().unwrap();
    assert_eq!(
        values(&sent, "X-Reeve-Case"),
        ["4X7-K92-MQ3", "7QH-2MX-90V"]
    );
    assert_eq!(values(&sent, "Auto-Submitted"), ["auto-generated"]);
}

#[test]
fn an_officers_reply_does_not_pose_as_a_machines() {
    let mail = Mail {
        kind: NoticeKind::Reply,
        auto_submitted: NoticeKind::Reply.auto_submitted(true),
        ..confirmation()
    };
    let sent = mail.build().unwrap();
    assert_eq!(values(&sent, "Auto-Submitted"), Vec::<String>::new());
    assert_eq!(
        values(&sent, "X-Auto-Response-Suppress"),
        Vec::<String>::new()
    );
}

#[test]
fn every_mail_has_a_text_and_an_html_part() {
    let sent = confirmation().build().unwrap();
    let read = MessageParser::default().parse(&sent.bytes).unwrap();
    assert_eq!(read.content_type().unwrap().subtype(), Some("alternative"));
    assert_eq!(
        read.body_text(0).unwrap().trim(),
        "Thank you. We have your report."
    );
    assert!(read.body_html(0).unwrap().contains("<p>Thank you.</p>"));
}

#[test]
fn building_the_same_notice_again_gives_the_same_message_but_for_its_boundary() {
    let (one, other) = (
        confirmation().build().unwrap(),
        confirmation().build().unwrap(),
    );
    let without_boundary = |sent: &Sendable| {
        headers(sent)
            .into_iter()
            .filter(|line| !line.contains("boundary="))
            .collect::<Vec<_>>()
    };
    assert_eq!(without_boundary(&one), without_boundary(&other));
    assert_eq!(one.message_id, other.message_id);
}

#[test]
fn in_a_rehearsal_nobody_but_the_rehearsal_address_is_written_to() {
    let mail = Mail {
        redirect_to: Some("rehearsal@council.example".to_owned()),
        ..confirmation()
    };
    let sent = mail.build().unwrap();
    assert_eq!(
        sent.envelope
            .to()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["rehearsal@council.example"]
    );
    assert_eq!(values(&sent, "To"), ["rehearsal@council.example"]);
    assert_eq!(values(&sent, "X-Reeve-Original-To"), ["ada@mail.example"]);
    let read = MessageParser::default().parse(&sent.bytes).unwrap();
    let expect = "Rehearsal: this mail would have gone to ada@mail.example.";
    assert!(read.body_text(0).unwrap().contains(expect));
    let html = read.body_html(0).unwrap().into_owned();
    assert!(html.contains(expect));
    assert!(html.find("<body").unwrap() < html.find("Rehearsal").unwrap());
}

#[test]
fn only_mail_people_can_do_without_offers_to_stop() {
    let mail = Mail {
        unsubscribe: Some("https://council.example/stop/1".to_owned()),
        ..confirmation()
    };
    let sent = mail.build().unwrap();
    assert_eq!(
        values(&sent, "List-Unsubscribe"),
        ["<https://council.example/stop/1>"]
    );
    assert_eq!(
        values(&sent, "List-Unsubscribe-Post"),
        ["List-Unsubscribe=One-Click"]
    );
}

#[test]
fn what_is_not_an_address_is_refused_without_being_repeated() {
    for bad in [
        "",
        "ada",
        "ada@mail.example\r\nBcc: eve@mail.example",
        "a b@mail.example",
    ] {
        let refused = Mail {
            to: bad.to_owned(),
            ..confirmation()
        }
        .build()
        .unwrap_err();
        assert_eq!(refused, MailError::NotAnAddress("recipient's"), "{bad}");
        assert!(!refused.to_string().contains('@'));
    }
}

#[test]
fn an_encoded_word_in_a_subject_is_not_decoded_into_a_header() {
    let mut mail = confirmation();
    mail.words.subject = "=?utf-8?q?=0D=0ABcc:eve@mail.example?=".to_owned();
    let sent = mail.build().unwrap();
    let read = MessageParser::default().parse(&sent.bytes).unwrap();
    assert!(!read.subject().unwrap().contains('\n'));
    assert!(read.bcc().is_none());
}

#[test]
fn a_long_line_and_a_lone_dot_arrive_as_they_were() {
    let mut mail = confirmation();
    let long = "word ".repeat(1000).trim_end().to_owned();
    mail.words.text = format!("before\n.\n{long}\nafter\n");
    let sent = mail.build().unwrap();
    let raw = String::from_utf8(sent.bytes.clone()).unwrap();
    assert!(raw.split("\r\n").all(|line| line.len() <= 998));
    let read = MessageParser::default().parse(&sent.bytes).unwrap();
    assert_eq!(
        read.body_text(0).unwrap().replace("\r\n", "\n"),
        mail.words.text
    );
}

#[test]
fn two_messages_never_share_a_file() {
    assert_eq!(file_name("<a@b.example>"), "a@b.example.eml");
    assert_eq!(file_name("a/../b@c"), "a%2F..%2Fb@c.eml");
    assert_eq!(file_name(".hidden@c"), "%2Ehidden@c.eml");
    assert_ne!(file_name("a%2F@c"), file_name("a/@c"));
}

/// Texts made of what could break out of a header.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\r\nBcc: eve@mail.example".to_owned()),
        Just("\r\n\r\n<script>".to_owned()),
        Just("\n.\r\n".to_owned()),
        Just("\0".to_owned()),
        Just("\u{2028}X-Reeve-Case: 1".to_owned()),
        Just("\u{85}To: eve@mail.example".to_owned()),
        Just("=?utf-8?q?=0D=0ABcc:eve@mail.example?=".to_owned()),
        Just("é".repeat(300)),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_that_reaches_a_header_adds_a_header_or_a_recipient(
        subject in hostile(), name in hostile(), case in hostile(), loops in hostile(),
        answered in hostile(), thread in hostile(), url in hostile(),
    ) {
        let mut mail = confirmation();
        mail.words.subject = subject;
        mail.from_name = name;
        mail.cases = vec![case];
        mail.loop_token = loops;
        mail.in_reply_to = Some(answered);
        mail.references = vec![thread];
        mail.unsubscribe = Some(format!("https://{url}"));
        let sent = mail.build().unwrap();

        let allowed = [
            "x-reeve-notice", "x-reeve-loop", "x-reeve-case", "auto-submitted",
            "x-auto-response-suppress", "list-unsubscribe", "list-unsubscribe-post", "message-id",
            "date", "from", "to", "subject", "reply-to", "in-reply-to", "references",
            "mime-version", "content-type",
        ];
        let mut seen = std::collections::BTreeSet::new();
        for line in headers(&sent) {
            let (header, _) = line.split_once(':').unwrap();
            let header = header.to_lowercase();
            prop_assert!(allowed.contains(&header.as_str()), "{line}");
            prop_assert!(seen.insert(header), "{line} stands there twice");
        }
        prop_assert!(sent.bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 999));
        let read = MessageParser::default().parse(&sent.bytes).unwrap();
        prop_assert!(read.bcc().is_none());
        prop_assert_eq!(read.to().unwrap().iter().count(), 1);
        prop_assert_eq!(sent.envelope.to().len(), 1);
        prop_assert_eq!(read.parts.len(), 3);
        prop_assert!(!read.subject().unwrap_or_default().contains(['\r', '\n']));
    }
}
