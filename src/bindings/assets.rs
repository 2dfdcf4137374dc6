//! `assets`: the Worker's static files, as a binding where it has a name.

use std::sync::Arc;

use rquickjs::{Ctx, Result, Value as JsValue};

use super::attach::make;
use super::upload::renamed;
use super::{Binding, Environment, Summary, text};
use crate::assets::{self, Site};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};
use crate::web::fetch::FetchTarget;
use crate::worker::{Call, Errand, Failure, Fetch, ParcelReply, Reply, Request};

pub(super) struct Kind;

#[derive(Debug, Clone)]
pub(super) struct Assets {
    name: String,
    /// As written; none where files are uploaded.
    directory: Option<String>,
    place: Place,
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "assets"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["assets"]
    }

    /// What else is said there is the business of [`crate::assets::read`].
    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        let Some(mut fields) = Fields::of(node, problems) else { return Vec::new() };
        let (name, directory) = (fields.string("binding"), text(fields.string("directory")));
        let Some(name) = name else { return Vec::new() };
        vec![Box::new(Assets { name: name.value, directory, place: name.place })]
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        self.parse(&renamed(item, &[("name", "binding")]), problems).pop()
    }
}

impl Binding for Assets {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "assets"
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Assets", self.directory.clone().unwrap_or_default())
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let site = around.assets().unwrap_or_else(|| Arc::new(Site::empty()));
        let target: Arc<dyn Fetch> = Arc::new(Served(site));
        make(ctx, "services", (FetchTarget::instance(ctx, target)?,))
    }
}

/// The files alone, without the Worker that they belong to.
struct Served(Arc<assets::Site>);

impl Fetch for Served {
    fn fetch(&self, request: Request, _: Call, reply: Reply) {
        reply(Ok(self.0.answer(&request)));
    }

    fn invoke(&self, _: Errand, _: Call, reply: ParcelReply) {
        reply(Err(Failure::error("The assets binding has no methods but fetch().")));
    }
}
