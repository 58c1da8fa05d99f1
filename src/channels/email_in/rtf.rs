//! The words of a text in Rich Text Format, without what it says of fonts and pictures.

use super::charset;

/// Deeper than any program nests its groups.
const DEEPEST: usize = 500;

/// The words of a document; nothing when it is none.
pub(super) fn to_text(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.trim_ascii_start();
    if !bytes.starts_with(b"{\\rtf") {
        return None;
    }
    let mut reader = Reader {
        rest: bytes,
        ..Reader::default()
    };
    while let Some(byte) = reader.next() {
        match byte {
            b'{' if reader.outer.len() >= DEEPEST => break,
            b'{' => reader.outer.push(reader.group),
            b'}' => reader.group = reader.outer.pop().unwrap_or_default(),
            b'\\' => reader.control(),
            b'\r' | b'\n' => {}
            other => reader.letter(other),
        }
    }
    reader.flush();
    Some(reader.text)
}

#[derive(Default)]
struct Reader<'x> {
    rest: &'x [u8],
    group: Group,
    outer: Vec<Group>,
    text: String,
    /// Letters of one byte each that have not been read yet.
    bytes: Vec<u8>,
    /// Half of a letter that is written as two.
    half: Option<u16>,
    /// Letters still to be passed over: what older programs show in place of the one before.
    n_stand_ins: usize,
}

/// What holds until a group ends.
#[derive(Clone, Copy)]
struct Group {
    is_hidden: bool,
    /// How many stand-ins follow a letter that is given by its number.
    stand_ins: usize,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            is_hidden: false,
            stand_ins: 1,
        }
    }
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn letter(&mut self, byte: u8) {
        if self.n_stand_ins > 0 {
            self.n_stand_ins -= 1;
        } else if !self.group.is_hidden {
            self.bytes.push(byte);
        }
    }

    fn push(&mut self, c: char) {
        if !self.group.is_hidden {
            self.flush();
            self.text.push(c);
        }
    }

    fn flush(&mut self) {
        self.text
            .push_str(&charset::text(&self.bytes, Some("windows-1252")));
        self.bytes.clear();
    }

    /// What stands behind a backslash.
    fn control(&mut self) {
        let Some(first) = self.next() else {
            return;
        };
        match first {
            b'\'' => {
                let digits = self.rest.get(..2).unwrap_or_default();
                let number = std::str::from_utf8(digits)
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                if let Some(byte) = number {
                    self.rest = self.rest.get(2..).unwrap_or_default();
                    self.letter(byte);
                }
            }
            b'~' => self.letter(b' '),
            b'_' => self.letter(b'-'),
            b'*' => self.group.is_hidden = true,
            b'\r' | b'\n' => self.push('\n'),
            b'\\' | b'{' | b'}' => self.letter(first),
            letter if letter.is_ascii_alphabetic() => self.word(letter),
            _ => {}
        }
    }

    fn word(&mut self, first: u8) {
        let mut name = String::from(char::from(first));
        let letters = self.taken_while(|byte| byte.is_ascii_alphabetic());
        name.push_str(&letters);
        let is_negative =
            self.rest.first() == Some(&b'-') && self.rest.get(1).is_some_and(u8::is_ascii_digit);
        if is_negative {
            self.next();
        }
        let number = self
            .taken_while(u8::is_ascii_digit)
            .parse::<i64>()
            .ok()
            .map(|number| if is_negative { -number } else { number });
        if self.rest.first() == Some(&b' ') {
            self.next();
        }
        self.obey(&name, number);
    }

    fn taken_while(&mut self, is_one: impl Fn(&u8) -> bool) -> String {
        let end = self
            .rest
            .iter()
            .take(32)
            .position(|byte| !is_one(byte))
            .unwrap_or(self.rest.len().min(32));
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        String::from_utf8_lossy(taken).into_owned()
    }

    fn obey(&mut self, name: &str, number: Option<i64>) {
        match name {
            "par" | "line" | "sect" | "page" | "row" => self.push('\n'),
            "tab" | "cell" => self.push('\t'),
            "emdash" => self.push('—'),
            "endash" => self.push('–'),
            "lquote" => self.push('‘'),
            "rquote" => self.push('’'),
            "ldblquote" => self.push('“'),
            "rdblquote" => self.push('”'),
            "bullet" => self.push('•'),
            "uc" => {
                let n = number.and_then(|number| usize::try_from(number).ok());
                self.group.stand_ins = n.unwrap_or(1).min(16);
            }
            "u" => self.numbered(number.unwrap_or_default()),
            "bin" => {
                let n = number.and_then(|number| usize::try_from(number).ok());
                self.rest = self.rest.get(n.unwrap_or_default()..).unwrap_or_default();
            }
            "fonttbl" | "colortbl" | "stylesheet" | "info" | "pict" | "object" | "filetbl"
            | "listtable" | "themedata" | "fldinst" => self.group.is_hidden = true,
            _ => {}
        }
    }

    /// A letter by its number in UTF-16, which older programs write as a negative one beyond the middle.
    fn numbered(&mut self, number: i64) {
        let unit = u16::try_from(number.rem_euclid(65_536)).unwrap_or_default();
        let units: Vec<u16> = self.half.take().into_iter().chain([unit]).collect();
        let is_half = (0xd800..0xdc00).contains(&unit);
        if is_half {
            self.half = Some(unit);
        } else {
            for c in char::decode_utf16(units) {
                self.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        self.n_stand_ins = self.group.stand_ins;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_rich_text_are_read_without_its_fonts() {
        let check = |rtf: &str, expect: &str| {
            assert_eq!(to_text(rtf.as_bytes()).as_deref(), Some(expect), "{rtf}");
        };
        check(
            "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Calibri;}}{\\*\\generator Riched20;}\r\n\\pard\\f0\\fs22 I can smell \\b gas\\b0 .\\par\r\nIt costs \\'a340.\\par}",
            "I can smell gas.\nIt costs £40.\n",
        );
        check(
            "{\\rtf1 t\\u375?\\~y {\\uc0\\u375}\\u-10179?\\u-8704?}",
            "tŷ y ŷ😀",
        );
        check("{\\rtf1 a\\{b\\}\\\\c", "a{b}\\c");
        check("{\\rtf1 {\\pict 89504e47}seen}", "seen");
        assert_eq!(to_text(b"I can smell gas"), None);
    }

    #[test]
    fn a_rich_text_of_nothing_but_braces_is_read_in_no_time() {
        let deep = format!("{{\\rtf1 gas{}", "{".repeat(2_000_000));
        let text = super::super::tests::hostile::quickly("braces", || to_text(deep.as_bytes()));
        assert_eq!(text.as_deref(), Some("gas"));
    }
}
