//! All variants of a part as one program, built by one run of cargo.
//!
//! Forty programs of their own would be linked forty times. So each variant is a small library
//! in an overlay workspace under the course's target folder, and one program holds them all. It
//! runs the variant by whose name it is called: each has a symbolic link to it, which is started
//! like any other program. What a variant has in common with the solution is compiled once for all
//! (see `shared`).

mod shared;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::building::{Build, Building, Built};
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

/// A variant that is built and can be started.
#[derive(Debug, Clone)]
pub struct Program {
    /// Which one.
    pub variant: Variant,
    /// The program. Its nodes name no hash of their sources.
    pub path: PathBuf,
}

/// The overlay workspace of a part, laid out and ready to be built.
#[derive(Debug)]
pub struct Overlay {
    folder: PathBuf,
    build: Build,
    variants: Vec<Variant>,
}

impl Overlay {
    /// Lays out the variants of a part, and its stub with gaps 1 to K filled, for each K.
    ///
    /// # Errors
    /// When a variant does not fit the solution, or the files cannot be written.
    pub async fn lay_out(course: &Course, part: &Part) -> Result<Overlay> {
        let solution = Sources::read(&course.solution(part))?;
        let stub = Stub::read(course, part)?.sources();
        let mut made = Vec::new();
        for variant in Variant::read_all(&course.near_misses(part))? {
            let sources = variant.apply(&solution)?;
            made.push((variant, sources));
        }
        let last = part.problems.iter().map(|problem| problem.number).max();
        for filled in 0..=last.unwrap_or(0) {
            made.push((Variant::stub(filled), stub.filled(&solution, filled)?));
        }

        let target = target_folder(course).await?;
        let folder = target.join("dev-check").join(part.name);
        let dependencies = dependencies(&course.solution(part))?;
        let lay_out_library = |name: &str, dependencies: &str, sources: &Sources| {
            let manifest = library_manifest(name, dependencies);
            write_if_new(&folder.join(name).join("Cargo.toml"), &manifest)?;
            sources.write(&folder.join(name).join("src"))
        };
        lay_out_library(WHOLE, &dependencies, &shared::whole(&solution))?;
        let of_variant = format!("{dependencies}\n[dependencies.{WHOLE}]\npath = \"../{WHOLE}\"\n");
        for (variant, sources) in &made {
            let differing = shared::differing(sources, &solution, WHOLE);
            lay_out_library(&library(&variant.name), &of_variant, &differing)?;
        }
        let variants: Vec<Variant> = made.into_iter().map(|(variant, _)| variant).collect();
        let runner = folder.join(RUNNER);
        write_if_new(&runner.join("Cargo.toml"), runner_manifest(&variants, part))?;
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
            runner_source(&variants, run, part),
        )?;

        let mut members: Vec<String> = variants
            .iter()
            .map(|variant| library(&variant.name))
            .collect();
        members.extend([WHOLE.to_owned(), RUNNER.to_owned()]);
        let mut manifest = overlay_manifest(&course.manifest, &members)?;
        manifest.push_str(&profiles(&variants));
        lay_out_workspace(course, &folder, &manifest).await?;
        let build = Build {
            root: course.root.clone(),
            workspace: folder.join("Cargo.toml"),
            folder: runner,
            package: RUNNER.to_owned(),
            args: vec!["--locked".into(), "--offline".into()],
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
            variants,
        })
    }

    /// Whether a package is one of those that are made for the variants.
    pub fn has(&self, package: &str) -> bool {
        let mut variants = self.variants.iter();
        [RUNNER, WHOLE].contains(&package)
            || variants.any(|variant| package == library(&variant.name))
    }

    /// Builds all variants, and gives them in the order of their names, stubs last.
    ///
    /// # Errors
    /// When one does not compile: a variant that the compiler refuses tries nothing.
    pub async fn build(
        &self,
        guard: &Guard,
        progress: impl FnMut(Building),
    ) -> Result<Vec<Program>> {
        let binary = match self.build.run(guard, progress).await? {
            Built::Binary(binary) => binary.path,
            Built::Hindered(why) => return Err(Trouble::new(why)),
            Built::Refused(errors) => {
                let said: Vec<_> = errors.into_iter().map(|error| error.rendered).collect();
                return Err(Trouble::new(format!(
                    "could not compile the variants:\n{}",
                    said.join("\n")
                )));
            }
        };
        let programs = self.folder.join("programs");
        if programs.exists() {
            fs::remove_dir_all(&programs).or_trouble(|| format!("empty {}", programs.display()))?;
        }
        fs::create_dir_all(&programs).or_trouble(|| format!("make {}", programs.display()))?;
        let mut built = Vec::new();
        for variant in &self.variants {
            let path = programs.join(&variant.name);
            std::os::unix::fs::symlink(&binary, &path)
                .or_trouble(|| format!("make {}", path.display()))?;
            built.push(Program {
                variant: variant.clone(),
                path,
            });
        }
        Ok(built)
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
fn profiles(variants: &[Variant]) -> String {
    let mut profiles = String::new();
    let libraries = variants.iter().map(|variant| library(&variant.name));
    for library in libraries.chain([WHOLE.to_owned()]) {
        let _ = write!(
            profiles,
            "\n[profile.dev.package.{library}]\ndebug = false\nincremental = false\ncodegen-units = 1\n",
        );
    }
    profiles
}

fn runner_manifest(variants: &[Variant], part: &Part) -> String {
    let mut manifest = format!(
        "[package]\nname = \"{RUNNER}\"\nversion = \"0.0.0\"\nedition.workspace = true\npublish = false\n\n\
         [dependencies]\nruntime.workspace = true\n{}",
        simulation::dependencies(part)
    );
    for variant in variants {
        let library = library(&variant.name);
        let _ = writeln!(manifest, "{library} = {{ path = \"../{library}\" }}");
    }
    manifest
}

fn runner_source(variants: &[Variant], run: &str, part: &Part) -> String {
    let mut arms = String::new();
    for variant in variants {
        let (name, library) = (&variant.name, library(&variant.name));
        let simulate = simulation::simulate(part, &library, run == "run_with");
        let _ = writeln!(
            arms,
            "        ({name:?}, false) => runtime::launch::{run}(None, {library}::start),\n        \
             ({name:?}, true) => {simulate},"
        );
    }
    format!(
        "//! Runs the variant by whose name it is called, or simulates it. Written by `checker dev check`.\n\n\
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
        let variants = [Variant::stub(0), Variant::stub(1)];
        let manifest: toml::Table = runner_manifest(&variants, &PARTS[0]).parse().unwrap();
        let profiles: toml::Table = profiles(&variants).parse().unwrap();
        let source = runner_source(&variants, "run", &PARTS[0]);
        for variant in &variants {
            let library = library(&variant.name);
            assert!(manifest["dependencies"].get(&library).is_some());
            assert!(
                profiles["profile"]["dev"]["package"]
                    .get(&library)
                    .is_some()
            );
            let arm = format!(
                "({:?}, false) => runtime::launch::run(None, {library}::start)",
                variant.name
            );
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
