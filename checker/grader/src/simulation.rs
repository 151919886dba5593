//! A part as one program that simulates: the learner's library, linked with the scenarios.

use std::fs;
use std::path::Path;

use crate::building::Build;
use crate::course::Course;
use crate::sources::write_if_new;
use crate::submission::{lay_out_workspace, overlay_manifest, target_folder};
use testkit::part::Part;
use testkit::trouble::{Result, Trouble};

/// The package of the program.
const PACKAGE: &str = "simulation";

/// Lays out the program that simulates the exercise of a part, or its solution.
///
/// It is a small workspace under the course's target folder, in which the course's packages have the
/// paths that they have in the course. So cargo takes them for the same, the learner's library among them,
/// and compiles only the program itself.
///
/// # Errors
/// When its files cannot be written.
pub async fn lay_out(course: &Course, part: &Part, solution: bool) -> Result<Build> {
    let (package, folder) = match solution {
        true => (part.solution_package, course.solution(part)),
        false => (part.package, course.exercise(part)),
    };
    let target = target_folder(course).await?;
    let workspace = target.join("simulations").join(package);
    let own = workspace.join(PACKAGE);
    let there = folder
        .strip_prefix(&course.root)
        .map_err(|_| Trouble::new(format!("could not find {} in the course", folder.display())))?;
    write_if_new(&own.join("Cargo.toml"), manifest(part, package, there))?;
    let library = package.replace('-', "_");
    let main = fs::read_to_string(folder.join("src/main.rs"));
    let has_flags = main.is_ok_and(|main| main.contains("run_with"));
    let source = source(part, &library, has_flags);
    write_if_new(&own.join("src/main.rs"), source)?;
    course.link(there, &workspace)?;
    let members = [PACKAGE.to_owned(), there.display().to_string()];
    let manifest = overlay_manifest(&course.manifest, &members)?;
    lay_out_workspace(course, &workspace, &manifest).await?;
    Ok(Build {
        root: course.root.clone(),
        workspace: workspace.join("Cargo.toml"),
        folder: own,
        package: PACKAGE.to_owned(),
        args: vec!["--locked".into(), "--offline".into()],
        env: vec![
            ("CARGO_BUILD_BUILD_DIR".into(), target),
            ("CARGO_TARGET_DIR".into(), workspace.join("target")),
        ],
        jobs: None,
        sandbox: None,
    })
}

/// What a simulation needs besides the simulated program. Its package is in the folder of an
/// overlay workspace, into which `checker/parts` is linked.
pub(crate) fn dependencies(part: &Part) -> String {
    let folder = part.folder;
    format!(
        "entropy.workspace = true\ntestkit.workspace = true\n{folder} = {{ path = \"../checker/parts/{folder}\" }}\n"
    )
}

/// An expression that simulates the program of a library.
pub(crate) fn simulate(part: &Part, library: &str, has_flags: bool) -> String {
    let (flags, given) = match has_flags {
        true => ("flags", ", testkit::simulation::flags(flags)?"),
        false => ("_", ""),
    };
    format!(
        "testkit::simulation::main(\n        &{}::part(),\n        entropy::seed_this_thread,\n        \
         std::sync::Arc::new(|node, {flags}| Box::pin(async {{ {library}::start(node{given}).await }})),\n    )",
        part.folder
    )
}

fn manifest(part: &Part, package: &str, there: &Path) -> String {
    format!(
        "[package]\nname = \"{PACKAGE}\"\nversion = \"0.0.0\"\nedition.workspace = true\npublish = false\n\n\
         [dependencies]\n{}{package} = {{ path = {:?} }}\n",
        dependencies(part),
        Path::new("..").join(there),
    )
}

fn source(part: &Part, library: &str, has_flags: bool) -> String {
    format!(
        "//! Simulates a part. Written by the checker.\n\nfn main() -> std::process::ExitCode {{\n    {}\n}}\n",
        simulate(part, library, has_flags)
    )
}
