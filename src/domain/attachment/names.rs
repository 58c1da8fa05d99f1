//! What a file may be called.

use unicode_normalization::UnicodeNormalization as _;

/// The longest name, in characters.
const LONGEST: usize = 150;
/// The longest ending that is kept when a name is cut.
const LONGEST_ENDING: usize = 12;
const UNNAMED: &str = "file";

/// A bare file name out of whatever was sent: no folders, nothing that hides or turns text around, no
/// name that means a device, no longer than people can read.
#[must_use]
pub fn file_name(sent: &str) -> String {
    let bare = sent.rsplit(['/', '\\']).next().unwrap_or(sent);
    let clean: String = bare
        .nfc()
        .filter(|c| !is_hidden(*c))
        .map(|c| if is_awkward(c) { '_' } else { c })
        .collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    // Windows drops dots and spaces at the end, and with them what a name ended in.
    let clean = clean.trim_matches(['.', ' ']);
    let name = shortened(clean);
    if name.is_empty() {
        UNNAMED.to_owned()
    } else if is_device(&name) {
        format!("_{name}")
    } else {
        name
    }
}

/// What stands behind the last dot, in lower case.
pub(super) fn extension(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    (!stem.is_empty() && !ending.is_empty()).then(|| ending.to_lowercase())
}

/// Cut in the middle, so that what says its kind stays.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= LONGEST {
        return name.to_owned();
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending)
        .filter(|ending| ending.chars().count() <= LONGEST_ENDING);
    let room = LONGEST - ending.map_or(0, |ending| ending.chars().count() + 1);
    let stem: String = name.chars().take(room).collect();
    let stem = stem.trim_end_matches(['.', ' ']);
    match ending {
        Some(ending) => format!("{stem}.{ending}"),
        None => stem.to_owned(),
    }
}

/// Controls, separators of lines, and what shows nothing or makes the rest read backwards.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

const fn is_awkward(c: char) -> bool {
    matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim();
    let stem = stem.to_ascii_uppercase();
    let numbered = |base: &str| {
        stem.strip_prefix(base)
            .is_some_and(|rest| rest.chars().count() == 1 && rest != "0")
    };
    matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"
    ) || numbered("COM")
        || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_never_a_path_and_never_hides_what_it_is() {
        let check = |sent: &str, expect: &str| assert_eq!(file_name(sent), expect, "{sent:?}");
        check("bin.jpg", "bin.jpg");
        check("../../etc/passwd", "passwd");
        check("C:\\Users\\ada\\bin.jpg", "bin.jpg");
        check("photo\u{202e}gpj.exe", "photogpj.exe");
        check("a\r\nBcc: x\u{0}.jpg", "aBcc_ x.jpg");
        check(" . . ", "file");
        check("..", "file");
        check("", "file");
        check("CON", "_CON");
        check("con.jpg", "_con.jpg");
        check("lpt1.txt", "_lpt1.txt");
        check("console.txt", "console.txt");
        check("COM0", "COM0");
        check(".htaccess", "htaccess");
        check("bin.jpg. . ", "bin.jpg");
        check("cafe\u{301}.pdf", "caf\u{e9}.pdf");
        check("llun o'r bin.png", "llun o'r bin.png");
        check("x/", "file");
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = file_name(&format!("{}.jpeg", "a".repeat(300)));
        assert_eq!(name.chars().count(), LONGEST);
        assert!(name.ends_with("aaa.jpeg"), "{name}");
        let endless = file_name(&format!("a.{}", "b".repeat(300)));
        assert_eq!(endless.chars().count(), LONGEST);
    }

    proptest! {
        #[test]
        fn whatever_is_sent_becomes_one_plain_name(sent in any::<String>()) {
            let name = file_name(&sent);
            prop_assert!(!name.is_empty());
            prop_assert!(name.chars().count() <= LONGEST + 1);
            prop_assert!(!name.contains(['/', '\\', '"']));
            prop_assert!(!name.chars().any(is_hidden));
            prop_assert!(!is_device(&name));
            prop_assert_eq!(file_name(&name), name);
        }
    }
}
