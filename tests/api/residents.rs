//! Residents' pages: from a service to a reference, without script and without losing a word.

use actix_web::test::TestRequest;
use regex::Regex;
use serde_json::{Value, json};

use crate::attachments::photograph;
use crate::sign_in_links::Browser;
use crate::support::{Caller, Reply, TestApp};

const REPORT: &str = "/report/fly-tipping/fly-tip";
const OWN: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];
const HOSTILE: &str =
    "\"><script>alert(1)</script>\n\n  '14' & {{ 7*7 }} </textarea> \u{202e}ŵ \u{1f6ae} {phone}";

type Pairs = Vec<(String, String)>;

/// The fields nobody sees of the form that is sent to `action`.
fn hidden(page: &Reply, action: &str) -> Pairs {
    let from = page
        .text
        .find(&format!("action=\"{action}\""))
        .unwrap_or_else(|| panic!("{}", page.text));
    let form = page.text[from..].split("</form>").next().unwrap();
    let field = Regex::new(r#"(?s)<input type="hidden" name="([^"]*)" value="([^"]*)">"#).unwrap();
    field
        .captures_iter(form)
        .map(|found| (read(&found[1]), read(&found[2])))
        .collect()
}

/// As a browser reads it.
fn read(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn encoded(pairs: &Pairs) -> String {
    let code = |text: &str| -> String {
        text.bytes().fold(String::new(), |mut all, byte| {
            if byte.is_ascii_alphanumeric() {
                all.push(char::from(byte));
            } else {
                all.push_str(&format!("%{byte:02X}"));
            }
            all
        })
    };
    let parts: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", code(name), code(value)))
        .collect();
    parts.join("&")
}

fn with(mut pairs: Pairs, more: &[(&str, &str)]) -> Pairs {
    pairs.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    pairs
}

/// Fills in what a page asks and presses its button.
async fn give(browser: &Browser<'_>, page: &Reply, answers: &[(&str, &str)]) -> Reply {
    let form = with(hidden(page, REPORT), answers);
    browser.post(REPORT, OWN, &encoded(&form)).await
}

#[track_caller]
fn asks(page: &Reply, heading: &str) {
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(
        page.text.contains(&format!("<h1>{heading}</h1>")),
        "{heading} is not on {}",
        page.text
    );
}

fn multipart(words: &Pairs, file: Option<(&str, &str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in words {
        body.extend(
            format!(
                "--xYzZY\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .into_bytes(),
        );
    }
    let (name, kind, bytes) = file.unwrap_or(("", "application/octet-stream", b""));
    body.extend(
        format!("--xYzZY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n")
            .into_bytes(),
    );
    body.extend(bytes);
    body.extend(b"\r\n--xYzZY--\r\n");
    body
}

async fn give_file(
    browser: &Browser<'_>,
    page: &Reply,
    more: &[(&str, &str)],
    file: Option<(&str, &str, &[u8])>,
) -> Reply {
    let path = format!("{REPORT}/photos");
    let words = with(hidden(page, &path), more);
    let request = TestRequest::post()
        .uri(&path)
        .insert_header(("content-type", "multipart/form-data; boundary=xYzZY"))
        .insert_header(("sec-fetch-site", "same-origin"))
        .set_payload(multipart(&words, file));
    browser.send(request).await
}

/// Up to the page on which the answers are checked.
async fn to_the_answers(browser: &Browser<'_>) -> Reply {
    let page = browser.get(REPORT).await;
    asks(&page, "Is somebody in danger now?");
    let page = give(browser, &page, &[("danger", "no")]).await;
    asks(&page, "About it");
    let page = give(
        browser,
        &page,
        &[
            ("f-size", "van"),
            ("f-what", "furniture"),
            ("f-what", "rubble"),
        ],
    )
    .await;
    asks(&page, "What would you like to tell us?");
    let page = give(
        browser,
        &page,
        &[("body", "A sofa on the verge.\r\nBy the gate.")],
    )
    .await;
    asks(&page, "Where is it?");
    let page = give(
        browser,
        &page,
        &[
            ("place", "14 Larkfield Rise"),
            ("uprn", "1000 0000 0001"),
            ("lat", "54.35"),
            ("long", "-1.45"),
        ],
    )
    .await;
    asks(&page, "Add photographs or documents");
    let page = give_file(browser, &page, &[], None).await;
    asks(&page, "How can we reach you?");
    let page = give(
        browser,
        &page,
        &[
            ("name", "Ada Example"),
            ("email", "ada@mail.example"),
            ("phone", "01632 960123"),
            ("language", "en"),
        ],
    )
    .await;
    asks(&page, "Check your answers");
    page
}

async fn send(browser: &Browser<'_>, page: &Reply) -> Reply {
    let path = format!("{REPORT}/send");
    let form = hidden(page, &path);
    browser.post(&path, OWN, &encoded(&form)).await
}

/// The reference a page shows.
fn reference(page: &Reply) -> String {
    let found = Regex::new(r"<strong>([0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3})</strong>").unwrap();
    found
        .captures(&page.text)
        .unwrap_or_else(|| panic!("{}", page.text))[1]
        .to_owned()
}

async fn n_cases(app: &TestApp) -> Value {
    let list = app
        .get(&app.agent().await, "/v1/cases?include=total")
        .await
        .expect(200);
    list["total"].clone()
}

stories! {
    async fn a_report_by_pages_opens_the_same_case_as_by_the_api(app) {
        let browser = Browser::new(&app);
        let page = to_the_answers(&browser).await;
        for told in ["A van load or more", "Furniture<br>Rubble", "A sofa on the verge.<br>By the gate.", "14 Larkfield Rise", "ada@mail.example"] {
            assert!(page.text.contains(told), "{told} is not on {}", page.text);
        }
        let sent = send(&browser, &page).await;
        assert_eq!((sent.status, sent.header("location")), (303, Some("/report/sent")), "{}", sent.text);
        let shown = browser.get("/report/sent").await;
        assert_eq!(shown.status, 200);
        let by_page = reference(&shown);
        let body = json!({
            "body": "A sofa on the verge.\nBy the gate.", "service": "fly-tipping", "category": "fly-tip", "language": "en",
            "person": {"name": "Ada Example", "email": "ada@mail.example", "phone": "01632 960123"},
            "location": {"description": "14 Larkfield Rise", "uprn": "100000000001", "lat": 54.35, "long": -1.45},
            "fields": {"size": "van", "what": ["furniture", "rubble"]},
        });
        let by_api = app.post(&Caller::nobody(), "/v1/public/contacts", body).await.expect(201);
        for told in by_api["what_happens_next"].as_array().unwrap() {
            assert!(shown.text.contains(told.as_str().unwrap()), "{told} is not on {}", shown.text);
        }
        let officer = app.officer().await;
        let mut cases = Vec::new();
        for one in [by_page.as_str(), by_api["reference"].as_str().unwrap()] {
            let mut case = app.get(&officer, &format!("/v1/cases/{one}")).await.expect(200);
            let said = app.get(&officer, &format!("/v1/cases/{one}/contacts")).await.expect(200);
            let said = said["items"][0].clone();
            let case = case.as_object_mut().unwrap();
            case.retain(|name, _| {
                ["service", "category", "procedure", "priority", "queue", "ward", "channel", "location", "fields", "respond_by",
                 "acknowledge_by", "subject", "secrecy", "routing", "received_at"].contains(&name.as_str())
            });
            cases.push((case.clone(), said["body"].clone(), said["language"].clone(), said["channel"].clone()));
        }
        assert_eq!(cases[0], cases[1]);
        assert_eq!(cases[0].0["fields"], json!({"size": "van", "what": ["furniture", "rubble"]}));
        let mails = app.mails_to("ada@mail.example").await;
        assert!(mails.iter().any(|mail| mail.raw.contains(&by_page)), "the confirmation says the reference");
        // The link stands on the page and in no address.
        let link = Regex::new(r#"href="(/track/rvt_[A-Za-z0-9_-]{43})""#).unwrap();
        let link = link.captures(&shown.text).unwrap()[1].to_owned();
        assert_eq!(browser.get(&link).await.header("location"), Some("/track"));
        assert!(browser.get("/track").await.text.contains(&by_page));
        // Without its cookie there is nothing to see.
        let other = Browser::new(&app);
        assert_eq!(other.get("/report/sent").await.header("location"), Some("/find-my-link"));
    }

    async fn danger_stops_with_the_number_and_may_be_told_all_the_same(app) {
        let browser = Browser::new(&app);
        let page = browser.get(REPORT).await;
        let unsaid = give(&browser, &page, &[]).await;
        assert_eq!(unsaid.status, 422);
        assert!(unsaid.text.contains("<a href=\"#danger\">Say whether somebody is in danger now</a>"), "{}", unsaid.text);
        let page = give(&browser, &page, &[("danger", "yes")]).await;
        asks(&page, "Ring now, do not write");
        let form = app.get(&Caller::nobody(), "/v1/public/services/fly-tipping/form").await.expect(200);
        let number = form["danger"]["phone"].as_str().unwrap();
        let href = format!("href=\"tel:{}\"", number.replace(' ', ""));
        assert!(page.text.contains("999") && page.text.contains(&href), "{number} is not on {}", page.text);
        assert_eq!(n_cases(&app).await, 0);
        let page = give(&browser, &page, &[("to", "words")]).await;
        asks(&page, "What would you like to tell us?");
        let page = give(&browser, &page, &[("body", "A gas bottle is burning.")]).await;
        let page = give(&browser, &page, &[("place", "Mill Lane")]).await;
        let page = give(&browser, &page, &[("email", "ada@mail.example")]).await;
        asks(&page, "Check your answers");
        let sent = send(&browser, &page).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let shown = browser.get("/report/sent").await;
        asks(&shown, "We have your message");
        assert!(shown.text.contains("999") && !shown.text.contains("/track/rvt_"), "{}", shown.text);
        assert_eq!(n_cases(&app).await, 1);
    }

    async fn a_report_sent_twice_is_one_case(app) {
        let browser = Browser::new(&app);
        let page = to_the_answers(&browser).await;
        let (first, again) = (send(&browser, &page).await, send(&browser, &page).await);
        assert_eq!((first.status, again.status), (303, 303), "{}", again.text);
        assert_eq!(first.header("set-cookie"), again.header("set-cookie"), "the same receipt");
        assert_eq!(n_cases(&app).await, 1);
        // Back, another word, and sent once more: the form has been used.
        let path = format!("{REPORT}/send");
        let changed: Pairs = hidden(&page, &path)
            .into_iter()
            .map(|(name, value)| if name == "body" { (name, format!("{value} And a chair.")) } else { (name, value) })
            .collect();
        let refused = browser.post(&path, OWN, &encoded(&changed)).await;
        assert_eq!(refused.status, 409, "{}", refused.text);
        assert!(refused.text.contains("You have sent this already") && refused.text.contains("href=\"/report/sent\""), "{}", refused.text);
        assert_eq!(n_cases(&app).await, 1);
        // A form of somebody's own making is none of ours.
        let made: Pairs = hidden(&page, &path)
            .into_iter()
            .map(|(name, value)| if name == "key" { (name, "form_a.b".to_owned()) } else { (name, value) })
            .collect();
        assert_eq!(browser.post(&path, OWN, &encoded(&made)).await.status, 400);
        assert_eq!(n_cases(&app).await, 1);
    }

    async fn a_mistake_keeps_every_word_and_none_is_taken_for_the_pages_own(app) {
        let browser = Browser::new(&app);
        let page = browser.get(REPORT).await;
        let page = give(&browser, &page, &[("danger", "no")]).await;
        let wrong = give(&browser, &page, &[("f-size", "lorry")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.text.contains("href=\"#f-size\""), "{}", wrong.text);
        let page = give(&browser, &page, &[("f-size", "van")]).await;
        let empty = give(&browser, &page, &[("body", " \r\n ")]).await;
        assert_eq!(empty.status, 422);
        assert!(empty.text.contains("href=\"#body\""), "{}", empty.text);
        let page = give(&browser, &empty, &[("body", HOSTILE)]).await;
        let away = give(&browser, &page, &[("place", HOSTILE), ("lat", "north"), ("long", "-1.45")]).await;
        assert_eq!(away.status, 422);
        assert!(away.text.contains("href=\"#lat\"") && away.text.contains("value=\"north\""), "{}", away.text);
        let page = give(&browser, &away, &[("place", HOSTILE), ("lat", "54.35"), ("long", "-1.45")]).await;
        let page = give_file(&browser, &page, &[], None).await;
        let wrong = give(&browser, &page, &[("name", HOSTILE), ("email", "ada"), ("phone", "ring me"), ("language", "cy")]).await;
        assert_eq!(wrong.status, 422);
        for id in ["#email", "#phone"] {
            assert!(wrong.text.contains(&format!("<a href=\"{id}\">")), "{id} is not on {}", wrong.text);
        }
        let line = HOSTILE.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(read(&wrong.text).contains(&format!("name=\"name\" value=\"{line}\"")), "{}", wrong.text);
        let kept = hidden(&wrong, REPORT);
        let told = |name: &str| kept.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        assert_eq!(told("body").as_deref(), Some(HOSTILE));
        assert_eq!(told("place"), Some(line.clone()));
        let page = give(&browser, &wrong, &[("name", HOSTILE), ("email", "ada@mail.example"), ("language", "cy")]).await;
        for page in [&empty, &away, &wrong, &page] {
            assert!(!page.text.contains("<script"), "{}", page.text);
        }
        let sent = send(&browser, &page).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let officer = app.officer().await;
        let by_page = reference(&browser.get("/report/sent").await);
        let said = app.get(&officer, &format!("/v1/cases/{by_page}/contacts")).await.expect(200);
        assert_eq!(said["items"][0]["body"], HOSTILE);
        let mails = app.mails_to("ada@mail.example").await;
        assert!(mails[0].raw.contains("Mae eich neges gyda ni"), "in the language they chose: {}", mails[0].raw);
    }

    async fn a_photograph_comes_with_the_report_and_one_that_does_not_fit_loses_nothing(app) {
        let browser = Browser::new(&app);
        let page = to_the_answers(&browser).await;
        let page = give(&browser, &page, &[("then", "check"), ("to", "photos")]).await;
        asks(&page, "Add photographs or documents");
        let none = give_file(&browser, &page, &[("add", "yes")], None).await;
        assert_eq!(none.status, 422);
        assert!(none.text.contains("Choose a file first"), "{}", none.text);
        let wrong = give_file(&browser, &page, &[("add", "yes")], Some(("run.exe", "application/octet-stream", b"MZ\x90\x00"))).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.text.contains("This kind of file cannot be taken"), "{}", wrong.text);
        let kept = hidden(&wrong, &format!("{REPORT}/photos"));
        assert!(kept.contains(&("body".to_owned(), "A sofa on the verge.\nBy the gate.".to_owned())), "{kept:?}");
        let sofa = photograph("a sofa");
        let page = give_file(&browser, &wrong, &[("add", "yes")], Some(("my \"sofa\".jpg", "image/jpeg", &sofa))).await;
        asks(&page, "Add photographs or documents");
        assert!(page.text.contains("1 file"), "{}", page.text);
        let chair = photograph("a chair");
        let page = give_file(&browser, &page, &[("add", "yes")], Some(("chair.jpg", "image/jpeg", &chair))).await;
        let photos: Vec<String> = hidden(&page, &format!("{REPORT}/photos"))
            .into_iter()
            .filter(|(name, _)| name == "photo")
            .map(|(_, value)| value)
            .collect();
        assert_eq!(photos.len(), 2, "{photos:?}");
        let chair = photos[1].split(' ').next().unwrap();
        let page = give_file(&browser, &page, &[("remove", chair)], None).await;
        let page = give_file(&browser, &page, &[], None).await;
        asks(&page, "Check your answers");
        assert!(!page.text.contains("chair.jpg"), "{}", page.text);
        let sent = send(&browser, &page).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let by_page = reference(&browser.get("/report/sent").await);
        let said = app.get(&app.officer().await, &format!("/v1/cases/{by_page}/contacts")).await.expect(200);
        let files = said["items"][0]["attachments"].as_array().unwrap();
        assert_eq!(files.len(), 1, "{files:?}");
        assert_eq!(files[0]["type"], "image/jpeg");
    }

    async fn what_is_kept_from_residents_has_no_page(app) {
        let browser = Browser::new(&app);
        for path in ["/report/safeguarding-adults/no-such", "/report/childrens-social-care/child-at-risk", "/services/no-such", "/standards/no-such"] {
            let absent = browser.get(path).await;
            assert_eq!(absent.status, 404, "{path}");
            assert!(absent.text.contains("01632 960000") && absent.text.contains("<html lang=\"en\">"), "{}", absent.text);
        }
        let all = browser.get("/services?q=child+at+risk").await;
        assert!(!all.text.contains("/child-at-risk"), "{}", all.text);
    }

    async fn every_page_has_the_number_both_languages_and_is_small(app) {
        let mut paths = vec![
            "/", "/services", "/services/fly-tipping", "/services?q=sofa+dumped+in+the+lane", REPORT, "/contact-us", "/standards",
            "/standards/fly-tipping", "/accessibility", "/privacy", "/find-my-link", "/find-my-link/sent",
        ];
        for language in ["en", "cy"] {
            let browser = Browser::new(&app);
            browser.get(&format!("/privacy?lang={language}")).await;
            for path in &paths {
                let page = browser.get(path).await;
                assert_eq!(page.status, 200, "{path}: {}", page.text);
                assert!(page.text.contains(&format!("<html lang=\"{language}\">")), "{path}");
                assert!(page.text.contains("href=\"tel:01632960000\""), "{path}");
                assert!(page.text.len() < 60_000, "{path} has {} bytes", page.text.len());
                assert!(page.text.contains("hreflang="), "{path} has no link to the other language");
            }
        }
        paths.truncate(1);
        let found = Browser::new(&app).get("/services?q=sofa+dumped+in+the+lane").await;
        assert!(found.text.contains("href=\"/report/fly-tipping/fly-tip\""), "{}", found.text);
        let danger = Browser::new(&app).get("/services?q=my+father+is+going+to+kill+himself").await;
        assert!(danger.text.contains("ring 999"), "{}", danger.text);
        let manifest = app.get(&Caller::nobody(), "/manifest.webmanifest").await;
        assert_eq!(manifest.json()["start_url"], "/services");
        let policy = Browser::new(&app).get("/services").await;
        assert!(policy.header("content-security-policy").unwrap().contains("manifest-src 'self'"));
    }

    async fn their_page_says_how_the_date_was_counted_and_what_we_need_and_takes_a_photograph(app) {
        let told = app.post(&Caller::nobody(), "/v1/public/contacts", json!({
            "body": "A sofa.", "service": "waste-collection", "category": "missed-bin", "language": "cy",
            "person": {"name": "Ada Example", "email": "ada@mail.example"},
        })).await.expect(201);
        let token = told["tracking"]["token"].as_str().unwrap();
        let browser = Browser::new(&app);
        browser.get(&format!("/track/{token}")).await;
        let page = browser.get("/track").await;
        assert!(page.text.contains("<html lang=\"cy\">") && page.text.contains("Cawsom ef."), "in their language: {}", page.text);
        assert!(page.text.contains("Byddwn yn ateb erbyn"), "{}", page.text);
        let page = browser.get("/track?lang=en").await;
        assert!(page.text.contains("How we got this date") && !page.text.contains("What we need from you"), "{}", page.text);
        let person = Caller { bearer: Some(token.to_owned()) };
        let view = app.get(&person, "/v1/public/tracking").await.expect(200);
        let explained = view["date_explained"].as_str().unwrap();
        assert!(read(&page.text).contains(explained), "{explained} is not on {}", page.text);
        let words = with(hidden(&page, "/track/photos"), &[("about", "The same sofa, today.")]);
        let send_file = async |file: Option<(&str, &str, &[u8])>, site: &str| {
            let request = TestRequest::post()
                .uri("/track/photos")
                .insert_header(("content-type", "multipart/form-data; boundary=xYzZY"))
                .insert_header(("sec-fetch-site", site))
                .set_payload(multipart(&words, file));
            browser.send(request).await
        };
        let sofa = photograph("a sofa");
        let file = Some(("sofa.jpg", "image/jpeg", &sofa[..]));
        assert_eq!(send_file(file, "cross-site").await.status, 403);
        assert_eq!(send_file(None, "same-origin").await.status, 422);
        assert_eq!(send_file(Some(("run.exe", "application/octet-stream", b"MZ\x90\x00")), "same-origin").await.status, 422);
        let sent = send_file(file, "same-origin").await;
        assert_eq!((sent.status, sent.header("location")), (303, Some("/track?done=file")), "{}", sent.text);
        let officer = app.officer().await;
        let case = told["reference"].as_str().unwrap();
        let said = app.get(&officer, &format!("/v1/cases/{case}/contacts")).await.expect(200);
        let all = said["items"].as_array().unwrap();
        let own = all.iter().find(|one| one["body"] == "The same sofa, today.").unwrap_or_else(|| panic!("{said:#}"));
        assert_eq!(own["attachments"][0]["type"], "image/jpeg");
        app.post(&officer, &format!("/v1/cases/{case}/questions"), json!({"text": "Which gate is it?"})).await.expect(201);
        let page = browser.get("/track").await;
        assert!(page.text.contains("What we need from you") && !page.text.contains("Which gate"), "{}", page.text);
    }

    async fn a_lost_link_is_mailed_and_nothing_is_said_of_whether_it_was(app) {
        let told = app.post(&Caller::nobody(), "/v1/public/contacts", json!({
            "body": "A sofa.", "service": "fly-tipping", "category": "fly-tip", "person": {"name": "Ada Example", "email": "ada@mail.example"},
        })).await.expect(201);
        let own = told["reference"].as_str().unwrap();
        app.mails().await;
        let browser = Browser::new(&app);
        let page = browser.get("/find-my-link").await;
        let sealed = hidden(&page, "/find-my-link");
        let ask = async |reference: &str, email: &str| {
            let form = with(sealed.clone(), &[("reference", reference), ("email", email)]);
            browser.post("/find-my-link", OWN, &encoded(&form)).await
        };
        let wrong = ask("", HOSTILE).await;
        assert_eq!(wrong.status, 422);
        for id in ["#reference", "#email"] {
            assert!(wrong.text.contains(&format!("<a href=\"{id}\">")), "{}", wrong.text);
        }
        for (reference, email) in [(own, "ada@mail.example"), (own, "eve@mail.example"), ("4X7-K92-MQ3", "ada@mail.example"), ("nonsense", "ada@mail.example")] {
            let answer = ask(reference, email).await;
            assert_eq!((answer.status, answer.header("location")), (303, Some("/find-my-link/sent")), "{reference}");
        }
        assert_eq!(app.mails_to("eve@mail.example").await.len(), 0);
        assert_eq!(app.mails_to("ada@mail.example").await.len(), 2);
        assert_eq!(browser.post("/find-my-link", OWN, "reference=x&email=ada%40mail.example").await.status, 403);
    }
}
