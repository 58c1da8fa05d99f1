//! The catalogue: reading it, trying out a new one, putting it in force.

use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde_json::json;

use super::access::{Access, EVERYBODY};
use super::answer::Answer;
use super::call::Call;
use super::dto::catalogue::{
    CatalogueApplied, CatalogueChange, CataloguePreview, CatalogueTree, CatalogueVersion,
    CatalogueVersionTree,
};
use super::etag::IfMatch;
use super::operation::{Body, Limit, Operation, get, put};
use super::paging::Page;
use super::problem::Problem;
use crate::casework::{Failure, Moment, catalogue};
use crate::config::embedded;
use crate::domain::access::{Role, Scope};
use crate::domain::triage::Example;

/// How a new catalogue is sent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct ApplyQuery {
    /// Only says what would change.
    #[serde(default)]
    dry_run: bool,
}

/// Northmere's tree is most of a megabyte; a county's may be several.
const LARGEST: Limit = Limit::Bytes(8 * 1024 * 1024);

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
             `If-Match` is not needed.",
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
    if query.dry_run {
        if let Some(if_match) = call.if_match()? {
            if_match.admits(version_in_force(&call)?)?;
        }
        let changes = call.read(move |_, at| preview(at, &tree)).await?;
        return Ok(Answer::ok(&CatalogueOutcome::Preview(CataloguePreview {
            changes,
        })));
    }
    let if_match = only_version(&call, call.require_if_match()?)?;
    let actor = call.actor.clone();
    let (version, changes) = call
        .perform(move |tx, at| {
            let changes = preview(at, &tree)?;
            let version = catalogue::apply(tx, at, &actor, &tree.0, if_match)?;
            Ok((version, changes))
        })
        .await?;
    // Other replicas take it over when they next look; whoever asks this one sees it at once.
    let examples = Example::read_lines(embedded::triage_examples())
        .map_err(|faults| Problem::fault(anyhow::anyhow!("examples: {}", faults.join("; "))))?;
    catalogue::refresh(&call.front.desk, &examples)
        .await
        .map_err(Problem::fault)?;
    let number = version.version;
    let applied = CatalogueApplied {
        version: CatalogueVersion::from(version),
        changes,
    };
    Ok(Answer::ok(&CatalogueOutcome::Applied(applied)).with_etag(number))
}

async fn list_versions(call: Call) -> Result<Answer, Problem> {
    let versions = call.read(|conn, _| catalogue::versions(conn)).await?;
    let items = versions.into_iter().map(CatalogueVersion::from).collect();
    Ok(call.page::<CatalogueVersion, ()>(items, None, None))
}

async fn show_version(call: Call) -> Result<Answer, Problem> {
    let number: i64 = call.id("version")?;
    let tree = call
        .read(move |conn, _| catalogue::version(conn, number))
        .await?;
    Ok(Answer::ok(&CatalogueVersionTree {
        version: number,
        catalogue: CatalogueTree(tree),
    }))
}

fn preview(at: &Moment, tree: &CatalogueTree) -> Result<Vec<CatalogueChange>, Failure> {
    Ok(catalogue::preview(at, &tree.0)?
        .into_iter()
        .map(CatalogueChange::from)
        .collect())
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
