//! Building a part with cargo, once, before anything is started.

pub(crate) mod toolchain;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use crate::guard::{Ending, Guard, Limits, Program, Stream};
use crate::isolation::Sandbox;
use crate::ready::NotReady;
use crate::trouble::{Result, Trouble};

/// How long a package may take after the one before it. A large one takes a minute on a slow machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long the compiler may go on once it has found an error in the code.
const AFTER_ERROR: Duration = Duration::from_secs(20);

/// How much memory cargo and the compilers that it starts may hold together, for each of them that
/// may run at once, in bytes.
const MEMORY: u64 = 3 << 30;

/// What to build, and how.
#[derive(Debug, Clone)]
pub struct Build {
    /// The course's root: cargo runs there, so that the course's own settings apply.
    pub root: PathBuf,
    /// The manifest of the workspace.
    pub workspace: PathBuf,
    /// The package's folder.
    pub folder: PathBuf,
    /// The package, and its binary.
    pub package: String,
    /// Further arguments for `cargo build`.
    pub args: Vec<String>,
    /// Further variables for cargo's environment.
    pub env: Vec<(String, PathBuf)>,
    /// How many compilers may run at once; as many as the machine has processors, if not given.
    pub jobs: Option<u32>,
    /// What walls the build in, if anything does.
    pub sandbox: Option<Sandbox>,
}

/// What can be told while a build goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Building {
    /// Another cargo holds the lock that this one needs.
    WaitingForLock,
    /// A package is being compiled.
    Compiling(String),
}

/// What a build made.
#[derive(Debug, Clone)]
pub struct Binary {
    /// Where the program is.
    pub path: PathBuf,
    /// What the compiler warned about in the package.
    pub warnings: Vec<Diagnostic>,
}

/// Something that the compiler said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// As cargo would show it.
    pub rendered: String,
    /// The same in one sentence.
    pub brief: String,
    /// The file that it is about, relative to the package's folder where it lies inside.
    pub file: Option<PathBuf>,
    /// The line in it.
    pub line: Option<u32>,
}

/// What became of a build that ran.
#[derive(Debug, Clone)]
pub enum Built {
    /// It made the program.
    Binary(Binary),
    /// The compiler refused the code.
    Refused(Vec<Diagnostic>),
}

impl Build {
    /// The build of a package of the course itself.
    pub fn of_course(root: &Path, folder: PathBuf, package: &str) -> Build {
        Build {
            root: root.to_owned(),
            workspace: root.join("Cargo.toml"),
            folder,
            package: package.to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            jobs: None,
            sandbox: None,
        }
    }

    /// A text in which files are named as whoever wrote them knows them: relative to the part's
    /// folder, if they were copied into a slot for the build.
    pub fn as_handed_in(&self, text: &str) -> String {
        let slot = self.workspace.parent();
        match self.folder.file_name() {
            // A package of the course lies where the learner sees it.
            Some(name) if slot.is_some_and(|slot| slot != self.root) => {
                text.replace(&format!("{}/", name.to_string_lossy()), "")
            }
            _ => text.to_owned(),
        }
    }

    /// Runs cargo under the guard, and tells `progress` what it does. When this is no longer waited
    /// for, cargo ends, and so do the compilers that it started.
    ///
    /// # Errors
    /// When cargo cannot be run, or fails for another reason than the code that it compiles: the
    /// network, the disk, a broken manifest. Its own words are in the error.
    pub async fn run(&self, guard: &Guard, mut progress: impl FnMut(Building)) -> Result<Built> {
        let (cargo, mut lines) = guard.listen_to(self.cargo());
        let mut said = Said::default();
        let mut since = Instant::now();
        let ending = loop {
            let patience = if said.errors.is_empty() {
                PATIENCE
            } else {
                AFTER_ERROR
            };
            match timeout_at(since + patience, lines.recv()).await {
                Ok(Some((Stream::Stdout, line))) => {
                    if line.contains("\"reason\":\"compiler-artifact\"") {
                        since = Instant::now();
                    }
                    said.note_message(&line, self);
                }
                Ok(Some((Stream::Stderr, line))) => {
                    since = Instant::now();
                    said.note_words(line, &mut progress);
                }
                Ok(None) => break cargo.ended().await,
                // What holds the lock is a build with a limit of its own.
                Err(_) if said.waits_for_lock => since = Instant::now(),
                Err(_) => {
                    cargo.kill().await?;
                    let what =
                        format!("did not get on for {} s, and was ended", patience.as_secs());
                    return self.refused_for(what, said);
                }
            }
        };
        match (ending, cargo.not_started()) {
            (_, Some(NotReady::NoRoom(why) | NotReady::NotStarted(why))) => Err(Trouble::new(
                format!("could not run cargo, which comes with Rust (https://rustup.rs): {why}"),
            )),
            (Ending::Code(0), _) => {
                let path = said.binary.ok_or_else(|| {
                    Trouble::new(format!(
                        "could not find the program of {} among what cargo built",
                        self.package
                    ))
                })?;
                Ok(Built::Binary(Binary {
                    path,
                    warnings: said.warnings,
                }))
            }
            (
                ending @ (Ending::OverMemory { .. }
                | Ending::OverTasks { .. }
                | Ending::Flooded { .. }),
                _,
            ) => self.refused_for(ending.to_string(), said),
            (Ending::GuardLost, _) => {
                Err(Trouble::new("could not build: the guard process is gone"))
            }
            (Ending::Code(_), _) if !said.errors.is_empty() => Ok(Built::Refused(said.errors)),
            (_, _) => Err(said.as_trouble(&self.package)),
        }
    }

    /// Cargo, as a program for the guard.
    fn cargo(&self) -> Program {
        let format = if colored::control::SHOULD_COLORIZE.should_colorize() {
            "--message-format=json-diagnostic-rendered-ansi"
        } else {
            "--message-format=json"
        };
        let processors =
            std::thread::available_parallelism().map_or(1, |number| number.get() as u64);
        let compilers = self.jobs.map_or(processors, u64::from);
        let cargo = Program::new("cargo", cargo_program())
            .cwd(&self.root)
            .args(["build", format, "--manifest-path"])
            .arg(&self.workspace)
            .args(["--package", &self.package])
            .args(&self.args)
            .limits(Limits {
                memory: MEMORY * compilers,
                // Each compiler may have some threads for each processor.
                tasks: 200 + 40 * processors,
                log: 100_000_000,
            });
        let cargo = match self.jobs {
            Some(jobs) => cargo.arg(format!("--jobs={jobs}")),
            None => cargo,
        };
        let cargo = match &self.sandbox {
            Some(sandbox) => toolchain::for_sandbox(cargo).sandboxed(Some(sandbox.clone())),
            None => cargo,
        };
        let env = self.env.iter();
        env.fold(cargo, |cargo, (name, value)| cargo.env(name, value))
    }

    /// The compiler used too much of something. If it was at the learner's package, that is an
    /// error in the code.
    fn refused_for(&self, what: String, said: Said) -> Result<Built> {
        if said.compiling.as_deref() != Some(self.package.as_str()) {
            let at = said.compiling.as_deref().unwrap_or("nothing yet");
            return Err(Trouble::new(format!(
                "could not build {}: cargo {what}, while it compiled {at}",
                self.package
            )));
        }
        let brief = format!("the compiler {what}");
        let mut errors = said.errors;
        if !errors.is_empty() {
            return Ok(Built::Refused(errors));
        }
        // What it warned about last is what it was at.
        let at = said.warnings.last();
        let (file, line) = at.map_or((None, None), |at| (at.file.clone(), at.line));
        errors.push(Diagnostic {
            rendered: format!(
                "error: {brief}\n  It was compiling your files in src/. Look for a `const` or `static` that takes very \
                 long to compute or is very large,\n  for a macro that calls itself, or for a type that contains itself.\n"
            ),
            brief,
            file,
            line,
        });
        Ok(Built::Refused(errors))
    }
}

/// The cargo to run: the one that runs us, where there is one.
pub(crate) fn cargo_program() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// Everything that cargo said so far.
#[derive(Default)]
struct Said {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    binary: Option<PathBuf>,
    words: Vec<String>,
    /// The package that was begun last.
    compiling: Option<String>,
    waits_for_lock: bool,
}

/// The messages of cargo that matter here.
#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-artifact")]
    Artifact {
        manifest_path: PathBuf,
        target: Target,
        executable: Option<PathBuf>,
    },
    #[serde(rename = "compiler-message")]
    Said {
        manifest_path: PathBuf,
        message: CompilerMessage,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct CompilerMessage {
    level: String,
    message: String,
    rendered: Option<String>,
    spans: Vec<Span>,
    children: Vec<Remark>,
}

/// What belongs to a message: how it came about, what may help.
#[derive(Deserialize)]
struct Remark {
    level: String,
    message: String,
}

impl CompilerMessage {
    /// The message, and the first note that is about the code.
    fn brief(&self) -> String {
        let mut notes = self.children.iter().filter(|remark| {
            let is_about_lint = remark.message.contains("#[warn(");
            remark.level == "note" && !remark.message.is_empty() && !is_about_lint
        });
        match notes.next() {
            Some(note) => format!("{}: {}", self.message, note.message),
            None => self.message.clone(),
        }
    }
}

#[derive(Deserialize)]
struct Span {
    file_name: PathBuf,
    line_start: u32,
    is_primary: bool,
}

impl Said {
    /// What cargo said, when it failed for a reason that is not in the code.
    fn as_trouble(&self, package: &str) -> Trouble {
        Trouble::new(format!(
            "could not build {package}; cargo says:\n{}",
            self.words.join("\n")
        ))
    }

    fn note_message(&mut self, line: &str, build: &Build) {
        let is_ours = |manifest: &Path| {
            manifest
                .parent()
                .is_some_and(|folder| same_folder(folder, &build.folder))
        };
        match serde_json::from_str(line) {
            Ok(Message::Artifact {
                manifest_path,
                target,
                executable: Some(executable),
            }) if target.name == build.package && is_ours(&manifest_path) => {
                self.binary = Some(executable);
            }
            Ok(Message::Said {
                manifest_path,
                message,
            }) => {
                let ours = is_ours(&manifest_path);
                let is_error = message.level.starts_with("error");
                let Some(diagnostic) = diagnostic(message, build) else {
                    return;
                };
                // The same code is compiled more than once when library and binary share it.
                let list = match (is_error, ours) {
                    (true, _) => &mut self.errors,
                    (false, true) => &mut self.warnings,
                    (false, false) => return,
                };
                if !list.contains(&diagnostic) {
                    list.push(diagnostic);
                }
            }
            _ => {}
        }
    }

    fn note_words(&mut self, line: String, progress: &mut impl FnMut(Building)) {
        let words = line.trim_start();
        self.waits_for_lock = words.starts_with("Blocking waiting for file lock");
        if self.waits_for_lock {
            progress(Building::WaitingForLock);
        } else if let Some(package) = words.strip_prefix("Compiling ") {
            self.compiling = package.split(' ').next().map(str::to_owned);
            progress(Building::Compiling(
                package.split(" (").next().unwrap_or(package).to_owned(),
            ));
        }
        self.words.push(line);
    }
}

/// What the compiler said, unless it is only the sum of what it said before.
fn diagnostic(message: CompilerMessage, build: &Build) -> Option<Diagnostic> {
    let brief = message.brief();
    let rendered = message.rendered?;
    let span = message.spans.into_iter().find(|span| span.is_primary);
    let sums_up = span.is_none()
        && (rendered.contains("aborting due to")
            || rendered.contains("For more information about")
            || rendered.contains("errors have detailed explanations")
            || rendered.contains("warnings emitted")
            || rendered.contains("warning emitted"));
    if sums_up {
        return None;
    }
    // Compiler and cargo name files relative to the workspace.
    let workspace = build.workspace.parent().unwrap_or(&build.root);
    let file = span.as_ref().map(|span| {
        let whole = workspace.join(&span.file_name);
        whole
            .strip_prefix(&build.folder)
            .map(Path::to_owned)
            .unwrap_or(whole)
    });
    Some(Diagnostic {
        rendered,
        brief,
        file,
        line: span.map(|span| span.line_start),
    })
}

/// Whether two paths lead to one folder: cargo resolves symbolic links in some places only.
fn same_folder(one: &Path, other: &Path) -> bool {
    one == other
        || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
