//! `/secrets_store/stores` and the secrets in them, which Workers bind by the store's id and the secret's name.

use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply};
use super::resources::PageOf;
use super::route::{Route, of_account};
use super::{Control, moment};
use crate::bindings::{SecretsStore, StoredSecret, StoredSecrets};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/secrets_store/stores", stores),
        of_account(Method::POST, "/secrets_store/stores", create_store),
        of_account(Method::DELETE, "/secrets_store/stores/{store}", delete_store),
        of_account(Method::GET, "/secrets_store/stores/{store}/secrets", list),
        of_account(Method::POST, "/secrets_store/stores/{store}/secrets", create),
        of_account(Method::GET, "/secrets_store/stores/{store}/secrets/{secret}", get),
        of_account(Method::PATCH, "/secrets_store/stores/{store}/secrets/{secret}", change),
        of_account(Method::DELETE, "/secrets_store/stores/{store}/secrets/{secret}", delete),
        of_account(Method::POST, "/secrets_store/stores/{store}/secrets/{secret}/duplicate", duplicate),
    ]
}

/// What clients say of a secret.
#[derive(Deserialize)]
struct Said {
    name: Option<String>,
    value: Option<String>,
    comment: Option<String>,
    scopes: Option<Vec<String>>,
}

/// Bytes of a value.
const MAX_VALUE: usize = 65_536;

fn shown(one: &StoredSecret) -> Value {
    json!({
        "id": one.id, "store_id": one.store, "name": one.name, "comment": one.comment, "scopes": one.scopes,
        "status": "active", "created": moment::text(one.created), "modified": moment::text(one.modified),
    })
}

fn shown_store(one: &SecretsStore) -> Value {
    let created = moment::text(one.created);
    json!({ "id": one.id, "name": one.name, "created": created, "modified": created })
}

fn new_id() -> String {
    Uuid::new_v4().simple().to_string()
}

/// One thing, or a list of them; the client that sent a list is answered with one.
async fn some<T: DeserializeOwned>(ask: &mut Ask) -> Result<(Vec<T>, bool), ApiError> {
    let (list, is_list) = match ask.json().await? {
        Value::Array(list) => (list, true),
        one => (vec![one], false),
    };
    let wrong = |error: serde_json::Error| ApiError::bad(format!("Could not parse the JSON body: {error}"));
    Ok((list.into_iter().map(serde_json::from_value).collect::<Result<_, _>>().map_err(wrong)?, is_list))
}

fn told(mut list: Vec<Value>, is_list: bool) -> Reply {
    if is_list { Reply::of(Value::Array(list)) } else { Reply::of(list.pop().unwrap_or_default()) }
}

impl Control {
    fn secrets(&self) -> StoredSecrets {
        StoredSecrets::of(self.store())
    }

    async fn store_secret(&self, ask: &Ask) -> Result<StoredSecret, ApiError> {
        let all = self.secrets().list(ask.param("store")).await?;
        let found = all.into_iter().find(|one| one.id == ask.param("secret"));
        found.ok_or_else(|| ApiError::new(404, 1001, "secret_not_found"))
    }

    /// Keeps a new one as a client has described it.
    async fn add_secret(&self, store: &str, said: Said, value: String) -> Result<Value, ApiError> {
        let now = self.now();
        let name = said.name.filter(|name| !name.is_empty()).ok_or_else(|| ApiError::bad("A secret needs a name."))?;
        if value.is_empty() || value.len() > MAX_VALUE {
            return Err(ApiError::bad(format!("A secret's value has 1 to {MAX_VALUE} bytes.")));
        }
        let one = StoredSecret {
            id: new_id(),
            store: store.to_owned(),
            name,
            comment: said.comment.unwrap_or_default(),
            scopes: said.scopes.unwrap_or_default(),
            created: now,
            modified: now,
        };
        if !self.secrets().add(one.clone(), value).await? {
            return Err(ApiError::new(409, 1003, "secret_name_already_exists"));
        }
        Ok(shown(&one))
    }
}

async fn stores(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(PageOf::of(&ask, 100).reply(control.secrets().stores().await?.iter().map(shown_store).collect()))
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

async fn create_store(control: Arc<Control>, mut ask: Ask) -> Answer {
    let (named, is_list) = some::<Named>(&mut ask).await?;
    let mut made = Vec::new();
    for Named { name } in named {
        let one = SecretsStore { id: new_id(), name, created: control.now() };
        if !control.secrets().add_store(one.clone()).await? {
            return Err(ApiError::new(409, 1002, "store_name_already_exists"));
        }
        made.push(shown_store(&one));
    }
    Ok(told(made, is_list))
}

async fn delete_store(control: Arc<Control>, ask: Ask) -> Answer {
    let id = ask.param("store");
    if !control.secrets().stores().await?.iter().any(|one| one.id == id) {
        return Err(ApiError::new(404, 1001, "store_not_found"));
    }
    control.secrets().remove_store(id).await?;
    Ok(Reply::nothing())
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let mut all = control.secrets().list(ask.param("store")).await?;
    if let Some(part) = ask.query("search") {
        all.retain(|one| one.name.contains(part));
    }
    Ok(PageOf::of(&ask, 20).reply(all.iter().map(shown).collect()))
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let (all, is_list) = some::<Said>(&mut ask).await?;
    let mut made = Vec::new();
    for mut said in all {
        let value = said.value.take().unwrap_or_default();
        made.push(control.add_secret(ask.param("store"), said, value).await?);
    }
    Ok(told(made, is_list))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(shown(&control.store_secret(&ask).await?)))
}

async fn change(control: Arc<Control>, mut ask: Ask) -> Answer {
    let said: Said = ask.json().await?;
    let mut one = control.store_secret(&ask).await?;
    one.comment = said.comment.unwrap_or(one.comment);
    one.scopes = said.scopes.unwrap_or(one.scopes);
    one.modified = control.now();
    control.secrets().change(one.clone(), said.value).await?;
    Ok(Reply::of(shown(&one)))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let one = control.store_secret(&ask).await?;
    control.secrets().remove(&one.id).await?;
    Ok(Reply::of(shown(&one)))
}

async fn duplicate(control: Arc<Control>, mut ask: Ask) -> Answer {
    let said: Said = ask.json().await?;
    let one = control.store_secret(&ask).await?;
    let value = control.secrets().value(&one.store, &one.name).await?.unwrap_or_default();
    Ok(Reply::of(control.add_secret(&one.store, said, value).await?))
}
