//! `images`: images are read, changed and written on this machine; how, `steps` says.
//!
//! Differs: the Images binding reads and writes PNG, JPEG, GIF and WebP (lossless), and knows `width`, `height`, `fit`, `gravity`, `rotate`, `flip`, `blur`, `brightness`, `contrast`, `background` and `draw()`. AVIF and hosted images throw, and so does any other option: the libraries here lack them.

mod steps;

use std::sync::Arc;

use rquickjs::{Ctx, Function, IntoJs, Promise, Result, TypedArray, Value as JsValue};

use super::attach::make;
use super::{Binding, Environment, Summary, note_remote};
use crate::config::{Fields, Node};
use crate::engine::bytes::with_bytes;
use crate::engine::{HostError, require_current, spawn_op};
use crate::error::{Place, Problems};
use crate::web::body::Chunk;

pub(super) struct Kind;

#[derive(Debug, Clone)]
struct Images {
    name: String,
    place: Place,
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "images"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["images"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        let Some(mut fields) = Fields::of(node, problems) else { return Vec::new() };
        let name = fields.required_string("binding");
        note_remote(&mut fields);
        fields.finish();
        name.map(|name| Box::new(Images { name: name.value, place: name.place }) as Box<dyn Binding>)
            .into_iter()
            .collect()
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        let name = Fields::of(item, problems)?.required_string("name")?;
        Some(Box::new(Images { name: name.value, place: name.place }))
    }
}

impl Binding for Images {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "images"
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, _: &dyn Environment) -> Result<JsValue<'js>> {
        make(ctx, "images", (Function::new(ctx.clone(), info)?, Function::new(ctx.clone(), run)?))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Images", "")
    }
}

fn owned(array: &TypedArray<'_, u8>) -> Arc<[u8]> {
    with_bytes(array, |bytes| Arc::from(bytes))
}

/// `[format, width, height]`; of a drawing in SVG the format alone.
fn info<'js>(ctx: Ctx<'js>, image: TypedArray<'js, u8>) -> Result<Promise<'js>> {
    require_current(&ctx)?;
    let bytes = owned(&image);
    spawn_op(&ctx, async move { aside(move || steps::info(&bytes)).await })
}

/// Makes an image from others.
fn run<'js>(ctx: Ctx<'js>, images: Vec<TypedArray<'js, u8>>, plan: String, output: String) -> Result<Promise<'js>> {
    require_current(&ctx)?;
    let images: Vec<_> = images.iter().map(owned).collect();
    spawn_op(&ctx, async move {
        let made = aside(move || steps::run(&images, &plan, &output)).await;
        made.map(|bytes| Chunk(bytes.into()))
    })
}

impl<'js> IntoJs<'js> for steps::Told {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<JsValue<'js>> {
        match self {
            Self::Text(text) => text.into_js(ctx),
            Self::Number(number) => number.into_js(ctx),
        }
    }
}

/// Runs a computation where it holds nobody up; what it is refused for is `CODE: words`.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, steps::Refused> + Send + 'static,
) -> std::result::Result<T, HostError> {
    let ended = tokio::task::spawn_blocking(work).await;
    let refused = |steps::Refused(code, why)| HostError::Error(format!("{code}: {why}"));
    ended.map_err(|_| HostError::Error("9523: The image could not be processed.".to_owned()))?.map_err(refused)
}
