//! Building a submission, from a folder that may lie anywhere.
//!
//! Only the files that a learner may edit are taken from it, and further `.rs` files beside
//! them; the rest comes from the course. Both are laid over each other in a workspace of its own
//! under the course's target folder, a *slot*. Several runs at once take different slots.
//!
//! - Each submission is built in a clean folder. What it depends on is compiled once, in the *base*,
//!   with the course's own stub, and linked into each slot. So no submission waits for another's
//!   build, and what one leaves behind reaches no other.
//! - Cargo decides by modification times what to compile. A copied file that keeps an old time
//!   looks unchanged, and one person's program would be graded as another's. So every file is
//!   written anew, and a hash of all sources is compiled in, which the running node names.
//! - What is handed in is code that runs with the rights of the person who grades it. The rules here
//!   keep it from changing how it is *built* and graded, and from reading other files while it is
//!   compiled; what makes it harmless is [`isolation`](testkit::isolation).

mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use prompt::text::utf8;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::building::{Build, Building, Built, cargo_program, toolchain};
use crate::course::Course;
use crate::sources::write_if_new;
use testkit::guard::Guard;
use testkit::isolation::Isolation;
use testkit::part::Part;
use testkit::plain_file::{self, MAX_TEXT};
use testkit::trouble::{Result, Trouble, While};

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
    base: Build,
    slot: Slot,
}

impl Submission {
    /// Lays a folder that was handed in over the course's own files. `progress` hears when that waits for
    /// another checker.
    ///
    /// # Errors
    /// When the folder breaks the rules, or the workspace cannot be laid out.
    pub async fn lay_out(
        course: &Course,
        part: &Part,
        folder: &Path,
        isolation: &Isolation,
        progress: impl FnMut(Building),
    ) -> std::result::Result<Submission, Refusal> {
        let exercise = course.exercise(part);
        let handed = read(part, &exercise, folder)?;
        let mut files = given_files(Some(part), &exercise)?;
        files.extend(handed.taken);
        let sources = hash(&files);

        let all = target_folder(course).await?.join("submissions");
        let slot = Slot::take(&all)?;
        let package = slot.folder.join(part.folder);
        write_anew(&package, &files)?;
        let manifest = overlay_manifest(&course.manifest, &[part.folder.to_owned()])?;
        lay_out_workspace(course, &slot.folder, &manifest).await?;
        let base = lay_out_base(course, part, &all, isolation, progress).await?;
        let mut build = build_in(course, part, &slot.folder, package, isolation);
        build
            .env
            .push((HASH_VARIABLE.into(), PathBuf::from(&sources)));
        // All else is compiled already, and this one must not fill the machine.
        build.jobs = Some(1);
        build.args.extend(once_only(part));
        Ok(Submission {
            build,
            sources,
            notes: handed.notes,
            base,
            slot,
        })
    }

    /// Compiles what all submissions of the part depend on, unless that was done before, and puts
    /// it into the slot, which is emptied first. Gives back what hindered the machine, if something did.
    ///
    /// # Errors
    /// When the course's own stub cannot be built.
    pub async fn prepare(
        &self,
        guard: &Guard,
        mut progress: impl FnMut(Building),
    ) -> Result<Option<String>> {
        let folder = self.base.workspace.parent().unwrap_or(&self.base.root);
        // Held until the links are made: nobody builds in the base meanwhile.
        let _lock = waited_for(folder.join("lock"), &mut progress).await?;
        match self.base.run(guard, progress).await? {
            Built::Binary(_) => {}
            Built::Hindered(why) => return Ok(Some(why)),
            Built::Refused(errors) => {
                let said: Vec<_> = errors.into_iter().map(|error| error.rendered).collect();
                return Err(Trouble::new(format!(
                    "could not compile what submissions depend on:\n{}",
                    said.join("\n")
                )));
            }
        }
        for made in [BUILD, TARGET] {
            let path = self.slot.folder.join(made);
            if path.exists() {
                fs::remove_dir_all(&path).or_trouble(|| format!("empty {}", path.display()))?;
            }
        }
        link_all(&folder.join(BUILD), &self.slot.folder.join(BUILD)).await?;
        Ok(None)
    }
}

/// Where a workspace under `submissions` compiles.
const BUILD: &str = "build";

/// Where it puts the finished program.
const TARGET: &str = "target";

/// Where compiler and linker put what they need for a moment.
const TEMPORARY: &str = "tmp";

/// What spares the compiler a quarter of its work for a package that is compiled once, and whose nodes only
/// say where they panicked. All else keeps its profile, so it need not be compiled again.
fn once_only(part: &Part) -> [String; 4] {
    let setting = |what: &str| format!("profile.dev.package.{}.{what}=false", part.package);
    let config = || "--config".to_owned();
    [config(), setting("debug"), config(), setting("incremental")]
}

/// How a part's package is built in a workspace under `submissions`.
fn build_in(
    course: &Course,
    part: &Part,
    workspace: &Path,
    folder: PathBuf,
    isolation: &Isolation,
) -> Build {
    let root = &course.root;
    let of_course = ["Cargo.toml", "Cargo.lock", ".cargo", "runtime"].map(|name| root.join(name));
    let readable = [toolchain::readable(), of_course.to_vec()].concat();
    Build {
        root: root.clone(),
        workspace: workspace.join("Cargo.toml"),
        folder,
        package: part.package.to_owned(),
        args: vec!["--locked".into(), "--offline".into()],
        env: vec![
            ("CARGO_BUILD_BUILD_DIR".into(), workspace.join(BUILD)),
            ("CARGO_TARGET_DIR".into(), workspace.join(TARGET)),
            // The linker's. In a sandbox, no other place can be written to.
            ("TMPDIR".into(), workspace.join(TEMPORARY)),
        ],
        jobs: None,
        sandbox: isolation.build(&readable, workspace),
    }
}

/// Lays out the workspace in which everything is compiled that submissions depend on: with the
/// course's own stubs, as they are in `checker/stubs`.
async fn lay_out_base(
    course: &Course,
    part: &Part,
    all: &Path,
    isolation: &Isolation,
    progress: impl FnMut(Building),
) -> Result<Build> {
    let folder = all.join("base");
    fs::create_dir_all(&folder).or_trouble(|| format!("make {}", folder.display()))?;
    let _lock = waited_for(folder.join("lock"), progress).await?;
    let mut members = Vec::new();
    let stubs = course.root.join("checker/stubs");
    let reading = || format!("read {}", stubs.display());
    for stub in fs::read_dir(&stubs).or_trouble(reading)? {
        let stub = stub.or_trouble(reading)?;
        if !stub.path().join("Cargo.toml").is_file() {
            continue;
        }
        // Another name than in a slot, so that cargo does not take the one for the other.
        let member = format!("stub_{}", stub.file_name().display());
        for (path, content) in given_files(None, &stub.path())? {
            write_if_new(&folder.join(&member).join(path), &content)?;
        }
        members.push(member);
    }
    members.sort();
    let manifest = overlay_manifest(&course.manifest, &members)?;
    lay_out_workspace(course, &folder, &manifest).await?;
    take_packages(course, &folder).await?;
    let package = folder.join(format!("stub_{}", part.folder));
    Ok(build_in(course, part, &folder, package, isolation))
}

/// Takes over what the course's own builds have compiled of downloaded packages and of those that the
/// course gives, where the base has none of it yet. What does not fit is compiled again: that is cargo's decision.
async fn take_packages(course: &Course, base: &Path) -> Result<()> {
    let into = base.join(BUILD);
    if into.exists() {
        return Ok(());
    }
    let Some(target) = base.parent().and_then(Path::parent) else {
        return Ok(());
    };
    let lock = fs::read_to_string(course.root.join("Cargo.lock"))
        .or_trouble(|| "read the course's Cargo.lock")?;
    let known: BTreeSet<String> = packages(&lock)?
        .iter()
        .filter_map(|package| package.split(' ').next())
        .chain(course.packages().map(|(name, _)| name))
        .map(|name| name.replace('-', "_"))
        .collect();
    let is_known = |name: &str| {
        let name = name.split('.').next().unwrap_or(name);
        let stem = name
            .rsplit_once('-')
            .map_or(name, |(stem, _)| stem)
            .replace('-', "_");
        known.contains(&stem)
            || stem
                .strip_prefix("lib")
                .is_some_and(|stem| known.contains(stem))
    };
    for kind in [".fingerprint", "build", "deps"] {
        let from = target.join("debug").join(kind);
        for entry in fs::read_dir(&from).into_iter().flatten().flatten() {
            if is_known(&entry.file_name().to_string_lossy()) {
                link_all(
                    &entry.path(),
                    &into.join("debug").join(kind).join(entry.file_name()),
                )
                .await?;
            }
        }
    }
    Ok(())
}

/// Makes a copy of a file or a folder whose files are the same files. Cargo and the compiler never
/// write into a file that they made before, but for a few notes of cargo's, which are copied, and what
/// belongs to one build alone, which is left out, like the debug information of libraries: no linker reads it, and
/// it would be four of five files. There are thousands of them: at each, a run that was interrupted may end.
async fn link_all(from: &Path, to: &Path) -> Result<()> {
    const LEFT_OUT: &[&str] = &["incremental", ".cargo-lock", ".cargo-build-lock"];
    let linking = || format!("link {} to {}", from.display(), to.display());
    for entry in WalkDir::new(from)
        .into_iter()
        .filter_entry(|entry| !LEFT_OUT.iter().any(|name| entry.file_name() == *name))
        .filter(|entry| {
            let is_debug = |entry: &walkdir::DirEntry| {
                let ending = entry.path().extension();
                ending.is_some_and(|ending| ending == "dwo")
            };
            !entry.as_ref().is_ok_and(is_debug)
        })
    {
        tokio::task::yield_now().await;
        let entry = entry.or_trouble(linking)?;
        let Ok(path) = entry.path().strip_prefix(from) else {
            continue;
        };
        let path = if path.as_os_str().is_empty() {
            to.to_owned()
        } else {
            to.join(path)
        };
        if entry.file_type().is_dir() {
            fs::create_dir_all(&path).or_trouble(linking)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).or_trouble(linking)?;
        }
        let is_note = entry.file_name() == ".rustc_info.json"
            || entry
                .path()
                .components()
                .any(|name| name.as_os_str() == ".fingerprint");
        if is_note || fs::hard_link(entry.path(), &path).is_err() {
            copy_with_time(entry.path(), &path).or_trouble(linking)?;
        }
    }
    Ok(())
}

/// Cargo decides by the times of its notes what is to be compiled again.
fn copy_with_time(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::copy(from, to)?;
    let time = fs::metadata(from)?.modified()?;
    File::options().write(true).open(to)?.set_modified(time)
}

/// A lock, once no other process holds it.
async fn waited_for(path: PathBuf, mut progress: impl FnMut(Building)) -> Result<File> {
    let file = File::create(&path).or_trouble(|| format!("write {}", path.display()))?;
    let mut waits = false;
    loop {
        match file.try_lock() {
            Ok(()) => {
                if waits {
                    progress(Building::LockTaken);
                }
                return Ok(file);
            }
            Err(TryLockError::WouldBlock) => {
                if !std::mem::replace(&mut waits, true) {
                    progress(Building::WaitingForLock);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(TryLockError::Error(error)) => {
                return Err(Trouble::new(format!(
                    "could not lock {}: {error}",
                    path.display()
                )));
            }
        }
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
                    if let Some(how) = reach::reaches_outside(&String::from_utf8_lossy(&content)) {
                        breaches.push(format!("{} {how}.", path.display()));
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
    let is_beside = |file: &str| {
        let name = Path::new(file).file_name();
        name.is_some_and(|name| handed_in.join(name).is_file())
    };
    if !folder.join("src").is_dir() && part.editable.iter().any(|file| is_beside(file)) {
        breaches.push(
            "The folder holds what belongs in src/. Name the folder that contains src/.".to_owned(),
        );
        return Err(Refusal::Breaches(breaches));
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

/// Whether a folder that was handed in holds any file of a part that a learner edits. It is looked for where
/// [`read`] looks, but for a folder that holds nothing else than what belongs in `src/`.
pub fn holds(part: &Part, handed_in: &Path) -> bool {
    let folder = find(part, handed_in);
    let is_there = |file: &&str| {
        let name = Path::new(file).file_name();
        let beside = name.is_some_and(|name| handed_in.join(name).is_file());
        folder.join(file).is_file() || beside
    };
    part.editable.iter().any(is_there)
}

/// The copy of the exercise's folder in what was handed in: that folder, or one in it, alone or in
/// a copy of the whole course. Archives often hold one folder more, which is looked into as well.
fn find(part: &Part, handed_in: &Path) -> PathBuf {
    // Not a link, nor behind one: it may lead to the solution.
    let is_folder = |path: &Path| {
        let within = path.ancestors().take_while(|above| *above != handed_in);
        within
            .map(fs::symlink_metadata)
            .all(|found| found.is_ok_and(|found| found.is_dir()))
    };
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
            return Rule::Refuse("would run while the program is built, which is forbidden");
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
    match plain_file::read(path, MAX_TEXT) {
        Err(error) if error.kind() == ErrorKind::FileTooLarge => Ok(None),
        read => read
            .map(Some)
            .or_trouble(|| format!("read {}", path.display())),
    }
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

/// The source files of an exercise; of `part`, those that a learner may not edit.
fn given_files(part: Option<&Part>, exercise: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let is_edited = |name: &str| part.is_some_and(|part| part.editable.contains(&name));
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
        if entry.file_type().is_file() && is_code && !is_edited(&name) {
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

/// The manifest of an overlay workspace: the course's, with other members.
///
/// Profiles and dependencies must be the same to the letter, or cargo compiles everything again.
pub fn overlay_manifest(course: &toml::Table, members: &[String]) -> Result<String> {
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
    toml::to_string(&manifest).or_trouble(|| "write the manifest of the submission's workspace")
}

/// Links the course's packages, and writes manifest and lock file. The course's lock file names
/// packages that a slot does not need, which `--locked` would not let pass; so cargo itself strikes
/// them out, once, and it is checked that it changed nothing else.
pub async fn lay_out_workspace(course: &Course, folder: &Path, manifest: &str) -> Result<()> {
    course.link_packages(folder)?;
    let temporary = folder.join(TEMPORARY);
    fs::create_dir_all(&temporary).or_trouble(|| format!("make {}", temporary.display()))?;
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
pub async fn target_folder(course: &Course) -> Result<PathBuf> {
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
