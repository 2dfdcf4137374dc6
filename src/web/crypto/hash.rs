//! The hash functions of Web Crypto by name: how the algorithms that are built on a hash choose theirs.

pub(super) use md5::Md5;
pub(super) use sha1::Sha1;
pub(super) use sha2::{Sha256, Sha384, Sha512};

/// Evaluates the expression with `$hash` as the type of the named hash function; `None` for a name it does not know.
macro_rules! with_hash {
    ($name:expr, $hash:ident => $body:expr) => {
        with_hash!(@each $name, $hash => $body; "MD5" Md5, "SHA-1" Sha1, "SHA-256" Sha256, "SHA-384" Sha384, "SHA-512" Sha512)
    };
    (@each $name:expr, $hash:ident => $body:expr; $($known:literal $type:ident),*) => {
        match $name {
            $($known => {
                type $hash = $crate::web::crypto::hash::$type;
                Some($body)
            })*
            _ => None,
        }
    };
}
pub(super) use with_hash;

/// The digest of some bytes.
pub(super) fn digest(name: &str, data: &[u8]) -> Option<Vec<u8>> {
    use sha2::Digest;
    with_hash!(name, Hash => Hash::digest(data).to_vec())
}
