//! The frame that gzip (RFC 1952) puts around raw deflate: a header, and a checksum with a length at the end.

use flate2::Crc;

/// A header without name, comment or time, made on Unix.
const HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3];
const TRAILER: usize = 8;
/// The longest header that is read: names and comments have no limit of their own.
const LONGEST: usize = 64 << 10;

const CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// How far a frame is, and the checksum of the plain bytes so far.
#[derive(Default)]
pub(super) struct Gzip {
    open: bool,
    closed: bool,
    /// The beginning of a header that came in pieces.
    partial: Vec<u8>,
    /// Of the trailer, likewise.
    end: Vec<u8>,
    crc: Crc,
}

/// What stands after the compressed data.
pub(super) enum Trailer {
    Right { length: usize },
    Short,
    Wrong,
}

impl Gzip {
    /// Writes the header before the first output, once.
    pub(super) fn open(&mut self, output: &mut Vec<u8>) {
        if !self.open {
            self.open = true;
            output.splice(..0, HEADER);
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn update(&mut self, plain: &[u8]) {
        self.crc.update(plain);
    }

    pub(super) fn trailer(&self) -> [u8; TRAILER] {
        let mut trailer = [0; TRAILER];
        trailer[..4].copy_from_slice(&self.crc.sum().to_le_bytes());
        trailer[4..].copy_from_slice(&self.crc.amount().to_le_bytes());
        trailer
    }

    /// Reads a header that may come in pieces: the bytes of `input` that belong to it, once it is whole.
    pub(super) fn header(&mut self, input: &[u8]) -> Result<Option<usize>, &'static str> {
        let before = self.partial.len();
        let room = LONGEST - before;
        self.partial.extend_from_slice(&input[..input.len().min(room)]);
        let Some(length) = header_length(&self.partial)? else {
            return if input.len() > room {
                Err("Decompression failed: the gzip header is too long.")
            } else {
                Ok(None)
            };
        };
        self.open = true;
        self.partial = Vec::new();
        Ok(Some(length - before))
    }

    /// Reads the trailer that may come in pieces; `input` begins with it.
    pub(super) fn close(&mut self, input: &[u8]) -> Trailer {
        if self.closed {
            return Trailer::Right { length: 0 };
        }
        let length = input.len().min(TRAILER - self.end.len());
        self.end.extend_from_slice(&input[..length]);
        if self.end.len() < TRAILER {
            // What was kept is not to be read again.
            return if length == input.len() { Trailer::Short } else { Trailer::Wrong };
        }
        self.closed = true;
        if self.end == self.trailer() { Trailer::Right { length } } else { Trailer::Wrong }
    }
}

/// The bytes of a whole header; nothing where it goes on.
fn header_length(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    let fixed = bytes.iter().zip(&HEADER[..3]).all(|(byte, wanted)| byte == wanted);
    if !fixed || bytes.get(3).is_some_and(|flags| flags & 0xE0 != 0) {
        return Err("Decompression failed.");
    }
    Ok(optional_parts(bytes))
}

fn optional_parts(bytes: &[u8]) -> Option<usize> {
    let flags = *bytes.get(3)?;
    let mut at = HEADER.len();
    if flags & EXTRA != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    }
    for part in [NAME, COMMENT] {
        if flags & part != 0 {
            at += 1 + bytes.get(at..)?.iter().position(|byte| *byte == 0)?;
        }
    }
    if flags & CHECKSUM != 0 {
        at += 2;
    }
    (bytes.len() >= at).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::Gzip;

    #[test]
    fn a_header_with_every_part_ends_where_it_ends() {
        let mut header = vec![0x1F, 0x8B, 8, 0x1E, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9];
        header.extend_from_slice(b"name\0comment\0xy");
        let length = header.len();
        header.extend_from_slice(b"data");
        assert_eq!(Gzip::default().header(&header), Ok(Some(length)));
        let mut gzip = Gzip::default();
        for at in 0..length - 1 {
            assert_eq!(gzip.header(&header[at..=at]), Ok(None));
        }
        assert_eq!(gzip.header(&header[length - 1..]), Ok(Some(1)));
        assert!(Gzip::default().header(b"PK").is_err());
    }
}
