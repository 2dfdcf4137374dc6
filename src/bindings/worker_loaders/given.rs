//! A value in the `env` of a Worker that was made at run time, as its maker gave it.

use std::fmt;
use std::sync::Arc;

use rquickjs::{Ctx, Result, Value as JsValue};

use crate::bindings::attach::make;
use crate::bindings::{Binding, Environment, Summary};
use crate::error::Place;
use crate::web::serial::ParcelHandle;
use crate::worker::{Fetch, Parcel, Part};

/// See the module's text. It can be given again: the Worker may be unloaded in between.
pub(super) struct GivenValue {
    name: String,
    bytes: Vec<u8>,
    /// The Workers that the bytes refer to by number.
    services: Vec<Arc<dyn Fetch>>,
}

impl GivenValue {
    pub(super) fn new(name: String, parcel: Parcel) -> Self {
        let service = |part| match part {
            Part::Service(service) => Some(service),
            _ => None,
        };
        // `given_values.js` packs no other parts.
        Self { name, bytes: parcel.bytes, services: parcel.parts.into_iter().filter_map(service).collect() }
    }
}

impl fmt::Debug for GivenValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GivenValue").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Binding for GivenValue {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        None
    }

    fn upload_type(&self) -> &'static str {
        "json"
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, _: &dyn Environment) -> Result<JsValue<'js>> {
        let parts = self.services.iter().cloned().map(Part::Service).collect();
        let parcel = Parcel { bytes: self.bytes.clone(), parts, thrown: false };
        make(ctx, "given_values", (ParcelHandle::instance(ctx, parcel)?,))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Given Value", "")
    }
}
