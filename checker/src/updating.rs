//! Bringing a newer version of the course under what a learner wrote.
//!
//! The course is a clone of a git repository, and the learner edits some of its files, where the
//! course edits them too. A merge of lines would meet conflicts wherever a comment beside a gap
//! was reworded. But the markers say whose is what: a file of the new version gets the learner's
//! gaps, and what was added outside of them is merged line by line.
//!
//! Everything is computed before anything is written: new blobs and commits in git's store disturb
//! nobody. Then comes the backup, then the files, then git's index, and the branch last of all. So
//! after an interruption, the same command completes the update. No commit is
//! lost: the branch moves to a commit that has the old one among its ancestors.

mod git;
mod merge;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use git::Git;
pub use merge::{Loss, Merged, merge};

use grader::backup::{Backup, replace};
use grader::course::Course;
use testkit::plain_file::{self, MAX_OWN};
use testkit::trouble::{Result, Trouble, While};

/// What an update will do.
#[derive(Debug)]
pub struct Plan {
    git: Git,
    branch: String,
    old: String,
    new: String,
    exercises: Vec<Exercise>,
    /// Other files that differ between the two versions.
    others: Vec<PathBuf>,
}

/// A file of the exercises, and what it is to be.
#[derive(Debug)]
pub struct Exercise {
    /// Its path in the course's folder.
    pub file: PathBuf,
    /// What it is to hold; nothing, if the new version has no such file.
    pub text: Option<Vec<u8>>,
    /// What could not be kept.
    pub losses: Vec<Loss>,
    /// Whether the learner had changed it.
    pub was_changed: bool,
    /// Gaps that are new.
    pub new_gaps: Vec<String>,
}

/// What an update did.
#[derive(Debug)]
pub struct Done {
    /// Where everything is that was there before; none, if nothing of the learner's was touched.
    pub backup: Option<Backup>,
    /// The files of the exercises that are new.
    pub exercises: Vec<Exercise>,
    /// The version of the course that was brought.
    pub version: String,
}

/// Finds out what is to be done; nothing, when the course is up to date.
///
/// # Errors
/// When the clone is in a state in which nothing can be promised, with what to do about it.
pub fn plan(course: &Course, from: Option<&str>) -> Result<Option<Plan>> {
    let git = Git::of(course)?;
    git.refuse_unfinished_work()?;
    let branch = git.branch()?;
    let target = match from {
        Some(from) => git.named(from)?,
        None => git.fetched(&branch)?,
    };
    let head = git.say(&["rev-parse", "HEAD"])?;
    if git.is_ancestor(&target, &head)? {
        return Ok(None);
    }
    let base = git.merge_base(&head, &target)?;
    let exercises = exercises(&git, &base, &target)?;
    let has_commits = base != head;
    let new = if has_commits {
        let tree = git.merged_tree(&base, &head, &target)?;
        git.commit(&tree, &head, &target)?
    } else {
        target
    };
    let others = git
        .changed(&head, &new)?
        .into_iter()
        .filter(|file| !is_exercise(file))
        .collect();
    let plan = Plan {
        git,
        branch,
        old: head,
        new,
        exercises,
        others,
    };
    plan.refuse_local_changes()?;
    Ok(Some(plan))
}

/// What becomes of each file of the exercises in the working tree.
fn exercises(git: &Git, base: &str, target: &str) -> Result<Vec<Exercise>> {
    let mut found = Vec::new();
    for file in git.changed(base, target)? {
        if !is_exercise(&file) {
            continue;
        }
        let yours = match plain_file::read(&git.root().join(&file), MAX_OWN) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Trouble::new(format!(
                    "could not read {}: {error}",
                    file.display()
                )));
            }
        };
        let old = git.content(base, &file)?;
        let new = git.content(target, &file)?;
        let was_changed = yours.is_some() && yours != old && yours != new;
        let merged = merge(git, old.as_deref(), yours.as_deref(), new.as_deref())?;
        found.push(Exercise {
            file,
            text: merged.text,
            losses: merged.losses,
            was_changed,
            new_gaps: merged.new_gaps,
        });
    }
    Ok(found)
}

fn is_exercise(file: &Path) -> bool {
    file.starts_with("exercises")
}

impl Plan {
    /// A file outside of the exercises that was changed and is not committed would be overwritten,
    /// or make a mixture of two versions. One that holds the new version already is what an
    /// interrupted update has left.
    fn refuse_local_changes(&self) -> Result<()> {
        let mut refused: BTreeSet<PathBuf> = BTreeSet::new();
        for file in self.git.dirty()? {
            if !is_exercise(&file) && !self.is_new_already(&file)? {
                refused.insert(file);
            }
        }
        // Files that git does not know, where the new version has one.
        for file in &self.others {
            let is_known = self.git.content(&self.old, file)?.is_some();
            let is_there = self.git.root().join(file).symlink_metadata().is_ok();
            if !is_known && is_there && !self.is_new_already(file)? {
                refused.insert(file.clone());
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "could not update: these files outside of exercises/ were changed and are not committed:\n{}Commit them, or put them back with `git restore FILE` (move away files that git does not track); then run this again",
            listed(&refused)
        )))
    }

    fn is_new_already(&self, file: &Path) -> Result<bool> {
        let new = self.git.content(&self.new, file)?;
        Ok(plain_file::read(&self.git.root().join(file), MAX_OWN).ok() == new)
    }

    /// Does everything.
    ///
    /// # Errors
    /// When something cannot be written. Then the command can be given again.
    pub fn apply(self, course: &Course) -> Result<Done> {
        let backup = self.back_up(course)?;
        self.write_exercises(course)?;
        self.write_others()?;
        self.move_branch()?;
        let version = Course::find(&course.root).map(|course| course.version);
        Ok(Done {
            backup,
            exercises: self.exercises,
            version: version.unwrap_or_default(),
        })
    }

    /// Copies all that the learner has in the exercises, and each gap that has no place any more
    /// once more, where it is found.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn back_up(&self, course: &Course) -> Result<Option<Backup>> {
        let mut mine: BTreeSet<PathBuf> = self.git.dirty()?.into_iter().collect();
        mine.extend(self.exercises.iter().map(|exercise| exercise.file.clone()));
        mine.retain(|file| is_exercise(file) && self.git.root().join(file).is_file());
        if mine.is_empty() {
            return Ok(None);
        }
        let backup = Backup::begin(course, "update")?;
        for file in &mine {
            backup.keep(file)?;
        }
        for (file, staged) in self.git.staged_otherwise()? {
            backup.put(&Path::new("staged").join(file), &staged)?;
        }
        for exercise in &self.exercises {
            let mut gaps = String::new();
            for loss in &exercise.losses {
                if let Loss::Gap { name, body } = loss {
                    gaps.push_str(&format!("// ── gap {name}\n{body}\n"));
                }
            }
            if !gaps.is_empty() {
                backup.put(&Path::new("gaps").join(&exercise.file), gaps.as_bytes())?;
            }
        }
        Ok(Some(backup))
    }

    /// Writes the files of the exercises.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn write_exercises(&self, course: &Course) -> Result<()> {
        for exercise in &self.exercises {
            let whole = course.root.join(&exercise.file);
            match &exercise.text {
                Some(text) if plain_file::read(&whole, MAX_OWN).ok().as_ref() == Some(text) => {}
                Some(text) => replace(course, &exercise.file, text)?,
                None if whole.symlink_metadata().is_ok() => {
                    fs::remove_file(&whole).or_trouble(|| format!("remove {}", whole.display()))?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Writes all other files, as git would.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn write_others(&self) -> Result<()> {
        self.git.check_out(&self.new, &self.others)
    }

    /// Tells git: the index first, the branch last.
    ///
    /// # Errors
    /// When git refuses.
    pub fn move_branch(&self) -> Result<()> {
        self.git.say(&["read-tree", &self.new])?;
        // Says by its exit code whether files differ, which is no error here.
        let _ = self.git.run(&["update-index", "-q", "--refresh"], &[])?;
        let branch = format!("refs/heads/{}", self.branch);
        let why = "checker update: a newer version of the course";
        self.git
            .say(&["update-ref", "-m", why, &branch, &self.new, &self.old])?;
        Ok(())
    }
}

/// Paths, one a line, the first ones only.
fn listed(files: &BTreeSet<PathBuf>) -> String {
    const MOST: usize = 10;
    let mut lines: String = files
        .iter()
        .take(MOST)
        .map(|file| format!("  {}\n", file.display()))
        .collect();
    if files.len() > MOST {
        lines.push_str(&format!("  … and {} more\n", files.len() - MOST));
    }
    lines
}
