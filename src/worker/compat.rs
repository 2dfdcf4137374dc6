//! Compatibility dates and flags: what each switches, and from which date by itself.

/// A switch: on by its name, off by another, on by itself from a date.
struct Flag {
    on: &'static str,
    off: &'static str,
    /// Empty: never by itself.
    from: &'static str,
}

const fn flag(on: &'static str, off: &'static str, from: &'static str) -> Flag {
    Flag { on, off, from }
}

/// The flags that change what exists here; the comment says what.
const FLAGS: &[Flag] = &[
    // Messages that are sent to queues are JSON unless they say otherwise; else what structuredClone() takes.
    flag("queues_json_messages", "no_queues_json_messages", "2024-03-18"),
    // Binary WebSocket messages arrive as Blobs unless `binaryType` says otherwise; else as ArrayBuffers.
    flag("websocket_standard_binary_type", "no_websocket_standard_binary_type", "2026-03-17"),
    // A WebSocket's close() refuses reasons of more than 123 bytes.
    flag("websocket_close_reason_byte_limit", "no_websocket_close_reason_byte_limit", "2026-03-03"),
    // A Close message is answered before the `close` event.
    flag("web_socket_auto_reply_to_close", "web_socket_manual_reply_to_close", "2026-04-07"),
    // A stub that is sent as an argument stays its sender's; else it goes over to the receiver.
    flag("rpc_params_dup_stubs", "rpc_params_transfer_stubs", "2026-01-20"),
];

/// What a Worker's configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compat {
    date: String,
    flags: Vec<String>,
}

impl Compat {
    pub fn new(date: &str, flags: &[String]) -> Self {
        Self { date: date.to_owned(), flags: flags.to_vec() }
    }

    /// Whether the flag of this name is on.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let says = |name: &str| self.flags.iter().any(|flag| flag == name);
        let known = FLAGS.iter().find(|flag| flag.on == name);
        says(name)
            || known.is_some_and(|flag| !says(flag.off) && !flag.from.is_empty() && self.date.as_str() >= flag.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_on_by_its_name_or_by_the_date_unless_it_is_off_by_name() {
        let has = |date: &str, flags: &[&str]| {
            let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
            Compat::new(date, &flags).has("web_socket_auto_reply_to_close")
        };
        assert!(!has("2026-04-06", &[]));
        assert!(has("2026-04-07", &[]));
        assert!(has("2025-01-01", &["web_socket_auto_reply_to_close"]));
        assert!(!has("2026-04-07", &["web_socket_manual_reply_to_close"]));
    }
}
