//! The pages of agents and officers do what the API does, and lose no word.

use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::people::reference;
use crate::sign_in_links::{Browser, OWN};
use crate::support::{Reply, TestApp};

const PASSWORD: &str = "correct horse battery staple";
const AGENT: &str = "agent@council.example";
const BINS: &str = "bins.officer@council.example";
const ROADS: &str = "roads.officer@council.example";
const LEADER: &str = "team.leader.waste-ops@council.example";

/// What a browser sends for a form.
type Fields = Vec<(String, String)>;

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// The hidden fields of the first form that is sent there.
fn form(page: &Reply, action: &str) -> Fields {
    let start = format!("action=\"{action}\"");
    let (_, after) = page
        .text
        .split_once(&start)
        .unwrap_or_else(|| panic!("no form to {action} on {}", page.text));
    let whole = after.split("</form>").next().unwrap();
    whole
        .split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|part| {
            let (name, rest) = part.split_once("\" value=\"").unwrap();
            let value = rest.split('"').next().unwrap();
            (name.to_owned(), plain(value))
        })
        .collect()
}

fn with(mut fields: Fields, more: &[(&str, &str)]) -> Fields {
    for (name, value) in more {
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

async fn send(browser: &Browser<'_>, path: &str, fields: &Fields) -> Reply {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    browser.post(path, OWN, &pairs.join("&")).await
}

/// Fills a form of a page and sends it.
async fn fill(browser: &Browser<'_>, page: &Reply, action: &str, more: &[(&str, &str)]) -> Reply {
    send(browser, action, &with(form(page, action), more)).await
}

async fn sign_in<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let browser = Browser::new(app);
    let page = browser.get("/sign-in").await;
    let given = [("email", email), ("password", PASSWORD)];
    let signed = fill(&browser, &page, "/sign-in/password", &given).await;
    assert_eq!(signed.status, 303, "{}", signed.text);
    browser
}

fn location(reply: &Reply) -> &str {
    reply
        .header("location")
        .unwrap_or_else(|| panic!("{} {}", reply.status, reply.text))
}

async fn timeline(app: &TestApp, case: &str) -> Vec<Value> {
    let officer = app.officer().await;
    let path = format!("/v1/cases/{case}/timeline?limit=100");
    let lines = app.get(&officer, &path).await.expect(200);
    lines["items"].as_array().unwrap().clone()
}

async fn kinds(app: &TestApp, case: &str) -> Vec<String> {
    let lines = timeline(app, case).await;
    lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap().to_owned())
        .collect()
}

async fn n_cases(app: &TestApp) -> Value {
    let officer = app.officer().await;
    let all = app.get(&officer, "/v1/cases?include=total&limit=1").await;
    all.expect(200)["total"].clone()
}

const CALL: &[(&str, &str)] = &[
    ("channel", "phone"),
    ("subject", "Missed bin"),
    ("body", "The black bin was out by six and nobody came."),
    ("name", "Ada Example"),
    ("email", "ada@mail.example"),
    ("phone", "01632 960123"),
    ("address", "14 Larkfield Rise"),
    ("postcode", "ZZ1 1AA"),
    ("place", "waste-collection/missed-bin"),
];

stories! {
    async fn somebody_signs_in_with_their_password_and_goes_on_where_they_were_going(app) {
        let browser = Browser::new(&app);
        let turned = browser.get("/queues/waste-ops?owner=none").await;
        assert_eq!((turned.status, location(&turned)), (303, "/sign-in?next=/queues/waste-ops?owner=none"));
        let page = browser.get(location(&turned)).await;
        let wrong = fill(&browser, &page, "/sign-in/password", &[("email", BINS), ("password", "something else")]).await;
        assert_eq!(wrong.status, 401);
        assert!(wrong.text.contains("do not belong together") && wrong.text.contains(BINS), "{}", wrong.text);
        assert!(!wrong.text.contains("something else"), "{}", wrong.text);
        let right = fill(&browser, &wrong, "/sign-in/password", &[("email", BINS), ("password", PASSWORD)]).await;
        assert_eq!((right.status, location(&right)), (303, "/queues/waste-ops?owner=none"), "{}", right.text);
        assert_eq!(browser.get("/work").await.status, 200);
        // Nobody is sent on to another site.
        let other = Browser::new(&app);
        let page = other.get("/sign-in?next=//elsewhere.example/").await;
        assert!(!page.text.contains("elsewhere"), "{}", page.text);
        let given = [("next", "https://elsewhere.example/"), ("email", BINS), ("password", PASSWORD)];
        let signed = fill(&other, &page, "/sign-in/password", &given).await;
        assert_eq!(location(&signed), "/account");
    }

    async fn guesses_at_a_page_are_counted_like_guesses_at_the_api(app) {
        let browser = Browser::new(&app);
        let page = browser.get("/sign-in").await;
        let mut last = 0;
        for _ in 0..40 {
            let guess = [("email", AGENT), ("password", "a guess of somebody")];
            last = fill(&browser, &page, "/sign-in/password", &guess).await.status;
            if last == 429 {
                break;
            }
        }
        assert_eq!(last, 429);
    }

    async fn an_agent_looks_at_a_call_before_saving_it_and_the_case_is_the_one_the_api_makes(app) {
        let browser = sign_in(&app, AGENT).await;
        let before = n_cases(&app).await;
        let empty = browser.get("/log").await;
        assert_eq!(empty.status, 200, "{}", empty.text);
        let look = fill(&browser, &empty, "/log", &with(Vec::new(), CALL).iter().map(|(a, b)| (a.as_str(), b.as_str()))
            .chain([("do", "look")]).collect::<Vec<_>>()).await;
        assert_eq!(look.status, 200, "{}", look.text);
        for wanted in ["Tuesday 24 November 2026", "Read this out", "The black bin was out by six", "Missed bin"] {
            assert!(look.text.contains(wanted), "{wanted} is not on {}", look.text);
        }
        assert!(!look.text.contains("Your reference is"), "nothing has a reference yet: {}", look.text);
        assert_eq!(n_cases(&app).await, before, "a look keeps nothing");
        assert!(app.mails().await.is_empty(), "and tells nobody");
        let fields = with(form(&look, "/log"), CALL);
        let fields = with(fields, &[("do", "save")]);
        let saved = send(&browser, "/log", &fields).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let case = location(&saved).trim_start_matches("/cases/").split('?').next().unwrap().to_owned();
        assert_eq!(location(&send(&browser, "/log", &fields).await), location(&saved), "sent twice it is saved once");
        let officer = app.officer().await;
        let by_page = app.get(&officer, &format!("/v1/cases/{case}")).await.expect(200);
        let by_api = log(&app, {
            let mut other = missed_bin();
            other["person"] = json!({"name": "Bob Other", "email": "bob@mail.example"});
            other
        }).await["case"].clone();
        for same in ["queue", "service", "category", "procedure", "acknowledge_by", "respond_by", "first_promised_on",
            "priority", "channel"] {
            assert_eq!(by_page[same], by_api[same], "{same}");
        }
        let mails = app.mails_to("ada@mail.example").await;
        assert_eq!(mails.len(), 1, "one confirmation");
        assert_eq!(mails[0].kind(), "confirmation");
        let page = browser.get(&format!("/cases/{case}?done=logged")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        for wanted in [&format!("Your reference is {case}"), "The contact is saved.", "Why this date",
            "Tuesday 24 November 2026"] {
            assert!(page.text.contains(wanted), "{wanted} is not on {}", page.text);
        }
        // A second call finds her, and what she has.
        let again = fill(&browser, &browser.get("/log").await, "/log", &[
            ("channel", "phone"), ("body", "Still not collected."), ("phone", "01632 960123"), ("do", "look"),
        ]).await;
        assert!(again.text.contains("Ada Example") && again.text.contains(&case), "{}", again.text);
    }

    async fn what_is_wrong_with_a_contact_is_named_and_every_word_is_kept(app) {
        let browser = sign_in(&app, AGENT).await;
        let page = browser.get("/log").await;
        let given = [("channel", "phone"), ("body", "They said \"no\" & <left>."), ("email", "not an address"), ("do", "save")];
        let refused = fill(&browser, &page, "/log", &given).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("href=\"#log-email\""), "{}", refused.text);
        assert!(refused.text.contains("They said &quot;no&quot; &amp; &lt;left&gt;."), "{}", refused.text);
    }

    async fn what_somebody_may_not_know_of_is_not_there_on_pages_either(app) {
        let bin = reference(&log(&app, missed_bin()).await);
        let secret = log(&app, json!({
            "channel": "phone", "body": "I am worried about the child next door.",
            "service": "childrens-social-care", "category": "child-at-risk",
        })).await["receipt"]["reference"].as_str().unwrap().to_owned();
        let roads = sign_in(&app, ROADS).await;
        let bins = sign_in(&app, BINS).await;
        let agent = sign_in(&app, AGENT).await;
        let token = form(&roads.get("/find").await, "/find");
        for (who, case) in [(&roads, &bin), (&roads, &secret), (&agent, &secret)] {
            let page = who.get(&format!("/cases/{case}")).await;
            assert_eq!(page.status, 404, "{}", page.text);
        }
        let note = send(&roads, &format!("/cases/{bin}/notes"), &with(token, &[("text", "Mine?")])).await;
        assert_eq!(note.status, 404, "{}", note.text);
        assert_eq!(bins.get(&format!("/cases/{bin}")).await.status, 200);
        let mash = sign_in(&app, "mash.officer@council.example").await;
        let page = mash.get(&format!("/cases/{secret}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        // That they looked is put down, as by the API.
        let auditor = app.sign_in("auditor@council.example").await;
        let looks = app.get(&auditor, "/v1/audit?action=case.read&limit=100").await.expect(200);
        assert!(!looks["items"].as_array().unwrap().is_empty(), "{looks:#}");
        // Those who work no cases have no such pages, and may not make any.
        let admin = sign_in(&app, "admin@council.example").await;
        assert_eq!(admin.get("/work").await.status, 403);
        assert_eq!(admin.get("/log").await.status, 403);
    }

    async fn a_form_from_another_site_changes_nothing(app) {
        let case = reference(&log(&app, missed_bin()).await);
        let browser = sign_in(&app, BINS).await;
        let path = format!("/cases/{case}/notes");
        let page = browser.get(&format!("/cases/{case}")).await;
        let fields = with(form(&page, &path), &[("text", "Not mine.")]);
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let body = body.join("&");
        for headers in [&[("sec-fetch-site", "cross-site")][..], &[("origin", "https://elsewhere.example")]] {
            assert_eq!(browser.post(&path, headers, &body).await.status, 403);
        }
        assert_eq!(browser.post(&path, OWN, "text=Not+mine.").await.status, 403, "no seal");
        let other = sign_in(&app, LEADER).await;
        assert_eq!(other.post(&path, OWN, &body).await.status, 403, "somebody else's form");
        assert!(!kinds(&app, &case).await.contains(&"noted".to_owned()));
        assert_eq!(browser.post(&path, OWN, &body).await.status, 303);
        assert!(kinds(&app, &case).await.contains(&"noted".to_owned()));
    }

    async fn a_session_that_ends_while_somebody_writes_loses_no_word(app) {
        let case = reference(&log(&app, missed_bin()).await);
        let browser = sign_in(&app, BINS).await;
        let path = format!("/cases/{case}/notes");
        let page = browser.get(&format!("/cases/{case}")).await;
        let words = "Rang at three; she said: \"the lid is <broken>\".";
        let fields = with(form(&page, &path), &[("text", words), ("audience", "team")]);
        // Signed out elsewhere: the cookie stays and opens nothing.
        let elsewhere = Browser::new(&app);
        elsewhere.cookies.borrow_mut().clone_from(&browser.cookies.borrow());
        let account = elsewhere.get("/account").await;
        assert_eq!(fill(&elsewhere, &account, "/account/sign-out", &[]).await.status, 303);
        let over = send(&browser, &path, &fields).await;
        assert_eq!(over.status, 401, "{}", over.text);
        assert!(over.text.contains("every word you wrote is kept"), "{}", over.text);
        assert!(!over.text.contains("the lid is"), "sealed, on a computer others use");
        // Somebody else who signs in there does not get her words.
        let other = Browser::new(&app);
        other.cookies.borrow_mut().clone_from(&browser.cookies.borrow());
        let given = [("email", ROADS), ("password", PASSWORD)];
        let not_hers = fill(&other, &over, "/sign-in/password", &given).await;
        assert_eq!(not_hers.status, 303, "{}", not_hers.text);
        let given = [("email", BINS), ("password", PASSWORD)];
        let back = fill(&browser, &over, "/sign-in/password", &given).await;
        assert_eq!(back.status, 200, "{}", back.text);
        assert!(plain(&back.text).contains(words), "{}", back.text);
        let done = fill(&browser, &back, &path, &[]).await;
        assert_eq!(done.status, 303, "{}", done.text);
        let lines = timeline(&app, &case).await;
        let notes: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "noted").collect();
        assert_eq!(notes.len(), 1, "{lines:#?}");
        assert_eq!(notes[0]["detail"]["text"], words);
    }

    async fn of_two_people_at_one_case_the_second_sees_what_the_first_did_and_keeps_their_words(app) {
        let case = reference(&log(&app, missed_bin()).await);
        let (first, second) = (sign_in(&app, LEADER).await, sign_in(&app, BINS).await);
        let where_it_is = format!("/cases/{case}");
        let (page_one, page_two) = (first.get(&where_it_is).await, second.get(&where_it_is).await);
        let pauses = format!("{where_it_is}/pauses");
        let waits = [("reason", "The crew is away."), ("waiting_for", "contractor"), ("resume_on", "2026-12-01")];
        assert_eq!(fill(&first, &page_one, &pauses, &waits).await.status, 303);
        let transfers = format!("{where_it_is}/transfers");
        let passes = [("queue", "highways"), ("reason", "It is the road that was closed.")];
        let late = fill(&second, &page_two, &transfers, &passes).await;
        assert_eq!(late.status, 409, "{}", late.text);
        for wanted in ["Somebody has changed this case", "Tess Leader", "The crew is away.", "It is the road that was closed."] {
            assert!(late.text.contains(wanted), "{wanted} is not on {}", late.text);
        }
        let officer = app.officer().await;
        let now = app.get(&officer, &format!("/v1/cases/{case}")).await.expect(200);
        assert_eq!(now["queue"], "waste-ops");
        // With what they have seen now, it goes through. A note always fits.
        let notes = format!("{where_it_is}/notes");
        assert_eq!(fill(&second, &page_two, &notes, &[("text", "Seen.")]).await.status, 303);
        let again = second.get(&where_it_is).await;
        assert_eq!(fill(&second, &again, &transfers, &passes).await.status, 303);
    }

    async fn a_reply_is_looked_over_sent_once_and_taken_back(app) {
        let case = reference(&log(&app, missed_bin()).await);
        app.mails().await;
        let browser = sign_in(&app, BINS).await;
        let replies = format!("/cases/{case}/replies");
        let begun = browser.get(&format!("/cases/{case}?draft=answer")).await;
        assert!(begun.text.contains("Dear Ada Example,"), "{}", begun.text);
        let given = [("text", "Dear Ada Example,\nWe will come soon."), ("kind", "substantive"), ("outcome", "resolved"),
            ("do", "look")];
        let look = fill(&browser, &begun, &replies, &given).await;
        assert_eq!(look.status, 200, "{}", look.text);
        for wanted in ["Look again", "It says “soon”. Give a date instead.", "Ada Example", "You", "2 minutes"] {
            assert!(look.text.contains(wanted), "{wanted} is not on {}", look.text);
        }
        assert!(!kinds(&app, &case).await.contains(&"replied".to_owned()), "nothing was sent");
        let change = fill(&browser, &look, &replies, &[("do", "change")]).await;
        assert!(change.text.contains("We will come soon."), "{}", change.text);
        let fields = with(form(&look, &replies), &[("do", "send")]);
        let sent = send(&browser, &replies, &fields).await;
        assert_eq!((sent.status, location(&sent)), (303, format!("/cases/{case}?done=reply").as_str()), "{}", sent.text);
        assert_eq!(send(&browser, &replies, &fields).await.status, 303, "twice is once");
        let page = browser.get(location(&sent)).await;
        let (_, back) = page.text.split_once(&format!("action=\"{replies}/")).expect("a way to take it back");
        let back = format!("{replies}/{}", back.split('"').next().unwrap());
        let taken = fill(&browser, &page, &back, &[]).await;
        assert_eq!(location(&taken), format!("/cases/{case}?done=taken_back"), "{}", taken.text);
        let told: Vec<String> = app.mails_to("ada@mail.example").await.iter().map(|mail| mail.kind().to_owned()).collect();
        assert_eq!(told, ["confirmation"]);
        let happened = kinds(&app, &case).await;
        assert_eq!(happened.iter().filter(|kind| *kind == "replied").count(), 1, "{happened:?}");
        assert!(happened.contains(&"reply_taken_back".to_owned()), "{happened:?}");
    }

    async fn a_case_is_taken_passed_over_given_away_and_closed_by_its_page(app) {
        let first = reference(&log(&app, missed_bin()).await);
        let second = reference(&log(&app, {
            let mut other = missed_bin();
            other["person"] = json!({"name": "Bob Other", "email": "bob@mail.example"});
            other
        }).await);
        let browser = sign_in(&app, BINS).await;
        let page = browser.get("/work").await;
        assert!(page.text.contains("You have no open cases."), "{}", page.text);
        let taken = fill(&browser, &page, "/work/next", &[]).await;
        assert_eq!(location(&taken), format!("/cases/{first}?done=taken"));
        let mine = browser.get("/work").await;
        assert!(mine.text.contains(&first) && !mine.text.contains(&second), "{}", mine.text);
        // Several at once, each by the rules for one.
        let leader = sign_in(&app, LEADER).await;
        let queue = leader.get("/queues/waste-ops").await;
        let none = fill(&leader, &queue, "/work/assignments", &[("owner", "me")]).await;
        assert_eq!(none.status, 422);
        assert!(none.text.contains("Choose at least one case."), "{}", none.text);
        let (fresh, stale) = (format!("{second} 1"), format!("{first} 1"));
        let given = fill(&leader, &queue, "/work/assignments",
            &[("cases", &fresh), ("cases", &stale), ("owner", "officer@council.example")]).await;
        assert_eq!(given.status, 409, "{}", given.text);
        assert!(given.text.contains("1 case was given away") && given.text.contains(&first), "{}", given.text);
        // Only what may be done is offered.
        let offered = browser.get(&format!("/cases/{first}")).await;
        for act in ["closures", "transfers", "merges", "pauses"] {
            assert!(offered.text.contains(&format!("/cases/{first}/{act}\"")), "{act}");
        }
        assert!(!offered.text.contains("/reopenings\"") && !offered.text.contains("/resumptions\""));
        let agent = sign_in(&app, AGENT).await;
        let agents = agent.get(&format!("/cases/{first}")).await;
        assert!(!agents.text.contains("/extensions\"") && !agents.text.contains("/merges\""), "{}", agents.text);
        let closures = format!("/cases/{first}/closures");
        let closed = fill(&browser, &offered, &closures, &[("outcome", "resolved")]).await;
        assert_eq!(closed.status, 303, "{}", closed.text);
        let after = browser.get(&format!("/cases/{first}")).await;
        assert!(after.text.contains("/reopenings\"") && !after.text.contains("/closures\""), "{}", after.text);
    }

    async fn every_other_form_of_a_case_does_what_its_operation_does(app) {
        let case = reference(&log(&app, missed_bin()).await);
        let other = reference(&log(&app, {
            let mut other = missed_bin();
            other["person"] = json!({"name": "Bob Other", "email": "bob@mail.example"});
            other
        }).await);
        let browser = sign_in(&app, LEADER).await;
        let path = format!("/cases/{case}");
        let act = async |act: &str, given: &[(&str, &str)]| {
            let page = browser.get(&path).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let done = fill(&browser, &page, &format!("{path}/{act}"), given).await;
            assert_eq!(done.status, 303, "{act}: {}", done.text);
        };
        act("assignments", &[("to", "me")]).await;
        act("acknowledgements", &[("how", "spoken")]).await;
        act("promises", &[("what", "Ring back"), ("on", "2026-11-24"), ("at", "15:00")]).await;
        act("questions", &[("text", "Which of the two gates is it?"), ("resume_on", "2026-12-01")]).await;
        act("resumptions", &[]).await;
        act("changes", &[("category", "waste-collection/missed-bin"), ("priority", "high"), ("subject", "A medical bin")]).await;
        act("links", &[("kind", "related"), ("case", &other)]).await;
        act("identity-checks", &[("how", "phone"), ("result", "passed"), ("asked", "name"), ("asked", "address")]).await;
        let happened = kinds(&app, &case).await;
        for kind in ["assigned", "acknowledged", "promised", "asked", "resumed", "amended", "linked", "identity_checked"] {
            assert!(happened.iter().any(|own| own == kind), "{kind} is not among {happened:?}");
        }
        let lines = timeline(&app, &case).await;
        let promised = lines.iter().find(|line| line["kind"] == "promised").unwrap();
        assert_eq!(promised["detail"]["by"], "2026-11-24T15:00:00Z");
        // What a form lacks is named beside its field, and nothing is done.
        let page = browser.get(&path).await;
        let lacking = fill(&browser, &page, &format!("{path}/promises"), &[("what", "Ring back"), ("on", "yesterday")]).await;
        assert_eq!(lacking.status, 422, "{}", lacking.text);
        assert!(lacking.text.contains("href=\"#promises-on\""), "{}", lacking.text);
        let any = form(&page, &format!("{path}/notes"));
        assert_eq!(send(&browser, &format!("{path}/nothing-like-it"), &any).await.status, 404);
    }

    async fn one_press_puts_a_case_where_its_words_say(app) {
        let logged = log(&app, json!({
            "channel": "phone", "body": "It is about the thing we spoke of.",
            "person": {"name": "Ada Example", "email": "ada@mail.example"},
        })).await;
        let case = reference(&logged);
        assert_eq!(logged["case"]["queue"], "triage", "{logged:#}");
        let browser = sign_in(&app, AGENT).await;
        let page = browser.get("/to-place").await;
        assert!(page.text.contains("It is about the thing we spoke of."), "{}", page.text);
        let path = format!("/to-place/{case}");
        let nowhere = fill(&browser, &page, &path, &[("place", "waste-collection/nothing")]).await;
        assert_eq!(nowhere.status, 422, "{}", nowhere.text);
        let placed = fill(&browser, &page, &path, &[("place", "waste-collection/missed-bin")]).await;
        assert_eq!(location(&placed), "/to-place?done=placed", "{}", placed.text);
        let officer = app.officer().await;
        let now = app.get(&officer, &format!("/v1/cases/{case}")).await.expect(200);
        assert_eq!((&now["queue"], &now["category"]), (&json!("waste-ops"), &json!("missed-bin")));
        let late = fill(&browser, &page, &path, &[("place", "waste-collection/missed-bin")]).await;
        assert_eq!(late.status, 409, "{}", late.text);
    }

    async fn people_and_cases_are_found_without_a_name_in_an_address(app) {
        let case = reference(&log(&app, missed_bin()).await);
        let browser = sign_in(&app, AGENT).await;
        let page = browser.get("/find").await;
        assert!(!page.text.contains("method=\"get\""), "{}", page.text);
        let people = fill(&browser, &page, "/find", &[("phone", "01632 960123")]).await;
        assert_eq!(people.status, 200, "{}", people.text);
        let (_, person) = people.text.split_once("href=\"/people/").expect("Ada is found");
        let person = browser.get(&format!("/people/{}", person.split('"').next().unwrap())).await;
        assert!(person.text.contains("Ada Example") && person.text.contains(&case), "{}", person.text);
        assert!(!person.text.contains("<title>Ada"), "{}", person.text);
        let opened = fill(&browser, &page, "/find", &[("reference", &case.to_lowercase())]).await;
        assert_eq!(location(&opened), format!("/cases/{case}"));
        let words = fill(&browser, &page, "/find", &[("q", "bin")]).await;
        assert!(words.text.contains(&case), "{}", words.text);
        let unknown = fill(&browser, &page, "/find", &[("reference", "4X7-K92-MQ3")]).await;
        assert_eq!(unknown.status, 422, "{}", unknown.text);
    }

    async fn a_letter_is_posted_and_a_person_put_right_by_the_pages(app) {
        let case = reference(&log(&app, {
            let mut by_post = missed_bin();
            by_post["person"] = json!({
                "name": "Bob Other", "address": {"lines": ["3 Beck Row"], "postcode": "ZZ1 1AB"},
            });
            by_post
        }).await);
        let browser = sign_in(&app, BINS).await;
        let path = format!("/cases/{case}");
        let page = browser.get(&path).await;
        let start = format!("action=\"{path}/notices/");
        let (_, letter) = page.text.split_once(&start).unwrap_or_else(|| panic!("no letter on {}", page.text));
        let letter = letter.split('"').next().unwrap();
        assert!(page.text.contains("a letter to print and post") && page.text.contains("3 Beck Row"), "{}", page.text);
        let posted = format!("{path}/notices/{letter}");
        let late = fill(&browser, &page, &posted, &[("posted_on", "2027-01-01"), ("do", "posted")]).await;
        assert_eq!(late.status, 422, "{}", late.text);
        assert!(late.text.contains(&format!("href=\"#posted-{letter}\"")), "{}", late.text);
        assert!(late.text.contains("value=\"2027-01-01\""), "what was written is kept: {}", late.text);
        assert!(!late.text.contains("Send it again"), "that is for team leaders");
        let done = fill(&browser, &page, &posted, &[("posted_on", "2026-11-20"), ("do", "posted")]).await;
        assert_eq!(location(&done), format!("{path}?done=letter_posted"), "{}", done.text);
        assert!(!browser.get(&path).await.text.contains(&start), "there is nothing more to do about it");

        let (_, person) = page.text.split_once("href=\"/people/").unwrap();
        let person = format!("/people/{}", person.split(['"', '#']).next().unwrap());
        let page = browser.get(&person).await;
        let known = [("name", "Bob Other"), ("address", "3 Beck Row"), ("postcode", "ZZ1 1AB")];
        let wrong = [known.as_slice(), &[("email", "not an address")]].concat();
        let wrong = fill(&browser, &page, &person, &wrong).await;
        assert_eq!(wrong.status, 422, "{}", wrong.text);
        assert!(wrong.text.contains("href=\"#person-email\"") && wrong.text.contains("not an address"), "{}", wrong.text);
        let right = [known.as_slice(), &[("email", "bob@mail.example"), ("format", "large_print")]].concat();
        let right = fill(&browser, &page, &person, &right).await;
        assert_eq!(location(&right), format!("{person}?done=person_changed"), "{}", right.text);
        let page = browser.get(&path).await;
        assert!(page.text.contains("large print"), "it stands before everything else on his case: {}", page.text);
    }
}
