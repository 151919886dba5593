//! `checker grade`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand, ValueHint};
use tokio::time::Instant;

use crate::manifest::{self, PARTS};
use gradebook::handed_in::{self, HandedIn, Shard};
use gradebook::ledger::{Attempt, Ledger};
use gradebook::mark::Mark;
use gradebook::pages::feedback::Hidden;
use gradebook::pages::{class, feedback};
use gradebook::policy::{Policy, Secret};
use gradebook::queue::{self, Basis, Entry, Given, Grader, Task};
use gradebook::table;
use grader::course::Course;
use grader::runner::start_guard;
use grader::whole_file;
use report::terminal::{command_name, print};
use runtime::terminal::note;
use testkit::guard::own_program;
use testkit::interrupt::Interrupt;
use testkit::part::Part;
use testkit::plain_file::{self, MAX_OWN};
use testkit::run_dir::RunDir;
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::Standing;

/// Its flags.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct GradeArgs {
    #[command(subcommand)]
    command: Option<GradeCommand>,
    /// The folder with a folder, zip, tar, tar.gz or git bundle for each student
    #[arg(required = true, value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
    /// The parts to grade, such as part1,part2; all, if not given
    #[arg(long, value_name = "PARTS", value_delimiter = ',', value_parser = part)]
    parts: Vec<u8>,
    /// How many submissions are graded at once; if not given, one for every two processors
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=32))]
    jobs: Option<u16>,
    /// Where the marks go
    #[arg(long, value_name = "OUT", default_value = "graded", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// The file that seeds derive from; if not given, a secret in OUT
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    secret: Option<PathBuf>,
    /// Continues with the results in OUT, and grades what has changed
    #[arg(long)]
    resume: bool,
    /// What the teacher decided: seeds, rounds, attempts, points, minutes (docs/TRAINER.md)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    policy: Option<PathBuf>,
    /// Grades only the submissions of one machine of several, as in 1/4
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Whether bubblewrap must isolate submissions: required, auto (where it is installed) or off
    #[arg(long, value_name = "WHEN", default_value = "required", value_parser = ["required", "auto", "off"])]
    isolation: String,
}

#[derive(Debug, Subcommand)]
enum GradeCommand {
    /// Puts what several machines graded (--shard) into one folder
    Merge {
        /// The output folders
        #[arg(required = true, value_hint = ValueHint::DirPath)]
        shards: Vec<PathBuf>,
        /// Where the marks of all go
        #[arg(long, value_name = "OUT", default_value = "graded", value_hint = ValueHint::DirPath)]
        out: PathBuf,
    },
}

/// The number of the part that a command names.
pub(super) fn part(name: &str) -> std::result::Result<u8, String> {
    let found = manifest::part(name).map(|part| part.number);
    found.ok_or_else(|| "there is no such part".to_owned())
}

/// Runs it.
pub(super) fn run(args: GradeArgs) -> Result<Standing> {
    if let Some(GradeCommand::Merge { shards, out }) = &args.command {
        return merge(shards, out);
    }
    super::asynchronously(grade(args))
}

async fn grade(args: GradeArgs) -> Result<Standing> {
    let course = super::course()?;
    let policy = match &args.policy {
        Some(file) => Policy::read(file)?,
        None => Policy::default(),
    };
    let out = prepared(&args.out, args.resume)?;
    let mut ledger = Ledger::open(&out)?;
    let secret = match &args.secret {
        Some(file) => Secret::read(file)?,
        None => Secret::kept_in(&out)?,
    };
    let (interrupter, interrupt) = Interrupt::new();
    interrupter.listen_to_signals()?;
    let run = RunDir::create()?;
    let dir = args.dir.unwrap_or_default();
    let submissions = handed_in::find(&dir, &run.folder("unpacked")?, args.shard)?;
    let basis = Basis {
        course: &course,
        policy: &policy,
        secret: &secret,
        checker: &queue::hash_of(&own_program()?)?,
        isolation: &args.isolation,
    };
    let is_wanted = |part: &&Part| args.parts.is_empty() || args.parts.contains(&part.number);
    let parts: Vec<&'static Part> = PARTS.iter().filter(is_wanted).collect();
    let class = Class::read(&basis, submissions, &parts)?;
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let jobs = args.jobs.map_or((processors / 2).max(1), usize::from);
    let grader = Arc::new(Grader {
        course: Course::here()?,
        guard: start_guard(&run)?,
        results: run.folder("results")?,
        isolation: args.isolation.clone(),
        policy: policy.clone(),
    });
    let mut first = true;
    loop {
        let tasks = class.to_do(&ledger, &policy);
        if tasks.is_empty() || interrupt.why().is_some() {
            break;
        }
        // What failed may have failed because the machine was busy: now it is less so.
        let jobs = if first { jobs } else { jobs.div_ceil(2) };
        first = false;
        let mut progress = Progress::new(tasks.len());
        queue::work(
            &grader,
            tasks,
            jobs,
            &mut ledger,
            &interrupt,
            |attempt, left| {
                progress.tell(attempt, left);
            },
        )
        .await?;
    }
    grader.guard.shutdown().await;
    let hidden = class.hidden(&ledger, &[&course.root, &dir, &out, run.path()]);
    let unfinished = class.to_do(&ledger, &policy).len();
    let marks = class.marks(&ledger, &policy);
    write(&out, &marks, &parts, unfinished)?;
    for mark in &marks {
        let page = feedback::render(mark, &parts, &hidden);
        whole_file::write(&out.join(&mark.feedback), page)?;
    }
    if let Some(why) = interrupt.why() {
        note(format_args!(
            "Grading was {why}. What was finished is kept; `{} grade … --resume` continues.",
            command_name()
        ));
    }
    conclude(&out, &marks, unfinished)
}

/// The folder for the results, made where it is missing.
fn prepared(out: &Path, resume: bool) -> Result<PathBuf> {
    if out.join(Ledger::NAME).exists() && !resume {
        return Err(Trouble::new(format!(
            "could not grade into {}: it already holds results. --resume continues with them, and --out names another folder",
            out.display()
        )));
    }
    let pages = out.join("feedback");
    fs::create_dir_all(&pages).or_trouble(|| format!("make {}", pages.display()))?;
    out.canonicalize()
        .or_trouble(|| format!("find {}", out.display()))
}

/// All that was handed in, and what can be done with it.
struct Class {
    students: Vec<(HandedIn, Vec<Entry>)>,
}

impl Class {
    fn read(basis: &Basis, submissions: Vec<HandedIn>, parts: &[&'static Part]) -> Result<Class> {
        let mut students = Vec::new();
        for submission in submissions {
            let entries = parts.iter().map(|part| basis.entry(&submission, part));
            let entries = entries.collect::<Vec<Entry>>();
            students.push((submission, entries));
        }
        Ok(Class { students })
    }

    /// The next attempt at each part that needs one; first attempts before others.
    fn to_do(&self, ledger: &Ledger, policy: &Policy) -> Vec<Task> {
        let all = self.students.iter().flat_map(|(student, entries)| {
            let entries = entries.iter();
            entries.filter_map(|entry| queue::next(&student.student, entry, ledger, policy))
        });
        let (first, again): (Vec<Task>, Vec<Task>) = all.partition(|task| task.attempt == 1);
        if first.is_empty() { again } else { first }
    }

    fn marks(&self, ledger: &Ledger, policy: &Policy) -> Vec<Mark> {
        let students = self.students.iter();
        let marks =
            students.map(|(student, entries)| queue::mark(student, entries, ledger, policy));
        marks.collect()
    }

    /// What no student may see: the paths on this machine, and the seeds.
    fn hidden(&self, ledger: &Ledger, folders: &[&Path]) -> Hidden {
        let mut hidden: BTreeSet<String> = BTreeSet::new();
        for folder in folders {
            hidden.insert(folder.display().to_string());
            hidden.extend(
                folder
                    .canonicalize()
                    .map(|folder| folder.display().to_string()),
            );
        }
        for (_, entries) in &self.students {
            for entry in entries {
                if let Given::Code { seed, .. } = &entry.given {
                    hidden.insert(seed.to_string());
                }
            }
        }
        for attempt in ledger.attempts().values().flatten() {
            hidden.insert(attempt.report.seed.to_string());
            hidden.extend(
                attempt
                    .report
                    .run
                    .iter()
                    .map(|run| run.display().to_string()),
            );
        }
        Hidden::new(hidden)
    }
}

/// Tells what is finished, and when the rest may be.
struct Progress {
    all: usize,
    begun: Instant,
}

impl Progress {
    fn new(all: usize) -> Progress {
        Progress {
            all,
            begun: Instant::now(),
        }
    }

    fn tell(&mut self, attempt: &Attempt, left: usize) {
        let done = self.all - left;
        let rest = self
            .begun
            .elapsed()
            .div_f64(done.max(1) as f64)
            .mul_f64(left as f64);
        let again = match attempt.attempt {
            1 => String::new(),
            again => format!(", attempt {again}"),
        };
        note(format_args!(
            "[{done}/{}] {} {}{again}: {} ({:.1} s){}",
            self.all,
            attempt.student,
            attempt.part,
            attempt.report.standing.word(),
            attempt.seconds,
            time_left(left, rest)
        ));
    }
}

fn time_left(left: usize, rest: Duration) -> String {
    match (left, rest.as_secs()) {
        (0, _) => String::new(),
        (_, seconds @ 0..100) => format!(", about {seconds} s left"),
        (_, seconds) => format!(", about {} min left", seconds.div_ceil(60)),
    }
}

/// Writes what is about all students.
fn write(out: &Path, marks: &[Mark], parts: &[&Part], unfinished: usize) -> Result<()> {
    whole_file::write(&out.join("grades.csv"), table::csv(marks, parts))?;
    whole_file::write(&out.join("results.jsonl"), table::json_lines(marks)?)?;
    whole_file::write(
        &out.join("class.html"),
        class::render(marks, parts, unfinished),
    )
}

fn conclude(out: &Path, marks: &[Mark], unfinished: usize) -> Result<Standing> {
    let not_final = marks.iter().filter(|mark| !mark.is_final).count();
    let mut text = format!(
        "{} submissions: {} with a final mark, {not_final} without.\n",
        marks.len(),
        marks.len() - not_final
    );
    if unfinished > 0 {
        text.push_str(&format!(
            "{unfinished} attempts are still to be made; --resume continues.\n"
        ));
    }
    text.push_str(&format!(
        "Marks: {0}/grades.csv\nThe class: {0}/class.html\nFeedback: {0}/feedback\n",
        out.display()
    ));
    print(text)?;
    Ok(match not_final + unfinished {
        0 => Standing::Passed,
        _ => Standing::Inconclusive,
    })
}

/// Puts the marks of several machines together.
fn merge(shards: &[PathBuf], out: &Path) -> Result<Standing> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut pages = Vec::new();
    for shard in shards {
        let file = shard.join("results.jsonl");
        let text = plain_file::read_text(&file, MAX_OWN);
        let text = text.or_trouble(|| format!("read {}", file.display()))?;
        let found = table::read_json_lines(&text);
        for mark in found.or_trouble(|| format!("understand {}", file.display()))? {
            if marks.iter().any(|known| known.student == mark.student) {
                return Err(Trouble::new(format!(
                    "could not merge: {} was graded in more than one of the folders",
                    mark.student
                )));
            }
            let page = shard.join(&mark.feedback);
            let content = plain_file::read(&page, MAX_OWN);
            pages.push((
                mark.feedback.clone(),
                content.or_trouble(|| format!("read {}", page.display()))?,
            ));
            marks.push(mark);
        }
    }
    marks.sort_by(|a, b| a.student.cmp(&b.student));
    let graded: BTreeSet<&str> = marks
        .iter()
        .flat_map(|mark| mark.parts.iter().map(|part| part.part.as_str()))
        .collect();
    let parts: Vec<&Part> = PARTS
        .iter()
        .filter(|part| graded.contains(part.name))
        .collect();
    if marks.iter().any(|mark| mark.parts.len() != parts.len()) {
        return Err(Trouble::new(
            "could not merge: the folders were graded for different parts",
        ));
    }
    let out = prepared(out, false)?;
    for (name, content) in pages {
        // What a results file names stays in the folder of the pages.
        let name = Path::new(&name).file_name().unwrap_or_default();
        whole_file::write(&out.join("feedback").join(name), content)?;
    }
    write(&out, &marks, &parts, 0)?;
    conclude(&out, &marks, 0)
}
