//! Reading files that another program may have put there: whatever lies under a name, reading it
//! ends.
//!
//! A pipe without a writer, a link to `/dev/zero` or a file of 20 GB would keep the checker forever. So
//! only plain files are read, through any links, and only up to a limit.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// The largest file that the checker reads of those that it has written itself.
pub const MAX_OWN: u64 = 256 << 20;

/// The largest source file, and the largest text that people write for the checker.
pub const MAX_TEXT: u64 = 1 << 20;

/// Opens a plain file for reading.
///
/// # Errors
/// When it cannot be opened, or is none.
pub fn open(file: &Path) -> Result<File> {
    // Opening a pipe would wait for its writer otherwise.
    let waits_not = OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(waits_not)
        .open(file)?;
    let kind = opened.metadata()?.file_type();
    match (kind.is_file(), kind.is_dir()) {
        (true, _) => Ok(opened),
        (false, true) => Err(Error::new(ErrorKind::IsADirectory, "it is a folder")),
        (false, false) => Err(Error::new(
            ErrorKind::InvalidInput,
            "it is not a plain file",
        )),
    }
}

/// Reads a plain file of at most so many bytes.
///
/// # Errors
/// When it cannot be read, is none, or is larger.
pub fn read(file: &Path, limit: u64) -> Result<Vec<u8>> {
    let opened = open(file)?;
    let mut bytes = Vec::new();
    // What its length says may change, or be wrong.
    if opened.metadata()?.len() <= limit {
        opened.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 <= limit {
            return Ok(bytes);
        }
    }
    let why = format!("it is larger than {} MiB", limit >> 20);
    Err(Error::new(ErrorKind::FileTooLarge, why))
}

/// Reads a plain file of at most so many bytes that holds UTF-8.
///
/// # Errors
/// When it cannot be read, is none, is larger, or holds other bytes.
pub fn read_text(file: &Path, limit: u64) -> Result<String> {
    String::from_utf8(read(file, limit)?)
        .map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[track_caller]
    fn check(file: &Path, expected: &str) {
        match read_text(file, MAX_TEXT) {
            Ok(text) => assert_eq!(text, expected),
            Err(error) => assert_eq!(error.to_string(), expected),
        }
    }

    #[test]
    fn reading_ends_whatever_lies_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("text"), "text").unwrap();
        check(&at("text"), "text");
        std::os::unix::fs::symlink("text", at("link")).unwrap();
        check(&at("link"), "text");
        std::os::unix::fs::symlink("/dev/zero", at("endless")).unwrap();
        check(&at("endless"), "it is not a plain file");
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        check(&at("pipe"), "it is not a plain file");
        File::create(at("sparse"))
            .unwrap()
            .set_len(20 << 30)
            .unwrap();
        check(&at("sparse"), "it is larger than 1 MiB");
        check(folder.path(), "it is a folder");
        std::fs::write(at("latin"), b"\xfc").unwrap();
        check(&at("latin"), "it is not UTF-8");
        let missing = read(&at("missing"), 1).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }
}
