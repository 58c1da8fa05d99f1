//! What a councillor or MP may be told of somebody else: on what footing they ask, and whether the
//! person has agreed.
//!
//! Their enquiry is taken in whatever it says; only what goes back is limited. The footing is read
//! from their own words and put right by staff; consent is an act of its own, given or taken back.
//! Nothing is stored beside the timeline: [`Standing::of`] reads its lines.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use super::contact::words;
use super::lifecycle::Event;

words! {
    /// Why a member asks.
    Basis {
        /// The person it is about asked them to.
        ConstituentAsked = "constituent_asked",
        /// The person's consent came with it.
        ConsentAttached = "consent_attached",
        /// Somebody else asked them, or nobody did.
        ThirdParty = "third_party",
        /// It is about nobody but themselves or their ward.
        OwnConcern = "own_concern",
        /// Their words do not say.
        Unclear = "unclear",
    }
}

words! {
    /// How somebody said that they agree, or do not any more.
    ConsentHow {
        Verbal = "verbal",
        Written = "written",
        /// A form or letter that came with a message.
        Attached = "attached",
    }
}

/// What was read, and by which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footing {
    pub basis: Basis,
    /// For staff.
    pub why: String,
}

/// Consent as somebody recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// False when it was refused or taken back.
    pub is_given: bool,
    pub how: ConsentHow,
    /// Who gave it, where it was not the person themselves.
    pub who: Option<String>,
    pub on: Date,
}

/// How a member's enquiry stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub basis: Basis,
    pub why: String,
    /// The last word on it; none when nobody has recorded any.
    pub consent: Option<Consent>,
}

impl Standing {
    /// The kinds of line it is read from.
    pub const KINDS: [&'static str; 2] = ["basis_recorded", "consent_recorded"];

    /// From a timeline's lines of [`Self::KINDS`], oldest first. Without any, nothing is clear.
    #[must_use]
    pub fn of<'e>(lines: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut standing = Self {
            basis: Basis::Unclear,
            why: "nobody has recorded why the member asks".to_owned(),
            consent: None,
        };
        for line in lines {
            match line {
                Event::BasisRecorded { basis, why } => {
                    standing.basis = *basis;
                    standing.why.clone_from(why);
                }
                Event::ConsentRecorded {
                    is_given,
                    how,
                    who,
                    on,
                } => {
                    standing.consent = Some(Consent {
                        is_given: *is_given,
                        how: *how,
                        who: who.clone(),
                        on: *on,
                    });
                }
                _ => {}
            }
        }
        standing
    }

    /// Whether the member may be told about the person: they asked, or agreed, and have not taken
    /// it back; or there is no such person.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        match (self.basis, &self.consent) {
            (Basis::OwnConcern, _) => true,
            (_, Some(consent)) => consent.is_given,
            (Basis::ConstituentAsked | Basis::ConsentAttached, None) => true,
            (Basis::ThirdParty | Basis::Unclear, None) => false,
        }
    }
}

/// Reads from a member's words why they ask. Where two readings are possible, the one that tells
/// less is taken.
///
/// ```
/// use reeve::domain::member::{read, Basis};
/// assert_eq!(read("", "Mrs Obi of 3 Beck Row has asked me about her roof.").basis, Basis::ConstituentAsked);
/// assert_eq!(read("", "The street light on Vale Terrace is out.").basis, Basis::OwnConcern);
/// ```
#[must_use]
pub fn read(subject: &str, body: &str) -> Footing {
    let text = plain(&format!("{subject}\n{body}"));
    let said = |pattern: &Regex| {
        pattern
            .find(&text)
            .map(|found| found.as_str().trim().to_owned())
    };
    let order = [
        (&REFUSED, Basis::Unclear),
        (&ATTACHED, Basis::ConsentAttached),
        (&PERMISSION, Basis::ConstituentAsked),
        (&THIRD_PARTY, Basis::ThirdParty),
        (&ASKED, Basis::ConstituentAsked),
    ];
    for (pattern, basis) in order {
        if let Some(words) = said(pattern) {
            return Footing {
                basis,
                why: format!("the words “{words}” say so"),
            };
        }
    }
    match said(&PERSON) {
        Some(words) => Footing {
            basis: Basis::Unclear,
            why: format!("it speaks of somebody (“{words}”) and does not say who asked"),
        },
        None => Footing {
            basis: Basis::OwnConcern,
            why: "it speaks of nobody else".to_owned(),
        },
    }
}

/// Whether a member writes for themselves, as any resident may.
#[must_use]
pub fn is_private(subject: &str, body: &str) -> bool {
    PRIVATE.is_match(&plain(&format!("{subject}\n{body}")))
}

static REFUSED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(no|without|awaiting|waiting for|dont (yet )?have|do not (yet )?have|havent (yet )?got|not (yet )?(got|asked for|given)) (\w+ ){0,3}(consent|permission|authority)\b|\b(hasnt|has not|havent|have not|didnt|did not) (yet )?(asked|ask|agreed|agree|consented|consent)\b|\b(doesnt|does not|dont|do not) know (that )?(i|im|ive|i am|i have)\b|\bwithout (her|his|their) knowledge\b",
    )
});
static ATTACHED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(consent|permission|authority)( form| slip| letter| note)? (is |are )?(attached|enclosed|below|herewith)\b|\b(attach|attached|attaching|enclose|enclosed|enclosing)( is| are)? (\w+ ){0,4}(consent|permission|authority)\b|\bsigned (\w+ ){0,2}(consent|permission|authority)\b",
    )
});
static PERMISSION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(with|have|has|had|got|given|gave|ive) (\w+ ){0,4}(consent|permission|authority|agreement)\b|\b(consented|agreed) (to|that) (me|my|i)\b",
    )
});
static THIRD_PARTY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(neighbours?|daughters?|sons?|sisters?|brothers?|friends?|relatives?|carers?|mothers?|fathers?|mum|dad|nieces?|nephews?|cousins?|landlords?|landlady|employers?|granddaughter|grandson) (of [a-z ]{1,40} )?(has |have |had |who )?(contacted|emailed|e-mailed|written to|wrote to|rang|rung|phoned|called|approached|asked|told|stopped|messaged|spoken to|spoke to) me\b|\b(worried|concerned|anxious|uneasy) (about|for) (an? |my |the |one of my )?(elderly |old |older |young |vulnerable )?(mr|mrs|miss|ms|mx|dr|man|woman|lady|gentleman|couple|family|neighbour|resident|tenant|constituent)\b",
    )
});
static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(contacted|emailed|e-mailed|mailed|written to|writes to|wrote to|rang|rung|phoned|telephoned|called|approached|asked|asks|told|tells|tell|stopped|messaged|visited|been in touch with|got in touch with|spoken to|spoke to|speaking to) (me|us|my office|our office)\b|\b(i|we) (have been|was|were|am|ive been) (contacted|approached|asked|emailed|told) by\b|\bon behalf of (my|our|a|the|one of my)? ?(constituents?|residents?|tenants?|mr|mrs|miss|ms|mx|dr)\b|\bcame to (see me|my|our|the|\w+s) ?(ward |advice )?(surgery)?\b|\b(constituents?|residents?|tenants?|mrs?|miss|ms)( [a-z]+)? (has |have )?(asks|asked|wants|would like|is asking|are asking|requests|requested)\b|^(fwd?|fw): |\bbegin forwarded message\b|\b(see|from) (the )?(trail|message|mail|e-mail|email) (below|from a resident)\b",
    )
});
static PERSON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(mr|mrs|miss|ms|mx|dr)\.? [a-z]|\b(resident|constituent|tenant|leaseholder|pensioner|lady|gentleman|woman|man|couple|family|families|mother|father|mum|dad|widow|child|children)s?\b|\b(she|her|hers|he|him|his)\b",
    )
});
static PRIVATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\bin (a |my )?(private|personal) capacity\b|\b(as|just as|purely as) (a |an ordinary |a private |a local )?(resident|householder|taxpayer|tenant)( myself)?,? (and )?not (as )?(a |an |your |the )?(councillor|member|cllr)\b|\bnot (writing )?(here )?as (a |an |your |the )?(ward )?(councillor|member|cllr)\b|\bthis is not (councillor|casework|ward) (business|casework)\b",
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are written out above, and a test reads each of them")
}

/// Lower case, single spaces, no apostrophes; lines stay lines only at the very front.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace(['\'', '’', '‘'], "");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn why_a_member_asks_is_read_from_their_words() {
        let cases = [
            (
                "Mrs Obi, a tenant at 3 Beck Row, came to my surgery about damp.",
                Basis::ConstituentAsked,
            ),
            (
                "A resident has contacted me about the bins on Foundry Street.",
                Basis::ConstituentAsked,
            ),
            (
                "I have been approached by Mrs L. Wójcik concerning a dropped kerb.",
                Basis::ConstituentAsked,
            ),
            (
                "I write on behalf of my constituent, Mr D. Amadi.",
                Basis::ConstituentAsked,
            ),
            (
                "Several residents tell me that their bins are missed.",
                Basis::ConstituentAsked,
            ),
            (
                "Mr Blandford's drain smells. I have his permission to share this.",
                Basis::ConstituentAsked,
            ),
            (
                "Mrs Obi's roof leaks. Her signed consent is attached.",
                Basis::ConsentAttached,
            ),
            (
                "Please see attached a consent form from Mr Blandford.",
                Basis::ConsentAttached,
            ),
            (
                "Mrs Obi's daughter has contacted me. Mrs Obi's roof leaks.",
                Basis::ThirdParty,
            ),
            (
                "A neighbour has told me that the man at no. 5 has no heating.",
                Basis::ThirdParty,
            ),
            (
                "I am worried about an elderly man on Vale Terrace.",
                Basis::ThirdParty,
            ),
            (
                "Mrs Obi has asked me about her roof, but I do not yet have her consent.",
                Basis::Unclear,
            ),
            (
                "She does not know that I am writing, but Mrs Obi told me of it.",
                Basis::Unclear,
            ),
            (
                "What is the position with Mrs Obi's roof at 3 Beck Row?",
                Basis::Unclear,
            ),
            (
                "The street light outside 4 Vale Terrace has been out since Monday.",
                Basis::OwnConcern,
            ),
            (
                "When will the hedge at the library be cut?",
                Basis::OwnConcern,
            ),
        ];
        for (text, basis) in cases {
            let found = read("Casework", text);
            assert_eq!(found.basis, basis, "{text}: {}", found.why);
        }
        let forwarded = read("Fwd: our bins", "See what Mrs Obi writes.");
        assert_eq!(forwarded.basis, Basis::ConstituentAsked);
    }

    #[test]
    fn a_member_may_write_as_any_resident() {
        for text in [
            "I write as a resident, not as a councillor: my own bin was missed.",
            "In my private capacity, I want to complain.",
            "I'm not writing as your councillor here.",
        ] {
            assert!(is_private("", text), "{text}");
        }
        assert!(!is_private(
            "",
            "A resident has contacted me. I am their councillor."
        ));
    }

    #[test]
    fn the_last_word_on_consent_counts_and_what_concerns_nobody_needs_none() {
        let basis = |basis| Event::BasisRecorded {
            basis,
            why: "read".to_owned(),
        };
        let consent = |is_given| Event::ConsentRecorded {
            is_given,
            how: ConsentHow::Verbal,
            who: None,
            on: date(2026, 11, 23),
        };
        let is_clear = |lines: &[Event]| Standing::of(lines).is_clear();
        assert!(!is_clear(&[]));
        for unclear in [Basis::ThirdParty, Basis::Unclear] {
            assert!(!is_clear(&[basis(unclear)]));
            assert!(is_clear(&[basis(unclear), consent(true)]));
        }
        for clear in [Basis::ConstituentAsked, Basis::ConsentAttached] {
            assert!(is_clear(&[basis(clear)]));
            assert!(!is_clear(&[basis(clear), consent(true), consent(false)]));
        }
        assert!(is_clear(&[basis(Basis::OwnConcern), consent(false)]));
        assert!(!is_clear(&[
            basis(Basis::OwnConcern),
            basis(Basis::Unclear)
        ]));
    }
}
