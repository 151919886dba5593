//! Programs that the grader is tried on: near-misses, right ones built differently, and stubs.
//!
//! Each variant of a part is one file, `checker/variants/part1/adds_one.rs` say. It begins with
//! what is known about it and goes on with what it changes in the solution:
//!
//! ```text
//! //! kind = "near-miss"
//! //! problem = 1
//! //! claim = "counts once"
//! //! about = "The consumer adds one for each ping that it gets."
//! //! mistakes = ["counts-deliveries"]
//!
//! // ── file consumer.rs
//! // ── imports
//! use std::mem;
//! // ── end imports
//! // ── gap 1: count a ping
//! *self.counts.entry(from).or_default() += 1;
//! // ── end 1
//! ```
//!
//! `also = [2, 3]` names further problems that must reject it, with the same claim. `mistakes` are
//! the ones by whose names the diagnosis may call it; there are none when what happens between the
//! nodes does not give it away.
//!
//! Gaps that it does not name stay as the solution has them; an empty one is emptied. A `file`
//! in which there is no gap replaces the whole file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::gaps::{GapName, fill, gaps};
use crate::sources::Sources;
use testkit::trouble::{Result, Trouble, While};

const FILE: &str = "// ── file ";
const IMPORTS: &str = "// ── imports";
const END_OF_IMPORTS: &str = "// ── end imports";

/// A program to try the grader on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The name of its file, without the ending.
    pub name: String,
    /// What the grader must say of it.
    pub kind: Kind,
    /// One sentence on the mistake, or on what is different.
    pub about: String,
    changes: BTreeMap<String, Change>,
}

/// What the grader must say of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It is wrong, and must fail.
    NearMiss {
        /// The problems that must reject it.
        problems: Vec<u8>,
        /// A piece of the claim that does not hold.
        claim: String,
        /// The mistakes that the diagnosis may name.
        mistakes: Vec<String>,
    },
    /// It is right, and must pass everything.
    Right,
    /// The stub with its first gaps filled: it must pass these problems, and of the others the
    /// grader must say that they are not written.
    Stub {
        /// The highest number of the gaps that are filled.
        filled: u8,
    },
}

/// What a variant changes in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Whole(String),
    Gaps {
        imports: String,
        contents: BTreeMap<GapName, String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    kind: String,
    problem: Option<u8>,
    #[serde(default)]
    also: Vec<u8>,
    claim: Option<String>,
    about: String,
    #[serde(default)]
    mistakes: Vec<String>,
}

impl Variant {
    /// Reads all variants in a folder, in the order of their names.
    ///
    /// # Errors
    /// When a file cannot be read or is not a variant.
    pub fn read_all(folder: &Path) -> Result<Vec<Variant>> {
        let reading = || format!("read {}", folder.display());
        let mut variants = Vec::new();
        for entry in fs::read_dir(folder).or_trouble(reading)? {
            let path = entry.or_trouble(reading)?.path();
            let Some(name) = path
                .file_name()
                .and_then(|name| name.to_str()?.strip_suffix(".rs"))
            else {
                continue;
            };
            let text =
                fs::read_to_string(&path).or_trouble(|| format!("read {}", path.display()))?;
            let variant =
                Variant::parse(name, &text).or_trouble(|| format!("use {}", path.display()))?;
            variants.push(variant);
        }
        variants.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(variants)
    }

    /// Reads the text of one variant.
    ///
    /// # Errors
    /// A fragment that says what is wrong with it.
    pub fn parse(name: &str, text: &str) -> std::result::Result<Variant, String> {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(
                "its name is not made of lower case letters, digits and underscores".into(),
            );
        }
        let mut header = String::new();
        let mut files: Vec<(&str, String)> = Vec::new();
        for line in text.lines() {
            if let Some(file) = line.strip_prefix(FILE) {
                files.push((file.trim(), String::new()));
            } else if let Some((_, content)) = files.last_mut() {
                content.push_str(line);
                content.push('\n');
            } else if let Some(fact) = line.strip_prefix("//!") {
                header.push_str(fact);
                header.push('\n');
            } else if !line.trim().is_empty() {
                return Err(format!("there is code before the first file: {line:?}"));
            }
        }
        let header: Header = toml::from_str(&header).map_err(|error| error.to_string())?;
        let kind = match (header.kind.as_str(), header.problem, header.claim) {
            ("near-miss", Some(problem), Some(claim)) => Kind::NearMiss {
                problems: [vec![problem], header.also].concat(),
                claim,
                mistakes: header.mistakes,
            },
            ("near-miss", ..) => return Err("a near-miss needs a problem and a claim".into()),
            ("right", None, None) => Kind::Right,
            ("right", ..) => return Err("a right program fails no claim".into()),
            (kind, ..) => return Err(format!("there is no kind {kind:?}")),
        };
        let mut changes = BTreeMap::new();
        for (file, content) in files {
            let change = Change::parse(&content).map_err(|why| format!("{file}: {why}"))?;
            if changes.insert(file.to_owned(), change).is_some() {
                return Err(format!("{file} occurs twice"));
            }
        }
        if changes.is_empty() {
            return Err("it changes nothing".into());
        }
        Ok(Variant {
            name: name.to_owned(),
            kind,
            about: header.about,
            changes,
        })
    }

    /// The stub with its gaps 1 to `filled` filled, as a variant that changes nothing else.
    pub(super) fn stub(filled: u8) -> Variant {
        Variant {
            name: format!("stub_{filled}"),
            kind: Kind::Stub { filled },
            about: match filled {
                0 => "The stub as learners get it.".to_owned(),
                _ => format!("The stub with gaps 1 to {filled} filled."),
            },
            changes: BTreeMap::new(),
        }
    }

    /// The sources of this variant.
    ///
    /// # Errors
    /// When it changes a gap or a file that is not there.
    pub fn apply(&self, solution: &Sources) -> Result<Sources> {
        let mut sources = solution.clone();
        for (file, change) in &self.changes {
            let trouble = |why: String| {
                Trouble::new(format!("could not apply {} to {file}: {why}", self.name))
            };
            let before = sources
                .files
                .get_mut(file)
                .ok_or_else(|| trouble("the solution has no such file".into()))?;
            *before = match change {
                Change::Whole(text) => text.clone(),
                // Imports may stand anywhere in a module, so the end will do.
                Change::Gaps { imports, contents } => {
                    fill(before, contents).map_err(trouble)? + imports
                }
            };
        }
        Ok(sources)
    }
}

impl Change {
    fn parse(content: &str) -> std::result::Result<Change, String> {
        let (mut imports, mut rest) = (String::new(), content.to_owned());
        if let Some((before, behind)) = content.split_once(IMPORTS) {
            let (inside, behind) = behind
                .split_once(END_OF_IMPORTS)
                .ok_or("its imports do not end")?;
            imports = inside.to_owned();
            rest = format!("{before}{behind}");
        }
        let gaps = gaps(&rest)?;
        if gaps.is_empty() {
            return Ok(Change::Whole(rest));
        }
        let contents = gaps.into_iter().map(|gap| (gap.name, gap.body)).collect();
        Ok(Change::Gaps { imports, contents })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Course;
    use crate::manifest::PARTS;

    const ADDS_ONE: &str = "//! kind = \"near-miss\"\n//! problem = 1\n//! claim = \"once\"\n//! about = \"Adds.\"\n\n\
        // ── file a.rs\n// ── imports\nuse b;\n// ── end imports\n// ── gap 1: count\nadd\n// ── end 1\n";

    fn solution() -> Sources {
        let a =
            "use a;\n// ── gap 1: count\nkeep\n// ── end 1\n// ── gap 2: ask\nask\n// ── end 2\n";
        let files = [("a.rs", a), ("b.rs", "whole")];
        Sources {
            files: files
                .map(|(file, text)| (file.to_owned(), text.to_owned()))
                .into(),
        }
    }

    #[test]
    fn variant_replaces_the_gaps_that_it_names() {
        let variant = Variant::parse("adds_one", ADDS_ONE).unwrap();
        let expected = Kind::NearMiss {
            problems: vec![1],
            claim: "once".into(),
            mistakes: Vec::new(),
        };
        assert_eq!(
            (&variant.kind, variant.about.as_str()),
            (&expected, "Adds.")
        );
        let made = variant.apply(&solution()).unwrap();
        assert_eq!(
            made.files["a.rs"],
            "use a;\n// ── gap 1: count\nadd\n// ── end 1\n// ── gap 2: ask\nask\n// ── end 2\n\nuse b;\n"
        );
        assert_eq!(made.files["b.rs"], "whole");
    }

    #[test]
    fn file_without_gaps_is_replaced_whole() {
        let text = format!("{ADDS_ONE}// ── file b.rs\nother\n");
        let made = Variant::parse("x", &text)
            .unwrap()
            .apply(&solution())
            .unwrap();
        assert_eq!(made.files["b.rs"], "other\n");
    }

    #[test]
    fn change_of_what_is_not_there_is_refused() {
        for (from, to) in [("gap 1: count", "gap 1: weigh"), ("file a.rs", "file c.rs")] {
            let variant = Variant::parse("x", &ADDS_ONE.replace(from, to)).unwrap();
            assert!(variant.apply(&solution()).is_err(), "{to}");
        }
    }

    #[track_caller]
    fn check_refused(name: &str, text: &str, why: &str) {
        let refused = Variant::parse(name, text).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }

    #[test]
    fn text_that_is_no_variant_is_refused() {
        check_refused("Adds-One", ADDS_ONE, "lower case");
        check_refused(
            "x",
            &ADDS_ONE.replace("near-miss", "miss"),
            "no kind \"miss\"",
        );
        check_refused(
            "x",
            &ADDS_ONE.replace("near-miss", "right"),
            "fails no claim",
        );
        check_refused(
            "x",
            &ADDS_ONE.replace("//! problem = 1\n", ""),
            "needs a problem",
        );
        check_refused("x", &ADDS_ONE.replace("about", "abuot"), "abuot");
        check_refused("x", &ADDS_ONE.replace("// ── end 1", ""), "never closed");
        check_refused(
            "x",
            ADDS_ONE.split("// ──").next().unwrap(),
            "changes nothing",
        );
    }

    #[test]
    fn variants_of_the_course_fit_their_solutions() {
        let course = Course::find(env!("CARGO_MANIFEST_DIR").as_ref()).unwrap();
        for part in PARTS.iter() {
            let solution = Sources::read(&course.solution(part)).unwrap();
            let variants =
                Variant::read_all(&course.root.join("checker/variants").join(part.name)).unwrap();
            for variant in &variants {
                let made = variant.apply(&solution).unwrap();
                assert_ne!(made, solution, "{} is the solution", variant.name);
                if let Kind::NearMiss {
                    problems, mistakes, ..
                } = &variant.kind
                {
                    for problem in problems {
                        assert!(part.problem(*problem).is_some(), "{}", variant.name);
                    }
                    for named in mistakes {
                        let known = part.mistakes;
                        assert!(
                            known.iter().any(|mistake| mistake.id == *named),
                            "{}: there is no mistake {named}",
                            variant.name
                        );
                    }
                }
            }
            for problem in part.problems {
                let rejects = |variant: &&Variant| matches!(&variant.kind, Kind::NearMiss { problems, .. } if problems.contains(&problem.number));
                assert!(
                    variants.iter().any(|variant| rejects(&variant)),
                    "problem {} has no near-miss",
                    problem.number
                );
            }
        }
    }
}
