//! Many programs that differ from a part's solution, as one program, built by one run of cargo.
//!
//! Forty programs of their own would be linked forty times. So each variant is a small library
//! in an overlay workspace under the course's target folder, and one program holds them all. It
//! runs the variant by whose name it is called: each has a symbolic link to it, which is started
//! like any other program. What a variant has in common with the solution is compiled once for all
//! (see `shared`).

mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::building::{Build, Building, Built, Diagnostic};
use crate::course::Course;
use crate::dev::variants::Variant;
use crate::simulation;
use crate::sources::{Sources, write_if_new};
use crate::stubs::Stub;
use crate::submission::{lay_out_workspace, overlay_manifest, target_folder};
use testkit::guard::Guard;
use testkit::part::Part;
use testkit::trouble::{Result, Trouble, While};

/// The package of the program that holds all variants.
const RUNNER: &str = "variants";

/// The package from which variants take what they have in common with the solution.
const WHOLE: &str = "whole_solution";

/// The variants of a part in the order of their names, and then its stub with gaps 1 to K filled, for
/// each K, laid out together; if a text is given, only those whose names contain it.
///
/// # Errors
/// When a variant does not fit the solution, or the files cannot be written.
pub async fn of_variants(
    course: &Course,
    part: &Part,
    only: Option<&str>,
) -> Result<(Overlay, Vec<Variant>)> {
    let solution = Sources::read(&course.solution(part))?;
    let stub = Stub::read(course, part)?.sources();
    let mut variants = Variant::read_all(&course.near_misses(part))?;
    let mut sources = BTreeMap::new();
    let only = only.unwrap_or_default();
    variants.retain(|variant| variant.name.contains(only));
    for variant in &variants {
        sources.insert(variant.name.clone(), variant.apply(&solution)?);
    }
    let last = part.problems.iter().map(|problem| problem.number).max();
    for filled in 0..=last.unwrap_or(0) {
        let variant = Variant::stub(filled);
        if !variant.name.contains(only) {
            continue;
        }
        sources.insert(variant.name.clone(), stub.filled(&solution, filled)?);
        variants.push(variant);
    }
    let overlay = Overlay::lay_out(course, part, "dev-check", &sources).await?;
    Ok((overlay, variants))
}

/// The overlay workspace of a part, laid out and ready to be built.
#[derive(Debug)]
pub struct Overlay {
    folder: PathBuf,
    build: Build,
    names: BTreeSet<String>,
}

/// What became of programs that are built together.
#[derive(Debug)]
pub enum Together {
    /// Each program, by its name. Its nodes name no hash of their sources.
    Built(BTreeMap<String, PathBuf>),
    /// The compiler refused some, and so there is none: their names, and what the compiler said.
    Refused(BTreeSet<String>, String),
}

impl Overlay {
    /// Lays out programs of a part, each by a name, in a folder for their purpose.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub async fn lay_out(
        course: &Course,
        part: &Part,
        purpose: &str,
        programs: &BTreeMap<String, Sources>,
    ) -> Result<Overlay> {
        let solution = Sources::read(&course.solution(part))?;
        let target = target_folder(course).await?;
        let folder = target.join(purpose).join(part.name);
        let dependencies = dependencies(&course.solution(part))?;
        let lay_out_library = |name: &str, dependencies: &str, sources: &Sources| {
            let manifest = library_manifest(name, dependencies);
            write_if_new(&folder.join(name).join("Cargo.toml"), &manifest)?;
            sources.write(&folder.join(name).join("src"))
        };
        lay_out_library(WHOLE, &dependencies, &shared::whole(&solution))?;
        let of_variant = format!("{dependencies}\n[dependencies.{WHOLE}]\npath = \"../{WHOLE}\"\n");
        for (name, sources) in programs {
            let differing = shared::differing(sources, &solution, WHOLE);
            lay_out_library(&library(name), &of_variant, &differing)?;
        }
        let names: BTreeSet<String> = programs.keys().cloned().collect();
        let runner = folder.join(RUNNER);
        write_if_new(&runner.join("Cargo.toml"), runner_manifest(&names, part))?;
        // A program that has flags of its own is started with them.
        let main = course.solution(part).join("src/main.rs");
        let main = fs::read_to_string(&main).or_trouble(|| format!("read {}", main.display()))?;
        let run = if main.contains("run_with") {
            "run_with"
        } else {
            "run"
        };
        write_if_new(
            &runner.join("src/main.rs"),
            runner_source(&names, run, part),
        )?;

        let mut members: Vec<String> = names.iter().map(|name| library(name)).collect();
        members.extend([WHOLE.to_owned(), RUNNER.to_owned()]);
        let mut manifest = overlay_manifest(&course.manifest, &members)?;
        manifest.push_str(&profiles(&names));
        lay_out_workspace(course, &folder, &manifest).await?;
        let build = Build {
            root: course.root.clone(),
            workspace: folder.join("Cargo.toml"),
            folder: runner,
            package: RUNNER.to_owned(),
            args: ["--locked", "--offline", "--keep-going"]
                .map(str::to_owned)
                .into(),
            env: vec![
                ("CARGO_BUILD_BUILD_DIR".into(), target),
                ("CARGO_TARGET_DIR".into(), folder.join("target")),
            ],
            jobs: None,
            sandbox: None,
        };
        Ok(Overlay {
            folder,
            build,
            names,
        })
    }

    /// Whether a package is one of those that are made for the programs.
    pub fn has(&self, package: &str) -> bool {
        let mut names = self.names.iter();
        [RUNNER, WHOLE].contains(&package) || names.any(|name| package == library(name))
    }

    /// Builds all programs.
    ///
    /// # Errors
    /// When cargo cannot do its work, or the compiler refuses something else than a program.
    pub async fn build(&self, guard: &Guard, progress: impl FnMut(Building)) -> Result<Together> {
        let binary = match self.build.run(guard, progress).await? {
            Built::Binary(binary) => binary.path,
            Built::Hindered(why) => return Err(Trouble::new(why)),
            Built::Refused(errors) => return self.refused(&errors),
        };
        let programs = self.folder.join("programs");
        if programs.exists() {
            fs::remove_dir_all(&programs).or_trouble(|| format!("empty {}", programs.display()))?;
        }
        fs::create_dir_all(&programs).or_trouble(|| format!("make {}", programs.display()))?;
        let mut built = BTreeMap::new();
        for name in &self.names {
            let path = programs.join(name);
            std::os::unix::fs::symlink(&binary, &path)
                .or_trouble(|| format!("make {}", path.display()))?;
            built.insert(name.clone(), path);
        }
        Ok(Together::Built(built))
    }

    /// The programs that the compiler refused.
    fn refused(&self, errors: &[Diagnostic]) -> Result<Together> {
        let of_error = |error: &Diagnostic| {
            let file = error.file.as_ref()?.strip_prefix(&self.folder).ok()?;
            let package = file.components().next()?.as_os_str().to_str()?;
            let name = self.names.iter().find(|name| package == library(name));
            name.cloned()
        };
        let names: BTreeSet<String> = errors.iter().filter_map(of_error).collect();
        let said: Vec<&str> = errors.iter().map(|error| error.rendered.as_str()).collect();
        let said = said.join("\n");
        match names.is_empty() {
            true => Err(Trouble::new(format!(
                "could not compile the variants:\n{said}"
            ))),
            false => Ok(Together::Refused(names, said)),
        }
    }
}

impl Together {
    /// The programs that were built.
    ///
    /// # Errors
    /// When the compiler refused one: a variant that does not compile tries nothing.
    pub fn all(self) -> Result<BTreeMap<String, PathBuf>> {
        match self {
            Together::Built(programs) => Ok(programs),
            Together::Refused(_, said) => Err(Trouble::new(format!(
                "could not compile the variants:\n{said}"
            ))),
        }
    }
}

fn library(variant: &str) -> String {
    format!("v_{variant}")
}

/// What the solution depends on, as its manifest has it.
fn dependencies(solution: &Path) -> Result<String> {
    let path = solution.join("Cargo.toml");
    let reading = || format!("read {}", path.display());
    let manifest: toml::Table = fs::read_to_string(&path)
        .or_trouble(reading)?
        .parse()
        .or_trouble(reading)?;
    let dependencies = manifest
        .get("dependencies")
        .cloned()
        .unwrap_or_else(|| toml::Table::new().into());
    toml::to_string(&toml::Table::from_iter([(
        "dependencies".to_owned(),
        dependencies,
    )]))
    .or_trouble(reading)
}

fn library_manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition.workspace = true\npublish = false\n\n\
         [lib]\ntest = false\ndoctest = false\n\n[lints.rust]\nwarnings = \"allow\"\n\n{dependencies}"
    )
}

/// What is compiled quickly rather than debugged: this halves the time for all variants. The
/// dependencies keep the course's profile, or they would be compiled again.
fn profiles(names: &BTreeSet<String>) -> String {
    let mut profiles = String::new();
    let libraries = names.iter().map(|name| library(name));
    for library in libraries.chain([WHOLE.to_owned()]) {
        let _ = write!(
            profiles,
            "\n[profile.dev.package.{library}]\ndebug = false\nincremental = false\ncodegen-units = 1\n",
        );
    }
    profiles
}

fn runner_manifest(names: &BTreeSet<String>, part: &Part) -> String {
    let mut manifest = format!(
        "[package]\nname = \"{RUNNER}\"\nversion = \"0.0.0\"\nedition.workspace = true\npublish = false\n\n\
         [dependencies]\nruntime.workspace = true\n{}",
        simulation::dependencies(part)
    );
    for name in names {
        let library = library(name);
        let _ = writeln!(manifest, "{library} = {{ path = \"../{library}\" }}");
    }
    manifest
}

fn runner_source(names: &BTreeSet<String>, run: &str, part: &Part) -> String {
    let mut arms = String::new();
    for name in names {
        let library = library(name);
        let simulate = simulation::simulate(part, &library, run == "run_with");
        let _ = writeln!(
            arms,
            "        ({name:?}, false) => runtime::launch::{run}(None, {library}::start),\n        \
             ({name:?}, true) => {simulate},"
        );
    }
    format!(
        "//! Runs the variant by whose name it is called, or simulates it. Written by `checker dev`.\n\n\
         use std::path::Path;\nuse std::process::ExitCode;\n\n\
         fn main() -> ExitCode {{\n    \
             let simulates = std::env::args().nth(1).as_deref() == Some(\"--simulate\");\n    \
             let called = std::env::args_os().next().unwrap_or_default();\n    \
             let name = Path::new(&called).file_name().unwrap_or_default().to_string_lossy().into_owned();\n    \
             match (name.as_str(), simulates) {{\n{arms}        \
                 (other, _) => {{\n            eprintln!(\"there is no variant {{other:?}}\");\n            ExitCode::FAILURE\n        }}\n    \
             }}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use parts::PARTS;

    #[test]
    fn runner_has_each_variant() {
        let names = BTreeSet::from(["adds_one", "stub_0"].map(str::to_owned));
        let manifest: toml::Table = runner_manifest(&names, &PARTS[0]).parse().unwrap();
        let profiles: toml::Table = profiles(&names).parse().unwrap();
        let source = runner_source(&names, "run", &PARTS[0]);
        for name in &names {
            let library = library(name);
            assert!(manifest["dependencies"].get(&library).is_some());
            assert!(
                profiles["profile"]["dev"]["package"]
                    .get(&library)
                    .is_some()
            );
            let arm = format!("({name:?}, false) => runtime::launch::run(None, {library}::start)");
            assert!(source.contains(&arm), "{source}");
        }
    }

    #[test]
    fn library_has_the_dependencies_of_the_solution() {
        let solution = tempfile::tempdir().unwrap();
        let manifest = "[package]\nname = \"a\"\n[dependencies]\nserde.workspace = true\n[dev-dependencies]\ninsta = \"1\"\n";
        fs::write(solution.path().join("Cargo.toml"), manifest).unwrap();
        let dependencies = dependencies(solution.path()).unwrap();
        let made: toml::Table = library_manifest("a", &dependencies).parse().unwrap();
        assert_eq!(made["dependencies"].as_table().unwrap().len(), 1);
        assert!(
            made["dependencies"]["serde"]["workspace"]
                .as_bool()
                .unwrap()
        );
    }
}
