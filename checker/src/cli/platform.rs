//! `checker platform`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::grade;
use crate::manifest::PARTS;
use clap::{Args, ValueHint};
use gradebook::handed_in::HandedIn;
use gradebook::ledger::{Attempt, Ledger};
use gradebook::mark::{Graded, PartMark};
use gradebook::pages::feedback::Hidden;
use gradebook::platform::{Platform, Submitted, overall, result, upload};
use gradebook::policy::{Policy, Secret};
use gradebook::queue::{self, Basis, Given, Grader};
use grader::course::Course;
use grader::runner::start_guard;
use grader::whole_file;
use report::terminal::print;
use runtime::terminal::note;
use testkit::guard::own_program;
use testkit::part::Part;
use testkit::run_dir::RunDir;
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::Standing;
use tokio::time::Instant;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct PlatformArgs {
    /// gradescope, prairielearn, autolab or classroom50
    platform: Platform,
    /// The part that is graded
    #[arg(long, value_name = "PART", value_parser = grade::part)]
    part: u8,
    /// The folder with what the student handed in
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, required_unless_present = "output")]
    submission: Option<PathBuf>,
    /// Where the platform looks for the result; Autolab reads the last line of stdout
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    results: Option<PathBuf>,
    /// Builds the zip file that is uploaded to Gradescope, and grades nothing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["submission", "results"])]
    output: Option<PathBuf>,
    /// The file that seeds derive from; a fresh seed, if not given
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    secret: Option<PathBuf>,
    /// What the teacher decided (docs/TRAINER.md)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    policy: Option<PathBuf>,
    /// How many minutes the platform allows; the checker repeats nothing that might take longer
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Whether bubblewrap must isolate the submission: required, auto (where it works) or off
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["required", "auto", "off"])]
    isolation: String,
}

/// Runs it.
pub(super) fn run(args: PlatformArgs) -> Result<Standing> {
    let part = PARTS.iter().find(|part| part.number == args.part);
    let part = part.ok_or_else(|| Trouble::new("could not find the part"))?;
    let course = super::course()?;
    match (&args.output, args.platform) {
        (Some(output), Platform::Gradescope) => {
            upload::pack(&course.root, part, output)?;
            print(format_args!(
                "Upload {} to Gradescope as the autograder.\n",
                output.display()
            ))?;
            Ok(Standing::Passed)
        }
        (Some(_), _) => Err(Trouble::new(
            "could not build an upload: only Gradescope takes one; the other platforms run an image",
        )),
        (None, Platform::Autolab) => super::asynchronously(grade_one(&course, part, &args, None)),
        (None, _) => {
            let results = args.results.clone();
            let results = results.ok_or_else(|| {
                Trouble::new(
                    "could not decide where to write the result: name the file with --results",
                )
            })?;
            super::asynchronously(grade_one(&course, part, &args, Some(&results)))
        }
    }
}

async fn grade_one(
    course: &Course,
    part: &'static Part,
    args: &PlatformArgs,
    results: Option<&Path>,
) -> Result<Standing> {
    let submitted = match args.platform {
        Platform::Classroom50 => Submitted::from_environment(|name| std::env::var(name).ok())
            .map_err(|name| {
                Trouble::new(format!(
                    "could not learn what was submitted: {name} is not set"
                ))
            })?,
        _ => Submitted::default(),
    };
    let folder = args.submission.clone().unwrap_or_default();
    let mut policy = args
        .policy
        .as_deref()
        .map_or_else(|| Ok(Policy::default()), Policy::read)?;
    policy.minutes = args.minutes;
    let run = RunDir::create()?;
    let own = run.folder("grading")?;
    let secret = match &args.secret {
        Some(file) => Secret::read(file)?,
        None => Secret::kept_in(&own)?,
    };
    let basis = Basis {
        course,
        policy: &policy,
        secret: &secret,
        checker: &queue::hash_of(&own_program()?)?,
        isolation: &args.isolation,
    };
    let student = HandedIn {
        student: "submission".to_owned(),
        file_name: "submission".to_owned(),
        content: Ok(folder
            .canonicalize()
            .or_trouble(|| format!("find {}", folder.display()))?),
        notes: Vec::new(),
    };
    let entry = basis.entry(&student, part);
    let seed = match &entry.given {
        Given::Code { seed, .. } => seed.to_string(),
        _ => String::new(),
    };
    let whole = folder.canonicalize().unwrap_or_default();
    let hidden = [whole.as_path(), &course.root, run.path()];
    let hidden = hidden.map(|path| path.display().to_string());
    let hidden = Hidden::new(hidden.into_iter().chain([seed]));
    let mut ledger = Ledger::open(&own)?;
    let grader = Grader {
        course: Course::here()?,
        guard: start_guard(&run)?,
        results: run.folder("results")?,
        isolation: args.isolation.clone(),
        policy: policy.clone(),
    };
    let begun = Instant::now();
    while let Some(task) = queue::next(&student.student, &entry, &ledger, &policy) {
        let limit = Duration::from_secs(60 * u64::from(args.minutes));
        if task.attempt > 1 && begun.elapsed() * 2 > limit {
            policy.attempts = task.attempt - 1;
            break;
        }
        let so_far = |report: &grader::part_report::PartReport| {
            let attempt = Attempt::unfinished(&task.student, &task.key, report.clone());
            let mark = PartMark::new(part, &Graded::Attempts(vec![&attempt]), &[], &policy);
            let partial = result(
                args.platform,
                &mark,
                &hidden,
                &submitted,
                policy.points,
                false,
            );
            // What cannot be written now is told in the end.
            if let (Some(file), Some(text), Platform::Gradescope, 1) =
                (results, partial, args.platform, task.attempt)
            {
                let _ = whole_file::write(file, text);
            }
        };
        let attempt = grader.attempt(&task, so_far).await?;
        ledger.enter(attempt)?;
    }
    grader.guard.shutdown().await;
    let mark = queue::mark(&student, &[entry], &ledger, &policy);
    let Some(part) = mark.parts.first() else {
        return Ok(Standing::CheckerFault);
    };
    let told = result(
        args.platform,
        part,
        &hidden,
        &submitted,
        policy.points,
        true,
    );
    note(overall(part, &hidden, true));
    match (told, results) {
        (Some(text), Some(file)) => whole_file::write(file, text)?,
        (Some(text), None) => print(text)?,
        (None, file) => {
            // A partial result would count.
            if let Some(file) = file {
                let _ = std::fs::remove_file(file);
            }
            return Ok(part.standing);
        }
    }
    // The platform takes another code for a failure of the autograder.
    Ok(Standing::Passed)
}
