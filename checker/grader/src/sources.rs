//! The source files of a stub, a solution or a variant.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use crate::gaps::{fill, gaps};
use testkit::plain_file::{self, MAX_TEXT};
use testkit::trouble::{Result, Trouble, While};

/// The Rust files in `src/` of a part, without `main.rs`, by their paths inside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Their texts.
    pub files: BTreeMap<String, String>,
}

impl Sources {
    /// Reads the files of the part whose folder this is.
    ///
    /// # Errors
    /// When one cannot be read, or there are none.
    pub fn read(part: &Path) -> Result<Sources> {
        let folder = part.join("src");
        let mut files = BTreeMap::new();
        for entry in WalkDir::new(&folder).sort_by_file_name() {
            let entry = entry.or_trouble(|| format!("read {}", folder.display()))?;
            let path = entry.path();
            let name = path.strip_prefix(&folder).unwrap_or(path).to_string_lossy();
            if path.extension().is_some_and(|end| end == "rs") && name != "main.rs" {
                let text = plain_file::read_text(path, MAX_TEXT)
                    .or_trouble(|| format!("read {}", path.display()))?;
                files.insert(name.into_owned(), text);
            }
        }
        Ok(Sources { files })
    }

    /// This stub with its gaps of numbers 1 to `upto` filled as in the solution.
    ///
    /// # Errors
    /// When the gaps of the two do not match.
    pub fn filled(&self, solution: &Sources, upto: u8) -> Result<Sources> {
        let mut files = BTreeMap::new();
        for (file, stub) in &self.files {
            let solved = solution.files.get(file).map_or("", String::as_str);
            let gaps = gaps(solved)
                .map_err(|why| Trouble::new(format!("could not read the gaps of {file}: {why}")))?;
            let contents = gaps
                .into_iter()
                .filter(|gap| (1..=upto).contains(&gap.name.number))
                .map(|gap| (gap.name, gap.body))
                .collect();
            let text = fill(stub, &contents)
                .map_err(|why| Trouble::new(format!("could not fill the gaps of {file}: {why}")))?;
            files.insert(file.clone(), text);
        }
        Ok(Sources { files })
    }

    /// Writes the files into a folder, and removes what else there is. Files that are as they
    /// should be are not touched: cargo takes a file that was written for changed.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        if folder.exists() {
            for entry in WalkDir::new(folder) {
                let entry = entry.or_trouble(|| format!("read {}", folder.display()))?;
                let path = entry.path();
                let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
                if entry.file_type().is_file() && !self.files.contains_key(&*name) {
                    fs::remove_file(path).or_trouble(|| format!("remove {}", path.display()))?;
                }
            }
        }
        for (file, text) in &self.files {
            write_if_new(&folder.join(file), text)?;
        }
        Ok(())
    }
}

/// Writes a file, unless it holds that text already.
pub fn write_if_new(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let content = content.as_ref();
    if fs::read(path).is_ok_and(|before| before == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).or_trouble(|| format!("make {}", folder.display()))?;
    }
    fs::write(path, content).or_trouble(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Sources {
        Sources {
            files: BTreeMap::from([("a.rs".to_owned(), text.to_owned())]),
        }
    }

    #[test]
    fn stub_is_filled_up_to_a_number() {
        let gap =
            |number: u8, text: &str| format!("// ── gap {number}: a\n{text}\n// ── end {number}\n");
        let stub = one(&format!("{}{}", gap(1, "todo"), gap(2, "todo")));
        let solution = one(&format!("{}{}", gap(1, "done"), gap(2, "done")));
        let filled = stub.filled(&solution, 1).unwrap();
        assert_eq!(filled.files["a.rs"].matches("done").count(), 1);
        assert_eq!(stub.filled(&solution, 0).unwrap(), stub);
        assert_eq!(stub.filled(&solution, 2).unwrap(), solution);
    }

    #[test]
    fn file_that_is_as_it_should_be_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        one("a").write(folder.path()).unwrap();
        let path = folder.path().join("a.rs");
        let written = || fs::metadata(&path).unwrap().modified().unwrap();
        let before = written();
        one("a").write(folder.path()).unwrap();
        assert_eq!(written(), before);
        fs::write(folder.path().join("b.rs"), "old").unwrap();
        one("c").write(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "c");
        assert!(!folder.path().join("b.rs").exists());
    }
}
