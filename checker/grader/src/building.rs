//! Building a part with cargo, once, before anything is started.

pub mod toolchain;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use testkit::guard::{Ending, Guard, Limits, Program, Stream};
use testkit::isolation::Sandbox;
use testkit::ready::NotReady;
use testkit::trouble::{Result, Trouble};

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
    /// This one has the lock.
    LockTaken,
    /// Cargo begins to compile a package.
    Compiling(String),
    /// How far cargo is, as it says itself.
    Progress(Progress),
}

/// How far cargo is. It counts libraries, build scripts and programs, also those that it need not
/// compile again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How many are done.
    pub done: usize,
    /// How many there are.
    pub of: usize,
    /// The packages that are being compiled, the program among them; as many as cargo names.
    pub now: Vec<String>,
}

/// What makes cargo say how far it is, though nobody sits at its terminal.
const TELL_PROGRESS: [(&str, &str); 2] = [
    ("CARGO_TERM_PROGRESS_WHEN", "always"),
    ("CARGO_TERM_PROGRESS_WIDTH", "120"),
];

impl Progress {
    /// Reads `    Building [===>     ] 3/14: syn, libc(build)`.
    fn read(words: &str) -> Option<Progress> {
        let (_, rest) = words.trim().strip_prefix("Building [")?.split_once("] ")?;
        let (count, now) = rest.split_once(": ").unwrap_or((rest, ""));
        let (done, of) = count.split_once('/')?;
        let now = now
            .split(", ")
            .filter(|name| !name.is_empty() && *name != "...");
        let package = |name: &str| name.split('(').next().unwrap_or(name).to_owned();
        let mut now: Vec<String> = now.map(package).collect();
        now.dedup();
        Some(Progress {
            done: done.parse().ok()?,
            of: of.parse().ok()?,
            now,
        })
    }
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
    /// The machine did not let cargo finish, and how; a sentence. Nothing can be said of the code.
    Hindered(String),
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

    /// A text in which files are named as their author knows them: relative to the part's
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
        // Errors in one of many programs do not end the build of the others.
        let keeps_going = self.args.iter().any(|arg| arg == "--keep-going");
        let ending = loop {
            let patience = if keeps_going || said.errors.is_empty() {
                PATIENCE
            } else {
                AFTER_ERROR
            };
            match timeout_at(since + patience, lines.recv()).await {
                Ok(Some((Stream::Stdout, line))) => {
                    if line.contains("\"reason\":\"compiler-artifact\"") {
                        since = Instant::now();
                    }
                    said.note_message(&line, self, &mut progress);
                }
                Ok(Some((Stream::Stderr, line))) => {
                    // Cargo also tells how far it is, again and again.
                    if line.trim_start().starts_with("Compiling ") {
                        since = Instant::now();
                    }
                    said.note_words(&line, &mut progress);
                }
                Ok(None) => break cargo.ended().await,
                // What holds the lock is a build with a limit of its own.
                Err(_) if said.waits => since = Instant::now(),
                Err(_) => {
                    cargo.kill().await?;
                    let what = format!(
                        "made no progress for {} s, so the checker ended it",
                        patience.as_secs()
                    );
                    return self.refused_for(what, said);
                }
            }
        };
        match (ending, cargo.not_started()) {
            (_, Some(NotReady::NoRoom(why))) => Ok(Built::Hindered(format!(
                "The machine had no room for cargo: {why}. It runs too much at once."
            ))),
            (_, Some(NotReady::NotStarted(why))) => Err(Trouble::new(format!(
                "could not run cargo, which comes with Rust (https://rustup.rs): {why}"
            ))),
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
            (ending, _) => self.unfinished(ending, said),
        }
    }

    /// What it means that cargo ended without a program, and within its limits.
    fn unfinished(&self, ending: Ending, said: Said) -> Result<Built> {
        if !said.errors.is_empty() {
            return Ok(Built::Refused(said.errors));
        }
        let package = &self.package;
        if let Ending::Signal(_) = ending {
            return Ok(Built::Hindered(format!(
                "cargo {ending} while it built {package}. The checker did not end it: perhaps the system did, \
                 for lack of memory."
            )));
        }
        if let Some(why) = said.bubblewrap().filter(|_| self.sandbox.is_some()) {
            return Ok(Built::Hindered(format!(
                "The checker could not isolate the build of {package}: {why}."
            )));
        }
        match said.compiler_signal() {
            Some(signal) if signal.contains("SIGKILL") || signal.contains("SIGTERM") => {
                Ok(Built::Hindered(format!(
                    "The compiler was killed ({signal}) while it built {package}. The checker did not kill it: \
                     perhaps the system did, for lack of memory."
                )))
            }
            Some(signal) => self.refused_for(format!("crashed ({signal})"), said),
            None => Err(said.as_trouble(package)),
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
                ..Limits::default()
            });
        let cargo = match self.jobs {
            Some(jobs) => cargo.arg(format!("--jobs={jobs}")),
            None => cargo,
        };
        let cargo = match &self.sandbox {
            Some(sandbox) => toolchain::for_sandbox(cargo).sandboxed(Some(sandbox.clone())),
            None => cargo,
        };
        let cargo = TELL_PROGRESS
            .iter()
            .fold(cargo, |cargo, (name, value)| cargo.env(name, value));
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
pub fn cargo_program() -> PathBuf {
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
    waits: bool,
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

    /// What bubblewrap says when it cannot do its work, and so does not start cargo.
    fn bubblewrap(&self) -> Option<&str> {
        let mut words = self.words.iter();
        words.find_map(|line| line.strip_prefix("bwrap: "))
    }

    /// The signal that ended a compiler, as cargo says it: `signal: 9, SIGKILL: kill`.
    fn compiler_signal(&self) -> Option<String> {
        self.words.iter().find_map(|line| {
            let (_, rest) = line.rsplit_once("(signal: ")?;
            Some(format!("signal {}", rest.split(')').next()?))
        })
    }

    fn note_message(&mut self, line: &str, build: &Build, progress: &mut impl FnMut(Building)) {
        self.goes_on(progress);
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

    /// Takes in a line of cargo's stderr, or how far it is, which ends with a carriage return.
    fn note_words(&mut self, words: &str, progress: &mut impl FnMut(Building)) {
        let known = words.trim();
        if known.is_empty() {
            return;
        }
        if known.starts_with("Blocking waiting for file lock") {
            // Cargo says it of one lock after the other.
            if !std::mem::replace(&mut self.waits, true) {
                progress(Building::WaitingForLock);
            }
        } else {
            self.goes_on(progress);
        }
        if let Some(far) = Progress::read(known) {
            return progress(Building::Progress(far));
        }
        if let Some(package) = known.strip_prefix("Compiling ") {
            self.compiling = package.split(' ').next().map(str::to_owned);
            progress(Building::Compiling(
                package.split(" (").next().unwrap_or(package).to_owned(),
            ));
        }
        self.words.push(words.to_owned());
    }

    /// Cargo does something, so it waits no longer.
    fn goes_on(&mut self, progress: &mut impl FnMut(Building)) {
        if std::mem::take(&mut self.waits) {
            progress(Building::LockTaken);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::isolation::Isolation;

    #[track_caller]
    fn check(words: &[&str], expected: &[Building]) {
        let (mut said, mut heard) = (Said::default(), Vec::new());
        for words in words {
            said.note_words(words, &mut |what| heard.push(what));
        }
        assert_eq!(heard, expected);
    }

    #[test]
    fn cargo_tells_how_far_it_is() {
        let far = |done, of, now: &[&str]| {
            let now = now.iter().map(|name| (*name).to_owned()).collect();
            Building::Progress(Progress { done, of, now })
        };
        check(
            &[
                "   Compiling syn v2.0.1",
                "    Building [===>        ] 3/14: syn, syn(build), libc(build.rs), ...  ",
                "    Building [===========>] 13/14: ping-pong(bin)",
                "    Building [============] 14/14",
                "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 5.10s",
            ],
            &[
                Building::Compiling("syn v2.0.1".into()),
                far(3, 14, &["syn", "libc"]),
                far(13, 14, &["ping-pong"]),
                far(14, 14, &[]),
            ],
        );
        check(
            &["    Building [ of another form", "    Building [=>] x/y: z"],
            &[],
        );
    }

    /// What becomes of a build that ended so, in which cargo said these words.
    fn ended(sandbox: Option<Sandbox>, ending: Ending, words: &[&str]) -> Result<Built> {
        let build = Build {
            sandbox,
            ..Build::of_course(Path::new("/course"), "/course/part".into(), "ping-pong")
        };
        let mut said = Said::default();
        for words in words {
            said.note_words(words, &mut |_| {});
        }
        build.unfinished(ending, said)
    }

    #[test]
    fn cargo_or_compiler_that_something_else_killed_says_nothing_of_the_code() {
        #[track_caller]
        fn check(ending: Ending, words: &[&str], expected: &str) {
            let Ok(Built::Hindered(why)) = ended(None, ending, words) else {
                panic!("not the machine's");
            };
            assert!(why.contains(expected), "{why}");
        }
        check(Ending::Signal(9), &[], "cargo was killed (SIGKILL)");
        let killed =
            "  process didn't exit successfully: `rustc --crate-name x` (signal: 9, SIGKILL: kill)";
        check(
            Ending::Code(101),
            &["error: could not compile `serde` (lib)", killed],
            "The compiler was killed (signal 9, SIGKILL: kill)",
        );
    }

    #[test]
    fn walls_that_cannot_be_put_up_say_nothing_of_the_code() {
        let words = ["bwrap: setting up uid map: Permission denied"];
        let walls = Isolation::Bubblewrap.build(&[], Path::new("/slot"));
        let built = ended(walls, Ending::Code(1), &words);
        assert!(
            matches!(&built, Ok(Built::Hindered(why)) if why.contains("uid map")),
            "{built:?}"
        );
        assert!(ended(None, Ending::Code(1), &words).is_err());
    }

    #[test]
    fn compiler_that_crashes_at_the_learners_package_refuses_it() {
        let crashed = "  process didn't exit successfully: `rustc` (signal: 11, SIGSEGV: invalid memory reference)";
        let compiles = "   Compiling ping-pong v0.1.0 (/course/part)";
        let built = ended(None, Ending::Code(101), &[compiles, crashed]);
        let Ok(Built::Refused(errors)) = built else {
            panic!("{built:?}");
        };
        assert!(errors[0].brief.contains("SIGSEGV"), "{errors:?}");
        assert!(ended(None, Ending::Code(101), &[crashed]).is_err());
    }

    #[test]
    fn wait_for_another_cargo_is_over_once_cargo_says_anything_else() {
        let waits = "    Blocking waiting for file lock on build directory";
        let compiles = "   Compiling ping-pong v0.1.0 (/course)";
        check(
            &[waits, waits, compiles, compiles],
            &[
                Building::WaitingForLock,
                Building::LockTaken,
                Building::Compiling("ping-pong v0.1.0".into()),
                Building::Compiling("ping-pong v0.1.0".into()),
            ],
        );
    }
}
