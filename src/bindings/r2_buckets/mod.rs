//! `r2_buckets`: objects of any size. What they are is in `objects`, what JavaScript sees of it in `face`.

mod face;
mod hashes;
mod objects;
mod rows;

use rquickjs::{Ctx, Result, Value as JsValue};
use serde_json::json;

use super::attach::make;
use super::upload::{as_item, renamed};
use super::{Binding, Environment, Resource, ResourceKind, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};
use crate::worker::WorkerId;
use face::R2Handle;

pub use objects::{R2Bucket, R2Error, R2Found, R2Get, R2If, R2List, R2Meta, R2Object, R2Page, R2Put};

pub(super) struct Kind;

#[derive(Debug, Clone)]
pub struct R2Binding {
    pub name: String,
    pub bucket: Option<String>,
    pub place: Place,
}

impl R2Binding {
    /// Workers with the same bucket share it; without a name each has one of its own.
    #[must_use]
    pub fn bucket(&self, worker: &WorkerId) -> String {
        self.bucket.clone().unwrap_or_else(|| format!("{worker}-{}", self.name.to_lowercase()))
    }
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "r2_buckets"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["r2_bucket"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        as_item(self, renamed(item, &[("name", "binding")]), problems)
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let bucket = text(fields.string("bucket_name"));
    let preview = text(fields.string("preview_bucket_name"));
    let _accepted = fields.string("jurisdiction");
    let name = name?;
    Some(Box::new(R2Binding { name: name.value, bucket: bucket.or(preview), place: name.place }))
}

impl Binding for R2Binding {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "r2_bucket"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([("bucket_name", self.bucket.as_ref().map(|name| json!(name)))])
    }

    fn resource(&self, worker: &WorkerId) -> Option<Resource> {
        Some(Resource::new(ResourceKind::R2, self.bucket(worker), None))
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let bucket = R2Bucket::of(&around.store(), &self.bucket(around.worker()));
        make(ctx, "r2_buckets", (R2Handle::instance(ctx, bucket)?,))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("R2 Bucket", self.bucket.clone().unwrap_or_default())
    }
}
