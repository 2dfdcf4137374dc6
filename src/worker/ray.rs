//! The id of a request from outside, which all that it leads to bears: `cf-ray`, as on Cloudflare.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

/// Sixteen hex digits; the place that follows them in a header is the one that `request.cf` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ray(u64);

const COLO: &str = "DFW";
/// Odd, so that 2^64 rays differ; of the golden ratio, so that neighbours do not look alike.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Ray {
    /// The header that tells it.
    pub const HEADER: HeaderName = HeaderName::from_static("cf-ray");

    /// Another one, also than those of earlier runs.
    #[must_use]
    pub fn next() -> Self {
        static LAST: LazyLock<AtomicU64> = LazyLock::new(|| {
            let mut bytes = [0; 8];
            let _zero_without = getrandom::fill(&mut bytes);
            AtomicU64::new(u64::from_le_bytes(bytes))
        });
        Self(LAST.fetch_add(STEP, Ordering::Relaxed))
    }

    /// What [`fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_suffix(COLO)?.strip_suffix('-')?;
        u64::from_str_radix(digits, 16).ok().map(Self).filter(|ray| ray.to_string() == text)
    }

    /// Puts it in place of what the headers say.
    pub fn mark(self, headers: &mut HeaderMap) {
        let value = HeaderValue::from_maybe_shared(bytes::Bytes::from(self.to_string()));
        headers.insert(Self::HEADER, value.expect("hex digits and letters are a header value"));
    }
}

/// `8c2f0e1d9b3a4f56-DFW`
impl fmt::Display for Ray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{COLO}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rays_differ_and_are_read_back() {
        let (one, two) = (Ray::next(), Ray::next());
        assert_ne!(one, two);
        assert_eq!((one.to_string().len(), Ray::parse(&one.to_string())), (20, Some(one)));
        for other in ["", "-DFW", "1-DFW", "00000000000000zz-DFW", "0000000000000001-AMS", "+000000000000001-DFW"] {
            assert_eq!(Ray::parse(other), None, "{other}");
        }
    }
}
