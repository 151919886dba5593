//! Programs that the grader is tried on: near-misses, right ones built differently, and stubs.
//!
//! Each variant of a part is one file, `checker/parts/part1_ping_pong/near_misses/adds_one.rs` say. It begins with
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
//! // ── replace
//! let latest = self.counts.entry(from).or_default();
//! *latest = count.max(*latest);
//! // ── with
//! *self.counts.entry(from).or_default() += 1;
//! // ── end
//! ```
//!
//! `also = [2, 3]` names further problems that must reject it, with the same claim. `mistakes` are
//! the ones by whose names the diagnosis may call it; there are none when what happens between the
//! nodes does not give it away. `processes_only = "why"` says that a simulation cannot judge it, and
//! `simulated_only = "why"` that only the exact limits of a simulation reject it.
//! A claim that is the title of an exploration says that no scenario rejects it, but this exploration does.
//! `shortest_story = 2` says that the shortest story in which an exploration of the problem can see the
//! mistake has so many steps: what is found must be shrunk nearly to that.
//!
//! What an edit can say stands in `edits`. All else stays as the solution has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::dev::edits::{self, Edit};
use crate::sources::Sources;
use testkit::trouble::{Result, Trouble, While};

const FILE: &str = "// ── file ";

/// In so many parts the variants are divided, of which a check takes one to processes.
pub const QUARTERS: u64 = 4;

/// A program to try the grader on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The name of its file, without the ending.
    pub name: String,
    /// What the grader must say of it.
    pub kind: Kind,
    /// One sentence on the mistake, or on what is different.
    pub about: String,
    /// Why only processes can judge it, if a simulation cannot.
    pub processes_only: Option<String>,
    /// Why only a simulation can judge it, if processes cannot.
    pub simulated_only: Option<String>,
    /// How many steps the shortest story has that shows its mistake, if that is known.
    pub shortest_story: Option<usize>,
    /// What it changes in which file.
    edits: BTreeMap<String, Vec<Edit>>,
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
    processes_only: Option<String>,
    simulated_only: Option<String>,
    shortest_story: Option<usize>,
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
        let mut edits = BTreeMap::new();
        for (file, text) in files {
            let of_file = Edit::parse(&text).map_err(|why| format!("{file}: {why}"))?;
            if of_file.is_empty() {
                return Err(format!("{file} is named but not edited"));
            }
            if edits.insert(file.to_owned(), of_file).is_some() {
                return Err(format!("{file} occurs twice"));
            }
        }
        if edits.is_empty() {
            return Err("it changes nothing".into());
        }
        Ok(Variant {
            name: name.to_owned(),
            kind,
            about: header.about,
            processes_only: header.processes_only,
            simulated_only: header.simulated_only,
            shortest_story: header.shortest_story,
            edits,
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
            processes_only: None,
            simulated_only: None,
            shortest_story: None,
            edits: BTreeMap::new(),
        }
    }

    /// Which quarter of the variants it belongs to, from 0 to 3: a hash of its name, so that it stays there
    /// when other variants come and go.
    pub fn quarter(&self) -> u64 {
        (hash(self.name.bytes()) >> 32) % QUARTERS
    }

    /// The sources of this variant.
    ///
    /// # Errors
    /// When it does not fit: the sentence names the file and the line.
    pub fn apply(&self, solution: &Sources) -> Result<Sources> {
        let mut sources = solution.clone();
        for (file, of_file) in &self.edits {
            let trouble = |why: String| {
                Trouble::new(format!("could not apply {} to {file}: {why}", self.name))
            };
            let text = sources
                .files
                .get_mut(file)
                .ok_or_else(|| trouble("the solution has no such file".into()))?;
            *text = edits::apply(text, of_file).map_err(trouble)?;
        }
        Ok(sources)
    }
}

/// A hash that is the same in each process and each version (FNV-1a).
pub(super) fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Course;
    use crate::tokens::tokens;
    use parts::PARTS;

    const ADDS_ONE: &str = "//! kind = \"near-miss\"\n//! problem = 1\n//! claim = \"once\"\n//! about = \"Adds.\"\n\n\
        // ── file a.rs\n// ── replace\nkeep();\n// ── with\nadd();\n// ── end\n";

    fn solution() -> Sources {
        let files = [
            ("a.rs", "// Once.\nkeep();\nask();\n"),
            ("b.rs", "// All.\n"),
        ];
        let files = files.map(|(file, text)| (file.to_owned(), text.to_owned()));
        Sources {
            files: files.into(),
        }
    }

    #[test]
    fn variant_edits_the_files_that_it_names() {
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
        assert_eq!(made.files["a.rs"], "add();\nask();\n");
        assert_eq!(made.files["b.rs"], solution().files["b.rs"]);
    }

    #[test]
    fn edit_that_does_not_fit_names_variant_file_and_line() {
        for (from, to, why) in [
            (
                "keep",
                "weigh",
                "adds_one to a.rs: there is no line \"weigh();\"",
            ),
            (
                "file a.rs",
                "file c.rs",
                "adds_one to c.rs: the solution has no such file",
            ),
        ] {
            let variant = Variant::parse("adds_one", &ADDS_ONE.replace(from, to)).unwrap();
            let refused = variant.apply(&solution()).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
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
        check_refused(
            "x",
            &ADDS_ONE.replace("// ── end", ""),
            "a.rs: \"// ── end\"",
        );
        let file = &ADDS_ONE[ADDS_ONE.find(FILE).unwrap()..];
        check_refused("x", &format!("{ADDS_ONE}{file}"), "a.rs occurs twice");
        check_refused("x", &format!("{ADDS_ONE}{FILE}b.rs"), "b.rs is named");
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
            let variants = Variant::read_all(&course.near_misses(part)).unwrap();
            for variant in &variants {
                let made = variant.apply(&solution).unwrap();
                for file in variant.edits.keys() {
                    let unedited = edits::apply(&solution.files[file], &[]).unwrap();
                    assert_ne!(
                        tokens(&made.files[file]),
                        tokens(&unedited),
                        "{} edits {file} and changes nothing",
                        variant.name
                    );
                }
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
