//! A round that was missed this morning: several people have rung about it, and all of them have heard
//! when the second crew comes.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Staff, history, moment};
use crate::casework::incidents::{self, NewUpdate, Said};
use crate::casework::intake::{self, Entry};
use crate::casework::{Desk, Failure};
use crate::domain::access::Actor;
use crate::domain::contact::{Channel, Location};
use crate::domain::enquiry::{Described, Enquiry, Who};
use crate::domain::ids::{CaseId, IncidentId};
use crate::domain::incident::{Area, Matter};
use crate::domain::person::{Address, PersonKind};
use crate::store::{Tx, users};

const LEADER: &str = "team.leader.waste-ops@council.example";

/// Who rang, and from where.
const RANG: [(&str, &str, &str); 4] = [
    ("Agnes Thistlewood", "agnes.thistlewood", "2 Larkfield Rise"),
    ("Bram Oduya", "bram.oduya", "9 Larkfield Rise"),
    ("Carys Pennant", "carys.pennant", "17 Larkfield Rise"),
    ("Dermot Ashgrove", "dermot.ashgrove", "30 Larkfield Rise"),
];

/// Lets it happen, in the hours before the demo was loaded.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn deliver(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    staff: &Staff,
    loaded_at: Timestamp,
) -> Result<(), Failure> {
    let before = |minutes: i64| moment(desk, loaded_at - SignedDuration::from_mins(minutes));
    let Some(account) = users::find_by_email(tx, LEADER)? else {
        return Err(anyhow::anyhow!("the demo's {LEADER} has no account").into());
    };
    let leader = Actor::User(account.user);
    let said = Said {
        title: Some("Bins not emptied on Larkfield Rise".to_owned()),
        title_cy: Some(Some("Biniau heb eu gwagio ar Larkfield Rise".to_owned())),
        words: Some(
            "Our lorry has broken down. A second crew will empty the bins. Please leave yours out."
                .to_owned(),
        ),
        words_cy: Some(Some(
            "Mae ein lori wedi torri. Bydd criw arall yn gwagio'r biniau. Gadewch eich bin allan."
                .to_owned(),
        )),
        matters: Some(vec![Matter {
            service: "waste-collection".to_owned(),
            category: Some("missed-bin".to_owned()),
        }]),
        area: Some(Area {
            streets: vec!["Larkfield Rise".to_owned()],
            ..Area::default()
        }),
        since: Some(loaded_at - SignedDuration::from_mins(300)),
        expected_end: Some(Some(loaded_at + SignedDuration::from_mins(300))),
    };
    let incident = incidents::open(tx, &before(240), &leader, &said)?;
    let mut cases = Vec::new();
    for (number, rang) in RANG.iter().enumerate() {
        let minutes = 230 - i64::try_from(number).unwrap_or(0) * 10;
        let agent = staff
            .agent(number)
            .map_or(Actor::System, |agent| Actor::User(agent.clone()));
        let at = before(minutes);
        let case = log(tx, &at, &agent, rang, incident.id)?;
        history::deliver(tx, &at, case)?;
        cases.push(case);
    }
    let news = NewUpdate {
        text: "The second crew is on Larkfield Rise now. You need not ring again.".to_owned(),
        text_cy: Some(
            "Mae'r ail griw ar Larkfield Rise nawr. Nid oes angen ffonio eto.".to_owned(),
        ),
    };
    incidents::announce(tx, &before(120), &leader, incident.id, &news)?;
    let told = before(115);
    incidents::tell_now(tx, &told, incident.id)?;
    for case in cases {
        history::deliver(tx, &told, case)?;
        history::pass(tx, desk, case, loaded_at)?;
    }
    Ok(())
}

fn log(
    tx: &mut Tx<'_>,
    at: &crate::casework::Moment,
    agent: &Actor,
    (name, local, line): &(&str, &str, &str),
    incident: IncidentId,
) -> Result<CaseId, Failure> {
    let mut enquiry = Enquiry::new(Channel::Phone, at.now);
    enquiry.subject = "Bin not emptied".to_owned();
    enquiry.body = "The black bin is out and nobody has come.".to_owned();
    enquiry.service = Some("waste-collection".to_owned());
    enquiry.category = Some("missed-bin".to_owned());
    enquiry.location = Some(Location {
        description: Some((*line).to_owned()),
        ..Location::default()
    });
    enquiry.who = Who::Described(Described {
        name: Some((*name).to_owned()),
        kind: Some(PersonKind::Resident),
        email: Some(format!("{local}@mail.example")),
        address: Some(Address {
            lines: vec![(*line).to_owned(), "Northmere".to_owned()],
            postcode: Some("ZZ1 4LR".to_owned()),
            uprn: None,
        }),
        ..Described::default()
    });
    let entry = Entry {
        source: "samples".to_owned(),
        incident: Some(incident),
        ..Entry::by(agent.clone())
    };
    let received = intake::receive(tx, at, &enquiry, &entry)?;
    received
        .contact
        .case
        .ok_or_else(|| anyhow::anyhow!("{name}'s call made no case").into())
}
