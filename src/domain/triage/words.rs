//! From a message to the terms it is compared by.
//!
//! English as residents write it: no accents needed, endings do not matter, quoted replies are
//! left out. Nothing here knows what a word means; it only decides when two words are one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The text in one form for patterns: lower case, straight quotes, single spaces, and without the
/// lines that quote an earlier message.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        if line.trim_start().starts_with('>') {
            continue;
        }
        for c in line.chars() {
            let c = match c {
                '\u{2018}' | '\u{2019}' | '\u{02bc}' | '`' => '\'',
                '\u{201c}' | '\u{201d}' => '"',
                '\u{2010}'..='\u{2015}' => '-',
                c if c.is_whitespace() => ' ',
                c => c,
            };
            if c != ' ' || !(plain.is_empty() || plain.ends_with(' ')) {
                plain.extend(c.to_lowercase());
            }
        }
        if !(plain.is_empty() || plain.ends_with(' ')) {
            plain.push(' ');
        }
    }
    while plain.ends_with(' ') {
        plain.pop();
    }
    plain
}

/// A term of a message: its key, and the words that made it as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub key: u64,
    pub kind: TermKind,
    /// Where it stands in the plain text, in bytes.
    pub from: usize,
    pub until: usize,
}

/// What a term is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermKind {
    Word,
    /// Two content words, next to each other or with one between.
    Pair,
    /// Four or five letters within a word: forgives spelling and endings.
    Letters,
}

/// A map by the keys of terms, which are hashes already.
pub type ByKey<T> = HashMap<u64, T, BuildKeyHasher>;
/// Takes keys as they are.
pub type BuildKeyHasher = BuildHasherDefault<KeyHasher>;

/// Passes a key on unchanged: hashing a hash again would only cost time.
#[derive(Debug, Default, Clone, Copy)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(&[bytes]);
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// The words of a plain text that say something, with their stems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub stem: String,
    /// Where it stands, in bytes.
    pub from: usize,
    pub until: usize,
}

/// The words of a plain text that carry meaning, in order.
#[must_use]
pub fn words(plain: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = plain;
    let mut at = 0;
    while let Some(start) = rest.find(is_word_character) {
        let (_, tail) = rest.split_at(start);
        let length = tail.find(|c| !is_word_character(c)).unwrap_or(tail.len());
        let (word, after) = tail.split_at(length);
        let from = at + start;
        at = from + length;
        rest = after;
        let bare: String = word.chars().filter(|c| *c != '\'').collect();
        let is_small_number = bare.len() < 3 && bare.chars().all(|c| c.is_ascii_digit());
        if bare.chars().count() > 1
            && !is_small_number
            && STOP_WORDS.binary_search(&bare.as_str()).is_err()
        {
            words.push(Word {
                stem: stem(&bare),
                from,
                until: at,
            });
        }
    }
    words
}

/// Every term of a plain text, in order. `with_letters` adds the parts of words.
#[must_use]
pub fn terms(plain: &str, with_letters: bool) -> Vec<Term> {
    let words = words(plain);
    let mut terms = Vec::with_capacity(words.len() * 8);
    let mut before: Option<&Word> = None;
    let mut long_before: Option<&Word> = None;
    for word in &words {
        terms.push(Term {
            key: hash(&[word.stem.as_bytes()]),
            kind: TermKind::Word,
            from: word.from,
            until: word.until,
        });
        for earlier in [before, long_before].into_iter().flatten() {
            terms.push(Term {
                key: hash(&[earlier.stem.as_bytes(), b" ", word.stem.as_bytes()]),
                kind: TermKind::Pair,
                from: earlier.from,
                until: word.until,
            });
        }
        if with_letters {
            push_letters(word, plain, &mut terms);
        }
        long_before = before;
        before = Some(word);
    }
    terms
}

fn push_letters(word: &Word, plain: &str, terms: &mut Vec<Term>) {
    // Set off by marks, so that the beginning and end of a word count as such.
    let whole = plain.get(word.from..word.until).unwrap_or_default();
    let mut marked = Vec::with_capacity(whole.len() + 2);
    marked.push(b'^');
    marked.extend(whole.bytes().filter(|b| *b != b'\''));
    marked.push(b'$');
    for length in [4, 5] {
        for part in marked.windows(length) {
            terms.push(Term {
                key: hash(&[b"#", part]),
                kind: TermKind::Letters,
                from: word.from,
                until: word.until,
            });
        }
    }
}

/// The word without the endings that change with grammar. Only ever compared with other stems.
#[must_use]
pub fn stem(word: &str) -> String {
    let mut stem = singular(word);
    for suffix in ["ing", "ed"] {
        if let Some(root) = stem.strip_suffix(suffix)
            && root.len() >= 3
            && root.contains(['a', 'e', 'i', 'o', 'u', 'y'])
        {
            let mut root = root.to_owned();
            let mut ending = root.chars().rev();
            if let (Some(last), Some(previous)) = (ending.next(), ending.next())
                && last == previous
                && root.len() > 3
                && !matches!(last, 'l' | 's' | 'z')
            {
                root.pop();
            }
            stem = root;
            break;
        }
    }
    if stem.len() > 4 && stem.ends_with("ly") {
        stem.truncate(stem.len() - 2);
    }
    if stem.len() > 3 && stem.ends_with('e') {
        stem.pop();
    }
    if stem.len() > 3 && stem.ends_with('y') {
        stem.pop();
        stem.push('i');
    }
    stem
}

fn singular(word: &str) -> String {
    if word.len() > 4 {
        if let Some(root) = word.strip_suffix("ies") {
            return format!("{root}y");
        }
        if ["ses", "xes", "zes", "ches", "shes"]
            .iter()
            .any(|ending| word.ends_with(ending))
        {
            return word.strip_suffix("es").unwrap_or(word).to_owned();
        }
    }
    if word.len() > 3
        && !["ss", "us", "is"]
            .iter()
            .any(|ending| word.ends_with(ending))
    {
        return word.strip_suffix('s').unwrap_or(word).to_owned();
    }
    word.to_owned()
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || c == '\'' || c == '&'
}

/// FNV-1a: the same on every machine and in every release, unlike the standard library's.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|part| part.iter()) {
        hash ^= u64::from(*byte);
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

/// Words that stand in any message, sorted.
const STOP_WORDS: &[&str] = &[
    "about",
    "again",
    "all",
    "also",
    "am",
    "an",
    "and",
    "any",
    "are",
    "as",
    "asks",
    "at",
    "be",
    "because",
    "been",
    "being",
    "but",
    "by",
    "caller",
    "can",
    "cant",
    "could",
    "couldn",
    "cust",
    "dear",
    "did",
    "didn",
    "didnt",
    "do",
    "does",
    "doesn",
    "doesnt",
    "doing",
    "don",
    "done",
    "dont",
    "down",
    "each",
    "faithfully",
    "for",
    "from",
    "get",
    "getting",
    "go",
    "going",
    "gone",
    "got",
    "had",
    "hadn",
    "has",
    "hasn",
    "have",
    "haven",
    "having",
    "he",
    "hello",
    "her",
    "here",
    "hers",
    "hi",
    "him",
    "his",
    "how",
    "if",
    "ill",
    "im",
    "in",
    "into",
    "is",
    "isn",
    "isnt",
    "it",
    "its",
    "ive",
    "just",
    "kind",
    "know",
    "like",
    "ll",
    "madam",
    "may",
    "me",
    "might",
    "mine",
    "more",
    "most",
    "must",
    "my",
    "need",
    "needed",
    "needs",
    "no",
    "nor",
    "not",
    "now",
    "of",
    "off",
    "on",
    "one",
    "or",
    "other",
    "our",
    "out",
    "over",
    "own",
    "please",
    "re",
    "regards",
    "said",
    "same",
    "say",
    "says",
    "shall",
    "she",
    "should",
    "shouldn",
    "sincerely",
    "sir",
    "sirs",
    "so",
    "some",
    "than",
    "thank",
    "thanks",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "three",
    "to",
    "today",
    "told",
    "tomorrow",
    "too",
    "two",
    "under",
    "up",
    "ur",
    "us",
    "ve",
    "very",
    "want",
    "wants",
    "was",
    "wasn",
    "wasnt",
    "we",
    "were",
    "weren",
    "what",
    "when",
    "where",
    "which",
    "who",
    "why",
    "will",
    "with",
    "won",
    "wont",
    "would",
    "wouldn",
    "ya",
    "yesterday",
    "you",
    "your",
    "yours",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stop_words_are_sorted_so_that_each_is_found() {
        assert!(STOP_WORDS.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_word_in_any_grammar_is_one_word() {
        let check = |one: &str, other: &str| assert_eq!(stem(one), stem(other), "{one} / {other}");
        check("bins", "bin");
        check("emptied", "empty");
        check("collecting", "collected");
        check("batteries", "battery");
        check("dripping", "drips");
        check("boxes", "box");
        check("lorries", "lorry");
        assert_ne!(stem("bus"), stem("bu"));
    }

    #[test]
    fn what_an_earlier_message_said_is_left_out() {
        assert_eq!(
            plain("> We aim to reply\n\nStill not collected"),
            "still not collected"
        );
        assert_eq!(plain("  It\u{2019}s\n\tOUT "), "it's out");
    }

    #[test]
    fn the_words_of_a_term_can_be_shown_as_they_were_written() {
        let text = plain("My BINS were not emptied");
        let terms = terms(&text, false);
        let shown: Vec<&str> = terms
            .iter()
            .map(|term| &text[term.from..term.until])
            .collect();
        assert_eq!(shown, ["bins", "emptied", "bins were not emptied"]);
    }
}
