//! `reeve catalogue apply`: what a folder would change, and putting it in force.

use std::io::{self, Write};
use std::sync::Arc;

use crate::app::{self, Ground};
use crate::casework::catalogue::{self as stored, OpenCases};
use crate::casework::moves::{self, WhatMoves};
use crate::config::Settings;
use crate::domain::access::Actor;
use crate::domain::catalogue::{Catalogue, Change};

/// How a folder is to be applied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub is_dry_run: bool,
    pub moves_open_cases: bool,
}

/// So many lines of a list are printed.
const PRINTED: usize = 200;

/// Stores the catalogue as a new version, unless it says what the one in force says and no case is
/// to move; or only says what that would come to.
pub(super) async fn apply(
    settings: Settings,
    catalogue: Catalogue,
    wanted: Wanted,
) -> anyhow::Result<()> {
    let ground = Ground::visit(settings).await?;
    let in_force = app::stored_catalogue(&ground.db).await?;
    let is_first = in_force.is_none();
    let tree = catalogue.to_json();
    let desk = ground.desk(in_force.unwrap_or(catalogue))?;
    let looks = wanted.is_dry_run || wanted.moves_open_cases;
    let (proposal, moves) = desk
        .read(move |conn, at| {
            let proposal = stored::propose(at, &tree)?;
            let moves = if looks {
                moves::preview(conn, at, &Actor::System, &proposal.council, PRINTED)?
            } else {
                WhatMoves::default()
            };
            Ok((proposal, moves))
        })
        .await?;
    let mut out = io::stdout().lock();
    let n_changes = counted(proposal.changes.len(), "change");
    if wanted.is_dry_run {
        if is_first {
            writeln!(
                out,
                "This would be the first catalogue. Nothing was stored."
            )?;
            return Ok(());
        }
        writeln!(out, "{n_changes}. Nothing was stored.")?;
        write_changes(&mut out, &proposal.changes)?;
        return Ok(write_moves(&mut out, &moves)?);
    }
    let moves_some = moves.n_cases + moves.n_unchanged > 0;
    if !is_first && proposal.changes.is_empty() && !moves_some {
        writeln!(
            out,
            "This is the catalogue in force already; nothing to do."
        )?;
        return Ok(());
    }
    let open_cases = if wanted.moves_open_cases {
        OpenCases::Move
    } else {
        OpenCases::Stay
    };
    let proposal = Arc::new(proposal);
    let version = desk
        .perform(move |tx, at| stored::apply(tx, at, &Actor::System, &proposal, None, open_cases))
        .await?;
    let what = if is_first {
        "the first one".to_owned()
    } else {
        n_changes
    };
    writeln!(
        out,
        "Stored as version {} ({what}). Running servers put it in force within seconds.",
        version.version
    )?;
    if wanted.moves_open_cases {
        writeln!(out, "Their worker moves the open cases:")?;
        write_moves(&mut out, &moves)?;
    }
    Ok(())
}

fn write_changes(out: &mut impl Write, changes: &[Change]) -> io::Result<()> {
    for change in changes.iter().take(PRINTED) {
        let what = match (&change.before, &change.after) {
            (None, _) => "new",
            (_, None) => "gone",
            _ => "changed",
        };
        writeln!(out, "  {} ({what})", change.path)?;
    }
    write_rest(out, changes.len().saturating_sub(PRINTED))
}

/// What moves, as a sentence and a line for each date.
fn write_moves(out: &mut impl Write, moves: &WhatMoves) -> io::Result<()> {
    writeln!(
        out,
        "Open cases whose dates move: {} ({} later, {} earlier). Same dates under new terms: {}. Staying as they \
         are: {}.",
        moves.n_cases, moves.n_later, moves.n_earlier, moves.n_unchanged, moves.n_stay
    )?;
    for one in &moves.dates {
        let day = |on: Option<jiff::civil::Date>| {
            on.map_or_else(|| "no date".to_owned(), |on| on.to_string())
        };
        let why = one
            .moved
            .why()
            .map_or_else(String::new, |why| format!(" ({why})"));
        writeln!(
            out,
            "  {} {}: {} → {}{why}",
            one.reference,
            one.moved.clock,
            day(one.moved.from_on),
            day(one.moved.to_on)
        )?;
    }
    let n_dates = usize::try_from(moves.n_dates).unwrap_or(usize::MAX);
    write_rest(out, n_dates.saturating_sub(moves.dates.len()))
}

fn write_rest(out: &mut impl Write, n_more: usize) -> io::Result<()> {
    if n_more > 0 {
        writeln!(out, "  and {n_more} more, not named here")?;
    }
    Ok(())
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_change_is_not_several() {
        assert_eq!(counted(1, "change"), "1 change");
        assert_eq!(counted(0, "change"), "0 changes");
    }
}
