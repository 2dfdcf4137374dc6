//! JSON -> bytes as of a packed value, and back as far as JSON goes: for clients of the API, who have no isolate.

use serde_json::{Map, Value, json};

use super::Tag;

/// Values within values that are shown.
const DEEPEST: usize = 200;

/// The bytes of a value that is JSON.
pub(crate) fn of_json(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    put(&mut bytes, value);
    bytes
}

/// A packed value; null in place of what JSON cannot say.
pub(crate) fn to_json(bytes: &[u8]) -> Value {
    Reader { bytes }.value(0).unwrap_or_default()
}

fn put(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => bytes.push(Tag::Null as u8),
        Value::Bool(is) => bytes.push(if *is { Tag::True } else { Tag::False } as u8),
        Value::Number(number) => {
            bytes.push(Tag::Float as u8);
            bytes.extend_from_slice(&number.as_f64().unwrap_or(f64::NAN).to_le_bytes());
        }
        Value::String(text) => put_text(bytes, text),
        Value::Array(list) => {
            bytes.push(Tag::Array as u8);
            put_number(bytes, list.len());
            for one in list {
                put(bytes, one);
            }
            bytes.push(Tag::End as u8);
        }
        Value::Object(members) => {
            bytes.push(Tag::Object as u8);
            for (key, member) in members {
                put_text(bytes, key);
                put(bytes, member);
            }
            bytes.push(Tag::End as u8);
        }
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(Tag::Text as u8);
    put_number(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

fn put_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).expect("seven bits"));
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn chunk(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// None for what makes no sense, or is no JSON.
    fn value(&mut self, depth: usize) -> Option<Value> {
        let tag = *super::TAGS.get(usize::from(self.take(1)?[0]))?;
        Some(match tag {
            Tag::True | Tag::False => json!(tag == Tag::True),
            Tag::Int => {
                let number = self.number()?;
                json!((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
            }
            Tag::Float => number(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            Tag::Text | Tag::Big => json!(String::from_utf8_lossy(self.chunk()?)),
            Tag::Object if depth < DEEPEST => Value::Object(self.members(depth)?),
            Tag::Array if depth < DEEPEST => {
                let length = self.number()?;
                let list = (0..length).map(|_| self.value(depth + 1)).collect::<Option<_>>()?;
                self.members(depth)?;
                Value::Array(list)
            }
            Tag::Undefined | Tag::Null | Tag::Hole => Value::Null,
            _ => return None,
        })
    }

    fn members(&mut self, depth: usize) -> Option<Map<String, Value>> {
        let mut members = Map::new();
        while *self.bytes.first()? != Tag::End as u8 {
            let key = self.value(depth + 1)?;
            members.insert(key.as_str()?.to_owned(), self.value(depth + 1)?);
        }
        self.take(1)?;
        Some(members)
    }
}

/// Whole numbers without a fraction, as JavaScript writes them.
fn number(value: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn json_comes_back() {
        let value = serde_json::json!({ "a": [1, 2.5, -3, "ü", null, true], "b": { "c": false } });
        assert_eq!(super::to_json(&super::of_json(&value)), value);
    }
}
