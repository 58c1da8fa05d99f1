//! Northmere as it stands in the repository, and what becomes of it when somebody slips.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::civil::date;

use super::*;
use crate::domain::case::{Priority, Secrecy};
use crate::domain::standard::Target;

type Files = Vec<(String, String)>;

fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config")
        .join(name)
}

fn read_below(folder: &Path, below: &str, files: &mut Files) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            read_below(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

fn files() -> Files {
    let mut files = Files::new();
    read_below(&config("northmere"), "", &mut files);
    files
}

/// Northmere without its routing rules, whose patterns take longer to compile than all the rest
/// takes to read.
fn files_without_rules() -> Files {
    let mut files = files();
    for (path, text) in &mut files {
        if path == "routing.toml" {
            text.clear();
        }
    }
    files
}

fn load(files: &Files) -> Result<Catalogue, Vec<Fault>> {
    let mut standards = Files::new();
    read_below(&config("standards"), "", &mut standards);
    let bank_holidays = std::fs::read_to_string(config("bank-holidays.json")).unwrap();
    Catalogue::load(files, &bank_holidays, &standards)
}

fn northmere() -> &'static Catalogue {
    static NORTHMERE: LazyLock<Catalogue> =
        LazyLock::new(|| load(&files()).unwrap_or_else(|faults| panic!("{}", listed(&faults))));
    &NORTHMERE
}

/// The tree of Northmere without its routing rules.
fn tree_without_rules() -> Value {
    static TREE: LazyLock<Value> = LazyLock::new(|| {
        load(&files_without_rules())
            .map(|northmere| northmere.to_json())
            .unwrap()
    });
    TREE.clone()
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn every_service_and_category_of_northmere_is_there() {
    let northmere = northmere();
    assert_eq!(northmere.services.len(), 47);
    assert_eq!(northmere.categories().count(), 208);
    let slugs: BTreeSet<&str> = northmere
        .categories()
        .map(|(_, category)| category.slug.as_str())
        .collect();
    assert_eq!(slugs.len(), 208);
    assert_eq!(northmere.queues.len(), 44);
    let n_open311 = northmere
        .categories()
        .filter(|(_, category)| category.is_offered_by_open311())
        .count();
    assert_eq!(n_open311, 29);
    let n_open = northmere
        .categories()
        .filter(|(_, category)| category.is_open_out_of_hours())
        .count();
    assert_eq!(n_open, 27);
    let n_sensitive = northmere
        .categories()
        .filter(|(_, category)| category.is_sensitive)
        .count();
    assert_eq!(n_sensitive, 54);
}

#[test]
fn a_place_is_in_the_ward_of_its_property_then_of_its_postcode() {
    use crate::domain::contact::Location;
    use crate::domain::person::Address;
    let wards = &northmere().wards;
    let address = |uprn: Option<&str>, postcode: &str| Address {
        postcode: Some(postcode.to_owned()),
        uprn: uprn.map(str::to_owned),
        ..Address::default()
    };
    let check = |place: Option<&str>, home: Option<Address>, expect: Option<&str>| {
        let location = place.map(|uprn| Location {
            uprn: Some(uprn.to_owned()),
            ..Location::default()
        });
        let found = wards.find(location.as_ref(), home.as_ref());
        assert_eq!(
            found.map(|ward| ward.slug.as_str()),
            expect,
            "{place:?} {home:?}"
        );
    };
    check(
        Some("100000000020"),
        Some(address(None, "ZZ1 4LR")),
        Some("eastmere"),
    );
    check(Some("000100000000020"), None, Some("eastmere"));
    check(
        Some("999"),
        Some(address(Some("100000000030"), "ZZ1 4LR")),
        Some("westmere"),
    );
    check(None, Some(address(None, "zz14lr")), Some("larkfield"));
    check(None, Some(address(None, "ZZ1 1AA")), Some("larkfield"));
    check(None, Some(address(None, "ZZ1 1AB")), Some("market"));
    check(None, Some(address(None, "ZZ1 9XX")), Some("market"));
    // The sector ZZ1 4 is not the district ZZ14.
    check(None, Some(address(None, "ZZ14 1LR")), None);
    check(None, Some(address(None, "SW1A 1AA")), None);
    check(None, None, None);
    let market = wards.of_postcode("ZZ1 1AB").unwrap();
    assert_eq!(
        market.councillors.first().unwrap().name,
        "Cllr Wilfred Osgathorpe"
    );
}

#[test]
fn a_slip_in_the_ward_look_up_is_named_with_its_line() {
    let faults_of = |file: &str, from: &str, to: &str| {
        let mut files = files_without_rules();
        for (path, text) in &mut files {
            if path == file {
                assert!(text.contains(from), "{from}");
                *text = text.replacen(from, to, 1);
            }
        }
        let faults = load(&files).unwrap_err();
        faults.iter().map(ToString::to_string).collect::<String>()
    };
    let check = |from: &str, to: &str, says: &str| {
        let told = faults_of("wards.csv", from, to);
        assert!(told.contains("wards.csv") && told.contains(says), "{told}");
    };
    check(
        "postcode,uprn,ward",
        "ward,postcode",
        "the first line must be",
    );
    check("ZZ2,,eastmere", "ZZ2,,eastmer", "no ward `eastmer`");
    check("ZZ2,,eastmere", "Z-2,,eastmere", "not a postcode");
    check("ZZ2,,eastmere", "ZZ2,1,eastmere", "one of the two");
    check(
        "ZZ2,,eastmere",
        "ZZ2,,eastmere\nzz2,,westmere",
        "stands above already",
    );
    check(",100000000001,", ",10000000000x,", "not a UPRN");
    let told = faults_of("wards.toml", "@council.example", " at council");
    assert!(told.contains("wards.toml"), "{told}");
    let mut without: Files = files_without_rules();
    without.retain(|(path, _)| path != "wards.csv");
    let told = listed(&load(&without).unwrap_err());
    assert!(told.contains("wards.csv is missing"), "{told}");
    without.retain(|(path, _)| path != "wards.toml");
    assert!(load(&without).unwrap().wards.wards.is_empty());
}

#[test]
fn a_report_nobody_could_have_made_or_would_hear_of_is_a_fault_with_its_line() {
    let check = |from: &str, to: &str, says: &str| {
        let mut files = files_without_rules();
        for (path, text) in &mut files {
            if path == "reports.toml" {
                assert!(text.contains(from), "{from}");
                *text = text.replacen(from, to, 1);
            }
        }
        let told = listed(&load(&files).unwrap_err());
        assert!(told.contains("reports.toml:"), "{told}");
        assert!(told.contains(says), "{told}");
    };
    let portfolio = "portfolio = \"portfolio-environment-and-waste\"";
    check(
        portfolio,
        "portfolio = \"portfolio-of-nobody\"",
        "no service has the portfolio",
    );
    check(
        "for = [\"portfolio-highways-and-transport\"]",
        "for = []",
        "nobody would be told of it",
    );
    check(
        "for = [\"portfolio-highways-and-transport\"]",
        "for = [\"the-mayor\"]",
        "there is no post `the-mayor`",
    );
    check("every = \"month\"", "every = \"fortnight\"", "fortnight");
    check("kind = \"foi\"", "kind = \"gossip\"", "gossip");
    check(
        "kind = \"foi\"",
        "kind = \"out_of_hours\"",
        "of which `partner`",
    );
    check(
        "kind = \"foi\"",
        "kind = \"foi\"\npartner = \"night.example\"",
        "is of one partner",
    );
    check(
        "kind = \"complaints\"",
        "kind = \"complaints\"\nportfolio = \"portfolio-environment-and-waste\"",
        "is of one councillor",
    );
    let mut without = files_without_rules();
    without.retain(|(path, _)| path != "reports.toml");
    assert!(load(&without).unwrap().reports.is_empty());
}

#[test]
fn a_missed_bin_is_as_the_council_wrote_it() {
    let northmere = northmere();
    let (service, category) = northmere
        .category("waste-collection", "missed-bin")
        .unwrap();
    assert_eq!(service.public_name, "the bins team");
    assert_eq!(service.phone, "01632 960100");
    assert_eq!(category.public_name, "a missed bin");
    assert_eq!(
        category.what_we_do.as_deref(),
        Some("We will collect it, or tell you why not,")
    );
    assert_eq!(category.figures.respond, Some(Target::WorkingDays(2)));
    assert_eq!(category.reporting_window_working_days, Some(2));
    assert_eq!(category.standard, "charter");
    let queue = northmere.queue(&service.queue).unwrap();
    let told = |whom: Whom| {
        northmere
            .whom(service, queue, &whom)
            .map(|post| post.email.as_str())
    };
    assert_eq!(
        told(Whom::TeamLeader),
        Some("team.leader.waste-ops@council.example")
    );
    assert_eq!(
        told(Whom::DutyContact),
        Some("duty.waste-ops@council.example")
    );
    assert_eq!(
        told(Whom::HeadOfService),
        Some("head.of.waste.and.street.scene@council.example")
    );
    assert_eq!(
        told(Whom::Director),
        Some("director.of.place@council.example")
    );
    assert_eq!(
        told(Whom::PortfolioHolder),
        Some("portfolio.environment.and.waste@council.example")
    );
    assert_eq!(told(Whom::Owner), None);
}

#[test]
fn addresses_of_posts_drop_brackets_commas_and_apostrophes() {
    let northmere = northmere();
    let email = |slug: &str| northmere.post(slug).unwrap().email.as_str();
    assert_eq!(
        email("director-of-resources-s151-officer"),
        "director.of.resources.s.151.officer@council.example"
    );
    assert_eq!(
        email("head-of-childrens-front-door-and-mash"),
        "head.of.childrens.front.door.and.mash@council.example"
    );
    assert_eq!(
        email("portfolio-children-families-and-education"),
        "portfolio.children.families.and.education@council.example"
    );
    for post in northmere.posts.values() {
        assert_eq!(
            post.deputy_email.as_deref(),
            Some(format!("deputy.{}", post.email).as_str())
        );
    }
}

#[test]
fn only_their_own_team_sees_restricted_matters() {
    let northmere = northmere();
    let restricted: Vec<(&str, &[String])> = northmere
        .categories()
        .filter(|(_, category)| category.secrecy() == Secrecy::Restricted)
        .map(|(_, category)| (category.slug.as_str(), category.restricted_to.as_slice()))
        .collect();
    let team = |name: &str| vec![format!("team:{name}")];
    assert_eq!(
        restricted,
        [
            ("child-at-risk", team("mash").as_slice()),
            ("domestic-abuse", team("domestic-abuse").as_slice()),
            ("adult-at-risk", team("safeguarding-adults").as_slice()),
            ("care-home-concern", team("safeguarding-adults").as_slice()),
        ]
    );
    let hidden: Vec<&str> = northmere
        .queues
        .values()
        .filter(|queue| queue.is_restricted_only)
        .map(|queue| queue.slug.as_str())
        .collect();
    assert_eq!(hidden, ["safeguarding-adults"]);
}

#[test]
fn hours_run_day_and_night_only_where_somebody_is_there() {
    let northmere = northmere();
    let target = |service: &str, category: &str, clock: &str| {
        let terms = northmere.terms(service, category).unwrap();
        terms.standard.clock(clock).and_then(|clock| clock.target())
    };
    assert_eq!(
        target("street-cleansing", "needles", "respond"),
        Some(Target::Hours(24))
    );
    assert_eq!(
        target("parking", "illegal-parking", "respond"),
        Some(Target::WorkingHours(24))
    );
    assert_eq!(
        target("elections", "polling-access", "acknowledge"),
        Some(Target::WorkingHours(1))
    );
    assert_eq!(
        target("housing-options", "rough-sleeper", "acknowledge"),
        Some(Target::Hours(4))
    );
    assert_eq!(
        target("housing-options", "rough-sleeper", "respond"),
        Some(Target::WorkingDays(1))
    );
    assert_eq!(
        target("information-governance", "foi", "respond"),
        Some(Target::WorkingDays(20))
    );
    assert_eq!(
        target("planning-applications", "planning-comment", "respond"),
        None
    );
    assert_eq!(
        target("planning-applications", "planning-comment", "acknowledge"),
        Some(Target::WorkingDays(2))
    );
    assert!(northmere.terms("nowhere", "missed-bin").is_none());
}

#[test]
fn members_enquiries_climb_their_own_ladder() {
    let northmere = northmere();
    assert_eq!(
        northmere
            .ladder_for("democratic-services", "mp-enquiry")
            .slug,
        "member-enquiry"
    );
    assert_eq!(
        northmere.ladder_for("waste-collection", "missed-bin").slug,
        "default"
    );
    assert_eq!(northmere.ladder_for("nowhere", "nothing").slug, "default");
}

#[test]
fn the_number_given_is_one_that_somebody_answers() {
    let northmere = northmere();
    let check = |service: &str, at: &str, number: &str, hours: &str| {
        let service = northmere.service(service).unwrap();
        let given = northmere.phone_for(service, at.parse().unwrap());
        assert_eq!(
            given,
            (number.to_owned(), hours.to_owned()),
            "{} at {at}",
            service.slug
        );
    };
    let office = "Monday to Friday, 8.30am to 5pm";
    let always = "24 hours a day, every day";
    check(
        "waste-collection",
        "2026-11-20T16:59:59Z",
        "01632 960100",
        office,
    );
    check(
        "waste-collection",
        "2026-11-20T17:00:00Z",
        "01632 960999",
        always,
    );
    // Summer time: 4.30pm in Greenwich is half past five in Northmere.
    check(
        "waste-collection",
        "2026-07-10T16:30:00Z",
        "01632 960999",
        always,
    );
    check(
        "libraries",
        "2026-11-21T10:00:00Z",
        "01632 960127",
        "Monday to Saturday, 9.30am to 5pm",
    );
    check(
        "planning-applications",
        "2026-11-20T14:00:00Z",
        "01632 960000",
        "Monday to Thursday, 8.30am to 5pm, and Friday, 8.30am to 4.30pm",
    );
    check(
        "street-cleansing",
        "2026-11-21T10:00:00Z",
        "01632 960999",
        always,
    );
    check(
        "highways-maintenance",
        "2026-11-21T10:00:00Z",
        "0808 157 0999",
        OUT_OF_HOURS,
    );
    check(
        "childrens-social-care",
        "2026-12-25T03:00:00Z",
        "0808 157 0320",
        always,
    );
    // Boxing Day's substitute, the Christmas closure, the afternoon of Christmas Eve.
    check(
        "waste-collection",
        "2026-12-28T10:00:00Z",
        "01632 960999",
        always,
    );
    check(
        "waste-collection",
        "2026-12-29T10:00:00Z",
        "01632 960999",
        always,
    );
    check(
        "waste-collection",
        "2026-12-24T11:59:00Z",
        "01632 960100",
        office,
    );
    check(
        "waste-collection",
        "2026-12-24T12:00:00Z",
        "01632 960999",
        always,
    );
}

#[test]
fn a_catalogue_comes_back_from_json_as_it_went() {
    let northmere = northmere();
    let tree = northmere.to_json();
    let back = Catalogue::from_json(&tree).unwrap_or_else(|faults| panic!("{}", listed(&faults)));
    assert_eq!(back.to_json(), tree);
    assert_eq!(difference(&tree, &back.to_json()), []);
    assert_eq!(back.services, northmere.services);
    assert_eq!(back.queues, northmere.queues);
    assert_eq!(back.posts, northmere.posts);
    assert_eq!(back.access_points, northmere.access_points);
    assert_eq!(back.council, northmere.council);
    assert_eq!(back.calendar, northmere.calendar);
    assert_eq!(back.standards, northmere.standards);
    assert_eq!(back.ladders, northmere.ladders);
    assert_eq!(back.routing, northmere.routing);
    assert_eq!(back.templates, northmere.templates);
    // As text, and with its keys in another order, it is still the same catalogue.
    let text: Value = serde_json::from_str(&tree.to_string()).unwrap();
    assert_eq!(
        Catalogue::from_json(&text).unwrap().services,
        northmere.services
    );
}

#[test]
fn a_stored_catalogue_is_the_one_that_was_stored() {
    let stored = Catalogue::from_stored(7, &northmere().to_json()).unwrap();
    assert_eq!(stored.version, 7);
    assert_eq!(stored.to_json(), northmere().to_json());
    assert_eq!(stored.services, northmere().services);
    assert_eq!(
        stored.ladder_for("waste-collection", "missed-bin").slug,
        "default"
    );
    for broken in [Value::Null, serde_json::json!({"services": {}})] {
        assert!(Catalogue::from_stored(1, &broken).is_err());
    }
}

#[test]
fn a_routing_rule_that_names_nothing_we_have_is_named_with_its_line() {
    let mut files = files_without_rules();
    for (path, text) in &mut files {
        if path == "routing.toml" {
            *text = "# Rules.\n\n[fallback]\nqueue = \"nowhere\"\n\
                     service = \"customer-services\"\ncategory = \"general-enquiry\"\n"
                .to_owned();
        }
    }
    let faults = load(&files).map(|_| ()).unwrap_err();
    let places: Vec<(&str, u32)> = faults
        .iter()
        .map(|fault| (fault.file.as_str(), fault.line))
        .collect();
    assert_eq!(places, [("routing.toml", 4)], "{}", listed(&faults));
}

#[test]
fn a_fault_in_json_is_named_by_its_pointer() {
    let mut tree = tree_without_rules();
    *tree.pointer_mut("/services/parking/phone").unwrap() = Value::from("ring us");
    *tree
        .pointer_mut("/services/parking/categories/0/priority")
        .unwrap() = Value::from("asap");
    let faults = Catalogue::from_json(&tree).unwrap_err();
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/services/parking/categories/0/priority",
            "/services/parking/phone"
        ]
    );
    assert!(
        faults
            .iter()
            .all(|fault| fault.file == "services/parking.toml" && fault.line == 0)
    );
}

#[test]
fn json_that_is_no_catalogue_is_refused_part_by_part() {
    let faults =
        Catalogue::from_json(&serde_json::json!({"council": 7, "tenants": {}})).unwrap_err();
    let messages = listed(&faults);
    for part in [
        "`tenants` is no part",
        "`services` is missing",
        "this must be a table",
    ] {
        assert!(messages.contains(part), "{part}: {messages}");
    }
    assert!(Catalogue::from_json(&Value::Null).is_err());
}

/// Changes one text in one file, and expects one fault at the line where `at` stands afterwards.
fn check(file: &str, from: &str, to: &str, at: &str, says: &str) {
    let mut files = files_without_rules();
    let text = &mut files.iter_mut().find(|(path, _)| path == file).unwrap().1;
    assert!(text.contains(from), "{file} has no {from:?}");
    *text = text.replacen(from, to, 1);
    let line = match at {
        "" => 0,
        at => 1 + u32::try_from(text.lines().position(|line| line.contains(at)).unwrap()).unwrap(),
    };
    let faults = load(&files).map(|_| ()).unwrap_err();
    let found = faults
        .iter()
        .any(|fault| fault.file == file && fault.line == line && fault.message.contains(says));
    assert!(
        found,
        "expected {file}:{line}: …{says}…, got:\n{}",
        listed(&faults)
    );
    assert_eq!(faults.len(), 1, "more than one fault:\n{}", listed(&faults));
}

#[test]
fn what_is_wrong_with_a_service_is_named_with_its_line() {
    let parking = "services/parking.toml";
    let bins = "services/waste-collection.toml";
    check(
        parking,
        "phone = \"01632 960109\"\n",
        "",
        "# Parking.",
        "a public service needs a phone",
    );
    check(
        parking,
        "\"01632 960109\"",
        "\"\"",
        "phone = \"\"",
        "a public service needs a phone",
    );
    check(
        parking,
        "01632 960109",
        "ring 960109",
        "ring 960109",
        "not a British telephone number",
    );
    check(
        parking,
        "01632 960109",
        "01632",
        "phone =",
        "not a British telephone number",
    );
    check(
        parking,
        "parking@council",
        "parking at council",
        "parking at",
        "not an e-mail address",
    );
    check(
        parking,
        "Mon-Fri 08:30-17:00",
        "weekdays, 9 to 5",
        "weekdays",
        "not opening hours",
    );
    check(
        parking,
        "queue = \"parking\"",
        "queue = \"cars\"",
        "queue =",
        "there is no queue `cars`",
    );
    check(
        parking,
        "head-of-parking-services",
        "head-of-cars",
        "head-of-cars",
        "there is no post",
    );
    check(
        parking,
        "director-of-place",
        "head-of-planning",
        "director =",
        "of another kind",
    );
    check(
        parking,
        "phone =",
        "fone = 1\nphone =",
        "fone",
        "`fone` is not known here",
    );
    check(
        parking,
        "public_name = \"the parking team\"\n",
        "",
        "# Parking.",
        "`public_name` is missing",
    );
    check(
        parking,
        "Permits, car parks",
        "We will escalate permits",
        "escalate",
        "never read “escalat”",
    );
    check(
        parking,
        "Permits, car parks",
        &"word ".repeat(30),
        "word word",
        "more than 25 words",
    );
    check(
        bins,
        "slug = \"clinical-waste\"",
        "slug = \"missed-bin\" # twice",
        "# twice",
        "already a category",
    );
}

#[test]
fn what_is_wrong_with_a_category_is_named_with_its_line() {
    let parking = "services/parking.toml";
    let registrars = "services/registrars.toml";
    let safeguarding = "services/safeguarding-adults.toml";
    check(
        registrars,
        "out_of_hours_phone = \"01632 960999\"\n",
        "",
        "out_of_hours = \"urgent",
        "nobody answers the telephone",
    );
    check(
        parking,
        "response_working_days = 5",
        "response_working_days = \"five\"",
        "\"five\"",
        "response_working_days",
    );
    check(
        parking,
        "response_working_days = 5",
        "response_working_days = 0",
        "slug = \"permit\"",
        "promise at least 1",
    );
    check(
        parking,
        "response_working_days = 5",
        "response_working_days = 5\nresponse_hours = 4",
        "response_hours = 4",
        "not both",
    );
    check(
        parking,
        "ack_working_days = 1\nresponse_working_days = 5\n",
        "",
        "slug = \"permit\"",
        "promises nothing",
    );
    check(
        parking,
        "priority = \"normal\"",
        "priority = \"asap\"",
        "asap",
        "priority",
    );
    check(
        parking,
        "priority = \"normal\"",
        "priority = \"normal\"\nladder = \"rope\"",
        "rope",
        "there is no ladder `rope`",
    );
    check(
        parking,
        "\"penalty-charge-challenge\"",
        "\"penalty\"",
        "\"penalty\"",
        "there is no standard `penalty`",
    );
    check(
        parking,
        "request about a parking permit",
        "a parking permit in the queue",
        "in the queue",
        "never read “queue”",
    );
    check(
        parking,
        "slug = \"permit\"",
        "slug = \"Permit One\"",
        "Permit One",
        "is not a slug",
    );
    check(
        safeguarding,
        "restricted_to = [\"team:safeguarding-adults\"]\n",
        "",
        "restricted = true",
        "names nobody",
    );
    check(
        safeguarding,
        "[\"team:safeguarding-adults\"]",
        "[\"team:others\"]",
        "team:others",
        "is not a team within",
    );
    check(
        safeguarding,
        "restricted = true\n",
        "",
        "restricted_to",
        "is not restricted",
    );
}

#[test]
fn what_is_wrong_elsewhere_is_named_with_its_line() {
    check(
        "council.toml",
        "emergency_phone = \"01632 960999\"",
        "emergency_phone = \"999 999\"",
        "999 999",
        "not a British telephone number",
    );
    check(
        "council.toml",
        "kind = \"unitary\"\n",
        "",
        "# Northmere",
        "`kind` is missing",
    );
    check(
        "council.toml",
        "calendar = \"northmere\"",
        "calendar = \"southmere\"",
        "southmere",
        "there is no calendar",
    );
    check(
        "council.toml",
        "NM-YYYY-NNNNNN",
        "anything",
        "anything",
        "capital letters",
    );
    check(
        "queues.toml",
        "email = \"duty.waste-ops@council.example\"",
        "email = \"duty\"",
        "\"duty\"",
        "not an e-mail address",
    );
    check(
        "queues.toml",
        "phone = \"07700 900101\"\n",
        "",
        "[waste-ops.duty_contact]",
        "needs a phone",
    );
    check(
        "posts.toml",
        "kind = \"director\"",
        "kind = \"boss\"",
        "\"boss\"",
        "kind",
    );
    check(
        "posts.toml",
        "holder = ",
        "absent_from = \"2026-12-24\"\nabsent_until = \"2026-12-01\"\nholder = ",
        "absent_until = ",
        "before absent_from",
    );
    check(
        "access-points.toml",
        "Mon-Fri 09:00-16:30",
        "most days",
        "most days",
        "not opening hours",
    );
    check(
        "calendars.toml",
        "[\"09:00-17:00\"]",
        "[\"17:00-09:00\"]",
        "17:00-09:00",
        "closes before it opens",
    );
    check(
        "ladders.toml",
        "\"75%\"",
        "\"175%\"",
        "175%",
        "is not an offset",
    );
    check(
        "ladders.toml",
        "to = [\"director\"]",
        "to = [\"king\"]",
        "\"king\"",
        "is nobody a step can tell",
    );
    check(
        "ladders.toml",
        "waits_at_most_working_days = 10",
        "waits_at_most_working_days = 0",
        "waits_at_most_working_days = 0",
        "lies between 1 and 60, not 0",
    );
    check(
        "ladders.toml",
        "[waiting-held]\nname = \"E-mail held for somebody to look\"\nwaits_at_most_working_days = 1",
        "[waiting-held]\nname = \"E-mail held for somebody to look\"",
        "[waiting-held]",
        "how long may anything wait here?",
    );
    check(
        "ladders.toml",
        "[member-enquiry]",
        "[waiting-room]\nname = \"Room\"\nsteps = [{ name = \"a\", at = \"due\", to = [\"owner\"] }]\n\n[member-enquiry]",
        "[waiting-room]",
        "nothing waits in a place of this name",
    );
    check(
        "queues.toml",
        "waits_at_most_working_days = 2",
        "waits_at_most_working_days = 90",
        "waits_at_most_working_days = 90",
        "lies between 1 and 60, not 90",
    );
    check(
        "templates/en/confirmation.txt",
        "We have {{ case.matter }}{% if case.place %}",
        "We will shortly have {{ case.matter }}{% if case.place %}",
        "shortly",
        "never says “shortly”",
    );
    check(
        "templates/en/reply.txt",
        "Subject: ",
        "",
        "{{",
        "first line must be",
    );
}

#[test]
fn a_theme_that_cannot_be_read_or_is_more_than_a_picture_is_named() {
    let theme = |from, to, at, says| check("council.toml", from, to, at, says);
    let accent = r##"accent = "#005a5b""##;
    theme(
        accent,
        r##"accent = "#8fd3d4""##,
        "accent = ",
        "cannot be read by everybody",
    );
    theme(accent, r#"accent = "teal""#, "accent = ", "six digits");
    theme("logo = '<svg ", "logo = '<img ", "logo = ", "a logo is SVG");
    theme(
        "logo = '<svg ",
        "logo = '<svg onload=\"x()\" ",
        "logo = ",
        "a picture alone",
    );
    theme(
        "[theme.beta]",
        "[theme.beta]\nfeedback = \"http://x.example\"",
        "feedback = \"http:",
        "https://",
    );
}

#[test]
fn a_file_that_is_missing_or_in_the_way_is_named() {
    let faults = |change: &dyn Fn(&mut Files)| {
        let mut files = files_without_rules();
        change(&mut files);
        load(&files).map(|_| ()).unwrap_err()
    };
    let missing = faults(&|files| files.retain(|(path, _)| path != "ladders.toml"));
    assert!(
        missing
            .iter()
            .any(|fault| fault.file == "ladders.toml" && fault.message.contains("missing"))
    );
    let stray =
        faults(&|files| files.push(("services/old/parking.toml".to_owned(), String::new())));
    assert_eq!(stray.len(), 1, "{}", listed(&stray));
    let broken =
        faults(&|files| files.push(("services/broken.toml".to_owned(), "name = \n= 3".to_owned())));
    assert!(
        broken
            .iter()
            .any(|fault| fault.file == "services/broken.toml" && fault.line == 1)
    );
    let unworded = faults(&|files| files.retain(|(path, _)| !path.ends_with("en/danger.txt")));
    assert!(
        unworded
            .iter()
            .any(|fault| fault.file == "templates/en/danger.txt")
    );
}

#[test]
fn one_look_finds_every_fault_of_every_file() {
    let mut files = files_without_rules();
    for (path, text) in &mut files {
        match path.as_str() {
            "services/parking.toml" => *text = text.replace("01632 960109", "none"),
            "services/licensing.toml" => {
                *text = text.replace("priority = \"normal\"", "priority = \"now\"");
            }
            "posts.toml" => *text = text.replace("director.of.place@", "director of place@"),
            "ladders.toml" => *text = text.replace("\"owner\"", "\"nobody\""),
            _ => {}
        }
    }
    let faults = load(&files).map(|_| ()).unwrap_err();
    let of = |file: &str| faults.iter().filter(|fault| fault.file == file).count();
    assert_eq!(of("services/parking.toml"), 1, "{}", listed(&faults));
    assert_eq!(of("services/licensing.toml"), 2, "{}", listed(&faults));
    assert_eq!(of("posts.toml"), 2, "{}", listed(&faults));
    assert_eq!(of("ladders.toml"), 2, "{}", listed(&faults));
}

#[test]
fn an_emergency_line_that_closes_at_five_covers_no_night() {
    let mut files = files_without_rules();
    for (path, text) in &mut files {
        if path == "council.toml" {
            *text = text.replace(
                "emergency_hours = \"24 hours\"",
                "emergency_hours = \"Mon-Fri 09:00-17:00\"",
            );
        }
    }
    let faults = load(&files).map(|_| ()).unwrap_err();
    let needles = faults
        .iter()
        .find(|fault| fault.message.starts_with("`needles`"))
        .unwrap();
    assert!(
        needles
            .message
            .ends_with("01632 960999 is staffed only Monday to Friday, 9am to 5pm")
    );
    assert_eq!(needles.file, "services/street-cleansing.toml");
    assert!(needles.line > 0);
}

#[test]
fn two_offers_of_one_open311_code_are_refused() {
    let mut files = files_without_rules();
    let copy = files
        .iter()
        .find(|(path, _)| path == "services/fly-tipping.toml")
        .unwrap()
        .1
        .clone();
    files.push(("services/fly-tipping-two.toml".to_owned(), copy));
    let faults = load(&files).map(|_| ()).unwrap_err();
    assert_eq!(faults.len(), 4, "{}", listed(&faults));
    assert!(
        faults
            .iter()
            .all(|fault| fault.message.contains("already offered over Open311"))
    );
    assert!(faults.iter().all(|fault| fault.line > 0));
}

#[test]
fn a_promise_laxer_than_its_code_is_warned_of_and_not_refused() {
    let mut files = files_without_rules();
    let text = std::fs::read_to_string(config("standards/complaint.toml")).unwrap();
    let own = text
        .replace(
            "slug = \"complaint\"",
            "slug = \"our-complaint\"\nfollows = \"complaint\"",
        )
        .replacen("working_days = 10", "working_days = 20", 1);
    assert_ne!(own, text);
    files.push(("standards/our-complaint.toml".to_owned(), own));
    let catalogue = load(&files).unwrap_or_else(|faults| panic!("{}", listed(&faults)));
    let warnings = catalogue.check_warnings();
    assert!(!warnings.is_empty());
    assert!(
        warnings
            .iter()
            .all(|warning| warning.file == "standards/our-complaint.toml"),
        "{warnings:?}"
    );
}

#[test]
fn an_absent_holder_leaves_the_post_to_the_deputy() {
    let northmere = northmere();
    let mut post = northmere.post("director-of-place").unwrap().clone();
    let deputy = post.deputy_email.clone().unwrap();
    assert_eq!(
        post.addresses_on(date(2026, 12, 1)),
        [post.email.as_str(), deputy.as_str()]
    );
    post.absent_from = Some(date(2026, 12, 1));
    post.absent_until = Some(date(2026, 12, 5));
    for (day, is_away) in [(30, false), (1, true), (5, true), (6, false)] {
        let on = if day == 30 {
            date(2026, 11, 30)
        } else {
            date(2026, 12, day)
        };
        assert_eq!(post.is_unattended_on(on), is_away, "{on}");
    }
    assert_eq!(post.addresses_on(date(2026, 12, 2)), [deputy.as_str()]);
    post.holder = None;
    assert!(post.is_unattended_on(date(2026, 11, 30)));
}

#[test]
fn every_public_text_of_northmere_reads_well_in_a_sentence() {
    for (_, category) in northmere().categories() {
        let name = &category.public_name;
        assert!(
            !name.ends_with('.') && name.trim() == name && !name.is_empty(),
            "{name}"
        );
        if let Some(what) = &category.what_we_do {
            assert!(
                what.starts_with("We will ") && !what.ends_with('.'),
                "{what}"
            );
        }
        assert!(category.priority >= Priority::Low);
    }
}

#[test]
fn wards_that_are_no_table_are_refused_and_not_taken_for_none() {
    for nothing in [Value::from(u64::MAX), Value::Null, serde_json::json!([])] {
        let mut tree = tree_without_rules();
        tree["wards"] = nothing;
        let faults = Catalogue::from_json(&tree).unwrap_err();
        let is_named = faults
            .iter()
            .any(|fault| fault.message.contains("table of wards"));
        assert!(is_named, "{}", listed(&faults));
    }
}

#[test]
fn what_is_only_kept_is_given_back_as_it_came_however_large() {
    let mut tree = tree_without_rules();
    tree["bank_holidays"]["scotland"]["events"][0]["bunting"] = Value::from(u64::MAX);
    assert_eq!(Catalogue::from_json(&tree).unwrap().to_json(), tree);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever a caller puts anywhere in the tree, the answer is a catalogue or a list of faults.
    #[test]
    fn anything_put_anywhere_is_taken_or_refused_and_never_breaks_the_reader(
        place in proptest::prelude::any::<proptest::sample::Index>(),
        what in 0_usize..8,
    ) {
        let mut tree = tree_without_rules();
        let mut pointers = Vec::new();
        collect_pointers(&tree, String::new(), &mut pointers);
        let pointer = place.get(&pointers).clone();
        let values = [
            Value::Null, Value::from(true), Value::from(-1), Value::from(u64::MAX), Value::from(0.5),
            Value::from("\u{202e}\0 soon"), serde_json::json!([[]]), serde_json::json!({"": {}}),
        ];
        *tree.pointer_mut(&pointer).unwrap() = values.get(what).cloned().unwrap();
        match Catalogue::from_json(&tree) {
            Ok(catalogue) => proptest::prop_assert_eq!(catalogue.to_json(), tree),
            Err(faults) => proptest::prop_assert!(!faults.is_empty()),
        }
    }
}

fn collect_pointers(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                collect_pointers(value, format!("{pointer}/{}", node::escape(key)), pointers);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                collect_pointers(value, format!("{pointer}/{index}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(pointer);
}

/// Northmere with holidays of its own in the folder.
fn with_own_holidays(council: &str) -> Files {
    let mut files = files_without_rules();
    let mut feed: Value =
        serde_json::from_str(&std::fs::read_to_string(config("bank-holidays.json")).unwrap())
            .unwrap();
    let one_off =
        serde_json::json!({"title": "One-off holiday", "date": "2027-03-03", "notes": ""});
    feed["scotland"]["events"]
        .as_array_mut()
        .unwrap()
        .push(one_off);
    files.push(("bank-holidays.json".to_owned(), feed.to_string()));
    for (path, text) in &mut files {
        if path == "council.toml" {
            *text = format!("{council}\n{text}");
        }
    }
    files
}

#[test]
fn a_councils_own_bank_holidays_take_the_place_of_those_built_in() {
    let own = load(&with_own_holidays("holidays_reviewed_on = 2026-11-20"))
        .unwrap_or_else(|faults| panic!("{}", listed(&faults)));
    let scotland = crate::domain::calendar::Holidays::Of(crate::domain::calendar::Nation::Scotland);
    let on = jiff::civil::date(2027, 3, 3);
    assert_eq!(
        own.bank_holidays.title(scotland, on).as_deref(),
        Some("One-off holiday")
    );
    assert_eq!(northmere().bank_holidays.title(scotland, on), None);
    assert_eq!(
        own.council.holidays_reviewed_on,
        Some(jiff::civil::date(2026, 11, 20))
    );
}

#[test]
fn bank_holidays_that_nobody_has_read_are_not_used() {
    let faults = load(&with_own_holidays("")).unwrap_err();
    assert!(
        faults
            .iter()
            .any(|fault| fault.file == "council.toml"
                && fault.message.contains("holidays_reviewed_on")),
        "{}",
        listed(&faults)
    );
}

#[test]
fn a_one_off_holiday_needs_no_new_release() {
    let mut files = files_without_rules();
    for (path, text) in &mut files {
        if path == "calendars.toml" {
            text.push_str(
                "\n[[northmere.extra_holidays]]\non = 2026-06-15\ntitle = \"One-off holiday\"\nnations = [\"scotland\"]\n",
            );
        }
    }
    let own = load(&files).unwrap_or_else(|faults| panic!("{}", listed(&faults)));
    let on = jiff::civil::date(2026, 6, 15);
    let scotland = crate::domain::calendar::Holidays::Of(crate::domain::calendar::Nation::Scotland);
    assert!(!own.calendar.view(scotland, false).is_working_day(on));
    assert!(
        !own.calendar
            .view(crate::domain::calendar::Holidays::AnyUk, false)
            .is_working_day(on)
    );
    assert!(
        own.calendar.office().is_working_day(on),
        "it is no holiday here"
    );
}

#[test]
fn a_question_that_cannot_be_asked_is_a_fault() {
    let mut files = files_without_rules();
    let (_, text) = files
        .iter_mut()
        .find(|(path, _)| path == "services/fly-tipping.toml")
        .unwrap();
    let asks = |code: &str, more: &str| {
        format!("[[categories.fields]]\ncode = \"{code}\"\nquestion = \"What?\"\n{more}\n\n")
    };
    let questions = [
        asks("Size!", "datatype = \"string\""),
        asks("easting", "datatype = \"number\""),
        asks("twice", "datatype = \"text\""),
        asks("twice", "datatype = \"text\""),
        asks("unasked", "datatype = \"text\"\nasked = false\nrequired = true"),
        asks("choice", "datatype = \"singlevaluelist\""),
        asks("line", "datatype = \"string\"\nvalues = [{ key = \"a\", name = \"A\" }]"),
        asks(
            "same",
            "datatype = \"multivaluelist\"\nvalues = [{ key = \"a\", name = \"A\" }, { key = \"a\", name = \"B\" }]",
        ),
    ]
    .concat();
    // Behind the fields of the first category, which ends where the second begins.
    let second = text.match_indices("[[categories]]").nth(1).unwrap().0;
    text.insert_str(second, &questions);
    let faults = load(&files).map(|_| ()).unwrap_err();
    let expect = [
        "`Size!` is not a code",
        "`easting` is filled in",
        "already a field `twice`",
        "nobody is asked `unasked`",
        "`choice` is a singlevaluelist and needs `values`",
        "`line` is a string and takes no `values`",
        "the values of `same` need keys",
    ];
    assert_eq!(faults.len(), expect.len(), "{}", listed(&faults));
    for expect in expect {
        let found = faults.iter().find(|fault| fault.message.contains(expect));
        let fault = found.unwrap_or_else(|| panic!("{expect}: {}", listed(&faults)));
        assert!(
            fault.line > 0 && fault.pointer.ends_with("/code"),
            "{fault:?}"
        );
    }
}

#[test]
fn a_queue_that_works_by_e_mail_has_an_inbox_that_is_not_ours() {
    let queues = "queues.toml";
    let inbox = "inbox = \"enquiries@leisure-trust.example\"";
    check(
        queues,
        &format!("{inbox}\n"),
        "",
        "works_by = \"email\"",
        "needs `inbox`",
    );
    check(
        queues,
        inbox,
        "inbox = \"leisure\"",
        "inbox = \"leisure\"",
        "not an e-mail address",
    );
    check(
        queues,
        inbox,
        "inbox = \"contact@council.example\"",
        "inbox = \"contact@council.example\"",
        "the council's own mailbox",
    );
    check(
        queues,
        "[\"leisure-trust.example\"]",
        "[\"leisure\"]",
        "inbox_domains = [\"leisure\"]",
        "not an e-mail address",
    );
    check(
        queues,
        "works_by = \"email\"\n",
        "works_by = \"pigeon\"\n",
        "works_by = \"pigeon\"",
        "write \"system\" or \"email\"",
    );
    check(
        queues,
        "works_by = \"email\"\n",
        "",
        inbox,
        "only a queue with `works_by = \"email\"` has an inbox",
    );
    check(
        queues,
        "[mash]\n",
        "[mash]\nworks_by = \"email\"\ninbox = \"mash@partner.example\"\n",
        "works_by = \"email\"",
        "is restricted and is never mailed",
    );
}

#[test]
fn mail_is_from_a_team_when_it_is_from_its_inbox_or_one_of_its_domains() {
    let leisure = northmere().queue("leisure").unwrap();
    assert_eq!(leisure.inbox(), Some("enquiries@leisure-trust.example"));
    let check = |address: &str, expect| {
        assert_eq!(leisure.is_written_from(address), expect, "{address}");
    };
    check("Enquiries@Leisure-Trust.example", true);
    check("kim@leisure-trust.example", true);
    check("kim@not-leisure-trust.example", false);
    check("kim@leisure-trust.example.evil.example", false);
    check("leisure-trust.example", false);
    assert!(
        !northmere()
            .queue("libraries")
            .unwrap()
            .is_written_from("x@leisure-trust.example")
    );
}
