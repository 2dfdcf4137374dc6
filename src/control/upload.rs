//! What a client sends as a script -> metadata and modules, in all the ways in which clients spell it.
//!
//! wrangler names a module by its part and by the part's file; the SDK puts all under `files`; templates call the part
//! `script`; the documentation's `curl` gives no file name; old clients send the script alone. So a module's name is the
//! file's where there is one, and else the part's.

use std::collections::HashMap;
use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::envelope::{ApiError, code};
use super::multipart::Part;
use crate::graph::{AllGiven, Format, Given};

/// A script as it was sent, not yet compiled.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) metadata: Map<String, Value>,
    pub(super) modules: Vec<Module>,
}

/// One module.
#[derive(Debug, Clone)]
pub(super) struct Module {
    pub(super) name: String,
    /// The part that brought it: `body_part` and bindings refer to it.
    pub(super) part: String,
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// Cloudflare's limit for a compressed script; what is shorter as it is needs no compressing.
const MAX_COMPRESSED: usize = 10 << 20;
/// Cloudflare's limit without compression.
const MAX_SIZE: usize = 64 << 20;
/// The greatest number of modules that one upload may have.
const MAX_MODULES: usize = 100;

/// Reads the body of an upload.
pub(super) async fn read(ask: &mut Ask) -> Result<Upload, ApiError> {
    let content_type = ask.content_type().to_owned();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let upload = match essence.as_str() {
        "multipart/form-data" => of_parts(ask.parts().await?)?,
        "application/javascript" | "text/javascript" => alone(ask.bytes().await?, "body_part", &essence),
        "application/javascript+module" => alone(ask.bytes().await?, "main_module", &essence),
        _ => {
            let wanted = "Content-Type must be one of: application/javascript, text/javascript, multipart/form-data";
            return Err(ApiError::new(415, code::BAD_REQUEST, wanted));
        }
    };
    let size: usize = upload.modules.iter().map(|module| module.bytes.len()).sum();
    if size > MAX_SIZE {
        return Err(too_large(format!("{} MiB without compression", MAX_SIZE >> 20)));
    }
    if size > MAX_COMPRESSED {
        return tokio::task::spawn_blocking(move || compressed_fits(upload)).await.unwrap_or_else(|_| Err(broke_off()));
    }
    Ok(upload)
}

/// A script without metadata.
fn alone(bytes: Bytes, key: &str, content_type: &str) -> Upload {
    let name = if key == "body_part" { "script" } else { "worker.js" }.to_owned();
    let metadata = Map::from_iter([(key.to_owned(), json!(name))]);
    let module = Module { part: name.clone(), name, content_type: content_type.to_owned(), bytes };
    Upload { metadata, modules: vec![module] }
}

/// A script's metadata and modules, as the parts of a form.
pub(super) fn of_parts(parts: Vec<Part>) -> Result<Upload, ApiError> {
    let mut metadata = None;
    let mut modules: Vec<Module> = Vec::with_capacity(parts.len());
    for part in parts {
        if part.name == "metadata" && metadata.is_none() {
            metadata = Some(metadata_of(&part.bytes)?);
            continue;
        }
        if part.content_type.starts_with("application/source-map") {
            continue;
        }
        let module = module_of(part)?;
        if modules.iter().any(|other| other.name == module.name) {
            return Err(invalid(format!("Two modules are called \"{}\".", module.name)));
        }
        modules.push(module);
    }
    let metadata = metadata.ok_or_else(|| ApiError::bad("The form has no part named \"metadata\"."))?;
    if modules.len() > MAX_MODULES {
        return Err(invalid(format!("The script has {} modules; {MAX_MODULES} are allowed.", modules.len())));
    }
    Ok(Upload { metadata, modules })
}

fn metadata_of(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(metadata)) => Ok(metadata),
        Ok(_) => Err(ApiError::bad("The part \"metadata\" must be a JSON object.")),
        Err(error) => Err(ApiError::bad(format!("The part \"metadata\" is not valid JSON: {error}"))),
    }
}

fn module_of(part: Part) -> Result<Module, ApiError> {
    let Part { name: part, filename, content_type, bytes } = part;
    if part == "files" && filename.is_none() {
        // The SDK makes this of an object, which it cannot send.
        let what = "The part \"files\" is no file: give the SDK a list of File objects, each with the module's name.";
        return Err(ApiError::bad(what));
    }
    let given = filename.unwrap_or_else(|| part.clone());
    let name = given.strip_prefix("./").unwrap_or(&given).to_owned();
    let is_step = |step: &str| !matches!(step, "" | "." | "..") && !step.contains(char::is_control);
    if !name.split('/').all(is_step) || name.contains('\\') {
        return Err(invalid(format!(
            "{given:?} is not a valid module name: it must be a relative path without \"..\"."
        )));
    }
    Ok(Module { name, part, content_type: essence_of(&content_type), bytes })
}

fn essence_of(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Cloudflare counts what is left after gzip.
fn compressed_fits(upload: Upload) -> Result<Upload, ApiError> {
    let mut counter = GzEncoder::new(Counter(0), Compression::default());
    for module in &upload.modules {
        counter.write_all(&module.bytes).map_err(|_| broke_off())?;
    }
    let size = counter.finish().map_err(|_| broke_off())?.0;
    if size > MAX_COMPRESSED { Err(too_large(format!("{} MiB", MAX_COMPRESSED >> 20))) } else { Ok(upload) }
}

/// Counts bytes that nobody needs.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn broke_off() -> ApiError {
    ApiError::new(500, code::INTERNAL, "The upload broke off.")
}

fn too_large(limit: String) -> ApiError {
    ApiError::new(400, code::TOO_LARGE, format!("Your Worker exceeded the size limit of {limit}."))
}

/// Cloudflare's code for a script that cannot run.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(400, code::INVALID_SCRIPT, message)
}

impl Upload {
    /// The main module's name, and whether it is a module at all or in service-worker syntax.
    pub(super) fn main(&self) -> Result<(&str, bool), ApiError> {
        let text = |key: &str| self.metadata.get(key).and_then(Value::as_str);
        if let Some(main) = text("main_module") {
            let main = main.strip_prefix("./").unwrap_or(main);
            let found = self.modules.iter().find(|module| module.name == main);
            // A client that gave no file name calls the module as its part.
            let found = found.or_else(|| self.modules.iter().find(|module| module.part == main));
            let missing =
                || invalid(format!("Uncaught Error: No such module \"{main}\": it is named as the main module."));
            return found.map(|module| (module.name.as_str(), true)).ok_or_else(missing);
        }
        let Some(part) = text("body_part") else {
            return Err(invalid("The metadata names neither a \"main_module\" nor a \"body_part\"."));
        };
        let found = self.modules.iter().find(|module| module.part == part || module.name == part);
        let missing = || invalid(format!("There is no part \"{part}\", which is named as the \"body_part\"."));
        found.map(|module| (module.name.as_str(), false)).ok_or_else(missing)
    }

    /// The modules with what their types say.
    pub(super) fn given(&self) -> Result<AllGiven, ApiError> {
        let (main, is_module) = self.main()?;
        let mut given = HashMap::with_capacity(self.modules.len());
        for module in &self.modules {
            let role = (module.name == main).then_some(is_module);
            let format = format_of(module, role)?;
            given.insert(module.name.clone(), Given { format, bytes: module.bytes.clone() });
        }
        Ok(given)
    }
}

/// `main`: whether the main module is said to be a module; none for the others.
fn format_of(module: &Module, main: Option<bool>) -> Result<Format, ApiError> {
    let extension = module.name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let by_extension = match extension {
        "mjs" => Some(Format::Esm),
        "js" => Some(Format::Script),
        "cjs" => Some(Format::CommonJs),
        "json" => Some(Format::Json),
        "txt" | "html" | "sql" => Some(Format::Text),
        "wasm" => Some(Format::Wasm),
        _ => None,
    };
    let by_type = match module.content_type.as_str() {
        "application/javascript+module" | "text/javascript+module" => Some(Format::Esm),
        "application/javascript" | "text/javascript" if main.is_some() => Some(Format::Script),
        "application/javascript" | "text/javascript" => Some(Format::CommonJs),
        "application/json" => Some(Format::Json),
        "application/wasm" => Some(Format::Wasm),
        "text/x-python" | "text/x-python-requirement" => {
            return Err(invalid(format!("devflare cannot run Python: {}", module.name)));
        }
        // curl says so of every file.
        "application/octet-stream" if by_extension == Some(Format::Esm) => None,
        "application/octet-stream" if matches!(extension, "js" | "cjs") => None,
        "application/octet-stream" => Some(Format::Data),
        kind if kind.starts_with("text/") => Some(Format::Text),
        _ => None,
    };
    let is_script = |format: &Format| matches!(format, Format::Esm | Format::CommonJs | Format::Script);
    Ok(match main {
        Some(true) => by_type.or(by_extension).filter(is_script).unwrap_or(Format::Esm),
        Some(false) => Format::Script,
        None => by_type.or(by_extension).unwrap_or(Format::Data),
    })
}
