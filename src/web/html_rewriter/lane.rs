//! `lol_html` on a stack of its own: it calls its handlers and expects them done when they return, while a handler in
//! JavaScript may wait for anything. So the whole rewriting is a coroutine: it runs until a handler is due, hands over
//! the handler's number, and goes on when it is told to. JavaScript never runs on its stack.

use std::borrow::Cow;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use lol_html::html_content::{ContentType, StreamingHandler, StreamingHandlerSink};
use lol_html::send::{DocumentContentHandlers, ElementContentHandlers, HtmlRewriter, Settings};
use lol_html::{AsciiCompatibleEncoding, HandlerResult, MemorySettings, Selector};

use super::tokens::{Answer, Ask, Token};

/// Address space of the stack; only what is touched becomes memory. Nothing there recurses by what the document holds,
/// and selectors are bounded.
const STACK: usize = 1 << 20;

/// What `lol_html` may keep of a document that it cannot pass on yet, as on Cloudflare.
const MOST_MEMORY: usize = 3 << 20;
const FIRST_BUFFER: usize = 1024;

/// What JavaScript tells the rewriting.
pub(super) enum Command {
    Write(Vec<u8>),
    End,
    /// Go on: the handler is done, or the stream of content is at its end.
    Resume,
    Ask(Ask),
    /// A piece of a stream of content, and whether it is HTML.
    Content(Vec<u8>, bool),
    Stop,
}

/// Where the rewriting stands.
pub(super) enum Reply {
    /// All input is taken in.
    Idle,
    /// The handler of this number is due (or the stream of content of this number).
    Handler(u32),
    Answer(Answer),
    /// The rewriting is over.
    Failed(String),
}

/// The handlers of one registration, by number; a selector makes it one for elements.
pub(super) struct Handlers {
    pub selector: Option<Selector>,
    pub element: Option<u32>,
    pub comments: Option<u32>,
    pub text: Option<u32>,
    pub doctype: Option<u32>,
    pub end: Option<u32>,
}

pub(super) struct Plan {
    pub handlers: Vec<Handlers>,
    pub encoding: AsciiCompatibleEncoding,
    /// `<esi:include>` has no content.
    pub esi: bool,
}

type Output = Arc<Mutex<Vec<u8>>>;

/// One rewriting, from outside its stack.
pub(super) struct Machine {
    coroutine: Coroutine<Command, Reply, Result<(), String>>,
    output: Output,
}

impl Machine {
    pub(super) fn new(plan: Plan) -> io::Result<Self> {
        let output = Output::default();
        let sink = output.clone();
        let coroutine = Coroutine::with_stack(DefaultStack::new(STACK)?, move |yielder, first| {
            rewrite(&plan, Lane(yielder), first, &sink)
        });
        Ok(Self { coroutine, output })
    }

    pub(super) fn send(&mut self, command: Command) -> Reply {
        if self.coroutine.done() {
            return Reply::Idle;
        }
        let coroutine = &mut self.coroutine;
        // A panic in lol_html ends the rewriting alone.
        match catch_unwind(AssertUnwindSafe(|| coroutine.resume(command))) {
            Ok(CoroutineResult::Yield(reply)) => reply,
            Ok(CoroutineResult::Return(Ok(()))) => Reply::Idle,
            Ok(CoroutineResult::Return(Err(message))) => Reply::Failed(message),
            Err(_) => Reply::Failed("The document cannot be parsed.".to_owned()),
        }
    }

    pub(super) fn ahead(&self) -> usize {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.output.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Machine {
    /// Every handler that waits fails, so the stack is left the ordinary way.
    fn drop(&mut self) {
        if self.coroutine.started() {
            self.send(Command::Stop);
        }
    }
}

/// The way out of the rewriting's stack.
#[derive(Clone, Copy)]
pub(super) struct Lane(*const Yielder<Command, Reply>);

// SAFETY: used on the coroutine's own stack alone, which is on one thread at a time.
#[allow(unsafe_code, reason = "lol_html wants handlers that may be sent to other threads")]
unsafe impl Send for Lane {}

impl Lane {
    fn wait(self, reply: Reply) -> Command {
        #[allow(unsafe_code, reason = "handlers of end tags and streams may not borrow from the stack they run on")]
        // SAFETY: the yielder outlives the coroutine's function, whose rewriter owns all copies of this.
        let yielder = unsafe { &*self.0 };
        yielder.suspend(reply)
    }

    /// Has JavaScript run a handler, and answers what that asks of the token, until it is done.
    pub(super) fn serve(self, number: u32, token: &mut impl Token) -> HandlerResult {
        let mut command = self.wait(Reply::Handler(number));
        loop {
            command = match command {
                Command::Ask(ask) => self.wait(Reply::Answer(token.answer(ask, self))),
                Command::Resume => return Ok(()),
                _ => return Err(Box::new(Stopped)),
            };
        }
    }
}

/// Nobody wants the rest.
#[derive(Debug)]
struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("The rewriter has been stopped.")
    }
}

impl std::error::Error for Stopped {}

/// A stream of content that JavaScript feeds.
pub(super) struct Feed {
    pub lane: Lane,
    pub number: u32,
}

impl StreamingHandler for Feed {
    fn write_all(self: Box<Self>, sink: &mut StreamingHandlerSink<'_>) -> HandlerResult {
        let mut command = self.lane.wait(Reply::Handler(self.number));
        loop {
            command = match command {
                Command::Content(bytes, html) => {
                    sink.write_utf8_chunk(&bytes, content_type(html))?;
                    self.lane.wait(Reply::Idle)
                }
                Command::Resume => return Ok(()),
                _ => return Err(Box::new(Stopped)),
            };
        }
    }
}

pub(super) fn content_type(html: bool) -> ContentType {
    if html { ContentType::Html } else { ContentType::Text }
}

/// The coroutine's function.
fn rewrite(plan: &Plan, lane: Lane, first: Command, output: &Output) -> Result<(), String> {
    let sink = |bytes: &[u8]| output.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    let mut rewriter = HtmlRewriter::new(settings(plan, lane), sink);
    let mut command = first;
    loop {
        match command {
            Command::Write(input) => rewriter.write(&input).map_err(|error| error.to_string())?,
            Command::End => return rewriter.end().map_err(|error| error.to_string()),
            Command::Stop => return Ok(()),
            Command::Resume | Command::Ask(_) | Command::Content(..) => {}
        }
        command = lane.wait(Reply::Idle);
    }
}

fn settings(plan: &Plan, lane: Lane) -> Settings<'static, '_> {
    let memory = MemorySettings::new()
        .with_preallocated_parsing_buffer_size(FIRST_BUFFER)
        .with_max_allowed_memory_usage(MOST_MEMORY);
    let mut settings = Settings::new_send()
        .with_encoding(plan.encoding)
        .with_memory_settings(memory)
        .with_strict(true)
        .with_enable_esi_tags(plan.esi);
    for handlers in &plan.handlers {
        settings = match &handlers.selector {
            Some(selector) => {
                settings.append_element_content_handler((Cow::Borrowed(selector), of_element(handlers, lane)))
            }
            None => settings.append_document_content_handler(of_document(handlers, lane)),
        };
    }
    settings
}

fn of_element(handlers: &Handlers, lane: Lane) -> ElementContentHandlers<'static> {
    let mut all = ElementContentHandlers::default();
    if let Some(number) = handlers.element {
        all = all.element(move |token: &mut lol_html::send::Element<'_, '_>| lane.serve(number, token));
    }
    if let Some(number) = handlers.comments {
        all = all.comments(move |token: &mut lol_html::html_content::Comment<'_>| lane.serve(number, token));
    }
    if let Some(number) = handlers.text {
        all = all.text(move |token: &mut lol_html::html_content::TextChunk<'_>| lane.serve(number, token));
    }
    all
}

fn of_document(handlers: &Handlers, lane: Lane) -> DocumentContentHandlers<'static> {
    let mut all = DocumentContentHandlers::default();
    if let Some(number) = handlers.doctype {
        all = all.doctype(move |token: &mut lol_html::html_content::Doctype<'_>| lane.serve(number, token));
    }
    if let Some(number) = handlers.comments {
        all = all.comments(move |token: &mut lol_html::html_content::Comment<'_>| lane.serve(number, token));
    }
    if let Some(number) = handlers.text {
        all = all.text(move |token: &mut lol_html::html_content::TextChunk<'_>| lane.serve(number, token));
    }
    if let Some(number) = handlers.end {
        all = all.end(move |token: &mut lol_html::html_content::DocumentEnd<'_>| lane.serve(number, token));
    }
    all
}
