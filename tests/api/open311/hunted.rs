//! Whoever hunts for what is not for everybody finds nothing.

use serde_json::json;

use super::{borrowed, case, items, read, report, reported, say, send, updates, xml};
use crate::intake::{log, missed_bin};

/// Categories that are sensitive or restricted, or simply not offered.
const HIDDEN: [&str; 6] = [
    "child-at-risk",
    "benefit-fraud",
    "council-tax-bill",
    "register-death",
    "homeless-tonight",
    "new-bin",
];

stories! {
    async fn nothing_that_is_not_offered_can_be_asked_about_or_reported(app) {
        let offered = read(&app, "services.json").await.expect(200);
        let offered: Vec<&str> = offered.as_array().unwrap().iter().map(|one| one["service_code"].as_str().unwrap()).collect();
        let council = app.desk.council();
        let mut n_hidden = 0;
        for (service, category) in council.catalogue.categories() {
            if offered.contains(&category.slug.as_str()) {
                assert!(category.open311 && !category.is_sensitive && !category.is_restricted, "{}", category.slug);
                continue;
            }
            n_hidden += 1;
            let reply = read(&app, &format!("services/{}.xml", category.slug)).await;
            assert_eq!((reply.status, xml(&reply).name.as_str()), (404, "errors"), "{}/{}", service.slug, category.slug);
        }
        assert!(n_hidden > 150, "{n_hidden}");
        for code in HIDDEN {
            let mut pairs = report("1");
            pairs[0].1 = code.to_owned();
            let reply = send(&app, "requests.xml", &borrowed(&pairs)).await;
            assert_eq!(reply.status, 400, "{code}: {}", reply.text);
        }
    }

    async fn a_case_that_came_another_way_is_nobodys_here(app) {
        let logged = log(&app, missed_bin()).await;
        let reference = logged["case"]["reference"].as_str().unwrap();
        for path in ["requests.json", &format!("requests.json?service_request_id={reference}")] {
            assert_eq!(read(&app, path).await.expect(200), json!([]), "{path}");
        }
        for path in [format!("requests/{reference}.xml"), format!("tokens/{reference}.xml")] {
            assert_eq!(read(&app, &path).await.status, 404, "{path}");
        }
        assert_eq!(say(&app, reference, "1", "OPEN", "Whose is this?").await.status, 404);
        assert_eq!(updates(&app, 24).await, []);
    }

    async fn a_report_that_turns_out_to_be_secret_is_answered_and_never_heard_of_again(app) {
        let mut pairs = report("9");
        pairs[3].1 = "title: Noise\n\ndetail: He is abusing the children next door. They have bruises.".to_owned();
        let reply = send(&app, "requests.xml", &borrowed(&pairs)).await;
        let taken = items(&reply, "service_requests");
        let reference = taken[0].get("service_request_id").to_owned();
        assert!(taken[0].get("service_notice").contains("999"), "{taken:?}");
        for word in ["mash", "child", "safeguarding", "restricted"] {
            assert!(!reply.text.to_lowercase().contains(word), "{word} in {}", reply.text);
        }
        let officer = app.officer().await;
        assert_eq!(app.get(&officer, &format!("/v1/cases/{reference}")).await.status, 404, "it is restricted");
        let again = send(&app, "requests.xml", &borrowed(&pairs)).await;
        assert_eq!(items(&again, "service_requests")[0].get("service_request_id"), reference);
        for path in [format!("requests/{reference}.xml"), format!("tokens/{reference}.xml")] {
            assert_eq!(read(&app, &path).await.status, 404, "{path}");
        }
        assert_eq!(read(&app, "requests.json").await.expect(200), json!([]));
        assert_eq!(updates(&app, 24).await, []);
        items(&say(&app, &reference, "1", "OPEN", "It goes on.").await, "service_request_updates");
        assert_eq!(updates(&app, 24).await, []);
    }

    async fn a_report_put_under_a_sensitive_matter_is_shown_no_more(app) {
        let request = reported(&app, "1").await;
        assert_eq!(updates(&app, 24).await.len(), 1);
        let officer = app.officer().await;
        let read_case = app.get(&officer, &format!("/v1/cases/{request}")).await;
        let tag = read_case.header("etag").unwrap().to_owned();
        let council = app.desk.council();
        let (service, category) = council.catalogue.categories()
            .find(|(_, category)| category.is_sensitive && !category.is_restricted)
            .map(|(service, category)| (service.slug.clone(), category.slug.clone())).unwrap();
        let change = actix_web::test::TestRequest::patch().uri(&format!("/v1/cases/{request}"))
            .insert_header(("if-match", tag)).set_json(json!({"service": service, "category": category}));
        let changed = app.send(&officer, change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(case(&app, &request).await["category"], category.as_str());
        assert_eq!(read(&app, &format!("requests/{request}.xml")).await.status, 404);
        assert_eq!(read(&app, "requests.json").await.expect(200), json!([]));
        assert_eq!(updates(&app, 24).await, []);
    }
}
