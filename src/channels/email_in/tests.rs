//! Whole mails, as they come. The mails themselves are in `tests/data/mail`.

pub(super) mod hostile;
mod odd;

use super::*;
use crate::domain::contact::Channel;

fn ours() -> Ours {
    Ours {
        loop_token: "northmere-4f1c".to_owned(),
        mail_domain: "reply.council.example".to_owned(),
        addresses: vec!["contact@council.example".to_owned()],
        alias_pattern: Some(Regex::new(r"(?i)\bNM-\d{4}-\d{6}\b").unwrap()),
    }
}

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mail")
}

fn raw(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.eml")))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn mail(name: &str) -> Incoming {
    read(&raw(name), &Envelope::default(), &ours())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn every_mail() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect();
    all.sort();
    assert!(all.len() >= 80, "the folder of mails is incomplete");
    all
}

/// Holds for every mail that can be read at all.
fn assert_fit_to_keep(incoming: &Incoming, name: &str) {
    let is_line = |text: &str| {
        !text
            .chars()
            .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
    };
    assert!(is_line(&incoming.subject), "{name}");
    assert!(incoming.subject.chars().count() <= 200, "{name}");
    let people = [Some(&incoming.from), incoming.reply_to.as_ref()];
    for mailbox in people
        .into_iter()
        .flatten()
        .chain(&incoming.to)
        .chain(&incoming.cc)
    {
        assert!(mailbox.name.as_deref().is_none_or(is_line), "{name}");
        assert!(
            is_line(&mailbox.address) && !mailbox.address.is_empty(),
            "{name}"
        );
    }
    for part in &incoming.attachments {
        assert!(
            is_line(&part.filename)
                && !part.filename.is_empty()
                && !part.filename.contains(['/', '\\']),
            "{name}"
        );
        assert!(
            is_line(&part.content_type) && part.content_type.contains('/'),
            "{name}"
        );
    }
    for id in incoming
        .thread
        .message_ids
        .iter()
        .chain(&incoming.message_id)
    {
        assert!(is_line(id) && !id.contains(['<', '>', ' ']), "{name}");
    }
    for text in [&incoming.new_text, &incoming.full_text] {
        assert!(
            !text
                .chars()
                .any(|c| c.is_control() && c != '\n' && c != '\t'),
            "{name}"
        );
    }
    assert_eq!(incoming.fingerprint.len(), 64, "{name}");
    assert!(
        incoming.automatic.is_some() || incoming.bounce.is_none(),
        "{name}"
    );
}

#[test]
fn every_mail_is_read_or_quarantined_with_a_reason() {
    for (name, raw) in every_mail() {
        match read(&raw, &Envelope::default(), &ours()) {
            Ok(incoming) => {
                assert!(!name.starts_with("unreadable-"), "{name}");
                assert_fit_to_keep(&incoming, &name);
                assert_eq!(
                    read(&raw, &Envelope::default(), &ours()).unwrap(),
                    incoming,
                    "{name}"
                );
            }
            Err(unreadable) => {
                assert!(name.starts_with("unreadable-"), "{name}: {unreadable}");
                assert!(!unreadable.why.is_empty());
            }
        }
    }
}

#[test]
fn quarantine_names_what_was_wrong() {
    let why = |name: &str| {
        read(&raw(name), &Envelope::default(), &ours())
            .unwrap_err()
            .why
    };
    for name in [
        "unreadable-empty",
        "unreadable-no-header",
        "unreadable-binary",
    ] {
        assert_eq!(why(name), "it has no header block", "{name}");
    }
    for name in ["unreadable-no-sender", "unreadable-sender-is-no-address"] {
        assert_eq!(why(name), "it names no sender we could write to", "{name}");
    }
}

#[test]
fn a_report_of_a_missed_bin_becomes_an_enquiry() {
    let incoming = mail("plain");
    let received_at: Timestamp = "2026-11-23T09:15:00Z".parse().unwrap();
    let enquiry = enquiry(&incoming, received_at);
    assert_eq!(enquiry.channel, Channel::Email);
    assert_eq!(enquiry.received_at, received_at);
    assert_eq!(enquiry.subject, "Missed bin");
    assert_eq!(
        enquiry.body,
        "Black bin not emptied yesterday.\n14 Larkfield Rise.\n\nAda"
    );
    let Who::Described(described) = enquiry.who else {
        panic!("somebody wrote this")
    };
    assert_eq!(described.name.as_deref(), Some("Ada Example"));
    assert_eq!(described.email.as_deref(), Some("ada@mail.example"));
    assert!(!described.is_verified);
    assert_eq!(
        incoming.sent_at,
        Some("2026-11-23T09:14:00Z".parse().unwrap())
    );
    assert_eq!(incoming.message_id.as_deref(), Some("plain@mail.example"));
    assert!(incoming.defects.is_empty());
}

#[test]
fn every_charset_reads_as_it_was_typed() {
    let check = |name: &str, subject: &str, text: &str| {
        let incoming = mail(name);
        assert_eq!(
            (incoming.subject.as_str(), incoming.new_text.as_str()),
            (subject, text),
            "{name}"
        );
    };
    check(
        "charset-latin1-qp",
        "Café tables £40",
        "The café was charged £40 for its tables. That is a very long line which goes on.",
    );
    check(
        "charset-utf8-base64",
        "Ymyl palmant",
        "Mae’r golau stryd wedi torri ger y tŷ.\nDiolch",
    );
    check(
        "charset-windows1252-mislabelled-utf8",
        "Damp",
        "The surveyor said “wait” – for £40 a week.",
    );
    check("charset-iso2022jp", "ゴミ", "ゴミが収集されていません。");
    check("charset-gb18030", "垃圾", "垃圾没有收。");
    check("charset-koi8", "Привет", "Привет, мусор не вывезли.");
    check("charset-utf16", "Wide letters", "The lamp is out.");
    check(
        "charset-unknown",
        "Noise",
        "The music at the Crown is loud again. £100 says it will be tonight too.",
    );
    check(
        "header-8bit",
        "Bin not emptied, £40 fine",
        "Why was I fined?",
    );
    check(
        "header-encoded-word-split-in-a-letter",
        "Y golau stryd wedi torri ger y tŷ mawr – café",
        "Mae angen trwsio'r golau.",
    );
    check(
        "invalid-utf8-body",
        "Noise",
        "The dog next door \u{fffd}\u{fffd} barks €5 a night wŷ \u{fffd}",
    );
    check("nul-bytes-body", "Noise", "The dog next door barks.[31m");
    assert_eq!(mail("charset-utf8-base64").language.as_deref(), Some("cy"));
    assert!(
        mail("charset-unknown")
            .defects
            .contains(&"written in a charset we do not know".to_owned())
    );
}

#[test]
fn broken_letter_heads_are_still_read() {
    for name in [
        "header-mbox-and-bare-lf",
        "header-no-message-id-no-date",
        "header-nonsense-date",
        "header-no-from-but-sender",
    ] {
        let incoming = mail(name);
        assert_eq!(incoming.from.address, "ada@mail.example", "{name}");
        assert_eq!(
            (incoming.subject.as_str(), incoming.new_text.as_str()),
            ("Missed bin", "Black bin not emptied."),
            "{name}"
        );
    }
    assert_eq!(
        mail("header-bare-cr").new_text,
        "Black bin not emptied.\nAgain."
    );
    let broken = mail("header-line-broken-in-two");
    assert_eq!(broken.subject, "Missed bin at fourteen Larkfield Rise");
    assert_eq!(broken.new_text, "Black bin not emptied.");
    assert_eq!(
        mail("header-text-without-blank-line").new_text,
        "Black bin not emptied again, that is the third time.\nPlease come."
    );
    assert_eq!(mail("header-no-subject").subject, "");
    let from = |header: &str| {
        let raw = format!("From: {header}\nSubject: Hello\n\nText");
        read(raw.as_bytes(), &Envelope::default(), &ours())
            .unwrap()
            .from
            .address
    };
    for header in [
        "Ada <ada@mail.example.>",
        "Ada ada@mail.example",
        "=?utf-8?Q?Ada_=3Cada=40mail.example=3E?=",
        "<ada@mail.example",
        "[ada@mail.example]",
    ] {
        assert_eq!(from(header), "ada@mail.example", "{header}");
    }
    let groups = mail("header-comments-and-groups");
    assert_eq!(groups.message_id.as_deref(), Some("comments@mail.example"));
    assert_eq!(
        groups
            .to
            .iter()
            .map(|one| one.address.as_str())
            .collect::<Vec<_>>(),
        ["contact@council.example", "tom@mail.example"]
    );
    for name in ["header-no-message-id-no-date", "header-nonsense-date"] {
        let incoming = mail(name);
        assert_eq!(
            (incoming.message_id, incoming.sent_at),
            (None, None),
            "{name}"
        );
    }
}

#[test]
fn no_header_of_a_stranger_becomes_a_header_of_ours() {
    let incoming = mail("header-injection");
    assert_eq!(
        incoming.subject,
        "Hello Bcc: victim@mail.example Injected body"
    );
    assert_eq!(incoming.from.address, "ada@mail.example");
    let [file] = incoming.attachments.as_slice() else {
        panic!("one file")
    };
    assert_eq!(file.filename, "cron .d");
    assert_eq!(
        mail("header-bidi-and-nul-subject").subject,
        "Please open fdp.exe now"
    );
    assert!(mail("header-long-subject").subject.chars().count() <= 200);
}

#[test]
fn the_letter_is_found_in_every_structure() {
    let check = |name: &str, text: &str, files: &[(&str, bool)]| {
        let incoming = mail(name);
        assert_eq!(incoming.new_text, text, "{name}");
        let found: Vec<(&str, bool)> = incoming
            .attachments
            .iter()
            .map(|part| (part.filename.as_str(), part.inline))
            .collect();
        assert_eq!(found, files, "{name}");
    };
    check(
        "html-only",
        "Hello,\n\nThere is graffiti on the underpass at Mill Lane & it is rude.\n\nPhotos: here <https://photos.mail.example/underpass>",
        &[],
    );
    check(
        "alternative-with-empty-plain",
        "Mattress dumped behind the garages on Ferncroft Court.",
        &[],
    );
    check(
        "nested-related-with-inline-picture",
        "Pothole outside number 9, see the picture.",
        &[("hole.png", true), ("lleoliad-tŷ.pdf", false)],
    );
    check(
        "apple-text-picture-text",
        "First the gate:\n\nand then the fence.",
        &[("gate.jpg", true)],
    );
    check(
        "multipart-without-end",
        "The mail server cut this off in the mid",
        &[],
    );
    check(
        "multipart-boundary-never-comes",
        "There are no parts here, just this.",
        &[],
    );
    check(
        "format-flowed",
        "The tree outside number 3 is leaning over the road and will fall in the next storm.\n\nAda",
        &[],
    );
    check(
        "outlook-winmail",
        "Photo of the damp attached.",
        &[("damp.jpg", false)],
    );
    check("signed", "The lamp is out.", &[]);
    check("encrypted", "", &[("smime.p7m", false)]);
}

#[test]
fn an_enclosure_is_handed_over_byte_for_byte() {
    let bytes_of = |name: &str| -> Vec<Vec<u8>> {
        attachments(&raw(name))
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect()
    };
    assert_eq!(
        bytes_of("nested-related-with-inline-picture"),
        [b"\x89PNG\r\n\x1a\n".to_vec(), b"%PDF-1.4\n".to_vec()]
    );
    assert_eq!(bytes_of("outlook-winmail"), [b"\xff\xd8\xff\xe0".to_vec()]);
    assert_eq!(bytes_of("unreadable-empty"), Vec::<Vec<u8>>::new());
    for (name, raw) in every_mail() {
        let Ok(incoming) = read(&raw, &Envelope::default(), &ours()) else {
            continue;
        };
        let files = attachments(&raw);
        assert_eq!(
            files.iter().map(|(part, _)| part).collect::<Vec<_>>(),
            incoming.attachments.iter().collect::<Vec<_>>(),
            "{name}"
        );
        for (part, bytes) in files {
            assert_eq!(u64::try_from(bytes.len()).unwrap(), part.size, "{name}");
        }
    }
}

#[test]
fn of_a_reply_only_the_new_words_count() {
    let check = |name: &str, text: &str| {
        let incoming = mail(name);
        assert_eq!(incoming.new_text, text, "{name}");
        assert!(incoming.quoted, "{name}");
        assert!(incoming.full_text.len() > text.len(), "{name}");
        assert_eq!(
            incoming.thread.message_ids.first().map(String::as_str),
            Some("n1.0001@reply.council.example"),
            "{name}"
        );
    };
    check("reply-gmail", "It was not collected today either.");
    check("reply-gmail-html-only", "Nobody came.");
    check(
        "reply-outlook",
        "Still there. I have paid £40 council tax a week for this.\n\nRegards\nAda",
    );
    check("reply-outlook-html-only", "It’s still there.");
    check("reply-apple", "When will somebody come?");
    check(
        "reply-thunderbird-below",
        "The black one, and the food bin too.",
    );
    check("reply-welsh", "Mae'r golau yn dal wedi torri.");
    check("reply-thanks", "Thank you very much for your help!\n\nAda");
    assert!(is_thanks(&mail("reply-thanks").new_text));
    assert!(!is_thanks(&mail("reply-gmail").new_text));
}

#[test]
fn a_letter_passed_on_speaks_through_its_words() {
    for name in ["forward-gmail", "forward-outlook"] {
        let incoming = mail(name);
        let forwarded = incoming.forwarded.clone().unwrap();
        assert_eq!(
            forwarded.from.unwrap().to_string(),
            "Tom Example <tom@mail.example>",
            "{name}"
        );
        assert_eq!(forwarded.subject.as_deref(), Some("Street lamp"), "{name}");
        assert!(
            forwarded
                .text
                .starts_with("The lamp outside 9 Ferncroft Court has been out for a month."),
            "{name}"
        );
        assert!(
            enquiry(&incoming, Timestamp::UNIX_EPOCH)
                .body
                .contains("9 Ferncroft Court"),
            "{name}"
        );
        assert!(!incoming.quoted, "{name}");
    }
    assert_eq!(
        mail("forward-gmail").new_text,
        "Could I have an answer by Friday please.\nAnwen"
    );
    let attached = mail("attached-letter");
    let forwarded = attached.forwarded.unwrap();
    assert_eq!(forwarded.from.unwrap().address, "tom@mail.example");
    assert_eq!(forwarded.text, "The lift has been broken since Monday.");
    assert_eq!(attached.from.address, "ada@mail.example");
}

#[test]
fn machines_are_recognised_and_people_are_not_taken_for_them() {
    use AutomaticKind::{AutoReply, Bounce, Bulk, Calendar, List, Loop, Noreply, Report};
    let expected = |name: &str| match name {
        "auto-noreply" | "auto-donotreply" => Some(Noreply),
        "auto-submitted-no" | "calendar-declined-with-words" | "person-at-another-council" => None,
        "calendar-accepted" => Some(Calendar),
        "report-read-receipt" | "report-delivered" => Some(Report),
        _ if name.starts_with("auto-") => Some(AutoReply),
        _ if name.starts_with("bounce-") => Some(Bounce),
        _ if name.starts_with("list-") => Some(List),
        _ if name.starts_with("bulk-") => Some(Bulk),
        _ if name.starts_with("loop-") => Some(Loop),
        _ => None,
    };
    for (name, raw) in every_mail() {
        if let Ok(incoming) = read(&raw, &Envelope::default(), &ours()) {
            assert_eq!(
                incoming.automatic.map(|automatic| automatic.kind),
                expected(&name),
                "{name}"
            );
        }
    }
}

#[test]
fn the_null_return_path_of_the_envelope_marks_a_machine() {
    let machine = Envelope {
        sender: Some(String::new()),
        ..Envelope::default()
    };
    assert!(
        read(&raw("plain"), &machine, &ours())
            .unwrap()
            .automatic
            .is_some()
    );
    let person = Envelope {
        sender: Some("ada@mail.example".to_owned()),
        ..Envelope::default()
    };
    assert!(
        read(&raw("plain"), &person, &ours())
            .unwrap()
            .automatic
            .is_none()
    );
}

#[test]
fn an_out_of_office_answer_names_the_case_it_belongs_to() {
    let incoming = mail("auto-out-of-office-exchange");
    assert_eq!(
        incoming.thread.message_ids,
        ["n1.0001@reply.council.example"]
    );
    assert_eq!(incoming.thread.references.len(), 1);
    assert_eq!(
        mail("report-read-receipt").thread.message_ids,
        ["n1.0001@reply.council.example"]
    );
}

#[test]
fn a_bounce_says_whom_we_did_not_reach_and_with_which_mail() {
    let (gone, another_time, not_yet) = ((true, true), (true, false), (false, false));
    let check = |name: &str, status: &str, (is_final, is_no_address): (bool, bool)| {
        let incoming = mail(name);
        let expect = super::Bounce {
            original_message_id: Some("n7.0042@reply.council.example".to_owned()),
            recipient: Some("nobody@mail.example".to_owned()),
            status: Some(status.to_owned()),
            is_final,
            is_no_address,
        };
        assert_eq!(incoming.bounce, Some(expect), "{name}");
        assert_eq!(
            incoming.thread.message_ids,
            ["n7.0042@reply.council.example"],
            "{name}"
        );
    };
    check("bounce-user-unknown", "5.1.1", gone);
    check("bounce-mailbox-full-for-good", "5.2.2", another_time);
    check("bounce-delayed", "4.4.1", not_yet);
    check("bounce-gave-up", "4.4.7", another_time);
    check("bounce-headers-only", "5.1.10", gone);
    check("bounce-without-sender", "5.1.1", gone);
    check("bounce-exim-letter", "5.1.1", gone);
    check("bounce-qmail-letter", "5.1.1", gone);
    assert_eq!(mail("report-delivered").bounce, None);
    assert_eq!(mail("auto-null-return-path").bounce, None);
}

#[test]
fn what_a_server_has_against_a_mail_says_nothing_of_its_address() {
    let letter = |subject: &str, words: &str| {
        let text = format!(
            "From: MAILER-DAEMON@mail.example\nReturn-Path: <>\nSubject: {subject}\n\n{words}\n\n\
             Message-ID: <n7.0042@reply.council.example>\n"
        );
        let bounce = read(text.as_bytes(), &Envelope::default(), &ours())
            .unwrap()
            .bounce
            .unwrap();
        (bounce.is_final, bounce.is_no_address)
    };
    let returned = "Undelivered Mail Returned to Sender";
    let (gone, another_time, not_yet) = ((true, true), (true, false), (false, false));
    for (subject, words, expected) in [
        (returned, "<ada@mail.example>: 550 5.1.1 user unknown", gone),
        (returned, "<ada@mail.example>: 550 no such user here", gone),
        (
            returned,
            "550 5.7.1 blocked: your server is on a block list",
            another_time,
        ),
        (
            returned,
            "550 message refused by policy as spam",
            another_time,
        ),
        (returned, "552 5.3.4 the message is too large", another_time),
        (
            returned,
            "the mailbox is full (452 4.2.2), could not be delivered",
            another_time,
        ),
        (
            "Warning: message delayed",
            "452 4.2.2 mailbox full",
            not_yet,
        ),
        (
            "Delivery Status Notification",
            "451 4.3.0 We will keep trying for 4 days",
            not_yet,
        ),
    ] {
        assert_eq!(letter(subject, words), expected, "{subject}: {words}");
    }
}

#[test]
fn a_reply_is_led_home_by_its_secret_address_first() {
    let token = "Zx81QwErTyUiOp00".to_owned();
    assert_eq!(
        mail("reply-gmail").thread.tokens,
        std::slice::from_ref(&token)
    );
    assert!(mail("delivered-to-token").thread.tokens.contains(&token));
    assert_eq!(mail("delivered-to-token").from.address, "ada@mail.example");
    let envelope = Envelope {
        recipient: Some("<case+Zx81QwErTyUiOp00@reply.council.example>".to_owned()),
        ..Envelope::default()
    };
    let incoming = read(&raw("plain"), &envelope, &ours()).unwrap();
    assert_eq!(incoming.thread.tokens, [token]);
    assert!(mail("plain").thread.tokens.is_empty());
}

#[test]
fn references_and_old_numbers_are_found_where_a_person_writes_them() {
    let thread = mail("reference-from-a-stranger").thread;
    assert_eq!(
        thread
            .references
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["T4Y-C5T-822"]
    );
    assert_eq!(thread.aliases, ["NM-2026-004417", "NM-2026-004822"]);
    assert_eq!(mail("reply-outlook").thread.references.len(), 1);
    let text = "From: ada@mail.example\nSubject: Re: hello\nIn-Reply-To: <a@b.example>\n\nNo.\n\nOn 23/11/2026 Council wrote:\n> T4Y-C5T-822\n";
    let thread = read(text.as_bytes(), &Envelope::default(), &ours())
        .unwrap()
        .thread;
    assert!(thread.references.is_empty());
    assert_eq!(thread.quoted_references.len(), 1);
}

#[test]
fn the_same_mail_by_two_roads_is_the_same_and_another_text_is_not() {
    let first = mail("plain");
    let detour = [
        b"Received: from a.example by b.example; Mon, 23 Nov 2026 09:15:00 +0000\r\n".to_vec(),
        raw("plain"),
    ]
    .concat();
    let second = read(&detour, &Envelope::default(), &ours()).unwrap();
    assert_ne!(first.fingerprint, second.fingerprint);
    assert_eq!(first.content_key, second.content_key);
    assert_eq!(first.body_key, second.body_key);

    let changed = String::from_utf8(raw("plain")).unwrap();
    let check = |from: &str, to: &str, same_content: bool, same_body: bool| {
        let other = read(
            changed.replace(from, to).as_bytes(),
            &Envelope::default(),
            &ours(),
        )
        .unwrap();
        assert_eq!(other.content_key == first.content_key, same_content, "{to}");
        assert_eq!(other.body_key == first.body_key, same_body, "{to}");
    };
    check("14 Larkfield Rise", "16 Larkfield Rise", false, false);
    check(
        "ada@mail.example>\r\nTo",
        "tom@mail.example>\r\nTo",
        false,
        false,
    );
    check("Subject: Missed bin", "Subject: Another", false, true);
    check("23 Nov 2026", "24 Nov 2026", false, true);
    check("yesterday.\r\n", "yesterday.  \r\n", true, true);
}
