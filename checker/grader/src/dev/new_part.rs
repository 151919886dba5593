//! Lays out a new part: `checker dev new part5_lock_service`.
//!
//! The files are those of `checker/template`. They are packages of the workspace under a number that no
//! part has, so they are compiled, linted and formatted like everything else.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::backup::replace;
use crate::building::cargo_program;
use crate::course::Course;
use testkit::trouble::{Result, Trouble, While};

/// Where the template lies.
const TEMPLATE: &str = "checker/template";

/// The longest name that does not break a line of the template.
const MAX_NAME: usize = 40;

/// The longest title that fits the lists of parts.
const MAX_TITLE: usize = 60;

/// The lists that people read and edit; a part has a line in each. The packages have another list, which
/// cargo writes.
const LISTS: [List; 4] = [
    List {
        file: "checker/parts/Cargo.toml",
        others: "part",
        line: |new| format!("{0} = {{ path = \"{0}\" }}", new.folder()),
    },
    List {
        file: "training/SUMMARY.md",
        others: "- [Part ",
        line: |new| format!("- [Part {0}: {1}](part{0}.md)", new.number, new.title),
    },
    List {
        file: "TRAINING.md",
        others: "| [Part ",
        line: |new| {
            let (number, title) = (new.number, &new.title);
            format!(
                "| [Part {number}: {title}](training/part{number}.md) | 1 h | write a value that all nodes show: one problem |"
            )
        },
    },
    List {
        file: ".vscode/tasks.json",
        others: "        \"part",
        line: |new| format!("        \"part{}\",", new.number),
    },
];

/// The list that cargo writes.
const LOCK: &str = "Cargo.lock";

/// A list of parts in a file.
struct List {
    file: &'static str,
    /// How the lines of the other parts begin; the new one comes after the last.
    others: &'static str,
    line: fn(&NewPart) -> String,
}

/// A part that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPart {
    number: u8,
    /// Its words, with underscores: `lock_service`.
    words: String,
    title: String,
}

impl NewPart {
    /// The part of this name, such as `part5_lock_service`. Its title is made of the name if none is given.
    ///
    /// # Errors
    /// When a folder, a package or a chapter cannot have that name.
    pub fn named(name: &str, title: Option<&str>) -> Result<NewPart> {
        let (number, words) = name
            .strip_prefix("part")
            .and_then(|rest| rest.split_once('_'))
            .filter(|(number, words)| is_number(number) && words.split('_').all(is_word))
            .and_then(|(number, words)| Some((number.parse().ok()?, words)))
            .ok_or_else(|| {
                Trouble::new(format!(
                    "could not make {name:?}: a part has a name like part5_lock_service, which is its number and words of lowercase letters and digits"
                ))
            })?;
        if words.len() > MAX_NAME {
            return Err(Trouble::new(format!(
                "could not make {name}: the words of its name are longer than {MAX_NAME} letters"
            )));
        }
        if is_keyword(words) {
            return Err(Trouble::new(format!(
                "could not make {name}: Rust reserves the name `{words}`, so no library can have it"
            )));
        }
        let title = title.map_or_else(|| in_words(words), str::to_owned);
        let is_plain = |c: char| c.is_alphanumeric() || " -',".contains(c);
        if title.trim().is_empty() || title.len() > MAX_TITLE || !title.chars().all(is_plain) {
            return Err(Trouble::new(format!(
                "could not use the title {title:?}: a title has at most {MAX_TITLE} letters, digits, spaces, commas, hyphens and apostrophes"
            )));
        }
        Ok(NewPart {
            number,
            words: words.to_owned(),
            title: title.trim().to_owned(),
        })
    }

    /// Its folder, under `exercises/`, `solutions/`, `checker/stubs/` and `checker/parts/` alike.
    pub fn folder(&self) -> String {
        format!("part{}_{}", self.number, self.words)
    }

    /// Its place in the course.
    pub fn number(&self) -> u8 {
        self.number
    }

    fn package(&self) -> String {
        self.words.replace('_', "-")
    }

    /// Where the files of a folder of the template go.
    fn places(&self, of: &str) -> Vec<String> {
        let folder = self.folder();
        match of {
            "exercise" => vec![
                format!("exercises/{folder}"),
                format!("checker/stubs/{folder}"),
            ],
            "solution" => vec![format!("solutions/{folder}")],
            "part" => vec![format!("checker/parts/{folder}")],
            "chapter.md" => vec![format!("training/part{}.md", self.number)],
            _ => Vec::new(),
        }
    }

    /// A text of the template, about this part.
    fn told_of(&self, template: &str) -> String {
        let (number, package) = (self.number, self.package());
        [
            ("part0_template", self.folder()),
            ("template_solution", format!("{}_solution", self.words)),
            ("template-solution", format!("{package}-solution")),
            (
                "name = \"template\"\npath",
                format!("name = \"{package}\"\npath"),
            ),
            (
                "[lib]\nname = \"template\"",
                format!("[lib]\nname = \"{}\"", self.words),
            ),
            ("\"template\"", format!("\"{package}\"")),
            ("use template::", format!("use {}::", self.words)),
            ("A template", self.title.clone()),
            ("number = 0", format!("number = {number}")),
            ("part0", format!("part{number}")),
            ("part 0", format!("part {number}")),
            ("Part 0", format!("Part {number}")),
        ]
        .into_iter()
        .fold(template.to_owned(), |text, (from, to)| {
            text.replace(from, &to)
        })
    }

    /// The files, by their paths in the course.
    fn files(&self, course: &Course) -> Result<Vec<(PathBuf, String)>> {
        let template = course.root.join(TEMPLATE);
        let reading = || format!("read {TEMPLATE}, from which a new part is made");
        let mut files = Vec::new();
        for entry in WalkDir::new(&template).sort_by_file_name() {
            let entry = entry.or_trouble(reading)?;
            let within = entry.path().strip_prefix(&template).or_trouble(reading)?;
            let Some(of) = within.iter().next().and_then(OsStr::to_str) else {
                continue;
            };
            if !entry.file_type().is_file() {
                continue;
            }
            let text = fs::read_to_string(entry.path()).or_trouble(reading)?;
            for place in self.places(of) {
                let within = within.strip_prefix(of).or_trouble(reading)?;
                // Joined with nothing, the path of a file would end with a slash.
                let file = within
                    .iter()
                    .fold(PathBuf::from(place), |path, name| path.join(name));
                files.push((file, self.told_of(&text)));
            }
        }
        Ok(files)
    }

    /// What keeps the part from being made.
    async fn check(&self, course: &Course, files: &[(PathBuf, String)]) -> Result<()> {
        let refused = |why: String| {
            Err(Trouble::new(format!(
                "could not make {}: {why}",
                self.folder()
            )))
        };
        let highest = highest_number(course);
        if self.number != highest + 1 {
            return refused(format!(
                "the course has {highest} parts, so the next one is part{}_…",
                highest + 1
            ));
        }
        if let Some((file, _)) = files
            .iter()
            .find(|(file, _)| course.root.join(file).exists())
        {
            return refused(format!("{} already exists", file.display()));
        }
        let lock =
            fs::read_to_string(course.root.join(LOCK)).or_trouble(|| format!("read {LOCK}"))?;
        let package = self.package();
        if lock.contains(&format!("\nname = \"{package}\"\n")) {
            return refused(format!("the course already uses a package `{package}`"));
        }
        if let Some(changed) = uncommitted(course).await {
            return refused(format!(
                "{changed} has changes that are not committed; commit or stash them first"
            ));
        }
        Ok(())
    }

    /// Makes the part in the course, or nothing of it. Returns how many files it made.
    ///
    /// # Errors
    /// When there is a part of that number, something else is in the way, or a file cannot be written.
    pub async fn lay_out(&self, course: &Course) -> Result<usize> {
        let files = self.files(course)?;
        self.check(course, &files).await?;
        let mut undo = Undo::new(course);
        for (file, text) in &files {
            undo.make(file, text)?;
        }
        for list in &LISTS {
            undo.edit(list.file, |old| {
                with_line(old, list.others, &(list.line)(self))
            })?;
        }
        undo.edit(LOCK, |old| Some(old.to_owned()))?;
        add_to_lock(course).await?;
        undo.keep();
        Ok(files.len())
    }
}

fn is_number(text: &str) -> bool {
    !text.starts_with('0') && !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// Whether `use words::…` would mean something else than a package of the course.
fn is_keyword(words: &str) -> bool {
    const KEYWORDS: &str = "abstract alloc as async await become box break const continue core crate do dyn \
        else enum extern false final fn for gen if impl in let loop macro match mod move mut override priv proc_macro pub \
        ref return self static std struct super test trait true try type typeof unsafe unsized use virtual \
        where while yield";
    KEYWORDS.split_whitespace().any(|keyword| keyword == words)
}

/// `Lock service` for `lock_service`.
fn in_words(words: &str) -> String {
    let words = words.replace('_', " ");
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest
}

/// The highest number of a part, in any folder that parts have.
fn highest_number(course: &Course) -> u8 {
    let places = ["exercises", "solutions", "checker/stubs", "checker/parts"];
    let entries = places
        .into_iter()
        .filter_map(|place| fs::read_dir(course.root.join(place)).ok());
    let numbers = entries.flatten().filter_map(|entry| {
        let name = entry.ok()?.file_name();
        let (number, _) = name.to_str()?.strip_prefix("part")?.split_once('_')?;
        number.parse().ok()
    });
    numbers.max().unwrap_or(0)
}

/// A list of the course with changes that git does not know yet. Where there is no git, nothing can be lost.
async fn uncommitted(course: &Course) -> Option<String> {
    let status = tokio::process::Command::new("git")
        .current_dir(&course.root)
        .args(["status", "--porcelain", "--"])
        .args(LISTS.iter().map(|list| list.file))
        .arg(LOCK)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .ok()?;
    let lines = String::from_utf8_lossy(&status.stdout).into_owned();
    Some(lines.lines().next()?.get(3..)?.to_owned())
}

/// The text with one more line, behind the last of those that begin like the others.
fn with_line(text: &str, others: &str, line: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| line.starts_with(others))?;
    lines.insert(last + 1, line);
    Some(lines.join("\n") + "\n")
}

/// Has cargo add the new packages to the lock file. It changes no version of another one.
async fn add_to_lock(course: &Course) -> Result<()> {
    let output = tokio::process::Command::new(cargo_program())
        .current_dir(&course.root)
        .args(["update", "--workspace", "--offline", "--quiet"])
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .or_trouble(|| "run cargo, which comes with Rust (https://rustup.rs)")?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Trouble::new(format!(
            "could not add the new packages to {LOCK}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
    }
}

/// What was made so far. It is taken back on drop, unless it is to be kept.
struct Undo<'a> {
    course: &'a Course,
    /// Files and folders, the outer ones first.
    made: Vec<PathBuf>,
    /// Files as they were.
    edited: Vec<(&'static str, String)>,
}

impl<'a> Undo<'a> {
    fn new(course: &'a Course) -> Undo<'a> {
        Undo {
            course,
            made: Vec::new(),
            edited: Vec::new(),
        }
    }

    fn make(&mut self, file: &Path, text: &str) -> Result<()> {
        let whole = self.course.root.join(file);
        let making = || format!("make {}", file.display());
        let above: Vec<&Path> = whole
            .ancestors()
            .skip(1)
            .take_while(|above| !above.exists())
            .collect();
        for folder in above.into_iter().rev() {
            fs::create_dir(folder).or_trouble(making)?;
            self.made.push(folder.to_owned());
        }
        self.made.push(whole.clone());
        fs::write(&whole, text).or_trouble(making)
    }

    fn edit(
        &mut self,
        file: &'static str,
        edit: impl FnOnce(&str) -> Option<String>,
    ) -> Result<()> {
        let old = fs::read_to_string(self.course.root.join(file))
            .or_trouble(|| format!("read {file}"))?;
        let new = edit(&old).ok_or_else(|| {
            Trouble::new(format!("could not find the list of the parts in {file}"))
        })?;
        self.edited.push((file, old));
        replace(self.course, Path::new(file), new.as_bytes())
    }

    fn keep(mut self) {
        self.made.clear();
        self.edited.clear();
    }
}

impl Drop for Undo<'_> {
    /// What cannot be taken back stays, and the next attempt names it.
    fn drop(&mut self) {
        for (file, old) in self.edited.drain(..) {
            let _ = replace(self.course, Path::new(file), old.as_bytes());
        }
        for made in self.made.drain(..).rev() {
            let _ = match made.is_dir() {
                true => fs::remove_dir(&made),
                false => fs::remove_file(&made),
            };
        }
    }
}
