//! One text that holds a title, the words and the address of a page, as FixMyStreet composes it.
//!
//! British councils get them labelled, others as paragraphs:
//!
//! ```text
//! title: Pothole            Pothole
//!
//! detail: By the bank.      By the bank.
//!
//! url: https://…            https://…
//!
//! Submitted via FixMyStreet
//! ```
//!
//! A text in neither form is the words, whole.

/// What a description says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    pub title: Option<String>,
    pub words: String,
    /// Where the report stands for everybody to see.
    pub page_url: Option<String>,
}

/// The longest title that is one, in characters.
const LONGEST_TITLE: usize = 200;

/// Takes a description apart.
#[must_use]
pub fn read(description: &str) -> Told {
    let text = description.replace("\r\n", "\n");
    let text = text.trim();
    labelled(text)
        .or_else(|| in_paragraphs(text))
        .unwrap_or_else(|| Told {
            words: text.to_owned(),
            ..Told::default()
        })
}

fn labelled(text: &str) -> Option<Told> {
    let (title, rest) = match after_label(text, "title:") {
        Some(rest) => {
            let (title, rest) = split_at_label(rest, "detail:", |text, mark| text.find(mark))?;
            (Some(title.trim()), rest)
        }
        None => (None, after_label(text, "detail:")?),
    };
    // The person may have written "url:" themselves; what was added stands last.
    let (words, page_url) = match split_at_label(rest, "url:", |text, mark| text.rfind(mark)) {
        Some((words, tail)) => (words, web_address(tail.lines().next().unwrap_or_default())),
        None => (rest, None),
    };
    Some(Told {
        title: title.filter(|title| !title.is_empty()).map(str::to_owned),
        words: words.trim().to_owned(),
        page_url,
    })
}

/// Title, words and address, each a paragraph: only when the last is an address by itself and the
/// first could be a title.
fn in_paragraphs(text: &str) -> Option<Told> {
    let (title, rest) = text.split_once("\n\n")?;
    let (words, last) = rest.rsplit_once("\n\n")?;
    let page_url = web_address(last)?;
    let is_title = !title.contains('\n') && title.chars().count() <= LONGEST_TITLE;
    is_title.then(|| Told {
        title: Some(title.trim().to_owned()),
        words: words.trim().to_owned(),
        page_url: Some(page_url),
    })
}

fn after_label<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let start = text.get(..label.len())?;
    start
        .eq_ignore_ascii_case(label)
        .then(|| text.get(label.len()..))
        .flatten()
}

/// Splits where a line begins with the label; `find` says whether the first such line or the last.
fn split_at_label<'t>(
    text: &'t str,
    label: &str,
    find: impl Fn(&str, &str) -> Option<usize>,
) -> Option<(&'t str, &'t str)> {
    let mark = format!("\n{label}");
    let at = find(text, &mark)?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    let is_address = (text.starts_with("https://") || text.starts_with("http://"))
        && text.chars().count() <= 2_000
        && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    is_address.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, title: Option<&str>, words: &str, page: Option<&str>) {
        let expect = Told {
            title: title.map(str::to_owned),
            words: words.to_owned(),
            page_url: page.map(str::to_owned),
        };
        assert_eq!(read(text), expect, "{text}");
    }

    const PAGE: &str = "https://fixmystreet.example/report/123";

    #[test]
    fn a_british_description_is_taken_apart() {
        check(
            "title: Pothole by the bank\r\n\r\ndetail: It is deep.\r\n\r\nMind the bus.\r\n\r\nurl: \
             https://fixmystreet.example/report/123\r\n\r\nSubmitted via FixMyStreet\r\n",
            Some("Pothole by the bank"),
            "It is deep.\n\nMind the bus.",
            Some(PAGE),
        );
        check(
            "detail: It is deep.\n\nurl: https://fixmystreet.example/report/123\n\nSubmitted via FixMyStreet\n",
            None,
            "It is deep.",
            Some(PAGE),
        );
    }

    #[test]
    fn a_label_somebody_wrote_themselves_stays_in_their_words() {
        check(
            "title: Signs\n\ndetail: See\nurl: https://shop.example/\nfor the same.\n\nurl: \
             https://fixmystreet.example/report/123\n\nSubmitted via FixMyStreet",
            Some("Signs"),
            "See\nurl: https://shop.example/\nfor the same.",
            Some(PAGE),
        );
    }

    #[test]
    fn paragraphs_are_told_apart_where_the_last_is_an_address() {
        check(
            "Pothole\n\nIt is deep.\n\nhttps://fixmystreet.example/report/123",
            Some("Pothole"),
            "It is deep.",
            Some(PAGE),
        );
        check(
            "Pothole\n\nIt is deep.\n\nThank you",
            None,
            "Pothole\n\nIt is deep.\n\nThank you",
            None,
        );
    }

    #[test]
    fn a_plain_text_is_the_words() {
        check("A deep pothole.", None, "A deep pothole.", None);
        check("Title: only that", None, "Title: only that", None);
        check("", None, "", None);
        check("título: ñ", None, "título: ñ", None);
    }

    #[test]
    fn an_address_no_browser_should_open_is_none() {
        check(
            "title: A\n\ndetail: B\n\nurl: javascript:alert(1)\n\nSubmitted via FixMyStreet",
            Some("A"),
            "B",
            None,
        );
    }
}
