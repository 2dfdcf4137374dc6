//! What a Worker's `migrations` do to objects that are stored: classes that were deleted lose theirs. Renamed ones and those
//! taken over from another Worker keep what they have where it is.

use super::{Origin, Residents, lock};
use crate::bindings::{Migrations, Step};
use crate::worker::WorkerId;

impl Residents {
    /// Takes the steps that this Worker has not taken yet; called before each start of it.
    pub(in crate::runtime) fn migrate(&self, worker: &WorkerId, migrations: &Migrations) {
        let Some(last) = migrations.steps.last() else { return };
        let note = format!("{}.tag", Origin { worker: worker.clone(), class: "".into() }.folder());
        let taken = self.store.note(&note);
        if taken.as_deref() == Some(last.tag.as_str()) {
            return;
        }
        let steps = migrations.after(taken.as_deref());
        let done = migrations.steps.len() - steps.len();
        for (at, step) in steps.iter().enumerate() {
            let before = Migrations { steps: migrations.steps[..done + at].to_vec() };
            self.take(worker, step, &before);
        }
        self.store.set_note(&note, &last.tag);
    }

    fn take(&self, worker: &WorkerId, step: &Step, before: &Migrations) {
        for (from, _) in &step.renamed_classes {
            self.forget_class(worker, from);
        }
        for (from, script, _) in &step.transferred_classes {
            self.forget_class(&WorkerId::plain(script.as_str()), from);
        }
        for class in &step.deleted_classes {
            self.forget_class(worker, class);
            self.store.remove_folder(&Origin::of(worker, class, before).folder());
        }
    }

    /// Closes what is open of a class.
    fn forget_class(&self, worker: &WorkerId, class: &str) {
        lock(&self.list).retain(|key, resident| {
            let is_it = key.worker == *worker && *key.class == *class;
            if is_it {
                resident.database.close();
            }
            !is_it
        });
    }
}
