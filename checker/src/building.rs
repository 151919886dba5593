//! Building a part with cargo, once, before anything is started.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::trouble::{Result, Trouble, While};

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

    /// Runs cargo, and tells `progress` what it does.
    ///
    /// # Errors
    /// When cargo cannot be run, or fails for another reason than the code that it compiles: the
    /// network, the disk, a broken manifest. Its own words are in the error.
    pub async fn run(&self, mut progress: impl FnMut(Building)) -> Result<Built> {
        let format = if colored::control::SHOULD_COLORIZE.should_colorize() {
            "--message-format=json-diagnostic-rendered-ansi"
        } else {
            "--message-format=json"
        };
        let mut cargo = Command::new(cargo_program())
            .current_dir(&self.root)
            .args(["build", format, "--manifest-path"])
            .arg(&self.workspace)
            .args(["--package", &self.package])
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .or_trouble(|| "run cargo, which comes with Rust (https://rustup.rs)")?;
        let mut compilers = Compilers::of(&cargo);
        let (Some(stdout), Some(stderr)) = (cargo.stdout.take(), cargo.stderr.take()) else {
            return Err(Trouble::new("could not read what cargo says"));
        };

        let mut messages = BufReader::new(stdout).lines();
        let mut words = BufReader::new(stderr).lines();
        let mut said = Said::default();
        let (mut more_messages, mut more_words) = (true, true);
        while more_messages || more_words {
            tokio::select! {
                line = messages.next_line(), if more_messages => match line {
                    Ok(Some(line)) => said.note_message(&line, self),
                    _ => more_messages = false,
                },
                line = words.next_line(), if more_words => match line {
                    Ok(Some(line)) => said.note_words(line, &mut progress),
                    _ => more_words = false,
                },
            }
        }
        let status = cargo.wait().await.or_trouble(|| "wait for cargo")?;
        compilers.are_done();

        if !status.success() {
            return if said.errors.is_empty() {
                Err(Trouble::new(format!(
                    "could not build {}; cargo says:\n{}",
                    self.package,
                    said.words.join("\n")
                )))
            } else {
                Ok(Built::Refused(said.errors))
            };
        }
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
}

/// The process group of cargo and of the compilers that it starts, which is killed when the build is
/// broken off. A compiler that went on alone would take the machine's time from the next build, and
/// could put its program, of older code, in the place of the new one.
struct Compilers(Option<Pid>);

impl Compilers {
    fn of(cargo: &Child) -> Compilers {
        let id = cargo.id().and_then(|id| i32::try_from(id).ok());
        Compilers(id.and_then(Pid::from_raw))
    }

    /// Once cargo has been waited for, its number may belong to somebody else.
    fn are_done(&mut self) {
        self.0 = None;
    }
}

impl Drop for Compilers {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // When they have just ended, there is nothing to kill.
            let _ = kill_process_group(group, Signal::KILL);
        }
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
        if words.starts_with("Blocking waiting for file lock") {
            progress(Building::WaitingForLock);
        } else if let Some(package) = words.strip_prefix("Compiling ") {
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
