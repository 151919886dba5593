//! Building what somebody handed in, from a folder that may lie anywhere.
//!
//! Only the files that a learner may edit are taken from it, and further `.rs` files beside
//! them; the rest comes from the course. Both are laid over each other in a workspace of its own
//! under the course's target folder, a *slot*. Several runs at once take different slots.
//!
//! - All slots share the course's compiled dependencies, but each has its own package folder
//!   and its own place for the finished program, so that no slot takes another's program.
//! - Cargo decides by modification times what to compile. A copied file that keeps an old time
//!   looks unchanged, and one person's program would be graded as another's. So every file is
//!   written anew, and a hash of all sources is compiled in, which the running node names.
//! - What is handed in is code that runs with the rights of whoever grades it. The rules here
//!   keep it from changing how it is *built* and graded; they do not make it harmless.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use prompt::text::utf8;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::building::{Build, cargo_program};
use crate::course::Course;
use crate::manifest::Part;
use crate::trouble::{Result, Trouble, While};

/// The largest file that is taken.
const LARGEST_FILE: u64 = 1 << 20;

/// How many files of the learner are taken.
const MOST_FILES: usize = 200;

/// How many folders may be wrapped around a submission.
const WRAPPINGS: usize = 2;

/// The variable that carries the hash of the sources to the compiler.
const HASH_VARIABLE: &str = "COURSE_SOURCE_HASH";

/// How many submissions can be built side by side.
const SLOTS: usize = 64;

/// What was found in a folder that was handed in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Handed {
    /// What is taken, by path relative to the part's folder.
    pub taken: BTreeMap<PathBuf, Vec<u8>>,
    /// What is left out, a sentence each.
    pub notes: Vec<String>,
}

/// Why a folder that was handed in is not graded.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its content does not keep the rules; a sentence for each breach.
    Breaches(Vec<String>),
    /// The checker could not do its work.
    Trouble(Trouble),
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Refusal::Trouble(trouble)
    }
}

/// A submission, laid out and ready to be built. Its slot is taken until this is dropped.
#[derive(Debug)]
pub struct Submission {
    /// How to build it.
    pub build: Build,
    /// What its nodes must say that they were built from.
    pub sources: String,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
    _slot: Slot,
}

impl Submission {
    /// Lays a folder that was handed in over the course's own files.
    ///
    /// # Errors
    /// When the folder breaks the rules, or the workspace cannot be laid out.
    pub async fn lay_out(
        course: &Course,
        part: &Part,
        folder: &Path,
    ) -> std::result::Result<Submission, Refusal> {
        let exercise = course.exercise(part);
        let handed = read(part, &exercise, folder)?;
        let mut files = given_files(part, &exercise)?;
        files.extend(handed.taken);
        let sources = hash(&files);

        let target = target_folder(course).await?;
        let slot = Slot::take(&target.join("submissions"))?;
        // The package's folder bears the slot's number: cargo derives the names of what it
        // compiles from the path inside the workspace, which must differ from slot to slot.
        let member = format!("slot{}_{}", slot.number, part.folder);
        let package = slot.folder.join(&member);
        write_anew(&package, &files)?;
        let manifest = overlay_manifest(&course.manifest, &course.root, &[member])?;
        lay_out_workspace(course, &slot.folder, &manifest).await?;

        let build = Build {
            root: course.root.clone(),
            workspace: slot.folder.join("Cargo.toml"),
            folder: package,
            package: part.package.to_owned(),
            args: vec!["--locked".into(), "--offline".into()],
            env: vec![
                (HASH_VARIABLE.into(), PathBuf::from(&sources)),
                ("CARGO_BUILD_BUILD_DIR".into(), target),
                ("CARGO_TARGET_DIR".into(), slot.folder.join("target")),
            ],
        };
        Ok(Submission {
            build,
            sources,
            notes: handed.notes,
            _slot: slot,
        })
    }
}

/// Reads what is to be taken from a folder, and refuses what must not be there.
///
/// `folder` may be a copy of the exercise's folder, or of the whole course, or hold nothing else.
///
/// # Errors
/// The breaches of the rules, all at once.
pub fn read(part: &Part, exercise: &Path, folder: &Path) -> std::result::Result<Handed, Refusal> {
    if !folder.is_dir() {
        return Err(Trouble::new(format!("could not find a folder {}", folder.display())).into());
    }
    let handed_in = folder;
    let folder = find(part, handed_in);
    let mut handed = Handed::default();
    if let Ok(inner) = folder.strip_prefix(handed_in)
        && inner != Path::new("")
    {
        let inner = inner.display();
        handed
            .notes
            .push(format!("The exercise was found in {inner}."));
    }
    let mut breaches = Vec::new();
    let entries = WalkDir::new(&folder)
        .follow_links(false)
        .sort_by_file_name()
        .into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_surroundings(entry)) {
        let entry = entry.or_trouble(|| format!("read {}", folder.display()))?;
        let Ok(path) = entry.path().strip_prefix(&folder) else {
            continue;
        };
        let kind = entry.file_type();
        if kind.is_dir() {
            continue;
        }
        match Rule::of(part, exercise, path, kind.is_file()) {
            Rule::Take => match content(entry.path())? {
                Some(content) => {
                    if let Err(why) = utf8(content.clone()) {
                        breaches.push(format!("{} {why}.", path.display()));
                    }
                    handed.taken.insert(path.to_owned(), content);
                }
                None => breaches.push(format!("{} is larger than 1 MiB.", path.display())),
            },
            Rule::Refuse(why) => breaches.push(format!("{} {why}.", path.display())),
            Rule::Given if differs(entry.path(), &exercise.join(path)) => {
                handed.notes.push(format!(
                    "{} differs from the course's file. It is given, so the course's own is used.",
                    path.display()
                ))
            }
            Rule::Given => {}
            Rule::Ignore => {
                handed.notes.push(format!(
                    "{} is not part of the exercise, and is left out.",
                    path.display()
                ));
            }
        }
    }
    for file in part.editable {
        if !handed.taken.contains_key(Path::new(file)) && exercise.join(file).is_file() {
            breaches.push(format!("{file} is missing."));
        }
    }
    if handed.taken.len() > MOST_FILES {
        breaches.push(format!(
            "It has {} source files; at most {MOST_FILES} are taken.",
            handed.taken.len()
        ));
    }
    if breaches.is_empty() {
        Ok(handed)
    } else {
        Err(Refusal::Breaches(breaches))
    }
}

/// The copy of the exercise's folder in what was handed in: that folder, or one in it, alone or in
/// a copy of the whole course. Archives often hold one folder more, which is looked into as well.
fn find(part: &Part, handed_in: &Path) -> PathBuf {
    let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let mut folder = handed_in.to_owned();
    for _ in 0..=WRAPPINGS {
        let inside = [
            folder.join("exercises").join(part.folder),
            folder.join(part.folder),
            folder.clone(),
        ];
        if let Some(found) = inside.into_iter().find(|path| is_folder(&path.join("src"))) {
            return found;
        }
        let Ok(entries) = fs::read_dir(&folder) else {
            break;
        };
        // macOS adds a folder of its own to archives.
        let is_content = |name: &str| !name.starts_with('.') && name != "__MACOSX";
        let inner = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut inner = inner.filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            is_folder(path) && is_content(&name)
        });
        match (inner.next(), inner.next()) {
            (Some(only), None) => folder = only,
            _ => break,
        }
    }
    handed_in.to_owned()
}

/// What is done with a file.
enum Rule {
    Take,
    Given,
    Ignore,
    Refuse(&'static str),
}

impl Rule {
    fn of(part: &Part, exercise: &Path, path: &Path, is_file: bool) -> Rule {
        if !path
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            return Rule::Refuse("leads out of the folder");
        }
        if !is_file {
            return Rule::Refuse(
                "is not a plain file; symbolic links and the like are not followed",
            );
        }
        // On some systems `Build.rs` is `build.rs`: so upper and lower case are one here.
        let Some(name) = path.to_str() else {
            return Rule::Refuse("has a name that is not UTF-8");
        };
        let name = name.to_lowercase();
        if part.editable.contains(&name.as_str()) {
            return Rule::Take;
        }
        if exercise.join(path).is_file() || exercise.join(&name).is_file() {
            return Rule::Given;
        }
        if name == "build.rs" {
            return Rule::Refuse(
                "would run while the program is built, which a submission must not",
            );
        }
        if name.starts_with("src/bin/") {
            return Rule::Refuse(
                "would be a program of its own; an exercise has one, which is given",
            );
        }
        if name.starts_with("src/") && name.ends_with(".rs") {
            Rule::Take
        } else {
            Rule::Ignore
        }
    }
}

/// Folders and files of tools, which come along with any copy: `target`, `.git`, `.vscode`.
fn is_surroundings(entry: &walkdir::DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    name.starts_with('.') || (entry.depth() == 1 && entry.file_type().is_dir() && name == "target")
}

fn content(path: &Path) -> Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    let file = File::open(path).or_trouble(|| format!("read {}", path.display()))?;
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut content)
        .or_trouble(|| format!("read {}", path.display()))?;
    Ok((content.len() as u64 <= LARGEST_FILE).then_some(content))
}

fn differs(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        // Data may be large, and is not read if its length says enough.
        (Ok(mine), Ok(theirs)) if mine.len() == theirs.len() => {
            !matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
        }
        _ => true,
    }
}

/// The files of the exercise that a learner may not edit.
fn given_files(part: &Part, exercise: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(exercise)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_surroundings(entry))
    {
        let entry = entry.or_trouble(|| format!("read {}", exercise.display()))?;
        let Ok(path) = entry.path().strip_prefix(exercise) else {
            continue;
        };
        let name = path.to_string_lossy();
        let is_code = name == "Cargo.toml" || name.starts_with("src/");
        if entry.file_type().is_file() && is_code && !part.editable.contains(&&*name) {
            let content =
                fs::read(entry.path()).or_trouble(|| format!("read {}", entry.path().display()))?;
            files.insert(path.to_owned(), content);
        }
    }
    Ok(files)
}

/// A hash of all files and their names.
fn hash(files: &BTreeMap<PathBuf, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    for (path, content) in files {
        for part in [path.as_os_str().as_encoded_bytes(), content] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes the files into a folder that held none before, so that all are new.
fn write_anew(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).or_trouble(|| format!("empty {}", folder.display()))?;
    }
    for (path, content) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).or_trouble(|| format!("make {}", parent.display()))?;
        }
        fs::write(&path, content).or_trouble(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

/// The manifest of an overlay workspace: the course's, with other members, and with the paths of the
/// course's own packages made absolute.
///
/// Profiles and dependencies must be the same to the letter, or cargo compiles everything again.
pub(crate) fn overlay_manifest(
    course: &toml::Table,
    root: &Path,
    members: &[String],
) -> Result<String> {
    let mut manifest = toml::Table::new();
    for section in ["workspace", "profile", "patch"] {
        if let Some(content) = course.get(section) {
            manifest.insert(section.into(), content.clone());
        }
    }
    let workspace = manifest
        .get_mut("workspace")
        .and_then(toml::Value::as_table_mut)
        .ok_or_else(|| Trouble::new("could not find [workspace] in the course's Cargo.toml"))?;
    workspace.insert("members".into(), members.to_vec().into());
    for outside in ["default-members", "exclude", "metadata"] {
        workspace.remove(outside);
    }
    if let Some(dependencies) = workspace
        .get_mut("dependencies")
        .and_then(toml::Value::as_table_mut)
    {
        for (_, dependency) in dependencies.iter_mut() {
            if let Some(toml::Value::String(path)) = dependency
                .as_table_mut()
                .and_then(|table| table.get_mut("path"))
            {
                *path = root
                    .join(path.as_str())
                    .to_str()
                    .ok_or_else(|| {
                        Trouble::new("could not name the course's folder: it is not UTF-8")
                    })?
                    .to_owned();
            }
        }
    }
    toml::to_string(&manifest).or_trouble(|| "write the manifest of the submission's workspace")
}

/// Writes manifest and lock file. The course's lock file names packages that a slot does not
/// need, which `--locked` would not let pass; so cargo itself strikes them out, once, and it is
/// checked that it changed nothing else.
pub(crate) async fn lay_out_workspace(
    course: &Course,
    folder: &Path,
    manifest: &str,
) -> Result<()> {
    let lock = folder.join("Cargo.lock");
    let remembered = folder.join("Cargo.lock.of-course");
    let of_course = fs::read_to_string(course.root.join("Cargo.lock"))
        .or_trouble(|| "read the course's Cargo.lock")?;
    let basis = format!("{of_course}\n{manifest}");
    let manifest_file = folder.join("Cargo.toml");
    fs::write(&manifest_file, manifest)
        .or_trouble(|| format!("write {}", manifest_file.display()))?;
    if lock.exists() && fs::read_to_string(&remembered).is_ok_and(|text| text == basis) {
        return Ok(());
    }
    fs::write(&lock, &of_course).or_trouble(|| format!("write {}", lock.display()))?;
    let struck = tokio::process::Command::new(cargo_program())
        .current_dir(&course.root)
        // Not `cargo metadata`: that wants the packages of every platform to be at hand.
        .args(["update", "--workspace", "--offline", "--manifest-path"])
        .arg(&manifest_file)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .or_trouble(|| "run cargo, which comes with Rust (https://rustup.rs)")?;
    if !struck.status.success() {
        return Err(Trouble::new(format!(
            "could not prepare the build of the submission (if a package was never downloaded, `cargo fetch` in {} helps); cargo says:\n{}",
            course.root.display(),
            String::from_utf8_lossy(&struck.stderr).trim_end()
        )));
    }
    let left = fs::read_to_string(&lock).or_trouble(|| format!("read {}", lock.display()))?;
    let (known, left) = (packages(&of_course)?, packages(&left)?);
    if let Some(other) = left.iter().find(|package| !known.contains(package)) {
        return Err(Trouble::new(format!(
            "could not keep to the course's Cargo.lock: cargo chose {other}"
        )));
    }
    fs::write(&remembered, basis).or_trouble(|| format!("write {}", remembered.display()))
}

/// Name and version of each package of a lock file that is not made of local files.
fn packages(lock: &str) -> Result<Vec<String>> {
    let lock: toml::Table = lock.parse().or_trouble(|| "read a Cargo.lock")?;
    let packages = lock
        .get("package")
        .and_then(toml::Value::as_array)
        .cloned()
        .unwrap_or_default();
    let field = |package: &toml::Value, name: &str| {
        package
            .get(name)
            .and_then(toml::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Ok(packages
        .iter()
        .filter(|package| package.get("source").is_some())
        .map(|package| format!("{} {}", field(package, "name"), field(package, "version")))
        .collect())
}

/// Where cargo puts what it builds for the course.
pub(crate) async fn target_folder(course: &Course) -> Result<PathBuf> {
    let output = tokio::process::Command::new(cargo_program())
        .current_dir(&course.root)
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .or_trouble(|| "run cargo, which comes with Rust (https://rustup.rs)")?;
    let metadata: Option<serde_json::Value> = serde_json::from_slice(&output.stdout).ok();
    let folder = |name: &str| Some(PathBuf::from(metadata.as_ref()?.get(name)?.as_str()?));
    folder("build_directory")
        .or_else(|| folder("target_directory"))
        .ok_or_else(|| {
            Trouble::new(format!(
                "could not learn where cargo builds the course; cargo says:\n{}",
                String::from_utf8_lossy(&output.stderr).trim_end()
            ))
        })
}

/// A workspace folder that one run has to itself.
#[derive(Debug)]
struct Slot {
    number: usize,
    folder: PathBuf,
    /// Holds the lock. The system releases it when the file is closed, also by a crash.
    _lock: File,
}

impl Slot {
    fn take(all: &Path) -> Result<Slot> {
        for number in 0..SLOTS {
            let folder = all.join(format!("slot-{number}"));
            fs::create_dir_all(&folder).or_trouble(|| format!("make {}", folder.display()))?;
            let path = folder.join("lock");
            let lock = File::create(&path).or_trouble(|| format!("write {}", path.display()))?;
            match lock.try_lock() {
                Ok(()) => {
                    return Ok(Slot {
                        number,
                        folder,
                        _lock: lock,
                    });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(Trouble::new(format!(
                        "could not lock {}: {error}",
                        path.display()
                    )));
                }
            }
        }
        Err(Trouble::new(format!(
            "could not take a slot: {SLOTS} submissions are being graded already"
        )))
    }
}
