//! Ids of Durable Objects: 64 hexadecimal digits, of which the second half tells whether the first belongs to a class.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Bytes that name the object; as many follow that check them.
const HALF: usize = 16;

/// The id of a name: always the same.
pub(super) fn of_name(unique_key: &str, name: &str) -> String {
    complete(unique_key, &signed(unique_key, name.as_bytes()))
}

/// An id that nobody has.
pub(super) fn fresh(unique_key: &str) -> String {
    let mut base = [0; HALF];
    getrandom::fill(&mut base).expect("the system gives random bytes");
    complete(unique_key, &base)
}

/// The id in its own spelling.
pub(super) fn checked(unique_key: &str, text: &str) -> Result<String, &'static str> {
    if text.len() != 4 * HALF || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("Invalid Durable Object ID: must be 64 hex digits");
    }
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    let base: Vec<u8> = (0..HALF).map(|at| digit(2 * at)).collect();
    let base: [u8; HALF] = base.try_into().expect("it has so many bytes");
    let id = complete(unique_key, &base);
    if id.eq_ignore_ascii_case(text) { Ok(id) } else { Err("Durable Object ID is not valid for this namespace.") }
}

fn signed(unique_key: &str, bytes: &[u8]) -> [u8; HALF] {
    let key = Sha256::digest(unique_key);
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key will do");
    mac.update(bytes);
    let signature = mac.finalize().into_bytes();
    signature[..HALF].try_into().expect("a signature has 32 bytes")
}

fn complete(unique_key: &str, base: &[u8; HALF]) -> String {
    let check = signed(unique_key, base);
    base.iter().chain(&check).fold(String::new(), |mut id, byte| {
        write!(id, "{byte:02x}").expect("writing to a string succeeds");
        id
    })
}

#[cfg(test)]
mod tests {
    use super::{checked, fresh, of_name};

    #[test]
    fn ids_belong_to_one_class() {
        // What workerd makes of the same key and name.
        let id = of_name("w-Sq", "a");
        assert_eq!(id, "5b6abf3cc859f0ba66a4779b5015673550346b800ba96381eae4456a7c6240ea");
        assert_eq!(checked("w-Sq", &id.to_uppercase()).as_deref(), Ok(&*id));
        assert!(checked("w-Kv", &id).is_err() && checked("w-Sq", "é").is_err());
        let one = fresh("w-Sq");
        assert_eq!(checked("w-Sq", &one), Ok(one.clone()));
        assert_ne!(one, fresh("w-Sq"));
    }
}
