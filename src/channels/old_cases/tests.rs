use std::io::BufReader;

use jiff::tz::TimeZone;

use super::rows::{Broken, Format, Numbered, read_rows};
use super::{OldCase, quoted, similar};
use crate::channels::given::Unfit;
use crate::domain::case::Status;
use crate::domain::contact::Channel;
use crate::domain::enquiry::Who;

const HEADING: &str = "old_reference,received_at,first_promised_on,service,category,status,channel,subject,body,name,email,phone";

fn read(text: impl AsRef<[u8]>, format: Format) -> (Vec<Numbered>, Result<(), Broken>) {
    let mut rows = Vec::new();
    let ended = read_rows(BufReader::new(text.as_ref()), format, &mut |row| {
        rows.push(row);
        true
    });
    (rows, ended)
}

fn csv(rows: &str) -> Vec<Numbered> {
    let (rows, ended) = read(format!("{HEADING}\n{rows}"), Format::Csv);
    assert_eq!(ended, Ok(()));
    rows
}

fn old(numbered: &Numbered) -> Result<OldCase, Vec<Unfit>> {
    let london = TimeZone::get("Europe/London").unwrap();
    OldCase::read(numbered.row.clone()?, &london)
}

/// What is wrong with the one row, as `column code`.
fn wrong(row: &str) -> Vec<String> {
    let rows = csv(row);
    let faults = old(&rows[0]).unwrap_err();
    faults
        .iter()
        .map(|fault| format!("{} {}", fault.pointer, fault.code))
        .collect()
}

fn broken(text: impl AsRef<[u8]>, format: Format) -> String {
    read(text, format).1.unwrap_err().to_string()
}

const ADA: &str = "nm-2026-004822,2026-10-05T14:30,2026-10-19,waste-collection,missed-bin,Open,Phone,\
                   Missed bin,\"Out by six, and\nnot \"\"emptied\"\".\",Ada Example,ada@mail.example,01632 960123";

#[test]
fn a_row_is_read_with_its_words_its_person_and_local_time() {
    let old = old(&csv(ADA)[0]).unwrap();
    assert_eq!(old.old_reference, "NM-2026-004822");
    // Summer time: half past two in London is half past one by the world's clock.
    assert_eq!(old.enquiry.received_at.to_string(), "2026-10-05T13:30:00Z");
    assert_eq!(old.first_promised_on.unwrap().to_string(), "2026-10-19");
    assert_eq!(old.status, Status::Open);
    assert_eq!(old.enquiry.channel, Channel::Phone);
    assert_eq!(old.enquiry.body, "Out by six, and\nnot \"emptied\".");
    let Who::Described(who) = &old.enquiry.who else {
        panic!("nobody")
    };
    assert_eq!(who.email.as_deref(), Some("ada@mail.example"));
    assert!(!who.is_verified, "a file proves nobody's address");
}

#[test]
fn a_row_needs_only_what_no_case_is_without() {
    let old =
        old(&csv("NM-2026-000001,2026-10-05,,waste-collection,missed-bin,,,Missed bin,,,,")[0])
            .unwrap();
    assert_eq!(old.status, Status::New);
    assert_eq!(old.enquiry.channel, Channel::Api);
    assert_eq!(old.enquiry.who, Who::Nobody);
    assert_eq!(old.enquiry.received_at.to_string(), "2026-10-04T23:00:00Z");
}

#[test]
fn excel_may_have_written_it() {
    let rows = format!("{HEADING}\n{ADA}\n")
        .replace(',', ";")
        .replace("six;", "six,");
    let text = format!("\u{feff}sep=;\r\n{}", rows.replace('\n', "\r\n"));
    let (rows, ended) = read(text, Format::Csv);
    assert_eq!(ended, Ok(()));
    let old = old(&rows[0]).unwrap();
    assert_eq!(old.enquiry.body, "Out by six, and\nnot \"emptied\".");
    assert_eq!(rows[0].line, 3);
    for cell in ["=\"01632 960123\"", "\"=\"\"01632 960123\"\"\""] {
        let protected = ADA.replace(",01632 960123", &format!(",{cell}"));
        let row = csv(&protected)[0].row.clone().unwrap();
        assert_eq!(row.get("phone"), Some("01632 960123"), "{cell}");
    }
}

#[test]
fn the_line_of_a_row_is_where_it_begins_whatever_ends_the_lines() {
    let ends = ["\n", "\r\n", "\r"];
    for end in ends {
        let text = format!("{HEADING}\n{ADA}\n\n\n{ADA}\n,,,,,,,,,,,\n{ADA}").replace('\n', end);
        let (rows, ended) = read(text, Format::Csv);
        assert_eq!(ended, Ok(()), "{end:?}");
        let lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 6, 9], "{end:?}");
    }
}

#[test]
fn words_that_a_spreadsheet_would_run_stay_words() {
    let row = ADA.replace("Missed bin", "\"=HYPERLINK(\"\"http://evil.example\"\")\"");
    let old = old(&csv(&row)[0]).unwrap();
    assert_eq!(old.enquiry.subject, "=HYPERLINK(\"http://evil.example\")");
}

#[test]
fn everything_wrong_with_a_row_is_named_at_once() {
    assert_eq!(
        wrong(",05/10/2026,soon,,,pending,pigeon,,,Ada,not-an-address,none"),
        [
            "/old_reference missing_field",
            "/received_at bad_format",
            "/first_promised_on bad_format",
            "/status unknown_value",
            "/channel unknown_value",
            "/service missing_field",
            "/category missing_field",
            "/body missing_field",
            "/person/email bad_format",
            "/person/phone bad_format",
        ]
    );
    let long = "x".repeat(100_001);
    assert_eq!(
        wrong(&ADA.replace("Missed bin", &long).replace("emptied", &long)),
        ["/subject too_long", "/body too_long"]
    );
    assert_eq!(wrong(&ADA.replace("Open", "closed")), ["/status not_open"]);
    assert_eq!(
        wrong("NM-2026-000001,2026-10-05"),
        [" wrong_number_of_cells"]
    );
    assert_eq!(wrong(&format!("{ADA},more")), [" wrong_number_of_cells"]);
}

#[test]
fn a_bad_date_is_told_which_dates_are_good() {
    let rows = csv(&ADA.replace("2026-10-05T14:30", "05/10/2026"));
    let detail = &old(&rows[0]).unwrap_err()[0].detail;
    assert!(
        detail.contains("`05/10/2026`") && detail.contains("2026-10-05T14:30"),
        "{detail}"
    );
}

#[test]
fn a_word_nearly_right_is_told_which_was_meant() {
    assert_eq!(
        similar("missed-bins", ["missed-bin", "new-container"]),
        Some("missed-bin")
    );
    assert_eq!(
        similar("waste", ["waste-collection", "highways"]),
        Some("waste-collection")
    );
    assert_eq!(similar("pothole", ["missed-bin"]), None);
    let rows = csv(&ADA.replace("Phone", "E-mail"));
    let detail = &old(&rows[0]).unwrap_err()[0].detail;
    assert!(detail.ends_with("Did you mean `email`?"), "{detail}");
}

#[test]
fn what_somebody_wrote_cannot_write_to_the_terminal() {
    assert_eq!(quoted("a\u{1b}[31mb\u{202e}"), "`a\u{fffd}[31mb\u{fffd}`");
    assert_eq!(quoted(&"x".repeat(100)).chars().count(), 43);
}

#[test]
fn a_heading_that_is_wrong_says_what_is_missing_and_what_was_meant() {
    let said = broken("old_reference,recieved_at,service,category\n", Format::Csv);
    for part in [
        "line 1",
        "`recieved_at`",
        "did you mean `received_at`?",
        "`received_at` is missing",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let said = broken(format!("{HEADING},email\n"), Format::Csv);
    assert!(said.contains("twice"), "{said}");
    for empty in ["", "\n\n"] {
        assert!(
            broken(empty, Format::Csv).contains("first line"),
            "{empty:?}"
        );
    }
    let spaced = "Old reference,Received at,Service,Category\n";
    assert_eq!(read(spaced, Format::Csv).1, Ok(()));
}

#[test]
fn a_quotation_mark_that_is_never_closed_swallows_no_row_in_silence() {
    const PLAIN: &str = "NM-2026-000001,2026-10-05,,waste-collection,missed-bin,,,Missed bin,,,,";
    let open = ADA.replace("not \"\"emptied\"\".\"", "not emptied.");
    let said = broken(format!("{HEADING}\n{ADA}\n{open}\n{PLAIN}"), Format::Csv);
    assert!(
        said.starts_with("line 4: ") && said.contains("never closed"),
        "{said}"
    );
    let endless = format!("{HEADING}\n{open}\n{}", "x\n".repeat(3_000_000));
    let said = broken(endless, Format::Csv);
    assert!(said.starts_with("line 2: this row goes on"), "{said}");
    // One that a later row happens to close makes rows of the wrong width.
    let rows = csv(&format!("{ADA}\n{open}\n{ADA}\n{PLAIN}"));
    let are_good: Vec<bool> = rows.iter().map(|row| row.row.is_ok()).collect();
    assert_eq!(
        (are_good.first(), are_good.last()),
        (Some(&true), Some(&true))
    );
    assert_eq!(
        are_good.iter().filter(|good| **good).count(),
        2,
        "{rows:#?}"
    );
}

#[test]
fn other_files_are_told_from_text() {
    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(HEADING.bytes()).collect();
    assert!(broken(wide, Format::Csv).contains("UTF-8"));
    assert!(broken(b"PK\x03\x04rest", Format::Csv).contains("workbook"));
    let mut latin = format!("{HEADING}\n").into_bytes();
    latin.extend(
        ADA.replace("Ada Example", "Ren")
            .replace("Ren", "Ren#")
            .bytes(),
    );
    let latin: Vec<u8> = latin
        .into_iter()
        .map(|byte| if byte == b'#' { 0xE9 } else { byte })
        .collect();
    let (rows, _) = read(latin, Format::Csv);
    assert_eq!(old(&rows[0]).unwrap_err()[0].code, "not_utf8");
}

const CARYS: &str = r#"{"old_reference":"NM-2026-000007","received_at":"2026-10-05T14:30:00Z","service":"waste-collection",
  "category":"missed-bin","status":"waiting","channel":"letter","subject":null,"body":"Please come.",
  "person":{"name":"Carys Other","email":null,"phone":"01632 960124"}}"#;

#[test]
fn a_list_in_json_is_read_one_case_at_a_time_with_its_lines() {
    let text = format!("\u{feff}[\r\n{CARYS},\n\n{CARYS}\n]\n");
    let (rows, ended) = read(text, Format::Json);
    assert_eq!(ended, Ok(()));
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 6]);
    let first = old(&rows[0]).unwrap();
    assert_eq!(first.status, Status::Waiting);
    let Who::Described(who) = &first.enquiry.who else {
        panic!("nobody")
    };
    assert_eq!(who.phone.as_deref(), Some("01632 960124"));
}

#[test]
fn one_bad_case_in_a_list_does_not_end_it() {
    let text = format!(
        "[1, {{\"person\": 2}}, {{\"old_reference\": 3, \"colour\": \"red\", \"email\": \"x\"}}, {CARYS}]"
    );
    let (rows, ended) = read(text, Format::Json);
    assert_eq!(ended, Ok(()));
    let codes: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| {
            row.row.as_ref().err().map_or_else(Vec::new, |faults| {
                faults.iter().map(|one| one.code).collect()
            })
        })
        .collect();
    assert_eq!(
        codes,
        [
            vec!["not_an_object"],
            vec!["not_an_object"],
            vec!["not_text", "unknown_field", "unknown_field"],
            vec![]
        ]
    );
}

#[test]
fn a_list_that_breaks_off_says_where() {
    let (rows, ended) = read(format!("[{CARYS},\n{CARYS}\n"), Format::Json);
    assert_eq!(rows.len(), 2, "what stands before it is read");
    assert!(ended.unwrap_err().to_string().contains("list of cases"));
    assert!(broken("{\"cases\": []}", Format::Json).contains("begins with ["));
    assert!(broken(format!("[{CARYS}] more"), Format::Json).contains("list of cases"));
    assert_eq!(read("[]", Format::Json).1, Ok(()));
}

#[test]
fn one_object_a_line_is_read_line_by_line() {
    let line = CARYS.replace('\n', " ");
    let (rows, ended) = read(format!("{line}\n\n{{\"old\n{line}"), Format::JsonLines);
    assert_eq!(ended, Ok(()));
    assert_eq!(
        rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        [1, 3, 4]
    );
    assert!(old(&rows[0]).is_ok() && old(&rows[2]).is_ok());
    assert_eq!(old(&rows[1]).unwrap_err()[0].code, "not_json");
}

#[test]
fn whoever_reads_may_have_had_enough() {
    let text = format!("[{CARYS},{CARYS}]");
    let mut n = 0;
    let ended = read_rows(BufReader::new(text.as_bytes()), Format::Json, &mut |_| {
        n += 1;
        false
    });
    assert_eq!((n, ended), (1, Ok(())));
}
