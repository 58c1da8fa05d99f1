//! Photographs and documents: sent ahead, named by a contact, found in a mail, had again, taken away.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use reeve::casework::attachments::tending::Tidying;
use reeve::http;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::mail_in::deliver;
use crate::support::{Caller, Reply, TestApp, settings};

/// A photograph as a telephone writes it, with where it was taken.
pub fn photograph(what: &str) -> Vec<u8> {
    let segment = |marker: u8, content: &[u8]| {
        let mut bytes = vec![0xff, marker];
        bytes.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
        bytes.extend(content);
        bytes
    };
    [
        vec![0xff, 0xd8],
        segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xe1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0GPS 51.5N 0.1W"),
        segment(0xdb, &[1; 65]),
        segment(0xc0, b"\x08\0\x01\0\x01\x01\x01\x11\0"),
        segment(0xda, b"\x01\x01\0\0\x3f\0"),
        what.as_bytes().to_vec(),
        vec![0xff, 0xd9],
    ]
    .concat()
}

/// What every virus scanner finds, put together here so that it stands in no file of ours.
fn eicar() -> Vec<u8> {
    [
        "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR",
        "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    ]
    .concat()
    .into_bytes()
}

fn part(field: &str, name: &str, kind: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--xYzZY\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), b"--xYzZY--\r\n".to_vec()].concat()
}

fn request(path: &str, body: Vec<u8>) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("content-type", "multipart/form-data; boundary=xYzZY"))
        .set_payload(body)
}

pub async fn send(app: &TestApp, who: &Caller, name: &str, kind: &str, bytes: &[u8]) -> Reply {
    let body = form(&[part("file", name, kind, bytes)]);
    app.send(who, request("/v1/attachments", body)).await
}

/// A photograph of this, sent ahead; its id.
pub async fn sent(app: &TestApp, who: &Caller, what: &str) -> String {
    let sent = send(app, who, "bin.jpg", "image/jpeg", &photograph(what))
        .await
        .expect(201);
    sent["id"].as_str().unwrap().to_owned()
}

/// Bytes and headers as they come over the wire.
async fn fetch(app: &TestApp, who: &Caller, path: &str) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let service = init_service(App::new().configure(http::app_config(app.front()))).await;
    let mut request = TestRequest::get()
        .uri(path)
        .peer_addr("192.0.2.7:4711".parse().unwrap());
    if let Some(bearer) = &who.bearer {
        request = request.insert_header(("authorization", format!("Bearer {bearer}")));
    }
    let response = call_service(&service, request.to_request()).await;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    (status, headers, read_body(response).await.to_vec())
}

async fn status(app: &TestApp, who: &Caller, id: &str) -> (u16, String) {
    let reply = app.get(who, &format!("/v1/attachments/{id}")).await;
    let code = serde_json::from_str::<Value>(&reply.text)
        .ok()
        .and_then(|body| body["code"].as_str().map(str::to_owned));
    (reply.status, code.unwrap_or_default())
}

fn with(mut body: Value, ids: &[&str]) -> Value {
    body["attachments"] = json!(ids);
    body
}

async fn on_case(app: &TestApp, who: &Caller, case: &Value) -> Vec<Value> {
    let path = format!("/v1/cases/{}/contacts", case.as_str().unwrap());
    let contacts = app.get(who, &path).await.expect(200);
    let items = contacts["items"].as_array().unwrap();
    items
        .iter()
        .flat_map(|one| one["attachments"].as_array().unwrap().clone())
        .collect()
}

/// Every file that lies in the folder of attachments, whatever it is.
fn lying(app: &TestApp) -> Vec<std::path::PathBuf> {
    let shelves = std::fs::read_dir(app.database.files()).unwrap();
    let shelves = shelves.map(|shelf| shelf.unwrap().path());
    shelves
        .flat_map(|shelf| {
            std::fs::read_dir(shelf)
                .unwrap()
                .map(|file| file.unwrap().path())
        })
        .collect()
}

/// A clamd that knows one virus and can be sent away.
struct Clamd {
    address: String,
    is_away: Arc<AtomicBool>,
    n_asked: Arc<AtomicUsize>,
}

impl Clamd {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let is_away = Arc::new(AtomicBool::new(false));
        let n_asked = Arc::new(AtomicUsize::new(0));
        let (away, asked) = (Arc::clone(&is_away), Arc::clone(&n_asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                asked.fetch_add(1, Ordering::SeqCst);
                if !away.load(Ordering::SeqCst) {
                    answer(&mut stream);
                }
            }
        });
        Self {
            address,
            is_away,
            n_asked,
        }
    }

    fn settings(&self) -> reeve::config::Settings {
        let mut settings = settings();
        settings.attachments.scan = reeve::config::Scan::Clamd;
        settings.attachments.clamd.clone_from(&self.address);
        settings
    }
}

fn answer(stream: &mut TcpStream) {
    let mut command = [0; 10];
    stream.read_exact(&mut command).unwrap();
    assert_eq!(&command, b"zINSTREAM\0");
    let mut bytes = Vec::new();
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap();
        if length == 0 {
            break;
        }
        let at = bytes.len();
        bytes.resize(at + length, 0);
        stream.read_exact(&mut bytes[at..]).unwrap();
    }
    let is_found = bytes
        .windows(20)
        .any(|window| window == b"STANDARD-ANTIVIRUS-T");
    let said: &[u8] = if is_found {
        b"stream: Eicar-Test-Signature FOUND\0"
    } else {
        b"stream: OK\0"
    };
    stream.write_all(said).unwrap();
}

stories! {
    async fn a_photograph_sent_ahead_belongs_to_the_contact_that_names_it(app) {
        let agent = app.agent().await;
        let sent = send(&app, &agent, "my bin.jpg", "image/jpeg", &photograph("a bin")).await.expect(201);
        assert_eq!((&sent["name"], &sent["type"], &sent["scan"]), (&json!("my bin.jpg"), &json!("image/jpeg"), &json!("off")));
        assert_eq!(sent["bytes"], photograph("a bin").len());
        let id = sent["id"].as_str().unwrap();
        let logged = log(&app, with(missed_bin(), &[id])).await;
        let officer = app.officer().await;
        let listed = on_case(&app, &officer, &logged["case"]["id"]).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0]["id"], id);
        assert_eq!(listed[0]["downloadable"], true);
        let case = app.get(&officer, logged["case"]["links"]["self"].as_str().unwrap()).await.expect(200);
        assert_eq!(case["attachments"], json!(listed));

        let (status, headers, bytes) = fetch(&app, &officer, &format!("/v1/attachments/{id}")).await;
        assert_eq!((status, &bytes), (200, &photograph("a bin")));
        let header = |name: &str| headers.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
        assert_eq!(header("content-type"), ["image/jpeg"]);
        assert_eq!(header("content-disposition"), ["attachment; filename=\"my bin.jpg\"; filename*=UTF-8''my%20bin.jpg"]);
        assert_eq!(header("x-content-type-options"), ["nosniff"]);
        assert_eq!(header("content-security-policy"), ["sandbox; default-src 'none'"]);
        assert_eq!(header("cache-control"), ["no-store"]);
        // A copy to hand on says nothing of where it was taken; ours does.
        let (_, _, clean) = fetch(&app, &officer, &format!("/v1/attachments/{id}?stripped=true")).await;
        let tells = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("GPS");
        assert!(tells(&bytes) && !tells(&clean) && clean.starts_with(&[0xff, 0xd8]));
    }

    async fn an_attachment_is_named_once_and_by_whoever_sent_it(app) {
        let agent = app.agent().await;
        let other = app.sign_in("agent.two@council.example").await;
        let one = sent(&app, &agent, "one").await;
        let two = sent(&app, &agent, "two").await;
        let theirs = sent(&app, &other, "theirs").await;
        log(&app, with(missed_bin(), &[&one])).await;
        let nobodys = "019a9f5e-7c00-7000-8000-000000000009";
        let n_before = app.get(&agent, "/v1/cases?include=total").await.expect(200)["total"].clone();
        let refused = app.post(&agent, "/v1/contacts", with(missed_bin(), &[&two, &one, &theirs, nobodys, &two])).await;
        let refused = refused.expect(422);
        let faults: Vec<(&str, &str)> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
            .collect();
        assert_eq!(faults, [
            ("/attachments/1", "already_used"),
            ("/attachments/2", "unknown_value"),
            ("/attachments/3", "unknown_value"),
            ("/attachments/4", "already_used"),
        ]);
        assert_eq!(app.get(&agent, "/v1/cases?include=total").await.expect(200)["total"], n_before, "nothing was opened");
        // What was refused took nothing with it.
        log(&app, with(missed_bin(), &[&two])).await;
        let mut many = Vec::new();
        for n in 0..11 {
            many.push(sent(&app, &agent, &format!("many {n}")).await);
        }
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let refused = app.post(&agent, "/v1/contacts", with(missed_bin(), &many)).await.expect(422);
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/attachments"), &json!("too_many")));
    }

    async fn what_lies_about_what_it_is_is_refused(app) {
        let agent = app.agent().await;
        let picture = photograph("x");
        let zip_behind = [picture.as_slice(), b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"].concat();
        let page_behind = [picture.as_slice(), b"<script>alert(1)</script>"].concat();
        let cases: [(&str, &str, &[u8], &str); 11] = [
            ("bin.jpg", "image/jpeg", b"<html><script>alert(1)</script></html>", "type_not_taken"),
            ("bin.jpg", "image/jpeg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "type_not_taken"),
            ("bin.svg", "image/svg+xml", b"<svg/>", "type_not_taken"),
            ("bin.jpg", "image/jpeg", b"MZ\x90\0\x03\0\0\0\x04", "type_not_taken"),
            ("bins.zip", "application/zip", b"PK\x03\x04\x14\0\0\0\0\0", "type_not_taken"),
            ("bin.png", "image/png", &picture, "type_mismatch"),
            ("bin.jpg.exe", "image/jpeg", &picture, "type_mismatch"),
            ("bin.jpg", "application/pdf", &picture, "type_mismatch"),
            ("bin.jpg", "image/jpeg", &zip_behind, "two_types"),
            ("bin.jpg", "image/jpeg", &page_behind, "two_types"),
            ("bin.jpg", "image/jpeg", b"", "empty_file"),
        ];
        for (name, kind, bytes, code) in cases {
            let refused = send(&app, &agent, name, kind, bytes).await.expect(422);
            let fault = &refused["errors"][0];
            assert_eq!((fault["code"].as_str(), fault["pointer"].as_str()), (Some(code), Some("/file")), "{name} {kind}");
            assert!(fault["detail"].as_str().unwrap().ends_with('.'), "{fault}");
        }
        assert_eq!(lying(&app), Vec::<std::path::PathBuf>::new(), "nothing of it stays");
    }

    async fn a_name_is_data_and_never_a_path(app) {
        let agent = app.agent().await;
        let long = format!("{}.jpg", "a".repeat(300));
        let cut = format!("{}.jpg", "a".repeat(146));
        for (name, kept) in [
            ("../../x.jpg", "x.jpg"),
            ("C:\\\\Users\\\\ada\\\\bin.jpg", "bin.jpg"),
            ("CON.jpg", "_CON.jpg"),
            ("\u{202e}gpj.nib.jpg", "gpj.nib.jpg"),
            (long.as_str(), cut.as_str()),
            ("..", "file"),
        ] {
            let sent = send(&app, &agent, name, "image/jpeg", &photograph("x")).await.expect(201);
            assert_eq!(sent["name"], kept, "{name}");
        }
        let folder = app.database.files();
        assert!(lying(&app).iter().all(|path| path.starts_with(folder)), "{:?}", lying(&app));
        assert_eq!(lying(&app).len(), 1, "the same bytes lie there once");
    }

    async fn a_form_that_is_not_one_file_is_refused(app) {
        let agent = app.agent().await;
        let picture = photograph("x");
        let post = async |body: Vec<u8>| app.send(&agent, request("/v1/attachments", body)).await;
        let code = |reply: Reply| {
            let body = reply.json();
            (reply.status, body["errors"][0]["code"].as_str().or(body["code"].as_str()).unwrap().to_owned())
        };
        let file = |name: &str| part(name, "bin.jpg", "image/jpeg", &picture);
        assert_eq!(code(post(form(&[])).await), (422, "missing_field".to_owned()));
        assert_eq!(code(post(form(&[file("photo")])).await), (422, "unknown_field".to_owned()));
        assert_eq!(code(post(form(&[file("file"), file("file")])).await), (422, "too_many".to_owned()));
        assert_eq!(code(post(b"nonsense".to_vec()).await), (400, "malformed_form".to_owned()));
        assert_eq!(code(post(file("file")).await), (400, "malformed_form".to_owned()), "it has no end");
        let json = app.post(&agent, "/v1/attachments", json!({})).await;
        assert_eq!(json.status, 415);
        assert_eq!(lying(&app), Vec::<std::path::PathBuf>::new());
    }

    async fn what_is_too_large_is_refused_before_it_has_come(app) {
        let agent = app.agent().await;
        let mut settings = settings();
        settings.http.max_attachment_bytes = 100_000;
        let small = app.replica_with(settings).await;
        let told = request("/v1/attachments", Vec::new()).insert_header(("content-length", "200000"));
        assert_eq!(small.send(&agent, told).await.status, 413, "by what it says");
        let large = form(&[part("file", "a.txt", "text/plain", &vec![b'a'; 100_001])]);
        assert_eq!(small.send(&agent, request("/v1/attachments", large)).await.status, 413, "by what comes");
        let endless = [b"--xYzZY\r\n".as_slice(), &vec![b'x'; 115_000]].concat();
        let refused = small.send(&agent, request("/v1/attachments", endless)).await;
        assert!(matches!(refused.status, 400 | 413), "no file begins: {}", refused.text);
        let fits = form(&[part("file", "a.txt", "text/plain", &vec![b'a'; 100_000])]);
        small.send(&agent, request("/v1/attachments", fits)).await.expect(201);
        assert_eq!(lying(&app).len(), 1);
    }

    async fn sending_it_twice_is_sending_it_once(app) {
        let agent = app.agent().await;
        let keyed = |bytes: &[u8]| {
            request("/v1/attachments", form(&[part("file", "bin.jpg", "image/jpeg", bytes)]))
                .insert_header(("idempotency-key", "upload-1"))
        };
        let first = app.send(&agent, keyed(&photograph("a"))).await;
        let again = app.send(&agent, keyed(&photograph("a"))).await;
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.text, again.text);
        assert_eq!(app.send(&agent, keyed(&photograph("b"))).await.status, 422);
        let id = first.json()["id"].as_str().unwrap().to_owned();
        let body = with(missed_bin(), &[&id]).to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", "contact-1")];
        let logged = app.post_with(&agent, "/v1/contacts", &headers, &body).await;
        let replayed = app.post_with(&agent, "/v1/contacts", &headers, &body).await;
        assert_eq!((logged.status, &logged.text), (replayed.status, &replayed.text));
        // The same by the sender's own number for it.
        let other = sent(&app, &agent, "c").await;
        let mut body = with(missed_bin(), &[&other]);
        body["external_id"] = json!("desk-1");
        app.post(&agent, "/v1/contacts", body.clone()).await.expect(201);
        let same = app.post(&agent, "/v1/contacts", body).await.expect(200);
        assert_eq!(same["duplicate"], true);
    }

    async fn a_resident_sends_a_photograph_with_their_form_and_sees_their_own_without_where_it_was_taken(app) {
        let nobody = Caller::nobody();
        let upload = |bytes: &[u8]| request("/v1/public/attachments", form(&[part("file", "light.jpg", "image/jpeg", bytes)]));
        let sent = app.send(&nobody, upload(&photograph("light"))).await.expect(201);
        let id = sent["id"].as_str().unwrap();
        let report = with(json!({
            "body": "The street light outside number 4 is out.", "service": "street-lighting", "category": "light-out",
            "person": {"name": "Ada Example", "email": "ada@mail.example"},
        }), &[id]);
        let stranger = TestRequest::post().uri("/v1/public/contacts").set_json(report.clone());
        let stranger = app.send_from("198.51.100.9:4711", &nobody, stranger).await.expect(422);
        assert_eq!(stranger["errors"][0]["pointer"], "/attachments/0");
        assert_eq!(app.get(&nobody, &format!("/v1/attachments/{id}")).await.status, 401);
        let told = app.post(&nobody, "/v1/public/contacts", report).await.expect(201);
        let person = Caller { bearer: Some(told["tracking"]["token"].as_str().unwrap().to_owned()) };
        let (status_of, _, bytes) = fetch(&app, &person, &format!("/v1/attachments/{id}")).await;
        assert_eq!(status_of, 200);
        assert!(!String::from_utf8_lossy(&bytes).contains("GPS"));
        let elsewhere = log(&app, missed_bin()).await;
        let another = Caller { bearer: Some(elsewhere["tracking"]["token"].as_str().unwrap().to_owned()) };
        assert_eq!(status(&app, &another, id).await, (404, "not_found".to_owned()));
        // The website's own key sends for all its visitors.
        let website = app.key("website");
        let sent = app.send(&website, upload(&photograph("other"))).await.expect(201);
        let report = with(json!({"body": "The bin was missed."}), &[sent["id"].as_str().unwrap()]);
        app.post(&website, "/v1/public/contacts", report).await.expect(201);
    }

    async fn uploads_of_one_address_have_a_budget_of_their_own(app) {
        let mut settings = settings();
        settings.limits.public_uploads_per_minute = 2;
        let app = app.replica_with(settings).await;
        let nobody = Caller::nobody();
        let upload = || request("/v1/public/attachments", form(&[part("file", "a.txt", "text/plain", b"words")]));
        assert_eq!(app.send(&nobody, upload()).await.status, 201);
        assert_eq!(app.send(&nobody, upload()).await.status, 201);
        let refused = app.send(&nobody, upload()).await;
        assert_eq!(refused.status, 429);
        assert!(refused.header("retry-after").is_some());
        app.post(&nobody, "/v1/public/contacts", json!({"body": "The bin was missed."})).await.expect(201);
    }

    async fn one_address_does_not_fill_the_disk_with_what_no_form_names(app) {
        let mut settings = settings();
        settings.attachments.max_unused_bytes = 12;
        let app = app.replica_with(settings).await;
        let nobody = Caller::nobody();
        let upload = || request("/v1/public/attachments", form(&[part("file", "a.txt", "text/plain", b"six by")]));
        let first = app.send(&nobody, upload()).await.expect(201)["id"].as_str().unwrap().to_owned();
        app.send(&nobody, upload()).await.expect(201);
        let refused = app.send(&nobody, upload()).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "too_many", "{refused:#}");
        // What a form has named waits no more; and whoever works here is not counted.
        app.post(&nobody, "/v1/public/contacts", with(json!({"body": "The bin was missed."}), &[&first])).await.expect(201);
        app.send(&nobody, upload()).await.expect(201);
        let agent = app.agent().await;
        send(&app, &agent, "b.txt", "text/plain", b"more than twelve bytes").await.expect(201);
    }

    async fn who_may_not_read_the_case_has_none_of_its_files(app) {
        let agent = app.agent().await;
        let id = sent(&app, &agent, "bin").await;
        let bins = app.sign_in("bins.officer@council.example").await;
        assert_eq!(status(&app, &agent, &id).await.0, 200, "until it is used, whoever sent it");
        assert_eq!(status(&app, &bins, &id).await, (404, "not_found".to_owned()));
        log(&app, with(missed_bin(), &[&id])).await;
        assert_eq!(status(&app, &bins, &id).await.0, 200);
        for (who, expect) in [
            ("roads.officer@council.example", 404),
            ("partner@night.example", 404),
            ("cllr.anwen.prothero@council.example", 404),
            ("auditor@council.example", 403),
            ("admin@council.example", 403),
        ] {
            let caller = app.sign_in(who).await;
            assert_eq!(status(&app, &caller, &id).await.0, expect, "{who}");
        }
        assert_eq!(status(&app, &app.key("desk"), &id).await.0, 200);
        assert_eq!(status(&app, &app.key("partner"), &id).await.0, 404);
        assert_eq!(status(&app, &app.key("website"), &id).await.0, 404);
        assert_eq!(status(&app, &app.key("mail-gateway"), &id).await.0, 403);

        let hidden = sent(&app, &agent, "bruise").await;
        let mut body = with(missed_bin(), &[&hidden]);
        body["service"] = json!("childrens-social-care");
        body["category"] = json!("child-at-risk");
        app.post(&agent, "/v1/contacts", body).await.expect(201);
        let absent = app.get(&agent, "/v1/attachments/019a9f5e-7c00-7000-8000-000000000009").await;
        let kept_from = app.get(&agent, &format!("/v1/attachments/{hidden}")).await;
        assert_eq!((absent.status, kept_from.status), (404, 404), "even from whoever logged it");
        let mash = app.sign_in("mash.officer@council.example").await;
        assert_eq!(status(&app, &mash, &hidden).await.0, 200);
        let auditor = app.sign_in("auditor@council.example").await;
        let lines = app.get(&auditor, "/v1/audit?action=attachment.read").await.expect(200);
        assert_eq!(lines["items"].as_array().unwrap().len(), 1, "that somebody looked is put down: {lines:#}");
    }

    async fn what_is_harmful_is_kept_from_everybody_and_its_officers_are_told(app) {
        let clamd = Clamd::start();
        let app = app.replica_with(clamd.settings()).await;
        let agent = app.agent().await;
        let clean = send(&app, &agent, "bin.jpg", "image/jpeg", &photograph("bin")).await.expect(201);
        assert_eq!(clean["scan"], "clean");
        let bad = send(&app, &agent, "letter.txt", "text/plain", &eicar()).await.expect(201);
        assert_eq!(bad["scan"], "infected");
        let bad = bad["id"].as_str().unwrap();
        // The case is taken in all the same.
        let logged = log(&app, with(missed_bin(), &[bad, clean["id"].as_str().unwrap()])).await;
        let officer = app.officer().await;
        assert_eq!(status(&app, &officer, bad).await, (409, "infected".to_owned()));
        let listed = on_case(&app, &officer, &logged["case"]["id"]).await;
        assert_eq!((&listed[0]["scan"], &listed[0]["downloadable"]), (&json!("infected"), &json!(false)));
        assert_eq!(listed[0]["finding"], "Eicar-Test-Signature");
        assert_eq!(listed[1]["downloadable"], true);
        let timeline = app.get(&officer, logged["case"]["links"]["timeline"].as_str().unwrap()).await.expect(200);
        let lines: Vec<&Value> = timeline["items"].as_array().unwrap().iter().filter(|line| line["kind"] == "attachment_quarantined").collect();
        assert_eq!(lines.len(), 1, "{timeline:#}");
        assert_eq!((&lines[0]["detail"]["attachment"], &lines[0]["public"]), (&json!(bad), &json!(false)));
    }

    async fn what_is_found_harmful_later_is_so_wherever_it_lies(app) {
        let agent = app.agent().await;
        let early = send(&app, &agent, "letter.txt", "text/plain", &eicar()).await.expect(201);
        let early = early["id"].as_str().unwrap();
        let logged = log(&app, with(missed_bin(), &[early])).await;
        let officer = app.officer().await;
        assert_eq!(status(&app, &officer, early).await.0, 200, "nobody looked");
        let clamd = Clamd::start();
        let looking = app.replica_with(clamd.settings()).await;
        let late = send(&looking, &agent, "again.txt", "text/plain", &eicar()).await.expect(201);
        assert_eq!(late["scan"], "infected");
        assert_eq!(status(&app, &officer, early).await, (409, "infected".to_owned()));
        let timeline = app.get(&officer, logged["case"]["links"]["timeline"].as_str().unwrap()).await.expect(200);
        let lines: Vec<&Value> = timeline["items"].as_array().unwrap().iter().filter(|line| line["kind"] == "attachment_quarantined").collect();
        assert_eq!(lines.len(), 1, "{timeline:#}");
        assert_eq!(lines[0]["detail"]["attachment"], early);
    }

    async fn while_the_scanner_is_away_files_wait_and_the_case_does_not(app) {
        let clamd = Clamd::start();
        clamd.is_away.store(true, Ordering::SeqCst);
        let app = app.replica_with(clamd.settings()).await;
        let agent = app.agent().await;
        let good = send(&app, &agent, "bin.jpg", "image/jpeg", &photograph("bin")).await.expect(201);
        let bad = send(&app, &agent, "letter.txt", "text/plain", &eicar()).await.expect(201);
        assert_eq!((&good["scan"], &bad["scan"]), (&json!("pending"), &json!("pending")));
        let (good, bad) = (good["id"].as_str().unwrap(), bad["id"].as_str().unwrap());
        let logged = log(&app, with(missed_bin(), &[good, bad])).await;
        let officer = app.officer().await;
        for id in [good, bad] {
            assert_eq!(status(&app, &officer, id).await, (409, "not_scanned".to_owned()));
        }
        let n_before = clamd.n_asked.load(Ordering::SeqCst);
        app.catch_up().await;
        assert_eq!(status(&app, &officer, good).await.0, 409, "still away");
        assert_eq!(clamd.n_asked.load(Ordering::SeqCst) - n_before, 1, "one without an answer ends the run");
        clamd.is_away.store(false, Ordering::SeqCst);
        app.until("2026-11-20T17:20:00Z").await;
        assert_eq!(status(&app, &officer, good).await.0, 200);
        assert_eq!(status(&app, &officer, bad).await, (409, "infected".to_owned()));
        app.until("2026-11-20T18:20:00Z").await;
        let timeline = app.get(&officer, logged["case"]["links"]["timeline"].as_str().unwrap()).await.expect(200);
        let n = timeline["items"].as_array().unwrap().iter().filter(|line| line["kind"] == "attachment_quarantined").count();
        assert_eq!(n, 1, "told once");
        // The same bytes again are known, even where nobody looks any more.
        let blind = app.replica().await;
        let again = send(&blind, &agent, "other.txt", "text/plain", &eicar()).await.expect(201);
        assert_eq!(again["scan"], "infected");
    }

    async fn the_files_of_a_mail_are_attachments_like_any_other(app) {
        let encoded = |bytes: &[u8]| {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(bytes)
        };
        let raw = format!(
            "From: Ada <ada@mail.example>\r\nTo: contact@council.example\r\nSubject: Missed bin\r\nMessage-ID: <files@mail.example>\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nMy black bin was not emptied. Photo below.\r\n\
             --b\r\nContent-Type: image/jpeg; name=\"bin.jpg\"\r\nContent-Disposition: attachment; filename=\"../bin.jpg\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n\
             --b\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment; filename=\"other.jpg\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n\
             --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"bill.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
            encoded(&photograph("by mail")), encoded(b"MZ\x90\0\x03\0\0\0 a program"), encoded(&photograph("no bill")),
        );
        let taken = deliver(&app, &raw).await.expect(202);
        assert_eq!(taken["disposition"], "opened");
        let officer = app.officer().await;
        let waiting = on_case(&app, &officer, &taken["case"]["id"]).await;
        assert_eq!(waiting.len(), 3, "{waiting:#?}");
        assert_eq!(status(&app, &officer, waiting[0]["id"].as_str().unwrap()).await, (409, "not_scanned".to_owned()));
        app.catch_up().await;
        let files = on_case(&app, &officer, &taken["case"]["id"]).await;
        assert_eq!((&files[0]["name"], &files[0]["downloadable"], &files[0]["withheld"]), (&json!("bin.jpg"), &json!(true), &Value::Null));
        assert_eq!((&files[1]["withheld"], &files[1]["downloadable"]), (&json!("type_not_taken"), &json!(false)));
        assert_eq!(files[2]["withheld"], "type_mismatch");
        assert_eq!(lying(&app).len(), 1, "what is withheld stands in the mail alone");
        let (_, _, bytes) = fetch(&app, &officer, &format!("/v1/attachments/{}", files[0]["id"].as_str().unwrap())).await;
        assert_eq!(bytes, photograph("by mail"));
        assert_eq!(status(&app, &officer, files[1]["id"].as_str().unwrap()).await, (409, "withheld".to_owned()));
        // Delivered again it brings nothing again.
        deliver(&app, &raw).await.expect(202);
        app.catch_up().await;
        assert_eq!(on_case(&app, &officer, &taken["case"]["id"]).await.len(), 3);
        let mail = app.get(&officer, &format!("/v1/channels/email/messages/{}", taken["contact"]["id"].as_str().unwrap())).await;
        assert_eq!(mail.status, 403, "an officer reads it on its case");
        let agent = app.agent().await;
        let mail = app.get(&agent, &format!("/v1/channels/email/messages/{}", taken["contact"]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(mail["files"], json!(files));
    }

    async fn what_no_contact_names_is_gone_after_a_day_and_what_another_has_stays(app) {
        let agent = app.agent().await;
        let unused = sent(&app, &agent, "never used").await;
        let shared = sent(&app, &agent, "shared").await;
        sent(&app, &agent, "shared").await;
        log(&app, with(missed_bin(), &[&shared])).await;
        assert_eq!(lying(&app).len(), 2);
        let tidying = Tidying::default();
        tidying.look(&app.desk).await.unwrap();
        app.catch_up().await;
        assert_eq!(lying(&app).len(), 2, "not before its time");
        app.move_to("2026-11-21T17:00:00Z");
        let agent = app.agent().await;
        tidying.look(&app.desk).await.unwrap();
        app.catch_up().await;
        assert_eq!(lying(&app).len(), 1);
        assert_eq!(status(&app, &agent, &unused).await.0, 404);
        assert_eq!(status(&app, &agent, &shared).await.0, 200);
        let refused = app.post(&agent, "/v1/contacts", with(missed_bin(), &[&unused])).await.expect(422);
        assert_eq!(refused["errors"][0]["code"], "unknown_value");
    }

    async fn bytes_of_somebody_who_was_cut_off_are_let_go(app) {
        let agent = app.agent().await;
        let kept = sent(&app, &agent, "kept").await;
        let files = app.database.files();
        let orphan = "a".repeat(64);
        std::fs::create_dir_all(files.join("aa")).unwrap();
        std::fs::write(files.join("aa").join(&orphan), b"before its row was written").unwrap();
        std::fs::write(files.join("incoming").join("half"), b"half of a fi").unwrap();
        let tidying = Tidying::default();
        tidying.look(&app.desk).await.unwrap();
        assert_eq!(lying(&app).len(), 3, "somebody may be at it still");
        tidying.look(&app.desk).await.unwrap();
        assert_eq!(lying(&app).len(), 1);
        assert_eq!(status(&app, &agent, &kept).await.0, 200);
    }

    async fn text_as_old_programs_write_it_is_searched_too(app) {
        let agent = app.agent().await;
        let leader = app.team_leader().await;
        let letter = send(&app, &agent, "letter.txt", "text/plain", b"Please ask for Ren\xe9e Zzyzx.").await.expect(201);
        let logged = log(&app, with(missed_bin(), &[letter["id"].as_str().unwrap()])).await;
        let path = format!("/v1/cases/{}/redactions", logged["case"]["id"].as_str().unwrap());
        let body = json!({"ground": "wrong_person", "reason": "Not theirs", "texts": ["Ren\u{e9}e Zzyzx"]});
        let done = app.post(&leader, &path, body).await.expect(201);
        assert_eq!(done["removed"]["attachments"], 1);
        app.catch_up().await;
        assert_eq!(lying(&app), Vec::<std::path::PathBuf>::new());
    }

    async fn a_file_is_taken_away_for_good(app) {
        let agent = app.agent().await;
        let leader = app.team_leader().await;
        let wrong = sent(&app, &agent, "somebody else's face").await;
        let right = sent(&app, &agent, "a bin").await;
        let card = send(&app, &agent, "card 4929123456789012.txt", "text/plain", b"My card is 4929 1234 5678 9012.").await.expect(201);
        let card = card["id"].as_str().unwrap().to_owned();
        let logged = log(&app, with(missed_bin(), &[&wrong, &right, &card])).await;
        let case = logged["case"]["id"].as_str().unwrap().to_owned();
        let copy = sent(&app, &agent, "a bin").await;
        let elsewhere = log(&app, with(missed_bin(), &[&copy])).await;
        let redact = async |body: Value| app.post(&leader, &format!("/v1/cases/{case}/redactions"), body).await;
        let unknown = redact(json!({"ground": "wrong_person", "reason": "Not theirs", "attachments": [copy]})).await.expect(422);
        assert_eq!(unknown["errors"][0]["pointer"], "/attachments/0");
        let done = redact(json!({"ground": "wrong_person", "reason": "Not theirs", "attachments": [wrong]})).await.expect(201);
        assert_eq!(done["removed"]["attachments"], 1);
        assert_eq!(status(&app, &leader, &wrong).await, (409, "withheld".to_owned()));
        let done = redact(json!({"ground": "payment_details", "reason": "Card number", "texts": ["4929 1234 5678 9012"]})).await.expect(201);
        assert_eq!(done["removed"]["attachments"], 1, "text in which it stands goes");
        app.catch_up().await;
        assert_eq!(lying(&app).len(), 1, "the bin, of which there are two");
        let contact = logged["contact"]["id"].clone();
        redact(json!({"ground": "unlawful", "reason": "Abuse", "contacts": [contact]})).await.expect(201);
        app.catch_up().await;
        assert_eq!(lying(&app).len(), 1, "another case has it too");
        assert_eq!(status(&app, &leader, &right).await.1, "withheld");
        assert_eq!(status(&app, &leader, &copy).await.0, 200);
        assert!(app.database.where_stands("4929").is_empty(), "{:?}", app.database.where_stands("4929"));
        let other = elsewhere["case"]["id"].as_str().unwrap();
        let gone = json!({"ground": "not_needed", "reason": "Enough of bins", "attachments": [copy]});
        app.post(&leader, &format!("/v1/cases/{other}/redactions"), gone).await.expect(201);
        app.catch_up().await;
        assert_eq!(lying(&app), Vec::<std::path::PathBuf>::new());
    }
}
