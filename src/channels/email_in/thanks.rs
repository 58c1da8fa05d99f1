//! A bare "Thanks!", which neither reopens a case nor chases one.

/// Whether a text says thank you, or "noted", and nothing else.
///
/// Anything it does not know makes it a message: a word too many costs somebody a look, a
/// question taken for thanks would go unanswered.
///
/// ```
/// use reeve::channels::email_in::is_thanks;
/// assert!(is_thanks("OK great, cheers"));
/// assert!(!is_thanks("Thanks, but it is still there"));
/// ```
#[must_use]
pub fn is_thanks(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || text.chars().nth(300).is_some() || text.contains('?') {
        return false;
    }
    let mut is_thankful = false;
    let n_lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    for (n, line) in text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .enumerate()
    {
        let is_last = n + 1 == n_lines;
        let plain = line.to_lowercase().replace(['\u{2019}', '`'], "'");
        let (is_known, says_thanks) = judged(&plain);
        if is_known {
            is_thankful |= says_thanks;
        } else if is_last && n > 0 && is_name(line) {
            // Signed.
        } else {
            return false;
        }
    }
    is_thankful
}

/// Whether every word of a line belongs to thanking, and whether one of them does thank.
fn judged(line: &str) -> (bool, bool) {
    let mut thanks = false;
    let mut may_be_name = false;
    let line = PHRASES
        .iter()
        .fold(line.to_owned(), |line, (phrase, word)| {
            line.replace(phrase, word)
        });
    for word in line.split(|c: char| c.is_whitespace() || ".,!;:-–—()\"/&*".contains(c)) {
        let word = word.trim_matches('\'');
        if word.is_empty() || word.chars().all(is_ornament) {
            thanks |= word.chars().any(|c| "👍🙏👌😊🙂❤".contains(c));
            continue;
        }
        if THANKING.contains(&word) {
            thanks = true;
            may_be_name = ADDRESSING.contains(&word);
        } else if FILLING.contains(&word) {
            may_be_name = false;
        } else if may_be_name
            && word.chars().all(char::is_alphabetic)
            && word.chars().count() <= 14
            && !SPOILING.contains(&word)
        {
            // "Thanks Sarah".
            may_be_name = false;
        } else {
            return (false, false);
        }
    }
    (true, thanks)
}

/// One to three words, each with a capital: how people sign.
fn is_name(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    (1..=3).contains(&words.len())
        && words.iter().all(|word| {
            word.chars().next().is_some_and(char::is_uppercase)
                && word
                    .chars()
                    .all(|c| c.is_alphabetic() || "'.-\u{2019}".contains(c))
        })
}

fn is_ornament(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_ascii_punctuation() || c == ')' || c == '('
}

const PHRASES: [(&str, &str); 9] = [
    ("thank you", "thanks"),
    ("thank u", "thanks"),
    ("diolch yn fawr iawn", "diolch"),
    ("diolch yn fawr", "diolch"),
    ("that's", "that"),
    ("that is", "that"),
    ("getting back to me", "reply"),
    ("getting back to us", "reply"),
    ("letting me know", "reply"),
];

const THANKING: [&str; 17] = [
    "thanks",
    "thank",
    "thankyou",
    "thx",
    "ty",
    "ta",
    "cheers",
    "diolch",
    "appreciated",
    "grateful",
    "noted",
    "merci",
    "ok",
    "okay",
    "great",
    "brilliant",
    "perfect",
];

/// Those after which people name whom they thank.
const ADDRESSING: [&str; 7] = [
    "thanks", "thankyou", "thx", "ta", "cheers", "diolch", "merci",
];

const FILLING: [&str; 61] = [
    "very",
    "much",
    "so",
    "many",
    "a",
    "lot",
    "for",
    "your",
    "the",
    "quick",
    "prompt",
    "speedy",
    "swift",
    "help",
    "reply",
    "response",
    "email",
    "e",
    "mail",
    "message",
    "update",
    "information",
    "info",
    "confirming",
    "this",
    "that",
    "again",
    "all",
    "sorted",
    "done",
    "fixed",
    "now",
    "really",
    "most",
    "it",
    "i",
    "am",
    "we",
    "are",
    "and",
    "kind",
    "best",
    "warm",
    "regards",
    "wishes",
    "many",
    "lovely",
    "super",
    "good",
    "fine",
    "fab",
    "fantastic",
    "excellent",
    "wonderful",
    "x",
    "xx",
    "xxx",
    "received",
    "hi",
    "hello",
    "dear",
];

/// Words that turn "thanks" into its opposite, however they look like a name after it.
const SPOILING: [&str; 22] = [
    "but", "not", "no", "nothing", "never", "however", "although", "though", "still", "when",
    "why", "what", "where", "who", "how", "please", "can", "could", "is", "has", "was", "wasn",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_thank_you_is_told_from_a_message() {
        for text in [
            "Thanks!",
            "Thank you",
            "thanks very much",
            "OK great, cheers",
            "Ok",
            "👍",
            "Many thanks for your help",
            "Thank you so much for the quick reply!",
            "Cheers Sarah",
            "Thanks,\n\nPauline",
            "Diolch yn fawr!",
            "Great, thank you. Kind regards\nAda Example",
            "Noted, thanks",
            "That’s great, thanks",
            "All sorted now thank you",
            "Much appreciated x",
            "Hi,\nThank you for letting me know.\nBest wishes\nAda",
        ] {
            assert!(is_thanks(text), "{text}");
        }
        for text in [
            "",
            "Thanks, but it is still there",
            "Thanks for nothing",
            "Thank you. When will it be collected?",
            "No",
            "Yes",
            "Thanks. The bin at number 12 was missed too",
            "Not ok",
            "Great, another missed bin",
            "It is not great",
            "Ok so when will you come",
            "Thanks\nIt happened again",
            "Regards\nAda",
            "ok 14 Larkfield Rise",
            "Thanks no",
            "has it been sorted thanks",
            "Thanks please call me",
            "Ok Sunday",
        ] {
            assert!(!is_thanks(text), "{text}");
        }
    }
}
