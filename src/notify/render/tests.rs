//! The mails, read aloud.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::case::{Outcome, Procedure, Secrecy};
use crate::domain::notice::{
    CaseFacts, CaseLine, CouncilLine, MemberLines, Ombudsman, OmbudsmanWhen, PhoneLine, PostLine,
    Says, StaffItem, language_for,
};
use crate::domain::reference::Reference;

const BY: &str = "5pm on Tuesday 24 November 2026";

fn northmere() -> BTreeMap<String, String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/config/northmere/templates");
    let mut files = BTreeMap::new();
    for language in std::fs::read_dir(root).unwrap() {
        let language = language.unwrap();
        for file in std::fs::read_dir(language.path()).unwrap() {
            let file = file.unwrap();
            let path = format!(
                "{}/{}",
                language.file_name().to_str().unwrap(),
                file.file_name().to_str().unwrap()
            );
            files.insert(path, std::fs::read_to_string(file.path()).unwrap());
        }
    }
    files
}

fn council() -> CouncilLine {
    CouncilLine {
        name: "Northmere Council".to_owned(),
        main_phone: "01632 960000".to_owned(),
        emergency_phone: "01632 960999".to_owned(),
    }
}

fn case(procedure: Procedure, public_name: &str, secrecy: Secrecy, language: Language) -> CaseLine {
    CaseLine::of(&CaseFacts {
        reference: &Reference::from_bits(0x12_3456_789a),
        procedure,
        public_name,
        place: Some("14 Larkfield Rise"),
        team: "the bins team",
        secrecy,
        is_bereavement: false,
        link: Some("https://council.example/track/rvt_abc".to_owned()),
        phone: PhoneLine {
            number: "01632 960100".to_owned(),
            hours: Some("Monday to Friday, 8.30am to 5pm".to_owned()),
        },
        language,
    })
}

fn missed_bin() -> CaseLine {
    case(
        Procedure::ServiceRequest,
        "a missed bin",
        Secrecy::Ordinary,
        Language::English,
    )
}

fn write_about(case: CaseLine, language: Language, says: Says) -> Rendered {
    let letter = Letter::about(case, language, council(), says);
    let stored = serde_json::to_string(&letter).unwrap();
    let read_back: Letter = serde_json::from_str(&stored).unwrap();
    assert_eq!(read_back, letter, "the outbox keeps the letter as it was");
    Renderer::new(&northmere())
        .unwrap()
        .render(&read_back)
        .unwrap()
}

fn promised() -> Vec<String> {
    vec![wording::promise(
        Some("We will collect it, or tell you why not,"),
        BY,
        Language::English,
    )]
}

/// Compares with the reference of the sample written as REF, which is the same in every test.
fn check(mail: &Rendered, subject: &str, text: &str) {
    let reference = Reference::from_bits(0x12_3456_789a).to_string();
    assert_eq!(mail.subject.replace(&reference, "REF"), subject);
    assert_eq!(mail.text.replace(&reference, "REF"), text);
}

#[test]
fn northmeres_templates_are_sound_and_plain() {
    assert_eq!(check_all(), Vec::<(String, String)>::new());
}

fn check_all() -> Vec<(String, String)> {
    super::check(&northmere())
}

#[test]
fn a_resident_is_thanked_told_what_happens_by_when_and_whom_to_ring() {
    let mail = write_about(
        missed_bin(),
        Language::English,
        Says::Confirmation {
            what_happens: promised(),
        },
    );
    check(
        &mail,
        "We have your report of a missed bin [REF]",
        "Thank you. We have your report of a missed bin at 14 Larkfield Rise.\n\
         We will collect it, or tell you why not, by 5pm on Tuesday 24 November 2026.\n\
         \n\
         Your reference is REF.\n\
         Follow it or add to it: https://council.example/track/rvt_abc\n\
         Anyone with this link can see it.\n\
         \n\
         Talk to us: 01632 960100, Monday to Friday, 8.30am to 5pm.\n\
         If anyone is in danger, call 999.\n\
         \n\
         Northmere Council\n",
    );
    let reference = Reference::from_bits(0x12_3456_789a).to_string();
    for needed in [
        reference.as_str(),
        BY,
        "01632 960100",
        "https://council.example/track/rvt_abc",
    ] {
        assert!(
            mail.html.contains(needed),
            "{needed} is missing from the HTML"
        );
    }
}

#[test]
fn a_sensitive_matter_is_confirmed_without_saying_what_it_is() {
    let council_tax = case(
        Procedure::Enquiry,
        "council tax arrears",
        Secrecy::Sensitive,
        Language::English,
    );
    let promise = council_tax.promise(Some("We will look at your arrears"), BY, Language::English);
    let mail = write_about(
        council_tax,
        Language::English,
        Says::Confirmation {
            what_happens: vec![promise],
        },
    );
    check(
        &mail,
        "We have your message [REF]",
        "Thank you. We have your message.\n\
         We will answer by 5pm on Tuesday 24 November 2026.\n\
         \n\
         Your reference is REF.\n\
         Follow it or add to it: https://council.example/track/rvt_abc\n\
         Anyone with this link can see it.\n\
         \n\
         Talk to us: 01632 960100, Monday to Friday, 8.30am to 5pm.\n\
         If anyone is in danger, call 999.\n\
         \n\
         Northmere Council\n",
    );
    for secret in ["arrears", "tax", "Larkfield", "bins"] {
        assert!(!mail.html.contains(secret) && !mail.subject.contains(secret));
    }
}

#[test]
fn no_notice_of_a_sensitive_case_names_its_matter() {
    let renderer = Renderer::new(&northmere()).unwrap();
    for language in Language::ALL {
        let private = case(
            Procedure::Enquiry,
            "marker-matter",
            Secrecy::Restricted,
            *language,
        );
        for letter in samples::letters(*language) {
            if !letter.says.kind().is_for_the_person() {
                continue;
            }
            let letter = Letter {
                case: Some(private.clone()),
                ..letter
            };
            let mail = renderer.render(&letter).unwrap();
            for part in [&mail.subject, &mail.text, &mail.html] {
                assert!(
                    !part.contains("marker-matter"),
                    "{}",
                    letter.says.template()
                );
                assert!(!part.contains("Larkfield"), "{}", letter.says.template());
                assert!(!part.contains("bins team"), "{}", letter.says.template());
            }
        }
    }
}

#[test]
fn somebody_in_danger_is_sent_to_999_with_no_date_and_no_link() {
    let mail = write_about(
        missed_bin(),
        Language::English,
        Says::Danger {
            emergency_line: "01632 960999".to_owned(),
        },
    );
    check(
        &mail,
        "If someone is in danger, call 999 now",
        "If someone is in danger now, call 999. Do not wait for us to reply.\n\
         Our emergency line, open now, is 01632 960999.\n\
         \n\
         We have your message.\n\
         Your reference is REF. You do not need it to ring us.\n\
         \n\
         Northmere Council\n",
    );
    for part in [&mail.text, &mail.html] {
        assert!(!part.contains("http") && !part.contains("2026") && !part.contains("missed bin"));
    }
}

#[test]
fn a_danger_notice_can_leave_even_the_reference_out() {
    let letter = Letter::without_case(
        Language::English,
        council(),
        Says::Danger {
            emergency_line: "01632 960999".to_owned(),
        },
    );
    let mail = Renderer::new(&northmere())
        .unwrap()
        .render(&letter)
        .unwrap();
    assert!(!mail.text.contains("reference") && !mail.html.contains("reference"));
    assert!(letter.references().is_empty());
}

#[test]
fn a_complaint_receipt_gives_only_the_latest_date_for_the_answer() {
    let complaint = case(
        Procedure::Complaint,
        "a complaint",
        Secrecy::Ordinary,
        Language::English,
    );
    let mail = write_about(
        complaint,
        Language::English,
        Says::ComplaintReceipt {
            acknowledge_by: Some("Friday 27 November 2026".to_owned()),
            latest_by: Some("Friday 11 December 2026".to_owned()),
        },
    );
    check(
        &mail,
        "We have your complaint [REF]",
        "Thank you for telling us. We have your complaint.\n\
         An officer will write to you by Friday 27 November 2026 to say what we will look into.\n\
         You will have our answer by Friday 11 December 2026 at the latest.\n\
         \n\
         Your reference is REF.\n\
         Follow it or add to it: https://council.example/track/rvt_abc\n\
         Anyone with this link can see it.\n\
         \n\
         Talk to us: 01632 960100, Monday to Friday, 8.30am to 5pm.\n\
         If anyone is in danger, call 999.\n\
         \n\
         Northmere Council\n",
    );
}

fn member() -> MemberLines {
    MemberLines {
        head_of_service: PostLine {
            title: "Head of Waste and Street Scene".to_owned(),
            email: "head.of.waste.and.street.scene@council.example".to_owned(),
            phone: Some("01632 960100".to_owned()),
        },
        councillor_responsible: PostLine::councillor_responsible(
            "Environment and Waste",
            "portfolio.environment.and.waste@council.example".to_owned(),
            None,
        ),
    }
}

#[test]
fn a_councillor_is_told_which_head_of_service_and_which_councillor_to_turn_to() {
    let enquiry = case(
        Procedure::MemberEnquiry,
        "a councillor's enquiry",
        Secrecy::Ordinary,
        Language::English,
    );
    let mail = write_about(
        enquiry,
        Language::English,
        Says::MemberConfirmation {
            what_happens: vec![wording::promise(None, BY, Language::English)],
            service_reference: Some("7QH-2MX-90V".to_owned()),
            member: member(),
        },
    );
    check(
        &mail,
        "We have your enquiry [REF]",
        "Thank you. We have your enquiry.\n\
         We will answer by 5pm on Tuesday 24 November 2026.\n\
         The service keeps its own record, 7QH-2MX-90V, and counts from the day we had your \
         message.\n\
         \n\
         If you need to speak to someone about it:\n\
         - Head of Waste and Street Scene: head.of.waste.and.street.scene@council.example, 01632 \
         960100\n\
         - Councillor responsible for environment and waste: \
         portfolio.environment.and.waste@council.example\n\
         \n\
         Your reference is REF.\n\
         Follow it or add to it: https://council.example/track/rvt_abc\n\
         Anyone with this link can see it.\n\
         \n\
         Talk to us: 01632 960100, Monday to Friday, 8.30am to 5pm.\n\
         If anyone is in danger, call 999.\n\
         \n\
         Northmere Council\n",
    );
}

#[test]
fn an_officers_reply_says_their_words_and_until_when_it_can_be_put_right() {
    let mail = write_about(
        missed_bin(),
        Language::English,
        Says::Reply {
            text: "The lorry broke down.\n\nWe came back on Monday.".to_owned(),
            officer: Some("Sam Officer".to_owned()),
            follow_up_by: Some("Tuesday 8 December 2026".to_owned()),
            member: Some(member()),
            ombudsman: None,
            is_general: false,
        },
    );
    assert!(mail.text.starts_with(
        "The lorry broke down.\n\nWe came back on Monday.\n\nSam Officer\nThe bins team\n\n\
         If this is not right, tell us by Tuesday 8 December 2026: reply to this e-mail or ring us.\n\n\
         If you need to speak to someone about it:\n- Head of Waste and Street Scene: "
    ), "{}", mail.text);
    assert!(
        mail.html
            .contains("<p>The lorry broke down.</p>\n<p>We came back on Monday.</p>")
    );
}

#[test]
fn a_later_date_is_told_with_its_reason_and_the_ombudsman() {
    let mail = write_about(
        case(
            Procedure::Complaint,
            "a complaint",
            Secrecy::Ordinary,
            Language::English,
        ),
        Language::English,
        Says::Extension {
            old_by: "Friday 11 December 2026".to_owned(),
            new_by: "Wednesday 23 December 2026".to_owned(),
            reason: "We are waiting for the contractor's records.".to_owned(),
            ombudsman: Some(Ombudsman {
                name: "the Local Government and Social Care Ombudsman".to_owned(),
                phone: Some("0808 157 0614".to_owned()),
                website: Some("www.ombudsman.example".to_owned()),
                when: OmbudsmanWhen::Now,
            }),
        },
    );
    check(
        &mail,
        "A later date for your complaint [REF]",
        "We said we would answer by Friday 11 December 2026. We need more time, and we are sorry.\n\
         The new date is Wednesday 23 December 2026.\n\
         \n\
         Why it takes longer:\n\
         We are waiting for the contractor's records.\n\
         \n\
         If you are unhappy with this, you can go to the Local Government and Social Care \
         Ombudsman. It costs nothing.\n\
         Telephone: 0808 157 0614\n\
         Website: www.ombudsman.example\n\
         \n\
         Your reference is REF.\n\
         Follow it or add to it: https://council.example/track/rvt_abc\n\
         Anyone with this link can see it.\n\
         \n\
         Talk to us: 01632 960100, Monday to Friday, 8.30am to 5pm.\n\
         If anyone is in danger, call 999.\n\
         \n\
         Northmere Council\n",
    );
}

#[test]
fn somebody_who_asks_again_is_told_the_truth() {
    let mail = write_about(
        missed_bin(),
        Language::English,
        Says::ChaserConfirmation {
            standing: vec![wording::missed(
                BY,
                Some(("Head of Waste and Street Scene", date(2026, 11, 25))),
                Language::English,
            )],
        },
    );
    assert!(mail.text.starts_with(
        "Thank you for writing again. Your message is with your report of a missed bin.\n\
         We said we would answer by 5pm on Tuesday 24 November 2026. We have not, and we are sorry. \
         The Head of Waste and Street Scene was told on Wednesday 25 November 2026.\n"
    ), "{}", mail.text);
}

fn item(reference: &str, last_action: Option<&str>) -> StaffItem {
    StaffItem {
        reference: reference.to_owned(),
        topic: "a missed bin".to_owned(),
        place: None,
        promised: format!("We will collect it, or tell you why not, by {BY}"),
        to_whom: "a resident".to_owned(),
        who_has_it: StaffItem::who_has_it(last_action.is_some(), "the bins team"),
        last_action: last_action.map(str::to_owned),
        link: Some(format!("https://council.example/cases/{reference}")),
        waits: None,
    }
}

#[test]
fn a_head_of_service_reads_one_calm_list() {
    let letter = Letter::to_staff(
        council(),
        Says::Digest {
            post: "Head of Waste and Street Scene".to_owned(),
            items: vec![
                item("4X7-K92-MQ3", None),
                item("7QH-2MX-90V", Some("note, 27 November")),
            ],
            n_told_before: 3,
        },
    );
    let mail = Renderer::new(&northmere())
        .unwrap()
        .render(&letter)
        .unwrap();
    check(
        &mail,
        "2 promises need you today",
        "To the Head of Waste and Street Scene\n\
         \n\
         2 promises are due today or have passed their dates, and are not yet kept. The one that matters most comes \
         first.\n\
         \n\
         1. A missed bin, 4X7-K92-MQ3\n\
         We told a resident: We will collect it, or tell you why not, by 5pm on Tuesday 24 \
         November 2026.\n\
         Who has it: nobody yet (the bins team).\n\
         Last action: none yet.\n\
         You can: answer it · give it to someone · set a new date and tell them.\n\
         Open it: https://council.example/cases/4X7-K92-MQ3\n\
         \n\
         2. A missed bin, 7QH-2MX-90V\n\
         We told a resident: We will collect it, or tell you why not, by 5pm on Tuesday 24 \
         November 2026.\n\
         Who has it: an officer of the bins team.\n\
         Last action: note, 27 November.\n\
         You can: answer it · give it to someone · set a new date and tell them.\n\
         Open it: https://council.example/cases/7QH-2MX-90V\n\
         \n\
         3 more, which you were told of before, are still open.\n\
         \n\
         Reply to this e-mail and your words become a note on the cases whose reference you give.\n\
         \n\
         Northmere Council\n",
    );
    assert_eq!(letter.references(), ["4X7-K92-MQ3", "7QH-2MX-90V"]);
}

#[test]
fn whoever_has_it_is_reminded_before_the_date() {
    let mut reminded = item("4X7-K92-MQ3", Some("note, 20 November"));
    reminded.place = Some("14 Larkfield Rise".to_owned());
    let letter = Letter::to_staff(council(), Says::Reminder { item: reminded });
    let mail = Renderer::new(&northmere())
        .unwrap()
        .render(&letter)
        .unwrap();
    check(
        &mail,
        "A date is coming: a missed bin [4X7-K92-MQ3]",
        "This is a reminder about a missed bin at 14 Larkfield Rise (4X7-K92-MQ3).\n\
         \n\
         We told a resident: We will collect it, or tell you why not, by 5pm on Tuesday 24 \
         November 2026.\n\
         Who has it: an officer of the bins team.\n\
         Last action: note, 20 November.\n\
         You can: answer it · give it to someone · set a new date and tell them.\n\
         Open it: https://council.example/cases/4X7-K92-MQ3\n\
         \n\
         Reply to this e-mail and your words become a note on the case.\n\
         \n\
         Northmere Council\n",
    );
}

#[test]
fn the_duty_officer_reads_the_danger_and_the_number_and_nothing_else() {
    let letter = Letter::to_staff(
        council(),
        Says::Alert {
            reference: "4X7-K92-MQ3".to_owned(),
            danger: "no heating with a baby in the house".to_owned(),
            number_to_ring: "01632 960999".to_owned(),
            occurrence: 2,
            case_page: None,
        },
    );
    let mail = Renderer::new(&northmere())
        .unwrap()
        .render(&letter)
        .unwrap();
    check(
        &mail,
        "Someone may be in danger [4X7-K92-MQ3]",
        "Someone may be in danger: no heating with a baby in the house.\n\
         Ring 01632 960999 now.\n\
         \n\
         The case is 4X7-K92-MQ3.\n\
         You have been told of this before. Nobody has taken it yet.\n\
         \n\
         Then record the call on the case: who you spoke to, on what number, and what came of it.\n\
         You will be told again every 15 minutes until the case is taken or the call is recorded.\n\
         \n\
         Northmere Council\n",
    );
    assert_eq!(letter.references(), ["4X7-K92-MQ3"]);
}

#[test]
fn somebody_whose_report_joins_another_learns_nothing_of_the_other() {
    let mail = write_about(
        missed_bin(),
        Language::English,
        Says::Closure {
            outcome: Outcome::Merged,
            text: None,
            follow_up_by: None,
            ombudsman: None,
        },
    );
    assert!(mail.text.starts_with(
        "We have more than one report of the same thing, and deal with them together.\n\
         You keep your reference, and we will tell you what comes of it.\n"
    ));
}

#[test]
fn a_welsh_speaker_is_answered_in_welsh() {
    let welsh = case(
        Procedure::ServiceRequest,
        "a missed bin",
        Secrecy::Ordinary,
        Language::Welsh,
    );
    let by = "5pm ddydd Mawrth 24 Tachwedd 2026";
    let promise = welsh.promise(Some("We will collect it,"), by, Language::Welsh);
    let mail = write_about(
        welsh,
        Language::Welsh,
        Says::Confirmation {
            what_happens: vec![promise],
        },
    );
    check(
        &mail,
        "Mae eich neges gyda ni [REF]",
        "Diolch. Mae eich neges gyda ni.\n\
         Byddwn yn ateb erbyn 5pm ddydd Mawrth 24 Tachwedd 2026.\n\
         \n\
         Eich cyfeirnod yw REF.\n\
         Dilynwch y mater neu ychwanegwch ato: https://council.example/track/rvt_abc\n\
         Gall unrhyw un sydd â'r ddolen hon ei weld.\n\
         \n\
         Siaradwch â ni: 01632 960100, dydd Llun i ddydd Gwener, 8.30am i 5pm.\n\
         Os oes rhywun mewn perygl, ffoniwch 999.\n\
         \n\
         Northmere Council\n",
    );
    assert!(mail.html.contains("<html lang=\"cy\">"));
}

#[test]
fn a_notice_there_is_no_welsh_for_is_wholly_english() {
    let files = northmere();
    let choose =
        |template: &str| language_for(Language::Welsh, template, |path| files.contains_key(path));
    assert_eq!(choose("confirmation"), Language::Welsh);
    assert_eq!(choose("member-confirmation"), Language::English);
}

#[test]
fn a_letter_for_the_post_has_a_date_and_no_link_to_type() {
    let letter = Letter::about(
        missed_bin(),
        Language::English,
        council(),
        Says::Question {
            text: "Which bin was it?".to_owned(),
            officer: Some("Sam Officer".to_owned()),
            pause_until: None,
        },
    );
    let text = Renderer::new(&northmere())
        .unwrap()
        .render_for_post(
            &letter,
            &["Ada Example".to_owned(), "14 Larkfield Rise".to_owned()],
            date(2026, 11, 20),
        )
        .unwrap();
    let reference = Reference::from_bits(0x12_3456_789a).to_string();
    assert_eq!(
        text.replace(&reference, "REF"),
        "Ada Example\n\
         14 Larkfield Rise\n\
         \n\
         Northmere Council\n\
         \n\
         Friday 20 November 2026\n\
         \n\
         Our reference: REF\n\
         \n\
         Which bin was it?\n\
         \n\
         Sam Officer\n\
         The bins team\n\
         \n\
         Please write to us or ring us.\n\
         \n\
         Your reference is REF.\n\
         \n\
         Talk to us: 01632 960100, Monday to Friday, 8.30am to 5pm.\n\
         If anyone is in danger, call 999.\n\
         \n\
         Northmere Council\n"
    );
}

#[test]
fn a_bad_template_is_named_with_what_is_wrong() {
    let faults_with = |path: &str, text: &str| {
        let mut files = northmere();
        files.insert(path.to_owned(), text.to_owned());
        super::check(&files)
    };
    let names = |path: &str, text: &str, expect: &str| {
        let faults = faults_with(path, text);
        assert!(
            faults
                .iter()
                .any(|(file, what)| file == path && what.contains(expect)),
            "{path}: {faults:?}"
        );
    };
    names("en/reopened.txt", "We are {{ broken", "line 1");
    names(
        "en/reopened.txt",
        "Subject: x\n\n{{ nothing_of_the_kind }}",
        "undefined",
    );
    names(
        "en/tracking-link.txt",
        "Subject: x\n\n{{ case.link }}",
        "may not have",
    );
    names("en/reopened.txt", "No subject\n\nhere", "Subject");
    names(
        "en/reopened.txt",
        "Subject: x\n\nWe will escalate it soon.",
        "escalat",
    );
    names(
        "en/reopened.txt",
        &format!("Subject: x\n\n{}", "word ".repeat(26)),
        "25 words",
    );
    names(
        "en/confirmation.txt",
        "Subject: x\n\nThanks.",
        "does not give",
    );
    names("en/odd.txt", "Subject: x\n\ny", "no notice has this name");
    names("xx/confirmation.txt", "Subject: x\n\ny", "language");
    names(
        "cy/member-confirmation.txt",
        "Subject: x\n\ny",
        "cy/member-confirmation.html is missing",
    );
    let mut files = northmere();
    files.remove("en/digest.txt");
    assert!(
        super::check(&files)
            .iter()
            .any(|(_, what)| what.contains("en/digest.txt"))
    );
}

#[test]
fn html_in_an_officers_words_stays_words() {
    let mail = write_about(
        missed_bin(),
        Language::English,
        Says::Reply {
            text: "<img src=x onerror=alert(1)> & {{ case.reference }}\nnext".to_owned(),
            officer: Some("<b>Sam</b>".to_owned()),
            follow_up_by: None,
            member: None,
            ombudsman: None,
            is_general: false,
        },
    );
    assert!(!mail.html.contains("<img") && !mail.html.contains("<b>"));
    assert!(
        mail.html
            .contains("&lt;img src=x onerror=alert(1)&gt; &amp; {{ case.reference }}<br>\nnext")
    );
    assert!(
        mail.text
            .contains("<img src=x onerror=alert(1)> & {{ case.reference }}\nnext")
    );
}

proptest! {
    #[test]
    fn no_text_breaks_out_of_the_subject_or_the_page(text in any::<String>()) {
        let mut hostile = missed_bin();
        hostile.matter = format!("your {text}");
        let letter = Letter::about(hostile, Language::English, council(), Says::Reply {
            text: text.clone(),
            officer: Some(text.clone()),
            follow_up_by: Some(text),
            member: None,
            ombudsman: None, is_general: false,
        });
        let mail = Renderer::new(&northmere()).unwrap().render(&letter).unwrap();
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        prop_assert!(!mail.subject.contains(breaks));
        prop_assert!(mail.subject.chars().count() <= 150);
        prop_assert_eq!(mail.html.matches("<p").count(), mail.html.matches("</p>").count());
        prop_assert!(!mail.text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        for forbidden in ["<script", "<img", "onerror=\""] {
            prop_assert!(!mail.html.contains(forbidden));
        }
    }
}
