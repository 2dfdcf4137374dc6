//! `version_metadata`: id, tag and time of the running version.

use rquickjs::{Ctx, Result, Value as JsValue};

use super::attach::make;
use super::upload::renamed;
use super::{Binding, Environment, Summary};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};

pub(super) struct Kind;

#[derive(Debug, Clone)]
pub struct VersionMetadata {
    pub name: String,
    pub place: Place,
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "version_metadata"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["version_metadata"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        let Some(mut fields) = Fields::of(node, problems) else { return Vec::new() };
        let name = fields.required_string("binding");
        fields.finish();
        let Some(name) = name else { return Vec::new() };
        vec![Box::new(VersionMetadata { name: name.value, place: name.place })]
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        self.parse(&renamed(item, &[("name", "binding")]), problems).pop()
    }
}

impl Binding for VersionMetadata {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "version_metadata"
    }

    /// A watched Worker has no versions: it is what is on disk.
    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, around.worker().to_string().as_bytes());
        make(ctx, "version_metadata", (id.to_string(),))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Worker Version Metadata", "")
    }
}
