//! One folder of one mailbox, open: what is in it, its mails, and where they go when they are taken.

use std::time::Duration;

use async_imap::error::Error;
use async_imap::extensions::idle::IdleResponse;
use async_imap::types::{Fetch, UnsolicitedResponse};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;

use super::connection::{PATIENCE, Signed, Trouble, is_no, open, within, within_time};
use super::{Account, Afterwards};

/// A folder that is open for reading.
pub(super) struct Folder {
    /// None only while it is handed to the server's own waiting, or after that failed.
    session: Option<Signed>,
    pub(super) uid_validity: u32,
    can_idle: bool,
    can_move: bool,
    can_expunge_one: bool,
    afterwards: Afterwards,
}

/// A mail as its server lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) uid: u32,
    pub(super) size: usize,
    /// When the mail server took it.
    pub(super) arrived_at: Option<Timestamp>,
}

/// Why the server's waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// Something has changed in the folder.
    Told,
    /// Nothing was heard until the time was over.
    TimeIsOver,
}

/// Asked for in one command.
const LISTED_AT_ONCE: usize = 200;
/// A large mail over a slow line.
const TO_FETCH: Duration = Duration::from_secs(600);
/// The largest mail that is fetched whole: no door of ours can be set to take a larger one. Of what
/// is beyond, the beginning is kept, and the mail stays where it is.
pub(super) const LARGEST: usize = 104_857_600;

impl Folder {
    /// Signs in and opens the folder; makes the one that taken mail goes to.
    ///
    /// # Errors
    /// [`Trouble`] says at which step it ended.
    pub(super) async fn open(account: &Account) -> Result<Self, Trouble> {
        let mut session = open(account).await?;
        let able = within(session.capabilities())
            .await?
            .map_err(|why| lost(&why, "the mail server does not say what it can do"))?;
        let mut folder = Self {
            can_idle: account.idle && able.has_str("IDLE"),
            can_move: able.has_str("MOVE"),
            can_expunge_one: able.has_str("UIDPLUS"),
            session: None,
            uid_validity: 0,
            afterwards: account.afterwards.clone(),
        };
        if let Afterwards::Move(wanted) = &account.afterwards {
            folder.afterwards = Afterwards::Move(make_folder(&mut session, wanted).await?);
        }
        let opened = within(session.select(&account.folder))
            .await?
            .map_err(|why| lost(&why, "the mail server does not open the folder"))?;
        folder.uid_validity = opened.uid_validity.ok_or_else(|| {
            Trouble::refused("the mail server gives its mails no lasting numbers (UIDVALIDITY)")
        })?;
        folder.session = Some(session);
        Ok(folder)
    }

    /// Whether the server tells us of new mail.
    pub(super) fn can_idle(&self) -> bool {
        self.can_idle
    }

    /// The mails to look at, in the order they came: all that are there, or all above a number where
    /// taken mail stays.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn list(&mut self, above: u32) -> Result<Vec<u32>, Trouble> {
        let asked = match self.afterwards {
            Afterwards::Keep => format!("UID {}:* NOT DELETED", above.saturating_add(1)),
            Afterwards::Move(_) | Afterwards::Delete => "NOT DELETED".to_owned(),
        };
        let stays = self.afterwards == Afterwards::Keep;
        let session = self.session()?;
        let found = within(session.uid_search(asked))
            .await?
            .map_err(|why| lost(&why, "the mail server does not list the mails"))?;
        // The last mail answers to "n:*" whatever its number is.
        let mut uids: Vec<u32> = found
            .into_iter()
            .filter(|uid| !stays || *uid > above)
            .collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// Size and arrival of mails. One that has gone meanwhile is left out.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn describe(&mut self, uids: &[u32]) -> Result<Vec<Listed>, Trouble> {
        let mut listed = Vec::with_capacity(uids.len());
        for some in uids.chunks(LISTED_AT_ONCE) {
            let set: Vec<String> = some.iter().map(u32::to_string).collect();
            let fetched = self
                .fetch(&set.join(","), "(UID RFC822.SIZE INTERNALDATE)", PATIENCE)
                .await?;
            listed.extend(fetched.iter().filter_map(|mail| {
                let uid = mail.uid.filter(|uid| some.contains(uid))?;
                Some(Listed {
                    uid,
                    size: mail.size.and_then(|size| size.try_into().ok()).unwrap_or(0),
                    arrived_at: mail
                        .internal_date()
                        .and_then(|date| Timestamp::from_second(date.timestamp()).ok()),
                })
            }));
        }
        listed.sort_unstable_by_key(|mail| mail.uid);
        listed.dedup_by_key(|mail| mail.uid);
        Ok(listed)
    }

    /// The bytes of a mail; nothing when it has gone.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn bytes(&mut self, mail: &Listed) -> Result<Option<Vec<u8>>, Trouble> {
        let part = if mail.size > LARGEST {
            format!("<0.{LARGEST}>")
        } else {
            String::new()
        };
        let asked = format!("(UID BODY.PEEK[]{part})");
        let fetched = self.fetch(&mail.uid.to_string(), &asked, TO_FETCH).await?;
        Ok(fetched
            .iter()
            .filter(|fetched| fetched.uid == Some(mail.uid))
            .find_map(|fetched| fetched.body().map(<[u8]>::to_vec)))
    }

    /// Does with a taken mail what is to be done with it. Doing it twice is doing it once.
    ///
    /// # Errors
    /// When the server refuses, or the connection is lost.
    pub(super) async fn put_away(&mut self, mail: &Listed) -> Result<(), Trouble> {
        let uid = mail.uid.to_string();
        match self.afterwards.clone() {
            Afterwards::Keep => match self.flag(&uid, "\\Seen").await {
                // Ours is the number we have come to; the mark is for whoever looks into the folder.
                Err(trouble) if trouble.is_refusal => Ok(()),
                other => other,
            },
            Afterwards::Move(folder) => self.move_to(&uid, &folder).await,
            // Nobody has all of it but the mail server.
            Afterwards::Delete if mail.size > LARGEST => self.flag(&uid, "\\Flagged").await,
            Afterwards::Delete => self.delete(&uid).await,
        }
    }

    /// Waits until the server tells of a change, or the time is over.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn wait(&mut self, time: Duration) -> Result<Woken, Trouble> {
        if has_news(self.session()?) {
            return Ok(Woken::Told);
        }
        let session = self.session.take().ok_or_else(gone)?;
        let mut idle = session.idle();
        within(idle.init())
            .await?
            .map_err(|why| lost(&why, "the mail server does not let us wait"))?;
        let waited = {
            let (waiting, _interrupt) = idle.wait_with_timeout(time);
            // The server's own "still here" begins its time anew; ours is over when it is over.
            tokio::time::timeout(time, waiting).await
        };
        let session = within(idle.done())
            .await?
            .map_err(|why| lost(&why, "the connection was lost while waiting"))?;
        let has_news = has_news(&session);
        self.session = Some(session);
        if has_news {
            return Ok(Woken::Told);
        }
        match waited {
            Ok(Ok(IdleResponse::NewData(_))) => Ok(Woken::Told),
            Ok(Ok(IdleResponse::ManualInterrupt)) => {
                Err(Trouble::new("the connection was lost while waiting"))
            }
            Ok(Ok(IdleResponse::Timeout)) | Err(_) => Ok(Woken::TimeIsOver),
            Ok(Err(why)) => Err(lost(&why, "the connection was lost while waiting")),
        }
    }

    /// Says good-bye. What was done stands without it.
    pub(super) async fn close(mut self) {
        if let Some(mut session) = self.session.take()
            && !matches!(
                tokio::time::timeout(Duration::from_secs(2), session.logout()).await,
                Ok(Ok(()))
            )
        {
            tracing::debug!("A mail server did not say good-bye");
        }
    }

    fn session(&mut self) -> Result<&mut Signed, Trouble> {
        self.session.as_mut().ok_or_else(gone)
    }

    async fn fetch(
        &mut self,
        set: &str,
        asked: &str,
        time: Duration,
    ) -> Result<Vec<Fetch>, Trouble> {
        let session = self.session()?;
        let fetching = async {
            let answers = session.uid_fetch(set, asked).await?;
            answers.try_collect::<Vec<Fetch>>().await
        };
        within_time(time, fetching)
            .await?
            .map_err(|why| lost(&why, "the mail server does not hand over a mail"))
    }

    async fn flag(&mut self, uid: &str, flag: &str) -> Result<(), Trouble> {
        let session = self.session()?;
        let marking = async {
            let answers = session
                .uid_store(uid, format!("+FLAGS.SILENT ({flag})"))
                .await?;
            answers.try_collect::<Vec<Fetch>>().await
        };
        within(marking)
            .await?
            .map(|_| ())
            .map_err(|why| lost(&why, "the mail server does not let us mark taken mail"))
    }

    async fn move_to(&mut self, uid: &str, folder: &str) -> Result<(), Trouble> {
        const REFUSED: &str = "the mail server does not let us move taken mail";
        self.flag(uid, "\\Seen").await?;
        let is_moving = self.can_move;
        let session = self.session()?;
        if is_moving {
            return within(session.uid_mv(uid, folder))
                .await?
                .map_err(|why| lost(&why, REFUSED));
        }
        within(session.uid_copy(uid, folder))
            .await?
            .map_err(|why| lost(&why, REFUSED))?;
        self.delete(uid).await
    }

    /// Where a single mail cannot be taken out for good, it stays marked as deleted: others in the
    /// folder may be marked so too, and are not ours to take out.
    async fn delete(&mut self, uid: &str) -> Result<(), Trouble> {
        self.flag(uid, "\\Deleted").await?;
        if !self.can_expunge_one {
            return Ok(());
        }
        let session = self.session()?;
        let expunging = async {
            let answers = session.uid_expunge(uid).await?;
            answers.try_collect::<Vec<u32>>().await
        };
        within(expunging)
            .await?
            .map(|_| ())
            .map_err(|why| lost(&why, "the mail server does not let us delete taken mail"))
    }
}

/// Whether the server mentioned new mail beside its answers.
fn has_news(session: &Signed) -> bool {
    let mut has_news = false;
    while let Ok(said) = session.unsolicited_responses.try_recv() {
        has_news |= matches!(said, UnsolicitedResponse::Exists(_));
    }
    has_news
}

/// The folder for taken mail, made where it is not there; says what it is called on this server.
async fn make_folder(session: &mut Signed, wanted: &str) -> Result<String, Trouble> {
    const REFUSED: &str = "the mail server does not say what its folders are";
    let root = names(session, "")
        .await
        .map_err(|why| lost(&why, REFUSED))?;
    let delimiter = root.into_iter().find_map(|(_, delimiter)| delimiter);
    let plain = match delimiter {
        Some(delimiter) => wanted.replace('/', &delimiter),
        None => wanted.replace('/', "-"),
    };
    // Some servers keep all folders below the inbox.
    let below = delimiter_of(&plain, wanted).map(|delimiter| format!("INBOX{delimiter}{plain}"));
    for name in std::iter::once(&plain).chain(&below) {
        let there = names(session, name)
            .await
            .map_err(|why| lost(&why, REFUSED))?;
        if there.iter().any(|(found, _)| found == name) {
            return Ok(name.clone());
        }
    }
    for name in std::iter::once(&plain).chain(&below) {
        match within(session.create(name)).await? {
            Ok(()) => return Ok(name.clone()),
            Err(why) if is_no(&why) => {}
            Err(why) => return Err(lost(&why, "")),
        }
    }
    Err(Trouble::refused(
        "the mail server does not let us make the folder for taken mail",
    ))
}

/// What stands between the levels of `wanted` on a server that calls it `plain`.
fn delimiter_of(plain: &str, wanted: &str) -> Option<char> {
    let place = wanted.find('/')?;
    plain.get(place..)?.chars().next()
}

/// The folders a name stands for, each with what stands between its levels.
async fn names(session: &mut Signed, name: &str) -> Result<Vec<(String, Option<String>)>, Error> {
    // The library sends the name as it is, and asks for the root where none is given.
    let quoted = (!name.is_empty()).then(|| format!("\"{name}\""));
    let asking = async {
        let names = session.list(Some(""), quoted.as_deref()).await?;
        names
            .map_ok(|name| (name.name().to_owned(), name.delimiter().map(str::to_owned)))
            .try_collect()
            .await
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .unwrap_or(Err(Error::ConnectionLost))
}

fn gone() -> Trouble {
    Trouble::new("the connection was lost")
}

/// What a failure means: the words when the server said no, else that it has gone.
fn lost(error: &Error, no: &str) -> Trouble {
    if is_no(error) {
        Trouble::refused(no)
    } else {
        gone()
    }
}
