//! Open cases of the system before this one, taken over by the command beside a running server.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::json;

use crate::demo::Demo;

const HEADING: &str = "old_reference,received_at,first_promised_on,service,category,status,channel,subject,body,name,email,phone";

fn command(demo: &Demo, file: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reeve"));
    let database = demo.told["database_url"].as_str().unwrap();
    command.args(["import", "cases"]).arg(file).args(more);
    command.args(["--database-url", database]);
    command.env("REEVE__DATABASE__ALLOW_UNSAFE_DURABILITY", "true");
    command
}

fn import(demo: &Demo, file: &Path, more: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(demo, file, more).output().unwrap();
    let lines = String::from_utf8(stdout).unwrap();
    let lines = lines.lines().map(str::to_owned).collect();
    (status.code(), lines, String::from_utf8(stderr).unwrap())
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// Missed bins of the last days, numbered.
fn many(n: usize) -> String {
    let rows: String = (0..n)
        .map(|n| {
            format!(
                "NM-2026-{n:06},2026-11-18T10:15,2026-11-20,waste-collection,missed-bin,open,phone,Missed bin,\
                 It was not emptied.,Ada Example,ada{n}@mail.example,\n"
            )
        })
        .collect();
    format!("{HEADING}\n{rows}")
}

fn count(lines: &[String], words: &str) -> usize {
    lines.iter().filter(|line| line.contains(words)).count()
}

#[test]
fn open_cases_are_rehearsed_taken_over_and_not_taken_twice() {
    rehearse_and_take(&Demo::on_sqlite());
}

#[test]
fn open_cases_are_rehearsed_taken_over_and_not_taken_twice_on_postgresql() {
    if let Some(demo) = Demo::on_postgres() {
        rehearse_and_take(&demo);
    }
}

fn rehearse_and_take(demo: &Demo) {
    let agent = demo.sign_in("agent");
    let path = "/v1/cases/NM-2026-004822";
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/import-example.csv");
    let (code, lines, said) = import(demo, &example, &["--dry-run"]);
    assert_eq!(code, Some(0), "{lines:#?} {said}");
    assert_eq!(count(&lines, "can be taken over"), 3, "{lines:#?}");
    let (code, again, _) = import(demo, &example, &["--dry-run"]);
    assert_eq!((code, &again), (Some(0), &lines), "nothing was written");

    let (code, lines, said) = import(demo, &example, &[]);
    assert_eq!(code, Some(0), "{lines:#?} {said}");
    assert_eq!(count(&lines, "taken over as"), 3, "{lines:#?}");
    assert!(lines[2].starts_with("line 5  NM-2026-004910"), "{lines:#?}");
    let case = demo.get(&agent, path);
    assert_eq!(case["aliases"], json!(["NM-2026-004822"]));
    assert_eq!(case["first_promised_on"], "2026-11-04");
    let reference = case["reference"].as_str().unwrap();
    assert!(lines[0].ends_with(reference), "{lines:#?}");

    let (code, lines, _) = import(demo, &example, &[]);
    assert_eq!(code, Some(0));
    assert_eq!(count(&lines, "there already as"), 3, "{lines:#?}");
    assert!(lines[0].ends_with(reference));
    assert!(demo.mails_about(reference, "confirmation").is_empty());

    let folder = tempfile::tempdir().unwrap();
    let bad = format!(
        "{HEADING}\n\
         NM-2026-000001,05/10/2026,,waste-collection,missed-bin,open,phone,Bin,,,,\n\
         NM-2026-000002,2026-11-16,,waste-collection,missed-bin,open,phone,Bin,,,,\n\
         NM-2026-000002,2026-11-16,,waste-collection,missed-bin,open,phone,Bin,,,,\n\
         =cmd(),2026-11-16,,waste,missed-bin,open,phone,Bin,,,,\n"
    );
    let bad = write(folder.path(), "bad.csv", &bad);
    for (more, words) in [
        (&["--dry-run"][..], "can be taken over"),
        (&[], "taken over as"),
    ] {
        let (code, lines, said) = import(demo, &bad, more);
        assert_eq!(code, Some(65), "{lines:#?}");
        assert_eq!(lines.len(), 4, "{lines:#?}");
        assert_eq!(count(&lines, "refused: "), 3, "{lines:#?}");
        assert_eq!(count(&lines, words), 1, "{lines:#?}");
        assert!(lines[0].contains("received_at: `05/10/2026`"), "{lines:#?}");
        assert!(lines[2].contains("line 3 already"), "{lines:#?}");
        assert!(
            lines[3].contains("Did you mean `waste-collection`?"),
            "{lines:#?}"
        );
        assert!(said.contains("3 refused"), "{said}");
    }
    let (code, _, said) = import(demo, &write(folder.path(), "cases.xlsx", "PK"), &[]);
    assert_eq!(code, Some(2), "{said}");
    let (code, _, said) = import(demo, &write(folder.path(), "half.json", "[{"), &[]);
    assert_eq!(code, Some(65), "{said}");
}

#[test]
fn a_command_that_was_killed_goes_on_where_it_was() {
    kill_and_go_on(&Demo::on_sqlite());
}

#[test]
fn a_command_that_was_killed_goes_on_where_it_was_on_postgresql() {
    if let Some(demo) = Demo::on_postgres() {
        kill_and_go_on(&demo);
    }
}

fn kill_and_go_on(demo: &Demo) {
    use std::io::{BufRead as _, BufReader};

    const N: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "many.csv", &many(N));
    let mut child: Child = command(demo, &file, &[])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stdout.take().unwrap()).lines();
    let told: Vec<String> = told.take(N / 4).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let (code, lines, said) = import(demo, &file, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(lines.len(), N);
    let n_there = count(&lines, "there already as");
    assert!((N / 4..N).contains(&n_there), "{n_there} were there");
    for line in told {
        let as_it_is_now = line.replace("taken over as", "there already as");
        assert!(
            lines.contains(&as_it_is_now),
            "{line} was told and is not there"
        );
    }
    let (code, again, _) = import(demo, &file, &[]);
    assert_eq!((code, count(&again, "there already as")), (Some(0), N));
    let mut references: Vec<&str> = again
        .iter()
        .filter_map(|line| line.rsplit(' ').next())
        .collect();
    references.sort_unstable();
    references.dedup();
    assert_eq!(references.len(), N, "each is one case");
}
