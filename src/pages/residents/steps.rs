//! The steps of a report, one question each, and what is wrong with an answer, said beside its field.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answers::{Answers, FIELD, asked};
use super::words::{PARAMETER, say};
use crate::casework::Fault;
use crate::domain::catalogue::{Category, Datatype, Field};
use crate::domain::contact::words;
use crate::domain::wording::Language;
use crate::domain::wording::form::form_words;

words! {
    /// One page of a report.
    Step {
        Danger = "danger",
        /// The category's own questions.
        About = "about",
        Words = "words",
        Place = "place",
        Photos = "photos",
        You = "you",
        Check = "check",
    }
}

/// Something to put right, and the field it stands in; empty where it stands in none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    pub text: String,
    pub id: String,
}

/// A question of the category, as a page asks it.
#[derive(Debug, Serialize)]
pub struct Question {
    id: String,
    label: String,
    hint: String,
    /// `line`, `text`, `number`, `datetime`, `one` or `some`.
    kind: &'static str,
    is_needed: bool,
    value: String,
    choices: Vec<Offered>,
    mistake: String,
    /// Where it is not in the page's language.
    lang: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Offered {
    id: String,
    key: String,
    name: String,
    is_chosen: bool,
}

/// The fields of these pages that are no question of a category.
const CONTROLS: [&str; 12] = [
    "danger", "body", "place", "uprn", "lat", "long", "file", "name", "email", "phone", "language",
    "website",
];

impl Step {
    /// Whether there is such a step in a report.
    fn is_asked(self, answers: &Answers, category: &Category) -> bool {
        let is_danger = answers.danger == Some(true);
        match self {
            Self::About => !is_danger && asked(category).next().is_some(),
            Self::Photos => !is_danger,
            _ => true,
        }
    }

    /// What comes after it.
    #[must_use]
    pub fn next(self, answers: &Answers, category: &Category) -> Self {
        let mut later = Self::ALL.iter().skip_while(|step| **step != self).skip(1);
        later
            .find(|step| step.is_asked(answers, category))
            .copied()
            .unwrap_or(Self::Check)
    }

    /// What came before it; none at the first.
    #[must_use]
    pub fn before(self, answers: &Answers, category: &Category) -> Option<Self> {
        let mut earlier = Self::ALL
            .iter()
            .rev()
            .skip_while(|step| **step != self)
            .skip(1);
        earlier
            .find(|step| step.is_asked(answers, category))
            .copied()
    }

    /// Whether a field stands on its page; every other is carried along unseen.
    #[must_use]
    pub fn shows(self, name: &str) -> bool {
        match self {
            Self::Danger => name == "danger",
            Self::About => name.starts_with(FIELD),
            Self::Words => name == "body",
            Self::Place => matches!(name, "place" | "uprn" | "lat" | "long"),
            Self::You => matches!(name, "name" | "email" | "phone" | "language" | "website"),
            Self::Photos | Self::Check => false,
        }
    }

    /// What its page asks.
    #[must_use]
    pub fn title(self, language: Language) -> String {
        match self {
            Self::Danger => form_words(language).danger.to_owned(),
            Self::About => say(language, "report.about_title", &[]),
            Self::Words => say(language, "report.words_title", &[]),
            Self::Place => say(language, "report.place_title", &[]),
            Self::Photos => say(language, "report.photos_title", &[]),
            Self::You => say(language, "report.you_title", &[]),
            Self::Check => say(language, "report.check_title", &[]),
        }
    }
}

/// What the fields of a page hold, each by its name.
#[must_use]
pub fn values(answers: &Answers) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = CONTROLS
        .iter()
        .map(|name| ((*name).to_owned(), String::new()))
        .collect();
    all.extend(answers.written());
    all
}

/// What a page carries along unseen.
#[must_use]
pub fn carried(step: Step, answers: &Answers, language: Language) -> Vec<(String, String)> {
    let mut all = answers.written();
    all.retain(|(name, _)| !step.shows(name));
    all.push(("at".to_owned(), step.as_str().to_owned()));
    all.push((PARAMETER.to_owned(), language.as_str().to_owned()));
    all
}

/// What is wrong, by the field it stands in; empty where nothing is.
#[must_use]
pub fn beside(mistakes: &[Mistake]) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = CONTROLS
        .iter()
        .map(|name| ((*name).to_owned(), String::new()))
        .collect();
    for mistake in mistakes {
        all.entry(mistake.id.clone())
            .and_modify(|text| {
                if text.is_empty() {
                    text.clone_from(&mistake.text);
                }
            })
            .or_insert_with(|| mistake.text.clone());
    }
    all
}

/// The category's own questions, with what was answered.
#[must_use]
pub fn questions(
    category: &Category,
    answers: &Answers,
    mistakes: &[Mistake],
    language: Language,
) -> Vec<Question> {
    asked(category)
        .map(|field| {
            let id = format!("{FIELD}{}", field.code);
            let given = answers.fields.get(&field.code).cloned().unwrap_or_default();
            let mistake = mistakes.iter().find(|mistake| mistake.id == id);
            Question {
                label: field.question_in(language).to_owned(),
                hint: field.hint_in(language).unwrap_or_default().to_owned(),
                kind: kind(field.datatype),
                is_needed: field.required,
                value: given.first().cloned().unwrap_or_default(),
                choices: offered(field, &id, &given, language),
                mistake: mistake.map_or(String::new(), |mistake| mistake.text.clone()),
                lang: (language == Language::Welsh && field.question_cy.is_none()).then_some("en"),
                id,
            }
        })
        .collect()
}

fn offered(field: &Field, id: &str, given: &[String], language: Language) -> Vec<Offered> {
    let all = field.values.iter().enumerate();
    all.map(|(place, choice)| Offered {
        // A link to the question leads to its first answer.
        id: if place == 0 {
            id.to_owned()
        } else {
            format!("{id}-{place}")
        },
        key: choice.key.clone(),
        name: choice.name_in(language).to_owned(),
        is_chosen: given.contains(&choice.key),
    })
    .collect()
}

const fn kind(datatype: Datatype) -> &'static str {
    match datatype {
        Datatype::String => "line",
        Datatype::Text => "text",
        Datatype::Number => "number",
        Datatype::Datetime => "datetime",
        Datatype::OneOf => "one",
        Datatype::SomeOf => "some",
    }
}

/// What the rules say no to, in words for whoever wrote it, and on which page it can be put right.
#[must_use]
pub fn mistakes(faults: &[Fault], category: &Category, language: Language) -> Vec<(Step, Mistake)> {
    let mut all: Vec<(Step, Mistake)> = Vec::new();
    for fault in faults {
        let found = mistake(fault, category, language);
        // One field, one line.
        let is_told = |(_, told): &(Step, Mistake)| told.id == found.1.id && !told.id.is_empty();
        if !all.iter().any(is_told) {
            all.push(found);
        }
    }
    all
}

fn mistake(fault: &Fault, category: &Category, language: Language) -> (Step, Mistake) {
    let tell = |key: &str| say(language, &format!("errors.{key}"), &[]);
    let at = |step, id: &str, text| {
        let id = id.to_owned();
        (step, Mistake { text, id })
    };
    let general = match fault.code {
        "too_long" => "too_long",
        "control_character" => "characters",
        _ => "unfit",
    };
    let mut parts = fault.pointer.split('/').skip(1);
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("body" | "subject", _) if fault.code == "missing_field" => {
            at(Step::Words, "body", tell("body_missing"))
        }
        ("body" | "subject", _) => at(Step::Words, "body", tell(general)),
        ("location", Some("uprn")) => at(Step::Place, "uprn", tell("uprn")),
        ("location", Some("lat")) => at(Step::Place, "lat", tell("point")),
        ("location", Some("long")) => at(Step::Place, "long", tell("point")),
        ("location", _) => at(Step::Place, "place", tell(general)),
        ("attachments", _) => {
            let key = match fault.code {
                "too_many" => "file_many",
                _ => "file_gone",
            };
            at(Step::Photos, "file", tell(key))
        }
        ("person", Some("email")) => at(Step::You, "email", tell("email")),
        ("person", Some("phone")) => at(Step::You, "phone", tell("phone")),
        ("person", Some("name")) => at(Step::You, "name", tell(general)),
        ("fields", Some(code)) => {
            let code = code.replace("~1", "/").replace("~0", "~");
            let asked = asked(category).find(|field| field.code == code);
            let question = asked.map_or("", |field| field.question_in(language));
            let key = match fault.code {
                "missing_field" => "answer_missing",
                "wrong_type" => "number",
                "bad_format" => "when",
                "unknown_value" | "too_many" => "choose",
                "control_character" => "one_line",
                "too_long" => "too_long",
                _ => "unfit",
            };
            let text = say(
                language,
                &format!("errors.{key}"),
                &[("question", question)],
            );
            at(Step::About, &format!("{FIELD}{code}"), text)
        }
        _ => at(Step::Check, "", tell(general)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(service: &str, category: &str) -> Category {
        let catalogue = crate::config::embedded::northmere().unwrap();
        catalogue.category(service, category).unwrap().1.clone()
    }

    fn way(answers: &Answers, category: &Category) -> Vec<Step> {
        let mut steps = vec![Step::Danger];
        while let Some(last) = steps.last().filter(|step| **step != Step::Check) {
            steps.push(last.next(answers, category));
        }
        steps
    }

    #[test]
    fn every_step_is_one_question_and_the_way_back_is_the_way_there() {
        let category = of("fly-tipping", "fly-tip");
        let answers = Answers::default();
        assert_eq!(way(&answers, &category), Step::ALL);
        for pair in way(&answers, &category).windows(2) {
            assert_eq!(pair[1].before(&answers, &category), Some(pair[0]));
        }
        assert_eq!(Step::Danger.before(&answers, &category), None);
    }

    #[test]
    fn whoever_is_in_danger_is_asked_little() {
        let answers = Answers {
            danger: Some(true),
            ..Answers::default()
        };
        let expect = [
            Step::Danger,
            Step::Words,
            Step::Place,
            Step::You,
            Step::Check,
        ];
        assert_eq!(way(&answers, &of("fly-tipping", "fly-tip")), expect);
    }

    #[test]
    fn a_field_stands_on_one_page_and_is_carried_by_every_other() {
        for name in CONTROLS
            .iter()
            .filter(|name| **name != "file")
            .chain(&["f-size"])
        {
            let n = Step::ALL.iter().filter(|step| step.shows(name)).count();
            assert_eq!(n, 1, "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_on_the_page_where_it_can_be_put_right() {
        let category = of("fly-tipping", "fly-tip");
        let fault = |pointer: &str, code| Fault {
            pointer: pointer.to_owned(),
            code,
            detail: String::new(),
        };
        let faults = [
            fault("/fields/size", "unknown_value"),
            fault("/fields/size", "missing_field"),
            fault("/body", "missing_field"),
            fault("/location/lat", "wrong_type"),
            fault("/person/email", "bad_format"),
            fault("/attachments/0", "unknown_value"),
        ];
        let told = mistakes(&faults, &category, Language::English);
        let places: Vec<(Step, &str)> = told
            .iter()
            .map(|(step, mistake)| (*step, mistake.id.as_str()))
            .collect();
        let expect = [
            (Step::About, "f-size"),
            (Step::Words, "body"),
            (Step::Place, "lat"),
            (Step::You, "email"),
            (Step::Photos, "file"),
        ];
        assert_eq!(places, expect);
        assert!(told[0].1.text.starts_with("How much is there?"), "{told:?}");
    }

    #[test]
    fn every_mistake_has_words_in_both_languages() {
        let category = of("fly-tipping", "fly-tip");
        let pointers = [
            "/body",
            "/subject",
            "/location/uprn",
            "/location/lat",
            "/location/long",
            "/location",
            "/location/description",
            "/attachments/3",
            "/attachments",
            "/person/name",
            "/person/email",
            "/person/phone",
            "/person",
            "/fields/size",
            "/fields/none",
            "/fields",
            "/service",
            "",
        ];
        let codes = [
            "missing_field",
            "too_long",
            "control_character",
            "bad_format",
            "wrong_type",
            "unknown_value",
            "unknown_field",
            "too_many",
            "out_of_range",
        ];
        for language in [Language::English, Language::Welsh] {
            for pointer in pointers {
                for code in codes {
                    let fault = Fault {
                        pointer: pointer.to_owned(),
                        code,
                        detail: "for programs".to_owned(),
                    };
                    let (_, told) = mistake(&fault, &category, language);
                    assert!(
                        told.text.len() > 10,
                        "{pointer} {code} {language}: {told:?}"
                    );
                    assert!(!told.text.contains('{'), "{told:?}");
                }
            }
        }
    }
}
