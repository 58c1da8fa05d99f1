//! Files that come in: never held in memory, never answered for and then not there.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::demo::Demo;

const HEAD: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bins.txt\"\r\n\
                    Content-Type: text/plain\r\n\r\n";
const END: &str = "\r\n--b--\r\n";
const MIB: usize = 1024 * 1024;

/// Sends so many bytes piece by piece, without saying how many there will be, until it is answered. Gives
/// the first line of the answer, how many bytes were sent by then, and the most memory seen meanwhile.
fn stream(demo: &Demo, n_bytes: usize) -> (String, usize, u64) {
    let host = demo.api().replace("http://", "");
    let mut connection = TcpStream::connect(&host).unwrap();
    write!(
        connection,
        "POST /v1/public/attachments HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    .unwrap();
    let send = |connection: &mut TcpStream, bytes: &[u8]| {
        write!(connection, "{:x}\r\n", bytes.len()).unwrap();
        connection.write_all(bytes).unwrap();
        connection.write_all(b"\r\n").unwrap();
    };
    let is_answered = |connection: &TcpStream| {
        connection.set_nonblocking(true).unwrap();
        let is_there = connection.peek(&mut [0]).is_ok();
        connection.set_nonblocking(false).unwrap();
        is_there
    };
    let (mut n_sent, mut most) = (0, demo.memory());
    let piece = vec![b'a'; 64 * 1024];
    send(&mut connection, HEAD.as_bytes());
    while n_sent < n_bytes && !is_answered(&connection) {
        send(&mut connection, &piece);
        n_sent += piece.len();
        most = most.max(demo.memory());
    }
    if n_sent >= n_bytes {
        send(&mut connection, END.as_bytes());
        connection.write_all(b"0\r\n\r\n").unwrap();
    }
    let mut answer = [0; 4096];
    let n = connection.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..n]).into_owned();
    let first = answer.lines().next().unwrap_or_default();
    (first.to_owned(), n_sent, most)
}

/// One that fits is taken, one without end is not; neither costs memory.
#[test]
fn a_large_file_goes_to_the_disk_and_one_without_end_is_cut_off() {
    let demo = Demo::on_sqlite();
    // What is made once, at the first contact and the first file, is no cost of a file.
    let agent = demo.sign_in("agent");
    crate::demo::post_contact(&demo.api(), &agent, "first").unwrap();
    stream(&demo, 19 * MIB);
    let before = demo.memory();
    let (answer, _, most) = stream(&demo, 19 * MIB);
    assert!(answer.contains(" 201 "), "{answer}");
    assert!(
        most < before + 12 * 1024,
        "{before} KiB before, {most} KiB while 19 MiB came"
    );
    let before = demo.memory();
    let (answer, n_sent, most) = stream(&demo, 1024 * MIB);
    assert!(answer.contains(" 413 "), "{answer}");
    assert!(
        n_sent < 64 * MIB,
        "{n_sent} bytes were sent before it was answered"
    );
    assert!(
        most < before + 20 * 1024,
        "{before} KiB before, {most} KiB while it came"
    );
    let incoming = demo.files().join("incoming");
    crate::demo::wait_until("nothing of it stays", || {
        std::fs::read_dir(&incoming).unwrap().count() == 0
    });
}

/// Killed again and again while files come in: whatever was answered is there, whole.
#[test]
fn a_file_that_was_answered_for_is_there_after_a_kill() {
    after_kills(&mut Demo::on_sqlite());
}

#[test]
fn a_file_that_was_answered_for_is_there_after_a_kill_on_postgresql() {
    if let Some(mut demo) = Demo::on_postgres() {
        after_kills(&mut demo);
    }
}

fn after_kills(demo: &mut Demo) {
    let mut answered: Vec<(String, String)> = Vec::new();
    for round in 0..5_u64 {
        let agent = demo.sign_in("agent");
        let url = format!("{}/v1/attachments", demo.api());
        let sending = std::thread::spawn(move || {
            let mut answered = Vec::new();
            for n in 0..500 {
                let words = format!("bin {round}-{n} {}", "left ".repeat(20_000));
                let sent = ureq::post(&url)
                    .header("authorization", format!("Bearer {agent}"))
                    .header("content-type", "multipart/form-data; boundary=b")
                    .send(format!("{HEAD}{words}{END}"));
                let Ok(mut sent) = sent else { break };
                let Ok(sent) = sent.body_mut().read_json::<Value>() else {
                    break;
                };
                answered.push((sent["id"].as_str().unwrap().to_owned(), words));
            }
            answered
        });
        std::thread::sleep(Duration::from_millis(300 + 70 * round));
        demo.kill();
        answered.extend(sending.join().unwrap());
        demo.start();
    }
    assert!(answered.len() >= 5, "only {} were answered", answered.len());
    let agent = demo.sign_in("agent");
    for (id, words) in &answered {
        let mut got = ureq::get(format!("{}/v1/attachments/{id}", demo.api()))
            .header("authorization", format!("Bearer {agent}"))
            .call()
            .unwrap_or_else(|why| panic!("{id}: {why}"));
        assert_eq!(&got.body_mut().read_to_string().unwrap(), words, "{id}");
    }
}
