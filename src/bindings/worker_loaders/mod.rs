//! `worker_loaders`: Workers that are made from code at run time. Who runs them is a [`Loader`]; callers that come before
//! the code wait in `dynamic`.
//!
//! Differs: `getDurableObjectClass()` of a loaded Worker throws, and `tails` are not told. Nothing here keeps a class that has no name.

mod dynamic;
mod given;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rquickjs::class::{Class, Trace};
use rquickjs::{Array, Ctx, JsLifetime, Result, TypedArray, Value as JsValue};
use serde::Deserialize;

use super::attach::{make, stopped};
use super::{Binding, Environment, Summary, each};
use crate::config::{Fields, Node};
use crate::engine::bytes::with_bytes;
use crate::engine::require_current;
use crate::error::{Place, Problems};
use crate::graph::{AllGiven, Format, Given};
use crate::web::fetch::FetchTarget;
use crate::web::serial::ParcelHandle;
use crate::worker::Failure;

use dynamic::{Dynamic, DynamicTarget, Dynamics};
pub use dynamic::{DynamicCode, DynamicOutbound, Loader};
use given::GivenValue;

pub(super) struct Kind;

#[derive(Debug, Clone)]
struct WorkerLoader {
    name: String,
    place: Place,
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "worker_loaders"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["worker_loader"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding")?;
    Some(Box::new(WorkerLoader { name: name.value, place: name.place }))
}

impl Binding for WorkerLoader {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "worker_loader"
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let loader = around.loader(&self.name).ok_or_else(|| stopped(ctx))?;
        let handle = LoaderHandle { dynamics: Dynamics::new(loader) };
        make(ctx, "worker_loaders", (Class::instance(ctx.clone(), handle)?,))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Worker Loader", "")
    }
}

/// What `worker_loaders.js` holds.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
struct LoaderHandle {
    #[qjs(skip_trace)]
    dynamics: Dynamics,
}

#[rquickjs::methods]
impl LoaderHandle {
    /// The Worker of an id; without one a Worker of its own.
    fn open<'js>(&self, ctx: Ctx<'js>, id: Option<String>) -> Result<Class<'js, DynamicHandle>> {
        require_current(&ctx)?;
        Class::instance(ctx, DynamicHandle { worker: self.dynamics.open(id) })
    }
}

/// One Worker.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
struct DynamicHandle {
    #[qjs(skip_trace)]
    worker: Arc<Dynamic>,
}

/// What JavaScript says of the code besides its modules.
#[derive(Deserialize)]
struct Facts {
    main: String,
    date: String,
    flags: Vec<String>,
    cpu: Option<f64>,
    subrequests: Option<u64>,
}

#[rquickjs::methods]
impl DynamicHandle {
    /// Whether the caller is to give its code.
    fn claim(&self, ctx: Ctx<'_>) -> Result<bool> {
        Ok(self.worker.claim(require_current(&ctx)?))
    }

    /// `[name, type, content]`s, `[name, parcel]`s, and where its `fetch()` leads: undefined where the caller's does, null
    /// nowhere.
    fn give<'js>(
        &self,
        facts: String,
        modules: Vec<Array<'js>>,
        env: Vec<Array<'js>>,
        outbound: JsValue<'js>,
    ) -> Result<()> {
        let facts: Facts = serde_json::from_str(&facts).expect("worker_loaders.js writes it");
        let modules = modules.iter().map(module).collect::<Result<AllGiven>>()?;
        let mut bindings: Vec<Box<dyn Binding>> = Vec::with_capacity(env.len());
        for pair in env {
            let (name, parcel): (String, Class<'_, ParcelHandle>) = (pair.get(0)?, pair.get(1)?);
            bindings.push(Box::new(GivenValue::new(name, parcel.borrow().take(pair.ctx())?)));
        }
        let outbound = if outbound.is_null() {
            DynamicOutbound::Nowhere
        } else if outbound.is_undefined() {
            DynamicOutbound::Inherited
        } else {
            DynamicOutbound::Through(Class::<FetchTarget>::from_value(&outbound)?.borrow().target())
        };
        self.worker.give(DynamicCode {
            main: facts.main,
            modules,
            compatibility_date: facts.date,
            compatibility_flags: facts.flags,
            bindings,
            outbound,
            cpu: facts.cpu.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok()),
            subrequests: facts.subrequests,
        });
        Ok(())
    }

    /// There is no code: the callback threw.
    fn fail(&self, name: String, message: String) {
        self.worker.fail(Failure::Threw { name, message, stack: String::new() });
    }

    fn target<'js>(&self, ctx: Ctx<'js>, entrypoint: String, props: Option<String>) -> Result<Class<'js, FetchTarget>> {
        let worker = self.worker.clone();
        FetchTarget::instance(&ctx, Arc::new(DynamicTarget { worker, entrypoint, props }))
    }
}

fn module(parts: &Array<'_>) -> Result<(String, Given)> {
    let (name, kind): (String, String) = (parts.get(0)?, parts.get(1)?);
    let format = match kind.as_str() {
        "js" => Format::Esm,
        "cjs" => Format::CommonJs,
        "text" => Format::Text,
        "json" => Format::Json,
        "wasm" => Format::Wasm,
        _ => Format::Data,
    };
    let bytes = match format {
        Format::Wasm | Format::Data => with_bytes(&parts.get::<TypedArray<'_, u8>>(2)?, Bytes::copy_from_slice),
        _ => parts.get::<String>(2)?.into(),
    };
    Ok((name, Given { format, bytes }))
}
