//! The native half of `HTMLRewriter`: the handle of one rewriting. `lol_html` runs on a stack of its own (`lane`) and stops
//! at each handler, so that JavaScript may take its time there; what a handler asks of its token is `tokens`' business.
//!
//! JavaScript keeps the handlers and knows them by number. Each step answers the number of the handler to call, or -1
//! when all input is taken in.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

mod lane;
mod tokens;

use std::cell::{Cell, RefCell};
use std::panic::catch_unwind;
use std::rc::Rc;

use encoding_rs::Encoding;
use lol_html::{AsciiCompatibleEncoding, Selector};
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Array, Class, Ctx, IntoJs, JsLifetime, Object, Result, TypedArray, Value};

use crate::engine::{Ledger, bytes, realm, throw_error, throw_range, throw_type};
use lane::{Command, Handlers, Machine, Plan, Reply};
use tokens::{Answer, Ask, Content};

/// Bytes charged for a rewriting itself: its stack and what `lol_html` keeps.
const KEEP: usize = 64 << 10;

/// Selectors longer than this, or with more brackets open at once, are refused: they are compiled by recursion.
const LONGEST_SELECTOR: usize = 2048;
const DEEPEST_SELECTOR: usize = 16;

/// The handle. Holds no JavaScript value.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct HtmlRewriting {
    #[qjs(skip_trace)]
    machine: RefCell<Option<Machine>>,
    #[qjs(skip_trace)]
    ledger: Rc<Ledger>,
    #[qjs(skip_trace)]
    charged: Cell<usize>,
}

#[rquickjs::methods]
impl HtmlRewriting {
    /// More of the document.
    fn write(&self, ctx: Ctx<'_>, data: TypedArray<'_, u8>) -> Result<i64> {
        let input = bytes::with_bytes(&data, <[u8]>::to_vec);
        self.step(&ctx, Command::Write(input))
    }

    /// The document's end.
    fn end(&self, ctx: Ctx<'_>) -> Result<i64> {
        self.step(&ctx, Command::End)
    }

    /// The handler has done its work, or the stream of content has come to its end.
    fn resume(&self, ctx: Ctx<'_>) -> Result<i64> {
        self.step(&ctx, Command::Resume)
    }

    /// A piece of the stream of content that was asked for.
    fn content(&self, ctx: Ctx<'_>, data: TypedArray<'_, u8>, html: bool) -> Result<()> {
        let bytes = bytes::with_bytes(&data, <[u8]>::to_vec);
        self.step(&ctx, Command::Content(bytes, html)).map(|_| ())
    }

    /// Nothing further will be asked.
    fn stop(&self) {
        self.machine.borrow_mut().take();
        self.release();
    }

    /// How much output there is.
    fn ahead(&self) -> usize {
        self.machine.borrow().as_ref().map_or(0, Machine::ahead)
    }

    fn take<'js>(&self, ctx: Ctx<'js>) -> Result<Option<TypedArray<'js, u8>>> {
        let output = self.machine.borrow().as_ref().map(Machine::take).filter(|output| !output.is_empty());
        output.map(|output| TypedArray::new(ctx, output)).transpose()
    }

    /// What a handler asks of its token, by name.
    fn ask<'js>(&self, ctx: Ctx<'js>, what: String, a: String, b: String) -> Result<Value<'js>> {
        self.charge(&ctx, a.len() + b.len())?;
        self.answer(&ctx, Ask::named(&what, a, b))
    }

    fn insert<'js>(&self, ctx: Ctx<'js>, place: String, text: String, html: bool) -> Result<Value<'js>> {
        self.charge(&ctx, text.len())?;
        self.answer(&ctx, Ask::insert(&place, Content::Text(text, html)))
    }

    /// Inserts a stream that JavaScript knows by number and feeds when its turn has come.
    #[qjs(rename = "insertStream")]
    fn insert_stream<'js>(&self, ctx: Ctx<'js>, place: String, number: u32) -> Result<Value<'js>> {
        self.answer(&ctx, Ask::insert(&place, Content::Stream(number)))
    }

    #[qjs(rename = "onEndTag")]
    fn on_end_tag<'js>(&self, ctx: Ctx<'js>, number: u32) -> Result<Value<'js>> {
        self.answer(&ctx, Some(Ask::OnEndTag(number)))
    }
}

impl HtmlRewriting {
    fn send(&self, command: Command) -> Reply {
        let mut machine = self.machine.borrow_mut();
        machine.as_mut().map_or(Reply::Idle, |machine| machine.send(command))
    }

    fn step(&self, ctx: &Ctx<'_>, command: Command) -> Result<i64> {
        match self.send(command) {
            Reply::Handler(number) => Ok(i64::from(number)),
            Reply::Idle | Reply::Answer(_) => {
                self.release();
                Ok(-1)
            }
            Reply::Failed(message) => Err(parser_error(ctx, &message)),
        }
    }

    fn answer<'js>(&self, ctx: &Ctx<'js>, ask: Option<Ask>) -> Result<Value<'js>> {
        let Some(ask) = ask else { return Err(throw_type(ctx, "The token has no such member.")) };
        match self.send(Command::Ask(ask)) {
            Reply::Answer(Answer::Wrong(message)) | Reply::Failed(message) => Err(parser_error(ctx, &message)),
            Reply::Answer(answer) => answer.into_value(ctx),
            Reply::Handler(_) | Reply::Idle => Ok(Value::new_undefined(ctx.clone())),
        }
    }

    /// Enters what a token is about to hold.
    fn charge(&self, ctx: &Ctx<'_>, bytes: usize) -> Result<()> {
        if !self.ledger.try_charge(bytes) {
            return Err(throw_range(ctx, "The content does not fit in the Worker's memory."));
        }
        self.charged.set(self.charged.get() + bytes);
        Ok(())
    }

    fn release(&self) {
        self.ledger.release(self.charged.replace(0));
    }
}

impl Drop for HtmlRewriting {
    fn drop(&mut self) {
        self.release();
        self.ledger.release(KEEP);
    }
}

impl Answer {
    fn into_value<'js>(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        match self {
            Self::Null => Ok(Value::new_null(ctx.clone())),
            Self::Flag(flag) => flag.into_js(ctx),
            Self::Text(text) => text.into_js(ctx),
            Self::Texts(texts) => texts.into_js(ctx),
            Self::Nothing | Self::Wrong(_) => Ok(Value::new_undefined(ctx.clone())),
        }
    }
}

fn parser_error(ctx: &Ctx<'_>, message: &str) -> rquickjs::Error {
    throw_type(ctx, &format!("Parser error: {message}"))
}

fn selector(ctx: &Ctx<'_>, text: &str) -> Result<Selector> {
    if text.len() > LONGEST_SELECTOR {
        return Err(parser_error(ctx, &format!("The selector is longer than {LONGEST_SELECTOR} bytes.")));
    }
    let mut open = 0usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' => open += 1,
            b')' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > DEEPEST_SELECTOR {
            return Err(parser_error(ctx, &format!("The selector has more than {DEEPEST_SELECTOR} open brackets.")));
        }
    }
    // In debug builds lol_html asserts that some errors never come which do: `:not(p::b(.c))`.
    let parsed = catch_unwind(|| text.parse::<Selector>());
    let parsed = parsed.map_err(|_| parser_error(ctx, "The selector is invalid."))?;
    parsed.map_err(|error| parser_error(ctx, &error.to_string()))
}

fn encoding(ctx: &Ctx<'_>, label: &str) -> Result<AsciiCompatibleEncoding> {
    let found = Encoding::for_label_no_replacement(label.as_bytes());
    let found = found.ok_or_else(|| parser_error(ctx, "Unknown character encoding has been provided."))?;
    AsciiCompatibleEncoding::new(found).ok_or_else(|| parser_error(ctx, "Expected ASCII-compatible encoding."))
}

/// Begins a rewriting. `handlers` has for each registration its selector (or null for the document) and the numbers of
/// its handlers, -1 for none: element, comments, text, doctype, end.
fn start<'js>(ctx: Ctx<'js>, handlers: Vec<Array<'js>>, label: String, esi: bool) -> Result<Class<'js, HtmlRewriting>> {
    let encoding = encoding(&ctx, &label)?;
    let handlers = handlers.iter().map(|given| registration(&ctx, given)).collect::<Result<_>>()?;
    let ledger = realm(&ctx).memory.clone();
    if !ledger.try_charge(KEEP) {
        return Err(throw_range(&ctx, "There is no memory left for an HTMLRewriter."));
    }
    let machine = Machine::new(Plan { handlers, encoding, esi });
    let machine = machine.map_err(|error| throw_error(&ctx, &format!("An HTMLRewriter has no stack: {error}")))?;
    let machine = RefCell::new(Some(machine));
    Class::instance(ctx, HtmlRewriting { machine, ledger, charged: Cell::new(0) })
}

fn registration(ctx: &Ctx<'_>, given: &Array<'_>) -> Result<Handlers> {
    let text: Option<String> = given.get(0)?;
    let number = |at: usize| given.get::<i64>(at).map(|number| u32::try_from(number).ok());
    Ok(Handlers {
        selector: text.map(|text| selector(ctx, &text)).transpose()?,
        element: number(1)?,
        comments: number(2)?,
        text: number(3)?,
        doctype: number(4)?,
        end: number(5)?,
    })
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("htmlSelector", Func::from(|ctx: Ctx<'_>, text: String| selector(&ctx, &text).map(|_| ())))?;
    host.set("htmlStart", Func::from(start))
}
