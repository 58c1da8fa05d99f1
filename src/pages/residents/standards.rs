//! What is promised for each matter, and beside it how that was kept: the figures of
//! `GET /v1/public/standards`, one service on a page.

use std::collections::BTreeMap;

use minijinja::context;
use serde::Serialize;

use super::services::{length, public_service};
use super::words::{self, say};
use super::{Shown, opened};
use crate::casework::standards::{self, Matter};
use crate::domain::measure::Share;
use crate::domain::standard::Target;
use crate::domain::wording::Language;
use crate::http::{Answer, Call, Operation, Problem};

/// The pages.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        opened("/standards", "show_standards", |call| Box::pin(list(call))),
        opened("/standards/{service}", "show_standards_of", |call| {
            Box::pin(show(call))
        }),
    ]
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    /// Sentences of the catalogue in English; empty where the page says it in its own language.
    promises: Vec<SaidPromise>,
    source: String,
    received: String,
    kept: String,
    median: String,
}

/// A promise, and how it was kept.
#[derive(Debug, Serialize)]
struct SaidPromise {
    words: String,
    /// Empty where nothing is counted.
    kept: String,
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let language = words::language_of(&call);
    let published = call.read(standards::published).await?;
    let mut by_service: BTreeMap<(String, String), u64> = BTreeMap::new();
    for matter in published.matters {
        let key = (matter.service_name, matter.service);
        *by_service.entry(key).or_default() += 1;
    }
    let services: Vec<_> = by_service
        .into_iter()
        .map(|((name, slug), n)| context! { name, slug, n })
        .collect();
    let said = context! {
        services,
        from => words::day(published.period.from_on, language),
        to => words::day(published.period.to_on, language),
    };
    let title = say(language, "standards.title", &[]);
    Shown::new(&call, "residents/standards.html", title)
        .listed()
        .write(&call, said)
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let language = words::language_of(&call);
    let council = call.front.desk.council();
    let service = public_service(&council.catalogue, call.path("service"))?;
    let (slug, name) = (service.slug.clone(), service.name.clone());
    let published = call.read(standards::published).await?;
    let lines: Vec<Line> = published
        .matters
        .iter()
        .filter(|matter| matter.service == slug)
        .map(|matter| {
            let terms = council.catalogue.terms(&slug, &matter.category);
            let targets: Option<Vec<Target>> = terms.map(|terms| {
                let clocks = terms.standard.clocks.iter();
                clocks.filter_map(|clock| clock.target()).collect()
            });
            line(matter, &targets.unwrap_or_default(), language)
        })
        .collect();
    let said = context! {
        name, lines,
        from => words::day(published.period.from_on, language),
        to => words::day(published.period.to_on, language),
    };
    Shown::new(&call, "residents/standards_of.html", service.name.clone())
        .with_back("/standards")
        .listed()
        .write(&call, said)
}

fn line(matter: &Matter, targets: &[Target], language: Language) -> Line {
    let figures = &matter.figures;
    let few = || say(language, "standards.too_few", &[]);
    let said = |words: String, share: Share| SaidPromise {
        words,
        kept: kept(share, language),
    };
    let mut promises: Vec<SaidPromise> = match language {
        Language::English => {
            let own = matter.promises.iter();
            own.map(|promise| said(promise.words.clone(), promise.kept))
                .collect()
        }
        // What is promised stands in the standard, in English; until when is said in Welsh.
        Language::Welsh => {
            let own = matter.promises.iter().zip(targets);
            own.map(|(promise, target)| {
                let key = format!("promised.{}", promise.clock);
                let what = match say(language, &key, &[]) {
                    none if none.is_empty() => say(language, "promised.something", &[]),
                    what => what,
                };
                let length = length(*target, language);
                let with = [("what", what.as_str()), ("length", length.as_str())];
                said(
                    say(language, "standards.promise_words", &with),
                    promise.kept,
                )
            })
            .collect()
        }
    };
    if language == Language::English {
        let alone = matter.no_answer_text.clone().map(|words| SaidPromise {
            words,
            kept: String::new(),
        });
        promises.extend(alone);
    }
    Line {
        name: matter.name.clone(),
        promises,
        source: matter.source.clone(),
        received: figures.received.map_or_else(few, |n| n.to_string()),
        kept: kept(figures.answered, language),
        median: figures.gross.map_or_else(
            || say(language, "standards.not_counted", &[]),
            |days| words::count(language, "length.working_days", u64::from(days.median)),
        ),
    }
}

fn kept(share: Share, language: Language) -> String {
    match (share.in_time, share.of, share.percent) {
        (Some(in_time), Some(of), Some(percent)) => {
            let (in_time, of) = (in_time.to_string(), of.to_string());
            let percent = percent.to_string();
            let with = [("percent", &*percent), ("in_time", &*in_time), ("of", &*of)];
            say(language, "standards.percent", &with)
        }
        (_, Some(0), _) => say(language, "standards.not_counted", &[]),
        _ => say(language, "standards.too_few", &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_number_is_never_shown_and_none_is_called_none() {
        let said = |in_time, of, percent| {
            let share = Share {
                in_time,
                of,
                percent,
            };
            kept(share, Language::English)
        };
        assert_eq!(said(Some(19), Some(20), Some(95.0)), "95% (19 of 20)");
        assert_eq!(said(Some(0), Some(0), None), "none to count");
        assert_eq!(said(None, None, None), "fewer than 5");
    }
}
