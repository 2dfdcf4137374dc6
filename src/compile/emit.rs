//! The pipeline of one script: parse, check, strip types and JSX where there are any, print.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxc::allocator::Allocator;
use oxc::ast::ast::{Program, Statement};
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::parser::{ParseOptions, Parser, ParserReturn};
use oxc::semantic::{Scoping, SemanticBuilder};
use oxc::span::SourceType;
use oxc::transformer::{JsxOptions, JsxRuntime, TransformOptions, Transformer};

use super::diagnose::problems;
use super::record::Record;
use super::scan::Scan;
use super::{Compiled, Format, Hint, Language, Map, Options};
use crate::error::{Problems, Source};

/// The names that, used without a declaration, make a file a CommonJS module.
const COMMON_JS: [&str; 3] = ["module", "exports", "require"];

pub(super) fn script(source: &Source, options: &Options) -> Result<Compiled, Problems> {
    let allocator = Allocator::default();
    let parsed = parse(&allocator, &source.text, options);
    if parsed.panicked || parsed.diagnostics.has_errors() {
        return Err(problems(source, parsed.diagnostics));
    }
    let mut program = parsed.program;
    let semantics = SemanticBuilder::new_compiler().with_enum_eval(options.is_typescript());
    let checked = semantics.build(&program);
    if checked.diagnostics.has_errors() {
        return Err(problems(source, checked.diagnostics));
    }
    let scoping = checked.semantic.into_scoping();
    let uses_common_js = COMMON_JS
        .iter()
        .any(|name| scoping.root_unresolved_references().keys().any(|reference| reference.as_str() == *name));
    let is_esm = parsed.module_record.has_module_syntax;
    let (code, map) = if options.is_typescript() || program.source_type.is_jsx() {
        transform(source, &allocator, &mut program, scoping)?;
        drop_types(&mut program, options);
        print(&program)
    } else {
        (source.text.clone(), None)
    };
    let format = match (options.hint, is_esm) {
        (Hint::Esm, _) | (_, true) => Format::Esm,
        (Hint::CommonJs, false) => Format::CommonJs,
        (Hint::None, false) if uses_common_js => Format::CommonJs,
        (Hint::None, false) => Format::Plain,
    };
    Ok(assemble(&program, code, map, format))
}

fn assemble(program: &Program<'_>, code: Arc<str>, map: Option<Map>, format: Format) -> Compiled {
    let scan = Scan::of(program);
    let mut record = Record::of(program);
    record.imports.extend(scan.dynamic);
    Compiled {
        code,
        map,
        format,
        imports: record.imports,
        exports: record.exports,
        stars: record.stars,
        has_top_level_await: scan.has_top_level_await,
        fetch_listener: scan.fetch_listener,
    }
}

/// JSX is allowed in every JavaScript file, as wrangler tells esbuild; but it is tried only where plain JavaScript
/// fails, so that errors are told in terms of JavaScript and the result says whether there is JSX to transform.
fn parse<'a>(allocator: &'a Allocator, text: &'a str, options: &Options) -> ParserReturn<'a> {
    let parse = |source_type: SourceType| {
        let options = ParseOptions { parse_regular_expression: true, ..ParseOptions::default() };
        Parser::new(allocator, text, source_type).with_options(options).parse()
    };
    let source_type = match options.language {
        Language::Ts => SourceType::ts(),
        Language::Tsx => SourceType::tsx(),
        Language::Js | Language::Json => match options.hint {
            Hint::Esm => SourceType::mjs(),
            Hint::CommonJs => SourceType::cjs(),
            Hint::None => SourceType::unambiguous(),
        },
    };
    let parsed = parse(source_type);
    if options.language == Language::Js && parsed.diagnostics.has_errors() && text.contains('<') {
        let with_jsx = parse(source_type.with_jsx(true));
        if !with_jsx.diagnostics.has_errors() {
            return with_jsx;
        }
    }
    parsed
}

fn transform<'a>(
    source: &Source,
    allocator: &'a Allocator,
    program: &mut Program<'a>,
    scoping: Scoping,
) -> Result<(), Problems> {
    let jsx = JsxOptions { runtime: JsxRuntime::Classic, pure: false, ..JsxOptions::enable() };
    let options = TransformOptions { jsx, ..TransformOptions::default() };
    let done = Transformer::new(allocator, Path::new(""), &options).build_with_scoping(scoping, program);
    if done.diagnostics.has_errors() { Err(problems(source, done.diagnostics)) } else { Ok(()) }
}

/// Removes the re-exports that turned out to be types; see [`Options::types`].
fn drop_types(program: &mut Program<'_>, options: &Options) {
    if options.types.is_empty() {
        return;
    }
    let is_type = |specifier: &str, name: &str| options.types.iter().any(|(s, n)| &**s == specifier && &**n == name);
    let mut locals: Vec<String> = Vec::new();
    for statement in &mut program.body {
        match statement {
            Statement::ImportDeclaration(import) => {
                let from = import.source.value.as_str();
                if let Some(specifiers) = &mut import.specifiers {
                    specifiers.retain(|specifier| {
                        let dropped = is_type(from, imported_name(specifier));
                        if dropped {
                            locals.push(specifier.local().name.to_string());
                        }
                        !dropped
                    });
                }
            }
            Statement::ExportFromDeclaration(export) => {
                let from = export.source.value.as_str();
                export.specifiers.retain(|one| !is_type(from, one.local.name().as_str()));
            }
            _ => {}
        }
    }
    for statement in &mut program.body {
        if let Statement::ExportNamedDeclaration(export) = statement {
            export.specifiers.retain(|one| !locals.iter().any(|local| local == one.local.name().as_str()));
        }
    }
}

fn imported_name<'a>(specifier: &'a oxc::ast::ast::ImportDeclarationSpecifier<'a>) -> &'a str {
    use oxc::ast::ast::ImportDeclarationSpecifier as Specifier;
    match specifier {
        Specifier::ImportSpecifier(one) => one.imported.name().as_str(),
        Specifier::ImportDefaultSpecifier(_) => "default",
        Specifier::ImportNamespaceSpecifier(_) => "*",
    }
}

fn print(program: &Program<'_>) -> (Arc<str>, Option<Map>) {
    let options = CodegenOptions { source_map_path: Some(PathBuf::new()), ..CodegenOptions::default() };
    let printed = Codegen::new().with_options(options).build(program);
    let map = printed.map.map(|map| {
        let tokens = map.get_tokens();
        Map::new(tokens.map(|t| ((t.get_dst_line(), t.get_dst_col()), (t.get_src_line(), t.get_src_col()))))
    });
    (printed.code.into(), map)
}
