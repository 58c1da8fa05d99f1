//! What was decided about the complaints of the samples, and two reports that are kept: one to read of how
//! promises were kept, one of complaints.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::moment;
use crate::casework::actions::{self, Target};
use crate::casework::kept_reports::{self, Wanted};
use crate::casework::performance::Period;
use crate::casework::{Desk, Failure, Moment};
use crate::domain::access::Actor;
use crate::domain::case::{Case, Procedure, Status};
use crate::domain::decision::{Decided, DecidedBy, Decision, Improvement, Learning, Remedy};
use crate::domain::lifecycle::Command;
use crate::domain::report::{Every, ReportKind};
use crate::store::Tx;
use crate::store::cases::{self, Filter, Order};

const PORTFOLIO: &str = "portfolio-environment-and-waste";

/// Lets it happen, in the hour before the demo was loaded.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn deliver(
    tx: &mut Tx<'_>,
    desk: &Arc<Desk>,
    loaded_at: Timestamp,
) -> Result<(), Failure> {
    let decided_at = moment(desk, loaded_at - SignedDuration::from_mins(50));
    decide(tx, &decided_at)?;
    let at = moment(desk, loaded_at - SignedDuration::from_mins(40));
    let beyond = |why: jiff::Error| Failure::Fault(why.into());
    let (from_on, to_on) = Every::Month.period_before(at.today());
    let wanted = |kind, period, portfolio: Option<&str>, for_posts: &[&str]| Wanted {
        kind,
        period,
        portfolio: portfolio.map(str::to_owned),
        partner: None,
        for_posts: for_posts.iter().map(|post| (*post).to_owned()).collect(),
        schedule: None,
    };
    let month = Period { from_on, to_on };
    let scrutiny = wanted(ReportKind::Scrutiny, month, Some(PORTFOLIO), &[]);
    kept_reports::make(tx, &at, &Actor::System, &scrutiny)?;
    let yesterday = at.today().yesterday().map_err(beyond)?;
    let year = Period {
        from_on: yesterday.checked_sub(1.year()).map_err(beyond)?,
        to_on: yesterday,
    };
    let for_posts = ["portfolio-customer-and-transformation"];
    let complaints = wanted(ReportKind::Complaints, year, None, &for_posts);
    kept_reports::make(tx, &at, &Actor::System, &complaints)?;
    Ok(())
}

/// Every complaint that was answered, one way or the other.
fn decide(tx: &mut Tx<'_>, at: &Moment) -> Result<(), Failure> {
    let filter = Filter {
        procedure: Some(Procedure::Complaint.to_string()),
        ..Filter::default()
    };
    let sight = Actor::System.sight();
    let found = cases::list(tx, &sight, &filter, Order::Received, None, 100)?;
    let answered = found
        .into_iter()
        .map(|filed| filed.case)
        .filter(|case| matches!(case.status, Status::Responded | Status::Closed));
    for (number, case) in answered.enumerate() {
        let command = Command::RecordDecision(Box::new(decided(at, &case, number)));
        let target = Target::Id(case.id);
        actions::act(tx, at, &Actor::System, &target, &command, None)?;
    }
    Ok(())
}

fn decided(at: &Moment, case: &Case, number: usize) -> Decided {
    let decision = match number % 3 {
        0 => Decision::Upheld,
        1 => Decision::NotUpheld,
        _ => Decision::PartlyUpheld,
    };
    let is_upheld = decision != Decision::NotUpheld;
    let learning = Learning {
        improvement: Improvement::Procedure,
        what: "Crews log a street that could not be emptied before they leave it.".to_owned(),
        owner: "head-of-waste-and-street-scene".to_owned(),
        due_on: at.today().saturating_add(60.days()),
    };
    Decided {
        by: DecidedBy::Council,
        stage: case.stage,
        decision,
        service: is_upheld.then(|| "waste-collection".to_owned()),
        because: None,
        exemptions: Vec::new(),
        remedies: if is_upheld {
            vec![Remedy::Apology, Remedy::PutRight]
        } else {
            vec![Remedy::Explanation]
        },
        learning: is_upheld.then_some(learning).into_iter().collect(),
    }
}
