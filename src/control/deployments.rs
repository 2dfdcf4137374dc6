//! `.../deployments`: which version is served, and which was when.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::catalog::{Deployment, Indexed, Portion, Script};
use super::envelope::{Answer, ApiError, Reply};
use super::publish::{refused_start, source_of};
use super::route::{Route, of_script};
use super::{Control, migrations, moment, user};

pub(super) fn routes() -> Vec<Route> {
    let mut routes: Vec<_> = of_script(&Method::GET, "/deployments", list).into();
    routes.extend(of_script(&Method::POST, "/deployments", create));
    routes.extend(of_script(&Method::GET, "/deployments/{deployment}", get));
    routes
}

fn shown(deployment: &Deployment) -> Value {
    json!({
        "id": deployment.id,
        "source": deployment.source,
        "strategy": "percentage",
        "author_email": user::EMAIL,
        "created_on": moment::text(deployment.created),
        "annotations": deployment.annotations,
        "versions": deployment.versions,
    })
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let script = control.script(&ask.script()?).await?;
    let deployments = control.catalog.deployments(script.row).await?;
    Ok(Reply::of(json!({ "deployments": deployments.iter().map(shown).collect::<Vec<_>>() })))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let script = control.script(&ask.script()?).await?;
    let wanted = ask.param("deployment");
    let found = control.catalog.deployments(script.row).await?.into_iter().find(|one| one.id == wanted);
    let missing = || ApiError::new(404, 10_007, format!("The deployment {wanted:?} does not exist."));
    found.map(|found| Reply::of(shown(&found))).ok_or_else(missing)
}

#[derive(serde::Deserialize)]
struct Wanted {
    #[serde(default)]
    versions: Vec<Share>,
    #[serde(default)]
    annotations: Value,
}

#[derive(serde::Deserialize)]
struct Share {
    version_id: String,
    percentage: f64,
}

/// The version with the greatest share, once the shares are sound.
fn greatest(versions: &[Share]) -> Result<&Share, ApiError> {
    let total: f64 = versions.iter().map(|share| share.percentage).sum();
    let sound = (1..=2).contains(&versions.len()) && versions.iter().all(|share| share.percentage >= 0.0);
    if !sound || (total - 100.0).abs() > 0.01 {
        return Err(ApiError::bad("A deployment has one or two versions, whose percentages add up to 100."));
    }
    if let [one, other] = versions
        && one.version_id == other.version_id
    {
        return Err(ApiError::bad(format!("The version {:?} is named twice in the deployment.", one.version_id)));
    }
    let greatest = versions.iter().max_by(|a, b| a.percentage.total_cmp(&b.percentage));
    greatest.ok_or_else(|| ApiError::bad("A deployment has at least one version."))
}

impl Control {
    /// What is to be served of a script, which is the chosen version and those beside it.
    async fn indexed(&self, script: &Script, shares: &[Share], chosen: &str) -> Result<Indexed, ApiError> {
        let mut portions = Vec::with_capacity(shares.len());
        for share in shares {
            let version = self.version_of_script(script, &share.version_id).await?;
            let of = Indexed::of(script.id.clone(), &version.id, &version.metadata);
            portions.push((version.number, Portion { percentage: share.percentage, of }));
        }
        portions.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        let mut portions: Vec<_> = portions.into_iter().map(|(_, portion)| portion).collect();
        let found = portions.iter().find(|portion| portion.of.version == chosen).map(|portion| portion.of.clone());
        let indexed = found.ok_or_else(|| ApiError::bad("A deployment has at least one version."))?;
        if portions.len() == 1 {
            portions.clear();
        }
        Ok(Indexed { migrations: migrations::of(script), portions, ..indexed })
    }
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    let wanted: Wanted = ask.json().await?;
    let chosen = greatest(&wanted.versions)?.version_id.clone();
    let source = source_of(&ask);
    let script = control.script(&id).await?;
    let versions = wanted.versions.iter();
    let versions: Vec<_> =
        versions.map(|share| json!({ "version_id": share.version_id, "percentage": share.percentage })).collect();
    let mut annotations = if wanted.annotations.is_object() { wanted.annotations } else { json!({}) };
    annotations["workers/triggered_by"] = json!("deployment");
    let deployment = Deployment {
        id: Uuid::new_v4().to_string(),
        created: control.now(),
        source: source.clone(),
        versions: Value::Array(versions),
        annotations,
    };
    let _alone = control.locks.hold(&id).await;
    let indexed = control.indexed(&script, &wanted.versions, &chosen).await?;
    let attempt = control.settings.runtime.attempt(control.spec(&indexed)).await;
    let attempt = attempt.map_err(|failure| refused_start(&failure))?;
    control.catalog.deploy(&id, indexed.clone(), deployment.clone()).await?;
    let from = [("last_deployed_from".to_owned(), json!(source))];
    control.catalog.set(&id, from.into_iter().collect(), control.now()).await?;
    let note = control.serve(indexed, Some(attempt));
    Ok(Reply::of(shown(&deployment)).noting(note))
}
