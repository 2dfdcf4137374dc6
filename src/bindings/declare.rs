//! A configuration -> all the bindings of its Worker.

use super::{Binding, all, vars};
use crate::config::{Origin, WorkerConfig};
use crate::error::{Problem, Problems};

/// Every binding that a configuration declares, with its variables from outside.
///
/// A name that is bound twice is an error. A variable of `.dev.vars` or `.env` replaces one of `vars` and yields to any
/// other binding; one of `--var` replaces whatever has its name.
#[must_use]
pub fn declare(config: &WorkerConfig, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
    let mut bindings = Vec::new();
    for kind in all() {
        if let Some(node) = config.section(kind.key()) {
            bindings.extend(kind.parse(node, problems));
        }
    }
    refuse_twins(&bindings, problems);
    for variable in &config.variables {
        let outside: Box<dyn Binding> = Box::new(vars::from_outside(variable));
        match bindings.iter_mut().find(|binding| binding.name() == variable.name) {
            None => bindings.push(outside),
            Some(binding) if vars::is_variable(binding.as_ref()) || variable.origin == Origin::CommandLine => {
                *binding = outside;
            }
            Some(_) => {}
        }
    }
    problems.fold_repeats();
    problems.sort_by_place();
    bindings
}

fn refuse_twins(bindings: &[Box<dyn Binding>], problems: &mut Problems) {
    for (at, binding) in bindings.iter().enumerate() {
        let Some(first) = bindings[..at].iter().find(|first| first.name() == binding.name()) else { continue };
        let mut problem = Problem::error(format!("`{}` is bound twice", binding.name()));
        for one in [first, binding] {
            let kind = one.summary().kind;
            problem.places.extend(one.place().map(|place| place.clone().labelled(kind)));
        }
        problem.places.sort_by_key(|place| place.span.start);
        problems.push(problem.help("give each binding a name of its own"));
    }
}
