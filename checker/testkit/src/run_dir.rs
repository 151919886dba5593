//! The private folder of one run: logs, records, sockets and copies of binaries.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::trouble::{Result, While};

/// How the names of all of them begin.
const PREFIX: &str = "checker-run-";

/// The rights of all of them.
const PRIVATE: u32 = 0o700;

/// A folder that only this user can enter, gone at the end of the run.
///
/// The guard removes it as well, for the case that the checker is killed. Where both were killed, or the
/// checker before it had a guard, the next run removes it: its owner holds a lock on the folder itself,
/// which the system takes away at the owner's end, however that comes about.
#[derive(Debug)]
pub struct RunDir {
    /// Removes the folder when dropped.
    folder: TempDir,
    /// Locked as long as it is open.
    _owner: File,
}

impl RunDir {
    /// Makes a new one under the system's temporary folder, and removes those of the dead.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn create() -> Result<RunDir> {
        RunDir::create_in(&std::env::temp_dir())
    }

    fn create_in(parent: &Path) -> Result<RunDir> {
        remove_dead(parent);
        let doing = || format!("make a folder under {}", parent.display());
        loop {
            let folder = tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(PRIVATE))
                .tempdir_in(parent)
                .or_trouble(doing)?;
            // Between these two lines another checker may have taken it for one of the dead.
            let owner = match File::open(folder.path()) {
                Ok(owner) => owner,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error).or_trouble(doing),
            };
            // A file system that has no locks for folders has none for others either, who then leave
            // it alone.
            let _ = owner.lock();
            if folder.path().is_dir() {
                return Ok(RunDir {
                    folder,
                    _owner: owner,
                });
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder inside, made if it is not there yet.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.path().join(name);
        fs::create_dir_all(&path).or_trouble(|| format!("make {}", path.display()))?;
        Ok(path)
    }
}

/// Removes the folders of runs whose owners are dead.
fn remove_dead(parent: &Path) {
    let own = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_named = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let is_ours = || {
            entry.metadata().is_ok_and(|meta| {
                meta.is_dir() && meta.uid() == own && meta.mode() & 0o777 == PRIVATE
            })
        };
        if is_named
            && is_ours()
            && let Ok(folder) = File::open(entry.path())
            && folder.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_private_and_gone_afterwards() {
        let dir = RunDir::create().unwrap();
        let path = dir.path().to_owned();
        fs::write(dir.folder("logs").unwrap().join("n1.stderr.log"), "x").unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        drop(dir);
        assert!(!path.exists());
    }

    #[test]
    fn folder_of_a_dead_owner_is_removed_at_the_next_start_and_that_of_a_living_one_stays() {
        let parent = tempfile::tempdir().unwrap();
        let living = RunDir::create_in(parent.path()).unwrap();
        // As a killed checker leaves it: nothing was dropped, and the system took the lock away.
        let dead = RunDir::create_in(parent.path()).unwrap();
        fs::write(dead.folder("bin").unwrap().join("ping-pong"), "x").unwrap();
        let RunDir { folder, _owner } = dead;
        let dead = folder.keep();
        drop(_owner);
        let foreign = parent.path().join("checker-of-another");
        fs::create_dir(&foreign).unwrap();
        let next = RunDir::create_in(parent.path()).unwrap();
        assert!(!dead.exists());
        assert!(living.path().exists() && next.path().exists() && foreign.exists());
    }
}
