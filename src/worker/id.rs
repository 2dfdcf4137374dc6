//! Which Worker: an ordinary one, or a user Worker of a dispatch namespace.

use std::fmt;
use std::sync::Arc;

/// The name a Worker is known by. Two namespaces may each have a Worker of the same name, and so may the ordinary ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkerId {
    /// Deployed as such: reached by hosts, routes and service bindings.
    Plain(Arc<str>),
    /// Deployed into a namespace: reached by dispatch alone.
    User { namespace: Arc<str>, name: Arc<str> },
}

impl WorkerId {
    pub fn plain(name: impl Into<Arc<str>>) -> Self {
        Self::Plain(name.into())
    }

    pub fn user(namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self::User { namespace: namespace.into(), name: name.into() }
    }

    /// The script's name, without its namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Plain(name) | Self::User { name, .. } => name,
        }
    }

    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::User { namespace, .. } => Some(namespace),
        }
    }
}

/// `my-dispatcher`, `staging/customer-worker-1`.
impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = self.namespace() {
            write!(f, "{namespace}/")?;
        }
        f.write_str(self.name())
    }
}
