//! Other names for what a module imports, where its modules are called otherwise than its author called them.

use std::sync::Arc;

use super::notation::string;
use super::splice::{Edit, splice};
use super::{Hint, ImportKind, Language, Options, Settings, compile};
use crate::error::{Problems, Source};

/// The code with each specifier replaced for which `rename` has another.
///
/// # Errors
/// Where the code is no module.
pub fn rename_imports(code: &Source, rename: impl Fn(&str) -> Option<String>) -> Result<String, Problems> {
    let settings = Arc::new(Settings::default());
    let compiled = compile(code, &Options { language: Language::Js, hint: Hint::Esm, settings })?;
    let written =
        compiled.imports.iter().filter(|import| import.kind != ImportKind::Require && !import.span.is_empty());
    let edits =
        written.filter_map(|import| Some(Edit::replace(import.span.clone(), string(&rename(&import.specifier)?))));
    Ok(splice(&code.text, edits.collect()).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_specifiers_change() {
        let code = "import a from './a';\nexport * from \"b\";\nconst c = () => import('./c'), d = './a';\n";
        let renamed = rename_imports(&Source::new("m.js", code), |name| (name != "b").then(|| format!("{name}.js")));
        let wanted =
            "import a from \"./a.js\";\nexport * from \"b\";\nconst c = () => import(\"./c.js\"), d = './a';\n";
        assert_eq!(renamed.expect("a module"), wanted);
    }
}
