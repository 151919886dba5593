//! What a child keeps on the disk: in its folders, and in files without a name.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::protocol::{Ending, Limits};

/// How long to wait between two looks. A look costs about a microsecond for each file.
pub(super) const PERIOD: Duration = Duration::from_millis(500);

/// How the child that fills these folders must end, if it must. `nameless` is what its files without a
/// name hold, which count as well.
pub(super) fn excess(folders: &[PathBuf], nameless: u64, limits: Limits) -> Option<Ending> {
    let (mut held, mut files) = (nameless, 0);
    let over_disk = |held| (held > limits.disk).then_some(Ending::OverDisk { limit: limits.disk });
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
            if let Some(ending) = over_disk(held) {
                return Some(ending);
            }
            if files > limits.files {
                return Some(Ending::OverFiles {
                    limit: limits.files,
                });
            }
        }
    }
    over_disk(held)
}

/// What the files hold that a process and its descendants have open or mapped, and that have no name: those
/// that were deleted, and those that never had one (`memfd_create`). No folder shows them.
#[cfg(target_os = "linux")]
pub(super) fn nameless(root: i32) -> u64 {
    let mut held = std::collections::BTreeMap::new();
    for pid in super::tree::family(root) {
        for open in entries(&Path::new("/proc").join(pid.to_string()).join("fd")) {
            let Ok(file) = std::fs::metadata(open.path()) else {
                continue;
            };
            if file.is_file() && file.nlink() == 0 {
                held.insert(file.ino(), file.blocks() * 512);
            }
        }
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        for (inode, length) in maps.lines().filter_map(deleted_mapping) {
            // Its length is all that the system tells of a file that is only mapped.
            held.entry(inode).or_insert(length);
        }
    }
    held.values().sum()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn nameless(_root: i32) -> u64 {
    0
}

/// The inode and the length of a line of `/proc/PID/maps`, if it is about a file that has no name.
#[cfg(target_os = "linux")]
fn deleted_mapping(line: &str) -> Option<(u64, u64)> {
    let mut fields = line.strip_suffix(" (deleted)")?.split_whitespace();
    let (begin, end) = fields.next()?.split_once('-')?;
    let address = |digits| u64::from_str_radix(digits, 16).ok();
    let length = address(end)?.checked_sub(address(begin)?)?;
    // Permissions, offset and device stand before the inode.
    Some((fields.nth(3)?.parse().ok()?, length))
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
        assert_eq!(excess(&folders, 0, limits(1 << 20, 4)), None);
        assert_eq!(
            excess(&folders, 0, limits(150_000, 4)),
            Some(Ending::OverDisk { limit: 150_000 })
        );
        assert_eq!(
            excess(&folders, 0, limits(1 << 20, 3)),
            Some(Ending::OverFiles { limit: 3 })
        );
        assert_eq!(
            excess(&folders, 1 << 20, limits(1 << 20, 4)),
            Some(Ending::OverDisk { limit: 1 << 20 })
        );
        assert_eq!(excess(&["/nowhere/at/all".into()], 0, limits(0, 0)), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn file_that_was_deleted_counts_as_long_as_it_is_open() {
        const LENGTH: u64 = 64 << 20;
        let folder = tempfile::tempdir().unwrap();
        let script = "exec 3> file; rm file; echo; read line; head -c 67108864 /dev/zero >&3; echo; read line";
        let mut child = std::process::Command::new("sh")
            .args(["-c", script])
            .current_dir(&folder)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = child.id().cast_signed();
        let mut stdout = child.stdout.take().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut until_told = || std::io::Read::read_exact(&mut stdout, &mut [0]).unwrap();
        until_told();
        assert_eq!(nameless(pid), 0);
        std::io::Write::write_all(&mut stdin, b"\n").unwrap();
        until_told();
        let held = nameless(pid);
        drop(stdin);
        child.wait().unwrap();
        assert!(held >= LENGTH, "{held}");
        assert_eq!(nameless(pid), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn mapping_of_a_file_without_a_name_counts_with_its_length() {
        let check = |line: &str, expected| assert_eq!(deleted_mapping(line), expected, "{line}");
        check(
            "7f00-8f00 rw-s 00000000 00:01 1027     /memfd:a b (deleted)",
            Some((1027, 0x1000)),
        );
        check("7f00-8f00 rw-s 00000000 fd:01 12 /tmp/file", None);
        check("7f00-8f00 rw-p 00000000 00:00 0 ", None);
    }
}
