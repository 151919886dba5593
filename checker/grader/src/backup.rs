//! What was in a learner's files before a command of the checker changed them.
//!
//! A backup lies in the course's folder, with the date in its name, and holds the files under the
//! paths that they had: one `cp` brings them all back. No backup is ever removed by the checker.

use std::fs;
use std::path::{Path, PathBuf};

use crate::course::Course;
use crate::runs;
use testkit::plain_file::{self, MAX_OWN};
use testkit::trouble::{Result, Trouble, While};

/// A folder with copies of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    root: PathBuf,
    folder: PathBuf,
}

impl Backup {
    /// Makes the folder of a backup that is taken now, before `what` is done: "reset-part1".
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(course: &Course, what: &str) -> Result<Backup> {
        let backups = runs::folder(course).join("backups");
        let folder = runs::dated_folder(&backups, what)?;
        let root = course.root.clone();
        Ok(Backup { root, folder })
    }

    /// Keeps the present content of a file, given by its path in the course's folder. A file that
    /// is not there needs no backup.
    ///
    /// # Errors
    /// When it cannot be read, or the copy cannot be written.
    pub fn keep(&self, file: &Path) -> Result<()> {
        let from = self.root.join(file);
        match plain_file::read(&from, MAX_OWN) {
            Ok(bytes) => self.put(file, &bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Trouble::new(format!(
                "could not keep a copy of {}: {error}. Move it away first",
                from.display()
            ))),
        }
    }

    /// Keeps a text under a path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, file: &Path, bytes: &[u8]) -> Result<()> {
        let to = self.folder.join(file);
        if let Some(above) = to.parent() {
            fs::create_dir_all(above).or_trouble(|| format!("make {}", above.display()))?;
        }
        fs::write(&to, bytes).or_trouble(|| format!("write {}", to.display()))
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Its folder, as seen from the course's.
    pub fn shown(&self) -> String {
        let folder = self.folder.strip_prefix(&self.root);
        folder.unwrap_or(&self.folder).display().to_string()
    }

    /// The command that brings everything back, when it is run in the course's folder.
    pub fn way_back(&self) -> String {
        format!("cp -R {}/exercises .", self.shown())
    }
}

/// Writes a file of the course so that it holds the old text or the new one at any moment.
///
/// # Errors
/// When it cannot be written.
pub fn replace(course: &Course, file: &Path, bytes: &[u8]) -> Result<()> {
    let whole = course.root.join(file);
    // Behind a symbolic link lies the file that is meant.
    let whole = whole.canonicalize().unwrap_or(whole);
    if let Some(above) = whole.parent() {
        fs::create_dir_all(above).or_trouble(|| format!("make {}", above.display()))?;
    }
    let new = runs::folder(course).join(format!("new-{}", std::process::id()));
    let renamed = fs::create_dir_all(runs::folder(course))
        .and_then(|()| fs::write(&new, bytes))
        .and_then(|()| match fs::metadata(&whole) {
            Ok(old) => fs::set_permissions(&new, old.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| fs::rename(&new, &whole));
    if renamed.is_ok() {
        return Ok(());
    }
    // On another disk, say.
    let _ = fs::remove_file(&new);
    fs::write(&whole, bytes).or_trouble(|| format!("write {}", whole.display()))
}
