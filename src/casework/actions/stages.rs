//! Who has dealt with the earlier stages of a complaint, and so may not deal with this one.

use crate::casework::failure::Failure;
use crate::domain::case::Case;
use crate::domain::clock::Terms;
use crate::domain::ids::UserId;
use crate::domain::lifecycle::{Command, DEALING, Dealt};
use crate::store::{Conn, events};

/// Who may not deal with the stage the case is at; when a stage is to be opened, with that one.
pub(super) fn dealt_before(
    conn: &mut Conn,
    case: &Case,
    terms: &Terms,
    command: &Command,
) -> Result<Vec<UserId>, Failure> {
    let opens_one = matches!(command, Command::OpenStage { .. });
    if !terms.standard.stage_2_other_officer || (case.stage < 2 && !opens_one) {
        return Ok(Vec::new());
    }
    let dealt = Dealt::read(&events::lines_of_kinds(conn, case.id, DEALING)?);
    Ok(if opens_one {
        dealt.at_all()
    } else {
        dealt.before
    })
}

/// Whether somebody dealt with an earlier stage than the one the case is at.
pub(super) fn has_dealt_before(
    conn: &mut Conn,
    case: &Case,
    terms: &Terms,
    user: UserId,
) -> Result<bool, Failure> {
    let command = Command::Assign { owner: Some(user) };
    Ok(dealt_before(conn, case, terms, &command)?.contains(&user))
}
