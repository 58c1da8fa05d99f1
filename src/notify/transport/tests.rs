//! Mail handed to a server that misbehaves, and into a folder.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::domain::notice::NoticeKind;
use crate::notify::mail::Mail;
use crate::notify::render::Rendered;

fn a_mail(message_id: &str, text: &str) -> Sendable {
    Mail {
        message_id: message_id.to_owned(),
        date: "2026-11-20T16:58:00Z".parse().unwrap(),
        from_name: "Northmere Council".to_owned(),
        from: "contact@council.example".to_owned(),
        to: "ada@mail.example".to_owned(),
        reply_to: None,
        return_path: None,
        words: Rendered {
            subject: "We have your report".to_owned(),
            text: text.to_owned(),
            html: format!("<p>{text}</p>"),
        },
        kind: NoticeKind::Confirmation,
        cases: vec!["4X7-K92-MQ3".to_owned()],
        auto_submitted: None,
        in_reply_to: None,
        references: Vec::new(),
        loop_token: "t".to_owned(),
        unsubscribe: None,
        redirect_to: None,
    }
    .build()
    .unwrap()
}

/// A mail server on loopback that answers RCPT TO with `to_recipient` and keeps what it is given.
async fn server(to_recipient: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let (read, mut write) = socket.into_split();
                let mut lines = BufReader::new(read);
                write.write_all(b"220 mail.example\r\n").await.unwrap();
                loop {
                    let mut line = String::new();
                    if lines.read_line(&mut line).await.unwrap_or(0) == 0 {
                        return;
                    }
                    let verb = line.get(..4).unwrap_or_default().to_uppercase();
                    let answer = match verb.as_str() {
                        "RCPT" => to_recipient.to_owned(),
                        "DATA" => {
                            write.write_all(b"354 go on\r\n").await.unwrap();
                            let mut body = String::new();
                            while !body.ends_with("\r\n.\r\n") {
                                let mut line = String::new();
                                lines.read_line(&mut line).await.unwrap();
                                body.push_str(&line);
                            }
                            kept.lock().unwrap().push(body);
                            "250 taken".to_owned()
                        }
                        "QUIT" => "221 bye".to_owned(),
                        _ => "250 mail.example".to_owned(),
                    };
                    write
                        .write_all(format!("{answer}\r\n").as_bytes())
                        .await
                        .unwrap();
                }
            });
        }
    });
    (port, taken)
}

fn smtp_to(port: u16) -> Transport {
    Transport::smtp(&SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port,
        protection: Protection::None,
        username: None,
        password: None,
        timeout: Duration::from_millis(500),
        max_connections: 2,
    })
    .unwrap()
}

#[tokio::test]
async fn a_mail_the_server_takes_is_sent_whole() {
    let (port, taken) = server("250 fine").await;
    smtp_to(port)
        .send(&a_mail("a@council.example", "one\n.\ntwo"))
        .await
        .unwrap();
    let taken = taken.lock().unwrap();
    assert_eq!(taken.len(), 1);
    let body = taken.first().unwrap();
    assert!(body.contains("X-Reeve-Case: 4X7-K92-MQ3"));
    // A line of one dot travels as two, so that it does not end the message.
    assert!(body.contains("one\r\n..\r\ntwo"));
}

#[tokio::test]
async fn a_refused_recipient_is_final_and_a_full_mailbox_is_not() {
    for (answer, is_permanent) in [
        ("550 5.1.1 no such user ada@mail.example here", true),
        ("554 not wanted", true),
        ("535 sign in first", false),
        ("503 bad sequence", false),
        ("450 try later, <ada@mail.example> is busy", false),
        ("421 closing", false),
    ] {
        let (port, taken) = server(answer).await;
        let failure = smtp_to(port)
            .send(&a_mail("a@council.example", "x"))
            .await
            .unwrap_err();
        assert_eq!(
            failure.is_permanent, is_permanent,
            "{answer}: {}",
            failure.why
        );
        assert!(!failure.why.contains('@'), "{}", failure.why);
        assert!(
            failure.why.contains(answer.get(..3).unwrap()),
            "{}",
            failure.why
        );
        assert!(taken.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let failure = smtp_to(port)
        .send(&a_mail("a@council.example", "x"))
        .await
        .unwrap_err();
    assert!(!failure.is_permanent, "{}", failure.why);
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_us_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut nothing = [0_u8; 1];
        socket.read(&mut nothing).await
    });
    let sending = smtp_to(port);
    let mail = a_mail("a@council.example", "x");
    let failure = tokio::time::timeout(Duration::from_secs(5), sending.send(&mail))
        .await
        .unwrap()
        .unwrap_err();
    assert!(!failure.is_permanent, "{}", failure.why);
    silent.abort();
}

#[tokio::test]
async fn sending_again_after_a_crash_replaces_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let transport = Transport::file(&folder.path().join("mail")).unwrap();
    for text in ["once", "twice"] {
        transport
            .send(&a_mail("<n1@council.example>", text))
            .await
            .unwrap();
    }
    transport
        .send(&a_mail("<n2@council.example>", "other"))
        .await
        .unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder.path().join("mail"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["n1@council.example.eml", "n2@council.example.eml"]);
    let kept = std::fs::read_to_string(folder.path().join("mail/n1@council.example.eml")).unwrap();
    assert!(kept.contains("twice") && !kept.contains("once"));
}

#[tokio::test]
async fn a_reader_of_the_folder_never_sees_half_a_mail() {
    let folder = tempfile::tempdir().unwrap();
    let transport = Transport::file(folder.path()).unwrap();
    let path = folder.path().to_owned();
    let is_done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = Arc::clone(&is_done);
    let reader = std::thread::spawn(move || {
        let mut n_seen = 0_u32;
        while !seen.load(Ordering::Relaxed) {
            for entry in std::fs::read_dir(&path).unwrap() {
                let file = entry.unwrap().path();
                if file.extension().is_some_and(|ending| ending == "eml") {
                    let text = std::fs::read_to_string(&file).unwrap();
                    assert!(
                        text.trim_end().ends_with("--"),
                        "the closing boundary is missing"
                    );
                    n_seen += 1;
                }
            }
        }
        n_seen
    });
    let text = "A long letter. ".repeat(5000);
    for turn in 0..40 {
        let mail = a_mail(&format!("n{}@council.example", turn % 3), &text);
        transport.send(&mail).await.unwrap();
    }
    is_done.store(true, Ordering::Relaxed);
    assert!(reader.join().unwrap() > 0);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let transport = Transport::file(&folder.path().join("mail")).unwrap();
    std::fs::remove_dir(folder.path().join("mail")).unwrap();
    std::fs::write(folder.path().join("mail"), "in the way").unwrap();
    let failure = transport
        .send(&a_mail("a@council.example", "x"))
        .await
        .unwrap_err();
    assert!(!failure.is_permanent);
}

#[tokio::test]
async fn memory_keeps_what_it_is_given() {
    let (transport, sent) = Transport::memory();
    transport
        .send(&a_mail("a@council.example", "x"))
        .await
        .unwrap();
    assert_eq!(sent.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_user_without_a_password_is_a_mistake_in_the_settings() {
    let settings = SmtpSettings {
        host: "mail.council.example".to_owned(),
        port: 587,
        protection: Protection::StartTls,
        username: Some("reeve".to_owned()),
        password: None,
        timeout: Duration::from_secs(30),
        max_connections: 4,
    };
    assert!(matches!(
        Transport::smtp(&settings),
        Err(SetupError::HalfCredentials)
    ));
    let whole = SmtpSettings {
        password: Some("hush".to_owned()),
        ..settings
    };
    assert!(!format!("{whole:?}").contains("hush"));
    assert!(Transport::smtp(&whole).is_ok());
}
