//! What becomes of a notice: claimed by whoever sends it, accepted, refused, or come back.
//!
//! The outcome is kept together with what it means for the case: an acknowledgement *accepted for
//! delivery* meets its clock, and one that comes back sets it running again; a notice that failed for
//! good stands on the timeline; a post that cannot be reached is told another way. Nothing is
//! rendered or sent here ([`crate::notify::pump`] does), and no transaction waits for a mail server.

use std::sync::Arc;

use jiff::SignedDuration;

use super::by_email;
use super::desk::{Desk, Moment};
use super::escalation::{
    Chain, Recipient, clock_and_promise, is_over, note_unreachable, still_holds,
};
use super::failure::Failure;
use super::people::reaching;
use super::promises::{Written, all_taken, settle_by, terms_of};
use super::{sign_in_links, survey, texts};
use crate::channels::email_in::Bounce;
use crate::domain::access::Actor;
use crate::domain::backoff;
use crate::domain::case::{Case, Secrecy};
use crate::domain::clock::{self, Reading, State, Terms};
use crate::domain::ids::{CaseId, ClockId, NoticeId};
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::notice::{InboxWhy, NoticeKind, Says};
use crate::domain::person::reach::{self, Reach, Route, Sending};
use crate::domain::reference::Reference;
use crate::domain::standard::{Acknowledgement, ClockSpec};
use crate::store::cases::{self, Filed};
use crate::store::escalations::{self, Taken};
use crate::store::outbox::{self, Notice};
use crate::store::people::Person;
use crate::store::{Conn, Tx, clocks, contacts, events, people};

/// How long a claim lasts. Whoever sends must be done, or have given up, well before.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// Claims up to `limit` notices that are due. A claim is a lease by the council's clock: when a demo
/// clock is moved ahead it merely ends early, and the fence keeps the first sender's word from
/// counting twice.
///
/// # Errors
/// When the outbox cannot be read or written.
pub async fn claim(desk: &Arc<Desk>, limit: i64) -> Result<Vec<Notice>, Failure> {
    let (n_due, oldest_at, now) = desk
        .read(|conn, at| {
            let (n_due, oldest_at) = outbox::backlog(conn, at.now)?;
            Ok((n_due, oldest_at, at.now))
        })
        .await?;
    let age = oldest_at.map_or(SignedDuration::ZERO, |oldest_at| {
        now.duration_since(oldest_at)
    });
    metrics::gauge!("outbox_pending")
        .set(u32::try_from(n_due).map_or(f64::from(u32::MAX), f64::from));
    metrics::gauge!("outbox_oldest_seconds").set(age.as_secs_f64());
    if n_due == 0 {
        return Ok(Vec::new());
    }
    // Not through `Desk::perform`: its bell would wake the sender that is asking.
    let moment = desk.moment();
    desk.db.write(move |tx| claim_due(tx, &moment, limit)).await
}

/// A notice was accepted for delivery: kept, put on the timeline, and the clock it answers is met.
/// False when the lease was lost meanwhile and somebody else's word counts.
///
/// # Errors
/// When it cannot be written; the notice is then sent once more under the same Message-ID.
pub async fn record_sent(desk: &Arc<Desk>, notice: Notice) -> Result<bool, Failure> {
    let (moment, id, kind) = (desk.moment(), notice.id, notice.kind.clone());
    let is_kept = desk
        .db
        .write(move |tx| note_sent(tx, &moment, &notice))
        .await?;
    if is_kept {
        metrics::counter!("notices_sent_total", "kind" => kind).increment(1);
    } else {
        tracing::info!(notice.id = %id, "Notice {id} left, but its lease had ended: another record stands");
    }
    Ok(is_kept)
}

/// A notice was not accepted. It is tried again later, or given up: at once when trying again cannot
/// help, else after five days.
///
/// # Errors
/// When it cannot be written; the notice is then tried again when its lease ends.
pub async fn record_failed(
    desk: &Arc<Desk>,
    notice: Notice,
    why: String,
    is_permanent: bool,
) -> Result<(), Failure> {
    let (moment, id) = (desk.moment(), notice.id);
    let attempts = u32::try_from(notice.attempts).unwrap_or(1);
    let next = if is_permanent {
        None
    } else {
        backoff::next_attempt_at(notice.created_at, attempts, moment.now, jitter(id))
    };
    let told = why.clone();
    let is_kept = desk
        .db
        .write(move |tx| {
            let is_kept = outbox::record_failure(tx, notice.id, notice.fence, &why, next)?;
            if is_kept && next.is_none() {
                give_up(tx, &moment, &notice, &why, is_permanent)?;
            }
            Ok::<bool, Failure>(is_kept)
        })
        .await?;
    match next {
        _ if !is_kept => {
            tracing::info!(notice.id = %id, "Notice {id} failed, but its lease had ended")
        }
        Some(next) => {
            tracing::warn!(notice.id = %id, "Notice {id} did not go out, again at {next}: {told}")
        }
        None => {
            metrics::counter!("notices_failed_total").increment(1);
            tracing::error!(notice.id = %id, "Notice {id} failed for good: {told}");
            desk.outbox_bell.notify_one();
        }
    }
    Ok(())
}

/// A mail of ours came back. For good: the clock it met runs on, a letter is put out to be written where
/// there is a postal address, and an address that takes no mail gets no more. For now: nothing, the
/// mail server tries again by itself.
///
/// # Errors
/// When it cannot be written.
pub fn bounced(
    tx: &mut Tx<'_>,
    at: &Moment,
    notice: &Notice,
    bounce: &Bounce,
) -> Result<(), Failure> {
    if bounce.is_final && !outbox::has_bounced(tx, notice.id)? {
        came_back(tx, at, notice, &bounce.in_words(), bounce.is_no_address)?;
    }
    Ok(())
}

/// A notice of ours that was accepted did not arrive. Where its address is none, that gets nothing more.
///
/// # Errors
/// When it cannot be written.
pub fn came_back(
    tx: &mut Tx<'_>,
    at: &Moment,
    notice: &Notice,
    why: &str,
    is_no_address: bool,
) -> Result<(), Failure> {
    outbox::note_bounced(tx, notice.id, at.now, why)?;
    if is_for_staff(notice) {
        return tell_another_way(tx, at, notice);
    }
    if is_no_address {
        people::note_unreachable(tx, kind_of_address(notice), &notice.recipient, true)?;
    }
    note_if_question(tx, notice)?;
    write_instead(tx, at, notice)?;
    let Some(Filed { mut case, .. }) = found(tx, notice.case)? else {
        return Ok(());
    };
    let read_revision = case.revision;
    let terms = terms_of(tx, at, &case)?;
    let mut happened = vec![Event::AddressBounced { notice: notice.id }];
    if let Some(clock) = &notice.meets
        && is_met_only_by(&case, &terms, at, notice, clock)
    {
        let what = if is_no_address {
            "the address does not take our mail"
        } else {
            "it could not be delivered"
        };
        happened.push(Event::ClockReopened {
            clock: clock.clone(),
            why: format!("the notice came back: {what}"),
        });
    }
    for event in &happened {
        lifecycle::apply(&mut case, event, &terms, By::System, at.now);
    }
    settle_by(
        tx,
        at,
        case,
        &terms,
        happened,
        &Actor::System.label(),
        Written::Changed { read_revision },
    )?;
    Ok(())
}

/// An officer's words to an address on nobody of the case have no person either, and are not for staff.
fn is_for_staff(notice: &Notice) -> bool {
    notice.person.is_none() && !notice.letter.kind().is_for_the_person()
}

fn claim_due(tx: &mut Tx<'_>, at: &Moment, limit: i64) -> Result<Vec<Notice>, Failure> {
    let until = at.now + LEASE;
    let mut to_send = Vec::new();
    for notice in outbox::claim(tx, at.now, until, limit)? {
        if notice.transport == outbox::TEXT && texts::wants_none(tx, &notice.recipient)? {
            // They asked for no more texts, or their number takes none, since it was written.
            if outbox::drop_claimed(tx, notice.id, notice.fence)? {
                write_instead(tx, at, &notice)?;
            }
        } else if let Some(why) = reaching::withheld_now(tx, &notice)? {
            // What has been learnt of the person since it was written, or since it was last tried.
            if outbox::drop_claimed(tx, notice.id, notice.fence)? {
                reaching::note_withheld(tx, at, notice.case, &notice.kind, why)?;
            }
        } else if is_kept_from_reader(tx, at, &notice)? || is_moot(tx, at, &notice)? {
            outbox::drop_claimed(tx, notice.id, notice.fence)?;
        } else if let Some(notice) = sign_in_links::completed(tx, at, notice)? {
            to_send.extend(by_email::completed(tx, at, notice)?);
        }
    }
    Ok(to_send)
}

/// Written to one of ours before the case became a matter for few, of whom they are none.
fn is_kept_from_reader(conn: &mut Conn, at: &Moment, notice: &Notice) -> Result<bool, Failure> {
    if !is_for_staff(notice) {
        return Ok(false);
    }
    match found(conn, notice.case)? {
        Some(Filed { case, .. }) if case.secrecy == Secrecy::Restricted => {
            let chain = Chain::of(conn, at, &case)?;
            Ok(!chain.may_still_be_told(conn, &notice.recipient)?)
        }
        _ => Ok(false),
    }
}

/// A reminder that waited for the morning says nothing true any more when the promise was kept,
/// paused or moved in the night.
fn is_moot(conn: &mut Conn, at: &Moment, notice: &Notice) -> Result<bool, Failure> {
    if survey::is_question(notice) {
        return survey::is_moot(conn, at, notice);
    }
    let Some((clock_id, promised_at)) = clock_and_promise(&notice.dedupe_key) else {
        let about = found(conn, notice.case)?;
        let case = about.as_ref().map(|filed| &filed.case);
        return is_over(conn, at, &notice.dedupe_key, case);
    };
    let Some(Filed { case, .. }) = found(conn, notice.case)? else {
        return Ok(false);
    };
    let terms = terms_of(conn, at, &case)?;
    let kept = clocks::of_case(conn, case.id)?;
    let Some(clock) = kept.into_iter().find(|kept| kept.id == clock_id) else {
        return Ok(true);
    };
    let readings = clock::read(&case.facts, &terms, at.now);
    let holds = readings
        .iter()
        .any(|reading| still_holds(reading, &clock.name, promised_at));
    Ok(!holds || is_overtaken(conn, notice, case.id, clock_id)?)
}

/// A newer step of the same promise goes to the same recipient: of two that waited for the same
/// morning, "a date is coming" is no longer true.
fn is_overtaken(
    conn: &mut Conn,
    notice: &Notice,
    case: CaseId,
    clock: ClockId,
) -> Result<bool, Failure> {
    let is_reminder = match &notice.letter.says {
        Says::Reminder { .. } => true,
        Says::InboxCase(mail) => mail.why == InboxWhy::DateNear,
        _ => false,
    };
    if !is_reminder {
        return Ok(false);
    }
    let Some((_, promised_at)) = clock_and_promise(&notice.dedupe_key) else {
        return Ok(false);
    };
    let steps = escalations::of_case(conn, case)?;
    Ok(steps.iter().any(|step| {
        step.clock_id == Some(clock)
            && step.promised_at.as_microsecond() == promised_at
            && step.recipient == notice.recipient
            && step.state == "sent"
            && step.due_at >= step.promised_at
    }))
}

/// Writes down that a notice was accepted: on the timeline, and on the clock it meets. False when the
/// lease was lost meanwhile.
///
/// # Errors
/// When it cannot be written.
pub fn note_sent(tx: &mut Tx<'_>, at: &Moment, notice: &Notice) -> Result<bool, Failure> {
    if !outbox::record_sent(tx, notice.id, notice.fence, at.now)? {
        return Ok(false);
    }
    meet_beside(tx, at, notice)?;
    let sent = Event::NoticeSent {
        notice: notice.id,
        notice_kind: notice.kind.clone(),
    };
    let (Some(clock), Some(Filed { mut case, .. })) = (&notice.meets, found(tx, notice.case)?)
    else {
        put_on_timeline(tx, at, notice.case, &sent)?;
        note_if_question(tx, notice)?;
        return Ok(true);
    };
    let terms = terms_of(tx, at, &case)?;
    let readings = clock::read(&case.facts, &terms, at.now);
    if !readings
        .iter()
        .any(|reading| reading.name == *clock && reading.state.is_live())
    {
        put_on_timeline(tx, at, notice.case, &sent)?;
        return Ok(true);
    }
    let read_revision = case.revision;
    let spec = terms.standard.clock(clock);
    if spec.is_some_and(ClockSpec::is_acknowledgement) {
        // More than a stop: where the answer is counted from the acknowledgement, it starts now.
        lifecycle::meet_acknowledgement(&mut case, &terms, clock, at.now, "email");
    } else {
        case.facts.stop(clock, at.now, "notice");
    }
    let met = Event::ClockMet {
        clock: clock.clone(),
        at: at.now,
    };
    let happened = vec![sent, met];
    settle_by(
        tx,
        at,
        case,
        &terms,
        happened,
        &Actor::System.label(),
        Written::Noted { read_revision },
    )?;
    Ok(true)
}

/// A member's confirmation names the service's own case too: where that one asks for nothing but the
/// machine's receipt, this was it.
fn meet_beside(tx: &mut Tx<'_>, at: &Moment, notice: &Notice) -> Result<(), Failure> {
    // A copy to somebody who helps the member tells the member nothing.
    if notice.person.is_none() {
        return Ok(());
    }
    let Says::MemberConfirmation {
        service_reference: Some(reference),
        ..
    } = &notice.letter.says
    else {
        return Ok(());
    };
    let Ok(reference) = Reference::parse(reference) else {
        return Ok(());
    };
    let Some(Filed { mut case, .. }) = cases::find_by_reference(tx, &reference)? else {
        return Ok(());
    };
    let terms = terms_of(tx, at, &case)?;
    let clock = terms
        .standard
        .acknowledge_clock()
        .map(|clock| clock.name.clone());
    let (Acknowledgement::Automatic, Some(clock)) = (terms.standard.acknowledgement, clock) else {
        return Ok(());
    };
    let read_revision = case.revision;
    lifecycle::meet_acknowledgement(&mut case, &terms, &clock, at.now, "email");
    let sent = Event::NoticeSent {
        notice: notice.id,
        notice_kind: notice.kind.clone(),
    };
    let happened = vec![sent, Event::ClockMet { clock, at: at.now }];
    settle_by(
        tx,
        at,
        case,
        &terms,
        happened,
        &Actor::System.label(),
        Written::Noted { read_revision },
    )?;
    Ok(())
}

/// Whether a question how it went has arrived decides whether its answer counts.
fn note_if_question(tx: &mut Tx<'_>, notice: &Notice) -> Result<(), Failure> {
    match notice.case {
        Some(case) if survey::is_question(notice) => survey::count(tx, case),
        _ => Ok(()),
    }
}

/// Nobody will try again: somebody must see it.
fn give_up(
    tx: &mut Tx<'_>,
    at: &Moment,
    notice: &Notice,
    why: &str,
    is_permanent: bool,
) -> Result<(), Failure> {
    let failed = Event::NoticeFailed {
        notice: notice.id,
        notice_kind: notice.kind.clone(),
        why: why.to_owned(),
    };
    if is_for_staff(notice) {
        put_on_timeline(tx, at, notice.case, &failed)?;
        return tell_another_way(tx, at, notice);
    }
    if survey::is_question(notice) {
        // The case is closed, and nobody has to see to anything.
        put_on_timeline(tx, at, notice.case, &failed)?;
        if is_permanent {
            people::note_unreachable(tx, kind_of_address(notice), &notice.recipient, true)?;
        }
        return Ok(());
    }
    match found(tx, notice.case)? {
        // Its person could not be reached: from now on the case waits for somebody to see to it.
        Some(Filed { case, .. }) => {
            let read_revision = case.revision;
            let terms = terms_of(tx, at, &case)?;
            let written = Written::Changed { read_revision };
            settle_by(
                tx,
                at,
                case,
                &terms,
                vec![failed],
                &Actor::System.label(),
                written,
            )?;
        }
        None => put_on_timeline(tx, at, notice.case, &failed)?,
    }
    // That Notify refused a text may be the template's fault, for everybody. A number that takes none
    // is told by its receipt.
    if is_permanent && notice.transport != outbox::TEXT {
        people::note_unreachable(tx, kind_of_address(notice), &notice.recipient, true)?;
    }
    write_instead(tx, at, notice)
}

fn kind_of_address(notice: &Notice) -> &'static str {
    if notice.transport == outbox::TEXT {
        "phone"
    } else {
        "email"
    }
}

/// An address that takes mail, for what could not be told by text.
fn mail_instead(
    conn: &mut Conn,
    notice: &Notice,
    reach: &Reach,
    person: &Person,
) -> Result<Option<String>, Failure> {
    if notice.transport != outbox::TEXT {
        return Ok(None);
    }
    for address in reach.emails(person.email.as_deref()) {
        if !people::is_bouncing(conn, &address)? {
            return Ok(Some(address));
        }
    }
    Ok(None)
}

/// What the text could not say goes by mail; what the mail could not say stands as a letter to write,
/// where we know where to send one.
fn write_instead(tx: &mut Tx<'_>, at: &Moment, notice: &Notice) -> Result<(), Failure> {
    // Nobody prints and posts a question how it went.
    if survey::is_question(notice) {
        return Ok(());
    }
    let Some(person) = notice.person else {
        return Ok(());
    };
    let Some(person) = people::find(tx, person)? else {
        return Ok(());
    };
    let reach = reaching::reach_of(tx, &person)?;
    let email = mail_instead(tx, notice, &reach, &person)?;
    let sending = Sending {
        is_automatic: notice.headers.auto_submitted.is_some(),
        is_guarded: false,
        email: email.as_deref(),
        address: person.address.as_ref(),
        prefers_post: false,
    };
    let id: NoticeId = at.id();
    match reach::route(&reach, sending) {
        Route::Letter => {}
        Route::Withheld(why) => {
            return reaching::note_withheld(tx, at, notice.case, &notice.kind, why);
        }
        Route::Mail(recipient) => {
            let mail = Notice {
                id,
                dedupe_key: format!("mail:{}", notice.id),
                transport: "email".to_owned(),
                recipient,
                message_id: renamed(&notice.message_id, id),
                state: "pending".to_owned(),
                attempts: 0,
                created_at: at.now,
                next_attempt_at: Some(at.now),
                fence: 0,
                sent_at: None,
                last_error: None,
                ..notice.clone()
            };
            outbox::put(tx, &mail)?;
            return Ok(());
        }
        Route::Nowhere => return Ok(()),
    }
    let letter = Notice {
        id,
        dedupe_key: format!("post:{}", notice.id),
        transport: "post".to_owned(),
        recipient: person
            .name
            .unwrap_or_else(|| "the address on the case".to_owned()),
        message_id: renamed(&notice.message_id, id),
        state: "to_write".to_owned(),
        attempts: 0,
        created_at: at.now,
        next_attempt_at: None,
        fence: 0,
        sent_at: None,
        last_error: None,
        ..notice.clone()
    };
    outbox::put(tx, &letter)?;
    Ok(())
}

/// A post did not get its mail: whoever stands in for it does, and the case says so.
fn tell_another_way(tx: &mut Tx<'_>, at: &Moment, notice: &Notice) -> Result<(), Failure> {
    // It opens an account: nobody else is to have it.
    if notice.kind == NoticeKind::SignInLink.as_str() {
        return Ok(());
    }
    note_unreachable(tx, &notice.recipient, at.now)?;
    let mut stand_in: Option<Recipient> = None;
    let id: NoticeId = at.id();
    let told_of = cases_of(tx, notice)?;
    for case in &told_of {
        let mut taken = all_taken(tx, case.id)?;
        taken.sort_by_key(|one| one.taken_at);
        let of_recipient = |one: &&Taken| one.recipient == notice.recipient && one.state == "sent";
        let step = taken.iter().rev().find(of_recipient).cloned();
        if stand_in.is_none() {
            let chain = Chain::of(tx, at, case)?;
            let post = step.as_ref().map_or("owner", |step| step.post.as_str());
            stand_in = chain
                .resolve(tx, &chain.whom_of(post), case.owner)?
                .recipient;
        }
        let Some(step) = step else { continue };
        let event = Event::EscalationStep {
            clock: step.clock.clone(),
            step: step.step.clone(),
            occurrence: u32::try_from(step.occurrence).unwrap_or(u32::MAX),
            state: "undeliverable".to_owned(),
            to: vec![step.post.clone()],
        };
        put_on_timeline(tx, at, Some(case.id), &event)?;
        if let Some(stand_in) = &stand_in {
            let (post, recipient) = (stand_in.post.clone(), stand_in.address.clone());
            let instead = Taken {
                id: at.id(),
                post,
                recipient,
                taken_at: at.now,
                digest_after: None,
                notice: Some(id),
                ..step
            };
            escalations::take(tx, &instead)?;
        }
    }
    for step in escalations::of_notice(tx, notice.id)? {
        let Some(mail) = step.contact else { continue };
        let Some(contact) = contacts::find(tx, mail)? else {
            continue;
        };
        let chain = Chain::of_mail(at, &contact);
        if stand_in.is_none() {
            let whom = chain.whom_of(&step.post);
            stand_in = chain.resolve(tx, &whom, None)?.recipient;
        }
        if let Some(stand_in) = &stand_in {
            let instead = Taken {
                id: at.id(),
                post: stand_in.post.clone(),
                recipient: stand_in.address.clone(),
                taken_at: at.now,
                digest_after: None,
                notice: Some(id),
                ..step
            };
            escalations::take(tx, &instead)?;
        }
    }
    metrics::counter!("escalation_undeliverable_total").increment(1);
    let Some(stand_in) = stand_in else {
        return Ok(());
    };
    let is_alert = notice.kind == NoticeKind::Alert.as_str();
    let send_at = if is_alert {
        at.now
    } else {
        at.council.catalogue.calendar.next_sending_time(at.now)
    };
    let again = Notice {
        id,
        dedupe_key: format!("instead:{}:{}", notice.id, stand_in.address),
        recipient: stand_in.address,
        message_id: renamed(&notice.message_id, id),
        state: "pending".to_owned(),
        attempts: 0,
        created_at: at.now,
        next_attempt_at: Some(send_at),
        fence: 0,
        sent_at: None,
        last_error: None,
        ..notice.clone()
    };
    outbox::put(tx, &again)?;
    Ok(())
}

/// The cases a mail to staff is about.
fn cases_of(conn: &mut Conn, notice: &Notice) -> Result<Vec<Case>, Failure> {
    if let Some(filed) = found(conn, notice.case)? {
        return Ok(vec![filed.case]);
    }
    let Says::Digest { items, .. } = &notice.letter.says else {
        return Ok(Vec::new());
    };
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        if let Ok(reference) = Reference::parse(&item.reference)
            && let Some(filed) = cases::find_by_reference(conn, &reference)?
        {
            all.push(filed.case);
        }
    }
    Ok(all)
}

/// Whether this notice is what met the clock: words spoken or a letter besides it still count.
fn is_met_only_by(case: &Case, terms: &Terms, at: &Moment, notice: &Notice, clock: &str) -> bool {
    let readings: Vec<Reading> = clock::read(&case.facts, terms, at.now);
    let is_met = readings
        .iter()
        .any(|reading| reading.name == clock && reading.state == State::Met);
    let by_others = case
        .facts
        .stops
        .iter()
        .any(|stop| stop.clock == clock && Some(stop.at) != notice.sent_at);
    is_met && !by_others
}

fn found(conn: &mut Conn, case: Option<CaseId>) -> Result<Option<Filed>, Failure> {
    Ok(match case {
        Some(case) => cases::find(conn, case)?,
        None => None,
    })
}

/// Adds a line without touching the case itself: that a mail left changes nothing that somebody who
/// has just read the case would need to read again.
fn put_on_timeline(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: Option<CaseId>,
    event: &Event,
) -> Result<(), Failure> {
    if let Some(case) = case {
        events::append(tx, at.id(), case, at.now, &Actor::System.label(), event)?;
    }
    Ok(())
}

fn renamed(message_id: &str, id: NoticeId) -> String {
    let domain = message_id.split_once('@').map_or("", |(_, domain)| domain);
    format!("{id}@{domain}")
}

/// The random end of the notice's own id: no two that failed together wait equally long.
fn jitter(id: NoticeId) -> u8 {
    id.0.as_bytes().last().copied().unwrap_or(0)
}
