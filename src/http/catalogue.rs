//! The catalogue: reading it, trying out a new one, putting it in force.

use std::sync::Arc;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde_json::json;

use super::access::{Access, EVERYBODY};
use super::answer::Answer;
use super::call::Call;
use super::dto::catalogue::{
    CasesMoving, CatalogueApplied, CatalogueChange, CataloguePreview, CatalogueTree,
    CatalogueVersion, CatalogueVersionTree, WhatMoves,
};
use super::etag::IfMatch;
use super::operation::{Body, Limit, Operation, get, put};
use super::paging::Page;
use super::problem::Problem;
use crate::casework::catalogue::{self, OpenCases, Proposal};
use crate::casework::moves;
use crate::domain::access::{Role, Scope};

/// How a new catalogue is sent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct ApplyQuery {
    /// Only says what would change.
    #[serde(default)]
    dry_run: bool,
    /// Brings open cases under the new terms too. Each case is written on, and a person whose date
    /// becomes a later one is told.
    #[serde(default)]
    move_open_cases: bool,
    /// How many of the dates that move are named; 100 unless said.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u16>,
}

/// Northmere's tree is most of a megabyte; a county's may be several.
const LARGEST: Limit = Limit::Bytes(8 * 1024 * 1024);

/// So many of the dates that move are named, where nobody says how many.
const NAMED: u16 = 100;

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let staff = || Access::staff(EVERYBODY).or_scope(Scope::CatalogueRead);
    let admin = || Access::staff(&[Role::Admin]);
    let version = || json!({"version": 4, "applied_at": "2026-11-20T16:58:00Z", "applied_by": "user:019a9f5e-7c00-7000-8000-000000000004"});
    let changes = || {
        json!([{
            "path": "/services/parking/categories/permit/response_working_days", "before": 5, "after": 3,
        }])
    };
    let mut applied = version();
    if let Some(members) = applied.as_object_mut() {
        members.insert("changes".to_owned(), changes());
    }
    let mut apply = put("/v1/catalogue", apply)
        .id("apply_catalogue")
        .summary("Put a new catalogue in force, or see what it would change")
        .description(
            "The whole document. Everything wrong with it is named at once, each with its pointer; nothing is \
             stored then. Open cases keep what they were promised. With `dry_run=true` nothing is stored and \
             `If-Match` is not needed; the answer says what would move among open cases. With \
             `move_open_cases=true` they come under the new terms, each within moments and each by itself: what was \
             met or missed stays, and a date never moves into the past.",
        )
        .tag("Catalogue")
        .access(admin())
        .query::<ApplyQuery>()
        .if_match_required()
        .has_etag()
        .answers::<CatalogueOutcome>(200, "The new version, in force; of a dry run, its changes only.")
        .example_request(json!({"council": {"name": "Northmere"}, "services": {}}))
        .example_response(applied);
    apply.bodies.push(Body {
        content_type: "application/json",
        limit: LARGEST,
        schema: Some(SchemaGenerator::subschema_for::<CatalogueTree>),
        is_streamed: false,
        most_words: 0,
    });
    vec![
        get("/v1/catalogue", show)
            .id("get_catalogue")
            .summary("The catalogue in force")
            .tag("Catalogue")
            .access(staff())
            .has_etag()
            .answers::<CatalogueTree>(200, "The same tree as the files.")
            .example_response(json!({"council": {"name": "Northmere"}, "services": {}})),
        apply,
        get("/v1/catalogue/versions", list_versions)
            .id("list_catalogue_versions")
            .summary("Every stored version, newest first")
            .description("The newest hundred.")
            .tag("Catalogue")
            .access(staff())
            .answers::<Page<CatalogueVersion>>(200, "The versions.")
            .example_response(json!({"items": [version()], "next_cursor": null})),
        get("/v1/catalogue/versions/{version}", show_version)
            .id("get_catalogue_version")
            .summary("One stored version")
            .tag("Catalogue")
            .access(staff())
            .path_note("version", "Its number.")
            .answers::<CatalogueVersionTree>(200, "The version with its tree.")
            .example_response(
                json!({"version": 4, "catalogue": {"council": {"name": "Northmere"}}}),
            ),
    ]
}

/// What sending a catalogue answers.
#[derive(Debug, serde::Serialize, JsonSchema)]
#[serde(untagged)]
enum CatalogueOutcome {
    Applied(CatalogueApplied),
    Preview(CataloguePreview),
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let council = call.front.desk.council();
    let tree = CatalogueTree(council.catalogue.to_json());
    Ok(Answer::ok(&tree).with_etag(council.catalogue.version))
}

async fn apply(call: Call) -> Result<Answer, Problem> {
    let query: ApplyQuery = call.query()?;
    let tree: CatalogueTree = call.json()?;
    let limit = query.limit.unwrap_or(NAMED);
    if query.dry_run {
        if let Some(if_match) = call.if_match()? {
            if_match.admits(version_in_force(&call)?)?;
        }
        let (proposal, moves) = propose(&call, tree, Some(limit)).await?;
        return Ok(Answer::ok(&CatalogueOutcome::Preview(CataloguePreview {
            changes: changes(&proposal),
            moves: WhatMoves::of(moves, limit),
        })));
    }
    let if_match = only_version(&call, call.require_if_match()?)?;
    let open_cases = if query.move_open_cases {
        OpenCases::Move
    } else {
        OpenCases::Stay
    };
    let (proposal, moves) = propose(&call, tree, query.move_open_cases.then_some(limit)).await?;
    let (proposal, actor) = (Arc::new(proposal), call.actor.clone());
    let proposed = Arc::clone(&proposal);
    let version = call
        .perform(move |tx, at| catalogue::apply(tx, at, &actor, &proposed, if_match, open_cases))
        .await?;
    // Other replicas take it over when they next look; whoever asks this one sees it at once.
    catalogue::refresh(&call.front.desk)
        .await
        .map_err(Problem::fault)?;
    let number = version.version;
    let applied = CatalogueApplied {
        version: CatalogueVersion::from(version),
        changes: changes(&proposal),
        moves: query.move_open_cases.then(|| WhatMoves::of(moves, limit)),
    };
    Ok(Answer::ok(&CatalogueOutcome::Applied(applied)).with_etag(number))
}

/// Reads and checks a new catalogue and, with a limit, what it would move.
async fn propose(
    call: &Call,
    tree: CatalogueTree,
    limit: Option<u16>,
) -> Result<(Proposal, moves::WhatMoves), Problem> {
    let actor = call.actor.clone();
    call.read(move |conn, at| {
        let proposal = catalogue::propose(at, &tree.0)?;
        let moves = match limit {
            Some(limit) => moves::preview(conn, at, &actor, &proposal.council, usize::from(limit))?,
            None => moves::WhatMoves::default(),
        };
        Ok((proposal, moves))
    })
    .await
}

fn changes(proposal: &Proposal) -> Vec<CatalogueChange> {
    let changes = proposal.changes.iter().cloned();
    changes.map(CatalogueChange::from).collect()
}

async fn list_versions(call: Call) -> Result<Answer, Problem> {
    let versions = call.read(|conn, _| catalogue::versions(conn)).await?;
    let items = versions.into_iter().map(CatalogueVersion::from).collect();
    Ok(call.page::<CatalogueVersion, ()>(items, None, None))
}

async fn show_version(call: Call) -> Result<Answer, Problem> {
    let number: i64 = call.id("version")?;
    let (tree, moving) = call
        .read(move |conn, _| {
            let tree = catalogue::version(conn, number)?;
            Ok((tree, catalogue::move_asked(conn, number)?))
        })
        .await?;
    Ok(Answer::ok(&CatalogueVersionTree {
        version: number,
        open_cases: moving.map(|asked| CasesMoving {
            asked_at: asked.at.into(),
            finished_at: asked.finished_at.map(Into::into),
        }),
        catalogue: CatalogueTree(tree),
    }))
}

fn version_in_force(call: &Call) -> Result<i64, Problem> {
    i64::try_from(call.front.desk.council().catalogue.version).map_err(Problem::fault)
}

/// The one version that may be replaced: the one that was read. What is newest is known only inside
/// the transaction, another replica may be ahead of this one.
fn only_version(call: &Call, if_match: IfMatch) -> Result<Option<i64>, Problem> {
    match if_match {
        IfMatch::Any => Ok(None),
        IfMatch::Versions(versions) => match versions.as_slice() {
            [one] => Ok(Some(*one)),
            several => {
                let own = version_in_force(call)?;
                IfMatch::Versions(several.to_vec()).admits(own)?;
                Ok(Some(own))
            }
        },
    }
}
