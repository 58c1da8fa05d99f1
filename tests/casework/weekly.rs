//! A week in counts, for the councillors responsible.

use reeve::casework::escalation::WeekSeen;

use crate::office::{Mail, Office, at};

const HOLDER: &str = "portfolio.environment.and.waste@council.example";
const DEPUTY: &str = "deputy.portfolio.environment.and.waste@council.example";

/// Moves the clock, writes the counts that are due, and answers those that left.
async fn weekly(office: &Office, week: &WeekSeen, now: &str) -> Vec<Mail> {
    office.desk.time.move_to(at(now)).unwrap();
    week.tell(&office.desk).await.unwrap();
    let mut mails = office.tick().await;
    mails.retain(|mail| mail.kind == "weekly_counts");
    mails
}

#[tokio::test]
async fn on_monday_at_nine_the_councillor_responsible_has_last_weeks_counts_and_no_names() {
    let office = Office::open("2026-11-02T10:00:00Z");
    let case = office
        .bins("missed-bin", at("2026-11-02T10:00:00Z"))
        .await
        .case;
    office
        .desk
        .time
        .move_to(at("2026-11-20T10:00:00Z"))
        .unwrap();
    office
        .bins("new-container", at("2026-11-20T10:00:00Z"))
        .await;
    let week = WeekSeen::default();
    let mut early = weekly(&office, &week, "2026-11-22T10:00:00Z").await;
    // The first week this council is told of is the one before the twenty-second, a Sunday: no
    // counts leave on a day off.
    assert_eq!(early, []);
    early = weekly(&office, &week, "2026-11-23T08:59:59Z").await;
    assert_eq!(early, [], "not before nine");

    let mails = weekly(&office, &week, "2026-11-23T09:00:00Z").await;
    let [mail] = mails.as_slice() else {
        panic!("one mail, because one portfolio has something to tell: {mails:#?}");
    };
    assert_eq!(mail.to, HOLDER);
    assert_eq!(mail.cases, Vec::<String>::new());
    let text = mail.text.replace("\r\n", "\n");
    for said in [
        "This is what came in from 16 to 22 November 2026, and what is open now.",
        "- 1 case came in\n",
        "- 2 are open, the oldest since Monday 2 November 2026\n",
        "- 1 of those is past the date we gave\n",
    ] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
    assert!(!text.contains(&case.reference.to_string()), "no reference");

    assert_eq!(weekly(&office, &week, "2026-11-23T11:00:00Z").await, []);
    let another = WeekSeen::default();
    let again = weekly(&office, &another, "2026-11-24T11:00:00Z").await;
    assert_eq!(again, [], "another replica finds it was written");
    let next = weekly(&office, &week, "2026-11-30T09:00:00Z").await;
    assert_eq!(next.len(), 1, "and another week has its own");
    assert!(
        next[0].text.contains("No cases came in"),
        "{}",
        next[0].text
    );
}

#[tokio::test]
async fn after_a_bank_holiday_the_counts_come_on_tuesday() {
    let office = Office::open("2026-05-01T10:00:00Z");
    office.bins("missed-bin", at("2026-05-01T10:00:00Z")).await;
    let week = WeekSeen::default();
    let monday = weekly(&office, &week, "2026-05-04T09:30:00Z").await;
    assert_eq!(monday, [], "the early May bank holiday");
    let tuesday = weekly(&office, &week, "2026-05-05T08:00:00Z").await;
    assert_eq!(tuesday.len(), 1, "nine o'clock, in summer time");
    assert!(tuesday[0].text.contains("27 April to 3 May 2026"));
}

#[tokio::test]
async fn what_is_restricted_is_counted_nowhere() {
    let office = Office::open("2026-11-20T10:00:00Z");
    let mut enquiry = crate::office::report(at("2026-11-20T10:00:00Z"));
    enquiry.service = Some("childrens-social-care".to_owned());
    enquiry.category = Some("child-at-risk".to_owned());
    office.receive(enquiry).await;
    let mails = weekly(&office, &WeekSeen::default(), "2026-11-23T09:00:00Z").await;
    assert_eq!(mails, [], "nothing else came in");
}

#[tokio::test]
async fn while_the_councillor_is_away_the_deputy_has_them() {
    let office = Office::with_posts("2026-11-20T10:00:00Z", |posts| {
        posts.replace(
            &format!("email = \"{HOLDER}\"\n"),
            &format!("email = \"{HOLDER}\"\nabsent_from = \"2026-11-23\"\nabsent_until = \"2026-11-27\"\n"),
        )
    });
    office.bins("missed-bin", at("2026-11-20T10:00:00Z")).await;
    let mails = weekly(&office, &WeekSeen::default(), "2026-11-23T09:00:00Z").await;
    assert_eq!(
        mails
            .iter()
            .map(|mail| mail.to.as_str())
            .collect::<Vec<_>>(),
        [DEPUTY]
    );
}
