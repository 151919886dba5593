//! The private folder of one run: logs, records, sockets and copies of binaries.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::trouble::{Result, While};

/// A folder that only this user can enter, gone at the end of the run unless it is kept.
///
/// The guard removes it as well, for the case that the checker is killed.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    /// Removes the folder when dropped; absent when it is to be kept.
    removal: Option<TempDir>,
}

impl RunDir {
    /// Makes a new one under the system's temporary folder.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn create(keep: bool) -> Result<RunDir> {
        let parent = std::env::temp_dir();
        let made = tempfile::Builder::new()
            .prefix("checker-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .or_trouble(|| format!("make a folder under {}", parent.display()))?;
        let (path, removal) = if keep {
            (made.keep(), None)
        } else {
            (made.path().to_owned(), Some(made))
        };
        Ok(RunDir { path, removal })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it outlives the run.
    pub fn is_kept(&self) -> bool {
        self.removal.is_none()
    }

    /// A folder inside, made if it is not there yet.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        std::fs::create_dir_all(&path).or_trouble(|| format!("make {}", path.display()))?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_private_and_gone_afterwards() {
        let dir = RunDir::create(false).unwrap();
        let path = dir.path().to_owned();
        std::fs::write(dir.folder("logs").unwrap().join("n1.stderr.log"), "x").unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        drop(dir);
        assert!(!path.exists());
    }

    #[test]
    fn kept_folder_stays() {
        let dir = RunDir::create(true).unwrap();
        let path = dir.path().to_owned();
        assert!(dir.is_kept());
        drop(dir);
        assert!(path.exists());
        std::fs::remove_dir_all(path).unwrap();
    }
}
