//! The standard's decorators and `accessor`s, which the engine does not know, as ordinary classes.
//!
//! In place: a decorated member gets a computed key whose expression also evaluates the decorators, so that they are
//! evaluated where they stand; a static block in front applies them (`embedded/decorators.js`).

use std::fmt::Write;

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    AccessorProperty, Class, ClassElement, Decorator, ExportDeclaration, ExportDefaultDeclaration,
    ExportDefaultDeclarationKind, Expression, MethodDefinition, MethodDefinitionKind, PropertyDefinition, PropertyKey,
    VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SourceType};

use super::common_js::unused;
use super::embedded::DECORATORS;
use super::map::Stage;
use super::notation::string;
use super::record::range;
use super::splice::{Edit, splice};

/// Whether a look at the syntax is worth it.
pub(super) fn may_be_in(text: &str) -> bool {
    text.contains('@') || text.contains("accessor ")
}

/// JavaScript without decorators; `None` if it has none.
pub(super) fn lower(code: &str) -> Option<(String, Stage)> {
    let allocator = Allocator::default();
    let program = Parser::new(&allocator, code, SourceType::unambiguous()).parse().program;
    let mut classes = Classes {
        code,
        begin: unused(code, "decorators"),
        state: unused(code, "state"),
        storage: unused(code, "storage"),
        extra: unused(code, "extra"),
        whole: unused(code, "whole"),
        count: 0,
        within: String::new(),
        edits: Vec::new(),
        role: Role::Other,
        name: None,
    };
    classes.visit_program(&program);
    if classes.edits.is_empty() {
        return None;
    }
    let begin = &classes.begin;
    let start = if code.starts_with("#!") { code.find('\n').unwrap_or(code.len()) } else { 0 };
    let directives = program.directives.last().map_or(start, |last| range(last.span).end);
    let import = if program.source_type.is_module() {
        format!(";import{{begin as {begin}}}from{};", string(DECORATORS))
    } else {
        format!(";const {{begin:{begin}}}=require({});", string(DECORATORS))
    };
    let mut edits = vec![Edit::insert(directives.max(start), import)];
    edits.append(&mut classes.edits);
    Some(splice(code, edits))
}

/// Where a class stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// `export class`, and where the statement begins.
    Exported(usize),
    /// `export default class`.
    Default(usize),
    Other,
}

struct Classes<'c> {
    code: &'c str,
    /// Names for what is added, unused in the file.
    begin: String,
    state: String,
    storage: String,
    extra: String,
    whole: String,
    count: usize,
    /// The state of the class whose members are visited.
    within: String,
    edits: Vec<Edit>,
    role: Role,
    /// What an anonymous class is called by where it stands.
    name: Option<String>,
}

fn is_concerned(class: &Class<'_>) -> bool {
    let is_concerned = |element: &ClassElement<'_>| match element {
        ClassElement::MethodDefinition(method) => !method.decorators.is_empty(),
        ClassElement::PropertyDefinition(property) => !property.decorators.is_empty(),
        ClassElement::AccessorProperty(_) => true,
        _ => false,
    };
    !class.decorators.is_empty() || class.body.body.iter().any(is_concerned)
}

/// A member that is decorated, or an accessor.
struct Member<'m, 'a> {
    index: usize,
    start: usize,
    decorators: &'m [Decorator<'a>],
    key: &'m PropertyKey<'a>,
    is_computed: bool,
    is_static: bool,
    kind: &'static str,
}

impl Member<'_, '_> {
    fn is_static(&self) -> &'static str {
        if self.is_static { "static " } else { "" }
    }
}

impl<'a> Classes<'_> {
    fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.edits.push(Edit::insert(at, text));
    }

    fn replace(&mut self, from: usize, to: usize, text: impl Into<String>) {
        self.edits.push(Edit::replace(from..to, text));
    }

    /// `@a @b` -> `a ,b`; answers where they end.
    fn decorators(&mut self, decorators: &[Decorator<'a>], before: &str) -> Option<usize> {
        for (index, decorator) in decorators.iter().enumerate() {
            let start = range(decorator.span).start;
            self.replace(start, start + 1, if index == 0 { before } else { "," });
            self.visit_expression(&decorator.expression);
        }
        decorators.last().map(|last| range(last.span).end)
    }

    fn class(&mut self, class: &Class<'a>) {
        let role = std::mem::replace(&mut self.role, Role::Other);
        let name = self.name.take();
        let state = format!("{}{}", self.state, self.count);
        self.count += 1;
        let own = class.id.as_ref().map(|id| id.name.to_string());
        let at = range(class.span);
        let keyword = self.keyword(class);
        let is_statement = class.is_declaration() && (own.is_some() || class.decorators.is_empty());
        // What stands for the class outside, if its decorators may replace it.
        let bound = (!class.decorators.is_empty()).then(|| own.clone().unwrap_or_else(|| self.whole.clone()));
        let start = match role {
            Role::Exported(start) | Role::Default(start) if is_statement => start,
            _ => at.start,
        };
        let start = class.decorators.first().map_or(start, |first| start.min(range(first.span).start));
        let arrow = if is_statement { "" } else { "(()=>{" };
        let exports = if is_statement && bound.is_some() && matches!(role, Role::Exported(_)) { "export " } else { "" };
        let variable = bound.as_ref().map_or_else(String::new, |bound| format!("{exports}let {bound};"));
        let shown = string(own.as_deref().or(name.as_deref()).unwrap_or(""));
        let opening = format!("{arrow}{variable}const {state}={}({shown},[", self.begin);
        let then = match (&bound, is_statement) {
            (Some(bound), _) => format!("]);{bound}={state}.whole(class"),
            (None, true) => "]);".into(),
            (None, false) => "]);return (0,class".into(),
        };
        if let Some(first) = class.decorators.first().map(|first| range(first.span).start) {
            let is_behind = matches!(role, Role::Default(export) if export > first) && !is_statement;
            // `export` in front of the decorators of a statement goes.
            self.replace(start, first, format!("{}{opening}", if is_behind { "export default " } else { "" }));
            let end = self.decorators(&class.decorators, "").unwrap_or(first);
            self.replace(end, keyword + "class".len(), then);
            if let Some(id) = &class.id {
                self.replace(range(id.span).start, range(id.span).end, "");
            }
        } else if is_statement {
            self.insert(start, format!("{opening}{then}"));
        } else {
            self.replace(at.start, keyword + "class".len(), format!("{opening}{then}"));
        }
        if let Some(heritage) = &class.heritage {
            self.visit_expression(&heritage.expression);
        }
        self.body(class, &state, bound.as_deref());
        let mut closing = String::new();
        if bound.is_some() || !is_statement {
            closing.push_str(");");
        }
        match (&bound, is_statement, role) {
            (Some(bound), true, Role::Default(_)) => drop(write!(closing, "export{{{bound} as default}};")),
            (Some(bound), false, _) => drop(write!(closing, "return {bound}}})()")),
            (None, false, _) => closing.push_str("})()"),
            _ => {}
        }
        if !is_statement && matches!(role, Role::Default(_)) {
            closing.push(';');
        }
        self.insert(at.end, closing);
    }

    /// Where the keyword `class` stands.
    fn keyword(&self, class: &Class<'a>) -> usize {
        let from = class.decorators.last().map_or(range(class.span).start, |last| range(last.span).end);
        let from = from.max(range(class.span).start);
        let head = class.id.as_ref().map_or(range(class.body.span).start, |id| range(id.span).start);
        self.code[from..head].find("class").map_or(from, |at| from + at)
    }

    fn body(&mut self, class: &Class<'a>, state: &str, bound: Option<&str>) {
        let around = std::mem::replace(&mut self.within, state.to_owned());
        let body = range(class.body.span);
        let set = bound.map_or_else(String::new, |bound| format!(",c=>{bound}=c"));
        let start = format!("static{{{state}.apply(this{set})}}#{}={state}.start(this);", self.extra);
        self.insert(body.start + 1, start);
        let mut index = 0;
        for element in &class.body.body {
            match element {
                ClassElement::MethodDefinition(method) if !method.decorators.is_empty() => {
                    self.method(method, index);
                }
                ClassElement::PropertyDefinition(field) if !field.decorators.is_empty() => self.field(field, index),
                ClassElement::AccessorProperty(accessor) => self.accessor(accessor, index),
                other => {
                    self.visit_class_element(other);
                    continue;
                }
            }
            index += 1;
        }
        self.insert(body.end - 1, format!(";static{{{state}.end()}}"));
        self.within = around;
    }

    /// Everything of a member up to the end of its key: `modifiers [state.key("method", false, [a, b], "name")]`.
    fn head(&mut self, member: &Member<'_, 'a>, modifiers: &str) {
        let state = self.within.clone();
        let key = range(member.key.span());
        let opening = format!(";{modifiers}[{state}.key({},{},[", string(member.kind), member.is_static);
        self.insert(member.start, opening);
        let end = self.decorators(member.decorators, "").unwrap_or(member.start);
        // Up to the key goes what stands before it: modifiers and the bracket.
        let mut closing = String::from("],");
        match member.key {
            PropertyKey::StaticIdentifier(name) => {
                self.replace(end, key.end, format!("{closing}{})]", string(name.name.as_str())));
            }
            PropertyKey::PrivateIdentifier(name) => {
                let name = format!("#{}", name.name);
                let _ = write!(closing, "{},o=>{name} in o", string(&name));
                let _ = match member.kind {
                    "set" => write!(closing, ",void 0"),
                    _ => write!(closing, ",o=>o.{name}"),
                };
                if matches!(member.kind, "set" | "field" | "accessor") {
                    let _ = write!(closing, ",(o,v)=>{{o.{name}=v}}");
                }
                self.replace(end, key.end, format!("{closing})]"));
            }
            other => {
                self.replace(end, key.start, closing);
                if let Some(expression) = other.as_expression() {
                    self.visit_expression(expression);
                }
                let bracket =
                    if member.is_computed { self.code[key.end..].find(']').map_or(0, |at| at + 1) } else { 0 };
                self.replace(key.end, key.end + bracket, ")]");
            }
        }
    }

    fn method(&mut self, method: &MethodDefinition<'a>, index: usize) {
        let kind = match method.kind {
            MethodDefinitionKind::Get => "get",
            MethodDefinitionKind::Set => "set",
            MethodDefinitionKind::Method | MethodDefinitionKind::Constructor => "method",
        };
        let member = Member {
            index,
            start: range(method.span).start,
            decorators: &method.decorators,
            key: &method.key,
            is_computed: method.computed,
            is_static: method.r#static,
            kind,
        };
        let of_kind = match kind {
            "get" => "get ",
            "set" => "set ",
            _ if method.value.r#async => "async ",
            _ => "",
        };
        let star = if method.value.generator { "*" } else { "" };
        self.head(&member, &format!("{}{of_kind}{star}", member.is_static()));
        walk::walk_function(self, &method.value, oxc::syntax::scope::ScopeFlags::Function);
        if let PropertyKey::PrivateIdentifier(name) = &method.key {
            let (state, name, of) = (self.within.clone(), name.name.as_str(), member.is_static());
            let member = &member;
            let text = match kind {
                "get" => format!("{of}get #{name}(){{return {state}.get({},this)}}", member.index),
                "set" => format!("{of}set #{name}(v){{{state}.set({},this,v)}}", member.index),
                _ => format!("{of}get #{name}(){{return {state}.method({})}}", member.index),
            };
            self.insert(range(method.span).end, text);
        }
    }

    fn field(&mut self, field: &PropertyDefinition<'a>, index: usize) {
        let member = Member {
            index,
            start: range(field.span).start,
            decorators: &field.decorators,
            key: &field.key,
            is_computed: field.computed,
            is_static: field.r#static,
            kind: "field",
        };
        if let PropertyKey::PrivateIdentifier(name) = &field.key {
            // A method of a temporary name takes the decorators.
            self.head(&member, "static ");
            self.insert(range(field.key.span()).end, format!("(){{}}{}#{}", member.is_static(), name.name));
        } else {
            self.head(&member, member.is_static());
        }
        self.value(&member, field.value.as_ref(), range(field.span).end);
    }

    fn accessor(&mut self, accessor: &AccessorProperty<'a>, index: usize) {
        let member = Member {
            index,
            start: range(accessor.span).start,
            decorators: &accessor.decorators,
            key: &accessor.key,
            is_computed: accessor.computed,
            is_static: accessor.r#static,
            kind: "accessor",
        };
        let (state, of) = (self.within.clone(), member.is_static());
        let storage = format!("#{}{index}", self.storage);
        self.head(&member, &format!("{of}get "));
        let mut text = format!("(){{return this.{storage}}}{of}set [{state}.name({index})](v){{this.{storage}=v}}");
        if let PropertyKey::PrivateIdentifier(name) = &accessor.key {
            let name = name.name.as_str();
            let _ = write!(
                text,
                "{of}get #{name}(){{return {state}.get({index},this)}}{of}set #{name}(v){{{state}.set({index},this,v)}}"
            );
        }
        let _ = write!(text, "{of}{storage}");
        let key = self.key_end(&member);
        self.insert(key, text);
        self.value(&member, accessor.value.as_ref(), range(accessor.span).end);
    }

    /// Where a member's key ends, its bracket included.
    fn key_end(&self, member: &Member<'_, 'a>) -> usize {
        let end = range(member.key.span()).end;
        if member.is_computed { self.code[end..].find(']').map_or(end, |at| end + at + 1) } else { end }
    }

    /// `= 1;` -> `=state.value(0,this,1);` and a member that runs what is to run after it.
    fn value(&mut self, member: &Member<'_, 'a>, value: Option<&Expression<'a>>, end: usize) {
        let (state, index) = (self.within.clone(), member.index);
        let key = self.key_end(member);
        if let Some(value) = value {
            let at = range(value.span());
            // A function without a name gets the member's.
            let is_named = matches!(value, Expression::ArrowFunctionExpression(_))
                || matches!(value, Expression::FunctionExpression(function) if function.id.is_none())
                || matches!(value, Expression::ClassExpression(class) if class.id.is_none());
            let name = format!("[{state}.named({index})]");
            let (open, close) = if is_named { (format!("{{{name}:"), format!("}}{name}")) } else { Default::default() };
            self.replace(key, at.start, format!("={state}.value({index},this,{open}"));
            self.visit_expression(value);
            let rest = self.code[at.end..end].trim_end_matches(';').len();
            self.replace(at.end, at.end + rest, format!("{close})"));
        } else {
            self.insert(key, format!("={state}.value({index},this)"));
        }
        let text = if member.is_static {
            format!(";static{{{state}.after({index},this)}}")
        } else {
            format!(";#{}{index}={state}.after({index},this);", self.extra)
        };
        self.insert(end, text);
    }
}

impl<'a> Visit<'a> for Classes<'_> {
    fn visit_class(&mut self, it: &Class<'a>) {
        if is_concerned(it) {
            self.class(it);
        } else {
            (self.role, self.name) = (Role::Other, None);
            walk::walk_class(self, it);
        }
    }

    fn visit_export_declaration(&mut self, it: &ExportDeclaration<'a>) {
        self.role = Role::Exported(range(it.span).start);
        walk::walk_export_declaration(self, it);
        self.role = Role::Other;
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        self.role = Role::Default(range(it.span).start);
        if matches!(it.declaration, ExportDefaultDeclarationKind::ClassDeclaration(_)) {
            self.name = Some("default".into());
        }
        walk::walk_export_default_declaration(self, it);
        (self.role, self.name) = (Role::Other, None);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        self.role = Role::Other;
        let is_class = matches!(it.init, Some(Expression::ClassExpression(_)));
        self.name = it.id.get_identifier_name().filter(|_| is_class).map(|name| name.to_string());
        walk::walk_variable_declarator(self, it);
        self.name = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowered(code: &str) -> String {
        lower(code)
            .expect("there are decorators")
            .0
            .split_once(';')
            .and_then(|(_, rest)| rest.split_once(';'))
            .unwrap()
            .1
            .into()
    }

    #[test]
    fn a_class_is_bound_to_what_its_decorators_make_of_it() {
        let body = "{static{state$0.apply(this,c=>A=c)}#extra$=state$0.start(this);;static{state$0.end()}}";
        let made = format!("let A;const state$0=decorators$(\"A\",[d]);A=state$0.whole(class {body});");
        assert_eq!(lowered("@d class A {}\nexport{}"), format!("{made}\nexport{{}}").replace("class {", "class  {"));
        assert_eq!(lowered("@d export class A {}"), format!("export {made}").replace("class {", "class  {"));
        assert_eq!(
            lowered("export default @d class A {}"),
            format!("{made}export{{A as default}};").replace("class {", "class  {")
        );
    }

    #[test]
    fn a_file_without_decorators_stays() {
        assert!(lower("/* @d */ class A { accessor = 1; static x }").is_none());
    }
}
