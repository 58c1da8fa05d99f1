//! The order of precedence, sentence by sentence, over Northmere as it stands in the repository.

use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;

use super::*;
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Described, Enquiry, Who};
use crate::domain::triage::Model;

fn read_below(folder: &Path, below: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            read_below(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
    files.sort();
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn northmere() -> &'static Catalogue {
    static NORTHMERE: OnceLock<Catalogue> = OnceLock::new();
    NORTHMERE.get_or_init(|| {
        let (mut files, mut standards) = (Vec::new(), Vec::new());
        read_below(&repository().join("config/northmere"), "", &mut files);
        files.retain(|(name, _)| name != "triage-examples.jsonl");
        read_below(&repository().join("config/standards"), "", &mut standards);
        let holidays =
            std::fs::read_to_string(repository().join("config/bank-holidays.json")).unwrap();
        Catalogue::load(&files, &holidays, &standards)
            .unwrap_or_else(|faults| panic!("{faults:#?}"))
    })
}

pub(super) fn examples() -> &'static [Example] {
    static EXAMPLES: OnceLock<Vec<Example>> = OnceLock::new();
    EXAMPLES.get_or_init(|| texts("triage-examples.jsonl"))
}

pub(super) fn lessons() -> Vec<Example> {
    texts("triage-lessons.jsonl")
}

fn texts(name: &str) -> Vec<Example> {
    let file = repository().join("config/northmere").join(name);
    Example::read_lines(&std::fs::read_to_string(file).unwrap()).unwrap()
}

pub(super) fn router() -> &'static Router {
    static ROUTER: OnceLock<Router> = OnceLock::new();
    ROUTER.get_or_init(|| reading_by_model(&northmere().routing))
}

fn reading_by_model(rules: &RoutingRules) -> Router {
    let model = std::fs::read(repository().join("config/reading.model")).unwrap();
    Router::new(northmere(), rules, examples())
        .unwrap()
        .with_model(Model::read(model.into()).unwrap().into())
        .unwrap()
}

fn enquiry(channel: Channel, subject: &str, body: &str) -> Enquiry {
    let mut enquiry = Enquiry::new(channel, Timestamp::UNIX_EPOCH);
    enquiry.subject = subject.to_owned();
    enquiry.body = body.to_owned();
    enquiry
}

fn routed(enquiry: &Enquiry) -> Placement {
    router().route(enquiry, northmere())
}

fn said(body: &str) -> Placement {
    routed(&enquiry(Channel::Email, "", body))
}

fn from(mut enquiry: Enquiry, name: &str, email: &str) -> Enquiry {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    enquiry.who = Who::Described(Described {
        name: some(name),
        email: some(email),
        ..Described::default()
    });
    enquiry
}

/// `Ada Example <ada@mail.example>`, `01632 960123`, `Ada Example`.
fn sender(text: &str) -> (String, String) {
    match text.split_once('<') {
        Some((name, email)) => (
            name.trim().to_owned(),
            email.trim_end_matches('>').to_owned(),
        ),
        None if text.contains('@') && !text.contains(' ') => (String::new(), text.to_owned()),
        None => (text.to_owned(), String::new()),
    }
}

/// Contacts whose words alone do not say where they belong, and where they are sent instead.
const READ_OTHERWISE: &[(&str, &str)] = &[
    // An automatic reply and an answer to a confirmation: mail threading joins both to the case
    // of the missed bin before anybody asks where they belong.
    (
        "waste-collection/missed-bin",
        "customer-services/general-enquiry",
    ),
    (
        "waste-collection/missed-bin",
        "waste-collection/collection-day",
    ),
];

#[test]
fn the_test_contacts_go_where_a_caseworker_would_send_them() {
    let text = std::fs::read_to_string(repository().join("tests/data/contacts.jsonl")).unwrap();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let contact: serde_json::Value = serde_json::from_str(line).unwrap();
        let get = |key: &str| contact[key].as_str().unwrap();
        let (name, email) = sender(get("from"));
        let enquiry = from(
            enquiry(get("channel").parse().unwrap(), get("subject"), get("body")),
            &name,
            &email,
        );
        let placement = routed(&enquiry);
        let expected = format!("{}/{}", get("expect_service"), get("expect_category"));
        let went = format!("{}/{}", placement.service, placement.category);
        if expected != went {
            wrong.push((expected, went));
        }
    }
    let wrong: Vec<(&str, &str)> = wrong
        .iter()
        .map(|(e, w)| (e.as_str(), w.as_str()))
        .collect();
    assert_eq!(wrong, READ_OTHERWISE);
}

#[test]
fn a_child_in_danger_is_heard_without_the_word_abuse() {
    let placement = said(
        "The boy upstairs is left alone every night, I hear him crying for hours. Please dont say it was me",
    );
    assert_eq!(
        (placement.service.as_str(), placement.category.as_str()),
        ("childrens-social-care", "child-at-risk")
    );
    assert_eq!(placement.priority, Priority::Emergency);
    assert!(placement.is_placed);
    assert!(
        placement.routed.rule.starts_with("danger:"),
        "{}",
        placement.routed.rule
    );
}

#[test]
fn danger_is_heard_in_plain_words_and_in_welsh() {
    for words in [
        "I don't want to be here any more and have taken all my tablets",
        "I do not want to live any more",
        "There is a man with a machete by the shops",
        "My neighbour has collapsed behind her door and is not answering",
        "The lift is stuck on the third floor with people inside",
        "I am being stalked by my ex, he waits outside",
        "They are taking her abroad in the holidays, I think it is for FGM",
        "Mae plentyn yn cael ei guro drws nesaf",
        "Mae arogl nwy yn y stryd",
        "Mae fy ngŵr yn bygwth fy lladd",
        "Mae dyn efo cyllell y tu allan i'r ysgol",
        "Dwi'n ddigartref heno gyda dau o blant",
        "Dydi hi ddim yn anadlu",
    ] {
        assert!(said(words).danger.is_some(), "{words}");
    }
}

#[test]
fn words_that_sound_like_danger_and_are_none_wake_nobody() {
    for words in [
        "We want to live nearer to the school, can we apply for a transfer",
        "The lift in our block is slow, please service it",
        "Please send the policy on FGM training for schools",
        "The celery was stalked and brown when the market closed",
        "Mae'r plant yn hoffi'r parc newydd",
        "Pryd mae'r bin gwyrdd yn cael ei gasglu?",
    ] {
        assert_eq!(said(words).danger, None, "{words}");
    }
}

#[test]
fn what_the_duty_officer_hears_holds_nobodys_words() {
    let placement = said(
        "My name is Zebedee Quark and my landlord has changed the locks, we are out in the rain",
    );
    let kind = placement.danger.unwrap().kind;
    assert!(
        northmere()
            .routing
            .danger
            .iter()
            .any(|cue| cue.kind == kind),
        "{kind}"
    );
}

#[test]
fn the_word_urgent_raises_nothing() {
    let calm = said("My black bin was not emptied on Thursday");
    let loud = said("URGENT!!! URGENT!!! EMERGENCY!!! My black bin was not emptied on Thursday");
    assert_eq!((calm.priority, &calm.danger), (Priority::Normal, &None));
    assert_eq!((loud.priority, &loud.danger), (calm.priority, &calm.danger));
    assert_eq!(loud.category, "missed-bin");
}

#[test]
fn a_missed_bin_is_placed_by_its_words_and_says_which() {
    let placement = said("Good morning, our black bin was not emptied yesterday, it is still full");
    assert_eq!(
        (placement.queue.as_str(), placement.category.as_str()),
        ("waste-ops", "missed-bin")
    );
    assert!(placement.is_placed);
    assert_eq!(placement.routed.rule, "text:missed-bin");
    assert!(
        placement.routed.reason.contains("emptied"),
        "{}",
        placement.routed.reason
    );
    assert!(placement.routed.candidates.len() >= 3);
    assert_eq!(placement.routed.candidates[0].category, "missed-bin");
}

#[test]
fn a_question_about_bins_under_the_act_is_no_missed_bin() {
    let placement = said(
        "Under the Freedom of Information Act: how many missed bins were recorded in each year since 2021?",
    );
    assert_eq!(placement.category, "foi");
    assert_eq!(placement.procedure, Procedure::InformationRequest);
    assert!(placement.linked.is_empty());
}

#[test]
fn what_somebody_chose_wins_over_what_the_text_says_but_not_over_danger() {
    let mut report = enquiry(Channel::WebForm, "", "black bin not emptied again");
    report.service = Some("street-cleansing".to_owned());
    report.category = Some("litter".to_owned());
    let placement = routed(&report);
    assert_eq!(
        (placement.category.as_str(), placement.routed.confidence),
        ("litter", 1.0)
    );
    assert_eq!(placement.routed.rule, "category:litter");

    report.body =
        "There are syringes in the play park, children are playing next to them".to_owned();
    let placement = routed(&report);
    assert_eq!(placement.category, "litter");
    assert_eq!(placement.priority, Priority::Emergency);
    assert!(placement.danger.is_some());

    report.body =
        "She is 6 and her dad hits her, she has bruises on her legs, she is scared of him"
            .to_owned();
    assert_eq!(
        routed(&report).category,
        "child-at-risk",
        "what must stay secret never waits with the litter"
    );
}

const SCREAMS: &str =
    "I can hear the man next door hitting his little girl every night and she screams";

#[test]
fn a_child_at_risk_is_heard_whatever_was_chosen() {
    for body in [SCREAMS, "a child is being abused by his uncle"] {
        for (service, category) in [
            ("environmental-health", None),
            ("environmental-health", Some("noise")),
            ("waste-collection", Some("missed-bin")),
            ("highways-maintenance", Some("pothole")),
            ("complaints", Some("stage-1")),
        ] {
            let mut report = enquiry(Channel::WebForm, "", body);
            report.service = Some(service.to_owned());
            report.category = category.map(str::to_owned);
            let placement = routed(&report);
            assert_eq!(
                (placement.queue.as_str(), placement.category.as_str()),
                ("mash", "child-at-risk"),
                "{service} {category:?}: {body}"
            );
            assert!(placement.is_placed && placement.danger.is_some());
            assert!(placement.linked.is_empty(), "no other case has the words");
        }
    }
}

#[test]
fn a_report_of_a_pothole_or_of_rubbish_that_tells_of_violence_goes_to_those_few() {
    for (service, category, body, expect) in [
        (
            "waste-collection",
            "missed-bin",
            "My neighbour is beating his child every night, she is covered in bruises",
            "child-at-risk",
        ),
        (
            "highways-maintenance",
            "pothole",
            "I was hit by my husband and the children are hiding in the bedroom",
            "domestic-abuse",
        ),
    ] {
        let mut report = enquiry(Channel::Open311, "", body);
        report.service = Some(service.to_owned());
        report.category = Some(category.to_owned());
        let placement = routed(&report);
        assert_eq!(placement.category, expect, "{body}");
        assert!(placement.is_placed && placement.danger.is_some());
    }
}

#[test]
fn where_it_is_not_clear_who_is_in_danger_no_chosen_team_keeps_it() {
    let mut report = enquiry(
        Channel::WebForm,
        "",
        "My father hit my mother and she is bleeding",
    );
    let without = routed(&report);
    report.service = Some("waste-collection".to_owned());
    report.category = Some("missed-bin".to_owned());
    let placement = routed(&report);
    assert!(placement.danger.is_some());
    assert_eq!(
        (placement.is_placed, placement.queue.as_str()),
        (false, "triage")
    );
    assert_eq!(
        (placement.queue, placement.danger),
        (without.queue, without.danger)
    );
}

#[test]
fn what_one_of_the_staff_chose_gives_way_to_what_is_clear_alone() {
    let chosen = |body: &str, is_chosen_by_staff: bool| {
        let mut note = enquiry(Channel::Phone, "", body);
        note.service = Some("environmental-health".to_owned());
        note.category = Some("noise".to_owned());
        note.is_chosen_by_staff = is_chosen_by_staff;
        routed(&note)
    };
    let loud = "The kids next door scream all day in the garden, very noisy";
    assert!(chosen(loud, false).danger.is_some(), "a form costs a look");
    let looked_at = chosen(loud, true);
    assert_eq!(
        (looked_at.category.as_str(), looked_at.danger),
        ("noise", None)
    );
    assert_eq!(chosen(SCREAMS, true).category, "child-at-risk");
}

#[test]
fn a_question_about_child_abuse_under_the_act_stays_a_question() {
    let mut report = enquiry(
        Channel::WebForm,
        "",
        "Under the Freedom of Information Act: how many reports of child abuse did you receive in 2025?",
    );
    report.service = Some("information-governance".to_owned());
    report.category = Some("foi".to_owned());
    let placement = routed(&report);
    assert_eq!(
        (placement.category.as_str(), placement.danger),
        ("foi", None)
    );
}

#[test]
fn within_a_chosen_service_the_words_choose_the_category() {
    let mut report = enquiry(
        Channel::Phone,
        "",
        "the lid is broken and a wheel has come off, can we have another",
    );
    report.service = Some("waste-collection".to_owned());
    let placement = routed(&report);
    assert_eq!(
        (placement.service.as_str(), placement.category.as_str()),
        ("waste-collection", "new-container")
    );
    assert!(placement.is_placed);
}

#[test]
fn danger_declared_on_the_form_is_danger() {
    let mut report = enquiry(Channel::WebForm, "", "the black bin was not emptied");
    report.danger_declared = true;
    let placement = routed(&report);
    assert_eq!(placement.priority, Priority::Emergency);
    assert!(placement.danger.is_some());
}

#[test]
fn a_councillor_gets_a_member_case_and_the_service_its_own() {
    let letter = enquiry(
        Channel::Email,
        "Larkfield Rise",
        "The black bins in Larkfield Rise were not emptied again, the crew missed the whole street.",
    );
    let placement = routed(&from(letter, "Cllr Ada Example", "ada@council.example"));
    assert!(placement.is_member);
    assert_eq!(
        (placement.category.as_str(), placement.procedure),
        ("member-enquiry", Procedure::MemberEnquiry)
    );
    assert_eq!(placement.linked.len(), 1);
    assert_eq!(
        (
            placement.linked[0].queue.as_str(),
            placement.linked[0].category.as_str()
        ),
        ("waste-ops", "missed-bin")
    );
}

#[test]
fn a_members_words_about_a_child_at_risk_stay_with_those_who_may_know() {
    let letter = enquiry(
        Channel::Email,
        "",
        "A girl of 6 in my ward says her dad hits her, she has bruises on her arms and is scared of him.",
    );
    let placement = routed(&from(letter, "Cllr Ada Example", "ada@council.example"));
    assert_eq!(placement.category, "child-at-risk");
    assert!(placement.linked.is_empty());
    assert!(placement.is_member);
}

#[test]
fn an_mp_is_known_by_the_domain_and_not_by_one_that_looks_like_it() {
    let letter = || {
        enquiry(
            Channel::Email,
            "Bins",
            "The black bins in Vale Road were not emptied.",
        )
    };
    let check = |email: &str, expect: &str| {
        assert_eq!(
            routed(&from(letter(), "R. Penhallow", email)).category,
            expect,
            "{email}"
        )
    };
    check("casework@parliament.example", "mp-enquiry");
    check("casework@office.parliament.example", "mp-enquiry");
    check("casework@notparliament.example", "missed-bin");
}

#[test]
fn naming_a_councillor_does_not_make_one() {
    let placement = said(
        "My black bin was not emptied again. I have told Cllr Adeyemi and will go to the Evening Post.",
    );
    assert!(!placement.is_member);
    assert_eq!(placement.category, "missed-bin");
}

#[test]
fn a_complaint_goes_beside_the_request_and_not_before_it() {
    let placement =
        said("The black bin was not emptied again. I want this treated as a formal complaint.");
    assert_eq!(placement.category, "missed-bin");
    assert_eq!(placement.linked.len(), 1);
    assert_eq!(placement.linked[0].category, "stage-1");
    assert_eq!(placement.linked[0].procedure, Procedure::Complaint);

    let placement = said(
        "My kitchen tap is still dripping in my council flat, the plumber never came. I want to make a complaint.",
    );
    assert_eq!(placement.linked[0].category, "housing-complaint");
}

#[test]
fn a_message_that_is_nothing_but_a_complaint_is_one() {
    let placement = routed(&enquiry(
        Channel::Email,
        "Formal complaint",
        "Your officer was rude to me at the main desk.",
    ));
    assert_eq!(
        (placement.service.as_str(), placement.procedure),
        ("complaints", Procedure::Complaint)
    );
}

#[test]
fn a_parking_ticket_is_challenged_and_not_complained_about() {
    let placement = said(
        "I want to make a complaint: I was given a parking ticket although my permit was displayed. Please cancel the PCN, I appeal.",
    );
    assert_eq!(
        (placement.category.as_str(), placement.procedure),
        ("pcn-challenge", Procedure::Appeal)
    );
    assert!(placement.linked.is_empty());
}

#[test]
fn mere_annoyance_is_offered_to_an_officer() {
    let placement = said("Black bin not emptied for the third time, this is ridiculous.");
    assert!(placement.linked.is_empty());
    assert!(
        placement.offers.iter().any(
            |offer| matches!(offer, Offer::Complaint { category, .. } if category == "stage-1")
        )
    );
    assert!(said("Black bin not emptied on Thursday.").offers.is_empty());
}

#[test]
fn what_nobody_could_read_waits_for_a_person_with_suggestions() {
    for text in ["", "?", "zxqv zxqv", "\u{1f600}"] {
        let placement = said(text);
        assert!(!placement.is_placed, "{text:?}");
        assert_eq!(placement.queue, "triage");
        assert!(placement.routed.candidates.len() >= 3, "{text:?}");
    }
}

#[test]
fn two_matters_in_running_text_are_offered_when_both_are_clear() {
    let placement = said(
        "The black bin was not emptied on Thursday and is still full. Also the street light outside my house \
         has been out for a week.",
    );
    let Some(Offer::SeveralMatters { matters }) = placement
        .offers
        .iter()
        .find(|offer| matches!(offer, Offer::SeveralMatters { .. }))
    else {
        panic!("{placement:?}");
    };
    let categories: Vec<&str> = matters
        .iter()
        .map(|matter| matter.category.as_str())
        .collect();
    assert_eq!(categories, ["missed-bin", "light-out"]);

    let one =
        said("The black bin was not emptied. It is still full. The lorry missed the whole street.");
    let is_several = |offer: &Offer| matches!(offer, Offer::SeveralMatters { .. });
    assert!(!one.offers.iter().any(is_several), "{:?}", one.offers);
}

#[test]
fn three_matters_in_one_letter_are_offered_as_three() {
    let placement = said(
        "Three things please: 1) the grit bin at Church Lane is empty and needs a refill. 2) the street light outside number 4 is not working. 3) there is a pothole by the school.",
    );
    let Some(Offer::SeveralMatters { matters }) = placement
        .offers
        .iter()
        .find(|offer| matches!(offer, Offer::SeveralMatters { .. }))
    else {
        panic!("{:?}", placement.offers);
    };
    let categories: Vec<&str> = matters
        .iter()
        .map(|matter| matter.category.as_str())
        .collect();
    assert_eq!(categories, ["grit-bin", "light-out", "pothole"]);
}

#[test]
fn a_matter_told_in_the_same_breath_as_another_is_offered_too() {
    let offered = |text: &str| -> Vec<String> {
        said(text)
            .offers
            .iter()
            .filter_map(|offer| match offer {
                Offer::SeveralMatters { matters } => Some(matters),
                _ => None,
            })
            .flatten()
            .map(|matter| format!("{}/{}", matter.service, matter.category))
            .collect()
    };
    assert_eq!(
        offered("Please tell me why my black bin was not emptied on Thursday and when my council tax refund is coming").len(),
        2
    );
    for text in [
        "1) my black bin was not emptied on Thursday. 2) I want to know why the street light outside number 4 is not working and when my council tax refund is coming",
        "1) my black bin was not emptied on Thursday. 2) the street light outside number 4 is not working. Please also tell me when my council tax refund is coming",
    ] {
        let offered = offered(text);
        assert_eq!(offered.len(), 3, "{text}: {offered:?}");
        assert!(offered[2].starts_with("council-tax/"), "{offered:?}");
    }
    let one = "1) my black bin was not emptied on Thursday and when I rang nobody could tell me why. 2) my black bin is overflowing and the lid is broken off";
    assert!(
        !offered(one)
            .iter()
            .any(|matter| matter.starts_with("council-tax")),
        "{:?}",
        offered(one)
    );
}

#[test]
fn thanks_say_nothing_new_and_a_chaser_asks_again() {
    for text in [
        "Thanks!",
        "Thank you very much, all sorted now",
        "Many thanks, Ada",
        "ok thx",
    ] {
        assert!(router().is_thanks(text), "{text}");
    }
    for text in [
        "Thanks, but it is still not emptied",
        "Thank you. Could you also look at the street light?",
        "",
    ] {
        assert!(!router().is_thanks(text), "{text}");
    }
    assert!(router().is_chaser("Any update on my repair? I have heard nothing"));
    assert!(!router().is_chaser("My bin was not emptied"));
}

#[test]
fn what_is_not_ours_names_whose_it_is() {
    let not_ours = said("How do I apply for universal credit?")
        .not_ours
        .unwrap();
    assert_eq!(not_ours.name, "the Department for Work and Pensions");
    assert!(not_ours.phone.is_some());
    assert_eq!(said("The black bin was not emptied").not_ours, None);
}

#[test]
fn another_language_is_noticed() {
    let check = |text: &str, expect: Option<&str>| {
        assert_eq!(said(text).language.as_deref(), expect, "{text}")
    };
    check(
        "Dzień dobry, proszę o pomoc, nie mam gdzie mieszkać",
        Some("pl"),
    );
    check(
        "Hello I speak little english, what I do please",
        Some("und"),
    );
    check("She needs a Polish interpreter", Some("pl"));
    check("My bin was not emptied", None);
}

#[test]
fn a_rule_of_the_councils_own_moves_the_work_by_place() {
    let mut rules = northmere().routing.clone();
    rules.rule.push(Rule {
        name: "the ring road is the partner's".to_owned(),
        priority: 500,
        when: When {
            service: Some("highways-maintenance".to_owned()),
            place: vec![r"\bring road\b".to_owned()],
            ..When::default()
        },
        then: Then {
            queue: Some("traffic".to_owned()),
            priority: Some(Priority::High),
            ..Then::default()
        },
    });
    let router = Router::new(northmere(), &rules, &[]).unwrap();
    let mut report = enquiry(
        Channel::Phone,
        "",
        "There is a pothole in the road, the surface is breaking up",
    );
    report.service = Some("highways-maintenance".to_owned());
    report.category = Some("pothole".to_owned());
    let elsewhere = router.route(&report, northmere());
    assert_eq!(
        (elsewhere.queue.as_str(), elsewhere.priority),
        ("highways", Priority::Normal)
    );
    report.location = Some(crate::domain::contact::Location {
        description: Some("Ring Road, by the bridge".to_owned()),
        ..crate::domain::contact::Location::default()
    });
    let there = router.route(&report, northmere());
    assert_eq!(
        (
            there.queue.as_str(),
            there.category.as_str(),
            there.priority
        ),
        ("traffic", "pothole", Priority::High)
    );
}

#[test]
fn the_order_of_the_councils_rules_in_the_file_does_not_matter() {
    let mut rules = northmere().routing.clone();
    rules.rule.reverse();
    let turned = reading_by_model(&rules);
    for example in examples().iter().step_by(40) {
        let enquiry = enquiry(Channel::Email, &example.subject, &example.body);
        assert_eq!(turned.route(&enquiry, northmere()), routed(&enquiry));
    }
}

#[test]
fn a_correction_is_followed_by_the_next_message_like_it() {
    let text = "The wotsit by the old forge is wonky and going parp";
    let correction = Example {
        subject: String::new(),
        body: text.to_owned(),
        service: "traffic-road-safety".to_owned(),
        category: "signs-lines".to_owned(),
        is_danger: false,
    };
    let taught = Router::new(northmere(), &northmere().routing, &[correction]).unwrap();
    let next = enquiry(
        Channel::Email,
        "",
        "the wotsit by the old forge is going parp again",
    );
    assert_ne!(routed(&next).category, "signs-lines");
    assert_eq!(taught.route(&next, northmere()).category, "signs-lines");
}

#[test]
fn rules_that_name_what_is_not_there_are_refused_by_name() {
    assert_eq!(northmere().routing.check(northmere()), Vec::<String>::new());
    let mut rules = northmere().routing.clone();
    rules.fallback.queue = "nowhere".to_owned();
    rules.danger[0].words.push("(unclosed".to_owned());
    rules.procedure[0].category = "no-such-category".to_owned();
    rules.rule[0].priority = rules.rule[1].priority;
    rules.thresholds.place_at = 1.5;
    let faults = rules.check(northmere()).join("\n");
    for named in [
        "`nowhere`",
        "`(unclosed`",
        "`no-such-category`",
        "same priority",
        "`place_at`",
    ] {
        assert!(faults.contains(named), "{named} in\n{faults}");
    }
    assert!(Router::new(northmere(), &rules, &[]).is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn every_enquiry_gets_one_placement_whatever_it_says(subject in "\\PC{0,60}", body in "(?s).{0,400}") {
        let enquiry = enquiry(Channel::WebForm, &subject, &body);
        let placement = routed(&enquiry);
        proptest::prop_assert_eq!(&placement, &routed(&enquiry));
        proptest::prop_assert!(northmere().category(&placement.service, &placement.category).is_some());
        proptest::prop_assert!(northmere().queue(&placement.queue).is_some());
        proptest::prop_assert!(placement.routed.candidates.len() >= 3);
        proptest::prop_assert!((0.0..=1.0).contains(&placement.routed.confidence));
    }
}

#[test]
fn the_commonest_reports_are_placed_from_a_few_plain_words() {
    let check = |body: &str, expect: &str| {
        let placement = said(body);
        assert_eq!(placement.category, expect, "{body}: {:?}", placement.routed);
        assert!(placement.is_placed, "{body}: {:?}", placement.routed);
        assert_eq!(placement.danger, None, "{body}");
    };
    check("There is a pothole outside number 4", "pothole");
    check("street light not working on Vale Road", "light-out");
    check("my recycling was not collected", "missed-recycling");
    check("how do I renew my parking permit", "permit");
    check("dog mess all over the pavement", "dog-fouling");
    check(
        "Someone has dumped a mattress and black bags in the lane",
        "fly-tip",
    );
    check("I want to book a bulky collection for a sofa", "book-bulky");
    check(
        "damp and mould in the bedroom of my council flat",
        "damp-mould",
    );
    check("I need to register a birth", "register-birth");
    check("how do I get a blue badge", "blue-badge-apply");
    check(
        "I have moved house and need to tell council tax",
        "ct-moving",
    );
}

#[test]
fn a_restricted_matter_never_waits_where_nobody_may_see_it() {
    for example in examples().iter().step_by(3) {
        // Half a message is less clear than a whole one.
        let half: String = example
            .body
            .chars()
            .take(example.body.chars().count() / 2)
            .collect();
        let placement = said(&half);
        let (service, category) = northmere()
            .category(&placement.service, &placement.category)
            .unwrap();
        if category.is_restricted {
            assert!(placement.is_placed, "{half}");
            assert_eq!(placement.queue, service.queue, "{half}");
        }
    }
}
