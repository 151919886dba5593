//! The private folder of one run: logs, records, sockets and copies of binaries.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::trouble::{Result, While};

/// A folder that only this user can enter, gone at the end of the run.
///
/// The guard removes it as well, for the case that the checker is killed.
#[derive(Debug)]
pub struct RunDir {
    /// Removes the folder when dropped.
    folder: TempDir,
}

impl RunDir {
    /// Makes a new one under the system's temporary folder.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn create() -> Result<RunDir> {
        let parent = std::env::temp_dir();
        let folder = tempfile::Builder::new()
            .prefix("checker-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .or_trouble(|| format!("make a folder under {}", parent.display()))?;
        Ok(RunDir { folder })
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
        std::fs::create_dir_all(&path).or_trouble(|| format!("make {}", path.display()))?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_private_and_gone_afterwards() {
        let dir = RunDir::create().unwrap();
        let path = dir.path().to_owned();
        std::fs::write(dir.folder("logs").unwrap().join("n1.stderr.log"), "x").unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        drop(dir);
        assert!(!path.exists());
    }
}
