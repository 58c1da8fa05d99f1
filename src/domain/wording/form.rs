//! What a web form asks of everybody, in English and Welsh: the question of danger before anything else,
//! then the matter, the place, the person.

use super::Language;

/// The words of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormWords {
    /// The first question.
    pub danger: &'static str,
    pub yes: &'static str,
    pub no: &'static str,
    pub answers: &'static str,
    pub subject: &'static str,
    pub body: &'static str,
    pub place: &'static str,
    pub place_words: &'static str,
    pub place_point: &'static str,
    pub property: &'static str,
    pub photographs: &'static str,
    pub person: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub phone: &'static str,
}

/// The words of a form in a language.
#[must_use]
pub const fn form_words(language: Language) -> FormWords {
    match language {
        Language::English => FormWords {
            danger: "Is somebody in danger now?",
            yes: "Yes",
            no: "No",
            answers: "About it",
            subject: "In a few words, what is it about?",
            body: "What would you like to tell us?",
            place: "Where is it?",
            place_words: "An address, or the place in words",
            place_point: "A point on the map",
            property: "The property's number (UPRN), if you know it",
            photographs: "Photographs or documents",
            person: "How can we reach you?",
            name: "Your name",
            email: "Your e-mail address",
            phone: "Your telephone number",
        },
        Language::Welsh => FormWords {
            danger: "A oes rhywun mewn perygl nawr?",
            yes: "Oes",
            no: "Nac oes",
            answers: "Amdano",
            subject: "Beth yw'r mater, mewn ychydig eiriau?",
            body: "Beth hoffech chi ei ddweud wrthym?",
            place: "Ble mae e?",
            place_words: "Cyfeiriad, neu'r lle mewn geiriau",
            place_point: "Pwynt ar y map",
            property: "Rhif yr eiddo (UPRN), os ydych yn ei wybod",
            photographs: "Lluniau neu ddogfennau",
            person: "Sut gallwn ni gysylltu \u{e2} chi?",
            name: "Eich enw",
            email: "Eich cyfeiriad e-bost",
            phone: "Eich rhif ff\u{f4}n",
        },
    }
}

/// What somebody in danger reads before anything else.
#[must_use]
pub fn form_danger(number_to_ring: &str, language: Language) -> String {
    match language {
        Language::English => super::read_out_danger(number_to_ring),
        Language::Welsh => format!(
            "Os oes rhywun mewn perygl nawr, ffoniwch 999. Peidiwch ag aros amdanom ni. \
             Ein llinell argyfwng, sydd ar agor nawr, yw {number_to_ring}."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::wording::{banned_words, long_sentences};

    #[test]
    fn a_form_asks_in_plain_words() {
        for language in [Language::English, Language::Welsh] {
            let words = form_words(language);
            let danger = form_danger("01632 960999", language);
            for text in [
                words.danger,
                words.body,
                words.place,
                words.person,
                danger.as_str(),
            ] {
                assert_eq!(banned_words(text), Vec::<&str>::new(), "{text}");
                assert!(long_sentences(text).is_empty(), "{text}");
            }
            assert!(danger.contains("999") && danger.contains("01632 960999"));
        }
    }
}
