//! What a binding stores things in, as clients of the API know it.

/// See the module's text. A Worker that binds one makes it known; clients may have made it before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub kind: ResourceKind,
    /// What the data is kept under: a namespace's or a database's id, a bucket's name.
    pub id: String,
    /// What people call it.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    Kv,
    D1,
    R2,
    Queue,
}

impl ResourceKind {
    /// Its word in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kv => "kv",
            Self::D1 => "d1",
            Self::R2 => "r2",
            Self::Queue => "queue",
        }
    }
}

impl Resource {
    pub(super) fn new(kind: ResourceKind, id: String, name: Option<&String>) -> Self {
        let name = name.cloned().unwrap_or_else(|| id.clone());
        Self { kind, id, name }
    }
}
