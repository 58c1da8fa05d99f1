//! One report on its way from page to page: which page comes next, what stands on it, and what is wrong
//! with what was told on the one before.

use minijinja::context;
use serde::Serialize;

use super::Shown;
use super::answers::{Answers, line};
use super::services::{Known, public_service, reportable};
use super::steps::{Mistake, Step, beside, carried, mistakes, questions, values};
use super::words::{self, PARAMETER, say};
use crate::casework::views::incidents::PublicIncident;
use crate::casework::{Fault, Moment, incidents};
use crate::domain::case::Secrecy;
use crate::domain::catalogue::{Category, Service};
use crate::domain::contact::{Channel, Location};
use crate::domain::enquiry::Enquiry;
use crate::domain::wording::Language;
use crate::domain::wording::form::{form_danger, form_words};
use crate::http::sent_form::look_over;
use crate::http::{Answer, Call, Problem};
use crate::pages::one_site::for_anybody;

const MEGABYTE: usize = 1024 * 1024;

/// Which button was pressed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    Next,
    Back,
    To(Step),
    Speak(Language),
    AddFile,
    RemoveFile(String),
}

/// A report on its way.
pub(super) struct Journey {
    pub(super) moment: Moment,
    pub(super) service: Service,
    pub(super) category: Category,
    pub(super) language: Language,
    pub(super) answers: Answers,
    /// Back to the answers when this one is given.
    is_changing: bool,
}

/// A row of the answers to be checked.
#[derive(Debug, Serialize)]
struct Row {
    /// What a mistake leads to; on the first row of a step.
    id: Option<String>,
    /// The step it can be changed on.
    to: Step,
    label: String,
    lines: Vec<String>,
}

impl Journey {
    /// A report of the matter the path names; none where residents are not shown it.
    pub(super) fn of(
        call: &Call,
        language: Language,
        answers: impl FnOnce(&Category) -> Answers,
    ) -> Result<Self, Problem> {
        let moment = call.front.desk.moment();
        let (service, category) = {
            let service = public_service(&moment.council.catalogue, call.path("service"))?;
            let wanted = call.path("category");
            let category = reportable(service).find(|category| category.slug == wanted);
            let category = category.ok_or_else(Problem::not_found)?;
            (service.clone(), category.clone())
        };
        let answers = answers(&category);
        Ok(Self {
            moment,
            service,
            language,
            is_changing: false,
            answers,
            category,
        })
    }

    /// As a form of ours holds it.
    pub(super) fn sent(call: &Call, form: &[(String, String)]) -> Result<Self, Problem> {
        let language = named(form, PARAMETER)
            .parse()
            .unwrap_or_else(|_| words::language_of(call));
        let journey = Self::of(call, language, |category| Answers::read(form, category))?;
        Ok(Self {
            is_changing: named(form, "then") == Step::Check.as_str(),
            ..journey
        })
    }

    pub(super) fn document(&self) -> serde_json::Value {
        let zone = self.moment.council.catalogue.calendar.zone();
        self.answers
            .document(&self.service.slug, &self.category, zone)
    }

    fn faults(&self) -> Vec<Fault> {
        match look_over(&self.moment, self.document()) {
            Ok((_, faults)) | Err(faults) => faults,
        }
    }

    /// On from a page, by the button that was pressed on it.
    pub(super) async fn follow(
        mut self,
        call: &Call,
        at: Step,
        pressed: Pressed,
    ) -> Result<Answer, Problem> {
        match pressed {
            Pressed::Speak(language) => {
                self.language = language;
                let chosen = words::CHOSEN;
                let kept = chosen.set(call, language.as_str(), Some(words::CHOSEN_SECONDS));
                let shown = self.show(call, at, Vec::new(), 200).await?;
                Ok(shown.with_header("set-cookie", kept))
            }
            Pressed::Back => {
                let before = at.before(&self.answers, &self.category);
                let to = if self.is_changing {
                    Step::Check
                } else {
                    before.unwrap_or(Step::Danger)
                };
                self.show(call, to, Vec::new(), 200).await
            }
            Pressed::To(step) => self.show(call, step, Vec::new(), 200).await,
            Pressed::Next | Pressed::AddFile | Pressed::RemoveFile(_) => {
                let wrong = self.wrong_at(at);
                if !wrong.is_empty() {
                    return self.show(call, at, wrong, 422).await;
                }
                if at == Step::Danger && self.answers.danger == Some(true) {
                    return self.show_danger(call);
                }
                let to = if self.is_changing {
                    Step::Check
                } else {
                    at.next(&self.answers, &self.category)
                };
                self.show(call, to, Vec::new(), 200).await
            }
        }
    }

    /// What is wrong with the answers of one page.
    fn wrong_at(&self, at: Step) -> Vec<Mistake> {
        if at == Step::Danger && self.answers.danger.is_none() {
            return vec![self.mistake("danger", "errors.danger")];
        }
        let all = mistakes(&self.faults(), &self.category, self.language).into_iter();
        all.filter(|(step, _)| *step == at)
            .map(|(_, mistake)| mistake)
            .collect()
    }

    pub(super) async fn show(
        &self,
        call: &Call,
        step: Step,
        mistakes: Vec<Mistake>,
        status: u16,
    ) -> Result<Answer, Problem> {
        if step == Step::Check {
            return self.show_check(call, &self.faults(), None, status).await;
        }
        let known = match step {
            Step::Danger => self.known(call).await?,
            _ => Vec::new(),
        };
        let language = self.language;
        let form = for_anybody(call);
        let words = form_words(language);
        let mut hidden = carried(step, &self.answers, language);
        if self.is_changing {
            hidden.push(("then".to_owned(), Step::Check.as_str().to_owned()));
        }
        let notes: Vec<&str> = self
            .category
            .fields
            .iter()
            .filter(|field| !field.asked)
            .map(|field| field.question_in(language))
            .collect();
        let said = context! {
            step,
            title => step.title(language),
            action => self.action(if step == Step::Photos { "/photos" } else { "" }),
            matter => self.category.name,
            form_token => form.seal,
            hidden, known, notes,
            questions => questions(&self.category, &self.answers, &mistakes, language),
            errors => beside(&mistakes),
            mistakes,
            values => values(&self.answers),
            photos => self.answers.photos,
            megabytes => call.front.http.max_attachment_bytes / MEGABYTE,
            has_back => step.before(&self.answers, &self.category).is_some() || self.is_changing,
            point_is_open => !self.answers.lat.is_empty() || !self.answers.long.is_empty(),
            yes => words.yes,
            no => words.no,
        };
        let shown = self.page(call, "residents/step.html", step.title(language), step);
        let answer = shown.with_status(status).write(call, said)?;
        Ok(self.keeping(answer).with_cookie(form.set_cookie))
    }

    /// A browser may show its own copy of a page when somebody goes back, which is how people put
    /// something right; of what nobody else should find on a shared computer it keeps none.
    fn keeping(&self, answer: Answer) -> Answer {
        let is_private = self.category.secrecy() != Secrecy::Ordinary || self.category.safe_contact;
        if is_private || self.answers.danger == Some(true) {
            return answer;
        }
        answer.with_header("cache-control", "private, max-age=0")
    }

    /// The number to ring, at once.
    fn show_danger(&self, call: &Call) -> Result<Answer, Problem> {
        let language = self.language;
        let (number, _) = self
            .moment
            .council
            .catalogue
            .phone_for(&self.service, self.moment.now);
        let form = for_anybody(call);
        // What was answered is carried whole: the question is behind them.
        let mut hidden = carried(Step::Check, &self.answers, language);
        hidden.retain(|(name, _)| name != "at");
        hidden.push(("at".to_owned(), Step::Danger.as_str().to_owned()));
        let said = context! {
            words => form_danger(&number, language), number, hidden,
            action => self.action(""), form_token => form.seal,
        };
        let title = say(language, "report.danger_title", &[]);
        let shown = Shown::new_in(language, "residents/danger.html", title);
        Ok(shown.write(call, said)?.with_cookie(form.set_cookie))
    }

    /// Everything that was told, to be read once more.
    pub(super) async fn show_check(
        &self,
        call: &Call,
        faults: &[Fault],
        why: Option<String>,
        status: u16,
    ) -> Result<Answer, Problem> {
        let language = self.language;
        let wrong = mistakes(faults, &self.category, language).into_iter();
        let mut told: Vec<Mistake> = wrong
            .map(|(step, mistake)| Mistake {
                id: format!("change-{step}"),
                text: mistake.text,
            })
            .collect();
        told.extend(why.map(|text| Mistake {
            text,
            id: String::new(),
        }));
        let form = for_anybody(call);
        let hidden = carried(Step::Check, &self.answers, language);
        let said = context! {
            matter => self.category.name,
            service => self.service.name,
            title => Step::Check.title(language),
            action => self.action(""),
            send => self.action("/send"),
            form_token => form.seal,
            rows => self.rows(),
            known => self.known(call).await?,
            mistakes => told,
            hidden,
        };
        let title = Step::Check.title(language);
        let shown = self.page(call, "residents/check.html", title, Step::Check);
        let answer = shown.with_status(status).write(call, said)?;
        Ok(self.keeping(answer).with_cookie(form.set_cookie))
    }

    /// It was sent before, with other words.
    pub(super) fn already(&self, call: &Call) -> Result<Answer, Problem> {
        let title = say(self.language, "report.already_title", &[]);
        Shown::new_in(self.language, "residents/already.html", title)
            .with_status(409)
            .write(call, context! { again => self.action("") })
    }

    fn page(&self, call: &Call, template: &'static str, title: String, step: Step) -> Shown {
        // The first page can be opened again by its address; no other can.
        if call.method == actix_web::http::Method::GET && step == Step::Danger {
            Shown::new(call, template, title).with_back(format!("/services/{}", self.service.slug))
        } else {
            Shown::new_in(self.language, template, title)
        }
    }

    fn rows(&self) -> Vec<Row> {
        let (answers, language) = (&self.answers, self.language);
        let words = form_words(language);
        let label = |key: &str| say(language, key, &[]);
        let row = |to, label, lines: Vec<String>| Row {
            id: None,
            to,
            label,
            lines: lines.into_iter().filter(|line| !line.is_empty()).collect(),
        };
        let yes_or_no = match answers.danger {
            Some(true) => words.yes,
            Some(false) => words.no,
            None => "",
        };
        let mut rows = vec![row(
            Step::Danger,
            label("report.check_danger"),
            vec![yes_or_no.to_owned()],
        )];
        if answers.danger != Some(true) {
            for field in super::answers::asked(&self.category) {
                let given = answers.fields.get(&field.code).cloned().unwrap_or_default();
                let shown = given.iter().map(|value| {
                    let choice = field.values.iter().find(|choice| choice.key == *value);
                    choice.map_or(value.clone(), |choice| choice.name_in(language).to_owned())
                });
                let question = field.question_in(language).to_owned();
                rows.push(row(Step::About, question, shown.collect()));
            }
        }
        let told = answers.body.lines().map(str::to_owned).collect();
        rows.push(row(Step::Words, label("report.check_words"), told));
        let mut place = vec![answers.place.clone()];
        if !answers.uprn.is_empty() {
            let with = [("uprn", answers.uprn.as_str())];
            place.push(say(language, "report.check_uprn", &with));
        }
        if !answers.lat.is_empty() || !answers.long.is_empty() {
            let with = [
                ("lat", answers.lat.as_str()),
                ("long", answers.long.as_str()),
            ];
            place.push(say(language, "report.check_point", &with));
        }
        rows.push(row(Step::Place, label("report.check_place"), place));
        if answers.danger != Some(true) {
            let photos = answers.photos.iter().map(|photo| photo.name.clone());
            let photos = photos.collect();
            rows.push(row(Step::Photos, label("report.check_photos"), photos));
        }
        let own = [
            ("report.check_name", answers.name.clone()),
            ("report.check_email", answers.email.clone()),
            ("report.check_phone", answers.phone.clone()),
        ];
        rows.extend(own.map(|(key, value)| row(Step::You, label(key), vec![value])));
        let chosen = answers.language.unwrap_or(language);
        let chosen = say(language, &format!("language.{chosen}"), &[]);
        rows.push(row(Step::You, label("report.check_language"), vec![chosen]));
        for step in Step::ALL {
            if let Some(first) = rows.iter_mut().find(|row| row.to == *step) {
                first.id = Some(format!("change-{step}"));
            }
        }
        rows
    }

    /// Open incidents it may belong to, as far as the place is known.
    async fn known(&self, call: &Call) -> Result<Vec<Known>, Problem> {
        let mut enquiry = Enquiry::new(Channel::WebForm, self.moment.now);
        enquiry.location = self.location();
        let (service, category) = (self.service.slug.clone(), self.category.slug.clone());
        let found: Vec<PublicIncident> = call
            .read(move |conn, at| {
                let all = incidents::offered(conn, at, (&service, &category), &enquiry)?;
                let all = all.iter();
                Ok(all
                    .map(|one| PublicIncident::of(at, &one.incident, one.update.as_ref()))
                    .collect())
            })
            .await?;
        let found = found.into_iter();
        Ok(found.map(|one| Known::of(one, self.language)).collect())
    }

    fn location(&self) -> Option<Location> {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let point = |text: &str| -> Option<f64> { text.parse().ok() };
        let place = Location {
            description: given(&self.answers.place),
            uprn: given(&self.answers.uprn),
            lat: point(&self.answers.lat),
            long: point(&self.answers.long),
        };
        (place != Location::default()).then_some(place)
    }

    pub(super) fn mistake(&self, id: &str, key: &str) -> Mistake {
        Mistake {
            text: say(self.language, key, &[]),
            id: id.to_owned(),
        }
    }

    pub(super) fn why_no_file(&self, call: &Call, problem: &Problem) -> Mistake {
        let code = problem
            .errors
            .first()
            .map_or(problem.code, |fault| fault.code);
        let key = match (problem.status, code) {
            (413, _) => "errors.file_large",
            (429, _) => "errors.too_many",
            (422, "too_many") => "errors.file_many",
            (422, _) => "errors.file_type",
            _ => "errors.file_other",
        };
        let megabytes = (call.front.http.max_attachment_bytes / MEGABYTE).to_string();
        Mistake {
            text: say(self.language, key, &[("megabytes", &megabytes)]),
            id: "file".to_owned(),
        }
    }

    fn action(&self, end: &str) -> String {
        format!("/report/{}/{}{end}", self.service.slug, self.category.slug)
    }
}

/// What a form says under a name; empty where it says nothing.
pub(super) fn named<'f>(form: &'f [(String, String)], name: &str) -> &'f str {
    form.iter()
        .find(|(own, _)| own == name)
        .map_or("", |(_, value)| value.as_str())
}

/// The button a form was sent by.
pub(super) fn pressed(form: &[(String, String)]) -> Pressed {
    if let Ok(language) = named(form, "speak").parse() {
        return Pressed::Speak(language);
    }
    match named(form, "to") {
        "" => {}
        "back" => return Pressed::Back,
        step => {
            if let Ok(step) = step.parse() {
                return Pressed::To(step);
            }
        }
    }
    let removed = named(form, "remove");
    if !removed.is_empty() {
        return Pressed::RemoveFile(line(removed));
    }
    if named(form, "add").is_empty() {
        Pressed::Next
    } else {
        Pressed::AddFile
    }
}
