//! Whether a machine sent it. Machines are never answered (RFC 3834): two systems that thank
//! each other fill both mailboxes overnight.

use super::fields::Fields;
use super::media::Media;
use super::{Automatic, AutomaticKind, Bounce, Envelope, Mailbox, Ours};

/// What automatic mail is told by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signs<'a> {
    pub(super) top: &'a Fields<'a>,
    pub(super) media: &'a Media,
    pub(super) from: &'a Mailbox,
    /// A form of ours sends it for somebody else, who is to be answered.
    pub(super) is_relayed: bool,
    pub(super) subject: &'a str,
    /// What the sender wrote anew.
    pub(super) new_text: &'a str,
    pub(super) bounce: Option<&'a Bounce>,
    /// The method of a calendar part.
    pub(super) calendar: Option<&'a str>,
}

/// Tells by which sign a mail is a machine's, surest signs first.
pub(super) fn tell(signs: Signs<'_>, envelope: &Envelope, ours: &Ours) -> Option<Automatic> {
    let found = |kind, why: &str| {
        Some(Automatic {
            kind,
            why: why.to_owned(),
        })
    };
    loop_sign(signs.top, ours)
        .or_else(|| {
            signs.bounce.and_then(|_| {
                found(
                    AutomaticKind::Bounce,
                    "a report that a mail was not delivered",
                )
            })
        })
        .or_else(|| {
            is_report(signs.media)
                .then(|| found(AutomaticKind::Report, "a report (multipart/report)"))
                .flatten()
        })
        .or_else(|| auto_reply_sign(signs.top, signs.subject))
        .or_else(|| bulk_sign(signs.top))
        .or_else(|| {
            let local = unread_local_part(&signs.from.address)?;
            if local == "mailer-daemon" || local == "postmaster" {
                found(AutomaticKind::Bounce, &format!("sent by {local}"))
            } else if signs.is_relayed {
                None
            } else {
                found(AutomaticKind::Noreply, "sent from an address nobody reads")
            }
        })
        .or_else(|| {
            has_null_return_path(signs.top, envelope)
                .then(|| found(AutomaticKind::AutoReply, "no return path"))
                .flatten()
        })
        .or_else(|| {
            let is_answer = matches!(signs.calendar, Some("reply"));
            (is_answer && is_button_text(signs.new_text))
                .then(|| found(AutomaticKind::Calendar, "an invitation was answered"))
                .flatten()
        })
}

/// Whether nobody can be told that this mail did not arrive: so only machines send.
pub(super) fn has_null_return_path(top: &Fields<'_>, envelope: &Envelope) -> bool {
    let is_null = |path: &str| {
        let path = path.trim().trim_matches(['<', '>']).trim();
        path.is_empty() || unread_local_part(path) == Some("mailer-daemon")
    };
    match &envelope.sender {
        Some(sender) => is_null(sender),
        None => top.plain("return-path").is_some_and(|path| is_null(&path)),
    }
}

/// Our own mail, come back to us by a forwarding rule or through a second system like this one.
fn loop_sign(top: &Fields<'_>, ours: &Ours) -> Option<Automatic> {
    let looped = top.plain("x-reeve-loop");
    let notice = top.plain("x-reeve-notice");
    let is_own = looped
        .as_deref()
        .is_some_and(|token| !ours.loop_token.is_empty() && token.trim() == ours.loop_token);
    // An officer of another council that runs Reeve writes as a person does.
    let is_person_elsewhere = looped.is_some()
        && !is_own
        && matches!(notice.as_deref(), Some("reply" | "question"))
        && !is_auto_submitted(top);
    let why = match (is_own, &looped, &notice) {
        (true, ..) => "our own mail, come back",
        (false, None, None) => return None,
        _ if is_person_elsewhere => return None,
        _ => "a notice of a system like ours",
    };
    Some(Automatic {
        kind: AutomaticKind::Loop,
        why: why.to_owned(),
    })
}

pub(super) fn is_report(media: &Media) -> bool {
    media.is("multipart/report")
        || matches!(
            media.name.as_str(),
            "message/delivery-status"
                | "message/disposition-notification"
                | "message/feedback-report"
        )
}

fn is_auto_submitted(top: &Fields<'_>) -> bool {
    top.plain_all("auto-submitted").any(|value| {
        let word = value
            .split([';', ' ', '('])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        !word.is_empty() && word != "no"
    })
}

fn auto_reply_sign(top: &Fields<'_>, subject: &str) -> Option<Automatic> {
    let found = |why: String| {
        Some(Automatic {
            kind: AutomaticKind::AutoReply,
            why,
        })
    };
    if is_auto_submitted(top) {
        return found("marked Auto-Submitted".to_owned());
    }
    let suppresses = top.plain_all("x-auto-response-suppress").any(|value| {
        value.split([',', ';', ' ']).any(|word| {
            ["all", "autoreply", "oof"]
                .iter()
                .any(|known| word.trim().eq_ignore_ascii_case(known))
        })
    });
    if suppresses {
        return found("asks for no automatic answer (X-Auto-Response-Suppress)".to_owned());
    }
    let marked = top.names().find(|name| {
        [
            "x-autoreply",
            "x-autorespond",
            "x-autoresponder",
            "x-auto-reply",
            "x-mail-autoreply",
            "x-vacation",
        ]
        .iter()
        .any(|known| {
            name == known
                || name
                    .strip_prefix(known)
                    .is_some_and(|rest| rest.starts_with('-'))
        })
    });
    if let Some(name) = marked {
        return found(format!("marked {name}"));
    }
    if top
        .plain("preference")
        .is_some_and(|value| value.eq_ignore_ascii_case("auto_reply"))
        || top
            .plain("precedence")
            .is_some_and(|value| value.eq_ignore_ascii_case("auto_reply"))
    {
        return found("marked as an automatic reply".to_owned());
    }
    // The one sign some programs give. A person's answer to such a mail starts with "Re:".
    let lower = subject.to_lowercase();
    let says_so = [
        "automatic reply:",
        "automatic reply from",
        "auto reply:",
        "auto-reply:",
        "autoreply:",
        "auto response:",
        "out of office:",
        "out of office reply",
        "out of office autoreply",
        "out of the office:",
        "ateb awtomatig:",
        "réponse automatique",
        "automatische antwort:",
        "abwesenheitsnotiz",
        "respuesta automática",
        "risposta automatica",
        "odpowiedź automatyczna",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
        || lower == "out of office"
        || lower == "automatic reply";
    says_so
        .then(|| found("its subject says that it is an automatic reply".to_owned()))
        .flatten()
}

fn bulk_sign(top: &Fields<'_>) -> Option<Automatic> {
    let list = top
        .names()
        .find(|name| name.starts_with("list-"))
        .map(str::to_owned);
    if let Some(name) = list {
        return Some(Automatic {
            kind: AutomaticKind::List,
            why: format!("came through a mailing list ({name})"),
        });
    }
    let precedence = top.plain("precedence")?.to_ascii_lowercase();
    let kind = match precedence.as_str() {
        "list" => AutomaticKind::List,
        "bulk" | "junk" => AutomaticKind::Bulk,
        _ => return None,
    };
    Some(Automatic {
        kind,
        why: format!("sent in bulk (Precedence: {precedence})"),
    })
}

/// Whether an address is one that no person reads: `noreply@…`, `mailer-daemon@…`.
#[must_use]
pub fn is_read_by_nobody(address: &str) -> bool {
    unread_local_part(address).is_some()
}

/// The local part of an address that no person reads, in one way of writing.
fn unread_local_part(address: &str) -> Option<&'static str> {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    let local = local
        .split('+')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let plain: String = local.chars().filter(|c| !"-_.".contains(*c)).collect();
    // "noreply-parking", but not "noreplyson".
    let says =
        |word: &str| local.split(['-', '_', '.']).any(|piece| piece == word) || plain == word;
    if plain == "mailerdaemon" {
        Some("mailer-daemon")
    } else if plain == "postmaster" {
        Some("postmaster")
    } else if says("noreply")
        || says("donotreply")
        || local.contains("no-reply")
        || local.contains("do-not-reply")
        || local.contains("no_reply")
        || local.contains("do_not_reply")
    {
        Some("noreply")
    } else {
        None
    }
}

/// What calendar programs write by themselves when somebody presses "accept".
fn is_button_text(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    lower.is_empty()
        || [
            "has accepted",
            "has declined",
            "has tentatively accepted",
            "has replied",
            "has proposed",
        ]
        .iter()
        .any(|words| lower.contains(words) && lower.contains("invitation"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(header: &str, envelope: &Envelope) -> Option<AutomaticKind> {
        let top = Fields::read(header.as_bytes(), 100);
        let from = top
            .mailboxes("from")
            .into_iter()
            .next()
            .unwrap_or_else(|| Mailbox {
                address: "ada@mail.example".to_owned(),
                ..Mailbox::default()
            });
        let subject = top.words("subject", 200).unwrap_or_default();
        let media = top.media("content-type").unwrap_or_default();
        let signs = Signs {
            is_relayed: false,
            top: &top,
            media: &media,
            from: &from,
            subject: &subject,
            new_text: "",
            bounce: None,
            calendar: None,
        };
        let ours = Ours {
            loop_token: "t0ken".to_owned(),
            ..Ours::default()
        };
        tell(signs, envelope, &ours).map(|automatic| automatic.kind)
    }

    #[test]
    fn machines_are_told_by_their_headers() {
        use AutomaticKind::{AutoReply, Bounce, Bulk, List, Loop, Noreply, Report};
        let check = |header: &str, expect: Option<AutomaticKind>| {
            assert_eq!(
                kind_of(&format!("{header}\r\n"), &Envelope::default()),
                expect,
                "{header}"
            );
        };
        check("Auto-Submitted: auto-replied (vacation)", Some(AutoReply));
        check("Auto-Submitted: auto-generated; x=y", Some(AutoReply));
        check("Auto-Submitted: no", None);
        check("Auto-Submitted: No (a person)", None);
        check(
            "X-Auto-Response-Suppress: DR, OOF, AutoReply",
            Some(AutoReply),
        );
        check("X-Auto-Response-Suppress: All", Some(AutoReply));
        check("X-Auto-Response-Suppress: DR, RN", None);
        check("X-Autoreply: yes", Some(AutoReply));
        check("X-Autorespond: Out", Some(AutoReply));
        check("X-Autoreply-From: a@b.example", Some(AutoReply));
        check("X-Autoresponder-Free: yes", Some(AutoReply));
        check("Subject: Automatic reply: Your report", Some(AutoReply));
        check("Subject: RE: Automatic reply: Your report", None);
        check(
            "Subject: Out of office hours nobody answers the phone",
            None,
        );
        check("Precedence: bulk", Some(Bulk));
        check("Precedence: JUNK", Some(Bulk));
        check("Precedence: list", Some(List));
        check("Precedence: first-class", None);
        check("List-Id: <news.mail.example>", Some(List));
        check("List-Unsubscribe: <https://mail.example/u>", Some(List));
        check("Listing: 4 houses", None);
        check("From: No-Reply <no-reply@shop.example>", Some(Noreply));
        check("From: donotreply@shop.example", Some(Noreply));
        check("From: noreply-parking@shop.example", Some(Noreply));
        check("From: Noreplyson <a.noreplyson@mail.example>", None);
        check("From: postmaster@mail.example", Some(Bounce));
        check("From: MAILER-DAEMON", Some(Bounce));
        check("Return-Path: <>", Some(AutoReply));
        check("Return-Path: <ada@mail.example>", None);
        check(
            "Content-Type: multipart/report; report-type=disposition-notification",
            Some(Report),
        );
        check("X-Reeve-Loop: t0ken", Some(Loop));
        check(
            "X-Reeve-Loop: other\r\nX-Reeve-Notice: confirmation",
            Some(Loop),
        );
        check("X-Reeve-Loop: other\r\nX-Reeve-Notice: reply", None);
        check("X-Reeve-Loop: t0ken\r\nX-Reeve-Notice: reply", Some(Loop));
        check("X-Reeve-Notice: digest", Some(Loop));
        check("X-Priority: 1", None);
    }

    #[test]
    fn the_envelope_is_believed_before_the_header() {
        let path = |sender: &str| Envelope {
            sender: Some(sender.to_owned()),
            ..Envelope::default()
        };
        assert_eq!(
            kind_of("Return-Path: <ada@mail.example>\n", &path("")),
            Some(AutomaticKind::AutoReply)
        );
        assert_eq!(
            kind_of("Return-Path: <ada@mail.example>\n", &path("<>")),
            Some(AutomaticKind::AutoReply)
        );
        assert_eq!(
            kind_of("Return-Path: <>\n", &path("ada@mail.example")),
            None
        );
        assert_eq!(
            kind_of("Return-Path: <MAILER-DAEMON>\n", &Envelope::default()),
            Some(AutomaticKind::AutoReply)
        );
    }
}
