//! What a Worker that has started exports to answer events, for those who show it.

use rquickjs::{Ctx, Function, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::Attempt;
use crate::engine::realm;

/// The handlers of the default export, and those of each other entrypoint and class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    pub handlers: Vec<String>,
    pub named_handlers: Vec<NamedHandlers>,
}

/// One export beside the default one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedHandlers {
    pub name: String,
    /// `class` alone for classes whose instances are kept: Durable Objects and workflows.
    pub handlers: Vec<String>,
}

impl Exported {
    /// As [`Exported::text`] wrote it, or a list of the default export's handlers alone.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let list = || Some(Self { handlers: serde_json::from_str(text).ok()?, named_handlers: Vec::new() });
        serde_json::from_str(text).ok().or_else(list).unwrap_or_default()
    }

    /// As JSON.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

impl Attempt {
    /// What the Worker exports; nothing if it cannot be asked, as when looking at it throws.
    pub async fn exported(&self) -> Exported {
        let Some(isolate) = self.0.as_ref().and_then(|slot| slot.isolate()) else { return Exported::default() };
        let (sender, told) = oneshot::channel();
        isolate.post(None, move |ctx| {
            let text = describe(ctx).inspect_err(|_| drop(ctx.catch()));
            drop(sender.send(text.unwrap_or_default()));
            Ok(())
        });
        Exported::read(&told.await.unwrap_or_default())
    }
}

fn describe(ctx: &Ctx<'_>) -> Result<String> {
    let program = realm(ctx).program.clone();
    program.builtin(ctx, "internal:exported")?.get::<_, Function<'_>>("describe")?.call(())
}
