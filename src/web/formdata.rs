//! Reads the two wire formats of a form: which of them a content type names, and where the parts of a
//! `multipart/form-data` body stand. As forgiving as workerd: a preamble is skipped, bare line feeds end lines.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use memchr::memmem;
use rquickjs::function::Func;
use rquickjs::{Array, Ctx, Exception, Object, Result, TypedArray, Undefined, Value};

use super::mime::{self, Mime};
use crate::engine::{bytes, text};

/// One part of a multipart body.
#[derive(Debug, PartialEq)]
struct Part {
    name: String,
    /// Present for files only.
    filename: Option<String>,
    content_type: String,
    content: Range<usize>,
}

#[derive(Debug, PartialEq)]
enum Form {
    UrlEncoded,
    Multipart { boundary: String },
}

/// What is wrong with a body or its content type, in workerd's words.
type Malformed = Cow<'static, str>;

impl Form {
    fn of(content_type: &str) -> std::result::Result<Self, Malformed> {
        let mime = Mime::parse(content_type).ok_or(UNKNOWN_TYPE)?;
        match mime.essence.as_str() {
            "multipart/form-data" => match mime.get("boundary") {
                Some(boundary) if !boundary.is_empty() => Ok(Self::Multipart { boundary: boundary.to_owned() }),
                _ => Err(NO_BOUNDARY.into()),
            },
            "application/x-www-form-urlencoded" => match mime.get("charset") {
                Some(charset) if !charset.eq_ignore_ascii_case("utf-8") => Err(NOT_UTF_8.into()),
                _ => Ok(Self::UrlEncoded),
            },
            _ => Err(UNKNOWN_TYPE.into()),
        }
    }
}

const NO_BOUNDARY: &str = "No boundary string in Content-Type header. The multipart/form-data MIME type requires a \
                           boundary parameter, e.g. 'Content-Type: multipart/form-data; boundary=\"abcd\"'. See RFC \
                           7578, section 4.";
const NOT_UTF_8: &str = "Non-utf-8 application/x-www-form-urlencoded body.";
const UNKNOWN_TYPE: &str = "Unrecognized Content-Type header value. FormData can only parse the following MIME types: \
                            multipart/form-data, application/x-www-form-urlencoded";
const BAD_DELIMITER: &str = "Boundary string was not succeeded by CRLF, LF, or '--'.";
const NO_START: &str = "No initial boundary string (or you have a truncated message).";
const NO_END: &str = "No subsequent boundary string after multipart message.";
const NO_HEADERS: &str = "No end of the headers of a FormData part (or you have a truncated message).";
const NO_DISPOSITION: &str = "No valid Content-Disposition header found in FormData part.";
const BAD_DISPOSITION: &str = "Content-Disposition header for FormData part must have the value \"form-data\", possibly \
                               followed by parameters.";
const NO_NAME: &str = "Content-Disposition header in FormData part is missing a name.";

/// The value of a parameter of a content disposition.
fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let mut rest = parameters;
    while !rest.is_empty() {
        let (name, value, next) = mime::parameter(rest);
        if name.trim().eq_ignore_ascii_case(wanted) {
            return value;
        }
        rest = next;
    }
    None
}

/// Reads a body part by part.
struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    /// `--boundary`
    delimiter: &'a [u8],
}

impl Reader<'_> {
    fn parts(mut self) -> std::result::Result<Vec<Part>, Malformed> {
        self.at = self.next_delimiter().ok_or(NO_START)?.end;
        let mut parts = Vec::new();
        while !self.body[self.at..].starts_with(b"--") {
            parts.push(self.part()?);
        }
        Ok(parts)
    }

    /// The next delimiter that begins a line, with the line end before it.
    fn next_delimiter(&self) -> Option<Range<usize>> {
        let mut from = self.at;
        loop {
            let start = from + memmem::find(&self.body[from..], self.delimiter)?;
            let before = &self.body[self.at..start];
            let line_end = if before.ends_with(b"\r\n") { 2 } else { usize::from(before.ends_with(b"\n")) };
            if line_end > 0 || start == self.at {
                return Some(start - line_end..start + self.delimiter.len());
            }
            from = start + 1;
        }
    }

    fn part(&mut self) -> std::result::Result<Part, Malformed> {
        if !self.line().is_some_and(|rest| rest.is_empty()) {
            return Err(BAD_DELIMITER.into());
        }
        let (disposition, content_type) = self.headers()?;
        let (kind, parameters) = disposition.split_once(';').unwrap_or((&disposition, ""));
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return Err(format!("{BAD_DISPOSITION} Got: \"{}\"", disposition.trim()).into());
        }
        let name = parameter(parameters, "name").ok_or(NO_NAME)?;
        // Cloudflare takes a part with an empty filename for a text.
        let filename = parameter(parameters, "filename").filter(|filename| !filename.is_empty());
        let start = self.at;
        let delimiter = self.next_delimiter().ok_or(NO_END)?;
        self.at = delimiter.end;
        Ok(Part { name, filename, content_type, content: start..delimiter.start })
    }

    /// The content disposition and the content type of a part, from its header lines.
    fn headers(&mut self) -> std::result::Result<(String, String), Malformed> {
        let (mut disposition, mut content_type) = (None, String::new());
        loop {
            let line = self.line().ok_or(NO_HEADERS)?;
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-disposition") => {
                    disposition = Some(value.to_owned());
                }
                Some((name, value)) if name.eq_ignore_ascii_case("content-type") => {
                    value.trim().clone_into(&mut content_type);
                }
                _ if line.is_empty() => return Ok((disposition.ok_or(NO_DISPOSITION)?, content_type)),
                _ => {}
            }
        }
    }

    /// The next line without its end.
    fn line(&mut self) -> Option<String> {
        let rest = &self.body[self.at..];
        let end = rest.iter().position(|&byte| byte == b'\n')?;
        self.at += end + 1;
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        Some(String::from_utf8_lossy(line).into_owned())
    }
}

fn parse(body: &[u8], boundary: &str) -> std::result::Result<Vec<Part>, Malformed> {
    Reader { body, at: 0, delimiter: format!("--{boundary}").as_bytes() }.parts()
}

/// The parts of a `multipart/form-data` body: name, filename of files, type, and the bytes that are the content.
pub(crate) fn read(content_type: &str, body: &[u8]) -> std::result::Result<Vec<FormPart>, String> {
    let Form::Multipart { boundary } = Form::of(content_type).map_err(Cow::into_owned)? else {
        return Err(UNKNOWN_TYPE.to_owned());
    };
    let parts = parse(body, &boundary).map_err(Cow::into_owned)?;
    Ok(parts.into_iter().map(|part| (part.name, part.filename, part.content_type, part.content)).collect())
}

/// See [`read`].
pub(crate) type FormPart = (String, Option<String>, String, Range<usize>);

/// `[[name, filename or undefined, type, start, end] ...]`, or nothing for an urlencoded form.
fn parts<'js>(ctx: Ctx<'js>, body: TypedArray<'js, u8>, content_type: Value<'js>) -> Result<Option<Array<'js>>> {
    let form =
        text::with_usv(&ctx, &content_type, Form::of)?.map_err(|message| Exception::throw_type(&ctx, &message))?;
    let Form::Multipart { boundary } = form else { return Ok(None) };
    let parts = bytes::with_bytes(&body, move |body| parse(body, &boundary));
    let list = Array::new(ctx.clone())?;
    for (at, part) in parts.map_err(|message| Exception::throw_type(&ctx, &message))?.into_iter().enumerate() {
        let fields = Array::new(ctx.clone())?;
        fields.set(0, part.name)?;
        match part.filename {
            Some(filename) => fields.set(1, filename)?,
            None => fields.set(1, Undefined)?,
        }
        fields.set(2, part.content_type)?;
        fields.set(3, part.content.start)?;
        fields.set(4, part.content.end)?;
        list.set(at, fields)?;
    }
    Ok(Some(list))
}

/// 32 random hexadecimal digits, as workerd's boundaries are.
fn boundary(ctx: Ctx<'_>) -> Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| Exception::throw_message(&ctx, &error.to_string()))?;
    Ok(random.iter().fold(String::with_capacity(32), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("writing to a string cannot fail");
        digits
    }))
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("formParts", Func::from(parts))?;
    host.set("formBoundary", Func::from(boundary))
}

#[cfg(test)]
mod tests {
    use super::{
        BAD_DELIMITER, BAD_DISPOSITION, Form, NO_BOUNDARY, NO_DISPOSITION, NO_END, NO_HEADERS, NO_NAME, NO_START,
        NOT_UTF_8, UNKNOWN_TYPE, parse,
    };

    /// The boundary, or what is refused.
    fn boundary(content_type: &str) -> String {
        match Form::of(content_type) {
            Ok(Form::Multipart { boundary }) => boundary,
            Ok(Form::UrlEncoded) => "urlencoded".to_owned(),
            Err(malformed) => malformed.into_owned(),
        }
    }

    #[test]
    fn the_content_type_names_the_format() {
        assert_eq!(boundary("multipart/form-data; boundary=abc"), "abc");
        assert_eq!(boundary("Multipart/Form-Data;charset=x; Boundary=\"a\\\"b;c\" ; d"), "a\"b;c");
        assert_eq!(boundary("application/x-www-form-urlencoded;charset=UTF-8"), "urlencoded");
        assert_eq!(boundary("application/x-www-form-urlencoded; charset=latin1"), NOT_UTF_8);
        assert_eq!(boundary("multipart/form-data"), NO_BOUNDARY);
        assert_eq!(boundary("multipart/form-data; boundary="), NO_BOUNDARY);
        assert_eq!(boundary(""), UNKNOWN_TYPE);
    }

    /// Each part as `name|filename|type|content`, or what is wrong.
    fn read(body: &str) -> Vec<String> {
        let show = |part: super::Part| {
            let content = &body[part.content];
            format!("{}|{}|{}|{content}", part.name, part.filename.unwrap_or("-".into()), part.content_type)
        };
        match parse(body.as_bytes(), "b") {
            Ok(parts) => parts.into_iter().map(show).collect(),
            Err(malformed) => vec![malformed.into_owned()],
        }
    }

    #[test]
    fn parts_are_found() {
        assert_eq!(read("--b--"), Vec::<String>::new());
        let two = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b\r\ncontent-type: text/csv; x=y\r\n\
                   content-disposition: form-data; name=f; filename=\"q\\\"\"\r\n\r\n --b\r\n-\r\n\r\n--b--\r\n";
        assert_eq!(read(two), ["a|-||x", "f|q\"|text/csv; x=y| --b\r\n-\r\n"]);
        let bare = "preamble --b\n--b\nContent-Disposition: form-data; name=\"x\"\n\nv\n--b--\n";
        assert_eq!(read(bare), ["x|-||v"]);
        let empty = "--b\r\nContent-Disposition: form-data; name=\"\"; filename=\"\"\r\n\r\n\r\n--b--";
        assert_eq!(read(empty), ["|-||"]);
    }

    #[test]
    fn malformed_bodies_say_what_is_wrong() {
        assert_eq!(read(""), [NO_START]);
        assert_eq!(read("x--b--"), [NO_START]);
        assert_eq!(read("--b"), [BAD_DELIMITER]);
        assert_eq!(read("--bc\r\n"), [BAD_DELIMITER]);
        assert_eq!(read("--b\r\nContent-Disposition: form-data; name=x\r\n"), [NO_HEADERS]);
        assert_eq!(read("--b\r\nContent-Disposition: form-data; name=x\r\n\r\nv\r\n"), [NO_END]);
        assert_eq!(read("--b\r\nfoo: bar\r\n\r\nv\r\n--b--"), [NO_DISPOSITION]);
        assert_eq!(
            read("--b\r\nContent-Disposition: attachment; name=x\r\n\r\nv\r\n--b--")[0][..BAD_DISPOSITION.len()],
            *BAD_DISPOSITION
        );
        assert_eq!(read("--b\r\nContent-Disposition: form-data; filename=x\r\n\r\nv\r\n--b--"), [NO_NAME]);
    }
}
