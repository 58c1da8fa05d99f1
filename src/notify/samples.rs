//! One letter of every kind, with everything in it and with as little as may be, to read the
//! council's templates aloud before they are used.

use crate::domain::by_email;
use crate::domain::case::{Outcome, Status};
use crate::domain::notice::{
    CaseLine, CouncilLine, InboxBecame, InboxCase, InboxLinks, InboxPerson, InboxWhy, InboxWords,
    Kept, Letter, MemberLines, Ombudsman, OmbudsmanWhen, OtherBody, PhoneLine, PostLine, Says,
    ServiceCounts, StaffItem, Waits,
};
use crate::domain::wording::{self, Language};

/// Sample letters of every template: full, then bare, then private.
#[must_use]
pub fn letters(language: Language) -> Vec<Letter> {
    let mut all = Vec::new();
    for says in public_words(language) {
        let is_danger = matches!(says, Says::Danger { .. });
        all.push(Letter::about(
            full_case(language),
            language,
            council(),
            says.clone(),
        ));
        all.push(Letter::about(
            bare_case(language),
            language,
            council(),
            says.clone(),
        ));
        if is_danger {
            all.push(Letter::without_case(language, council(), says));
        }
    }
    all.push(Letter::without_case(language, council(), sign_in_link()));
    if language == Language::English {
        all.extend(
            staff_words()
                .into_iter()
                .map(|says| Letter::to_staff(council(), says)),
        );
    }
    all
}

/// What both parts of a letter must give, whatever the council's wording.
#[must_use]
pub fn must_say(letter: &Letter) -> Vec<String> {
    let mut needed = Vec::new();
    if letter.says.kind().is_for_the_person() {
        needed.push("999".to_owned());
        needed.extend(letter.case.iter().map(|case| case.reference.clone()));
    } else {
        needed.extend(letter.references());
    }
    match &letter.says {
        Says::SignInLink { link, minutes, .. } => {
            needed.extend([link.clone(), format!("{minutes} ")]);
        }
        Says::Danger { emergency_line } => needed.push(emergency_line.clone()),
        Says::Alert { number_to_ring, .. } => needed.push(number_to_ring.clone()),
        Says::InboxCase(case) => {
            needed.extend(case.safety.iter().cloned());
            needed.extend(case.asked.iter().map(|one| one.text.clone()));
            if let Some(links) = &case.links {
                needed.extend([
                    links.taken.clone(),
                    links.not_ours.clone(),
                    links.needs_longer.clone(),
                    by_email::ANSWER_MARK.to_owned(),
                    by_email::UPDATE_MARK.to_owned(),
                    by_email::NOTE_MARK.to_owned(),
                ]);
            }
        }
        Says::InboxReceipt { why_not, .. } => needed.extend(why_not.clone()),
        _ => {
            if let Some(case) = &letter.case {
                needed.push(case.phone.number.clone());
                needed.extend(case.link.clone());
            }
        }
    }
    let dates = match &letter.says {
        Says::Confirmation { what_happens }
        | Says::MemberConfirmation { what_happens, .. }
        | Says::Acknowledgement { what_happens, .. }
        | Says::HoldingReply { what_happens, .. }
        | Says::WordsKept { what_happens, .. }
        | Says::Reopened { what_happens } => what_happens.clone(),
        Says::ComplaintReceipt {
            acknowledge_by,
            latest_by,
        } => acknowledge_by.iter().chain(latest_by).cloned().collect(),
        Says::Extension { old_by, new_by, .. } => vec![old_by.clone(), new_by.clone()],
        Says::DateChanged { dates, .. } => dates.clone(),
        Says::Transfer { new_by, .. } => new_by.iter().cloned().collect(),
        Says::IncidentUpdate { also, .. } => also.clone(),
        Says::Callback { by } => vec![by.clone()],
        Says::TriedToCall {
            rang_at, number, ..
        } => number.iter().chain([rang_at]).cloned().collect(),
        _ => Vec::new(),
    };
    needed.extend(dates);
    needed
}

fn council() -> CouncilLine {
    CouncilLine {
        name: "Sample Council".to_owned(),
        main_phone: "01632 960000".to_owned(),
        emergency_phone: "01632 960999".to_owned(),
    }
}

fn full_case(language: Language) -> CaseLine {
    let hours = match language {
        Language::English => "Monday to Friday, 8.30am to 5pm",
        Language::Welsh => "dydd Llun i ddydd Gwener, 8.30am i 5pm",
    };
    CaseLine {
        reference: "4X7-K92-MQ3".to_owned(),
        noun: "report".to_owned(),
        matter: "your report of a missed bin".to_owned(),
        topic: "a missed bin".to_owned(),
        place: Some("14 Larkfield Rise".to_owned()),
        team: "the bins team".to_owned(),
        link: Some("https://council.example/track/rvt_sample".to_owned()),
        phone: PhoneLine {
            number: "01632 960100".to_owned(),
            hours: Some(hours.to_owned()),
        },
        is_private: false,
        is_bereavement: false,
    }
}

fn bare_case(language: Language) -> CaseLine {
    CaseLine {
        noun: "message".to_owned(),
        matter: "your message".to_owned(),
        topic: "a matter we do not name in e-mail".to_owned(),
        place: None,
        team: "the team".to_owned(),
        link: None,
        phone: PhoneLine {
            number: "01632 960000".to_owned(),
            hours: None,
        },
        is_private: true,
        is_bereavement: true,
        ..full_case(language)
    }
}

fn public_words(language: Language) -> Vec<Says> {
    let by = match language {
        Language::English => "5pm on Tuesday 24 November 2026",
        Language::Welsh => "5pm ddydd Mawrth 24 Tachwedd 2026",
    };
    let later = match language {
        Language::English => "5pm on Tuesday 8 December 2026",
        Language::Welsh => "5pm ddydd Mawrth 8 Rhagfyr 2026",
    };
    let promised = vec![wording::promise(
        Some("We will collect it, or tell you why not,"),
        by,
        language,
    )];
    let text = "We looked into this.\n\nThe crew will come back.".to_owned();
    let member = MemberLines {
        head_of_service: PostLine {
            title: "Head of Waste and Street Scene".to_owned(),
            email: "head@council.example".to_owned(),
            phone: Some("01632 960100".to_owned()),
        },
        councillor_responsible: PostLine::councillor_responsible(
            "Environment and Waste",
            "councillor@council.example".to_owned(),
            None,
        ),
    };
    let ombudsman = Ombudsman {
        name: "the Local Government and Social Care Ombudsman".to_owned(),
        phone: Some("0808 157 0614".to_owned()),
        website: Some("www.ombudsman.example".to_owned()),
        when: OmbudsmanWhen::Now,
    };
    let body = OtherBody {
        name: "Fairwater".to_owned(),
        how_to_reach: "Ring 0808 157 0105, at any hour.".to_owned(),
    };
    let mut said = vec![
        Says::Confirmation {
            what_happens: promised.clone(),
        },
        Says::Confirmation {
            what_happens: Vec::new(),
        },
        Says::ComplaintReceipt {
            acknowledge_by: Some(by.to_owned()),
            latest_by: Some(later.to_owned()),
        },
        Says::ComplaintReceipt {
            acknowledge_by: None,
            latest_by: None,
        },
        Says::MemberConfirmation {
            what_happens: promised.clone(),
            service_reference: Some("7QH-2MX-90V".to_owned()),
            member: member.clone(),
        },
        Says::MemberConfirmation {
            what_happens: Vec::new(),
            service_reference: None,
            member: member.clone(),
        },
        Says::Danger {
            emergency_line: "01632 960999".to_owned(),
        },
        Says::Acknowledgement {
            text: text.clone(),
            officer: Some("Sam Officer".to_owned()),
            what_happens: promised.clone(),
        },
        Says::Acknowledgement {
            text: text.clone(),
            officer: None,
            what_happens: Vec::new(),
        },
        Says::Reply {
            text: text.clone(),
            officer: Some("Sam Officer".to_owned()),
            follow_up_by: Some(later.to_owned()),
            member: Some(member.clone()),
            ombudsman: Some(ombudsman.clone()),
            is_general: false,
        },
        Says::Reply {
            text: text.clone(),
            officer: None,
            follow_up_by: None,
            member: None,
            ombudsman: None,
            is_general: false,
        },
        Says::Reply {
            text: text.clone(),
            officer: None,
            follow_up_by: Some(later.to_owned()),
            member: Some(member.clone()),
            ombudsman: None,
            is_general: true,
        },
        Says::HoldingReply {
            text: text.clone(),
            officer: Some("Sam Officer".to_owned()),
            what_happens: promised.clone(),
            member: Some(member.clone()),
        },
        Says::HoldingReply {
            text: text.clone(),
            officer: None,
            what_happens: Vec::new(),
            member: None,
        },
        Says::Question {
            text: text.clone(),
            officer: Some("Sam Officer".to_owned()),
            pause_until: Some(later.to_owned()),
        },
        Says::Question {
            text: text.clone(),
            officer: None,
            pause_until: None,
        },
        Says::Extension {
            old_by: by.to_owned(),
            new_by: later.to_owned(),
            reason: "A part is on order.".to_owned(),
            ombudsman: Some(ombudsman.clone()),
        },
        Says::Extension {
            old_by: by.to_owned(),
            new_by: later.to_owned(),
            reason: "A part is on order.".to_owned(),
            ombudsman: None,
        },
        Says::Callback { by: by.to_owned() },
        Says::TriedToCall {
            rang_at: by.to_owned(),
            number: Some("01632 960110".to_owned()),
            left_message: true,
        },
        Says::TriedToCall {
            rang_at: by.to_owned(),
            number: None,
            left_message: false,
        },
        Says::DateChanged {
            dates: vec![
                wording::moved_promise(&wording::promise(None, later, language), by, language),
                wording::moved_promise(
                    &wording::clock_promise("investigate", None, later, language),
                    by,
                    language,
                ),
            ],
            reason: Some("Tuesday 24 November 2026 is a holiday now.".to_owned()),
        },
        Says::DateChanged {
            dates: vec![wording::moved_promise(
                &wording::promise(None, later, language),
                by,
                language,
            )],
            reason: None,
        },
        Says::Transfer {
            is_new_team: true,
            old_by: Some(by.to_owned()),
            new_by: Some(later.to_owned()),
        },
        Says::Transfer {
            is_new_team: true,
            old_by: Some(by.to_owned()),
            new_by: None,
        },
        Says::Transfer {
            is_new_team: false,
            old_by: None,
            new_by: Some(later.to_owned()),
        },
        Says::ChaserConfirmation {
            standing: vec![
                format!(
                    "{}.",
                    wording::public_status(Status::New, None, None, "the team", None, language)
                ),
                wording::missed(by, None, language),
            ],
        },
        Says::ChaserConfirmation {
            standing: Vec::new(),
        },
        Says::IncidentUpdate {
            title: Some("Power cut".to_owned()),
            text: Some("The engineers are there.\n\nWe expect power by 6pm.".to_owned()),
            welsh: None,
            also: vec!["7QH-2MX-90V".to_owned()],
        },
        Says::IncidentUpdate {
            title: None,
            text: None,
            welsh: None,
            also: Vec::new(),
        },
        Says::NotOurs {
            body: Some(body),
            text: Some(text.clone()),
        },
        Says::NotOurs {
            body: None,
            text: None,
        },
        Says::Reopened {
            what_happens: promised,
        },
        Says::TrackingLink,
        Says::Survey,
    ];
    for kept in Kept::ALL {
        said.push(Says::WordsKept {
            instead_of: *kept,
            what_happens: vec![wording::promise(None, by, language)],
            follow_up_by: Some(later.to_owned()),
            member: Some(member.clone()),
        });
        said.push(Says::WordsKept {
            instead_of: *kept,
            what_happens: Vec::new(),
            follow_up_by: None,
            member: None,
        });
    }
    for outcome in Outcome::ALL {
        said.push(Says::Closure {
            outcome: *outcome,
            text: Some(text.clone()),
            follow_up_by: Some(later.to_owned()),
            ombudsman: Some(ombudsman.clone()),
        });
        said.push(Says::Closure {
            outcome: *outcome,
            text: None,
            follow_up_by: None,
            ombudsman: None,
        });
    }
    said
}

fn sign_in_link() -> Says {
    Says::SignInLink {
        link: "https://council.example/sign-in/rvs_sample".to_owned(),
        minutes: 10,
        user: None,
        until: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn staff_words() -> Vec<Says> {
    let full = StaffItem {
        reference: "4X7-K92-MQ3".to_owned(),
        topic: "a missed bin".to_owned(),
        place: Some("14 Larkfield Rise".to_owned()),
        promised: "We will collect it, or tell you why not, by 5pm on Tuesday 24 November 2026"
            .to_owned(),
        to_whom: "a resident".to_owned(),
        who_has_it: StaffItem::who_has_it(true, "the bins team"),
        last_action: Some("note, 27 November".to_owned()),
        link: Some("https://council.example/cases/4X7-K92-MQ3".to_owned()),
        waits: None,
    };
    let bare = StaffItem {
        reference: "7QH-2MX-90V".to_owned(),
        place: None,
        who_has_it: StaffItem::who_has_it(false, "the bins team"),
        last_action: None,
        link: None,
        ..full.clone()
    };
    let (full_item, bare_item) = (full.clone(), bare.clone());
    let waiting = StaffItem {
        waits: Some(Waits {
            how: "Nobody has taken it since Monday 2 November 2026".to_owned(),
            you_can: "take it · give it to someone · pass it to the right team".to_owned(),
        }),
        ..bare.clone()
    };
    // On no case, and nobody was told anything.
    let mail = StaffItem {
        reference: String::new(),
        topic: "an e-mail that could not be read".to_owned(),
        promised: String::new(),
        ..waiting.clone()
    };
    let mut said: Vec<Says> = [&waiting, &mail]
        .into_iter()
        .map(|item| Says::Waiting { item: item.clone() })
        .collect();
    for items in [
        vec![mail.clone()],
        vec![waiting.clone(), mail],
        vec![full.clone(), waiting],
    ] {
        said.push(Says::Digest {
            post: "Team leader, bins team".to_owned(),
            items,
            n_told_before: 0,
        });
    }
    for item in [&full, &bare] {
        said.extend([
            Says::Reminder { item: item.clone() },
            Says::Due { item: item.clone() },
            Says::Joined {
                item: item.clone(),
                came_as: "an e-mail".to_owned(),
                came_at: "4.12pm on Friday 20 November 2026".to_owned(),
                is_chaser: item.link.is_some(),
            },
            Says::ManyTransfers {
                item: item.clone(),
                n_transfers: 3,
            },
            Says::ServiceActed {
                item: item.clone(),
                service_reference: "8ZQ-1DW-TN6".to_owned(),
                service_team: "the bins team".to_owned(),
                what: "has answered".to_owned(),
                is_answer: item.link.is_some(),
            },
            Says::MemberLeft {
                items: vec![item.clone()],
                left_on: "Friday 7 May 2027".to_owned(),
            },
            Says::IdentityFailed {
                item: item.clone(),
                asked_at: "Friday 20 November 2026 at 4.12pm".to_owned(),
            },
        ]);
    }
    let post = "Head of Waste and Street Scene".to_owned();
    said.extend([
        Says::Digest {
            post: post.clone(),
            items: vec![full.clone(), bare.clone()],
            n_told_before: 3,
        },
        Says::Digest {
            post: post.clone(),
            items: vec![bare],
            n_told_before: 1,
        },
        Says::Digest {
            post,
            items: vec![full],
            n_told_before: 0,
        },
    ]);
    let calm = ServiceCounts {
        name: "Street lighting".to_owned(),
        came_in: 0,
        open: 1,
        late: 0,
        oldest_since: Some("Tuesday 3 November 2026".to_owned()),
    };
    let busy = ServiceCounts {
        name: "Waste and recycling collections".to_owned(),
        came_in: 41,
        open: 23,
        late: 1,
        ..calm.clone()
    };
    let done = ServiceCounts {
        came_in: 1,
        open: 0,
        oldest_since: None,
        ..calm.clone()
    };
    for services in [vec![busy, calm], vec![done]] {
        said.push(Says::WeeklyCounts {
            post: "Councillor responsible for Environment and Waste".to_owned(),
            week: "16 to 22 November 2026".to_owned(),
            services,
        });
    }
    said.push(Says::ReportKept {
        post: "Councillor responsible for Environment and Waste".to_owned(),
        title: "How promises were kept: Councillor responsible for Environment and Waste"
            .to_owned(),
        period: "1 to 31 October 2026".to_owned(),
        link: "https://reeve.council.example/reports/019a9f5e-7c00-7000-8000-0000000000aa"
            .to_owned(),
    });
    for (n_overdue, owner_left) in [(1, None), (3, Some("Sefa Second".to_owned()))] {
        said.push(Says::MarkerReview {
            n_overdue,
            oldest: "Monday 2 November 2026".to_owned(),
            owner_left,
        });
    }
    said.push(Says::GlassBroken {
        reference: "4X7-K92-MQ3".to_owned(),
        by: "Hana Head".to_owned(),
        at: "4.12pm on Friday 20 November 2026".to_owned(),
        until: "4.12pm on Saturday 21 November 2026".to_owned(),
    });
    said.push(Says::MailboxUnread {
        mailbox: "contact".to_owned(),
        since: "Friday 20 November 2026 at 4.58pm".to_owned(),
        why: "the mail server does not answer".to_owned(),
    });
    said.extend(inbox_words(&full_item, &bare_item));
    said.push(Says::Alert {
        reference: String::new(),
        danger: "gas, fumes or fire".to_owned(),
        number_to_ring: "01632 960999".to_owned(),
        occurrence: 2,
        case_page: None,
    });
    for occurrence in [1, 3] {
        said.push(Says::Alert {
            reference: "4X7-K92-MQ3".to_owned(),
            danger: "no heating with a baby in the house".to_owned(),
            number_to_ring: "01632 960999".to_owned(),
            occurrence,
            case_page: (occurrence == 1)
                .then(|| "https://council.example/cases/4X7-K92-MQ3".to_owned()),
        });
    }
    said
}

/// What a team that works by e-mail is sent: with everything in it, with as little as may be, and
/// what became of a reply.
fn inbox_words(full: &StaffItem, bare: &StaffItem) -> Vec<Says> {
    let links = InboxLinks {
        taken: "https://council.example/by-email/rvq_taken".to_owned(),
        not_ours: "https://council.example/by-email/rvq_not_ours".to_owned(),
        needs_longer: "https://council.example/by-email/rvq_needs_longer".to_owned(),
        until: "Sunday 20 December 2026".to_owned(),
    };
    let whole = InboxCase {
        item: full.clone(),
        why: InboxWhy::Landed,
        queue: "lighting-contractor".to_owned(),
        contact: None,
        safety: vec!["Visit in pairs until Monday 1 March 2027".to_owned()],
        danger: Some("wires that can be touched".to_owned()),
        place: Some("outside 14 Larkfield Rise".to_owned()),
        person: Some(InboxPerson {
            name: Some("Ada Example".to_owned()),
            phone: Some("07700 900123".to_owned()),
        }),
        asked: vec![InboxWords {
            how: "by telephone at 4.12pm on Friday 20 November 2026".to_owned(),
            text: "The lamp is out.".to_owned(),
        }],
        n_files: 2,
        links: Some(links.clone()),
    };
    let mut said = Vec::new();
    for why in InboxWhy::ALL {
        said.push(Says::InboxCase(Box::new(InboxCase {
            why: *why,
            ..whole.clone()
        })));
        said.push(Says::InboxCase(Box::new(InboxCase {
            item: bare.clone(),
            why: *why,
            queue: "lighting-contractor".to_owned(),
            contact: None,
            safety: Vec::new(),
            danger: None,
            place: None,
            person: None,
            asked: Vec::new(),
            n_files: 0,
            links: None,
        })));
    }
    for became in InboxBecame::ALL {
        said.push(Says::InboxReceipt {
            item: full.clone(),
            became: *became,
            leaves_at: (*became == InboxBecame::Sent)
                .then(|| "5.02pm on Friday 20 November 2026".to_owned()),
            why_not: (*became == InboxBecame::NotSent)
                .then(|| "There is no address to send this to.".to_owned()),
        });
    }
    said.push(Says::InboxKept { item: bare.clone() });
    said
}
