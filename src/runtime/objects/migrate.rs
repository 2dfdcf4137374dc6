//! What a Worker's `migrations` do to objects that are stored: classes that were deleted lose theirs. Renamed ones and those
//! taken over from another Worker keep what they have where it is.

use std::sync::Arc;

use super::{Key, Origin, Resident, Residents, lock};
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
        for (from, to) in &step.renamed_classes {
            self.move_class((worker, from), (worker, to));
        }
        for (from, script, to) in &step.transferred_classes {
            self.move_class((&WorkerId::plain(script.as_str()), from), (worker, to));
        }
        for class in &step.deleted_classes {
            self.forget_class(worker, class);
            self.store.remove_folder(&Origin::of(worker, class, before).folder());
        }
    }

    /// Gives the objects of a class, which no isolate has, to another one: in memory there is no other copy.
    fn move_class(&self, from: (&WorkerId, &str), to: (&WorkerId, &str)) {
        self.alarms.move_class(from, to);
        let mut list = lock(&self.list);
        let moved: Vec<_> = list.extract_if(|key, _| key.worker == *from.0 && *key.class == *from.1).collect();
        for (key, resident) in moved {
            resident.database.close();
            let key = Key { worker: to.0.clone(), class: to.1.into(), id: key.id };
            list.insert(key, Arc::new(Resident::of(resident.database.clone())));
        }
    }

    /// Closes what is open of a class.
    fn forget_class(&self, worker: &WorkerId, class: &str) {
        self.alarms.forget_class(worker, class);
        lock(&self.list).retain(|key, resident| {
            let is_it = key.worker == *worker && *key.class == *class;
            if is_it {
                resident.database.close();
            }
            !is_it
        });
    }
}
