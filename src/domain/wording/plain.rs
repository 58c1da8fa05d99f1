//! Whether a text is plain: none of the words residents should never meet, no sentence they have
//! to read twice.

/// Words the public never reads, and "violation" and "failure", which no mail to staff says.
const BANNED: [&str; 13] = [
    "sla",
    "slas",
    "triage",
    "queue",
    "crm",
    "portfolio holder",
    "stakeholder",
    "stakeholders",
    "soon",
    "shortly",
    "violation",
    "failure",
    "queues",
];

/// Words of which no form is used.
const BANNED_STEMS: [&str; 2] = ["escalat", "breach"];

/// The longest sentence, in words.
const LONGEST: usize = 25;

/// The banned words a text uses, each once.
///
/// ```
/// use reeve::domain::wording::banned_words;
/// assert_eq!(banned_words("We will escalate it soon."), ["soon", "escalat"]);
/// assert!(banned_words("The bins team is working on it.").is_empty());
/// ```
#[must_use]
pub fn banned_words(text: &str) -> Vec<&'static str> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let joined = format!(" {} ", words.join(" "));
    let whole = BANNED
        .iter()
        .copied()
        .filter(|word| joined.contains(&format!(" {word} ")));
    let stems = BANNED_STEMS
        .iter()
        .copied()
        .filter(|stem| joined.contains(&format!(" {stem}")));
    whole.chain(stems).collect()
}

/// The sentences of more than 25 words. A line is at least one sentence; an address or a number
/// counts as a word.
#[must_use]
pub fn long_sentences(text: &str) -> Vec<String> {
    let mut long = Vec::new();
    for line in text.lines() {
        let mut sentence: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            sentence.push(word);
            let bare = word.trim_end_matches(['"', '\'', ')']);
            if bare.ends_with(['.', '!', '?', ':']) {
                keep_if_long(&mut sentence, &mut long);
            }
        }
        keep_if_long(&mut sentence, &mut long);
    }
    long
}

fn keep_if_long(sentence: &mut Vec<&str>, long: &mut Vec<String>) {
    if sentence.len() > LONGEST {
        long.push(sentence.join(" "));
    }
    sentence.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_of_twenty_six_words_is_too_long_and_of_twenty_five_is_not() {
        assert!(long_sentences(&"word ".repeat(25)).is_empty());
        assert_eq!(long_sentences(&"word ".repeat(26)).len(), 1);
        assert!(
            long_sentences(&format!(
                "{}end. {}",
                "word ".repeat(20),
                "word ".repeat(20)
            ))
            .is_empty()
        );
    }

    #[test]
    fn a_word_is_banned_in_every_form_but_not_inside_another() {
        assert_eq!(banned_words("ESCALATED, breached"), ["escalat", "breach"]);
        assert_eq!(banned_words("our Portfolio Holder"), ["portfolio holder"]);
        assert!(banned_words("Slater Road, sooner").is_empty());
    }
}
