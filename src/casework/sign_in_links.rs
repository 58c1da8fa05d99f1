//! Signing in by a link in a mail: asked for, sent, and used once.
//!
//! Whoever asks learns nothing about the address: one notice is put down either way, and nothing is
//! sent where there is nobody. The token is made when the mail is written and only its hash is kept.
//! Like sessions, links run on the computer's own time.

use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::accounts::{
    self, Keeps, Opened, SignIn, ask_for_code, let_in, note, real_now, user_object,
};
use super::desk::{Desk, Moment, hex};
use super::failure::Failure;
use super::letters;
use super::members;
use crate::auth::sign_in_links as tokens;
use crate::domain::access::{Actor, Role, User};
use crate::domain::ids::NoticeId;
use crate::domain::notice::{Letter, Says};
use crate::domain::person::email_address;
use crate::domain::wording::Language;
use crate::store::outbox::{self, Headers, Notice};
use crate::store::sign_in_links::{self, SignInLink};
use crate::store::{Conn, Tx, users};

/// How this installation mails links.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Who may sign in this way.
    pub roles: Vec<Role>,
    pub minutes: u8,
    /// Where links begin; the token follows.
    pub page: String,
}

/// Whose link it is.
#[derive(Debug, Clone)]
pub struct Holder {
    pub user: User,
    /// Their authenticator app is asked for too.
    pub needs_code: bool,
}

/// Puts a link into the outbox for whoever has this address. The same is done for an address that
/// nobody has, so that neither the answer nor its time tells.
///
/// # Errors
/// When it cannot be written.
pub async fn ask(
    desk: &Arc<Desk>,
    offer: &Offer,
    email: &str,
    language: Language,
) -> Result<(), Failure> {
    let Some(email) = email_address(email) else {
        return Ok(());
    };
    let offer = offer.clone();
    desk.perform(move |tx, at| {
        let account = users::find_by_email(tx, &email)?;
        let user = account
            .filter(|account| account.is_active && offer.roles.contains(&account.user.role))
            .map(|account| account.user.id);
        let says = Says::SignInLink {
            link: offer.page.clone(),
            minutes: offer.minutes,
            user,
            until: real_now() + SignedDuration::from_mins(i64::from(offer.minutes)),
        };
        let letter = Letter::without_case(language, letters::council_line(at), says);
        let id: NoticeId = at.id();
        let notice = Notice {
            id,
            dedupe_key: format!("sign_in_link:{id}"),
            kind: letter.kind().as_str().to_owned(),
            case: None,
            person: None,
            transport: "email".to_owned(),
            recipient: email.clone(),
            message_id: letters::message_id(at, id),
            headers: Headers {
                auto_submitted: letter.kind().auto_submitted(false).map(str::to_owned),
                ..Headers::default()
            },
            letter,
            meets: None,
            state: "pending".to_owned(),
            attempts: 0,
            created_at: at.now,
            next_attempt_at: Some(at.now),
            fence: 0,
            sent_at: None,
            last_error: None,
        };
        outbox::put(tx, &notice)?;
        Ok(())
    })
    .await
}

/// A notice that was just claimed, with its link where it is to carry one. Nothing, when it is not to
/// be sent: nobody has the address, or the time of the link is over.
///
/// # Errors
/// When the link cannot be kept.
pub(super) fn completed(
    tx: &mut Tx<'_>,
    at: &Moment,
    mut notice: Notice,
) -> Result<Option<Notice>, Failure> {
    let Says::SignInLink {
        link, user, until, ..
    } = &mut notice.letter.says
    else {
        return Ok(Some(notice));
    };
    let (user, until) = (*user, *until);
    let holder = match user {
        Some(user) if until > real_now() => {
            let account = users::find(tx, user)?;
            match account.filter(|one| one.user.email == notice.recipient) {
                Some(account) if !members::is_over(tx, at.today(), &account)? => Some(account),
                _ => None,
            }
        }
        _ => None,
    };
    let Some(holder) = holder else {
        outbox::remove(tx, notice.id, notice.fence)?;
        return Ok(None);
    };
    let token = tokens::derive(&at.desk.secrets.tracking, notice.id.0.as_bytes());
    let kept = SignInLink {
        id: notice.id,
        user: holder.user.id,
        expires_at: until,
        is_used: false,
    };
    sign_in_links::forget(tx, real_now())?;
    sign_in_links::keep(tx, &kept, &hex(&tokens::hash(&token)))?;
    link.push_str(&token);
    let object = user_object(holder.user.id);
    note(tx, at, &Actor::System, "sign_in_link_sent", &object, None)?;
    Ok(Some(notice))
}

/// Whose link this is, while it is good. Looking uses nothing up, however often it is done.
///
/// # Errors
/// When the database cannot be asked.
pub fn holder(
    conn: &mut Conn,
    today: Date,
    roles: &[Role],
    presented: &str,
) -> Result<Option<Holder>, Failure> {
    let Some((_, user)) = good(conn, today, roles, presented)? else {
        return Ok(None);
    };
    let needs_code = super::second_factor::is_set_up(conn, user.id)?;
    Ok(Some(Holder { user, needs_code }))
}

/// Signs somebody in by their link and uses it up. A code that is asked for, or wrong, leaves it good.
///
/// # Errors
/// When it cannot be written.
pub async fn redeem(
    desk: &Arc<Desk>,
    roles: &[Role],
    keeps: Keeps,
    request_id: &str,
    (presented, code): (&str, Option<&str>),
) -> Result<SignIn, Failure> {
    let (secret, hash) = keeps.generate();
    let (roles, presented) = (roles.to_vec(), presented.to_owned());
    let (code, request_id) = (code.map(str::to_owned), request_id.to_owned());
    desk.perform(move |tx, at| {
        let Some((link, user)) = good(tx, at.today(), &roles, &presented)? else {
            return Ok(SignIn::Refused);
        };
        let request_id = Some(request_id.as_str());
        if let Some(stopped) = ask_for_code(tx, at, &user, code.as_deref(), request_id)? {
            return Ok(stopped);
        }
        if !sign_in_links::spend(tx, link.id, real_now())? {
            return Ok(SignIn::Refused);
        }
        let opened = Opened {
            keeps,
            secret: &secret,
            hash: &hash,
        };
        let signed = let_in(tx, at, user, &opened, request_id)?;
        Ok(SignIn::Signed(Box::new(signed)))
    })
    .await
}

/// The link with this token and whose it is, while both are good.
fn good(
    conn: &mut Conn,
    today: Date,
    roles: &[Role],
    presented: &str,
) -> Result<Option<(SignInLink, User)>, Failure> {
    let Some(hash) = tokens::fingerprint(presented) else {
        return Ok(None);
    };
    let found = sign_in_links::find(conn, &hex(&hash))?;
    let Some(link) = found.filter(|link| !link.is_used && link.expires_at > real_now()) else {
        return Ok(None);
    };
    let account = accounts::account(conn, link.user)?;
    let may_come_in =
        roles.contains(&account.user.role) && !members::is_over(conn, today, &account)?;
    Ok(may_come_in.then_some((link, account.user)))
}
