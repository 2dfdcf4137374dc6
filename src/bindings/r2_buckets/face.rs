//! What `r2_buckets.js` holds of a bucket: an opaque handle. Options and objects pass as JSON, bytes as bodies.

use std::future::Future;

use rquickjs::class::{Class, Trace};
use rquickjs::{Array, Ctx, IntoJs, JsLifetime, Promise, Result, Value};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::objects::{R2Bucket, R2Error, R2Found};
use crate::engine::text::usv;
use crate::engine::{HostError, require_current, spawn_op, throw_error, throw_type};
use crate::web::body::{BodyHandle, Coded};
use crate::web::fetch::body_of;
use crate::worker::Body;

/// See the module's text.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(super) struct R2Handle {
    #[qjs(skip_trace)]
    bucket: R2Bucket,
}

impl R2Handle {
    pub(super) fn instance<'js>(ctx: &Ctx<'js>, bucket: R2Bucket) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { bucket })
    }
}

#[rquickjs::methods(rename_all = "camelCase")]
impl R2Handle {
    /// JSON of the object, or null.
    fn head<'js>(&self, ctx: Ctx<'js>, key: Value<'js>) -> Result<Promise<'js>> {
        let (bucket, key) = (self.bucket.clone(), usv(&ctx, &key)?);
        begin(
            &ctx,
            "head",
            async move { bucket.head(key).await.map(|found| found.map(|object| json!(object).to_string())) },
        )
    }

    /// Null, `[json]` where a condition does not hold, or `[json, body, offset, length]`.
    fn get<'js>(&self, ctx: Ctx<'js>, key: Value<'js>, options: String) -> Result<Promise<'js>> {
        let (bucket, key, options) = (self.bucket.clone(), usv(&ctx, &key)?, parsed(&ctx, &options)?);
        begin(&ctx, "get", async move { bucket.get(key, options).await.map(Found) })
    }

    /// JSON of the object, or null where a condition does not hold.
    fn put<'js>(&self, ctx: Ctx<'js>, key: Value<'js>, body: Value<'js>, options: String) -> Result<Promise<'js>> {
        let (bucket, key, options) = (self.bucket.clone(), usv(&ctx, &key)?, parsed(&ctx, &options)?);
        let body = given(&ctx, &body)?;
        begin(&ctx, "put", async move {
            bucket.put(key, body, options).await.map(|stored| stored.map(|object| json!(object).to_string()))
        })
    }

    fn delete<'js>(&self, ctx: Ctx<'js>, keys: Vec<Value<'js>>) -> Result<Promise<'js>> {
        let keys: Vec<String> = keys.iter().map(|key| usv(&ctx, key)).collect::<Result<_>>()?;
        let bucket = self.bucket.clone();
        begin(&ctx, "delete", async move { bucket.delete(keys).await })
    }

    fn list<'js>(&self, ctx: Ctx<'js>, options: String) -> Result<Promise<'js>> {
        let (bucket, options) = (self.bucket.clone(), parsed(&ctx, &options)?);
        begin(&ctx, "list", async move { bucket.list(options).await.map(|page| json!(page).to_string()) })
    }

    fn create_upload<'js>(&self, ctx: Ctx<'js>, key: Value<'js>, meta: String) -> Result<Promise<'js>> {
        let (bucket, key, meta) = (self.bucket.clone(), usv(&ctx, &key)?, parsed(&ctx, &meta)?);
        begin(&ctx, "createMultipartUpload", async move { bucket.create_upload(key, meta).await })
    }

    fn upload_part<'js>(
        &self,
        ctx: Ctx<'js>,
        upload: Vec<String>,
        number: u32,
        body: Value<'js>,
    ) -> Result<Promise<'js>> {
        let (bucket, upload, body) = (self.bucket.clone(), pair(&ctx, upload)?, given(&ctx, &body)?);
        begin(&ctx, "uploadPart", async move { bucket.upload_part(upload, number, body).await })
    }

    /// `parts`: JSON of pairs of a number and an etag.
    fn complete<'js>(&self, ctx: Ctx<'js>, upload: Vec<String>, parts: String) -> Result<Promise<'js>> {
        let (bucket, upload, parts) = (self.bucket.clone(), pair(&ctx, upload)?, parsed(&ctx, &parts)?);
        begin(&ctx, "completeMultipartUpload", async move {
            bucket.complete(upload, parts).await.map(|object| json!(object).to_string())
        })
    }

    fn abort<'js>(&self, ctx: Ctx<'js>, upload: Vec<String>) -> Result<Promise<'js>> {
        let (bucket, upload) = (self.bucket.clone(), pair(&ctx, upload)?);
        begin(&ctx, "abortMultipartUpload", async move { bucket.abort(upload).await })
    }
}

/// A key and the name of an upload.
fn pair(ctx: &Ctx<'_>, upload: Vec<String>) -> Result<(String, String)> {
    <[String; 2]>::try_from(upload).map(Into::into).map_err(|_| throw_type(ctx, "an upload is a key and a name"))
}

fn parsed<T: DeserializeOwned>(ctx: &Ctx<'_>, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| throw_type(ctx, &error.to_string()))
}

fn given<'js>(ctx: &Ctx<'js>, body: &Value<'js>) -> Result<Body> {
    Ok(body_of(ctx, body)?.unwrap_or_else(|| Body::bytes("")))
}

/// An operation counts as a subrequest, and is refused in global scope.
fn begin<'js, T, F>(ctx: &Ctx<'js>, method: &'static str, work: F) -> Result<Promise<'js>>
where
    F: Future<Output = std::result::Result<T, R2Error>> + Send + 'static,
    T: for<'a> IntoJs<'a> + Send + 'static,
{
    if !require_current(ctx)?.count_subrequest() {
        return Err(throw_error(ctx, "Too many API requests by single worker invocation."));
    }
    spawn_op(ctx, async move {
        work.await.map_err(|R2Error { message, code }| {
            // What broke off a stream is told as it is.
            HostError::Error(if code == 0 { message } else { format!("{method}: {message} ({code})") })
        })
    })
}

/// See [`R2Handle::get`].
struct Found(R2Found);

impl<'js> IntoJs<'js> for Found {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let Some((object, bytes)) = self.0 else { return Ok(Value::new_null(ctx.clone())) };
        let parts = Array::new(ctx.clone())?;
        parts.set(0, json!(object).to_string())?;
        if let Some((body, offset, length)) = bytes {
            parts.set(1, Class::instance(ctx.clone(), BodyHandle::new(ctx, Coded::plain(body)))?)?;
            parts.set(2, offset)?;
            parts.set(3, length)?;
        }
        parts.into_js(ctx)
    }
}
