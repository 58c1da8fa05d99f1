//! The migrations of the two databases have the same names, run forwards and leave what diesel
//! expects.

use reeve::store::db::{Address, Db, Opening};
use reeve::store::dialect::migration_names;

#[test]
fn both_databases_have_the_same_migrations() {
    let (sqlite, postgres) = migration_names();
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, postgres);
}

#[test]
fn a_new_file_is_migrated_once() {
    let folder = tempfile::tempdir().unwrap();
    let opening = Opening {
        address: Address::Sqlite(folder.path().join("reeve.db")),
        pool_size: 2,
        allow_unsafe_durability: false,
    };
    let db = Db::open(&opening).unwrap();
    assert!(!db.migrate().unwrap().is_empty());
    assert!(
        db.migrate().unwrap().is_empty(),
        "nothing is left to run the second time"
    );
}

/// The text of the two first migrations differs in column types only, up to what each has to say in
/// its own words (triggers).
#[test]
fn the_two_schemas_say_the_same() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let (names, _) = migration_names();
    for name in names {
        let read = |database: &str| {
            let path = root.join(database).join(&name).join("up.sql");
            let text = std::fs::read_to_string(path).unwrap();
            plain(&text)
        };
        assert_eq!(read("postgres"), read("sqlite"), "{name}");
    }
}

fn plain(sql: &str) -> String {
    let mut words = Vec::new();
    let (sql, _) = sql
        .split_once("-- From here on in this database's own words.")
        .unwrap_or((sql, ""));
    for line in sql
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
    {
        for word in line.split_whitespace() {
            let (bare, tail) = match word.strip_suffix(',') {
                Some(bare) => (bare, ","),
                None => (word, ""),
            };
            let plain = match bare {
                "uuid" | "bytea" => "blob",
                "timestamptz" => "bigint",
                "jsonb" | "date" => "text",
                other => other,
            };
            words.push(format!("{plain}{tail}"));
        }
    }
    words.join(" ")
}
