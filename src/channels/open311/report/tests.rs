use super::*;
use crate::domain::case::{Priority, Procedure};
use crate::domain::catalogue::{Choice, Datatype, OutOfHours};
use crate::domain::contact::Location;
use crate::domain::enquiry::Who;
use crate::domain::standard::Figures;

fn field(code: &str, datatype: Datatype, required: bool) -> Field {
    let values = if datatype.is_chosen() {
        ["bag", "van"]
            .map(|key| Choice {
                key: key.to_owned(),
                name: key.to_uppercase(),
                name_cy: None,
            })
            .to_vec()
    } else {
        Vec::new()
    };
    Field {
        code: code.to_owned(),
        question: format!("What about {code}?"),
        question_cy: None,
        datatype,
        required,
        asked: true,
        hint: None,
        hint_cy: None,
        values,
    }
}

fn matter(fields: Vec<Field>) -> (Service, Category) {
    let category = Category {
        slug: "fly-tip".to_owned(),
        name: "Fly-tipping".to_owned(),
        public_name: "fly-tipping".to_owned(),
        what_we_do: None,
        procedure: Procedure::ServiceRequest,
        standard: "charter".to_owned(),
        figures: Figures {
            acknowledge: None,
            respond: None,
            no_answer: true,
        },
        priority: Priority::Normal,
        keywords: Vec::new(),
        examples: Vec::new(),
        is_sensitive: false,
        is_restricted: false,
        restricted_to: Vec::new(),
        out_of_hours: OutOfHours::No,
        safe_contact: false,
        open311: true,
        fields,
        no_answer_text: None,
        no_answer_text_cy: None,
        tone: None,
        ladder: None,
        reopen_within_days: 14,
        vulnerability_check: false,
        vulnerable_default: false,
        not_a_complaint: false,
        refer: None,
        sla_note: None,
        requester_type: None,
        stage: None,
        ombudsman: None,
        lgsl_id: None,
        est_contacts_per_100k_per_year: None,
        intervention: None,
        duty: None,
        avoidable_contact: None,
        reporting_window_working_days: None,
    };
    let service = Service {
        slug: "fly-tipping".to_owned(),
        name: "Fly-tipping".to_owned(),
        public_name: "the enforcement team".to_owned(),
        description: "Dumped rubbish.".to_owned(),
        phone: "01632 960105".to_owned(),
        email: "fly-tipping@council.example".to_owned(),
        opening_hours: String::new(),
        hours: "Mon-Fri 09:00-17:00".parse().unwrap(),
        out_of_hours_phone: None,
        head_of_service: String::new(),
        director: String::new(),
        portfolio: String::new(),
        queue: "enviro-crime".to_owned(),
        is_public: true,
        lgsl_id: None,
        categories: Vec::new(),
    };
    (service, category)
}

fn read_with(fields: Vec<Field>, pairs: &[(&str, &str)]) -> Read {
    let form = Form {
        pairs: pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        files: Vec::new(),
    };
    let (service, category) = matter(fields);
    super::read(&form, &service, &category, Timestamp::UNIX_EPOCH)
}

fn enquiry(pairs: &[(&str, &str)]) -> Enquiry {
    let read = read_with(Vec::new(), pairs);
    assert_eq!(read.faults, [], "{pairs:?}");
    read.enquiry
}

fn faults(fields: Vec<Field>, pairs: &[(&str, &str)]) -> Vec<(String, &'static str)> {
    read_with(fields, pairs)
        .faults
        .into_iter()
        .map(|fault| (fault.pointer, fault.code))
        .collect()
}

const HERE: [(&str, &str); 2] = [("lat", "51.5"), ("long", "-0.1")];

#[test]
fn what_fixmystreet_sends_becomes_a_report() {
    let enquiry = enquiry(&[
        HERE[0],
        HERE[1],
        (
            "description",
            "title: Sofa\n\ndetail: On the verge.\n\nurl: https://fixmystreet.example/report/9\n\nSubmitted via FixMyStreet\n",
        ),
        ("first_name", "Ada"),
        ("last_name", "Example"),
        ("email", "Ada@Mail.Example"),
        ("phone", "07700 900123"),
        (
            "media_url",
            "https://fixmystreet.example/photo/9.0.full.jpeg",
        ),
        (
            "media_url",
            "https://fixmystreet.example/photo/9.1.full.jpeg",
        ),
        ("attribute[easting]", "530000"),
        ("attribute[fixmystreet_id]", "9"),
        ("attribute[uprn]", "100000000001"),
    ]);
    assert_eq!(enquiry.channel, Channel::Open311);
    assert_eq!(
        (enquiry.subject.as_str(), enquiry.body.as_str()),
        ("Sofa", "On the verge.")
    );
    assert_eq!(
        enquiry.page_url.as_deref(),
        Some("https://fixmystreet.example/report/9")
    );
    assert_eq!(enquiry.media_urls.len(), 2);
    assert_eq!(enquiry.external_id.as_deref(), Some("9"));
    assert_eq!(enquiry.fields["easting"], "530000");
    assert_eq!(
        enquiry.location,
        Some(Location {
            lat: Some(51.5),
            long: Some(-0.1),
            description: None,
            uprn: Some("100000000001".to_owned()),
        })
    );
    let Who::Described(who) = enquiry.who else {
        panic!("somebody was named")
    };
    assert_eq!(who.name.as_deref(), Some("Ada Example"));
    assert_eq!(who.email.as_deref(), Some("ada@mail.example"));
    assert!(!who.is_verified, "a form proves nothing");
}

#[test]
fn a_report_without_words_is_called_after_its_category() {
    let enquiry = enquiry(&HERE);
    assert_eq!(enquiry.subject, "Fly-tipping");
    assert_eq!(enquiry.who, Who::Nobody);
}

#[test]
fn a_place_may_be_pinned_written_or_unknown() {
    let place = |pairs: &[(&str, &str)]| enquiry(pairs).location.unwrap();
    assert_eq!(
        place(&[("address_string", "By the bank")])
            .description
            .as_deref(),
        Some("By the bank")
    );
    assert_eq!(
        place(&[("address_id", "100000000001")]).uprn.as_deref(),
        Some("100000000001")
    );
    assert_eq!(
        place(&[("address_id", "#NOTPINPOINTED#")])
            .description
            .as_deref(),
        Some("Not pinpointed on the map")
    );
    assert_eq!(
        faults(Vec::new(), &[]),
        [("/lat".to_owned(), "missing_field")]
    );
    assert_eq!(
        faults(Vec::new(), &[("lat", "51.5")]),
        [("/long".to_owned(), "missing_field")]
    );
    for bad in ["91", "NaN", "inf", "north"] {
        assert_eq!(
            faults(Vec::new(), &[("lat", bad), HERE[1]])[0],
            ("/lat".to_owned(), "bad_format"),
            "{bad}"
        );
    }
}

#[test]
fn every_fault_is_named_by_the_field_it_stands_in() {
    let mut found = faults(
        vec![
            field("size", Datatype::OneOf, true),
            field("how_many", Datatype::Number, false),
            field("when", Datatype::Datetime, false),
            field("plate", Datatype::String, true),
        ],
        &[
            ("lat", "51.5"),
            ("long", "400"),
            ("media_url", "file:///etc/passwd"),
            ("attribute[size]", "lorry"),
            ("attribute[how_many]", "some"),
            ("attribute[when]", "today"),
        ],
    );
    found.sort();
    let expect = [
        ("/attribute[how_many]", "wrong_type"),
        ("/attribute[plate]", "missing_field"),
        ("/attribute[size]", "unknown_value"),
        ("/attribute[when]", "bad_format"),
        ("/long", "bad_format"),
        ("/long", "missing_field"),
        ("/media_url", "bad_format"),
    ];
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(pointer, code)| (pointer.as_str(), *code))
        .collect();
    assert_eq!(found, expect);
}

#[test]
fn a_report_is_taken_whatever_its_writer_said_of_themselves() {
    let enquiry = enquiry(&[
        HERE[0],
        HERE[1],
        ("email", "jörg@mail.example"),
        ("phone", "ring me"),
        ("first_name", "Ada\u{7}"),
        ("description", "A sofa\u{b} on\rthe verge.\u{0}"),
        ("attribute[fixmystreet_id]", "9\u{1}"),
    ]);
    assert_eq!(
        enquiry.body,
        "A sofa on\nthe verge.\n\nE-mail address, as it was given: jörg@mail.example\n\
         Telephone number, as it was given: ring me"
    );
    assert_eq!(enquiry.external_id.as_deref(), Some("9"));
    let Who::Described(who) = enquiry.who else {
        panic!("somebody was named")
    };
    assert_eq!(
        (who.name.as_deref(), who.email, who.phone),
        (Some("Ada"), None, None)
    );
}

#[test]
fn a_report_is_taken_whatever_is_wrong_with_a_detail_of_it() {
    let enquiry = enquiry(&[
        HERE[0],
        HERE[1],
        ("description", "A sofa on the verge."),
        ("media_url", "https://f.example/a photo.jpg"),
        ("media_url", "/photo/9.1.jpeg"),
        ("media_url", "C:\\photos\\1.jpg"),
        ("media_url", "https://f.example/9.jpg"),
        ("attribute[road name]", "Mill Lane"),
        ("attribute[road name][]", "Larkfield\u{1} Rise"),
        ("attribute[]", " "),
        ("attribute[size]", "van"),
    ]);
    assert_eq!(
        enquiry.body,
        "A sofa on the verge.\n\nAnswer, as it was given: road name: Mill Lane\n\
         Answer, as it was given: road name: Larkfield Rise\n\
         Photograph, as it was given: https://f.example/a photo.jpg\n\
         Photograph, as it was given: /photo/9.1.jpeg\n\
         Photograph, as it was given: C:\\photos\\1.jpg"
    );
    assert_eq!(enquiry.media_urls, ["https://f.example/9.jpg"]);
    assert_eq!(enquiry.fields["size"], "van");
    assert_eq!(
        crate::channels::open311::form::public_words(&enquiry.body),
        "A sofa on the verge."
    );
    for bad in [
        "javascript:alert(1)",
        "FILE:///etc/passwd",
        "java\tscript:x",
    ] {
        assert_eq!(
            faults(Vec::new(), &[HERE[0], HERE[1], ("media_url", bad)]),
            [("/media_url".to_owned(), "bad_format")],
            "{bad}"
        );
    }
}

#[test]
fn several_may_be_chosen_only_where_several_are_offered() {
    let both = [
        HERE[0],
        HERE[1],
        ("attribute[size][]", "bag"),
        ("attribute[size][]", "van"),
    ];
    assert_eq!(
        faults(vec![field("size", Datatype::SomeOf, true)], &both),
        []
    );
    assert_eq!(
        faults(vec![field("size", Datatype::OneOf, true)], &both),
        [("/attribute[size]".to_owned(), "too_many")]
    );
}

#[test]
fn a_title_too_long_for_a_subject_stands_above_the_words() {
    let long = "Pothole ".repeat(40);
    let text = format!("title: {long}\n\ndetail: Deep.\n\nurl: https://f.example/1\n");
    let enquiry = enquiry(&[HERE[0], HERE[1], ("description", &text)]);
    assert!(enquiry.subject.chars().count() <= 200);
    assert!(enquiry.body.starts_with(long.trim()) && enquiry.body.ends_with("Deep."));
}
