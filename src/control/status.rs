//! What a browser sees at `/` of the API's port, until there is a dashboard.

use std::fmt::Write as _;

use super::envelope::raw;
use super::{Control, PREFIX};
use crate::worker::Response;

/// Names that are listed; the rest is counted.
const LISTED: usize = 200;

/// What is uploaded, and where the API is.
pub(super) fn page(control: &Control) -> Response {
    let ids = control.live.ids();
    let mut rows = String::new();
    for id in ids.iter().take(LISTED) {
        write!(rows, "<li>{}</li>", escaped(&id.to_string())).expect("a string takes it");
    }
    if ids.len() > LISTED {
        write!(rows, "<li>… and {} more</li>", ids.len() - LISTED).expect("a string takes it");
    }
    if ids.is_empty() {
        rows.push_str("<li>nothing yet</li>");
    }
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>devflare</title><h1>devflare {}</h1>\
         <p>The API is at <code>{PREFIX}</code>.</p><h2>Uploaded Workers</h2><ul>{rows}</ul>\n",
        env!("CARGO_PKG_VERSION")
    );
    raw(200, "text/html;charset=UTF-8", html)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
