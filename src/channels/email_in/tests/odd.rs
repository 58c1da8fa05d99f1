//! Mail of programs that write it wrongly: no word of it is lost.

use super::*;

const GAS: &str = "I can smell gas and my baby is not breathing.";

/// A mail of nothing but this head and this body, read.
fn odd(head: &str, body: &str) -> Incoming {
    let raw = format!(
        "From: Ada Example <ada@mail.example>\r\nTo: contact@council.example\r\nSubject: Help\r\n\
         Message-ID: <odd@mail.example>\r\n{head}\r\n\r\n{body}\r\n"
    );
    let incoming = read(raw.as_bytes(), &Envelope::default(), &ours())
        .unwrap_or_else(|error| panic!("{head}: {error}"));
    assert_fit_to_keep(&incoming, head);
    incoming
}

fn said(incoming: &Incoming) -> String {
    enquiry(incoming, Timestamp::UNIX_EPOCH).body
}

#[test]
fn no_word_is_lost_under_a_label_that_is_wrong() {
    for head in [
        "Content-Type: text/plain; charset=iso-2022-kr",
        "Content-Type: text/plain; charset=hz-gb-2312",
        "Content-Type: text/plain; charset=utf-16",
        "Content-Type: text/html; charset=utf-16le",
        "Content-Transfer-Encoding: base64",
        "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=\"letter.txt\"",
        "Content-Type: text/plain; name=letter.txt",
        "Content-Type: application/octet-stream",
        "Content-Type: /;;;=",
        "Content-Type: text/",
        "Content-Type: plain/text",
        "Content-Type: text/x-of-ours",
    ] {
        assert_eq!(said(&odd(head, GAS)), GAS, "{head}");
    }
    let rich = format!("{{\\rtf1\\ansi{{\\fonttbl{{\\f0 Calibri;}}}}\\f0 {GAS}\\par}}");
    for head in [
        "Content-Type: text/rtf",
        "Content-Type: application/octet-stream",
    ] {
        assert_eq!(said(&odd(head, &rich)), GAS, "{head}");
    }
}

#[test]
fn a_file_is_read_as_the_letter_only_where_there_is_no_letter() {
    let parts = |letter: &str, kind: &str, file: &str| {
        let body = format!(
            "--b\r\nContent-Type: text/plain\r\n\r\n{letter}\r\n--b\r\nContent-Type: {kind}\r\n\
             Content-Disposition: attachment; filename=letter\r\n\r\n{file}\r\n--b--"
        );
        odd("Content-Type: multipart/mixed; boundary=b", &body)
    };
    let enclosed = parts("", "text/plain", GAS);
    assert_eq!(said(&enclosed), GAS);
    assert_eq!(enclosed.attachments.len(), 1, "it stays a file too");
    assert_eq!(
        said(&parts("See the file.", "text/plain", GAS)),
        "See the file."
    );
    assert_eq!(said(&parts("", "application/octet-stream", GAS)), "");
    assert_eq!(
        said(&parts("", "text/plain", "\u{1}\u{2}PK\u{3}\u{4}\u{0}")),
        ""
    );
    assert_eq!(said(&parts("", "text/calendar", "BEGIN:VCALENDAR")), "");
}

#[test]
fn an_attached_letter_is_read_whatever_the_subject_says() {
    let with_letter = |words: &str, from: &str| {
        let body = format!(
            "--b\r\nContent-Type: text/plain\r\n\r\n{words}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
             From: {from}\r\nSubject: Smell\r\n\r\n{GAS}\r\n--b--"
        );
        odd("Content-Type: multipart/mixed; boundary=b", &body)
    };
    let words = "Please deal with the attached e-mail from my neighbour";
    let incoming = with_letter(words, "tom@mail.example");
    assert_eq!(said(&incoming), format!("{words}\n\n{GAS}"));
    assert_eq!(
        incoming.forwarded.unwrap().from.unwrap().address,
        "tom@mail.example"
    );
    // What we wrote ourselves tells us nothing.
    for ours in ["contact@council.example", "case+k3y@reply.council.example"] {
        assert_eq!(said(&with_letter(words, ours)), words, "{ours}");
    }
}

#[test]
fn letters_within_letters_are_read_too() {
    let inner = format!(
        "Content-Type: multipart/mixed; boundary=c\r\nFrom: tom@mail.example\r\n\r\n\
         --c\r\n\r\nFrom the flat above:\r\n--c\r\nContent-Type: message/rfc822\r\n\r\n\
         From: una@mail.example\r\n\r\n{GAS}\r\n--c--"
    );
    let body = format!(
        "--b\r\n\r\nTwo letters.\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--"
    );
    let incoming = odd("Content-Type: multipart/mixed; boundary=b", &body);
    assert_eq!(
        said(&incoming),
        format!("Two letters.\n\nFrom the flat above:\n\n{GAS}")
    );
}

#[test]
fn whoever_says_see_below_is_read_to_the_end_unless_we_wrote_it() {
    let below = |head: &str, from: &str| {
        let body = format!(
            "Please see below.\r\n\r\nFrom: {from}\r\nSent: 22 November 2026 08:00\r\nTo: Ada\r\n\
             Subject: Smell\r\n\r\n{GAS}"
        );
        said(&odd(head, &body))
    };
    let whole = format!("Please see below.\n\n{GAS}");
    let tom = "Tom <tom@mail.example>";
    assert_eq!(below("X-Odd: 1", tom), whole);
    assert_eq!(below("In-Reply-To: <a@mail.example>", tom), whole);
    assert_eq!(below("In-Reply-To: <a@mail.example>", "Tom"), whole);
    for (head, from) in [
        ("In-Reply-To: <n1.0001@reply.council.example>", tom),
        (
            "In-Reply-To: <a@mail.example>",
            "Council <contact@council.example>",
        ),
    ] {
        assert_eq!(below(head, from), "Please see below.", "{head} {from}");
    }
}

#[test]
fn a_form_of_ours_speaks_for_whoever_is_to_be_answered() {
    let relayed = |from: &str, reply_to: &str, head: &str| {
        let raw = format!(
            "From: Northmere web forms <{from}>\r\nReply-To: {reply_to}\r\nTo: contact@council.example\r\n\
             Subject: Missed bin\r\n{head}\r\nBlack bin.\r\n"
        );
        let incoming = read(raw.as_bytes(), &Envelope::default(), &ours()).unwrap();
        let Who::Described(who) = enquiry(&incoming, Timestamp::UNIX_EPOCH).who else {
            panic!("somebody wrote this")
        };
        assert!(!who.is_verified);
        (who.email.unwrap(), who.name, incoming.automatic)
    };
    let resident = "Ada Example <ada@mail.example>";
    for from in [
        "webforms@council.example",
        "forms@web.council.example",
        "noreply@council.example",
    ] {
        let (email, name, automatic) = relayed(from, resident, "");
        assert_eq!(email, "ada@mail.example", "{from}");
        assert_eq!(name.as_deref(), Some("Ada Example"), "{from}");
        assert_eq!(automatic, None, "{from}");
    }
    // From outside, back to ourselves, or from somebody who only pretends: whoever sent it.
    for (from, reply_to, head) in [
        ("forms@vendor.example", resident, ""),
        ("forms@notcouncil.example", resident, ""),
        ("webforms@council.example", "help@council.example", ""),
        (
            "webforms@council.example",
            "case+k@reply.council.example",
            "",
        ),
        (
            "webforms@council.example",
            resident,
            "Authentication-Results: mx.council.example; dmarc=fail\r\n",
        ),
    ] {
        let (email, name, _) = relayed(from, reply_to, head);
        assert_eq!(email, from, "{reply_to} {head}");
        assert_eq!(name.as_deref(), Some("Northmere web forms"));
    }
    assert!(relayed("noreply@vendor.example", resident, "").2.is_some());
}

#[test]
fn a_mail_from_an_address_we_cannot_write_to_is_somebodys_all_the_same() {
    let raw = "\u{feff}From: José <josé@málaga.example>\nTo: contact@council.example\nSubject: Bin\n\nMy bin.\n";
    let incoming = read(raw.as_bytes(), &Envelope::default(), &ours()).unwrap();
    assert_fit_to_keep(&incoming, "international");
    assert_eq!(incoming.from.to_string(), "José <josé@málaga.example>");
    let enquiry = enquiry(&incoming, Timestamp::UNIX_EPOCH);
    assert_eq!(
        enquiry.body,
        "E-mail address, as it was given: josé@málaga.example\n\nMy bin."
    );
    let Who::Described(who) = enquiry.who else {
        panic!("somebody wrote this")
    };
    assert_eq!((who.name.as_deref(), who.email), (Some("José"), None));
}
