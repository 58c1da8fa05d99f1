//! Pages of councillors, managers and administrators, used as people use them and held against the API.

use std::cell::RefCell;
use std::collections::BTreeMap;

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::intake::{log, missed_bin};
use crate::support::{Caller, PASSWORD, Reply, TestApp};

const MEMBER: &str = "cllr.anwen.prothero@council.example";
const HEAD: &str = "head.of.waste.and.street.scene@council.example";
const LEADER: &str = "team.leader.waste-ops@council.example";
const ADMIN: &str = "admin@council.example";
const AUDITOR: &str = "auditor@council.example";
const OFFICER: &str = "officer@council.example";

/// Somebody at a browser, signed in.
struct Visitor<'a> {
    app: &'a TestApp,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// A page, and how it was answered.
struct Page(Reply);

impl<'a> Visitor<'a> {
    async fn signed_in(app: &'a TestApp, email: &str) -> Self {
        let visitor = Self {
            app,
            cookies: RefCell::default(),
        };
        let page = visitor.get("/sign-in").await.is(200);
        let sent = visitor
            .post(
                &page,
                "/sign-in/password",
                &[("email", email), ("password", PASSWORD)],
            )
            .await;
        assert_eq!(sent.0.status, 303, "{email}: {}", sent.0.text);
        visitor
    }

    async fn send(&self, request: TestRequest) -> Page {
        let cookies: Vec<String> = self
            .cookies
            .borrow()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request
            .insert_header(("cookie", cookies.join("; ")))
            .insert_header(("sec-fetch-site", "same-origin"));
        let reply = self.app.send(&Caller::nobody(), request).await;
        for (_, set) in reply
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.borrow_mut();
            if value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Page(reply)
    }

    async fn get(&self, path: &str) -> Page {
        self.send(TestRequest::get().uri(path)).await
    }

    /// Sends a form that stands on a page, with its seals.
    async fn post(&self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        let sealed = ["form_token", "form_of", "form_key"].map(|name| (name, page.field(name)));
        let sealed = sealed.iter().map(|(name, value)| (*name, value.as_deref()));
        let pairs: Vec<String> = sealed
            .chain(fields.iter().map(|(name, value)| (*name, Some(*value))))
            .filter_map(|(name, value)| Some(format!("{name}={}", encoded(value?))))
            .collect();
        let request = TestRequest::post()
            .uri(path)
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(pairs.join("&"));
        self.send(request).await
    }

    /// The same with a file in it.
    async fn post_file(&self, page: &Page, path: &str, file: &str) -> Page {
        let mut body = String::new();
        for name in ["form_token", "form_of", "form_key"] {
            let value = page.field(name).unwrap();
            body.push_str(&format!(
                "--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"catalogue.json\"\r\n\
             content-type: application/json\r\n\r\n{file}\r\n--edge--\r\n"
        ));
        let request = TestRequest::post()
            .uri(path)
            .insert_header(("content-type", "multipart/form-data; boundary=edge"))
            .set_payload(body);
        self.send(request).await
    }
}

impl Page {
    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.0.status, status, "{}", self.0.text);
        self
    }

    /// Where a form led.
    #[track_caller]
    fn leads_to(&self) -> &str {
        assert_eq!(self.0.status, 303, "{}", self.0.text);
        self.0.header("location").unwrap()
    }

    #[track_caller]
    fn says(&self, words: &str) -> &Self {
        assert!(
            self.text().contains(words),
            "“{words}” is not in {}",
            self.text()
        );
        self
    }

    #[track_caller]
    fn says_nothing_of(&self, words: &str) -> &Self {
        assert!(
            !self.0.text.contains(words),
            "“{words}” is in {}",
            self.0.text
        );
        self
    }

    /// What stands in `main`, without its marks: what somebody reads.
    fn text(&self) -> String {
        let main = self.0.text.split("<main").nth(1).unwrap_or(&self.0.text);
        let main = main.split("</main>").next().unwrap();
        let mut text = String::new();
        let mut is_mark = false;
        for letter in main.chars() {
            match letter {
                '<' => is_mark = true,
                '>' => {
                    is_mark = false;
                    text.push(' ');
                }
                _ if !is_mark => text.push(letter),
                _ => {}
            }
        }
        let text = text
            .replace("&amp;", "&")
            .replace("&#39;", "'")
            .replace("&quot;", "\"");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The value of a field, hidden or not.
    fn field(&self, name: &str) -> Option<String> {
        let (_, after) = self
            .0
            .text
            .split_once(&format!("name=\"{name}\" value=\""))?;
        let value = after.split('"').next()?;
        let value = value
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">");
        Some(value.replace("&amp;", "&"))
    }

    /// The rows of its tables: the cells of each, as they are read.
    fn rows(&self) -> Vec<Vec<String>> {
        let rows = self.0.text.split("<tr>").skip(1);
        rows.map(|row| {
            let row = row.split("</tr>").next().unwrap();
            row.split_inclusive("</td>")
                .flat_map(|part| part.split_inclusive("</th>"))
                .map(|cell| {
                    Page(Reply {
                        status: 200,
                        headers: Vec::new(),
                        text: cell.to_owned(),
                    })
                    .text()
                })
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect()
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// An account the administrator makes.
async fn account(app: &TestApp, body: Value) -> Value {
    let admin = app.sign_in(ADMIN).await;
    app.post(&admin, "/v1/users", body).await.expect(201)
}

async fn case(app: &TestApp, who: &Caller, reference: &str) -> Value {
    app.get(who, &format!("/v1/cases/{reference}"))
        .await
        .expect(200)
}

stories! {
    async fn a_councillor_raises_for_a_constituent_by_the_page_and_the_same_case_comes_of_it(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let member = Visitor::signed_in(&app, MEMBER).await;
        let words = "The drain in the road outside 9 Beck Row is blocked and the gate floods.";
        let form = member.get("/my-enquiries/new").await.is(200);
        let fields = [
            ("subject", "Blocked drain"), ("body", words), ("place", "9 Beck Row"),
            ("about", "agrees"), ("name", "Daniel Amadi"), ("email", "amadi@mail.example"), ("how", "written"),
        ];
        let sent = member.post(&form, "/my-enquiries/new", &fields).await;
        let place = sent.leads_to().to_owned();
        let reference = place.trim_start_matches("/my-enquiries/").split('?').next().unwrap().to_owned();

        // A double click is one enquiry.
        assert_eq!(member.post(&form, "/my-enquiries/new", &fields).await.leads_to(), place);

        // What an officer finds is what the API would have made of the same.
        let officer = app.officer().await;
        let by_page = case(&app, &officer, &reference).await;
        let asked = json!({
            "channel": "councillor", "subject": "Blocked drain", "body": words, "location": {"description": "9 Beck Row"},
            "on_behalf_of": {"name": "Daniel Amadi", "email": "amadi@mail.example", "consent": {"given": true, "how": "written"}},
        });
        let caller = app.sign_in(MEMBER).await;
        let by_api = app.post(&caller, "/v1/contacts", asked).await.expect(201);
        let by_api = case(&app, &officer, by_api["case"]["reference"].as_str().unwrap()).await;
        for member in ["channel", "procedure", "service", "category", "queue", "subject", "requester_kind", "respond_on", "location"] {
            assert_eq!(by_page[member], by_api[member], "{member}");
        }
        assert_eq!(by_page["member_enquiry"]["basis"], "consent_attached");
        assert_eq!(by_page["member_enquiry"]["reply_scope"], by_api["member_enquiry"]["reply_scope"]);
        assert_eq!(by_page["people"].as_array().unwrap().len(), by_api["people"].as_array().unwrap().len());
        let all = app.get(&caller, "/v1/cases?procedure=member_enquiry&limit=100").await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 2, "the double click opened none");

        // The page says the date, whom to ask, and words to send on.
        let page = member.get(&place).await.is(200);
        page.says("We have your enquiry.").says(&reference).says("Monday 7 December 2026");
        let answers_for = &by_page["answers_for"];
        for post in ["head_of_service", "portfolio_holder"] {
            page.says(answers_for[post]["title"].as_str().unwrap()).says(answers_for[post]["email"].as_str().unwrap());
        }
        page.says("You told us that the person agrees.");
        page.says("They have promised me an answer by Monday 7 December 2026.");
        member.get("/my-enquiries").await.is(200).says("Blocked drain").says(&reference);
    }

    async fn what_is_missing_is_named_and_no_word_is_lost(app) {
        let member = Visitor::signed_in(&app, MEMBER).await;
        let form = member.get("/my-enquiries/new").await.is(200);
        let fields = [("subject", ""), ("body", "It floods every week."), ("about", "unknown"), ("name", ""), ("email", "nobody@"), ("place", "Beck Row")];
        let again = member.post(&form, "/my-enquiries/new", &fields).await.is(422);
        again.says("There is a problem").says("Say in one line what it is about.").says("Give the name of the person you ask for.");
        assert!(again.0.text.contains("It floods every week.") && again.0.text.contains("Beck Row"));
        let fields = [("subject", "Flooding"), ("body", "It floods every week."), ("about", "unknown"), ("name", "Daniel Amadi"), ("email", "nobody@")];
        let again = member.post(&again, "/my-enquiries/new", &fields).await.is(422);
        assert!(again.0.text.contains("href=\"#email\""), "{}", again.0.text);
        let elsewhere = member.post(&Page(Reply { status: 200, headers: Vec::new(), text: String::new() }), "/my-enquiries/new", &fields).await;
        assert_eq!(elsewhere.0.status, 403, "a form without our seal");
    }

    async fn a_councillor_sees_what_they_raised_and_nothing_else(app) {
        let reference = {
            let member = app.sign_in(MEMBER).await;
            let raised = json!({"channel": "councillor", "subject": "Street light", "body": "The street light on Vale Terrace is out."});
            let raised = app.post(&member, "/v1/contacts", raised).await.expect(201);
            raised["case"]["reference"].as_str().unwrap().to_owned()
        };
        let bin = log(&app, missed_bin()).await["case"]["reference"].as_str().unwrap().to_owned();
        account(&app, json!({
            "email": "cllr.other@council.example", "name": "Other Councillor", "role": "councillor",
            "password": PASSWORD, "services": ["waste-collection"],
        })).await;
        let own = Visitor::signed_in(&app, MEMBER).await;
        own.get("/my-enquiries").await.is(200).says(&reference).says_nothing_of(&bin);
        own.get(&format!("/my-enquiries/{reference}")).await.is(200);
        own.get(&format!("/my-enquiries/{bin}")).await.is(404).says_nothing_of("Ada");

        // A portfolio lets them follow the bin by the API, but it is not theirs.
        let other = Visitor::signed_in(&app, "cllr.other@council.example").await;
        let follows = app.sign_in("cllr.other@council.example").await;
        assert_eq!(case(&app, &follows, &bin).await["public_view"]["reference"], bin.as_str());
        other.get("/my-enquiries?show=all").await.is(200).says("There is nothing here").says_nothing_of(&bin);
        for hidden in [&bin, &reference] {
            let form = other.get("/my-enquiries/new").await.is(200);
            other.get(&format!("/my-enquiries/{hidden}")).await.is(404);
            let path = format!("/my-enquiries/{hidden}");
            let sent = other.post(&form, &path, &[("body", "Let me in.")]).await;
            assert_eq!(sent.0.status, 404, "{}", sent.0.text);
        }
        other.get("/my-ward").await.is(403).says("Your account names no ward");
    }

    async fn a_councillor_reads_the_figures_of_the_ward_their_account_names(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        for n in 0..6 {
            log(&app, json!({
                "channel": "phone", "body": format!("Number {n}."), "service": "waste-collection", "category": "missed-bin",
                "person": {"name": format!("Person {n}"), "email": format!("p{n}@mail.example")},
            })).await;
        }
        app.database.by_hand("UPDATE cases SET ward = 'larkfield'");
        app.database.by_hand("UPDATE case_measures SET ward = 'larkfield', is_unrolled = is_closed");
        app.jump_to("2026-12-02T09:00:00Z").await;
        for (n, ward) in ["larkfield", "Larkfield"].into_iter().enumerate() {
            let email = format!("cllr.ward{n}@council.example");
            account(&app, json!({"email": email, "name": "Ward Councillor", "role": "councillor", "password": PASSWORD, "ward": ward})).await;
            let caller = app.sign_in(&email).await;
            let told = app.get(&caller, "/v1/reports/ward").await.expect(200);
            let line = &told["items"][0];
            assert_eq!(line["received"], 6, "{ward}: {told:#}");
            let page = Visitor::signed_in(&app, &email).await.get("/my-ward").await.is(200);
            page.says("How we answer in Larkfield");
            let rows = page.rows();
            assert_eq!(line["answered"], json!({"in_time": 0, "of": 6, "percent": 0.0}));
            let percent = "0% of 6".to_owned();
            assert_eq!(rows[1][1..3], ["6".to_owned(), percent], "{rows:?}");
        }
        let head = Visitor::signed_in(&app, HEAD).await;
        head.get("/my-ward?ward=larkfield").await.is(200).says("How we answer in Larkfield");
    }

    async fn a_word_on_the_page_counts_as_asking_again_and_a_holding_reply_is_read_there(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let caller = app.sign_in(MEMBER).await;
        let raised = json!({"channel": "councillor", "subject": "Street light", "body": "The street light on Vale Terrace is out."});
        let raised = app.post(&caller, "/v1/contacts", raised).await.expect(201);
        let reference = raised["case"]["reference"].as_str().unwrap();
        let officer = app.officer().await;
        let reply = json!({"kind": "holding", "text": "The contractor waits for a part.", "until_on": "2026-12-14"});
        app.post(&officer, &format!("/v1/cases/{reference}/replies"), reply).await.expect(201);
        let note = json!({"text": "Not for the member.", "audience": "staff"});
        app.post(&officer, &format!("/v1/cases/{reference}/notes"), note).await.expect(201);
        app.until("2026-11-23T09:10:00Z").await;

        let member = Visitor::signed_in(&app, MEMBER).await;
        let path = format!("/my-enquiries/{reference}");
        let page = member.get(&path).await.is(200);
        page.says("We wrote to you that it takes longer.").says("The contractor waits for a part.");
        page.says("Monday 14 December 2026").says("The first date we gave you Monday 7 December 2026");
        page.says_nothing_of("Not for the member.").says_nothing_of("Olu Officer");

        let empty = member.post(&page, &path, &[("body", "  ")]).await.is(422);
        empty.says("Write what you want to tell us.");
        let sent = member.post(&page, &path, &[("body", "It is very dark. When will it be lit?")]).await;
        assert_eq!(sent.leads_to(), format!("{path}?done=word_added"));
        assert_eq!(case(&app, &officer, reference).await["chasers"], 1);
        let said = app.get(&officer, &format!("/v1/cases/{reference}/contacts")).await.expect(200);
        let last = said["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["body"], &last["channel"]), (&json!("It is very dark. When will it be lit?"), &json!("councillor")));
        member.get(&path).await.is(200).says("You asked again 1 time");
    }

    async fn a_head_of_service_sees_their_own_teams_and_what_is_late_there(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let reference = log(&app, missed_bin()).await["case"]["reference"].as_str().unwrap().to_owned();
        let mut pothole = missed_bin();
        pothole["service"] = json!("highways-maintenance");
        pothole["category"] = json!("pothole");
        pothole["body"] = json!("A pothole outside number 3.");
        let pothole = log(&app, pothole).await["case"]["reference"].as_str().unwrap().to_owned();
        app.jump_to("2026-11-26T10:00:00Z").await;

        let head = Visitor::signed_in(&app, HEAD).await;
        let caller = app.sign_in(HEAD).await;
        let queues = app.get(&caller, "/v1/queues?limit=100").await.expect(200);
        let page = head.get("/teams").await.is(200);
        let rows = page.rows();
        for queue in queues["items"].as_array().unwrap() {
            let name = queue["name"].as_str().unwrap();
            let row = rows.iter().find(|row| row[0].starts_with(name)).unwrap_or_else(|| panic!("{name} is not in {rows:?}"));
            let late = queue["overdue"].as_u64().unwrap();
            let late = if late > 0 { format!("{late} late") } else { "0".to_owned() };
            let expect = [queue["open"].to_string(), queue["due_today"].to_string(), late, queue["unowned"].to_string(), queue["to_write"].to_string()];
            assert_eq!(row[1..6], expect, "{name}");
        }
        assert_eq!(rows.len() - 1, queues["items"].as_array().unwrap().len());
        page.says(&reference).says("received Monday 23 November 2026").says_nothing_of("/teams/highways");

        let team = head.get("/teams/waste-ops").await.is(200);
        team.says(&reference).says("Answer it").says("Set a new date and tell them");
        for anchor in ["reply", "assign", "extend"] {
            assert!(team.0.text.contains(&format!("href=\"/cases/{reference}?open={anchor}#{anchor}\"")), "{anchor}");
        }
        head.get("/teams/highways").await.is(404).says_nothing_of(&pothole);

        let steps = app.get(&caller, "/v1/escalations").await.expect(200);
        assert!(!steps["items"].as_array().unwrap().is_empty());
        let page = head.get("/escalations").await.is(200);
        assert_eq!(page.0.text.matches("Told on").count(), steps["items"].as_array().unwrap().len());
        page.says(&reference).says("Head of Waste and Street Scene").says_nothing_of(&pothole);
    }

    async fn what_only_a_small_team_may_know_stands_on_no_managers_page(app) {
        app.jump_to("2026-11-23T09:00:00Z").await;
        let mut worry = missed_bin();
        for name in ["service", "category"] {
            worry.as_object_mut().unwrap().remove(name);
        }
        worry["body"] = json!("I think the little boy next door at 16 is being hit. He is covered in bruises.");
        worry["subject"] = json!("A child is being hurt");
        let logged = log(&app, worry).await;
        let reference = logged["receipt"]["reference"].as_str().unwrap_or_else(|| panic!("{logged:#}")).to_owned();
        app.jump_to("2026-11-25T10:00:00Z").await;
        for who in [HEAD, LEADER] {
            let visitor = Visitor::signed_in(&app, who).await;
            for path in ["/teams", "/escalations", "/performance", "/intake?on=2026-11-23&disposition=opened"] {
                visitor.get(path).await.is(200).says_nothing_of(&reference).says_nothing_of("bruises");
            }
            visitor.get("/teams/mash").await.is(404);
        }
        let admin = Visitor::signed_in(&app, ADMIN).await;
        for path in ["/admin/notices?state=sent", "/admin/waiting", "/intake?on=2026-11-23&disposition=opened"] {
            admin.get(path).await.is(200).says_nothing_of(&reference).says_nothing_of("bruises");
        }
    }

    async fn the_figures_on_the_page_are_those_of_the_api(app) {
        app.jump_to("2026-11-02T09:00:00Z").await;
        let officer = app.officer().await;
        for n in 0..7 {
            let mut bin = missed_bin();
            bin["person"] = json!({"name": format!("Person {n}"), "email": format!("p{n}@mail.example")});
            bin["body"] = json!(format!("The bin of number {n}."));
            let logged = log(&app, bin).await;
            let path = format!("/v1/cases/{}/replies", logged["case"]["reference"].as_str().unwrap());
            if n < 3 {
                let reply = json!({"kind": "substantive", "text": "Collected.", "outcome": "resolved"});
                app.post(&officer, &path, reply).await.expect(201);
            }
            if n == 4 {
                app.jump_to("2026-11-03T09:00:00Z").await;
            }
        }
        app.jump_to("2026-11-06T10:00:00Z").await;
        let query = "from_on=2026-11-02&to_on=2026-11-02&and_from_on=2026-11-03&and_to_on=2026-11-03&group_by=category";
        for who in [HEAD, AUDITOR] {
            let caller = app.sign_in(who).await;
            let report = app.get(&caller, &format!("/v1/reports/performance?{query}")).await.expect(200);
            let visitor = Visitor::signed_in(&app, who).await;
            let page = visitor.get(&format!("/performance?{query}")).await.is(200);
            let rows = page.rows();
            for (period, suffix) in [(&report, ""), (&report["compared_with"], ", before")] {
                let items = period["items"].as_array().unwrap();
                let all = json!({"name": "All together"});
                let mut lines: Vec<(Value, Value)> = items.iter().map(|item| (item.clone(), item.clone())).collect();
                lines.push((all, period["all"].clone()));
                for (named, figures) in lines {
                    let name = format!("{}{suffix}", named["name"].as_str().unwrap());
                    let row = rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("{name}: {rows:?}"));
                    let kept = |figure: &Value| match figure["percent"].as_f64() {
                        Some(percent) => format!("{percent}% ({} of {})", figure["in_time"], figure["of"]),
                        None => "none due".to_owned(),
                    };
                    assert_eq!(row[1], figures["received"].to_string(), "{name}");
                    assert_eq!(row[2], kept(&figures["acknowledged"]), "{name}");
                    assert_eq!(row[3], kept(&figures["answered"]), "{name}");
                    assert_eq!(row[6], figures["open"].to_string(), "{name}");
                    assert_eq!(row[7], figures["overdue"].to_string(), "{name}");
                }
            }
            assert_eq!(report["all"]["received"], 5);
            assert_eq!(report["all"]["answered"], json!({"in_time": 3, "of": 5, "percent": 60.0}));
            for one in report["definitions"].as_array().unwrap() {
                if one["figure"] == "received" || one["figure"] == "overdue" {
                    page.says(one["means"].as_str().unwrap());
                }
            }
            let table = visitor.get(&format!("/performance/table.csv?{query}")).await.is(200);
            let by_api = app.send(&caller, TestRequest::get().uri(&format!("/v1/reports/performance?{query}")).insert_header(("accept", "text/csv"))).await;
            assert_eq!(table.0.text, by_api.text);
            assert!(table.0.header("content-disposition").unwrap().contains(".csv"));
        }
        let head = Visitor::signed_in(&app, HEAD).await;
        let page = head.get(&format!("/performance?{query}")).await.is(200);
        let (_, link) = page.0.text.split_once("href=\"/performance/cases?").expect("a head of service sees cases");
        let link = format!("/performance/cases?{}", link.split('"').next().unwrap().replace("&amp;", "&"));
        let cases = head.get(&link).await.is(200);
        assert_eq!(cases.0.text.matches("Answer it").count(), 5, "{}", cases.text());
        head.get("/performance?from_on=2026-11-06&to_on=2026-11-02").await.is(422).says("before it begins");
    }

    async fn what_came_in_yesterday_adds_up_on_the_page(app) {
        for n in 0..3 {
            let mut bin = missed_bin();
            bin["external_id"] = json!(format!("bin-{}", n / 2));
            let agent = app.agent().await;
            app.post(&agent, "/v1/contacts", bin).await;
        }
        app.jump_to("2026-11-21T09:00:00Z").await;
        let caller = app.sign_in(AUDITOR).await;
        let day = app.get(&caller, "/v1/reports/intake?on=2026-11-20").await.expect(200);
        let auditor = Visitor::signed_in(&app, AUDITOR).await;
        let page = auditor.get("/intake").await.is(200);
        page.says("What came in on Friday 20 November 2026");
        let parts = ["opened", "joined", "stored", "held", "quarantined", "duplicate"];
        let sum: Vec<String> = parts.iter().map(|part| day[part].to_string()).collect();
        page.says(&format!("{} came in = {}", day["came_in"], sum.join(" + ")));
        assert_eq!(day["came_in"].as_u64().unwrap(), 3);
        let rows = page.rows();
        let all = rows.iter().find(|row| row[0] == "All together").unwrap();
        assert_eq!(all[1..], [vec![day["came_in"].to_string()], sum].concat());
        let listed = app.get(&caller, "/v1/reports/intake?on=2026-11-20&disposition=opened").await.expect(200);
        let page = auditor.get("/intake?on=2026-11-20&disposition=opened").await.is(200);
        assert_eq!(page.0.text.matches("<li><p><strong>").count(), listed["items"].as_array().unwrap().len());
    }

    async fn a_new_key_is_shown_once_and_opens_until_it_is_revoked(app) {
        let admin = Visitor::signed_in(&app, ADMIN).await;
        let form = admin.get("/admin/keys/new").await.is(200);
        let none = admin.post(&form, "/admin/keys/new", &[("name", "till")]).await.is(422);
        assert!(none.0.text.contains("value=\"till\""), "what was written is kept");
        let fields = [("name", "till"), ("scopes", "catalogue:read"), ("scopes", "public_contacts:write")];
        let shown = admin.post(&form, "/admin/keys/new", &fields).await.is(201);
        let at = shown.0.text.find("rvk_").expect("the key");
        let key: String = shown.0.text[at..].split('"').next().unwrap().to_owned();
        let caller = Caller { bearer: Some(key.clone()) };
        assert_eq!(app.get(&caller, "/v1/catalogue").await.status, 200);

        // Sent again, by a reload, it is the same key and is not shown.
        let again = admin.post(&form, "/admin/keys/new", &fields).await.is(201);
        again.says("was shown then").says_nothing_of(&key);
        let list = admin.get("/admin/keys").await.is(200);
        list.says_nothing_of(&key);
        assert_eq!(list.0.text.matches("<h2>till").count(), 1);

        let (_, after) = list.0.text.split_once("<h2>till").unwrap();
        let (_, after) = after.split_once("/admin/keys/").unwrap();
        let id = after.split('/').next().unwrap().to_owned();
        let turned = admin.post(&list, &format!("/admin/keys/{id}/rotation"), &[]).await.is(201);
        let at = turned.0.text.find("rvk_").expect("the new secret");
        let new: String = turned.0.text[at..].split('"').next().unwrap().to_owned();
        assert_ne!(new, key);
        for secret in [&new, &key] {
            assert_eq!(app.get(&Caller { bearer: Some(secret.clone()) }, "/v1/catalogue").await.status, 200, "for a day both open");
        }
        let sent = admin.post(&list, &format!("/admin/keys/{id}/revocation"), &[]).await;
        assert_eq!(sent.leads_to(), "/admin/keys?done=key_revoked");
        assert_eq!(app.get(&Caller { bearer: Some(new) }, "/v1/catalogue").await.status, 401);
    }

    async fn an_account_is_made_and_closed_by_the_page(app) {
        let admin = Visitor::signed_in(&app, ADMIN).await;
        let form = admin.get("/admin/users/new").await.is(200);
        let wrong = [("email", "sam@"), ("name", "Sam Officer"), ("role", "officer"), ("password", "short"), ("queues", "waste-ops")];
        let again = admin.post(&form, "/admin/users/new", &wrong).await.is(422);
        again.says("There is a problem").says_nothing_of("value=\"short\"");
        let fields = [("email", "sam@council.example"), ("name", "Sam Officer"), ("role", "officer"), ("password", PASSWORD), ("queues", "waste-ops"), ("queues", "highways")];
        assert_eq!(admin.post(&form, "/admin/users/new", &fields).await.leads_to(), "/admin/users?done=user_added");
        let caller = app.sign_in("sam@council.example").await;
        let me = app.get(&caller, "/v1/me").await.expect(200);
        assert_eq!(me["queues"], json!(["waste-ops", "highways"]));

        let list = admin.get("/admin/users").await.is(200);
        let (_, after) = list.0.text.split_once("<h2>Sam Officer").unwrap();
        let (_, after) = after.split_once("/admin/users/").unwrap();
        let path = format!("/admin/users/{}/closure", after.split('/').next().unwrap());
        let stale = admin.post(&list, &path, &[("version", "77")]).await.is(412);
        stale.says("Somebody changed this account meanwhile.");
        let (_, after) = after.split_once("name=\"version\" value=\"").unwrap();
        let version = after.split('"').next().unwrap();
        assert_eq!(admin.post(&list, &path, &[("version", version)]).await.leads_to(), "/admin/users?done=user_closed");
        assert_eq!(app.get(&caller, "/v1/me").await.status, 401);
        admin.get("/admin/users").await.is(200).says("Sam Officer (closed)");
    }

    async fn a_notice_that_failed_is_tried_again_from_the_page(app) {
        log(&app, missed_bin()).await;
        app.catch_up().await;
        app.database.by_hand("UPDATE outbox SET state = 'failed', last_error = '550 no such mailbox' WHERE kind = 'confirmation'");
        for who in [ADMIN, LEADER] {
            let visitor = Visitor::signed_in(&app, who).await;
            let page = visitor.get("/admin/notices").await.is(200);
            page.says("550 no such mailbox").says_nothing_of("Ada Example");
            if who == ADMIN {
                continue;
            }
            let (_, after) = page.0.text.split_once("action=\"/admin/notices/").unwrap();
            let path = format!("/admin/notices/{}", after.split('"').next().unwrap());
            let sent = visitor.post(&page, &path, &[]).await;
            assert_eq!(sent.leads_to(), "/admin/notices?done=notice_retried");
            let other = visitor.get("/admin/notices").await.is(200);
            let twice = visitor.post(&other, &path, &[]).await;
            assert!(matches!(twice.0.status, 403 | 409), "{}", twice.0.text);
        }
        let n_before = app.mails_to("ada@mail.example").await.len();
        assert!(n_before >= 2, "it left once more");
    }

    async fn the_audit_is_searched_by_a_form_and_the_look_is_put_down(app) {
        let auditor = Visitor::signed_in(&app, AUDITOR).await;
        let page = auditor.get("/admin/audit").await.is(200);
        let found = auditor.post(&page, "/admin/audit", &[("action", "audit.read")]).await.is(200);
        assert!(found.rows().len() > 1 && found.rows()[1..].iter().all(|row| row[2] == "audit.read"), "{:?}", found.rows());
        let caller = app.sign_in(AUDITOR).await;
        let by_api = app.get(&caller, "/v1/audit?action=audit.read").await.expect(200);
        assert_eq!(by_api["items"].as_array().unwrap().len(), 2, "one for each look by the page");
        let wrong = auditor.post(&page, "/admin/audit", &[("since", "yesterday")]).await.is(422);
        wrong.says("Give the day as year, month and day");
        let none = auditor.post(&page, "/admin/audit", &[("up_to", "2026-11-19")]).await.is(200);
        none.says("There is no such line.");
        let day = auditor.post(&page, "/admin/audit", &[("since", "2026-11-20"), ("up_to", "2026-11-20"), ("action", "audit.read")]).await.is(200);
        assert!(day.rows().len() > 1);
    }

    async fn a_catalogue_is_put_in_force_as_it_was_looked_at(app) {
        let admin = Visitor::signed_in(&app, ADMIN).await;
        let start = admin.get("/admin/catalogue").await.is(200);
        let saved = admin.get("/admin/catalogue/in-force.json").await.is(200);
        let mut tree: Value = saved.0.json();
        let same = admin.post_file(&start, "/admin/catalogue/preview", &tree.to_string()).await.is(200);
        same.says("Nothing: this is the catalogue that is in force.");
        admin.post_file(&start, "/admin/catalogue/preview", "{\"council\": ").await.is(422).says("not JSON");
        admin.post_file(&start, "/admin/catalogue/preview", "{\"council\": {}}").await.is(422).says("There is a problem");

        tree["council"]["name"] = json!("Northmere & District Council");
        let preview = admin.post_file(&start, "/admin/catalogue/preview", &tree.to_string()).await.is(200);
        preview.says("/council/name").says("Northmere & District Council").says("1 value of version");
        let caller = app.sign_in(ADMIN).await;
        let in_force = |tree: Value| tree["council"]["name"].clone();
        assert_ne!(in_force(app.get(&caller, "/v1/catalogue").await.expect(200)), "Northmere & District Council");
        let looked_at = preview.field("tree").unwrap();
        let version = preview.field("version").unwrap();
        let fields = [("tree", looked_at.as_str()), ("version", version.as_str())];
        let sent = admin.post(&preview, "/admin/catalogue", &fields).await;
        assert_eq!(sent.leads_to(), "/admin/catalogue?done=catalogue_applied");
        assert_eq!(in_force(app.get(&caller, "/v1/catalogue").await.expect(200)), "Northmere & District Council");
        let stale = admin.post(&preview, "/admin/catalogue", &fields).await.is(412);
        stale.says("Another catalogue was put in force meanwhile.");
    }

    async fn each_page_opens_for_its_roles_and_says_no_to_all_others(app) {
        let doors: [(&str, &[&str]); 16] = [
            ("/my-enquiries", &[MEMBER]),
            ("/my-enquiries/new", &[MEMBER]),
            ("/teams", &[LEADER, HEAD]),
            ("/teams/waste-ops", &[LEADER, HEAD]),
            ("/escalations", &[LEADER, HEAD]),
            ("/performance", &[LEADER, HEAD, AUDITOR, ADMIN]),
            ("/intake", &[OFFICER, LEADER, HEAD, AUDITOR, ADMIN]),
            ("/admin", &[ADMIN]),
            ("/admin/notices", &[LEADER, HEAD, ADMIN]),
            ("/admin/waiting", &[ADMIN]),
            ("/admin/users", &[ADMIN]),
            ("/admin/users/new", &[ADMIN]),
            ("/admin/keys", &[ADMIN]),
            ("/admin/keys/new", &[ADMIN]),
            ("/admin/audit", &[AUDITOR, ADMIN]),
            ("/admin/catalogue", &[ADMIN]),
        ];
        let nobody = Visitor { app: &app, cookies: RefCell::default() };
        for (path, _) in doors {
            let sent = nobody.get(path).await;
            assert_eq!(sent.leads_to(), format!("/sign-in?next={path}"), "{path}");
        }
        for who in [MEMBER, OFFICER, LEADER, HEAD, AUDITOR, ADMIN] {
            let visitor = Visitor::signed_in(&app, who).await;
            for (path, roles) in doors {
                let status = visitor.get(path).await.0.status;
                assert_eq!(status, if roles.contains(&who) { 200 } else { 403 }, "{who} at {path}");
            }
            let ward = visitor.get("/my-ward").await.0.status;
            let expect = if [HEAD, AUDITOR, ADMIN].contains(&who) { 200 } else { 403 };
            assert_eq!(ward, expect, "{who} at /my-ward");
        }
    }
}
