//! The program that is graded, built from the code.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prompt::text::utf8;
use runtime::terminal::{note, visible};
use walkdir::WalkDir;

use grader::building::{Binary, Build, Building, Built};
use grader::course::Course;
use grader::part_report::{CodePlace, PartReport, Refused};
use grader::progress::Progress;
use grader::simulation;
use testkit::guard::Guard;
use testkit::part::Part;
use testkit::plain_file::{self, MAX_TEXT};
use testkit::run_dir::RunDir;
use testkit::trouble::{Result, Trouble, While};

/// The build of a part's exercise, or of its solution.
pub(crate) fn build_of_course(course: &Course, part: &Part, solution: bool) -> Build {
    match solution {
        true => Build::of_course(&course.root, course.solution(part), part.solution_package),
        false => Build::of_course(&course.root, course.exercise(part), part.package),
    }
}

/// A program that stays as it is: a build in the meantime cannot put another in its place.
pub(crate) fn own_copy(run: &RunDir, name: &str, binary: &Binary) -> Result<PathBuf> {
    let program = run.folder("bin")?.join(name);
    fs::copy(&binary.path, &program).or_trouble(|| format!("copy {}", binary.path.display()))?;
    Ok(program)
}

/// What became of the build of a program.
pub(crate) enum Program {
    /// It was built.
    Built(Binary),
    /// The code was refused, and the report says why.
    Refused,
    /// The machine did not let the build finish; a sentence.
    Hindered(String),
}

/// Builds the program, or enters into the report why it is refused. With `verbose`, the compiler's warnings
/// are shown.
pub(crate) async fn built(
    build: &Build,
    part: &Part,
    guard: &Guard,
    verbose: bool,
    progress: &Arc<dyn Progress>,
    report: &mut PartReport,
) -> Result<Program> {
    if let Some(refused) = unreadable(part, &build.folder) {
        report.refuse(refused);
        return Ok(Program::Refused);
    }
    progress.build_begun(&build.package);
    let built = build.run(guard, |what| progress.building(&what)).await;
    progress.build_ended();
    match built? {
        Built::Refused(mut errors) => {
            for error in &mut errors {
                error.rendered = build.as_handed_in(&error.rendered);
            }
            report.refuse(Refused::does_not_compile(part, &errors));
            Ok(Program::Refused)
        }
        Built::Hindered(why) => Ok(Program::Hindered(why)),
        Built::Binary(binary) => {
            if verbose {
                for warning in &binary.warnings {
                    note(format_args!("{}", build.as_handed_in(&warning.rendered)));
                }
            } else {
                report.warn(part, &binary.warnings);
            }
            Ok(Program::Built(binary))
        }
    }
}

/// Builds the program that simulates the code, which compiles by itself.
pub(super) async fn simulation_of(
    course: &Course,
    part: &Part,
    solution: bool,
    guard: &Guard,
    progress: impl FnMut(Building),
) -> Result<Program> {
    let build = simulation::lay_out(course, part, solution).await?;
    match build.run(guard, progress).await? {
        Built::Binary(binary) => Ok(Program::Built(binary)),
        Built::Hindered(why) => Ok(Program::Hindered(why)),
        Built::Refused(errors) => {
            let said: Vec<_> = errors.iter().map(|error| error.rendered.as_str()).collect();
            Err(Trouble::new(format!(
                "could not compile the simulation:\n{}",
                said.join("\n")
            )))
        }
    }
}

/// The files of a part that the compiler cannot read. It would only complain about the line that
/// names their module.
fn unreadable(part: &Part, folder: &Path) -> Option<Refused> {
    let known = part.editable.iter().chain(part.given).map(PathBuf::from);
    let found = WalkDir::new(folder.join("src")).into_iter();
    let found = found.filter_map(|entry| {
        let path = entry.ok()?.into_path();
        let is_rust = path.extension().is_some_and(|ending| ending == "rs");
        is_rust.then(|| Some(path.strip_prefix(folder).ok()?.to_owned()))?
    });
    let files: BTreeSet<PathBuf> = known.chain(found).collect();
    let (mut rendered, mut places) = (Vec::new(), Vec::new());
    for file in files {
        let path = folder.join(&file);
        let why = match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Some("is missing".to_owned()),
            Ok(metadata) if !metadata.is_file() => Some("is not a file".to_owned()),
            _ => match plain_file::read(&path, MAX_TEXT) {
                Ok(bytes) => utf8(bytes).err(),
                Err(error) => Some(format!("cannot be read: {error}")),
            },
        };
        if let Some(why) = why {
            rendered.push(format!("error: {} {why}", visible(&file.to_string_lossy())));
            places.push(CodePlace {
                editable: part.is_learners(&file),
                file,
                line: None,
            });
        }
    }
    (!places.is_empty()).then_some(Refused::DoesNotCompile { rendered, places })
}
