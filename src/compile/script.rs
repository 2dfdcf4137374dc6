//! The first step for scripts: parse, check, strip types and JSX where there are any, put definitions in.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxc::allocator::Allocator;
use oxc::ast::ast::{ImportPhase, Program, Statement};
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::parser::{ParseOptions, Parser, ParserReturn};
use oxc::semantic::{Scoping, SemanticBuilder};
use oxc::span::SourceType;
use oxc::transformer::{
    CompilerAssumptions, DecoratorOptions, HelperLoaderOptions, JsxOptions, JsxRuntime, TransformOptions, Transformer,
    TypeScriptOptions,
};

use super::diagnose::problems;
use super::embedded::{HELPERS, OURS};
use super::map::Stage;
use super::names::Names;
use super::record::Record;
use super::scan::Scan;
use super::splice::splice;
use super::{Compiled, Format, Hint, Language, Map, Options, Position, Settings, classes, decorators, namespaces};
use crate::error::{Problem, Problems, Source};

/// The names that, used without a declaration, make a file a CommonJS module.
const COMMON_JS: [&str; 3] = ["module", "exports", "require"];

pub(super) fn compile(source: &Source, options: &Options) -> Result<Compiled, Problems> {
    let allocator = Allocator::default();
    let parsed = parse(&allocator, &source.text, options);
    if parsed.panicked || parsed.diagnostics.has_errors() {
        return Err(problems(source, parsed.diagnostics));
    }
    let mut program = parsed.program;
    if let Some(plain) = without_phases(&source.text, &program) {
        return compile(&Source::new(&*source.path, plain), options);
    }
    let is_decorated = decorators::may_be_in(&source.text) && classes::are_decorated(&program);
    if options.is_typescript() && is_decorated {
        classes::prepare(&mut program, &allocator, &options.settings);
    }
    let mut scoping = checked(source, &program, options)?;
    let javascript = Options { language: Language::Js, ..options.clone() };
    if options.is_typescript()
        && let Some((code, stage)) = namespaces::lower(&source.text, &program, &scoping)
    {
        return lowered(source, options, (code, Map::from(stage)));
    }
    let rewritten = options.is_typescript() || program.source_type.is_jsx();
    let has_more = decorators::may_be_in(&source.text);
    if has_more
        && !rewritten
        && let Some((code, stage)) = decorators::lower(&source.text)
    {
        return lowered(source, &javascript, (code, Map::from(stage)));
    }
    if rewritten {
        // Fields that standard decorators are on cannot be assigned.
        let defines = is_decorated && !options.settings.legacy_decorators;
        scoping = transform(source, &allocator, &mut program, (scoping, &options.settings, defines))?;
        if options.is_typescript() && source.text.contains("constructor") {
            classes::finish(&mut program);
        }
        if has_more {
            let (code, stage) = print(&program);
            if let Some((code, then)) = decorators::lower(&code) {
                return lowered(source, &javascript, (code, Map::from(stage).then(then)));
            }
        }
    }
    let mut scan = Scan::of(&program, &scoping, &options.settings);
    let format = format(&program, &scoping, options.hint, parsed.module_record.has_module_syntax);
    let (code, map) = match (rewritten, scan.defined.is_empty()) {
        (false, true) => (source.text.clone(), None),
        (false, false) => {
            let (code, stage) = splice(&source.text, scan.defined.clone());
            (code.into(), Some(Map::from(stage)))
        }
        (true, plain) => {
            let (code, stage) = print(&program);
            if plain { (code.into(), Some(Map::from(stage))) } else { define(&code, Map::from(stage), options) }
        }
    };
    let mut record = Record::of(&program, Some(&scoping).filter(|_| !rewritten));
    record.imports.extend(std::mem::take(&mut scan.imports));
    if format == Format::CommonJs {
        record.common_js(Names::of(&program));
    }
    Ok(Compiled {
        code,
        map,
        format,
        imports: record.imports,
        exports: record.exports,
        stars: record.stars,
        has_top_level_await: scan.has_top_level_await,
        acts: program.body.iter().any(acts),
        fetch_listener: scan.fetch_listener,
    })
}

/// Which name means which declaration, if all of them are allowed.
fn checked(source: &Source, program: &Program<'_>, options: &Options) -> Result<Scoping, Problems> {
    let semantics = SemanticBuilder::new_compiler().with_enum_eval(options.is_typescript()).build(program);
    if semantics.diagnostics.has_errors() {
        return Err(problems(source, semantics.diagnostics));
    }
    let scoping = semantics.semantic.into_scoping();
    too_many_names(source, &scoping).map_or(Ok(scoping), |problem| Err(problem.into()))
}

/// Names that a file may declare at its top: QuickJS compares each with all before it.
const TOP_NAMES: usize = 100_000;

fn too_many_names(source: &Source, scoping: &Scoping) -> Option<Problem> {
    let names = scoping.get_bindings(scoping.root_scope_id());
    let last = names.values().nth(TOP_NAMES)?;
    let span = scoping.symbol_span(*last);
    let problem = Problem::error(format!("the file declares {} names at its top", names.len()));
    let span = span.start as usize..span.end as usize;
    Some(
        problem.at(source, span, "one of them").help(format!("The engine takes {TOP_NAMES}. Put them into an object.")),
    )
}

/// Compiles what is left to do once a part of the work is done in the text; places lead back to the source.
fn lowered(source: &Source, options: &Options, (code, map): (String, Map)) -> Result<Compiled, Problems> {
    let plain = Source::new(&*source.path, code);
    let mut compiled = compile(&plain, options)?;
    let back = |span: &mut Range<usize>| {
        let at = |offset| {
            let (line, column) = plain.line_column(offset);
            let at = map.lookup(Position { line, column });
            source.offset(at.line, at.column)
        };
        // What the compiler added has no place.
        let start = at(span.start);
        *span = start..at(span.end).max(start);
    };
    for import in &mut compiled.imports {
        back(&mut import.span);
        import.names.iter_mut().for_each(|name| back(&mut name.span));
        if import.specifier.starts_with(OURS) {
            import.span = 0..0;
        }
    }
    compiled.fetch_listener.iter_mut().for_each(back);
    compiled.map = Some(compiled.map.map_or_else(|| map.clone(), |then| map.and(&then)));
    Ok(compiled)
}

/// `import source a from` -> `import        a from`: what imports of WebAssembly give is its source in any case.
fn without_phases(text: &str, program: &Program<'_>) -> Option<String> {
    let with_phase = program.body.iter().filter_map(|statement| match statement {
        Statement::ImportDeclaration(import) if import.phase == Some(ImportPhase::Source) => Some(import.span),
        _ => None,
    });
    let starts: Vec<usize> = with_phase.map(|span| span.start as usize).collect();
    let mut plain = text.to_owned();
    for start in starts {
        let word = start + plain[start..].find("source")?;
        plain.replace_range(word..word + "source".len(), &" ".repeat("source".len()));
    }
    (plain != text).then_some(plain)
}

/// Whether a statement does something by itself; what declarations call is taken to only make values.
fn acts(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ExpressionStatement(one) => {
            !one.expression.is_literal() && !one.expression.is_identifier_reference()
        }
        Statement::EmptyStatement(_) => false,
        other => !other.is_declaration() && !other.is_module_declaration(),
    }
}

/// `has_syntax`: the file was written with `import`, `export` or `import.meta`, types included.
fn format(program: &Program<'_>, scoping: &Scoping, hint: Hint, has_syntax: bool) -> Format {
    let globals = scoping.root_unresolved_references();
    let uses_common_js = globals.keys().any(|name| COMMON_JS.contains(&name.as_str()));
    let has_statements = program.body.iter().any(Statement::is_module_declaration);
    match hint {
        Hint::Esm => Format::Esm,
        _ if has_statements || (has_syntax && !uses_common_js) => Format::Esm,
        Hint::CommonJs => Format::CommonJs,
        Hint::None if uses_common_js => Format::CommonJs,
        Hint::None if program.source_type.is_module() => Format::Esm,
        Hint::None => Format::Plain,
    }
}

/// Puts definitions into code that was printed: its positions are not those of the tree.
fn define(code: &str, map: Map, options: &Options) -> (Arc<str>, Option<Map>) {
    let allocator = Allocator::default();
    let program = Parser::new(&allocator, code, SourceType::unambiguous()).parse().program;
    let scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
    let (code, stage) = splice(code, Scan::of(&program, &scoping, &options.settings).defined);
    (code.into(), Some(map.then(stage)))
}

/// JSX is allowed in every JavaScript file, as wrangler tells esbuild, and a top-level `await` makes a module of a
/// file that says nothing else. But both are tried only where plain JavaScript fails, so that errors are told in its
/// terms and the result says whether there is JSX to transform.
fn parse<'a>(allocator: &'a Allocator, text: &'a str, options: &Options) -> ParserReturn<'a> {
    let parse = |source_type: SourceType| {
        let regular = ParseOptions { parse_regular_expression: true, ..ParseOptions::default() };
        // Node.js runs a CommonJS module as the body of a function.
        let allow_return_outside_function = options.hint != Hint::Esm;
        let options = ParseOptions { allow_return_outside_function, ..regular };
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
    if options.language != Language::Js || !parsed.diagnostics.has_errors() {
        return parsed;
    }
    let mut others = Vec::new();
    if text.contains("await") && options.hint == Hint::None {
        others.push(SourceType::mjs());
    }
    if text.contains('<') {
        others.extend([source_type, SourceType::mjs()].map(|one| one.with_jsx(true)));
    }
    others.into_iter().map(parse).find(|other| !other.diagnostics.has_errors()).unwrap_or(parsed)
}

fn transform<'a>(
    source: &Source,
    allocator: &'a Allocator,
    program: &mut Program<'a>,
    (scoping, settings, defines): (Scoping, &Settings, bool),
) -> Result<Scoping, Problems> {
    let options = transformations(settings, settings.assign_class_fields && !defines);
    let done = Transformer::new(allocator, Path::new(""), &options).build_with_scoping(scoping, program);
    if done.diagnostics.has_errors() { Err(problems(source, done.diagnostics)) } else { Ok(done.scoping) }
}

fn transformations(settings: &Settings, assigns: bool) -> TransformOptions {
    let jsx = &settings.jsx;
    let classic = !jsx.automatic;
    TransformOptions {
        assumptions: CompilerAssumptions { set_public_class_fields: assigns, ..CompilerAssumptions::default() },
        typescript: TypeScriptOptions {
            // esbuild writes the values of enums where they are used, too.
            optimize_enums: true,
            only_remove_type_imports: settings.keep_imports,
            remove_class_fields_without_initializer: assigns,
            ..TypeScriptOptions::default()
        },
        decorator: DecoratorOptions { legacy: settings.legacy_decorators, ..DecoratorOptions::default() },
        jsx: JsxOptions {
            runtime: if classic { JsxRuntime::Classic } else { JsxRuntime::Automatic },
            development: jsx.development && jsx.automatic,
            pure: false,
            pragma: jsx.factory.clone().filter(|_| classic),
            pragma_frag: jsx.fragment.clone().filter(|_| classic),
            import_source: jsx.import_source.clone().filter(|_| jsx.automatic),
            ..JsxOptions::enable()
        },
        helper_loader: HelperLoaderOptions { module_name: HELPERS.into(), ..HelperLoaderOptions::default() },
        ..TransformOptions::default()
    }
}

fn print(program: &Program<'_>) -> (String, Stage) {
    let options = CodegenOptions { source_map_path: Some(PathBuf::new()), ..CodegenOptions::default() };
    let printed = Codegen::new().with_options(options).build(program);
    let pairs = printed.map.iter().flat_map(|map| {
        map.get_tokens().map(|t| ((t.get_dst_line(), t.get_dst_col()), (t.get_src_line(), t.get_src_col())))
    });
    let stage = Stage::printed(&printed.code, program.source_text, pairs);
    (printed.code, stage)
}
