//! `/d1/database`: databases made, found, changed and deleted. Their SQL is `d1_queries`' affair, their files `d1_files`'.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::catalog::StoredResource;
use super::envelope::{Answer, ApiError, Reply};
use super::resources::PageOf;
use super::route::{Route, of_account};
use super::{Control, moment};
use crate::bindings::{Resource, ResourceKind, d1_file};
use crate::store::OwnDatabase;
use crate::store::sql::{self, SqlError};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/d1/database", list),
        of_account(Method::POST, "/d1/database", create),
        of_account(Method::GET, "/d1/database/{d1}", get),
        of_account(Method::PUT, "/d1/database/{d1}", change),
        of_account(Method::PATCH, "/d1/database/{d1}", change),
        of_account(Method::DELETE, "/d1/database/{d1}", delete),
    ]
}

fn shown(one: &StoredResource) -> Value {
    json!({
        "uuid": one.resource.id, "name": one.resource.name, "version": "production",
        "created_at": moment::text(one.created), "jurisdiction": null,
        "read_replication": { "mode": one.settings["read_replication"]["mode"].as_str().unwrap_or("disabled") },
    })
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let all = control.resources(ResourceKind::D1).await?;
    let wanted = ask.query("name").unwrap_or_default();
    let all = all.iter().filter(|one| one.resource.name.contains(wanted));
    Ok(PageOf::of(&ask, 1000).reply(all.map(shown).collect()))
}

#[derive(serde::Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Named { name } = ask.json().await?;
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        let what = "Invalid property: name => Database names are letters, digits, dashes and underscores.";
        return Err(ApiError::new(400, 7400, what));
    }
    let resource = Resource { kind: ResourceKind::D1, id: Uuid::new_v4().to_string(), name };
    if !control.make_resource(resource.clone(), Value::Null).await? {
        let what = format!("Database with name '{}' already exists", resource.name);
        return Err(ApiError::new(400, 7502, what));
    }
    Ok(Reply::of(shown(&StoredResource { resource, created: control.now(), settings: Value::Null })))
}

impl Control {
    /// The database that the route names by its id, or its name.
    pub(super) async fn d1(&self, ask: &Ask) -> Result<StoredResource, ApiError> {
        let wanted = ask.param("d1");
        let found = self.resource(ResourceKind::D1, wanted).await?;
        found.ok_or_else(|| ApiError::new(404, 7404, format!("The database {wanted} could not be found")))
    }

    pub(super) async fn d1_file(&self, ask: &Ask) -> Result<Arc<OwnDatabase>, ApiError> {
        Ok(d1_file(self.store(), &self.d1(ask).await?.resource.id))
    }

    /// Works with a database on a thread that may wait.
    pub(super) async fn with_d1<T: Send + 'static>(
        &self,
        file: Arc<OwnDatabase>,
        work: impl FnOnce(&OwnDatabase) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let worked = self.settings.tokio.spawn_blocking(move || work(&file)).await;
        let broken = |_| ApiError::new(500, super::envelope::code::INTERNAL, "The query broke off.");
        worked.map_err(broken)?.map_err(|error| ApiError::new(400, 7500, error.0))
    }
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let one = control.d1(&ask).await?;
    let count = |file: &OwnDatabase| {
        file.with(|open, guard| {
            guard.trusted(|| {
                let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
                Ok((sql::size(open)?, open.query_row(tables, [], |row| row.get::<_, i64>(0))?))
            })
        })
        .map_err(SqlError::from)
    };
    let (size, tables) = control.with_d1(d1_file(control.store(), &one.resource.id), count).await?;
    let mut shown = shown(&one);
    shown["file_size"] = json!(size);
    shown["num_tables"] = json!(tables);
    Ok(Reply::of(shown))
}

/// Replication is noted, and has no effect on one machine.
async fn change(control: Arc<Control>, mut ask: Ask) -> Answer {
    let mut one = control.d1(&ask).await?;
    let wanted: Value = ask.json().await?;
    if wanted["read_replication"].is_object() {
        one.settings = json!({ "read_replication": wanted["read_replication"] });
        control.catalog.change_resource(one.clone()).await?;
    }
    Ok(Reply::of(shown(&one)))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let id = control.d1(&ask).await?.resource.id;
    let remove = |file: &OwnDatabase| {
        file.remove();
        Ok(())
    };
    control.with_d1(d1_file(control.store(), &id), remove).await?;
    control.catalog.delete_resource(ResourceKind::D1, &id).await?;
    Ok(Reply::nothing())
}
