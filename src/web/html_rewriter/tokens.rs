//! What JavaScript may ask of a token of the document while its handler runs. Strings in, strings out.

use lol_html::html_content::{Comment, Doctype, DocumentEnd, EndTag, StreamingHandler, TextChunk};
use lol_html::send::Element;

use super::lane::{Feed, Lane, content_type};

/// One question or order.
pub(super) enum Ask {
    Name,
    SetName(String),
    Text,
    SetText(String),
    PublicId,
    SystemId,
    Namespace,
    IsLast,
    IsRemoved,
    Attributes,
    Attribute(String),
    HasAttribute(String),
    SetAttribute(String, String),
    RemoveAttribute(String),
    Remove,
    RemoveAndKeepContent,
    OnEndTag(u32),
    Insert(Place, Content),
}

#[derive(Clone, Copy)]
pub(super) enum Place {
    Before,
    After,
    Prepend,
    Append,
    Replace,
    Inside,
}

pub(super) enum Content {
    /// The text, and whether it is HTML.
    Text(String, bool),
    /// A stream that JavaScript knows by this number.
    Stream(u32),
}

pub(super) enum Answer {
    Nothing,
    Null,
    Flag(bool),
    Text(String),
    /// Names and values in turn.
    Texts(Vec<String>),
    /// It cannot be done: why.
    Wrong(String),
}

impl Ask {
    pub(super) fn named(what: &str, a: String, b: String) -> Option<Self> {
        Some(match what {
            "name" => Self::Name,
            "setName" => Self::SetName(a),
            "text" => Self::Text,
            "setText" => Self::SetText(a),
            "publicId" => Self::PublicId,
            "systemId" => Self::SystemId,
            "namespace" => Self::Namespace,
            "isLast" => Self::IsLast,
            "isRemoved" => Self::IsRemoved,
            "attributes" => Self::Attributes,
            "attribute" => Self::Attribute(a),
            "hasAttribute" => Self::HasAttribute(a),
            "setAttribute" => Self::SetAttribute(a, b),
            "removeAttribute" => Self::RemoveAttribute(a),
            "remove" => Self::Remove,
            "removeAndKeepContent" => Self::RemoveAndKeepContent,
            _ => return None,
        })
    }

    pub(super) fn insert(place: &str, content: Content) -> Option<Self> {
        let place = match place {
            "before" => Place::Before,
            "after" => Place::After,
            "prepend" => Place::Prepend,
            "append" => Place::Append,
            "replace" => Place::Replace,
            "setInnerContent" => Place::Inside,
            _ => return None,
        };
        Some(Self::Insert(place, content))
    }
}

/// A part of the document.
pub(super) trait Token {
    fn answer(&mut self, ask: Ask, lane: Lane) -> Answer;
}

impl<T> From<Option<T>> for Answer
where
    Answer: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Answer {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<E: std::fmt::Display> From<Result<(), E>> for Answer {
    fn from(done: Result<(), E>) -> Self {
        done.map_or_else(|error| Self::Wrong(error.to_string()), |()| Self::Nothing)
    }
}

/// The name of the token's member is wrong: JavaScript asks each kind of token for what it has.
fn no_such() -> Answer {
    Answer::Wrong("The token cannot do this.".into())
}

fn feed(lane: Lane, number: u32) -> Box<dyn StreamingHandler + Send> {
    Box::new(Feed { lane, number })
}

impl Token for Element<'_, '_> {
    fn answer(&mut self, ask: Ask, lane: Lane) -> Answer {
        match ask {
            Ask::Name => self.tag_name().into(),
            Ask::SetName(name) => self.set_tag_name(&name).into(),
            Ask::Namespace => self.namespace_uri().to_owned().into(),
            Ask::IsRemoved => self.removed().into(),
            Ask::Attributes => {
                Answer::Texts(self.attributes().iter().flat_map(|one| [one.name(), one.value()]).collect())
            }
            Ask::Attribute(name) => self.get_attribute(&name).into(),
            Ask::HasAttribute(name) => self.has_attribute(&name).into(),
            Ask::SetAttribute(name, value) => self.set_attribute(&name, &value).into(),
            Ask::RemoveAttribute(name) => {
                self.remove_attribute(&name);
                Answer::Nothing
            }
            Ask::Remove => {
                self.remove();
                Answer::Nothing
            }
            Ask::RemoveAndKeepContent => {
                self.remove_and_keep_content();
                Answer::Nothing
            }
            Ask::OnEndTag(number) => on_end_tag(self, number, lane),
            Ask::Insert(place, Content::Text(text, html)) => insert(self, place, &text, html),
            Ask::Insert(place, Content::Stream(number)) => insert_stream(self, place, feed(lane, number)),
            _ => no_such(),
        }
    }
}

/// The last one counts, as on Cloudflare.
fn on_end_tag(element: &mut Element<'_, '_>, number: u32, lane: Lane) -> Answer {
    let Some(handlers) = element.end_tag_handlers() else { return Answer::Wrong("No end tag.".into()) };
    handlers.clear();
    handlers.push(Box::new(move |end: &mut EndTag<'_>| lane.serve(number, end)));
    Answer::Nothing
}

fn insert(element: &mut Element<'_, '_>, place: Place, text: &str, html: bool) -> Answer {
    let kind = content_type(html);
    match place {
        Place::Before => element.before(text, kind),
        Place::After => element.after(text, kind),
        Place::Prepend => element.prepend(text, kind),
        Place::Append => element.append(text, kind),
        Place::Replace => element.replace(text, kind),
        Place::Inside => element.set_inner_content(text, kind),
    }
    Answer::Nothing
}

fn insert_stream(element: &mut Element<'_, '_>, place: Place, feed: Box<dyn StreamingHandler + Send>) -> Answer {
    match place {
        Place::Before => element.streaming_before(feed),
        Place::After => element.streaming_after(feed),
        Place::Prepend => element.streaming_prepend(feed),
        Place::Append => element.streaming_append(feed),
        Place::Replace => element.streaming_replace(feed),
        Place::Inside => element.streaming_set_inner_content(feed),
    }
    Answer::Nothing
}

impl Token for EndTag<'_> {
    fn answer(&mut self, ask: Ask, lane: Lane) -> Answer {
        match ask {
            Ask::Name => self.name().into(),
            Ask::SetName(name) => {
                self.set_name_str(name);
                Answer::Nothing
            }
            Ask::Remove => {
                self.remove();
                Answer::Nothing
            }
            Ask::Insert(Place::Before, Content::Text(text, html)) => {
                self.before(&text, content_type(html));
                Answer::Nothing
            }
            Ask::Insert(Place::After, Content::Text(text, html)) => {
                self.after(&text, content_type(html));
                Answer::Nothing
            }
            Ask::Insert(Place::Before, Content::Stream(number)) => {
                self.streaming_before(feed(lane, number));
                Answer::Nothing
            }
            Ask::Insert(Place::After, Content::Stream(number)) => {
                self.streaming_after(feed(lane, number));
                Answer::Nothing
            }
            _ => no_such(),
        }
    }
}

impl Token for Comment<'_> {
    fn answer(&mut self, ask: Ask, _lane: Lane) -> Answer {
        match ask {
            Ask::Text => self.text().into(),
            Ask::SetText(text) => self.set_text(&text).into(),
            Ask::IsRemoved => self.removed().into(),
            Ask::Remove => {
                self.remove();
                Answer::Nothing
            }
            Ask::Insert(Place::Before, Content::Text(text, html)) => {
                self.before(&text, content_type(html));
                Answer::Nothing
            }
            Ask::Insert(Place::After, Content::Text(text, html)) => {
                self.after(&text, content_type(html));
                Answer::Nothing
            }
            Ask::Insert(Place::Replace, Content::Text(text, html)) => {
                self.replace(&text, content_type(html));
                Answer::Nothing
            }
            _ => no_such(),
        }
    }
}

impl Token for TextChunk<'_> {
    fn answer(&mut self, ask: Ask, lane: Lane) -> Answer {
        match ask {
            Ask::Text => self.as_str().to_owned().into(),
            Ask::IsLast => self.last_in_text_node().into(),
            Ask::IsRemoved => self.removed().into(),
            Ask::Remove => {
                self.remove();
                Answer::Nothing
            }
            Ask::Insert(Place::Before, Content::Text(text, html)) => {
                self.before(&text, content_type(html));
                Answer::Nothing
            }
            Ask::Insert(Place::After, Content::Text(text, html)) => {
                self.after(&text, content_type(html));
                Answer::Nothing
            }
            Ask::Insert(Place::Replace, Content::Text(text, html)) => {
                self.replace(&text, content_type(html));
                Answer::Nothing
            }
            Ask::Insert(Place::Before, Content::Stream(number)) => {
                self.streaming_before(feed(lane, number));
                Answer::Nothing
            }
            Ask::Insert(Place::After, Content::Stream(number)) => {
                self.streaming_after(feed(lane, number));
                Answer::Nothing
            }
            Ask::Insert(Place::Replace, Content::Stream(number)) => {
                self.streaming_replace(feed(lane, number));
                Answer::Nothing
            }
            _ => no_such(),
        }
    }
}

impl Token for Doctype<'_> {
    fn answer(&mut self, ask: Ask, _lane: Lane) -> Answer {
        match ask {
            Ask::Name => self.name().into(),
            Ask::PublicId => self.public_id().into(),
            Ask::SystemId => self.system_id().into(),
            _ => no_such(),
        }
    }
}

impl Token for DocumentEnd<'_> {
    fn answer(&mut self, ask: Ask, _lane: Lane) -> Answer {
        match ask {
            Ask::Insert(Place::Append, Content::Text(text, html)) => {
                self.append(&text, content_type(html));
                Answer::Nothing
            }
            _ => no_such(),
        }
    }
}
