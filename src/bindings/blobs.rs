//! `text_blob` and `data_blob` of an upload: texts and bytes that a script in service-worker syntax, which can import
//! nothing, finds among its bindings. In a configuration they are not emulated.

use bytes::Bytes;
use rquickjs::{ArrayBuffer, Ctx, IntoJs, Result, Value as JsValue};

use super::{Binding, Environment, Summary};
use crate::error::Place;

/// A part of an upload as a value.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) name: String,
    pub(super) bytes: Bytes,
    /// UTF-8; else an `ArrayBuffer`.
    pub(super) is_text: bool,
}

impl Blob {
    pub(super) const TYPES: [&'static str; 2] = ["text_blob", "data_blob"];
}

impl Binding for Blob {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        None
    }

    fn upload_type(&self) -> &'static str {
        Self::TYPES[usize::from(!self.is_text)]
    }

    fn summary(&self) -> Summary {
        let kind = if self.is_text { "Text Blob" } else { "Data Blob" };
        Summary::emulated(kind, format!("{} bytes", self.bytes.len()))
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, _: &dyn Environment) -> Result<JsValue<'js>> {
        if self.is_text {
            return String::from_utf8_lossy(&self.bytes).as_ref().into_js(ctx);
        }
        ArrayBuffer::new_copy(ctx.clone(), &self.bytes)?.into_js(ctx)
    }
}
