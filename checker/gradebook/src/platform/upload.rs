//! What is uploaded to Gradescope: a script that prepares the image, one that grades, and the course.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use zip::write::SimpleFileOptions;

use testkit::part::Part;
use testkit::trouble::{Result, Trouble, While};

const SETUP: &str = "#!/usr/bin/env bash
# Runs once, while Gradescope builds the image, with a network.
set -euo pipefail
apt-get update
apt-get install -y build-essential bubblewrap curl git
curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain none
. \"$HOME/.cargo/env\"
cd /autograder/source/course
cargo build --locked -p checker
# Compiles what submissions depend on. The stub passes no problem, which is expected here.
target/debug/checker PART --submission checker/stubs/FOLDER --isolation auto --problem 1 || true
";

const RUN: &str = "#!/usr/bin/env bash
# Runs for each submission.
export PATH=\"$HOME/.cargo/bin:/root/.cargo/bin:$PATH\"
cd /autograder/source/course
exec target/debug/checker platform gradescope --part PART \\
    --submission /autograder/submission --results /autograder/results/results.json
";

/// Builds it: the two scripts, and the files of the course that git knows.
///
/// # Errors
/// When the course is no git clone, or the file cannot be written.
pub fn pack(course: &Path, part: &Part, output: &Path) -> Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached"])
        .current_dir(course)
        .output()
        .or_trouble(|| "run git, which lists the files of the course")?;
    if !listed.status.success() {
        return Err(Trouble::new(
            "could not list the files of the course: it must be a git clone",
        ));
    }
    let doing = || format!("write {}", output.display());
    let mut zip = zip::ZipWriter::new(File::create(output).or_trouble(doing)?);
    let script = |text: &str| {
        text.replace("PART", part.name)
            .replace("FOLDER", part.folder)
    };
    let executable = SimpleFileOptions::default().unix_permissions(0o755);
    for (name, text) in [("setup.sh", SETUP), ("run_autograder", RUN)] {
        zip.start_file(name, executable).or_trouble(doing)?;
        zip.write_all(script(text).as_bytes()).or_trouble(doing)?;
    }
    for name in String::from_utf8_lossy(&listed.stdout).split('\0') {
        let path = course.join(name);
        // What was deleted and not committed is still listed.
        if name.is_empty() || !path.is_file() {
            continue;
        }
        zip.start_file(format!("course/{name}"), SimpleFileOptions::default())
            .or_trouble(doing)?;
        let content = std::fs::read(&path).or_trouble(|| format!("read {}", path.display()))?;
        zip.write_all(&content).or_trouble(doing)?;
    }
    zip.finish().or_trouble(doing)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::tests::PART;

    #[test]
    fn upload_has_both_scripts_at_its_root_and_the_course_beside_them() {
        let course = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| {
            let mut git = Command::new("git");
            assert!(
                git.args(args)
                    .current_dir(course.path())
                    .status()
                    .unwrap()
                    .success()
            );
        };
        git(&["init", "--quiet"]);
        std::fs::write(course.path().join("Cargo.toml"), "[workspace]").unwrap();
        std::fs::write(course.path().join("not_committed.log"), "x").unwrap();
        git(&["add", "Cargo.toml"]);
        let output = course.path().join("autograder.zip");
        pack(course.path(), &PART, &output).unwrap();
        let mut zip = zip::ZipArchive::new(File::open(&output).unwrap()).unwrap();
        let names: Vec<String> = zip
            .file_names()
            .map(|name| name.unwrap().into_owned())
            .collect();
        assert_eq!(names.len(), 3, "{names:?}");
        for (name, said) in [
            (
                "setup.sh",
                "checker part1 --submission checker/stubs/part1_ping_pong",
            ),
            ("run_autograder", "platform gradescope --part part1"),
            ("course/Cargo.toml", "[workspace]"),
        ] {
            let mut file = zip.by_name(name).unwrap();
            let mut text = String::new();
            std::io::Read::read_to_string(&mut file, &mut text).unwrap();
            assert!(text.contains(said), "{name}: {text}");
            let is_script = text.starts_with("#!");
            assert_eq!(file.unix_mode().unwrap() & 0o111 != 0, is_script, "{name}");
        }
    }
}
