//! Sight and verdicts of those who ask.

use uuid::Uuid;

use super::*;

fn user(teams: &[&str]) -> User {
    User {
        id: Uuid::nil().into(),
        name: "Mina Officer".to_owned(),
        email: "mina@council.example".to_owned(),
        role: Role::Officer,
        queues: vec!["*".to_owned()],
        services: Vec::new(),
        teams: teams.iter().map(|team| (*team).to_owned()).collect(),
        post: None,
        standing: Standing::default(),
    }
}

fn key(channels: &[&str], queues: &[&str], acting_for: Option<User>) -> Actor {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Actor::Key(Key {
        id: Uuid::nil().into(),
        name: "desk".to_owned(),
        scopes: vec![Scope::ActForUser, Scope::PeopleRead],
        channels: owned(channels),
        queues: owned(queues),
        acting_for: acting_for.map(Box::new),
    })
}

#[test]
fn a_key_that_acts_for_somebody_sees_what_they_see_within_its_own_queues() {
    let own = Actor::User(user(&["mash"])).sight();
    assert_eq!(key(&[], &[], Some(user(&["mash"]))).sight(), own);
    let within = key(&[], &["highways"], Some(user(&["mash"]))).sight();
    assert!(within.admits_queue("highways") && !within.admits_queue("mash"));
    assert_eq!(within.ordinary, own.ordinary);
    // `*` is every queue but those of restricted cases, whoever is acted for.
    let everywhere = key(&[], &["*"], Some(user(&["mash"]))).sight();
    assert!(everywhere.admits_queue("highways") && everywhere.holders.is_empty());
}

#[test]
fn a_key_by_itself_sees_its_queues_or_what_came_by_its_channels() {
    let reach = |channels: &[&str], queues: &[&str]| key(channels, queues, None).sight().ordinary;
    let within = |queues: &[&str], channels: &[&str]| Reach::Within {
        queues: queues.iter().map(|text| (*text).to_owned()).collect(),
        services: Vec::new(),
        channels: channels.iter().map(|text| (*text).to_owned()).collect(),
    };
    assert_eq!(reach(&[], &[]), Reach::Nothing);
    assert_eq!(reach(&[], &["*"]), Reach::Everything);
    assert_eq!(reach(&["phone"], &["highways"]), within(&["highways"], &[]));
    assert_eq!(reach(&["phone"], &[]), within(&[], &["phone"]));
}

#[test]
fn what_is_done_for_somebody_is_written_down_as_both() {
    let both = key(&[], &[], Some(user(&[])));
    let nil = Uuid::nil();
    assert_eq!(both.principal(), format!("key:{nil}:user:{nil}"));
    let name = both.label().name.unwrap();
    assert!(
        name.contains("Mina Officer") && name.contains("desk"),
        "{name}"
    );
    assert!(
        !both.has_scope(Scope::PeopleRead),
        "they are judged by their role"
    );
    assert!(key(&[], &[], None).has_scope(Scope::PeopleRead));
}

#[test]
fn a_key_may_be_limited_to_channels_and_people_are_not() {
    assert!(key(&[], &[], None).may_bring_in(Channel::Phone));
    let letters = key(&["letter"], &[], Some(user(&[])));
    assert!(letters.may_bring_in(Channel::Letter) && !letters.may_bring_in(Channel::Phone));
    assert!(Actor::User(user(&[])).may_bring_in(Channel::Phone));
}

fn case(queue: &str, secrecy: Secrecy) -> Case {
    let received_at: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
    Case {
        id: Uuid::nil().into(),
        reference: crate::domain::reference::Reference::from_bits(1),
        status: crate::domain::case::Status::New,
        waiting_for: None,
        outcome: None,
        priority: crate::domain::case::Priority::Normal,
        procedure: crate::domain::case::Procedure::ServiceRequest,
        service: "waste-collection".to_owned(),
        category: "missed-bin".to_owned(),
        queue: queue.to_owned(),
        owner: None,
        subject: "Missed bin".to_owned(),
        secrecy,
        restricted_to: Vec::new(),
        about: None,
        channel: Channel::Phone,
        received_at,
        opened_at: received_at,
        updated_at: received_at,
        closed_at: None,
        follow_up_until: None,
        reporter: None,
        requester_kind: crate::domain::person::PersonKind::Resident,
        danger: None,
        danger_since: None,
        is_rung: false,
        is_claimed: false,
        stage: 1,
        facts: crate::domain::clock::Facts::received(received_at),
        terms: String::new(),
        routing: crate::domain::case::Routed::default(),
        location: None,
        ward: None,
        fields: serde_json::Map::new(),
        their_reference: None,
        n_chasers: 0,
        n_transfers: 0,
        taken_by: None,
        last_action: None,
        version: 1,
        revision: 1,
    }
}

fn of_role(role: Role, queues: &[&str], services: &[&str]) -> User {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    User {
        role,
        queues: owned(queues),
        services: owned(services),
        ..user(&[])
    }
}

const LOGGED: Ties = Ties {
    raised_it: false,
    logged_it: true,
};

#[test]
fn a_partner_follows_what_they_logged_and_works_what_is_in_their_queue() {
    let partner = Actor::User(of_role(Role::Partner, &["waste-ops"], &[]));
    let verdicts = |case: &Case, ties: Ties| {
        [Act::Follow, Act::Read, Act::Work].map(|act| may(&partner, act, case, ties))
    };
    let elsewhere = case("highways", Secrecy::Ordinary);
    let (allow, deny, hide) = (Verdict::Allow, Verdict::Deny, Verdict::Hide);
    assert_eq!(verdicts(&elsewhere, LOGGED), [allow, deny, deny]);
    assert_eq!(verdicts(&elsewhere, Ties::default()), [hide; 3]);
    assert_eq!(
        verdicts(&case("waste-ops", Secrecy::Ordinary), Ties::default()),
        [allow; 3]
    );
    assert_eq!(
        verdicts(&case("highways", Secrecy::Restricted), LOGGED),
        [hide; 3]
    );
}

#[test]
fn a_portfolio_holder_follows_the_ordinary_cases_of_their_services_and_no_sensitive_one() {
    let holder = Actor::User(of_role(Role::Councillor, &[], &["waste-collection"]));
    let verdict = |act, secrecy| may(&holder, act, &case("waste-ops", secrecy), false);
    assert_eq!(verdict(Act::Follow, Secrecy::Ordinary), Verdict::Allow);
    assert_eq!(verdict(Act::Read, Secrecy::Ordinary), Verdict::Deny);
    assert_eq!(verdict(Act::Follow, Secrecy::Sensitive), Verdict::Hide);
    assert_eq!(verdict(Act::Follow, Secrecy::Restricted), Verdict::Hide);
    let other = Actor::User(of_role(Role::Councillor, &[], &[]));
    let bin = case("waste-ops", Secrecy::Ordinary);
    assert_eq!(may(&other, Act::Follow, &bin, false), Verdict::Hide);
    assert_eq!(may(&other, Act::Read, &bin, true), Verdict::Allow);
}

#[test]
fn the_glass_is_broken_by_the_head_of_the_service_alone_and_never_of_a_complaint_about_staff() {
    let restricted = case("mash", Secrecy::Restricted);
    let by = |role, services: &[&str], case: &Case| {
        may_break_glass(&Actor::User(of_role(role, &[], services)), case)
    };
    assert!(by(Role::HeadOfService, &["waste-collection"], &restricted));
    assert!(!by(
        Role::HeadOfService,
        &["highways-maintenance"],
        &restricted
    ));
    for role in Role::ALL
        .iter()
        .filter(|role| **role != Role::HeadOfService)
    {
        assert!(!by(*role, &["waste-collection"], &restricted), "{role}");
    }
    let about_staff = Case {
        about: Some(About::Post("head-of-highways".to_owned())),
        ..restricted.clone()
    };
    assert!(!by(
        Role::HeadOfService,
        &["waste-collection"],
        &about_staff
    ));
    let head = of_role(Role::HeadOfService, &[], &["waste-collection"]);
    assert!(!may_break_glass(&key(&[], &[], Some(head)), &restricted));
}

#[test]
fn a_turn_and_a_pass_hold_until_their_last_instant_and_not_at_it() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut night = of_role(Role::Officer, &["highways"], &[]);
    night.standing.rota.push(Turn {
        queue: "waste-ops".to_owned(),
        from_at: at("2026-11-20T17:00:00Z"),
        until_at: at("2026-11-21T09:00:00Z"),
    });
    night.standing.passes.push(Pass {
        id: Uuid::nil().into(),
        until_at: at("2026-11-21T09:00:00Z"),
    });
    let works = |now| night.clone().at(at(now)).works("waste-ops", None);
    assert!(!works("2026-11-20T16:59:59Z"));
    assert!(works("2026-11-20T17:00:00Z"));
    assert!(works("2026-11-21T08:59:59Z"));
    assert!(!works("2026-11-21T09:00:00Z"));
    let restricted = Case {
        restricted_to: vec![format!("pass:{}", Uuid::nil())],
        ..case("mash", Secrecy::Restricted)
    };
    let reads = |now| {
        let actor = Actor::User(night.clone()).at(at(now));
        may(&actor, Act::Read, &restricted, false) == Verdict::Allow
    };
    assert!(reads("2026-11-21T08:59:59Z"));
    assert!(!reads("2026-11-21T09:00:00Z"));
}
