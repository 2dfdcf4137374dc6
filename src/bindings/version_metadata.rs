//! `version_metadata`: id, tag and time of the running version.

use rquickjs::{Ctx, Result, Value as JsValue};

use super::attach::make;
use super::{Binding, Environment, Summary};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};

pub(super) struct Kind;

#[derive(Debug, Clone)]
pub struct VersionMetadata {
    pub name: String,
    /// Of an uploaded version: its id, its tag and when it was made.
    pub version: Option<(String, String, String)>,
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
        vec![Box::new(VersionMetadata { name: name.value, version: None, place: name.place })]
    }

    /// The control plane adds what the version is called.
    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        let mut fields = Fields::of(item, problems)?;
        let name = fields.required_string("name")?;
        let mut text = |key| super::text(fields.string(key));
        let version = text("version_id").zip(text("version_tag")).zip(text("version_created"));
        let version = version.map(|((id, tag), created)| (id, tag, created));
        Some(Box::new(VersionMetadata { name: name.value, version, place: name.place }))
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
        if let Some((id, tag, created)) = &self.version {
            return make(ctx, "version_metadata", (id.as_str(), tag.as_str(), created.as_str()));
        }
        let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, around.worker().to_string().as_bytes());
        make(ctx, "version_metadata", (id.to_string(),))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Worker Version Metadata", "")
    }
}
