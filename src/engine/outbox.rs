//! What code says to the outside while it has unsaved writes: held back to the end of the message, when they are saved.
//!
//! So nobody hears of a write that a crash could undo, and all writes of one message are saved together.

use rquickjs::Ctx;

use super::realm::realm;
use crate::worker::Failure;

/// Saves (`true`) or undoes what the message has written.
pub type Save = Box<dyn FnOnce(bool) -> Result<(), Failure> + Send>;
/// Done at the end, or told why not.
pub(super) type Action = Box<dyn FnOnce(Option<&Failure>) + Send>;

/// Has `save` called at the end of the message.
pub fn save_at_end(ctx: &Ctx<'_>, save: Save) {
    realm(ctx).unsaved.borrow_mut().push(save);
}

/// Does `action` now, or once the writes of the message are saved.
pub fn emit(ctx: &Ctx<'_>, action: impl FnOnce(Option<&Failure>) + Send + 'static) {
    let realm = realm(ctx);
    if realm.unsaved.borrow().is_empty() {
        drop(realm);
        action(None);
    } else {
        realm.outbox.borrow_mut().push(Box::new(action));
    }
}

/// The message is over.
pub(super) fn flush(ctx: &Ctx<'_>, well: bool) {
    let unsaved = realm(ctx).unsaved.take();
    if unsaved.is_empty() {
        return;
    }
    let mut failure = (!well).then(|| Failure::error("The event was interrupted before its writes were saved."));
    for save in unsaved {
        if let Err(failed) = save(well) {
            failure.get_or_insert(failed);
        }
    }
    for action in realm(ctx).outbox.take() {
        action(failure.as_ref());
    }
}
