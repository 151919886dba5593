//! What lies in the folders of a child.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::protocol::{Ending, Limits};

/// How long to wait between two looks. A look costs about a microsecond for each file.
pub(super) const PERIOD: Duration = Duration::from_millis(500);

/// How the child that fills these folders must end, if it must.
pub(super) fn excess(folders: &[PathBuf], limits: Limits) -> Option<Ending> {
    let (mut held, mut files) = (0, 0);
    let mut waiting: Vec<PathBuf> = folders.to_vec();
    while let Some(folder) = waiting.pop() {
        // What was removed meanwhile holds nothing.
        for entry in entries(&folder) {
            // Of a link, this is about the link itself.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            files += 1;
            // A file with holes is longer than what it takes.
            held += metadata.blocks() * 512;
            if metadata.is_dir() {
                waiting.push(entry.path());
            }
            if held > limits.disk {
                return Some(Ending::OverDisk { limit: limits.disk });
            }
            if files > limits.files {
                return Some(Ending::OverFiles {
                    limit: limits.files,
                });
            }
        }
    }
    None
}

fn entries(folder: &Path) -> impl Iterator<Item = std::fs::DirEntry> {
    std::fs::read_dir(folder).into_iter().flatten().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_the_folders_counts_and_nothing_else() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folders = [first.path().to_owned(), second.path().to_owned()];
        std::fs::create_dir(first.path().join("deep")).unwrap();
        std::fs::write(first.path().join("deep/file"), vec![1; 100_000]).unwrap();
        std::fs::write(second.path().join("file"), vec![1; 100_000]).unwrap();
        std::os::unix::fs::symlink("/usr", second.path().join("link")).unwrap();
        let limits = |disk, files| Limits {
            disk,
            files,
            ..Limits::default()
        };
        assert_eq!(excess(&folders, limits(1 << 20, 4)), None);
        assert_eq!(
            excess(&folders, limits(150_000, 4)),
            Some(Ending::OverDisk { limit: 150_000 })
        );
        assert_eq!(
            excess(&folders, limits(1 << 20, 3)),
            Some(Ending::OverFiles { limit: 3 })
        );
        assert_eq!(excess(&["/nowhere/at/all".into()], limits(0, 0)), None);
    }
}
