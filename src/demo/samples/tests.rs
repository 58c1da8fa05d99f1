use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::*;
use crate::casework::desk::{Council, Manners, Secrets};
use crate::casework::{catalogue, escalation};
use crate::config::embedded;
use crate::demo;
use crate::domain::notice::Says;
use crate::store::cases::{self, Filed, Filter, Order};
use crate::store::db::{Address, Opening};
use crate::store::{Db, outbox};
use crate::time_source::TimeSource;

async fn new_demo(folder: &std::path::Path, now: &str) -> Arc<Desk> {
    let address = Address::Sqlite(folder.join("reeve.db"));
    let db = Db::open(&Opening {
        address,
        pool_size: 4,
        allow_unsafe_durability: false,
    })
    .unwrap();
    db.migrate().unwrap();
    let now: Timestamp = now.parse().unwrap();
    let northmere = embedded::northmere().unwrap_or_else(|faults| panic!("{faults:?}"));
    let stored = demo::claim(&db, now, &northmere).await.unwrap();
    let model = Arc::new(embedded::reading_model().unwrap());
    let council = Council::with_model(stored, &crate::app::examples().unwrap(), model).unwrap();
    let manners = Manners {
        public_url: "http://127.0.0.1".to_owned(),
        undo_seconds: 120,
        redirect_all_to: None,
        tracking_days: 400,
        survey: crate::app::sampling(
            &crate::config::Settings::load(&crate::config::Sources::default()).unwrap(),
        ),
    };
    let secrets = Secrets {
        tracking: vec![7; 32],
        loop_token: "loop".to_owned(),
    };
    Desk::new(db, TimeSource::fixed(now), manners, secrets, council)
}

async fn all_cases(desk: &Arc<Desk>) -> Vec<Filed> {
    let read = |conn: &mut crate::store::Conn, _: &Moment| {
        Ok(cases::list(
            conn,
            &Actor::System.sight(),
            &Filter::default(),
            Order::Received,
            None,
            1_000,
        )?)
    };
    desk.read(read).await.unwrap()
}

#[tokio::test]
async fn a_new_demo_has_two_hundred_cases_of_every_kind_and_tells_nobody_about_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let desk = new_demo(folder.path(), "2026-11-24T10:30:00Z").await;
    demo::load(&desk).await.unwrap();
    let cases = all_cases(&desk).await;
    assert!(
        (N_SAMPLES..N_SAMPLES + 30).contains(&cases.len()),
        "{}",
        cases.len()
    );

    let statuses: BTreeSet<&str> = cases
        .iter()
        .map(|filed| filed.case.status.as_str())
        .collect();
    assert_eq!(
        statuses,
        BTreeSet::from(["closed", "new", "open", "responded", "waiting"])
    );
    let services: BTreeSet<&str> = cases
        .iter()
        .map(|filed| filed.case.service.as_str())
        .collect();
    assert!(services.len() >= 20, "{services:?}");
    let channels: BTreeSet<&str> = cases
        .iter()
        .map(|filed| filed.case.channel.as_str())
        .collect();
    assert!(channels.len() >= 6, "{channels:?}");
    let now = desk.time.now();
    let n_late = cases
        .iter()
        .filter(|filed| filed.dates.due_at.is_some_and(|due_at| due_at <= now))
        .count();
    assert!((5..80).contains(&n_late), "{n_late} late");

    let mut unowned: BTreeMap<&str, usize> = BTreeMap::new();
    for filed in cases
        .iter()
        .filter(|filed| filed.case.owner.is_none() && !filed.case.is_closed())
    {
        *unowned.entry(filed.case.queue.as_str()).or_default() += 1;
    }
    assert!(unowned.values().all(|n| *n <= 100), "{unowned:?}");
    for filed in &cases {
        assert!(filed.case.received_at < now, "{}", filed.case.reference);
        assert!(
            filed.dates.wake_at.is_none_or(|wake_at| wake_at > now),
            "{:?} {:?}",
            filed.dates,
            filed.case
        );
    }
    let waiting = |state: &'static str| {
        desk.read(move |conn, _| Ok(outbox::list(conn, None, Some(state), None, 100)?))
    };
    assert_eq!(waiting("pending").await.unwrap().len(), 0);
    let letters = waiting("to_write").await.unwrap();
    assert!(!letters.is_empty(), "there is a letter to print and post");
    for letter in &letters {
        let age = now.duration_since(letter.created_at);
        assert!(
            age < SignedDuration::from_hours(24),
            "older ones were posted: {age}"
        );
    }

    escalation::sweep(&desk).await.unwrap();
    escalation::digests(&desk, desk.moment()).await.unwrap();
    assert_eq!(
        waiting("pending").await.unwrap().len(),
        0,
        "the first sweep has something to tell"
    );
}

#[tokio::test]
async fn there_is_a_members_enquiry_in_each_state_with_the_services_own_case() {
    use crate::casework::{letters, members};
    use crate::domain::case::Procedure;
    let folder = tempfile::tempdir().unwrap();
    let desk = new_demo(folder.path(), "2026-11-24T10:30:00Z").await;
    demo::load(&desk).await.unwrap();
    let enquiries: Vec<Filed> = all_cases(&desk)
        .await
        .into_iter()
        .filter(|filed| filed.case.procedure == Procedure::MemberEnquiry)
        .collect();
    let read = move |conn: &mut crate::store::Conn, at: &Moment| {
        let mut found = BTreeSet::new();
        let mut n_limited = 0;
        for filed in &enquiries {
            if letters::services_own(conn, &filed.case)?.is_some() {
                found.insert(filed.case.status.to_string());
                n_limited += usize::from(members::is_limited(conn, at, &filed.case)?);
            }
        }
        Ok((found, n_limited))
    };
    let (states, n_limited) = desk.read(read).await.unwrap();
    let all = ["closed", "new", "open", "responded", "waiting"].map(str::to_owned);
    assert_eq!(states, BTreeSet::from(all));
    assert_eq!(n_limited, 1, "one still waits for consent");
}

#[tokio::test]
async fn the_first_digest_of_a_demo_claims_nothing_was_told_before() {
    let folder = tempfile::tempdir().unwrap();
    let desk = new_demo(folder.path(), "2026-11-24T08:30:00Z").await;
    demo::load(&desk).await.unwrap();
    desk.time
        .move_to("2026-11-25T09:00:00Z".parse().unwrap())
        .unwrap();
    escalation::sweep(&desk).await.unwrap();
    let n_written = escalation::digests(&desk, desk.moment()).await.unwrap();
    assert!(n_written > 0, "a day went by without a promise broken");
    let notices = desk
        .read(|conn, _| Ok(outbox::list(conn, None, Some("pending"), None, 1000)?))
        .await
        .unwrap();
    let told_before: Vec<u32> = notices
        .iter()
        .filter_map(|notice| match &notice.letter.says {
            Says::Digest { n_told_before, .. } => Some(*n_told_before),
            _ => None,
        })
        .collect();
    assert_eq!(told_before, vec![0; n_written]);
}

#[tokio::test]
async fn loading_again_adds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let desk = new_demo(folder.path(), "2026-11-24T10:30:00Z").await;
    let first = demo::load(&desk).await.unwrap();
    let before: Vec<CaseId> = all_cases(&desk)
        .await
        .iter()
        .map(|filed| filed.case.id)
        .collect();
    let later = new_demo(folder.path(), "2026-12-24T10:30:00Z").await;
    let again = demo::load(&later).await.unwrap();
    assert_eq!((first.users, first.api_keys), (again.users, again.api_keys));
    let after: Vec<CaseId> = all_cases(&later)
        .await
        .iter()
        .map(|filed| filed.case.id)
        .collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_database_with_a_real_council_is_never_made_a_demo() {
    let folder = tempfile::tempdir().unwrap();
    let address = Address::Sqlite(folder.path().join("reeve.db"));
    let db = Db::open(&Opening {
        address,
        pool_size: 2,
        allow_unsafe_durability: false,
    })
    .unwrap();
    db.migrate().unwrap();
    let now: Timestamp = "2026-11-24T10:30:00Z".parse().unwrap();
    let northmere = embedded::northmere().unwrap_or_else(|faults| panic!("{faults:?}"));
    catalogue::load_or_store(&db, &northmere, now)
        .await
        .unwrap();
    let refused = demo::claim(&db, now, &northmere).await.unwrap_err();
    assert!(refused.is::<demo::NotADemo>(), "{refused:#}");
    assert!(!demo::is_demo(&db).await.unwrap());
}

#[test]
fn the_stories_are_the_same_in_every_demo_and_lie_before_its_beginning() {
    let northmere = embedded::northmere().unwrap_or_else(|faults| panic!("{faults:?}"));
    for now in [
        "2026-11-24T10:30:00Z",
        "2026-11-22T02:00:00Z",
        "2027-01-02T23:30:00Z",
    ] {
        let loaded_at: Timestamp = now.parse().unwrap();
        for number in 0..N_SAMPLES {
            let sample = plan::sample(&northmere, number, N_SAMPLES, loaded_at);
            let again = plan::sample(&northmere, number, N_SAMPLES, loaded_at);
            assert_eq!(sample.enquiry, again.enquiry);
            let enquiry = &sample.enquiry;
            assert!(
                enquiry.received_at < loaded_at - SignedDuration::from_mins(9),
                "{number} at {now}"
            );
            assert!(
                sample
                    .steps
                    .iter()
                    .all(|(at, _)| *at < loaded_at && *at >= enquiry.received_at),
                "{number}"
            );
            assert!(!enquiry.text().contains(['{', '}']), "{}", enquiry.text());
            let (service, category) = (
                enquiry.service.as_deref().unwrap(),
                enquiry.category.as_deref().unwrap(),
            );
            assert!(
                northmere.category(service, category).is_some(),
                "{service}/{category}"
            );
        }
    }
}

#[tokio::test]
async fn the_demo_has_people_of_whom_something_must_be_known() {
    use crate::casework::people::{self, Search, marking, sameness};
    use crate::store::users;
    let folder = tempfile::tempdir().unwrap();
    let desk = new_demo(folder.path(), "2026-11-24T10:30:00Z").await;
    demo::load(&desk).await.unwrap();
    let read = |conn: &mut crate::store::Conn, at: &Moment| {
        let account = users::find_by_email(conn, "imani.thornbury@council.example")?.unwrap();
        let officer = Actor::User(account.user);
        let mut words = Vec::new();
        for name in ["Silas Underhay", "Meredith Harrow", "Gwenllian Rowlands"] {
            let found = people::search(conn, at, &officer, &Search::Name(name.to_owned()))?;
            let person = found.first().unwrap();
            let known = marking::instructions_on(conn, at, &officer, person)?;
            words.extend(known.into_iter().map(|one| one.words));
        }
        let found = people::search(conn, at, &officer, &Search::Name("Odette".to_owned()))?;
        let acts_for = found.first().and_then(|person| person.organisation.clone());
        let found = people::search(conn, at, &officer, &Search::Name("Quenby".to_owned()))?;
        let proposed = sameness::proposals(conn, at, &officer, found.first().unwrap().id)?;
        Ok((words, acts_for, proposed.len()))
    };
    let (words, acts_for, n_proposed) = desk.read(read).await.unwrap();
    assert!(
        words.iter().any(|one| one.starts_with("Visit in pairs")),
        "{words:?}"
    );
    assert!(
        words.iter().any(|one| one.contains("447700900202")),
        "{words:?}"
    );
    assert!(
        words
            .iter()
            .any(|one| one.contains("in Welsh, in large print")),
        "{words:?}"
    );
    assert_eq!(
        acts_for.as_deref(),
        Some("Larkfield Residents' Association")
    );
    assert_eq!(n_proposed, 1);
}

#[tokio::test]
async fn one_mail_waits_for_a_person_and_there_is_time_to_look() {
    use crate::casework::MailFilter;
    use crate::casework::views::mail;
    let folder = tempfile::tempdir().unwrap();
    let desk = new_demo(folder.path(), "2026-11-24T10:30:00Z").await;
    demo::load(&desk).await.unwrap();
    let read = |conn: &mut crate::store::Conn, at: &Moment| {
        let filter = MailFilter {
            is_waiting: Some(true),
            ..MailFilter::default()
        };
        let part = mail::list(conn, at, &Actor::System, &filter, None, 100)?;
        Ok((part.items, at.now))
    };
    let (items, now) = desk.read(read).await.unwrap();
    assert_eq!(items.len(), 1, "{items:?}");
    let waiting = items.first().unwrap();
    assert!(waiting.guessed_case.is_some());
    assert!(waiting.limit_at.is_some_and(|limit| limit > now));
}

#[tokio::test]
async fn the_demo_has_a_turn_on_the_rota_and_somebodys_leave() {
    use crate::store::users;
    let folder = tempfile::tempdir().unwrap();
    let desk = new_demo(folder.path(), "2026-11-24T10:30:00Z").await;
    demo::load(&desk).await.unwrap();
    let read = |conn: &mut crate::store::Conn, _: &Moment| {
        let of = |conn: &mut crate::store::Conn, email| users::find_by_email(conn, email);
        let helper = of(conn, "officer.repairs@council.example")?.unwrap();
        let away = of(conn, "officer.environmental-health@council.example")?.unwrap();
        Ok((helper.user.standing, away.user.standing))
    };
    let (helper, away) = desk.read(read).await.unwrap();
    assert_eq!(
        helper.queues_at(desk.time.now()),
        ["environmental-health".to_owned()]
    );
    let leave = away.away_on(jiff::civil::date(2026, 12, 3)).unwrap();
    assert!(leave.deputy.is_some());
    assert!(away.away_on(jiff::civil::date(2026, 11, 24)).is_none());
}
