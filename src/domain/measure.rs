//! What figures count, and how: each of them said here once, by the report and by the published
//! standards.
//!
//! A promise is *kept* when it was met before the first date the person was told. It counts as soon as
//! it was met or that date has passed; one that ended before its date without being met (withdrawn,
//! merged, told twice) was neither kept nor broken.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::clock::{self, Facts, Reading, State, Terms};
use super::small_numbers::{Cell, hide_beside};
use super::telephony::figures::percent;

pub use super::small_numbers::{FEWEST, is_part_told, told, without_few};

/// What is measured of one case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    pub acknowledgement: Promise,
    pub answer: Promise,
    /// Nothing until it is answered.
    pub answered_in: Option<DaysTaken>,
    /// How long the answer's clock stood still, in pauses that are over.
    pub paused_seconds: i64,
}

/// What the person was promised first, and when it was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Promise {
    /// The first instant that is late; nothing where nothing was promised.
    pub promised_at: Option<Timestamp>,
    pub met_at: Option<Timestamp>,
}

/// Working days from receipt to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaysTaken {
    pub gross: u32,
    /// Without those on which the clock stood still.
    pub net: u32,
}

/// Sums over cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    pub n_received: u64,
    pub n_acknowledge_of: u64,
    pub n_acknowledged: u64,
    pub n_answer_of: u64,
    pub n_answered: u64,
    pub n_open: u64,
    pub n_overdue: u64,
    pub oldest_received_at: Option<Timestamp>,
    pub n_reopened: u64,
    pub n_transferred: u64,
    pub n_chased: u64,
    pub n_paused: u64,
    pub paused_seconds: u64,
    pub n_scores: u64,
    pub score_sum: u64,
    /// Invitations to say how it went that have arrived, and what came of them.
    pub n_invited: u64,
    pub n_survey_answers: u64,
    pub survey_score_sum: u64,
    pub n_satisfied: u64,
    /// How often people contacted us about these cases, and how often they need not have.
    pub n_contacts: u64,
    pub n_avoidable: u64,
    pub days: Spread,
}

/// Working days of many answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    gross: Days,
    net: Days,
}

/// How many answers took how many days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Days(BTreeMap<u32, u64>);

/// The middle of some values, and what nine of ten do not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typical {
    pub median: u32,
    pub p90: u32,
}

/// Figures as they are shown. What is too small to tell is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    pub received: Option<u64>,
    pub acknowledged: Share,
    pub answered: Share,
    pub gross: Option<Typical>,
    pub net: Option<Typical>,
    pub open: Option<u64>,
    pub overdue: Option<u64>,
    pub oldest_received_at: Option<Timestamp>,
    pub reopened: Option<u64>,
    pub transferred: Option<u64>,
    pub chased: Option<u64>,
    pub paused: Option<u64>,
    /// Elapsed days, to a tenth.
    pub paused_days: Option<f64>,
    pub responses: Option<u64>,
    /// Of five, to a hundredth.
    pub score: Option<f64>,
    pub survey: Survey,
    pub avoidable: Avoidable,
}

/// What those said whom we asked, and how many of them said anything.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Survey {
    pub invited: Option<u64>,
    pub answered: Option<u64>,
    /// Answers of a hundred invitations, to a tenth; none where nobody was asked.
    pub response_percent: Option<f64>,
    /// Of five, to a hundredth.
    pub score: Option<f64>,
    /// Scores of 4 and 5 of a hundred answers, to a tenth.
    pub satisfied_percent: Option<f64>,
}

/// Contacts that better service would have spared people.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Avoidable {
    pub contacts: Option<u64>,
    pub avoidable: Option<u64>,
    /// To a tenth; none where there are none to count.
    pub percent: Option<f64>,
}

/// How many kept promises of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Share {
    pub in_time: Option<u64>,
    pub of: Option<u64>,
    /// To a tenth; none where there are none to count.
    pub percent: Option<f64>,
}

/// Whoever gives this score or a better one is satisfied.
pub const SATISFIED: u8 = 4;

/// What each figure means, in the words of whoever asks.
pub const DEFINITIONS: &[(&str, &str)] = &[
    (
        "received",
        "Cases that reached us in the period, by the local date of receipt, whenever they were put in. A case \
         merged into another, withdrawn or found to be a duplicate is still one that reached us. Cases that only \
         named people may know of are in no figure.",
    ),
    (
        "acknowledged",
        "`in_time`: an acknowledgement reached the person before the first date they were given for it. `of`: \
         cases that were promised one, and where it was sent or its first date has passed.",
    ),
    (
        "answered",
        "`in_time`: the answer was given before the first date the person was given for it. A later date, for \
         whatever reason, changes nothing; neither does a pause. `of`: cases that were promised an answer, and \
         where it was given or the first date has passed. A case that was withdrawn, merged or found to be a \
         duplicate before that date is not in it. After that date it is, as late. An answer that left something \
         open, so that the case was opened again, is not one.",
    ),
    (
        "percent",
        "`in_time` of a hundred of `of`, to a tenth. Nothing where `of` is none.",
    ),
    (
        "median_working_days",
        "Half of the answers took no longer than this. It is counted in working days, from the day the matter \
         counts as received to the day of the answer. The same day is 0. Days are counted on the calendar each case was promised by.",
    ),
    (
        "p90_working_days",
        "Nine of ten answers took no longer than this, counted the same way.",
    ),
    (
        "net_working_days",
        "The same without the days on which the promise stood still, because we waited for the person, a \
         contractor or another organisation.",
    ),
    ("open", "Of those received in the period: not closed now."),
    (
        "overdue",
        "Of those open now: a promise's date, as it stands now, has passed.",
    ),
    (
        "oldest_received_at",
        "When the oldest of those open now reached us.",
    ),
    (
        "reopened",
        "Cases that were opened again after they were answered or closed, however often.",
    ),
    (
        "transferred",
        "Cases that were passed from one team to another, however often and by whatever way. Placing what nobody had \
         placed yet is none, nor is another queue of the same team.",
    ),
    (
        "chased",
        "Cases about which people contacted us again before they were answered, whatever they said, however often. \
         Thanks, and answers to a question of ours, are none.",
    ),
    (
        "paused",
        "`cases`: cases whose promise of an answer stood still. `days`: for how long in all, in elapsed days; a \
         pause that goes on counts when it is over.",
    ),
    (
        "satisfaction",
        "`score`: the mean of the scores from 1 to 5 that were given, whether somebody was asked or scored of their \
         own accord. `responses`: how many were given. `invited`: how many invitations have arrived; nothing where \
         nobody was asked. Whoever scores unasked is not drawn by chance: compare services by `survey`.",
    ),
    (
        "survey",
        "Of those alone whom the system asked, by chance, once their case was closed. `invited`: invitations that a \
         mail server has accepted and that have not come back. `answered`: how many of these people gave a score. \
         `response_percent`: `answered` of a hundred of `invited`. `score`: their mean, from 1 to 5. \
         `satisfied_percent`: scores of 4 and 5 of a hundred of `answered`. Nobody is asked where there was danger, \
         in safeguarding, after a death, or about a matter the council leaves out. Nor is anybody asked about a case that was \
         withdrawn, joined to another or told twice.",
    ),
    (
        "corrected_since",
        "Cases of the period that were put right after its last day. `redacted`: words or a person were taken away, \
         which changes no figure. `merged`: joined to another case, and still counted here. `placed_anew`: put into \
         another category, and counted there from then on, whole. `transferred`: passed to another queue, the same. \
         `reopened`: opened again, or looked at again at a later stage. `undone`: an answer was taken back, or what was \
         sent turned out not to have reached the person. `left`: not among these cases any more, because it was put \
         elsewhere or only named people may know of it. `cases`: each of them once. A report made before differs from \
         this one by no more than these cases, by what was still open then, and by what people have said since.",
    ),
    (
        "avoidable_contact",
        "`contacts`: how often people contacted us about these cases. `avoidable`: how often they need not have: \
         they only asked again, were told something unclear, or a service had failed. The council's catalogue says \
         which reasons are avoidable; what it said when the reason was given counts. A contact is marked by itself only \
         where its words ask again, or the date we gave has passed. `percent`: of a hundred contacts, those without a reason included.",
    ),
];

/// What is measured of one stage of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageMeasure {
    pub stage: u8,
    /// When it reached us, or was asked to be looked at again.
    pub started_at: Timestamp,
    pub acknowledgement: Promise,
    pub answer: Promise,
    /// Its answer was given a later date.
    pub is_extended: bool,
}

/// What is measured of the stages a case has come to, up to this one.
#[must_use]
pub fn stages(
    facts: &Facts,
    terms: &Terms,
    readings: &[Reading],
    last_stage: u8,
) -> Vec<StageMeasure> {
    let standard = &terms.standard;
    let named = |name: &str| readings.iter().find(|reading| reading.name == name);
    let began = |names: &[&str]| {
        let mut events = facts.events.iter();
        events
            .find(|event| names.contains(&event.name.as_str()))
            .map(|event| event.at)
    };
    (1..=last_stage)
        .filter_map(|stage| {
            let started_at = match stage {
                1 => Some(facts.received_at),
                2 => began(&["escalated", "stage_2_started"]),
                _ => began(&["panel_requested"]),
            }?;
            let answer = match stage {
                1 => standard.answer_clock(),
                _ => {
                    let prefix = format!("stage_{stage}");
                    let mut own = standard.clocks.iter();
                    own.find(|clock| clock.name.starts_with(&prefix) && !clock.is_acknowledgement())
                }
            };
            let answer = answer.and_then(|clock| named(&clock.name));
            let acknowledgement = standard
                .acknowledge_clock_of(stage)
                .and_then(|clock| named(&clock.name));
            Some(StageMeasure {
                stage,
                started_at,
                acknowledgement: acknowledgement.map(Promise::of).unwrap_or_default(),
                answer: answer.map(Promise::of).unwrap_or_default(),
                is_extended: answer.is_some_and(|reading| reading.extended.is_some()),
            })
        })
        .collect()
}

/// What figures count of one case, as it stands at `now`.
#[must_use]
pub fn measure(facts: &Facts, terms: &Terms, readings: &[Reading]) -> Measure {
    let standard = &terms.standard;
    let named = |name: &str| readings.iter().find(|reading| reading.name == name);
    let acknowledgement = standard
        .acknowledge_clock()
        .and_then(|clock| named(&clock.name));
    let answer = standard.answer_clock().and_then(|clock| named(&clock.name));
    let answered_in = answer.and_then(|reading| {
        let (gross, net) = clock::days_since_receipt(facts, terms, &reading.name, reading.met_at?)?;
        Some(DaysTaken { gross, net })
    });
    let paused_seconds = answer.map_or(0, |reading| {
        let over = reading
            .paused
            .iter()
            .filter_map(|pause| Some((pause.from, pause.to?)));
        over.map(|(from, to)| to.duration_since(from).as_secs().max(0))
            .sum()
    });
    Measure {
        acknowledgement: acknowledgement.map(Promise::of).unwrap_or_default(),
        answer: answer.map(Promise::of).unwrap_or_default(),
        answered_in,
        paused_seconds,
    }
}

impl Promise {
    fn of(reading: &Reading) -> Self {
        if reading.state == State::NotApplicable {
            return Self::default();
        }
        Self {
            promised_at: reading.measured_at,
            met_at: reading.met_at,
        }
    }

    /// Whether it was kept, as far as one knew at an instant, or when the case ended; nothing while it
    /// is neither kept nor broken.
    #[must_use]
    pub fn is_kept(self, at: Timestamp) -> Option<bool> {
        let promised_at = self.promised_at?;
        match self.met_at {
            Some(met_at) => Some(met_at < promised_at),
            None => (promised_at <= at).then_some(false),
        }
    }
}

impl Sums {
    /// Adds another count to it.
    pub fn add(&mut self, other: Self) {
        self.n_received += other.n_received;
        self.n_acknowledge_of += other.n_acknowledge_of;
        self.n_acknowledged += other.n_acknowledged;
        self.n_answer_of += other.n_answer_of;
        self.n_answered += other.n_answered;
        self.n_open += other.n_open;
        self.n_overdue += other.n_overdue;
        self.oldest_received_at = [self.oldest_received_at, other.oldest_received_at]
            .into_iter()
            .flatten()
            .min();
        self.n_reopened += other.n_reopened;
        self.n_transferred += other.n_transferred;
        self.n_chased += other.n_chased;
        self.n_paused += other.n_paused;
        self.paused_seconds += other.paused_seconds;
        self.n_scores += other.n_scores;
        self.score_sum += other.score_sum;
        self.n_invited += other.n_invited;
        self.n_survey_answers += other.n_survey_answers;
        self.survey_score_sum += other.survey_score_sum;
        self.n_satisfied += other.n_satisfied;
        self.n_contacts += other.n_contacts;
        self.n_avoidable += other.n_avoidable;
        self.days.gross.add(other.days.gross);
        self.days.net.add(other.days.net);
    }

    /// As they are shown to those who may see the cases too.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            received: Some(self.n_received),
            acknowledged: Share::of(self.n_acknowledged, self.n_acknowledge_of),
            answered: Share::of(self.n_answered, self.n_answer_of),
            gross: self.days.gross.typical(),
            net: self.days.net.typical(),
            open: Some(self.n_open),
            overdue: Some(self.n_overdue),
            oldest_received_at: self.oldest_received_at,
            reopened: Some(self.n_reopened),
            transferred: Some(self.n_transferred),
            chased: Some(self.n_chased),
            paused: Some(self.n_paused),
            paused_days: Some(rounded(self.paused_seconds, 86_400, 10.0)),
            responses: Some(self.n_scores),
            score: (self.n_scores > 0).then(|| rounded(self.score_sum, self.n_scores, 100.0)),
            survey: Survey {
                invited: Some(self.n_invited),
                answered: Some(self.n_survey_answers),
                response_percent: percent(self.n_survey_answers, self.n_invited),
                score: (self.n_survey_answers > 0)
                    .then(|| rounded(self.survey_score_sum, self.n_survey_answers, 100.0)),
                satisfied_percent: percent(self.n_satisfied, self.n_survey_answers),
            },
            avoidable: Avoidable {
                contacts: Some(self.n_contacts),
                avoidable: Some(self.n_avoidable),
                percent: percent(self.n_avoidable, self.n_contacts),
            },
        }
    }

    /// As they are shown in public: no number from one to four, and nothing made of so few.
    #[must_use]
    pub fn public_figures(&self) -> Figures {
        let all = self.figures();
        let is_enough = |n: u64| n >= FEWEST;
        Figures {
            received: told(self.n_received),
            acknowledged: Share::public(self.n_acknowledged, self.n_acknowledge_of),
            answered: Share::public(self.n_answered, self.n_answer_of),
            gross: all.gross.filter(|_| is_enough(self.days.gross.len())),
            net: all.net.filter(|_| is_enough(self.days.gross.len())),
            open: told(self.n_open),
            overdue: told(self.n_overdue),
            oldest_received_at: all.oldest_received_at.filter(|_| is_enough(self.n_open)),
            reopened: told(self.n_reopened),
            transferred: told(self.n_transferred),
            chased: told(self.n_chased),
            paused: told(self.n_paused),
            paused_days: all.paused_days.filter(|_| told(self.n_paused).is_some()),
            responses: told(self.n_scores),
            score: all.score.filter(|_| is_enough(self.n_scores)),
            survey: self.public_survey(all.survey),
            avoidable: if is_part_told(self.n_avoidable, self.n_contacts) {
                all.avoidable
            } else {
                Avoidable {
                    contacts: told(self.n_contacts),
                    ..Avoidable::default()
                }
            },
        }
    }

    /// Without what is made of fewer than may be told.
    fn public_survey(&self, all: Survey) -> Survey {
        let (n_invited, n_answers) = (self.n_invited, self.n_survey_answers);
        let is_rate_told = is_part_told(n_answers, n_invited);
        let is_satisfaction_told = n_answers >= FEWEST && is_part_told(self.n_satisfied, n_answers);
        Survey {
            invited: told(n_invited),
            answered: all.answered.filter(|_| is_rate_told),
            response_percent: all.response_percent.filter(|_| is_rate_told),
            score: all.score.filter(|_| n_answers >= FEWEST),
            satisfied_percent: all.satisfied_percent.filter(|_| is_satisfaction_told),
        }
    }
}

/// The figures of lines that stand beside one another and beside their sum, as they are shown in public:
/// besides what is too small, so much of the next smallest that nothing can be had by subtraction.
#[must_use]
pub fn public_lines(lines: &[Sums]) -> Vec<Figures> {
    let mut told: Vec<Figures> = lines.iter().map(Sums::public_figures).collect();
    for figure in PARTS {
        let cells: Vec<Cell> = lines
            .iter()
            .zip(&told)
            .map(|(sums, figures)| (figure.cell)(sums, figures))
            .collect();
        for place in hide_beside(&cells) {
            if let Some(figures) = told.get_mut(place) {
                (figure.hide)(figures);
            }
        }
    }
    told
}

/// A figure whose lines add up, so that one can be had from the others.
struct Part {
    cell: fn(&Sums, &Figures) -> Cell,
    hide: fn(&mut Figures),
}

const PARTS: &[Part] = &[
    Part {
        cell: |sums, figures| {
            let is_told = figures.acknowledged.of.is_some();
            Cell::share(sums.n_acknowledged, sums.n_acknowledge_of, is_told)
        },
        hide: |figures| figures.acknowledged = Share::default(),
    },
    Part {
        cell: |sums, figures| {
            let is_told = figures.answered.of.is_some();
            Cell::share(sums.n_answered, sums.n_answer_of, is_told)
        },
        hide: |figures| figures.answered = Share::default(),
    },
    Part {
        cell: |sums, figures| Cell::number(sums.n_open, figures.open.is_some()),
        hide: |figures| (figures.open, figures.oldest_received_at) = (None, None),
    },
    Part {
        cell: |sums, figures| Cell::number(sums.n_overdue, figures.overdue.is_some()),
        hide: |figures| figures.overdue = None,
    },
    Part {
        cell: |sums, figures| Cell::number(sums.n_reopened, figures.reopened.is_some()),
        hide: |figures| figures.reopened = None,
    },
    Part {
        cell: |sums, figures| Cell::number(sums.n_transferred, figures.transferred.is_some()),
        hide: |figures| figures.transferred = None,
    },
    Part {
        cell: |sums, figures| Cell::number(sums.n_chased, figures.chased.is_some()),
        hide: |figures| figures.chased = None,
    },
    Part {
        cell: |sums, figures| Cell::number(sums.n_paused, figures.paused.is_some()),
        hide: |figures| (figures.paused, figures.paused_days) = (None, None),
    },
    Part {
        cell: |sums, figures| Cell::number(sums.n_scores, figures.responses.is_some()),
        hide: |figures| (figures.responses, figures.score) = (None, None),
    },
    Part {
        cell: |sums, figures| Cell::number(sums.n_invited, figures.survey.invited.is_some()),
        hide: |figures| {
            figures.survey.invited = None;
            figures.survey.response_percent = None;
        },
    },
    Part {
        cell: |sums, figures| {
            let is_told = figures.survey.answered.is_some();
            Cell::share(sums.n_survey_answers, sums.n_invited, is_told)
        },
        hide: |figures| {
            figures.survey.answered = None;
            figures.survey.response_percent = None;
            figures.survey.score = None;
        },
    },
    Part {
        cell: |sums, figures| {
            let is_told = figures.survey.satisfied_percent.is_some();
            Cell::share(sums.n_satisfied, sums.n_survey_answers, is_told)
        },
        hide: |figures| figures.survey.satisfied_percent = None,
    },
    Part {
        cell: |sums, figures| Cell::number(sums.n_contacts, figures.avoidable.contacts.is_some()),
        hide: |figures| {
            figures.avoidable.contacts = None;
            figures.avoidable.percent = None;
        },
    },
    Part {
        cell: |sums, figures| {
            let is_told = figures.avoidable.avoidable.is_some();
            Cell::share(sums.n_avoidable, sums.n_contacts, is_told)
        },
        hide: |figures| {
            figures.avoidable.avoidable = None;
            figures.avoidable.percent = None;
        },
    },
];

impl Spread {
    /// Reads the working days of answers, each with how many took them: `3*20 12/9*1`.
    ///
    /// # Errors
    /// Names what is not a number of days.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut spread = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let wrong = || format!("{word:?} is no number of days");
            let (days, times) = word.split_once('*').ok_or_else(wrong)?;
            let (gross, net) = days.split_once('/').unwrap_or((days, days));
            let n: u64 = times.parse().map_err(|_| wrong())?;
            let days = |text: &str| text.parse::<u32>().map_err(|_| wrong());
            *spread.gross.0.entry(days(gross)?).or_default() += n;
            *spread.net.0.entry(days(net)?).or_default() += n;
        }
        Ok(spread)
    }

    /// Adds others to these.
    pub fn add(&mut self, other: Self) {
        self.gross.add(other.gross);
        self.net.add(other.net);
    }

    /// Half, and nine of ten, of the answers took no longer; nothing where there is none.
    #[must_use]
    pub fn gross(&self) -> Option<Typical> {
        self.gross.typical()
    }

    /// How many answers there are.
    #[must_use]
    pub fn n_answers(&self) -> u64 {
        self.gross.len()
    }
}

impl Days {
    fn add(&mut self, other: Self) {
        for (days, n) in other.0 {
            *self.0.entry(days).or_default() += n;
        }
    }

    fn len(&self) -> u64 {
        self.0.values().sum()
    }

    fn typical(&self) -> Option<Typical> {
        Some(Typical {
            median: self.nearest_rank(50)?,
            p90: self.nearest_rank(90)?,
        })
    }

    /// The smallest number of days that so many of a hundred do not exceed.
    fn nearest_rank(&self, per_hundred: u64) -> Option<u32> {
        let rank = (self.len() * per_hundred).div_ceil(100).max(1);
        let mut n_so_far = 0;
        self.0.iter().find_map(|(days, n)| {
            n_so_far += n;
            (n_so_far >= rank).then_some(*days)
        })
    }
}

impl std::fmt::Display for DaysTaken {
    /// As [`Spread::read`] takes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.net == self.gross {
            write!(f, "{}", self.gross)
        } else {
            write!(f, "{}/{}", self.gross, self.net)
        }
    }
}

impl Share {
    /// With what part of a hundred it is.
    #[must_use]
    pub fn of(in_time: u64, of: u64) -> Self {
        Self {
            in_time: Some(in_time),
            of: Some(of),
            percent: percent(in_time, of),
        }
    }

    /// The same as it is shown in public: nothing, where either part of it is a small number.
    #[must_use]
    pub fn public(in_time: u64, of: u64) -> Self {
        if is_part_told(in_time, of) {
            Self::of(in_time, of)
        } else {
            Self::default()
        }
    }
}

/// Puts those with fewer cases than may be told together, so that nothing is missing from the sum and
/// no small number can be had by subtraction: the smallest others join them until they are enough.
/// Answers what may be told, and those put together; the latter are none where even together they are
/// too few.
#[must_use]
pub fn without_small<K: Ord>(items: Vec<(K, Sums)>) -> (Vec<(K, Sums)>, Option<Sums>) {
    without_few(items, |sums| sums.n_received, Sums::add)
}

/// A quotient, to one part of `parts`.
fn rounded(part: u64, of: u64, parts: f64) -> f64 {
    let number = |n: u64| u32::try_from(n).map_or(f64::from(u32::MAX), f64::from);
    // Larger than a number of 32 bits: whole quotients are exact enough.
    if part > u64::from(u32::MAX) {
        return number(part.checked_div(of).unwrap_or(0));
    }
    (number(part) / number(of.max(1)) * parts).round() / parts
}

#[cfg(test)]
mod tests;
