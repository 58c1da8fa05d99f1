//! Mail made, or damaged, to bring us down: it is read or refused, quickly.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// Builds a mail around a content type and body.
fn built(head: &str, body: &str) -> Vec<u8> {
    format!("From: ada@mail.example\nTo: contact@council.example\nSubject: Odd\n{head}\n{body}")
        .into_bytes()
}

/// Fails when work takes longer than any mail may, with room for a slow machine.
#[expect(
    clippy::disallowed_methods,
    reason = "the clock is the machine's own: this measures real work"
)]
pub(in crate::channels::email_in) fn quickly<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    let taken = started.elapsed();
    assert!(taken < Duration::from_secs(8), "{name} took {taken:?}");
    done
}

fn assert_read_quickly(name: &str, raw: &[u8]) -> Option<Incoming> {
    let incoming = quickly(name, || read(raw, &Envelope::default(), &ours()).ok());
    if let Some(incoming) = &incoming {
        assert_fit_to_keep(incoming, name);
    }
    incoming
}

#[test]
fn two_hundred_nested_parts_neither_hang_nor_fall_over() {
    let mut body = String::new();
    for depth in 1..200 {
        body.push_str(&format!(
            "--b{}\nContent-Type: multipart/mixed; boundary=b{depth}\n\n",
            depth - 1
        ));
    }
    body.push_str("--b199\n\nat the bottom\n");
    for depth in (0..200).rev() {
        body.push_str(&format!("--b{depth}--\n"));
    }
    let raw = built("Content-Type: multipart/mixed; boundary=b0\n", &body);
    let incoming = assert_read_quickly("nested", &raw).unwrap();
    assert!(
        incoming
            .defects
            .contains(&"parts nested deeper than anybody reads".to_owned())
    );
    assert_eq!(incoming.from.address, "ada@mail.example");

    let fifty: String = (1..50)
        .map(|depth| {
            format!(
                "--b{}\nContent-Type: multipart/mixed; boundary=b{depth}\n\n",
                depth - 1
            )
        })
        .collect();
    let raw = built(
        "Content-Type: multipart/mixed; boundary=b0\n",
        &format!("{fifty}--b49\n\nat the bottom\n"),
    );
    assert_eq!(
        assert_read_quickly("fifty", &raw).unwrap().new_text,
        "at the bottom"
    );
}

#[test]
fn a_mail_made_to_exhaust_us_is_read_like_any_other() {
    use base64_for_tests as encoded;
    let letters = "Content-Type: message/rfc822\n\n".repeat(15_000);
    let wrapped = format!(
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{}",
        encoded(letters.as_bytes())
    );
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("letters within letters", built("", &letters)),
        (
            "letters within letters, top",
            [
                b"From: ada@mail.example\n".to_vec(),
                letters.clone().into_bytes(),
            ]
            .concat(),
        ),
        (
            "letters within an encoded letter",
            [
                b"From: ada@mail.example\nSubject: Fwd: x\n".to_vec(),
                wrapped.into_bytes(),
            ]
            .concat(),
        ),
        ("headers", built(&"X-A: b\n".repeat(25_000), "text")),
        (
            "one long header",
            built(&format!("X-A: {}\n", "=?utf-8?q?".repeat(25_000)), "text"),
        ),
        (
            "a long subject",
            format!(
                "From: ada@mail.example\nSubject: {}\n\ntext",
                "=?utf-8?q?a ".repeat(25_000)
            )
            .into_bytes(),
        ),
        (
            "a subject of words",
            format!(
                "From: ada@mail.example\nSubject: {}\n\ntext",
                "=?utf-8?q?a?= ".repeat(25_000)
            )
            .into_bytes(),
        ),
        (
            "addresses",
            format!(
                "From: ada@mail.example\nTo: {}\n\ntext",
                "a@b.example, ".repeat(25_000)
            )
            .into_bytes(),
        ),
        (
            "comments in an address",
            format!("From: ada@mail.example\nTo: {}\n\ntext", "(".repeat(75_000)).into_bytes(),
        ),
        (
            "references",
            format!(
                "From: ada@mail.example\nReferences: {}\n\ntext",
                "<a@b.example> ".repeat(25_000)
            )
            .into_bytes(),
        ),
        (
            "parts",
            built(
                "Content-Type: multipart/mixed; boundary=b\n",
                &"--b\n".repeat(125_000),
            ),
        ),
        (
            "parts with headers",
            built(
                "Content-Type: multipart/mixed; boundary=b\n",
                &format!("--b\n{}", "a:\n".repeat(300)).repeat(3_000),
            ),
        ),
        (
            "alternatives",
            built(
                "Content-Type: multipart/alternative; boundary=b\n",
                &"--b\nContent-Type: text/html\n\n<p>x\n".repeat(7_500),
            ),
        ),
        (
            "parameters",
            built(
                &format!("Content-Type: text/plain; {}\n", "a*0*=b; ".repeat(12_500)),
                "text",
            ),
        ),
        ("quotes", built("", &">".repeat(500_000))),
        ("quoted lines", built("", &"> a\n".repeat(125_000))),
        (
            "near letter heads",
            built("", &"From: a\nSent: b\n".repeat(25_000)),
        ),
        ("three-letter words", built("", &"abc ".repeat(125_000))),
        ("one line", built("", &"x".repeat(750_000))),
        (
            "tags",
            built(
                "Content-Type: text/html\n",
                &"<div><blockquote type=cite>".repeat(25_000),
            ),
        ),
        (
            "entities",
            built(
                "Content-Type: text/html\n",
                &"&amp;&lt;&nosuch;".repeat(25_000),
            ),
        ),
        (
            "flowed",
            built(
                "Content-Type: text/plain; format=flowed\n",
                &"> a \n".repeat(50_000),
            ),
        ),
        (
            "broken encoding",
            built(
                "Content-Transfer-Encoding: quoted-printable\n",
                &"= ".repeat(250_000),
            ),
        ),
        ("numbers", built("", &"NM-2026-00441".repeat(25_000))),
    ];
    for (name, raw) in cases {
        assert!(assert_read_quickly(name, &raw).is_some(), "{name}");
        quickly(name, || attachments(&raw));
    }
}

fn base64_for_tests(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0_u8; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            let six = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap();
            out.push(if place <= chunk.len() {
                char::from(LETTERS[six])
            } else {
                '='
            });
        }
    }
    out
}

#[test]
fn a_body_longer_than_a_contact_holds_says_that_it_goes_on() {
    let raw = built("", &"word ".repeat(40_000));
    let incoming = assert_read_quickly("long", &raw).unwrap();
    let body = enquiry(&incoming, Timestamp::UNIX_EPOCH).body;
    assert_eq!(body.chars().count(), 100_000);
    assert!(body.ends_with("[The rest of this e-mail is in its original.]"));
}

static ALL: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(every_mail);

/// Whatever is refused is refused for what it is, not because something of ours gave way.
fn assert_read_or_refused(raw: &[u8]) {
    match read(raw, &Envelope::default(), &ours()) {
        Ok(incoming) => assert_fit_to_keep(&incoming, "damaged"),
        Err(unreadable) => assert_ne!(unreadable.why, "the parser failed on it"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_bytes_at_all_are_read_or_refused(raw in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        assert_read_or_refused(&raw);
    }

    #[test]
    fn any_header_and_body_are_read_or_refused(
        fields in proptest::collection::vec(("(From|To|Subject|Date|Content-Type|References|X-Odd)", "[ -~\\r\\n\\t\u{80}-\u{ff}=?<>@\";:()/*']{0,80}"), 0..12),
        body in "[ -~\\n<>&;=-]{0,300}",
    ) {
        let head: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let raw = format!("From: ada@mail.example\r\n{head}\r\n{body}");
        let incoming = read(raw.as_bytes(), &Envelope::default(), &ours());
        assert_fit_to_keep(&incoming.unwrap(), "made up");
    }

    #[test]
    fn real_mail_damaged_anywhere_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        splice in any::<prop::sample::Index>(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let mut raw = which.get(&ALL).1.clone();
        let second = &other.get(&ALL).1;
        if !raw.is_empty() {
            raw.truncate(cut.index(raw.len()) + 1);
            if !second.is_empty() {
                raw.extend(&second[splice.index(second.len())..]);
            }
            for (place, byte) in flips {
                let place = place.index(raw.len());
                raw[place] = byte;
            }
        }
        assert_read_or_refused(&raw);
    }
}
