//! What a notice says in each of our languages, until it is known which of them the person wants.

use super::Says;
use crate::domain::wording::Language;

/// One notice, said in each language.
#[derive(Debug, Clone, PartialEq)]
pub struct InEach {
    english: Says,
    welsh: Says,
}

impl InEach {
    /// Says it once for each language.
    pub fn of(say: impl Fn(Language) -> Says) -> Self {
        Self {
            english: say(Language::English),
            welsh: say(Language::Welsh),
        }
    }

    /// The same, where there may be nothing to say.
    pub fn maybe(say: impl Fn(Language) -> Option<Says>) -> Option<Self> {
        Some(Self {
            english: say(Language::English)?,
            welsh: say(Language::Welsh)?,
        })
    }

    /// What is the same in every language, such as its kind and template, can be asked of this one.
    #[must_use]
    pub const fn in_english(&self) -> &Says {
        &self.english
    }

    /// The same with something changed in each.
    #[must_use]
    pub fn changed(self, change: impl Fn(Says, Language) -> Says) -> Self {
        Self {
            english: change(self.english, Language::English),
            welsh: change(self.welsh, Language::Welsh),
        }
    }

    /// Whether all of it can be said in a language; templates are another matter.
    #[must_use]
    pub fn is_said_in(&self, language: Language) -> bool {
        match language {
            Language::English => self.english.is_said_in(language),
            Language::Welsh => self.welsh.is_said_in(language),
        }
    }

    /// The one in a language.
    #[must_use]
    pub fn said_in(self, language: Language) -> Says {
        match language {
            Language::English => self.english.said_in(language),
            Language::Welsh => self.welsh.said_in(language),
        }
    }
}

/// For what holds nobody's words and no date.
impl From<Says> for InEach {
    fn from(says: Says) -> Self {
        Self {
            english: says.clone(),
            welsh: says,
        }
    }
}
