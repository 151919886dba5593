//! What is graded next, and by how many processes.
//!
//! Each attempt is a process of its own: the checker's command for one submission, under a guard. So a
//! submission costs its own limits, and when this process is killed, nothing of an attempt is left.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use walkdir::WalkDir;

use crate::handed_in::HandedIn;
use crate::ledger::{Attempt, Ledger, SCHEMA};
use crate::mark::{Graded, Mark, PartMark, to_grade, without_result};
use crate::policy::{Policy, Secret, digest, hex};
use grader::course::Course;
use grader::part_report::PartReport;
use grader::submission::{self, Refusal};
use testkit::guard::{Ending, Guard, Limits, Program, own_program};
use testkit::interrupt::Interrupt;
use testkit::part::Part;
use testkit::plain_file::{self, MAX_OWN};
use testkit::trouble::{Result, While};

/// How often a result is looked at while it grows.
const GLANCE: Duration = Duration::from_millis(500);

/// How attempts are made.
pub struct Grader {
    /// The course.
    pub course: Course,
    /// The parent of all processes.
    pub guard: Guard,
    /// Where the processes leave their results.
    pub results: PathBuf,
    /// What `--isolation` is given.
    pub isolation: String,
    /// What the teacher decided.
    pub policy: Policy,
}

/// One attempt that is to be made.
#[derive(Clone)]
pub struct Task {
    /// Whose.
    pub student: String,
    /// Which part.
    pub part: &'static Part,
    /// What was handed in.
    pub folder: PathBuf,
    /// The hash of all that decides the result.
    pub key: String,
    /// The seed of the first round.
    pub seed: u64,
    /// The problems; all, if empty.
    pub problems: Vec<u8>,
    /// Which attempt it is, from 1.
    pub attempt: u32,
}

/// What the process of an attempt writes.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    troubles: Vec<String>,
    parts: Vec<PartReport>,
}

impl Grader {
    /// Makes one attempt. `so_far` hears what is known while it goes on.
    ///
    /// # Errors
    /// When no process can be started.
    pub async fn attempt(
        &self,
        task: &Task,
        mut so_far: impl FnMut(&PartReport),
    ) -> Result<Attempt> {
        let name = hex(&digest([
            task.student.as_bytes(),
            task.part.name.as_bytes(),
        ]));
        let file = self.results.join(format!("{name}.json"));
        let _ = std::fs::remove_file(&file);
        let begun = Instant::now();
        let process = self.guard.spawn(self.program(task, &name, &file)?);
        let limit = Duration::from_secs(60 * u64::from(self.policy.minutes));
        let mut known = None;
        let ended = timeout(limit, async {
            loop {
                tokio::select! {
                    ending = process.ended() => return ending,
                    () = sleep(GLANCE) => {
                        let changed = std::fs::metadata(&file).and_then(|file| file.modified()).ok();
                        if changed != known && let Some(report) = written(&file).and_then(|(report, _)| report) {
                            known = changed;
                            so_far(&report);
                        }
                    }
                }
            }
        })
        .await;
        let (ending, mut cut_short) = match ended {
            Ok(ending) => (ending, None),
            Err(_) => (
                process.kill().await?,
                Some(format!(
                    "It was ended after {} minutes, its limit.",
                    self.policy.minutes
                )),
            ),
        };
        let (report, troubles) = written(&file).unwrap_or_default();
        let _ = std::fs::remove_file(&file);
        if report.is_none() || !troubles.is_empty() {
            let why = if troubles.is_empty() {
                format!(
                    "The checker ended without a result ({}).",
                    in_words(&ending)
                )
            } else {
                troubles.join(" ")
            };
            cut_short = cut_short.or(Some(why));
        }
        let report = report.unwrap_or_else(|| {
            let why = cut_short.clone().unwrap_or_default();
            without_result(task.part, &task.folder, task.seed, self.policy.rounds, &why)
        });
        Ok(Attempt {
            schema: SCHEMA,
            student: task.student.clone(),
            part: task.part.name.to_owned(),
            key: task.key.clone(),
            attempt: task.attempt,
            finished: Timestamp::now(),
            seconds: (begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
            peak_memory: process.peak_memory(),
            cut_short,
            report,
        })
    }

    fn program(&self, task: &Task, name: &str, file: &Path) -> Result<Program> {
        // The attempt has limits of its own; these only keep a broken checker from filling the machine.
        let limits = Limits {
            memory: 16 << 30,
            tasks: 20_000,
            log: 100_000_000,
            ..Limits::default()
        };
        let rounds = self.policy.rounds.to_string();
        let mut program = Program::new(name, own_program()?)
            .cwd(&self.course.root)
            .limits(limits)
            .args([task.part.name, "--color", "never", "--repeat", &rounds])
            .args([
                "--seed",
                &task.seed.to_string(),
                "--isolation",
                &self.isolation,
            ])
            .arg("--submission")
            .arg(&task.folder)
            .arg("--json-file")
            .arg(file);
        for problem in &task.problems {
            program = program.args(["--problem", &problem.to_string()]);
        }
        Ok(program)
    }
}

fn in_words(ending: &Ending) -> String {
    match ending {
        Ending::Code(code) => format!("exit code {code}"),
        Ending::Signal(signal) => format!("signal {signal}"),
        other => format!("{other:?}"),
    }
}

/// What the process of an attempt has written: the report, if there is one, and its troubles.
fn written(file: &Path) -> Option<(Option<PartReport>, Vec<String>)> {
    let bytes = plain_file::read(file, MAX_OWN).ok()?;
    let written: Written = serde_json::from_slice(&bytes).ok()?;
    Some((written.parts.into_iter().next(), written.troubles))
}

/// A student's part, and what can be done with it.
pub struct Entry {
    /// Which part.
    pub part: &'static Part,
    /// What was handed in.
    pub given: Given,
}

/// What was handed in for a part.
pub enum Given {
    /// Nothing.
    Missing,
    /// What cannot be graded, a sentence for each reason.
    Refused(Vec<String>),
    /// What the checker may not read, which is not the student's fault; a sentence.
    Unreadable(String),
    /// What can be graded.
    Code {
        /// Where it is.
        folder: PathBuf,
        /// The hash of all that decides the result.
        key: String,
        /// The seed.
        seed: u64,
    },
}

/// What decides a result, besides the code itself.
pub struct Basis<'a> {
    /// The course.
    pub course: &'a Course,
    /// What was decided.
    pub policy: &'a Policy,
    /// What seeds are made of.
    pub secret: &'a Secret,
    /// A hash of the checker's program.
    pub checker: &'a str,
    /// What `--isolation` is given.
    pub isolation: &'a str,
}

impl Basis<'_> {
    /// Looks at what a student handed in for a part.
    pub fn entry(&self, handed_in: &HandedIn, part: &'static Part) -> Entry {
        let given = match &handed_in.content {
            Err(why) => Given::Refused(vec![why.clone()]),
            Ok(folder) if let Some(given) = unreadable(folder) => given,
            Ok(folder) if !submission::holds(part, folder) => Given::Missing,
            Ok(folder) => match submission::read(part, &self.course.exercise(part), folder) {
                Err(Refusal::Breaches(breaches)) => Given::Refused(breaches),
                Err(Refusal::Trouble(trouble)) => {
                    Given::Unreadable(format!("The checker {trouble}."))
                }
                Ok(handed) => {
                    let seed = self
                        .secret
                        .seed(part.name, &handed_in.student, self.policy.seeds);
                    let decisive = [self.checker, part.name, self.isolation].map(str::as_bytes);
                    let numbers = [
                        seed.to_be_bytes(),
                        u64::from(self.policy.rounds).to_be_bytes(),
                    ];
                    let numbers = numbers.iter().map(|number| &number[..]);
                    let files = handed.taken.iter();
                    let files = files.flat_map(|(path, content)| {
                        [path.as_os_str().as_encoded_bytes(), content.as_slice()]
                    });
                    Given::Code {
                        folder: folder.clone(),
                        key: hex(&digest(decisive.into_iter().chain(numbers).chain(files))),
                        seed,
                    }
                }
            },
        };
        Entry { part, given }
    }
}

/// What is said of a submission that holds something that cannot be read: nothing is graded of a half.
fn unreadable(folder: &Path) -> Option<Given> {
    let error = WalkDir::new(folder)
        .into_iter()
        .find_map(|found| found.err())?;
    // Without the path, which says where the grader keeps submissions.
    let Some(error) = error.io_error() else {
        return Some(Given::Refused(vec![
            "Its folders form a circle.".to_owned(),
        ]));
    };
    Some(match error.kind() {
        ErrorKind::PermissionDenied => {
            Given::Unreadable("The checker has no permission to read all of it.".to_owned())
        }
        _ => Given::Refused(vec![format!("It cannot be read: {error}.")]),
    })
}

/// The next attempt at an entry, if one is left to be made.
pub fn next(student: &str, entry: &Entry, ledger: &Ledger, policy: &Policy) -> Option<Task> {
    let Given::Code { folder, key, seed } = &entry.given else {
        return None;
    };
    let made = ledger.of(student, entry.part.name, key);
    let problems = to_grade(entry.part, &made, policy)?;
    Some(Task {
        student: student.to_owned(),
        part: entry.part,
        folder: folder.clone(),
        key: key.clone(),
        seed: *seed,
        problems,
        attempt: u32::try_from(made.len()).unwrap_or(u32::MAX - 1) + 1,
    })
}

/// The mark of a student, as far as the ledger knows it. It is not final while an attempt is to be made.
pub fn mark(handed_in: &HandedIn, entries: &[Entry], ledger: &Ledger, policy: &Policy) -> Mark {
    let parts = entries.iter().map(|entry| {
        let graded = match &entry.given {
            Given::Missing => Graded::Missing,
            Given::Refused(breaches) => Graded::Refused(breaches.clone()),
            Given::Unreadable(why) => Graded::Refused(vec![why.clone()]),
            Given::Code { key, .. } => {
                Graded::Attempts(ledger.of(&handed_in.student, entry.part.name, key))
            }
        };
        let mut mark = PartMark::new(entry.part, &graded, &handed_in.notes, policy);
        let open = match &entry.given {
            Given::Unreadable(why) => Some(why.clone()),
            _ => next(&handed_in.student, entry, ledger, policy)
                .map(|_| "An attempt is still to be made.".to_owned()),
        };
        if open.is_some() {
            mark.is_final = false;
            mark.cut_short = open;
        }
        mark
    });
    Mark::new(&handed_in.student, &handed_in.file_name, parts.collect())
}

/// Makes attempts, so many at once, and enters each into the ledger when it is finished. Ends early when it is
/// interrupted; what was under way then is lost.
///
/// # Errors
/// When an attempt cannot be started, or the ledger cannot be written.
pub async fn work(
    grader: &Arc<Grader>,
    tasks: Vec<Task>,
    jobs: usize,
    ledger: &mut Ledger,
    interrupt: &Interrupt,
    mut finished: impl FnMut(&Attempt, usize),
) -> Result<()> {
    let mut waiting: VecDeque<Task> = tasks.into();
    let mut running = JoinSet::new();
    loop {
        while running.len() < jobs.max(1)
            && let Some(task) = waiting.pop_front()
        {
            let grader = Arc::clone(grader);
            running.spawn(async move { grader.attempt(&task, |_| {}).await });
        }
        let done = tokio::select! { biased;
            _ = interrupt.raised() => break,
            done = running.join_next() => done,
        };
        let Some(done) = done else { break };
        let attempt = done.or_trouble(|| "wait for an attempt")??;
        finished(&attempt, waiting.len() + running.len());
        ledger.enter(attempt)?;
    }
    Ok(())
}

/// A hash of a program, so that what another version of the checker graded is graded anew.
///
/// # Errors
/// When it cannot be read.
pub fn hash_of(program: &Path) -> Result<String> {
    use sha2::{Digest, Sha256};
    let reading = || format!("read {}", program.display());
    let mut file = std::fs::File::open(program).or_trouble(reading)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match std::io::Read::read(&mut file, &mut piece).or_trouble(reading)? {
            0 => return Ok(hex(&hash.finalize().into())),
            read => hash.update(&piece[..read]),
        }
    }
}
