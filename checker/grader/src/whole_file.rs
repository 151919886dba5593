//! Files that are there as a whole, or as they were before: a reader, and a checker that is killed in
//! the middle, never leave or find half of one.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use testkit::trouble::{Result, Trouble, While};

/// Writes a file aside, and puts it in the place of the one that is there.
///
/// # Errors
/// When it cannot be written. What was there before is still there then.
pub fn write(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let doing = || format!("write {}", file.display());
    let place = place(file);
    // A pipe or a terminal cannot be replaced, and must not be.
    if std::fs::metadata(&place).is_ok_and(|meta| !meta.is_file()) {
        return std::fs::write(&place, content).or_trouble(doing);
    }
    let mut aside = aside(&place).or_trouble(doing)?;
    aside.write_all(content.as_ref()).or_trouble(doing)?;
    aside.persist(&place).map(drop).or_trouble(doing)
}

/// A file that a result goes to, again and again while a run goes on.
#[derive(Debug)]
pub struct ResultFile(PathBuf);

impl ResultFile {
    /// A result is going to be written there. What is there now stays until the first one comes.
    ///
    /// # Errors
    /// When it could not be: better now than when all is done.
    pub fn at(file: PathBuf) -> Result<ResultFile> {
        let place = place(&file);
        let doing = || format!("write {}", file.display());
        match std::fs::metadata(&place) {
            Ok(meta) if meta.is_dir() => {
                return Err(Trouble::new(format!(
                    "could not {}: it is a folder",
                    doing()
                )));
            }
            Ok(meta) if !meta.is_file() => {}
            _ => drop(aside(&place).or_trouble(doing)?),
        }
        Ok(ResultFile(file))
    }

    /// Writes what is known so far. A file that is no plain one, a pipe say, gets the end only.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_so_far(&self, content: &str) -> Result<()> {
        match std::fs::metadata(&self.0) {
            Ok(meta) if !meta.is_file() => Ok(()),
            _ => write(&self.0, content),
        }
    }

    /// Writes what came of it in the end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, content: &str) -> Result<()> {
        write(&self.0, content)
    }
}

/// The file itself, where a symbolic link leads to it.
fn place(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_owned())
}

/// An empty file beside another, with the rights that any new file has.
fn aside(file: &Path) -> std::io::Result<NamedTempFile> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    tempfile::Builder::new()
        .prefix(".new-")
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result.json");
        std::fs::write(&file, "old").unwrap();
        let mut old = std::fs::File::open(&file).unwrap();
        write(&file, "new").unwrap();
        let mut kept = String::new();
        std::io::Read::read_to_string(&mut old, &mut kept).unwrap();
        assert_eq!(kept, "old", "whoever has it open still has the old one");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let link = folder.path().join("link.json");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, "newer").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "newer");
    }

    #[test]
    fn file_of_an_earlier_run_stays_until_there_is_a_result() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result.json");
        std::fs::write(&file, "old").unwrap();
        let result = ResultFile::at(file.clone()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        result.write_so_far("some").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "some");
        assert!(ResultFile::at(folder.path().to_owned()).is_err());
        assert!(ResultFile::at(folder.path().join("no/such/result.json")).is_err());
    }
}
