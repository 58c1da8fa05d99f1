//! The rows of one case under other ids, another reference, another person and other words, as often
//! as one likes.
//!
//! Every place where such a thing stands is found once, by its look, in the text of the rows as the
//! database to be filled reads them. A copy is then those texts with other pieces between. A mark in a
//! form that is not known here is a mistake and ends the load: words of a model must not stand in a
//! copy.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use anyhow::Context as _;
use jiff::Timestamp;
use rand::Rng;
use regex::Regex;
use uuid::Uuid;

use super::models::{Model, mark, pick};
use crate::casework::audit::Chain;
use crate::casework::letters;
use crate::domain::ids::TrackingLinkId;
use crate::domain::reference::Reference;
use crate::store::audit::Line;
use crate::store::dialect::bulk::{Added, Writer, digits_of, text_of};

/// A case ready to be copied.
pub struct Pattern {
    rows: Vec<Row>,
    audit: Vec<AuditRow>,
    /// What stands between the fixed texts.
    sources: Vec<Source>,
    /// When each id of the case was made, in the order they were.
    ids: Vec<(Option<i64>, Uuid)>,
    n_references: usize,
    /// The postcode of whoever it is about, if they gave one. The ward follows from it.
    pub postcode: Option<String>,
    /// When it came in, in microseconds.
    began: i64,
    pub is_open: bool,
}

/// Whoever a copy is about.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: Uuid,
    first: String,
    last: String,
    mail: String,
    house: String,
    /// When they were first in touch, in microseconds.
    since: i64,
    /// Their rows are in the database already.
    pub is_known: bool,
}

/// What copies are made with.
pub struct Press<R> {
    pub chance: R,
    /// The installation's key for links.
    tracking: Vec<u8>,
    references: HashSet<u64>,
    n_people: usize,
    words: Vec<String>,
    /// Into which the lines of the audit go.
    chain: Chain,
    sealed_at: Timestamp,
}

struct Row {
    table: String,
    pieces: Vec<Piece>,
    is_of_person: bool,
}

/// A line of the audit, by its parts, because its seal is made from them.
struct AuditRow {
    row: Row,
    id: usize,
    at: Timestamp,
    actor: Vec<Piece>,
    action: String,
    object: Vec<Piece>,
    purpose: Option<String>,
}

enum Piece {
    Fixed(String),
    /// What the source of this number says.
    Said(usize),
}

/// What is said in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    /// An id, as text, and as SQLite writes bytes.
    Id(usize, Written),
    Reference(usize),
    PlainReference(usize),
    /// Of the link with this id.
    Token(usize),
    TokenHash(usize),
    ReplyToken(usize),
    /// The same in small letters.
    First(bool),
    Last(bool),
    /// The same as places are compared.
    House(bool),
    Mail,
    Title,
    Words,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Written {
    Hyphenated,
    Digits,
    Capitals,
}

/// Anything that may be one of those, by its look: links before long numbers before short ones.
static LOOKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        "rvt_[A-Za-z0-9_-]{43}|[0-9a-f]{64}\
         |[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9A-F]{32}\
         |[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]{3}\
         |\\b[0-9A-HJKMNP-TV-Z]{9}\\b|[Zz]q[fhlmw][a-z]{5}|Z-q-t(?:-[a-z]){5}",
    )
    .expect("the pattern is a constant, and a test reads it")
});
static MARKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?i)zq[fhlmw][a-z]{5}|z-q-t(?:-[a-z]){5}")
        .expect("the pattern is a constant, and a test reads it")
});

/// What a subject begins with: signs by themselves, which are no words and so say nothing of the matter.
const SIGNS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ23456789";

const FIRST_NAMES: &[&str] = &[
    "Ada", "Bertram", "Carys", "Dilip", "Edith", "Farida", "Gwilym", "Hester", "Idris", "Jocasta",
    "Kwame", "Lavinia", "Morag", "Nasreen", "Osric", "Perpetua", "Quentin", "Rosalind", "Selwyn",
    "Tamsin", "Una", "Violet", "Winifred", "Xanthe", "Yusuf", "Zelda",
];
const LAST_NAMES: &[&str] = &[
    "Appleyard",
    "Brackenbury",
    "Cattermole",
    "Dunnock",
    "Entwhistle",
    "Fothergill",
    "Greatorex",
    "Hathaway",
    "Inglenook",
    "Juniper",
    "Kettlewell",
    "Larkspur",
    "Micklethwaite",
    "Nightingale",
    "Oglethorpe",
    "Pennyfeather",
    "Quillfeather",
    "Rowbotham",
    "Sedgewick",
    "Thistlewood",
    "Underhill",
    "Vipond",
    "Wetherby",
    "Yarrow",
];
const STREETS: &[&str] = &[
    "Alder Row",
    "Beacon Street",
    "Canal Lane",
    "Dyers Yard",
    "Elm Close",
    "Foundry Road",
    "Gasworks Lane",
    "Harbour Terrace",
    "Ironmongers Row",
    "Jubilee Crescent",
    "Kiln Street",
    "Larkfield Rise",
    "Mill Lane",
    "New Road",
    "Orchard Way",
    "Priory Gardens",
    "Quarry Hill",
    "Ropewalk",
    "Station Approach",
    "Tannery Lane",
    "Union Street",
    "Viaduct Road",
    "Weavers Green",
    "Yew Tree Drive",
];

impl Pattern {
    /// Finds what a copy says otherwise.
    ///
    /// # Errors
    /// When a row cannot be read, or holds a mark in a form that is not known.
    pub fn of(model: &Model, writer: &Writer<'_>) -> anyhow::Result<Self> {
        let mut known: HashMap<String, Source> = HashMap::new();
        let mut made: Vec<(Option<i64>, Uuid, bool)> = Vec::new();
        let mut n_references = 0;
        for row in &model.rows {
            if let Some(reference) = row.value("reference").and_then(text_of)
                && row.table == "cases"
            {
                let reference = Reference::parse(&reference)?;
                known.insert(
                    reference.plain().to_owned(),
                    Source::PlainReference(n_references),
                );
                known.insert(reference.to_string(), Source::Reference(n_references));
                n_references += 1;
            }
            if let Some(id) = row.value("id").and_then(digits_of) {
                made.push((
                    made_at(row),
                    Uuid::try_parse(id)?,
                    row.table == "tracking_links",
                ));
            }
        }
        let earliest = made.iter().filter_map(|(at, _, _)| *at).min();
        for (at, _, _) in &mut made {
            *at = at.or(earliest);
        }
        // Those of one instant are told apart by their numbers, which go up.
        made.sort_unstable();
        for (place, (_, id, is_link)) in made.iter().enumerate() {
            known.insert(id.to_string(), Source::Id(place, Written::Hyphenated));
            known.insert(id.simple().to_string(), Source::Id(place, Written::Digits));
            let capitals = id.simple().to_string().to_uppercase();
            known.insert(capitals, Source::Id(place, Written::Capitals));
            if *is_link {
                let row = model.rows.iter().find(|row| {
                    row.table == "tracking_links"
                        && row.value("id").and_then(digits_of).map(Uuid::try_parse) == Some(Ok(*id))
                });
                for (column, source) in [
                    ("token_hash", Source::TokenHash(place)),
                    ("reply_token", Source::ReplyToken(place)),
                ] {
                    let value = row.and_then(|row| row.value(column)).and_then(text_of);
                    known.insert(
                        value.with_context(|| format!("a link has no {column}"))?,
                        source,
                    );
                }
            }
        }
        let links: Vec<usize> = made
            .iter()
            .enumerate()
            .filter(|(_, (_, _, is_link))| *is_link)
            .map(|(place, _)| place)
            .collect();
        let mut cutter = Cutter {
            known,
            links,
            sources: Vec::new(),
        };
        let mut rows = Vec::new();
        let mut audit = Vec::new();
        for row in &model.rows {
            let line = writer.line(&row.table, &row.values)?;
            let cut = Row {
                table: row.table.clone(),
                pieces: cutter.cut(&line).with_context(|| row.table.clone())?,
                is_of_person: matches!(row.table.as_str(), "people" | "identifiers"),
            };
            if row.table == "audit" {
                audit.push(cutter.audit_row(row, cut, &made)?);
            } else {
                rows.push(cut);
            }
        }
        Ok(Self {
            rows,
            audit,
            sources: cutter.sources,
            ids: made
                .into_iter()
                .map(|(at, id, is_link)| (at.filter(|_| !is_link), id))
                .collect(),
            n_references,
            postcode: postcode_of(model)?,
            began: earliest.unwrap_or(0),
            is_open: model.is_open,
        })
    }

    /// Whether they had been in touch by then.
    #[must_use]
    pub const fn is_after(&self, person: &Person) -> bool {
        person.since <= self.began
    }

    /// Whether whoever the case is about gave a way to reach them.
    #[must_use]
    pub fn has_person(&self) -> bool {
        self.rows.iter().any(|row| row.table == "people")
    }
}

impl<R: Rng> Press<R> {
    /// A press for an installation, whose audit has come to this link of its chain.
    pub fn new(
        chance: R,
        tracking: Vec<u8>,
        words: Vec<String>,
        chain: Chain,
        sealed_at: Timestamp,
    ) -> Self {
        Self {
            chance,
            tracking,
            references: HashSet::new(),
            n_people: 0,
            words,
            chain,
            sealed_at,
        }
    }

    /// Numbers new people from here on, so that they are not those of another press.
    pub fn begin_at(&mut self, number: usize) {
        self.n_people = number;
    }

    /// Somebody new.
    pub fn person(&mut self) -> Person {
        let number = self.n_people;
        self.n_people += 1;
        let mut word = |from: &'static [&'static str]| {
            pick(&mut self.chance, from)
                .copied()
                .unwrap_or("Ada")
                .to_owned()
        };
        let (first, last) = (word(FIRST_NAMES), word(LAST_NAMES));
        let street = STREETS.get(number % STREETS.len()).copied();
        Person {
            id: Uuid::nil(),
            mail: format!("{}.{}.{number}", first.to_lowercase(), last.to_lowercase()),
            house: format!(
                "{} {}",
                number / STREETS.len() + 1,
                street.unwrap_or("Alder Row")
            ),
            first,
            last,
            since: 0,
            is_known: false,
        }
    }

    /// Writes a copy about this person, whose id is kept in them.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn print(
        &mut self,
        pattern: &Pattern,
        person: &mut Person,
        writer: &mut Writer<'_>,
    ) -> anyhow::Result<()> {
        let ids = self.ids(pattern);
        let ids = self.with_person(pattern, ids, person);
        let mut references = Vec::with_capacity(pattern.n_references);
        for _ in 0..pattern.n_references {
            references.push(self.reference());
        }
        let mut said = Vec::with_capacity(pattern.sources.len());
        for source in &pattern.sources {
            said.push(self.say(*source, &ids, &references, person)?);
        }
        let mut line = String::new();
        for row in &pattern.rows {
            if row.is_of_person && person.is_known {
                continue;
            }
            join(&row.pieces, &said, &mut line);
            writer.push(&row.table, &line)?;
        }
        for row in &pattern.audit {
            join(&row.row.pieces, &said, &mut line);
            writer.push(&row.row.table, &line)?;
            self.seal(row, &ids, &said, writer)?;
        }
        if !person.is_known {
            person.since = pattern.began;
        }
        person.is_known = true;
        Ok(())
    }

    fn seal(
        &mut self,
        row: &AuditRow,
        ids: &[Uuid],
        said: &[String],
        writer: &mut Writer<'_>,
    ) -> anyhow::Result<()> {
        let id = *ids.get(row.id).context("a line of the audit has an id")?;
        let mut actor = String::new();
        join(&row.actor, said, &mut actor);
        let mut object = String::new();
        join(&row.object, said, &mut object);
        let seal = self.chain.add(&Line {
            id,
            at: row.at,
            actor,
            action: row.action.clone(),
            object,
            purpose: row.purpose.clone(),
            request_id: None,
        });
        let values = [
            seal.number.to_string(),
            format!("X'{}'", id.simple().to_string().to_uppercase()),
            format!(
                "X'{}'",
                crate::casework::desk::hex(&seal.hash).to_uppercase()
            ),
            self.sealed_at.as_microsecond().to_string(),
        ];
        let line = writer.line("audit_seals", &values)?;
        writer.push("audit_seals", &line)
    }

    /// Other ids, made when those were and in the same order. Links have none that can be foretold.
    fn ids(&mut self, pattern: &Pattern) -> Vec<Uuid> {
        let own: u128 = self.chance.random();
        pattern
            .ids
            .iter()
            .enumerate()
            .map(|(place, (made_at, _))| {
                let random: u128 = self.chance.random();
                let Some(millis) = made_at.and_then(|at| u128::try_from(at / 1000).ok()) else {
                    return Uuid::from_u128(random);
                };
                let place = u128::try_from(place).unwrap_or(0) & 0xFFF;
                Uuid::from_u128(
                    ((millis & 0xFFFF_FFFF_FFFF) << 80)
                        | (7 << 76)
                        | ((own & 0xFFF) << 64)
                        | (2 << 62)
                        | (((own >> 12) & 0xFFF_FFFF) << 34)
                        | (place << 22)
                        | (random & 0x3F_FFFF),
                )
            })
            .collect()
    }

    /// A person who is known keeps their id.
    fn with_person(&self, pattern: &Pattern, mut ids: Vec<Uuid>, person: &mut Person) -> Vec<Uuid> {
        let place = pattern.person_id();
        if let Some(id) = place.and_then(|place| ids.get_mut(place)) {
            if person.is_known {
                *id = person.id;
            } else {
                person.id = *id;
            }
        }
        ids
    }

    fn reference(&mut self) -> Reference {
        loop {
            let bits = self.chance.random::<u64>() & 0xFF_FFFF_FFFF;
            if self.references.insert(bits) {
                return Reference::from_bits(bits);
            }
        }
    }

    fn say(
        &mut self,
        source: Source,
        ids: &[Uuid],
        references: &[Reference],
        person: &Person,
    ) -> anyhow::Result<String> {
        let id = |place: usize| ids.get(place).copied().context("an id of the case");
        let reference = |place: usize| references.get(place).context("a reference of the case");
        let lowered = |text: &str, is_lowered: bool| {
            if is_lowered {
                text.to_lowercase()
            } else {
                text.to_owned()
            }
        };
        Ok(match source {
            Source::Id(place, Written::Hyphenated) => id(place)?.to_string(),
            Source::Id(place, Written::Digits) => id(place)?.simple().to_string(),
            Source::Id(place, Written::Capitals) => id(place)?.simple().to_string().to_uppercase(),
            Source::Reference(place) => reference(place)?.to_string(),
            Source::PlainReference(place) => reference(place)?.plain().to_owned(),
            Source::Token(place) => self.link(id(place)?).0,
            Source::TokenHash(place) => letters::kept_of(&self.link(id(place)?).0),
            Source::ReplyToken(place) => self.link(id(place)?).1,
            Source::First(is_lowered) => lowered(&person.first, is_lowered),
            Source::Last(is_lowered) => lowered(&person.last, is_lowered),
            Source::House(false) => person.house.clone(),
            Source::House(true) => compared(&person.house),
            Source::Mail => person.mail.clone(),
            Source::Title => self.signs(),
            Source::Words => {
                let n = self.chance.random_range(8..40);
                self.sentence(n)
            }
        })
    }

    fn link(&self, id: Uuid) -> (String, String) {
        letters::tokens_of(&self.tracking, TrackingLinkId(id))
    }

    fn signs(&mut self) -> String {
        let mut sign = || pick(&mut self.chance, SIGNS).map_or('Z', |sign| char::from(*sign));
        let (a, b, c, d) = (sign(), sign(), sign(), sign());
        format!("{a}-{b}-{c}-{d}")
    }

    fn sentence(&mut self, n_words: usize) -> String {
        let mut text = String::new();
        for _ in 0..n_words {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(pick(&mut self.chance, &self.words).map_or("bin", String::as_str));
        }
        text
    }
}

impl Pattern {
    fn person_id(&self) -> Option<usize> {
        let row = self.rows.iter().find(|row| row.table == "people")?;
        // The first column of the table is the id, and the first piece that is not fixed.
        row.pieces.iter().find_map(|piece| match piece {
            Piece::Said(place) => match self.sources.get(*place) {
                Some(Source::Id(id, _)) => Some(*id),
                _ => None,
            },
            Piece::Fixed(_) => None,
        })
    }
}

/// Finds in texts what a copy says otherwise.
struct Cutter {
    known: HashMap<String, Source>,
    /// Which ids are links.
    links: Vec<usize>,
    sources: Vec<Source>,
}

impl Cutter {
    fn cut(&mut self, text: &str) -> anyhow::Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        let mut from = 0;
        for found in LOOKS.find_iter(text) {
            let Some(source) = self.source(found.as_str())? else {
                continue;
            };
            push_fixed(&mut pieces, text.get(from..found.start()))?;
            pieces.push(Piece::Said(self.place_of(source)));
            from = found.end();
        }
        push_fixed(&mut pieces, text.get(from..))?;
        Ok(pieces)
    }

    fn source(&self, found: &str) -> anyhow::Result<Option<Source>> {
        if let Some(source) = self.known.get(found) {
            return Ok(Some(*source));
        }
        if found.starts_with(crate::auth::tracking::PREFIX) {
            let [link] = self.links.as_slice() else {
                anyhow::bail!("a link among {}, which is not told apart", self.links.len());
            };
            return Ok(Some(Source::Token(*link)));
        }
        let bare = found.replace('-', "");
        let Some((kind, _)) = bare.split_at_checked(3).filter(|_| bare.len() == 8) else {
            return Ok(None);
        };
        let is_lowered = kind.starts_with('z');
        let lower = |capital: &str| capital.replace('-', "").to_lowercase();
        Ok(match kind.to_lowercase().as_str() {
            known if known == lower(mark::FIRST) => Some(Source::First(is_lowered)),
            known if known == lower(mark::LAST) => Some(Source::Last(is_lowered)),
            known if known == lower(mark::HOUSE) => Some(Source::House(is_lowered)),
            known if known == mark::MAIL && is_lowered => Some(Source::Mail),
            known if known == lower(mark::TITLE) && !is_lowered => Some(Source::Title),
            known if known == lower(mark::WORDS) && !is_lowered => Some(Source::Words),
            _ => None,
        })
    }

    fn place_of(&mut self, source: Source) -> usize {
        let known = self.sources.iter().position(|one| *one == source);
        known.unwrap_or_else(|| {
            self.sources.push(source);
            self.sources.len() - 1
        })
    }

    fn audit_row(
        &mut self,
        row: &Added,
        cut: Row,
        made: &[(Option<i64>, Uuid, bool)],
    ) -> anyhow::Result<AuditRow> {
        let text = |column: &str| row.value(column).and_then(text_of);
        let id = row.value("id").and_then(digits_of).map(Uuid::try_parse);
        let id = id.context("a line of the audit has an id")??;
        anyhow::ensure!(
            row.value("request_id") == Some("NULL"),
            "a line of the audit names a request"
        );
        Ok(AuditRow {
            row: cut,
            id: made
                .iter()
                .position(|(_, known, _)| *known == id)
                .context("an id of the case")?,
            at: Timestamp::from_microsecond(
                row.value("at")
                    .context("a line of the audit has an hour")?
                    .parse()?,
            )?,
            actor: self.cut(&text("actor").context("somebody acted")?)?,
            action: text("action").context("something was done")?,
            object: self.cut(&text("object").context("to something")?)?,
            purpose: text("purpose"),
        })
    }
}

fn push_fixed(pieces: &mut Vec<Piece>, text: Option<&str>) -> anyhow::Result<()> {
    let text = text.context("a match ends where a character does")?;
    anyhow::ensure!(
        !MARKS.is_match(text),
        "a mark stands here in a form that no copy can replace: {text}"
    );
    if !text.is_empty() {
        pieces.push(Piece::Fixed(text.to_owned()));
    }
    Ok(())
}

fn join(pieces: &[Piece], said: &[String], line: &mut String) {
    line.clear();
    for piece in pieces {
        match piece {
            Piece::Fixed(text) => line.push_str(text),
            Piece::Said(place) => line.push_str(said.get(*place).map_or("", String::as_str)),
        }
    }
}

/// When a row was made, in microseconds, by the column that says so.
fn made_at(row: &Added) -> Option<i64> {
    let columns = [
        "opened_at",
        "logged_at",
        "created_at",
        "taken_at",
        "at",
        "starts_at",
        "asked_at",
    ];
    columns
        .iter()
        .find_map(|column| row.value(column))
        .and_then(|micros| micros.parse().ok())
}

/// The postcode of the person a model is about.
fn postcode_of(model: &Model) -> anyhow::Result<Option<String>> {
    let person = model.rows.iter().find(|row| row.table == "people");
    let address = person.and_then(|row| row.value("address").and_then(text_of));
    let Some(address) = address else {
        return Ok(None);
    };
    let address: serde_json::Value = serde_json::from_str(&address)?;
    let postcode = address.get("postcode").and_then(serde_json::Value::as_str);
    Ok(postcode.map(str::to_owned))
}

/// As [`crate::domain::contact::Location::words`] and the address of a home have it.
fn compared(house: &str) -> String {
    house
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The words people use about what a council does, each once.
#[must_use]
pub fn vocabulary<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut words: BTreeMap<String, ()> = BTreeMap::new();
    for text in texts {
        for word in text.split(|c: char| !c.is_ascii_alphabetic()) {
            if (3..12).contains(&word.len()) {
                words.insert(word.to_lowercase(), ());
            }
        }
    }
    words.into_keys().collect()
}
