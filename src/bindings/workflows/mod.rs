//! `workflows`: classes whose `run()` goes on where it was, whatever happened in between. What becomes of an instance is in
//! `instances`, what its steps did in `steps`, what JavaScript sees in `face`; who runs them is the runtime's affair.

mod face;
mod instances;
mod steps;

use rquickjs::{Ctx, Result, Value as JsValue};
use serde_json::json;

use super::attach::{make, stopped};
use super::upload::{as_item, renamed};
use super::{Binding, Edge, Environment, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};
use crate::worker::WorkerId;

pub use face::RunHandle;
use face::WorkflowHandle;
pub use instances::{
    Command, Ending, Flow, Instance, InstanceKey, NewInstance, Outcome as CommandOutcome, Run, RunId, Workflows,
    check_id,
};
pub use steps::ShownStep;

pub(super) struct Kind;

/// A workflow that is bound, by the Worker that has its class or by another one.
#[derive(Debug, Clone)]
pub struct Workflow {
    pub name: String,
    pub workflow: String,
    pub class: String,
    /// The Worker that holds the class, if another one does.
    pub script: Option<String>,
    pub place: Place,
}

impl Workflow {
    /// The workflow as it is known whoever binds it.
    #[must_use]
    pub fn flow(&self, worker: &WorkerId) -> Flow {
        let owner = self.script.as_deref().map_or_else(|| worker.clone(), WorkerId::plain);
        Flow { owner, name: self.workflow.clone() }
    }
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "workflows"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["workflow"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        as_item(self, renamed(item, &[("name", "binding"), ("workflow_name", "name")]), problems)
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let workflow = fields.required_string("name");
    let class = fields.required_string("class_name");
    let script = text(fields.string("script_name"));
    // Steps are not counted here, and cron triggers of workflows are the API's.
    let _accepted = fields.raw("limits");
    let (name, workflow, class) = (name?, workflow?.value, class?.value);
    Some(Box::new(Workflow { name: name.value, workflow, class, script, place: name.place }))
}

impl Binding for Workflow {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "workflow"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([
            ("workflow_name", Some(json!(self.workflow))),
            ("class_name", Some(json!(self.class))),
            ("script_name", self.script.as_ref().map(|script| json!(script))),
        ])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let workflows = around.workflows().ok_or_else(|| stopped(ctx))?;
        let handle = WorkflowHandle::instance(ctx, workflows, self.flow(around.worker()), &self.class)?;
        make(ctx, "workflows", (handle,))
    }

    fn summary(&self) -> Summary {
        let script = self.script.as_ref().map(|script| format!(", defined in {script}")).unwrap_or_default();
        Summary::emulated("Workflow", format!("{} ({}){script}", self.workflow, self.class))
    }

    fn edges(&self) -> Vec<Edge> {
        self.script.iter().map(|script| Edge::Script(script.clone())).collect()
    }

    fn workflow(&self, worker: &WorkerId) -> Option<(Flow, String)> {
        Some((self.flow(worker), self.class.clone()))
    }
}
