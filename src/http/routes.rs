//! Everything that is served, chapter by chapter. Start reading here.

use super::operation::Operation;
use super::{
    actions, api_keys, attachments, audit, auth, call_figures, case_people, cases, catalogue,
    contact_reasons, contacts, docs, email, escalations, first_start, health, identities,
    incidents, kept_reports, mailboxes, markers, members, night_desk, notices, oidc, open311,
    organisations, people, performance, person_merges, public, queues, receipts, redactions,
    reports, satisfaction, second_factor, sign_in_links, sms, standards, telephony, trials, users,
    visits, waiting_places, webchat,
};
use crate::config::Settings;

/// The published contract, in the order it is read.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    all.extend(contacts::operations());
    all.extend(attachments::operations());
    all.extend(receipts::operations());
    all.extend(email::operations());
    all.extend(telephony::operations());
    all.extend(sms::operations());
    all.extend(webchat::operations());
    all.extend(trials::operations());
    all.extend(cases::operations());
    all.extend(actions::operations());
    all.extend(redactions::operations());
    all.extend(case_people::operations());
    all.extend(queues::operations());
    all.extend(waiting_places::operations());
    all.extend(incidents::operations());
    all.extend(escalations::operations());
    all.extend(notices::operations());
    all.extend(people::operations());
    all.extend(person_merges::operations());
    all.extend(markers::operations());
    all.extend(organisations::operations());
    all.extend(public::operations());
    all.extend(standards::operations());
    all.extend(open311::operations());
    all.extend(catalogue::operations());
    all.extend(reports::operations());
    all.extend(performance::operations());
    all.extend(satisfaction::operations());
    all.extend(kept_reports::operations());
    all.extend(call_figures::operations());
    all.extend(contact_reasons::operations());
    all.extend(visits::operations());
    all.extend(night_desk::operations());
    all.extend(members::operations());
    all.extend(auth::operations());
    all.extend(sign_in_links::operations());
    all.extend(oidc::operations());
    all.extend(first_start::operations());
    all.extend(second_factor::operations());
    all.extend(users::operations());
    all.extend(identities::operations());
    all.extend(api_keys::operations());
    all.extend(audit::operations());
    all.extend(mailboxes::operations());
    all.extend(health::operations());
    all.extend(docs::operations());
    all
}

/// What is served besides, for people rather than programs. A demo has more of it.
#[must_use]
pub fn pages(settings: &Settings, is_demo: bool) -> Vec<Operation> {
    let mut all = docs::pages();
    all.extend(crate::pages::operations());
    if !is_demo {
        all.push(crate::pages::residents::front_door());
    }
    if is_demo {
        all.extend(crate::pages::demo::operations(
            settings.mail.folder(&settings.database.data_dir),
        ));
    }
    all
}
