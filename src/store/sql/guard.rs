//! What SQL of Workers may touch: no files, no transactions of its own, no tables of the runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::{SqlError, words_of};

/// Watches a connection; off while the runtime's own statements run.
#[derive(Default)]
pub struct Guard {
    trusted: AtomicBool,
    /// The last refusal was of a transaction.
    transaction: AtomicBool,
}

/// Cloudflare's words.
const NO_TRANSACTIONS: &str = "To execute a transaction, please use the state.storage.transaction() or \
state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript API is \
safer because it will automatically roll back on exceptions, and because it interacts correctly with Durable Objects' \
automatic atomic write coalescing.";

/// Pragmas that may be asked.
const PRAGMAS: &[&str] = &[
    "case_sensitive_like",
    "data_version",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "function_list",
    "ignore_check_constraints",
    "index_info",
    "index_list",
    "index_xinfo",
    "legacy_alter_table",
    "optimize",
    "quick_check",
    "recursive_triggers",
    "reverse_unordered_selects",
    "table_info",
    "table_list",
    "table_xinfo",
];
/// Those that take the name of a table and show nothing else may have any argument; of the others a few take a value.
const FUNCTIONS: &[&str] =
    &["load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", "sqlite_version", "sqlite_source_id"];
/// How statements begin that begin or end transactions.
const TRANSACTIONS: &[&str] = &["BEGIN", "COMMIT", "END", "RELEASE", "ROLLBACK", "SAVEPOINT"];

impl Guard {
    pub(crate) fn watch(connection: &mut Connection) -> rusqlite::Result<Arc<Self>> {
        let guard = Arc::new(Self::default());
        let watching = guard.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| watching.judge(&context)))?;
        Ok(guard)
    }

    /// Runs statements of the runtime's own.
    pub fn trusted<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.trusted.swap(true, Ordering::Relaxed);
        let value = work();
        self.trusted.store(before, Ordering::Relaxed);
        value
    }

    /// Refuses transactions. The authorizer would, but nobody asks it of a statement that the runtime has prepared before.
    pub(super) fn check(first_word: &str) -> Result<(), SqlError> {
        let refused = TRANSACTIONS.iter().any(|word| word.eq_ignore_ascii_case(first_word));
        if refused { Err(SqlError(NO_TRANSACTIONS.to_owned())) } else { Ok(()) }
    }

    pub(super) fn explain(&self, error: &rusqlite::Error) -> SqlError {
        if self.transaction.swap(false, Ordering::Relaxed) {
            return SqlError(NO_TRANSACTIONS.to_owned());
        }
        SqlError(words_of(error))
    }

    fn judge(&self, context: &AuthContext<'_>) -> Authorization {
        if self.trusted.load(Ordering::Relaxed) {
            Authorization::Allow
        } else if matches!(context.action, AuthAction::Pragma { pragma_name: "foreign_keys", pragma_value: Some(_) }) {
            // Without effect, as within a transaction, which D1's statements are.
            Authorization::Ignore
        } else if self.allows(&context.action) {
            Authorization::Allow
        } else {
            Authorization::Deny
        }
    }

    fn allows(&self, action: &AuthAction<'_>) -> bool {
        match action {
            AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
                self.transaction.store(true, Ordering::Relaxed);
                false
            }
            AuthAction::Attach { .. }
            | AuthAction::Detach { .. }
            | AuthAction::Unknown { .. }
            | AuthAction::CreateTempTable { .. }
            | AuthAction::CreateTempIndex { .. }
            | AuthAction::CreateTempTrigger { .. }
            | AuthAction::CreateTempView { .. } => false,
            AuthAction::Pragma { pragma_name, .. } => {
                PRAGMAS.iter().any(|known| known.eq_ignore_ascii_case(pragma_name))
            }
            AuthAction::Function { function_name } => {
                !FUNCTIONS.iter().any(|refused| refused.eq_ignore_ascii_case(function_name))
            }
            other => tables_of(other).iter().all(|table| !is_ours(table)),
        }
    }
}

/// The tables that an action names.
fn tables_of<'a>(action: &AuthAction<'a>) -> Vec<&'a str> {
    match *action {
        AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::DropTempTable { table_name }
        | AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Read { table_name, .. }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::Analyze { table_name }
        | AuthAction::CreateIndex { table_name, .. }
        | AuthAction::DropIndex { table_name, .. }
        | AuthAction::CreateTrigger { table_name, .. }
        | AuthAction::DropTrigger { table_name, .. }
        | AuthAction::CreateVtable { table_name, .. }
        | AuthAction::DropVtable { table_name, .. } => vec![table_name],
        AuthAction::CreateView { view_name } | AuthAction::DropView { view_name } => vec![view_name],
        _ => Vec::new(),
    }
}

fn is_ours(table: &str) -> bool {
    table.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("_cf_"))
}
