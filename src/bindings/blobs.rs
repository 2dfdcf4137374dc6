//! `wasm_modules`, `text_blobs` and `data_blobs`: files that a script in service-worker syntax, which can import nothing,
//! finds among its bindings. In an upload they are parts of it.

use std::path::Path;

use bytes::Bytes;
use rquickjs::{ArrayBuffer, Ctx, IntoJs, Result, TypedArray, Value as JsValue};

use super::attach::make;
use super::{Binding, Environment, Summary};
use crate::config::Node;
use crate::error::{Place, Problem, Problems};

/// A key of the configuration: names and paths.
pub(super) struct Kind(pub(super) Form);

/// What the bytes become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A string.
    Text,
    /// An `ArrayBuffer`.
    Data,
    /// A `WebAssembly.Module`.
    Wasm,
}

impl Form {
    /// The key of the configuration, the type in an upload, and wrangler's word.
    fn words(self) -> &'static (&'static str, &'static str, &'static str) {
        match self {
            Self::Text => &("text_blobs", "text_blob", "Text Blob"),
            Self::Data => &("data_blobs", "data_blob", "Data Blob"),
            Self::Wasm => &("wasm_modules", "wasm_module", "Wasm Module"),
        }
    }

    /// By the type in an upload.
    pub(super) fn of(kind: &str) -> Option<Self> {
        [Self::Text, Self::Data, Self::Wasm].into_iter().find(|form| form.words().1 == kind)
    }
}

/// Bytes as a value.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) name: String,
    pub(super) bytes: Bytes,
    pub(super) form: Form,
    pub(super) place: Option<Place>,
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        self.0.words().0
    }

    fn upload_types(&self) -> &[&'static str] {
        std::slice::from_ref(&self.0.words().1)
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        let mut blobs: Vec<Box<dyn Binding>> = Vec::new();
        for (name, path) in node.entries() {
            let place = path.key_place("");
            let folder = place.source.path.parent().unwrap_or_else(|| Path::new("."));
            let bytes = path.as_str().ok_or_else(|| "it must be the path of a file".to_owned());
            let bytes = bytes.and_then(|path| std::fs::read(folder.join(path)).map_err(|error| error.to_string()));
            match bytes.and_then(|bytes| check(self.0, bytes)) {
                Ok(bytes) => {
                    blobs.push(Box::new(Blob { name: name.clone(), bytes, form: self.0, place: Some(place) }));
                }
                Err(why) => {
                    let problem = Problem::error(format!("`{name}` cannot be bound: {why}"));
                    problems.push(problem.at(&place.source, place.span.clone(), ""));
                }
            }
        }
        blobs
    }
}

/// Bytes that can become what is wanted.
pub(super) fn check(form: Form, bytes: impl Into<Bytes>) -> std::result::Result<Bytes, String> {
    let bytes = bytes.into();
    if form == Form::Wasm {
        crate::web::wasm::check(&bytes)?;
    }
    Ok(bytes)
}

impl Binding for Blob {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    fn upload_type(&self) -> &'static str {
        self.form.words().1
    }

    fn summary(&self) -> Summary {
        Summary::emulated(self.form.words().2, format!("{} bytes", self.bytes.len()))
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, _: &dyn Environment) -> Result<JsValue<'js>> {
        match self.form {
            Form::Text => String::from_utf8_lossy(&self.bytes).as_ref().into_js(ctx),
            Form::Data => ArrayBuffer::new_copy(ctx.clone(), &self.bytes)?.into_js(ctx),
            Form::Wasm => make(ctx, "blobs", (TypedArray::new_copy(ctx.clone(), &self.bytes[..])?,)),
        }
    }
}
