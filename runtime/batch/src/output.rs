//! Output: one file for each partition, and either all of them or none.
//!
//! Several attempts may write the same partition. So each writes a file of its own, and a rename, which
//! file systems do in one step, makes one of them part of the output. The whole folder appears in the
//! same way when its last file is there, so any output that you can see is complete. (Section 3.3 of the MapReduce paper relies on the same.)

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use runtime::terminal::one_line;

use crate::task::JobId;

/// Where the output of a job comes together, and where it is found in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFolder {
    output: PathBuf,
    partial: PathBuf,
}

impl OutputFolder {
    /// The folder `output`, which does not appear before the job is done. Until then, its files
    /// are beside it, in a folder whose name says that it is partial.
    pub fn new(output: &Path, job: &JobId) -> Self {
        let mut partial = OsString::from(output);
        partial.push(format!(".partial-{}", job.as_file_name()));
        OutputFolder {
            output: output.to_owned(),
            partial: partial.into(),
        }
    }

    /// Makes ready for the first attempt.
    ///
    /// # Errors
    /// When there is an output already, or the folders cannot be made.
    pub fn prepare(&self) -> io::Result<()> {
        if is_taken(&self.output) {
            let why = format!(
                "there is already an output: {}",
                one_line(&self.output.display().to_string())
            );
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        fs::create_dir_all(self.attempts())?;
        fs::create_dir_all(self.committed())
    }

    /// Takes the file of one attempt for its partition. The attempts' other files do not count.
    ///
    /// # Errors
    /// When the file is not there, as it was taken already, or cannot be renamed.
    pub fn commit(&self, partition: usize, file: &str) -> io::Result<()> {
        fs::rename(
            self.attempts().join(file),
            self.committed().join(part(partition)),
        )
    }

    /// Makes the output appear. Call it when every partition was committed; a second call does nothing.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn complete(&self) -> io::Result<()> {
        if self.committed().exists() || !self.output.exists() {
            fs::rename(self.committed(), &self.output)?;
        }
        self.discard();
        Ok(())
    }

    /// Removes what is not complete.
    pub fn discard(&self) {
        // A late worker may write at this moment. The name of what remains says that it is partial.
        let _ = fs::remove_dir_all(&self.partial);
    }

    /// Where attempts write. It is not created again after its removal, because the job has ended then.
    pub fn attempts(&self) -> PathBuf {
        self.partial.join("attempts")
    }

    fn committed(&self) -> PathBuf {
        self.partial.join("committed")
    }
}

/// Whether there is something at a path already. A symbolic link counts, wherever it leads: no
/// folder can be renamed to it.
pub fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The name of a partition's file: `part-00003`.
pub fn part(partition: usize) -> String {
    format!("part-{partition:05}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_seen_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("out");
        let output = OutputFolder::new(&place, &JobId("<n1#1.2>/1".into()));
        output.prepare().unwrap();
        for file in ["first", "second"] {
            fs::write(output.attempts().join(file), file).unwrap();
        }
        output.commit(0, "second").unwrap();
        assert!(output.commit(0, "second").is_err(), "it was taken already");
        assert!(!place.exists());
        output.complete().unwrap();
        output.complete().unwrap();
        assert_eq!(
            fs::read_to_string(place.join("part-00000")).unwrap(),
            "second"
        );
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
        assert!(output.prepare().is_err(), "there is an output already");
    }

    #[test]
    fn link_that_leads_nowhere_is_noticed_before_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("out");
        std::os::unix::fs::symlink("nowhere", &place).unwrap();
        let output = OutputFolder::new(&place, &JobId("<n1#1.2>/1".into()));
        let error = output.prepare().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }
}
