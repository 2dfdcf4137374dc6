//! What `kv_namespaces.js` holds of a namespace: an opaque handle whose methods answer promises.

use bytes::Bytes;
use rquickjs::class::{Class, Trace};
use rquickjs::{Array, Ctx, IntoJs, JsLifetime, Promise, Result, String as JsString, Value};

use super::entries::{KvEntries, KvEntry, KvError, KvPage, KvPut, KvQuery, check_value};
use crate::engine::text::usv;
use crate::engine::{Completer, HostError, begin_op, on_op_cancel, realm, require_current, throw_error};
use crate::web::body::{BodyHandle, Chunk, Coded};
use crate::web::fetch::body_of;
use crate::worker::{Body, BodyError};

/// See the module's text.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(super) struct KvHandle {
    #[qjs(skip_trace)]
    entries: KvEntries,
}

/// What a value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Bytes,
    Stream,
}

impl Form {
    /// By the number that `kv_namespaces.js` gives.
    fn of(number: u8) -> Self {
        match number {
            1 => Self::Bytes,
            2 => Self::Stream,
            _ => Self::Text,
        }
    }

    fn make<'js>(self, ctx: &Ctx<'js>, value: Vec<u8>) -> Result<Value<'js>> {
        match self {
            Self::Text => JsString::from_str(ctx.clone(), &String::from_utf8_lossy(&value))?.into_js(ctx),
            Self::Bytes => Chunk(value.into()).into_js(ctx),
            Self::Stream => {
                Class::instance(ctx.clone(), BodyHandle::new(ctx, Coded::plain(Body::bytes(value))))?.into_js(ctx)
            }
        }
    }
}

impl KvHandle {
    pub(super) fn instance<'js>(ctx: &Ctx<'js>, entries: KvEntries) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { entries })
    }
}

#[rquickjs::methods(rename_all = "camelCase")]
impl KvHandle {
    /// Null, or the value in its form; with metadata `[value, JSON | null]`.
    fn get<'js>(&self, ctx: Ctx<'js>, key: Value<'js>, form: u8, with_metadata: bool) -> Result<Promise<'js>> {
        let (promise, completer) = begin(&ctx)?;
        let form = Form::of(form);
        self.entries.get(usv(&ctx, &key)?, move |found| {
            settle(completer, "GET", found, move |ctx, entry| match entry {
                None => Ok(Value::new_null(ctx.clone())),
                Some(entry) if with_metadata => pair(ctx, form, entry),
                Some(entry) => form.make(ctx, entry.value),
            });
        });
        Ok(promise)
    }

    /// `[text, JSON | null]` or null for each key.
    fn get_many<'js>(&self, ctx: Ctx<'js>, keys: Vec<Value<'js>>) -> Result<Promise<'js>> {
        let (promise, completer) = begin(&ctx)?;
        let keys: Vec<String> = keys.iter().map(|key| usv(&ctx, key)).collect::<Result<_>>()?;
        self.entries.get_many(keys, move |found| {
            settle(completer, "GET_BULK", found, |ctx, entries| {
                let list = Array::new(ctx.clone())?;
                for (at, entry) in entries.into_iter().enumerate() {
                    let missing = || Ok(Value::new_null(ctx.clone()));
                    list.set(at, entry.map_or_else(missing, |entry| pair(ctx, Form::Text, entry))?)?;
                }
                list.into_js(ctx)
            });
        });
        Ok(promise)
    }

    /// The value is text, bytes or a body handle.
    fn put<'js>(&self, ctx: Ctx<'js>, key: Value<'js>, value: Value<'js>, options: Array<'js>) -> Result<Promise<'js>> {
        let key = usv(&ctx, &key)?;
        let options = KvPut { expiration: options.get(0)?, expiration_ttl: options.get(1)?, metadata: options.get(2)? };
        let body = body_of(&ctx, &value)?.unwrap_or_else(|| Body::bytes(Bytes::new()));
        let (promise, completer) = begin(&ctx)?;
        let stored = |completer| move |result| settle_done(completer, "PUT", result);
        if let Some(bytes) = body.as_bytes() {
            self.entries.put(key, bytes.clone(), options, stored(completer));
            return Ok(promise);
        }
        let (sender, given_up) = tokio::sync::oneshot::channel::<()>();
        on_op_cancel(&ctx, &completer, move || drop(sender));
        let entries = self.entries.clone();
        realm(&ctx).tokio.spawn(async move {
            let gathered = tokio::select! { gathered = gather(body) => gathered, _ = given_up => return };
            match gathered {
                Ok(Ok(value)) => entries.put(key, value, options, stored(completer)),
                Ok(Err(refused)) => stored(completer)(Err(refused)),
                Err(error) => completer.complete(move |ctx| Err(throw_error(ctx, &error.message))),
            }
        });
        Ok(promise)
    }

    fn delete<'js>(&self, ctx: Ctx<'js>, key: Value<'js>) -> Result<Promise<'js>> {
        let (promise, completer) = begin(&ctx)?;
        self.entries.delete(usv(&ctx, &key)?, move |result| settle_done(completer, "DELETE", result));
        Ok(promise)
    }

    /// The page as JSON.
    fn list<'js>(
        &self,
        ctx: Ctx<'js>,
        prefix: Value<'js>,
        limit: Option<i64>,
        cursor: Option<Value<'js>>,
    ) -> Result<Promise<'js>> {
        let cursor = cursor.map(|cursor| usv(&ctx, &cursor)).transpose()?;
        let query = KvQuery { prefix: usv(&ctx, &prefix)?, limit, cursor };
        let (promise, completer) = begin(&ctx)?;
        self.entries.list(query, move |page| {
            let json = page.map(|page| json_of(&page));
            settle(completer, "GET", json, |ctx, json| JsString::from_str(ctx.clone(), &json)?.into_js(ctx));
        });
        Ok(promise)
    }
}

/// An operation counts as a subrequest, and is refused in global scope.
fn begin<'js>(ctx: &Ctx<'js>) -> Result<(Promise<'js>, Completer)> {
    if !require_current(ctx)?.count_subrequest() {
        return Err(throw_error(ctx, "Too many API requests by single worker invocation."));
    }
    begin_op(ctx)
}

fn settle<T, F>(completer: Completer, method: &'static str, result: std::result::Result<T, KvError>, make: F)
where
    T: Send + 'static,
    F: for<'js> FnOnce(&Ctx<'js>, T) -> Result<Value<'js>> + Send + 'static,
{
    completer.complete(move |ctx| match result {
        Ok(value) => make(ctx, value),
        Err(KvError { status, message }) => {
            Err(HostError::Error(format!("KV {method} failed: {status} {message}")).throw(ctx))
        }
    });
}

/// Of an operation that answers nothing.
fn settle_done(completer: Completer, method: &'static str, result: std::result::Result<(), KvError>) {
    settle(completer, method, result, |ctx, ()| Ok(Value::new_undefined(ctx.clone())));
}

fn pair<'js>(ctx: &Ctx<'js>, form: Form, entry: KvEntry) -> Result<Value<'js>> {
    let pair = Array::new(ctx.clone())?;
    pair.set(0, form.make(ctx, entry.value)?)?;
    let metadata = entry.metadata.map(|json| JsString::from_str(ctx.clone(), &json)).transpose()?;
    pair.set(1, metadata.map_or_else(|| Value::new_null(ctx.clone()), JsString::into_value))?;
    pair.into_js(ctx)
}

/// All bytes of a stream. One that is too long is read to its end all the same, so that the refusal tells its length.
async fn gather(mut body: Body) -> std::result::Result<std::result::Result<Vec<u8>, KvError>, BodyError> {
    let mut value = Vec::new();
    let mut length = 0;
    while let Some(chunk) = body.chunk().await {
        let chunk = chunk?;
        length += chunk.len();
        if check_value(length).is_ok() {
            value.extend_from_slice(&chunk);
        }
    }
    Ok(check_value(length).map(|()| value))
}

fn json_of(page: &KvPage) -> String {
    let keys: Vec<String> = page
        .keys
        .iter()
        .map(|key| {
            let expiration = key.expiration.map(|at| format!(",\"expiration\":{at}")).unwrap_or_default();
            let metadata = key.metadata.as_ref().map(|json| format!(",\"metadata\":{json}")).unwrap_or_default();
            format!("{{\"name\":{}{expiration}{metadata}}}", serde_json::Value::from(key.name.as_str()))
        })
        .collect();
    let rest = page.cursor.as_ref().map_or_else(
        || "\"list_complete\":true".to_owned(),
        |cursor| format!("\"list_complete\":false,\"cursor\":\"{cursor}\""),
    );
    format!("{{\"keys\":[{}],{rest},\"cacheStatus\":null}}", keys.join(","))
}
