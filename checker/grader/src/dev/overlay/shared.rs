//! What a variant need not compile again: the modules of the solution that it leaves as they are.
//!
//! A variant differs from the solution in a file or two. All modules that are the same, and that
//! have to do with none but such, are compiled once, as a library of their own ([`whole`]), and the
//! others take them from there ([`differing`]). What is copied too often costs time and nothing
//! else, so in case of doubt a module is not shared.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::Sources;
use crate::tokens::tokens;

/// The file in which the modules are declared.
const ROOT: &str = "lib.rs";

/// The solution as a library from which others take modules: what it shows within itself, it shows
/// to all.
pub(super) fn whole(solution: &Sources) -> Sources {
    let files = solution.files.iter().map(|(file, text)| {
        let text = text
            .replace("pub(crate)", "pub")
            .replace("pub(super)", "pub");
        (file.clone(), text)
    });
    Sources {
        files: files.collect(),
    }
}

/// The sources of a variant without the modules that it shares with the solution. These it takes from
/// `library`.
pub(super) fn differing(variant: &Sources, solution: &Sources, library: &str) -> Sources {
    let shared = shared(variant, solution);
    let files = variant
        .files
        .iter()
        .filter(|(file, _)| !shared.contains(module(file)))
        .map(|(file, text)| {
            let mut text = text.clone();
            if file == ROOT {
                for module in &shared {
                    let declared = format!("pub mod {module};");
                    text = text.replace(&declared, &format!("pub use {library}::{module};"));
                }
            }
            (file.clone(), text)
        });
    Sources {
        files: files.collect(),
    }
}

/// The modules that are the same in both, use none but such, and are extended by none but such.
fn shared<'a>(variant: &'a Sources, solution: &Sources) -> BTreeSet<&'a str> {
    let mut modules: BTreeMap<&str, Module> = BTreeMap::new();
    for (file, text) in variant.files.iter().filter(|(file, _)| *file != ROOT) {
        let declared = format!("pub mod {};", module(file));
        let root = variant.files.get(ROOT);
        let is_declared = root.is_some_and(|root| root.contains(&declared));
        let is_same = solution.files.get(file) == Some(text);
        let tokens = tokens(text);
        let of_module = modules.entry(module(file)).or_default();
        of_module.is_own |= !(is_declared && is_same);
        of_module.extends |= extends(&tokens);
        match uses(&tokens, file.contains('/')) {
            Some(uses) => of_module.uses.extend(uses),
            None => of_module.is_own = true,
        }
    }
    let known: BTreeSet<&str> = modules.keys().copied().collect();
    for module in modules.values_mut() {
        let is_known = |used: &String| known.contains(used.as_str());
        module.is_own |= !module.uses.iter().all(is_known);
    }
    loop {
        let own: BTreeSet<&str> = modules
            .iter()
            .filter(|(_, module)| module.is_own)
            .map(|(name, _)| *name)
            .collect();
        // Only where a type is defined can it be given what another crate asks for.
        let extended: BTreeSet<String> = modules
            .values()
            .filter(|module| module.is_own && module.extends)
            .flat_map(|module| module.uses.iter().cloned())
            .collect();
        for (name, module) in &mut modules {
            module.is_own |= extended.contains(*name)
                || module.uses.iter().any(|used| own.contains(used.as_str()));
        }
        let is_own = modules.values().filter(|module| module.is_own).count();
        if is_own == own.len() {
            let shared = modules.into_iter().filter(|(_, module)| !module.is_own);
            return shared.map(|(name, _)| name).collect();
        }
    }
}

/// What matters of a module.
#[derive(Default)]
struct Module {
    /// Whether it must be compiled for the variant.
    is_own: bool,
    /// The modules that it uses.
    uses: BTreeSet<String>,
    /// Whether it implements anything for types that it does not define.
    extends: bool,
}

/// Whether a file implements anything for types that it does not define.
fn extends(tokens: &[String]) -> bool {
    let defined: BTreeSet<&String> = tokens
        .windows(2)
        .filter(|pair| matches!(pair[0].as_str(), "struct" | "enum" | "union"))
        .map(|pair| &pair[1])
        .collect();
    let mut impls = tokens.split(|token| token == "impl").skip(1);
    impls.any(|behind| {
        let head = behind.split(|token| token == "{").next().unwrap_or(behind);
        !head.iter().any(|token| defined.contains(token))
    })
}

/// The modules of the same library that a file uses; none can be told, if it uses anything else
/// of its root.
fn uses(tokens: &[String], is_nested: bool) -> Option<BTreeSet<String>> {
    let mut uses = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let leads_to_root = match token.as_str() {
            "crate" => true,
            "super" => !is_nested,
            _ => continue,
        };
        let mut behind = tokens[at + 1..].iter();
        let next = behind.find(|token| *token != ":" && *token != "::")?;
        let is_name = next.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        match leads_to_root {
            true if is_name => uses.insert(next.clone()),
            // `pub`
            true if next == ")" => continue,
            false if next != "super" => continue,
            _ => return None,
        };
    }
    Some(uses)
}

/// The module that a file belongs to: `manager` for `manager.rs` and `manager/state.rs`.
fn module(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or(file);
    first.strip_suffix(".rs").unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Sources {
        let files = files
            .iter()
            .map(|(file, text)| ((*file).into(), (*text).into()));
        Sources {
            files: files.collect(),
        }
    }

    const ROOT_TEXT: &str = "pub mod a;\npub mod b;\npub mod c;\npub mod d;\n";

    #[test]
    fn what_uses_a_changed_module_is_copied_and_the_rest_is_not() {
        let solution = sources(&[
            ("lib.rs", ROOT_TEXT),
            ("a.rs", "struct A;"),
            ("b.rs", "use crate::a::A;"),
            ("c.rs", "use crate::b::B;"),
            ("d.rs", "use crate::a::A;"),
            ("d/e.rs", "use super::A;"),
        ]);
        let mut variant = solution.clone();
        variant
            .files
            .insert("b.rs".into(), "use crate::a::A; struct B;".into());
        let differing = differing(&variant, &solution, "whole");
        let files: Vec<&str> = differing.files.keys().map(String::as_str).collect();
        assert_eq!(files, ["b.rs", "c.rs", "lib.rs"]);
        assert_eq!(
            differing.files["lib.rs"],
            "pub use whole::a;\npub mod b;\npub mod c;\npub use whole::d;\n"
        );
    }

    #[test]
    fn type_is_copied_with_what_is_implemented_for_it() {
        let solution = sources(&[
            ("lib.rs", ROOT_TEXT),
            ("a.rs", "pub struct A; impl Clone for A {}"),
            ("b.rs", "use crate::a::A; impl Functions for A {}"),
            ("c.rs", "struct C; impl C {} fn c() -> impl Fn() {}"),
            ("d.rs", ""),
        ]);
        let mut variant = solution.clone();
        let changed = "use crate::a::A; impl Functions for A { fn b() {} }";
        variant.files.insert("b.rs".into(), changed.into());
        let found = shared(&variant, &solution);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["c", "d"]);
    }

    #[test]
    fn module_that_uses_what_is_in_the_root_is_copied() {
        for text in ["use crate::{b, start};", "crate::start();", "use super::*;"] {
            let solution = sources(&[("lib.rs", ROOT_TEXT), ("a.rs", text), ("b.rs", "")]);
            let found = shared(&solution, &solution);
            assert!(!found.contains("a"), "{text}: {found:?}");
            assert!(found.contains("b"), "{text}: {found:?}");
        }
    }

    #[test]
    fn library_to_take_from_shows_everything() {
        let solution = sources(&[("a.rs", "pub struct A { pub(super) b: u8 }")]);
        assert_eq!(whole(&solution).files["a.rs"], "pub struct A { pub b: u8 }");
    }
}
