//! Where the course lies on this machine, and which version of it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use testkit::part::Part;
use testkit::plain_file::{self, MAX_TEXT};
use testkit::trouble::{Result, Trouble, While};

/// The learner's clone of the course.
#[derive(Debug, Clone)]
pub struct Course {
    /// The folder with the workspace's Cargo.toml.
    pub root: PathBuf,
    /// `workspace.package.version`.
    pub version: String,
    /// `workspace.package.rust-version`: the oldest toolchain that will do.
    pub rust_version: String,
    /// The workspace's whole manifest.
    pub manifest: toml::Table,
}

impl Course {
    /// Finds the course that `from` lies in.
    ///
    /// Its root is the nearest folder upwards whose Cargo.toml has a table
    /// `[workspace.metadata.course]`. A marker of its own, so that neither another workspace nor
    /// the overlay workspace of a submission is taken for the course.
    ///
    /// # Errors
    /// When there is no such folder, or its Cargo.toml cannot be read.
    pub fn find(from: &Path) -> Result<Course> {
        for folder in from.ancestors() {
            let file = folder.join("Cargo.toml");
            let Ok(text) = plain_file::read_text(&file, MAX_TEXT) else {
                continue;
            };
            // A folder on the way may hold a package that is being edited: what cannot be read
            // as TOML is not the root, unless it says that it is.
            let manifest = match text.parse::<toml::Table>() {
                Ok(manifest) => manifest,
                Err(error) if text.contains("[workspace.metadata.course]") => {
                    return Err(Trouble::new(format!(
                        "could not read {}: {error}",
                        file.display()
                    )));
                }
                Err(_) => continue,
            };
            if let Some(course) = Course::from_manifest(folder, manifest) {
                return Ok(course);
            }
        }
        Err(Trouble::new(format!(
            "could not find the course from {}: change to the folder that you cloned, or to any folder below it, and run this again",
            from.display()
        )))
    }

    /// Finds the course that the current folder lies in.
    ///
    /// # Errors
    /// As [`Course::find`].
    pub fn here() -> Result<Course> {
        let here = std::env::current_dir().or_trouble(|| "tell the current folder")?;
        Course::find(&here)
    }

    /// What to tell a learner whose installed checker is older than the course, if it is.
    pub fn newer_than_checker(&self) -> Option<String> {
        self.newer_than(env!("CARGO_PKG_VERSION"))
    }

    /// The folder of a part's exercise.
    pub fn exercise(&self, part: &Part) -> PathBuf {
        self.root.join("exercises").join(part.folder)
    }

    /// The folder of a part's data, where it has some.
    pub fn data(&self, part: &Part) -> PathBuf {
        self.exercise(part).join("data")
    }

    /// The folder of the wrong and right programs on which a part's scenarios are tried.
    pub fn near_misses(&self, part: &Part) -> PathBuf {
        self.part(part).join("near_misses")
    }

    /// The folder of all that is said about a part.
    pub fn part(&self, part: &Part) -> PathBuf {
        self.root.join("checker/parts").join(part.folder)
    }

    /// The folder of a part's solution.
    pub fn solution(&self, part: &Part) -> PathBuf {
        self.root.join("solutions").join(part.folder)
    }

    /// The packages that the course gives to others, and where in its folder they lie.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &Path)> {
        let dependencies = self.manifest["workspace"].get("dependencies");
        let dependencies = dependencies.and_then(toml::Value::as_table);
        dependencies
            .into_iter()
            .flatten()
            .filter_map(|(name, dependency)| {
                Some((name.as_str(), Path::new(dependency.get("path")?.as_str()?)))
            })
    }

    /// Links the course's own packages into the folder of an overlay workspace, at the paths that
    /// they have in the course.
    ///
    /// Cargo names what it compiles by the package's path inside the workspace. At the same path, it
    /// takes what it has compiled for the course.
    ///
    /// # Errors
    /// When a link cannot be made.
    pub fn link_packages(&self, folder: &Path) -> Result<()> {
        let paths: BTreeSet<&Path> = self.packages().map(|(_, path)| path).collect();
        let mut above = None;
        for path in paths {
            // `runtime` holds `runtime/batch`, and comes before it.
            if above.is_some_and(|above| path.starts_with(above)) {
                continue;
            }
            above = Some(path);
            self.link(path, folder)?;
        }
        Ok(())
    }

    /// Links one folder of the course into an overlay workspace, at the path that it has in the course.
    pub(crate) fn link(&self, path: &Path, workspace: &Path) -> Result<()> {
        // It leads to the package from everywhere.
        if path.is_absolute() {
            return Ok(());
        }
        let (package, link) = (self.root.join(path), workspace.join(path));
        if fs::read_link(&link).is_ok_and(|there| there == package) {
            return Ok(());
        }
        let making = || format!("make {}", link.display());
        // An older checker, or the course at another place, may have left one, or a folder of links.
        if let Ok(there) = link.symlink_metadata() {
            if there.is_dir() {
                remove_links(&link).or_trouble(making)?;
            } else {
                fs::remove_file(&link).or_trouble(making)?;
            }
        }
        fs::create_dir_all(link.parent().unwrap_or(workspace)).or_trouble(making)?;
        symlink(&package, &link).or_trouble(making)
    }

    fn newer_than(&self, checker: &str) -> Option<String> {
        (numbers(&self.version) > numbers(checker)).then(|| {
            format!(
                "This checker has version {checker}, the course has {}. Run `cargo install --path checker` in {} to update it.",
                self.version,
                self.root.display()
            )
        })
    }

    fn from_manifest(root: &Path, manifest: toml::Table) -> Option<Course> {
        let workspace = manifest.get("workspace")?;
        workspace.get("metadata")?.get("course")?;
        let package = workspace.get("package");
        let field = |name| Some(package?.get(name)?.as_str()?.to_owned());
        Some(Course {
            root: root.to_owned(),
            version: field("version").unwrap_or_default(),
            rust_version: field("rust-version").unwrap_or_default(),
            manifest,
        })
    }
}

/// Removes a folder that holds nothing but links; any other stays as it is.
fn remove_links(folder: &Path) -> std::io::Result<()> {
    let entries: Vec<_> = fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    for entry in &entries {
        if !entry.file_type()?.is_symlink() {
            return Err(std::io::ErrorKind::DirectoryNotEmpty.into());
        }
    }
    for entry in entries {
        fs::remove_file(entry.path())?;
    }
    fs::remove_dir(folder)
}

/// The numbers of a version, comparable; `1.95` is `1.95.0`.
pub fn numbers(version: &str) -> [u64; 3] {
    let mut numbers = version
        .split(['-', '+', ' '])
        .next()
        .unwrap_or_default()
        .split('.')
        .map(|number| number.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = r#"
        [workspace]
        members = []
        [workspace.package]
        version = "0.3.0"
        rust-version = "1.95"
        [workspace.metadata.course]
    "#;

    #[test]
    fn root_is_found_from_a_folder_below_another_workspace() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Cargo.toml"), ROOT).unwrap();
        let below = dir.path().join("target/submissions/slot-0/src");
        fs::create_dir_all(&below).unwrap();
        fs::write(below.join("../Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
        fs::write(below.join("Cargo.toml"), "not toml at all [").unwrap();
        let course = Course::find(&below).unwrap();
        assert_eq!(course.root, dir.path());
        assert_eq!(
            (course.version.as_str(), course.rust_version.as_str()),
            ("0.3.0", "1.95")
        );
    }

    #[test]
    fn link_replaces_what_an_older_checker_left_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let (root, overlay) = (dir.path().join("course"), dir.path().join("overlay"));
        fs::create_dir_all(root.join("parts/part1")).unwrap();
        fs::write(root.join("Cargo.toml"), ROOT).unwrap();
        let course = Course::find(&root).unwrap();

        fs::create_dir_all(overlay.join("parts")).unwrap();
        symlink(root.join("parts/part1"), overlay.join("parts/part1")).unwrap();
        course.link(Path::new("parts"), &overlay).unwrap();
        assert_eq!(
            fs::read_link(overlay.join("parts")).unwrap(),
            root.join("parts")
        );

        fs::create_dir_all(overlay.join("own")).unwrap();
        fs::write(overlay.join("own/file"), "text").unwrap();
        symlink(&root, overlay.join("own/link")).unwrap();
        course.link(Path::new("own"), &overlay).unwrap_err();
        assert!(overlay.join("own/file").is_file() && overlay.join("own/link").is_symlink());

        // A package elsewhere, or the course itself, is no place for a link.
        course.link(&root.join("parts"), &overlay).unwrap();
        assert!(!root.join("parts").is_symlink() && root.join("parts/part1").is_dir());
    }

    #[test]
    fn outside_of_a_course_the_remedy_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = Course::find(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("change to the folder that you cloned"),
            "{error}"
        );
    }

    #[test]
    fn only_an_older_checker_is_told_to_be_renewed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Cargo.toml"), ROOT).unwrap();
        let course = Course::find(dir.path()).unwrap();
        for (checker, told) in [
            ("0.2.9", true),
            ("0.3.0", false),
            ("0.10.0", false),
            ("1.0.0", false),
            ("0.2", true),
        ] {
            assert_eq!(course.newer_than(checker).is_some(), told, "{checker}");
        }
    }
}
