//! What the rules cost: dates, clocks, ladders, explanations, routing, mail in and mail out.
//!
//! Nothing here touches a disk. Everything runs on the catalogue of Northmere, as it is shipped.

#[path = "figures/mod.rs"]
mod figures;

use std::collections::HashSet;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use jiff::civil::{Date, Weekday, date};
use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use figures::Figure;
use reeve::channels::email_in::{self, Envelope, Ours};
use reeve::config::embedded;
use reeve::domain::calendar::{Holidays, Nation};
use reeve::domain::catalogue::Catalogue;
use reeve::domain::clock::{
    self, Extension, Facts, Longer, Pause, Reading, Terms, WaitingFor, read,
};
use reeve::domain::contact::Channel;
use reeve::domain::enquiry::Enquiry;
use reeve::domain::explain::explain;
use reeve::domain::ladder::{self, Ladder};
use reeve::domain::notice::{Letter, Says};
use reeve::domain::routing::Router;
use reeve::domain::standard::{ClockSpec, Target};
use reeve::domain::triage::Example;
use reeve::domain::wording::Language;
use reeve::notify::render::Renderer;
use reeve::notify::samples;

const DATE: &str = "date/20_working_days";
const NAIVE: &str = "date/20_working_days_day_by_day_over_a_hash_set";
const SHA: &str = "baseline/sha256_of_1_kib";
const SHORT_BY_WORDS: &str = "words/route_a_short_text_by_words";
const LONG_BY_WORDS: &str = "words/route_a_long_text_by_words";

const FIGURES: &[Figure] = &[
    claim(DATE, NAIVE, 1),
    claim("date/20_working_days_over_christmas", NAIVE, 1),
    Figure::of(NAIVE, SHA),
    claim("case/plan_at_opening_report", SHA, 20),
    claim("case/plan_at_opening_complaint", SHA, 20),
    claim("case/plan_at_opening_most_working_days", SHA, 20),
    claim("case/plan_at_opening_every_category_in_turn", SHA, 20),
    Figure::of("case/read_clocks_of_a_new_case", SHA),
    Figure::of("case/read_clocks_of_a_paused_and_extended_case", SHA),
    Figure::of("case/plan_ladder_of_one_clock", SHA),
    Figure::of("case/explain_one_clock", SHA),
    claim("words/route_a_short_text", SHORT_BY_WORDS, 300),
    Figure::of("words/route_a_long_text", LONG_BY_WORDS),
    Figure::of(SHORT_BY_WORDS, SHA),
    Figure::of(LONG_BY_WORDS, SHA),
    Figure::of("words/read_a_plain_mail", SHA),
    Figure::of("words/read_a_reply_with_quotes_and_html", SHA),
    Figure::of("words/render_a_confirmation", SHA),
    Figure::of(SHA, NAIVE),
];

const fn claim(id: &'static str, against: &'static str, under_micros: u64) -> Figure {
    Figure {
        under: Some(Duration::from_micros(under_micros)),
        ..Figure::of(id, against)
    }
}

fn main() {
    figures::forget(FIGURES);
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let northmere = embedded::northmere().expect("the catalogue that is shipped has no fault");
    hashing(&mut criterion);
    dates(&mut criterion, &northmere);
    cases(&mut criterion, &northmere);
    words(&mut criterion, &northmere);
    criterion.final_summary();
    figures::print(FIGURES);
}

fn hashing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("baseline");
    let kibibyte = vec![0x5a_u8; 1024];
    group.throughput(Throughput::Bytes(1024));
    group.bench_function("sha256_of_1_kib", |b| {
        b.iter(|| Sha256::digest(black_box(&kibibyte)));
    });
    group.finish();
}

fn dates(criterion: &mut Criterion, northmere: &Catalogue) {
    let mut group = criterion.benchmark_group("date");
    let view = northmere.calendar.view(Holidays::AnyUk, false);
    let holidays: HashSet<Date> = Nation::ALL
        .into_iter()
        .flat_map(|nation| {
            let first = date(2015, 1, 1);
            first
                .series(1.day())
                .take(366 * 16)
                .filter(move |on| {
                    northmere
                        .bank_holidays
                        .title(Holidays::Of(nation), *on)
                        .is_some()
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let year: Vec<Date> = date(2026, 1, 1).series(1.day()).take(365).collect();
    for from in &year {
        assert_eq!(
            view.add_working_days(*from, 20),
            day_by_day(*from, 20, &holidays),
            "both ways of counting agree from {from}"
        );
    }
    // A different day each time, so that nothing is learnt by heart.
    let mut days = year.iter().copied().cycle();
    group.bench_function("20_working_days", |b| {
        b.iter(|| view.add_working_days(black_box(days.next().unwrap()), 20));
    });
    group.bench_function("20_working_days_over_christmas", |b| {
        b.iter(|| view.add_working_days(black_box(date(2026, 12, 18)), 20));
    });
    group.bench_function("20_working_days_day_by_day_over_a_hash_set", |b| {
        b.iter(|| day_by_day(black_box(days.next().unwrap()), 20, &holidays));
    });
    group.finish();
}

/// How one would count without Reeve.
fn day_by_day(from: Date, n: u32, holidays: &HashSet<Date>) -> Date {
    let mut day = from;
    let mut left = n;
    while left > 0 {
        day = day.tomorrow().unwrap();
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if !is_weekend && !holidays.contains(&day) {
            left -= 1;
        }
    }
    day
}

fn cases(criterion: &mut Criterion, northmere: &Catalogue) {
    let mut group = criterion.benchmark_group("case");
    let received_at = at("2026-12-18T16:45:00Z");
    let report = Promised::of(northmere, "waste-collection", "new-container");
    let complaint = Promised::most_clocks(northmere);
    let every: Vec<Promised<'_>> = northmere
        .categories()
        .map(|(service, category)| Promised::of(northmere, &service.slug, &category.slug))
        .collect();
    group.bench_function("plan_at_opening_report", |b| {
        b.iter(|| report.plan(black_box(received_at)));
    });
    group.bench_function("plan_at_opening_complaint", |b| {
        b.iter(|| complaint.plan(black_box(received_at)));
    });
    let costliest = every.iter().max_by_key(|one| one.n_working_days()).unwrap();
    group.bench_function("plan_at_opening_most_working_days", |b| {
        b.iter(|| costliest.plan(black_box(received_at)));
    });
    let mut in_turn = every.iter().cycle();
    group.bench_function("plan_at_opening_every_category_in_turn", |b| {
        b.iter(|| in_turn.next().unwrap().plan(black_box(received_at)));
    });

    let fresh = Facts::received(received_at);
    group.bench_function("read_clocks_of_a_new_case", |b| {
        b.iter(|| read(black_box(&fresh), &complaint.terms, received_at));
    });
    let busy = eventful(received_at);
    let later = at("2027-01-20T12:00:00Z");
    let respond = read(&busy, &complaint.terms, later);
    let respond = respond.iter().find(|one| one.name == "respond").unwrap();
    assert!(respond.extended.is_some() && respond.starts_at.is_some());
    group.bench_function("read_clocks_of_a_paused_and_extended_case", |b| {
        b.iter(|| read(black_box(&busy), &complaint.terms, later));
    });

    let readings = read(&fresh, &report.terms, received_at);
    let respond = readings.iter().find(|one| one.name == "respond").unwrap();
    let steps = ladder::plan_steps(report.ladder, respond, &report.terms);
    assert_eq!(steps.len(), 4);
    group.bench_function("plan_ladder_of_one_clock", |b| {
        b.iter(|| ladder::plan_steps(report.ladder, black_box(respond), &report.terms));
    });

    let foi = northmere.terms_under("foi", None).unwrap();
    group.bench_function("explain_one_clock", |b| {
        b.iter(|| explain(black_box(&fresh), &foi, "respond", received_at).unwrap());
    });
    group.finish();
}

/// A matter, what is promised for it, and who is told when.
struct Promised<'c> {
    terms: Terms,
    ladder: &'c Ladder,
    northmere: &'c Catalogue,
}

impl<'c> Promised<'c> {
    fn of(northmere: &'c Catalogue, service: &str, category: &str) -> Self {
        Self {
            terms: northmere.terms(service, category).unwrap(),
            ladder: northmere.ladder_for(service, category),
            northmere,
        }
    }

    /// The category of complaints with the most clocks.
    fn most_clocks(northmere: &'c Catalogue) -> Self {
        let (service, category) = northmere
            .categories()
            .filter(|(_, category)| category.standard == "complaint")
            .max_by_key(|(service, category)| {
                let terms = northmere.terms(&service.slug, &category.slug);
                terms.map(|terms| terms.standard.clocks.len())
            })
            .unwrap();
        Self::of(northmere, &service.slug, &category.slug)
    }

    /// The reminders of a promise in working days fall at shares of it, measured along its days.
    fn n_working_days(&self) -> u32 {
        let targets = self
            .terms
            .standard
            .clocks
            .iter()
            .filter_map(ClockSpec::target);
        let n_days = targets.map(|target| match target {
            Target::WorkingDays(n) => n,
            _ => 0,
        });
        n_days.max().unwrap_or(0)
    }

    /// All that opening a case works out about its promises: every clock, every step of every
    /// clock's ladder, and the next instant at which something changes by itself.
    fn plan(&self, received_at: Timestamp) -> (Vec<Reading>, Option<Timestamp>) {
        let facts = Facts::received(received_at);
        let readings = read(&facts, &self.terms, received_at);
        let first_step_at = readings
            .iter()
            .flat_map(|reading| {
                let own = self.terms.standard.clock(&reading.name);
                let ladder = own
                    .and_then(|clock| self.northmere.ladders.get(clock.ladder.as_deref()?))
                    .unwrap_or(self.ladder);
                ladder::plan_steps(ladder, reading, &self.terms)
            })
            .filter(|step| !step.skipped)
            .map(|step| step.at)
            .min();
        let changes_at = clock::next_change_at(&facts, &self.terms, received_at);
        let wake_at = first_step_at.into_iter().chain(changes_at).min();
        (readings, wake_at)
    }
}

/// A complaint in which a good deal has happened: acknowledged, paused twice, extended.
fn eventful(received_at: Timestamp) -> Facts {
    let mut facts = Facts::received(received_at);
    facts.happened("acknowledged", at("2026-12-21T10:00:00Z"));
    facts.stop("acknowledge", at("2026-12-21T10:00:00Z"), "notice");
    for (from, to) in [
        ("2026-12-22T10:00:00Z", "2026-12-29T15:00:00Z"),
        ("2027-01-06T09:00:00Z", "2027-01-11T09:00:00Z"),
    ] {
        facts.pauses.push(Pause {
            clock: None,
            from: at(from),
            to: Some(at(to)),
            resume_on: date(2027, 2, 1),
            reason: "We asked for photographs".to_owned(),
            waiting_for: WaitingFor::Person,
        });
    }
    facts.extensions.push(Extension {
        clock: "respond".to_owned(),
        to: Longer::By(Target::WorkingDays(10)),
        reason: "The file is with the archive".to_owned(),
        at: at("2027-01-05T11:00:00Z"),
    });
    facts
}

fn words(criterion: &mut Criterion, northmere: &Catalogue) {
    let mut group = criterion.benchmark_group("words");
    let examples: Vec<Example> = embedded::triage_examples()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let by_words = Router::new(northmere, &northmere.routing, &examples).unwrap();
    let model = embedded::reading_model().unwrap();
    let router = Router::new(northmere, &northmere.routing, &examples)
        .unwrap()
        .with_model(model.into())
        .unwrap();
    let short = enquiry("Her black bin was out by six on Friday and was not emptied.");
    let long = enquiry(LONG);
    assert!(router.route(&short, northmere).is_placed);
    group.bench_function("route_a_short_text", |b| {
        b.iter(|| router.route(black_box(&short), northmere));
    });
    group.bench_function("route_a_long_text", |b| {
        b.iter(|| router.route(black_box(&long), northmere));
    });
    group.bench_function("route_a_short_text_by_words", |b| {
        b.iter(|| by_words.route(black_box(&short), northmere));
    });
    group.bench_function("route_a_long_text_by_words", |b| {
        b.iter(|| by_words.route(black_box(&long), northmere));
    });

    let (envelope, ours) = (Envelope::default(), ours(northmere));
    let plain = include_bytes!("../tests/data/mail/plain.eml");
    let reply = include_bytes!("../tests/data/mail/reply-gmail.eml");
    group.bench_function("read_a_plain_mail", |b| {
        b.iter(|| email_in::read(black_box(plain), &envelope, &ours).unwrap());
    });
    group.bench_function("read_a_reply_with_quotes_and_html", |b| {
        b.iter(|| email_in::read(black_box(reply), &envelope, &ours).unwrap());
    });

    let renderer = Renderer::of_catalogue(&northmere.to_json()).unwrap();
    let confirmation: Letter = samples::letters(Language::English)
        .into_iter()
        .find(|letter| matches!(letter.says, Says::Confirmation { .. }))
        .unwrap();
    group.bench_function("render_a_confirmation", |b| {
        b.iter(|| renderer.render(black_box(&confirmation)).unwrap());
    });
    group.finish();
}

fn enquiry(body: &str) -> Enquiry {
    let mut enquiry = Enquiry::new(Channel::WebForm, at("2026-11-23T09:00:00Z"));
    enquiry.body = body.to_owned();
    enquiry
}

fn ours(northmere: &Catalogue) -> Ours {
    let mail = &northmere.council.mail;
    Ours {
        loop_token: "loop".to_owned(),
        mail_domain: mail.reply_domain.clone(),
        addresses: vec![mail.from_address.clone()],
        alias_pattern: None,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const LONG: &str = "\
Good morning. I have lived at 14 Larkfield Rise for eleven years and have never had to write before.
For the third week in a row the black bin was not emptied, although it stood at the kerb by six in
the morning with the lid closed. Next door was done each time, and so was everybody across the road.
I rang on Tuesday and was told that a crew would come back within two working days. Nobody came.

The bags are now piling up beside it and something has been at them in the night, so there is
rubbish along the pavement as far as the corner. The street light by the alley has been out since
October as well, which makes it hard to see where one is walking, and there is a pothole in front of
number 20 that fills with water whenever it rains. A neighbour turned her ankle there last week.

I pay my council tax by direct debit and have never missed a month. I should like to know when the
bin will be emptied, who is going to clear up the pavement, and whom I can speak to if it happens
again. My daughter can let the crew in at the side gate on most mornings if that is of any help.
Please do not send me a leaflet about recycling; I have had four of them this year already.

Yours faithfully, Ada Example";
