//! A module's bytes: whether they are valid, what they import and export, and the form in which wasmi gets them.
//!
//! wasmi runs a start function at once and keeps memories where they may move. Neither is right here: the start function
//! may call JavaScript, and JavaScript looks into the memories. So the start function becomes an export that we call, and
//! the memories that the module defines become imports that we bring.

use std::ops::Range;

use bytes::Bytes;
use wasmparser::{Encoding, ExternalKind, FuncType, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures};

/// The name under which the start function is exported.
pub(super) const START: &str = "\0start";

/// What a Worker's module may use: what wasmi has of what V8 has.
const FEATURES: WasmFeatures = WasmFeatures::from_bits_truncate(
    WasmFeatures::WASM2.bits()
        | WasmFeatures::TAIL_CALL.bits()
        | WasmFeatures::EXTENDED_CONST.bits()
        | WasmFeatures::MULTI_MEMORY.bits()
        | WasmFeatures::MEMORY64.bits()
        | WasmFeatures::RELAXED_SIMD.bits(),
);

/// One import or export, as `WebAssembly.Module.imports()` tells it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Of an import.
    pub(super) module: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// A function's signature or a global's type.
    pub(super) detail: String,
    /// A function's place among the functions.
    pub(super) index: u32,
}

/// A memory that the module defines.
#[derive(Debug, Clone, Copy)]
pub(super) struct MemoryShape {
    pub(super) minimum: u64,
    pub(super) maximum: Option<u64>,
    pub(super) is_64: bool,
}

/// A valid module.
#[derive(Debug, Default)]
pub(super) struct Binary {
    pub(super) original: Bytes,
    /// What wasmi gets.
    pub(super) code: Vec<u8>,
    pub(super) imports: Vec<Item>,
    pub(super) exports: Vec<Item>,
    pub(super) memories: Vec<MemoryShape>,
    pub(super) has_start: bool,
    customs: Vec<(String, Range<usize>)>,
}

/// Why bytes are no module.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let checked = Validator::new_with_features(FEATURES).validate_all(bytes);
    checked.map(|_| ()).map_err(|error| format!("{} @+{}", error.message(), error.offset()))
}

impl Binary {
    /// Reads bytes that passed [`check`].
    pub(super) fn read(original: Bytes) -> Result<Self, String> {
        let mut scan = Scan::default();
        for payload in Parser::new(0).parse_all(&original) {
            let payload = payload.map_err(|error| error.to_string())?;
            scan.payload(&payload, &original).map_err(|error| error.to_string())?;
        }
        let code = scan.rewritten(&original);
        let Scan { imports, exports, memories, customs, start, .. } = scan;
        Ok(Self { original, code, imports, exports, memories, has_start: start.is_some(), customs })
    }

    /// The contents of the custom sections of a name.
    pub(super) fn custom_sections<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.customs.iter().filter(move |(known, _)| known == name).map(|(_, range)| &self.original[range.clone()])
    }
}

/// What is found on the way through the sections.
#[derive(Default)]
struct Scan {
    sections: Vec<(u8, Range<usize>)>,
    types: Vec<FuncType>,
    /// The type of each function.
    functions: Vec<u32>,
    globals: Vec<String>,
    imports: Vec<Item>,
    exports: Vec<Item>,
    memories: Vec<MemoryShape>,
    /// The bytes of each defined memory's type.
    memory_types: Vec<Range<usize>>,
    customs: Vec<(String, Range<usize>)>,
    start: Option<u32>,
}

impl Scan {
    fn payload(&mut self, payload: &Payload<'_>, bytes: &[u8]) -> wasmparser::Result<()> {
        match payload {
            Payload::Version { encoding: Encoding::Component, .. } => unreachable!("the validator refuses components"),
            Payload::TypeSection(types) => {
                for group in types.clone() {
                    let functions = group?.into_types().map(|kind| kind.unwrap_func().clone());
                    self.types.extend(functions);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.clone() {
                    self.import(&import?);
                }
            }
            Payload::FunctionSection(functions) => {
                for function in functions.clone() {
                    self.functions.push(function?);
                }
            }
            Payload::MemorySection(memories) => self.memory_section(memories, bytes)?,
            Payload::GlobalSection(globals) => {
                for global in globals.clone() {
                    self.globals.push(global_type(global?.ty));
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    self.export(&export?);
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(*func),
            Payload::CustomSection(custom) => {
                let end = custom.range().end;
                self.customs.push((custom.name().to_owned(), end - custom.data().len()..end));
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section().filter(|(id, _)| *id != 0) {
            self.sections.push((id, range));
        }
        Ok(())
    }

    fn memory_section(
        &mut self,
        memories: &wasmparser::MemorySectionReader<'_>,
        bytes: &[u8],
    ) -> wasmparser::Result<()> {
        let mut starts = Vec::new();
        for memory in memories.clone().into_iter_with_offsets() {
            let (at, memory) = memory?;
            starts.push(at);
            let (minimum, maximum, is_64) = (memory.initial, memory.maximum, memory.memory64);
            self.memories.push(MemoryShape { minimum, maximum, is_64 });
        }
        let end = memories.range().end.min(bytes.len());
        let ends = starts.iter().skip(1).copied().chain([end]);
        self.memory_types = starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect();
        Ok(())
    }

    fn import(&mut self, import: &wasmparser::Import<'_>) {
        let (kind, detail) = match import.ty {
            TypeRef::Func(index) => {
                self.functions.push(index);
                ("function", self.signature(index))
            }
            TypeRef::Table(_) => ("table", String::new()),
            TypeRef::Memory(_) => ("memory", String::new()),
            TypeRef::Global(global) => {
                self.globals.push(global_type(global));
                ("global", global_type(global))
            }
            TypeRef::Tag(_) => ("tag", String::new()),
        };
        let (module, name) = (import.module.to_owned(), import.name.to_owned());
        self.imports.push(Item { module, name, kind, detail, index: 0 });
    }

    fn export(&mut self, export: &wasmparser::Export<'_>) {
        let place = usize::try_from(export.index).expect("an index in memory fits usize");
        let (kind, detail) = match export.kind {
            ExternalKind::Func => ("function", self.signature(self.functions[place])),
            ExternalKind::Table => ("table", String::new()),
            ExternalKind::Memory => ("memory", String::new()),
            ExternalKind::Global => ("global", self.globals[place].clone()),
            ExternalKind::Tag => ("tag", String::new()),
        };
        let name = export.name.to_owned();
        self.exports.push(Item { module: String::new(), name, kind, detail, index: export.index });
    }

    /// `i32,i64:f64`
    fn signature(&self, index: u32) -> String {
        let function = &self.types[usize::try_from(index).expect("an index in memory fits usize")];
        let names = |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        format!("{}:{}", names(function.params()), names(function.results()))
    }

    /// The module with its start function exported and its memories imported.
    fn rewritten(&self, bytes: &[u8]) -> Vec<u8> {
        let mut code = Vec::with_capacity(bytes.len() + 64);
        code.extend_from_slice(&bytes[..8]);
        let (mut wants_import, mut wants_export) = (!self.memories.is_empty(), self.start.is_some());
        for (id, range) in &self.sections {
            let content = &bytes[range.clone()];
            if wants_import && place_of(*id) >= place_of(IMPORT) {
                wants_import = false;
                let own = if *id == IMPORT { content } else { &[0] };
                section(&mut code, IMPORT, &self.with_memories(own, bytes));
                if *id == IMPORT {
                    continue;
                }
            }
            if wants_export && place_of(*id) >= place_of(EXPORT) {
                wants_export = false;
                let own = if *id == EXPORT { content } else { &[0] };
                section(&mut code, EXPORT, &self.with_start(own));
                if *id == EXPORT {
                    continue;
                }
            }
            if *id != MEMORY && *id != START_SECTION {
                section(&mut code, *id, content);
            }
        }
        code
    }

    fn with_memories(&self, section: &[u8], bytes: &[u8]) -> Vec<u8> {
        let (count, rest) = read_number(section);
        let added = u32::try_from(self.memory_types.len()).expect("the validator bounds it");
        let mut content = Vec::new();
        write_number(&mut content, count + added);
        content.extend_from_slice(rest);
        for range in &self.memory_types {
            content.extend_from_slice(b"\x01\0\x01\0\x02");
            content.extend_from_slice(&bytes[range.clone()]);
        }
        content
    }

    fn with_start(&self, section: &[u8]) -> Vec<u8> {
        let (count, rest) = read_number(section);
        let mut content = Vec::new();
        write_number(&mut content, count + 1);
        content.extend_from_slice(rest);
        content.push(u8::try_from(START.len()).expect("it is short"));
        content.extend_from_slice(START.as_bytes());
        content.push(0);
        write_number(&mut content, self.start.unwrap_or_default());
        content
    }
}

const IMPORT: u8 = 2;
const MEMORY: u8 = 5;
const EXPORT: u8 = 7;
const START_SECTION: u8 = 8;

/// Sections stand in the order of their numbers, but that of the data count before the code.
fn place_of(id: u8) -> u8 {
    if id == 12 { 9 } else { id }
}

fn section(code: &mut Vec<u8>, id: u8, content: &[u8]) {
    code.push(id);
    write_number(code, u32::try_from(content.len()).expect("the parser reads 32-bit lengths"));
    code.extend_from_slice(content);
}

/// A number (LEB128) and what follows it.
fn read_number(bytes: &[u8]) -> (u32, &[u8]) {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        number |= u32::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return (number, &bytes[at + 1..]);
        }
    }
    (number, &[])
}

fn write_number(code: &mut Vec<u8>, mut number: u32) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return code.push(low & 0x7f);
        }
        code.push(low | 0x80);
    }
}

fn global_type(global: wasmparser::GlobalType) -> String {
    format!("{}{}", if global.mutable { "mut " } else { "" }, global.content_type)
}
