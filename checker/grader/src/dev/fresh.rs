//! After `cargo build`, a build of one part compiles nothing but that part.
//!
//! Cargo compiles a library with the features that the packages to be built ask for. Where a part asks
//! for others than the checker, a learner waits for libraries that are compiled already. The
//! workspace's manifest names the features that keep them the same.

use crate::building::{Build, Building, cargo_program};
use crate::course::Course;
use crate::dev::overlay;
use crate::runner::start_guard;
use testkit::part::Part;
use testkit::run_dir::RunDir;
use testkit::trouble::{Result, Trouble, While};

/// The packages that a build compiles besides its own.
#[derive(Debug, Default)]
struct Compiled {
    others: Vec<String>,
}

impl Compiled {
    /// Notes what a build does, whose own packages are those for whose names `is_own` holds.
    fn note(&mut self, what: Building, is_own: impl Fn(&str) -> bool) {
        if let Building::Compiling(package) = what
            && !is_own(package.split(' ').next().unwrap_or(&package))
        {
            self.others.push(package);
        }
    }

    /// Nothing, or a sentence that says what was compiled besides `what`.
    fn breach(&self, what: &str) -> Option<String> {
        (!self.others.is_empty()).then(|| {
            format!(
                "For {what}, cargo also compiles {}. The checker must use the same packages with the same features; see the root's Cargo.toml.",
                self.others.join(", ")
            )
        })
    }
}

/// Runs `cargo build`, as README.md asks a learner to.
///
/// # Errors
/// When something does not compile.
pub async fn build_as_a_learner(course: &Course) -> Result<()> {
    let status = tokio::process::Command::new(cargo_program())
        .current_dir(&course.root)
        .args(["build", "--quiet"])
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .status()
        .await
        .or_trouble(|| "run cargo, which comes with Rust (https://rustup.rs)")?;
    match status.success() {
        true => Ok(()),
        false => Err(Trouble::new("could not build the checker")),
    }
}

/// What else is compiled for the stub, the solution and the variants of a part whose names contain a text, a
/// sentence each.
///
/// # Errors
/// When they cannot be built.
pub async fn breaches(course: &Course, part: &Part, only: Option<&str>) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    let run = RunDir::create()?;
    let guard = start_guard(&run)?;
    for (folder, package) in [
        (course.exercise(part), part.package),
        (course.solution(part), part.solution_package),
    ] {
        let mut compiled = Compiled::default();
        let build = Build::of_course(&course.root, folder, package);
        build
            .run(&guard, |what| compiled.note(what, |name| name == package))
            .await?;
        breaches.extend(compiled.breach(package));
    }
    let (overlay, _) = overlay::of_variants(course, part, only).await?;
    let mut compiled = Compiled::default();
    overlay
        .build(&guard, |what| compiled.note(what, |name| overlay.has(name)))
        .await?
        .all()?;
    breaches.extend(compiled.breach("the variants"));
    guard.shutdown().await;
    Ok(breaches)
}
