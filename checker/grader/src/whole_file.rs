//! Files that are there as a whole, or as they were before: a reader, and a checker that is killed in
//! the middle, never leave or find half of one.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use tempfile::NamedTempFile;

use testkit::trouble::{Result, Trouble, While};

/// Writes a file aside, and puts it in the place of the one that is there.
///
/// # Errors
/// When it cannot be written. What was there before is still there then.
pub fn write(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let doing = || format!("write {}", file.display());
    let place = place(file);
    if is_written_into(file, &place)? {
        return write_into(&place, content.as_ref()).or_trouble(doing);
    }
    let mut aside = aside(&place).map_err(plain).or_trouble(doing)?;
    let written = aside.write_all(content.as_ref());
    written.map_err(plain).or_trouble(doing)?;
    let renamed = aside
        .persist(&place)
        .map_err(|refused| plain(refused.error));
    renamed.map(drop).or_trouble(doing)
}

/// Whether what is there is written into: a device such as `/dev/null`, or what this process was started
/// with under `/dev/fd`. It cannot be replaced, and must not be.
///
/// # Errors
/// When it is neither that nor a plain file. A named pipe would keep the checker until a program
/// reads it.
fn is_written_into(file: &Path, place: &Path) -> Result<bool> {
    let Ok(meta) = fs::metadata(place) else {
        return Ok(false);
    };
    if meta.is_file() || meta.file_type().is_char_device() || is_own(place) {
        return Ok(!meta.is_file());
    }
    Err(Trouble::new(format!(
        "could not write {}: it is {}, and a plain file is needed",
        file.display(),
        kind(&meta)
    )))
}

/// Whether a path names what this process was started with.
fn is_own(path: &Path) -> bool {
    let own = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd"];
    own.iter().any(|own| path.starts_with(own))
}

fn kind(meta: &Metadata) -> &'static str {
    let kind = meta.file_type();
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

/// Writes into what is there. To open it never waits.
fn write_into(place: &Path, content: &[u8]) -> std::io::Result<()> {
    let waits_not = OFlags::NONBLOCK.bits().cast_signed();
    let mut into: File = OpenOptions::new()
        .write(true)
        .custom_flags(waits_not)
        .open(place)?;
    fcntl_setfl(&into, fcntl_getfl(&into)? - OFlags::NONBLOCK)?;
    into.write_all(content)
}

/// What an error says, without the file beside the wanted one: that is gone by then.
fn plain(error: std::io::Error) -> String {
    let said = error.to_string();
    match said.find(" at path \"") {
        Some(end) => said[..end].to_owned(),
        None => said,
    }
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
        if !is_written_into(&file, &place)? {
            let tried = aside(&place).map_err(plain);
            tried.or_trouble(|| format!("write {}", file.display()))?;
        }
        Ok(ResultFile(file))
    }

    /// Whether both lead to one plain file, in which the one would take the place of the other.
    pub fn is_same_file(&self, other: &ResultFile) -> bool {
        let whole = |file: &Path| {
            let name = file.file_name()?;
            let folder = file.parent().filter(|folder| *folder != Path::new(""));
            let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
            Some(folder.join(name))
        };
        let (one, other) = (place(&self.0), place(&other.0));
        let is_device = one.metadata().is_ok_and(|meta| !meta.is_file());
        !is_device && whole(&one).is_some() && whole(&one) == whole(&other)
    }

    /// Writes what is known so far. What is written into, a device say, gets the end only.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_so_far(&self, content: &str) -> Result<()> {
        match fs::metadata(&self.0) {
            Ok(meta) if !meta.is_file() => Ok(()),
            _ => write(&self.0, content),
        }
    }

    /// Writes the final result.
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
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_under_two_names_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| ResultFile::at(folder.path().join(name)).unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        assert!(at("result").is_same_file(&at("deep/../result")));
        assert!(!at("result").is_same_file(&at("deep/result")));
        fs::write(folder.path().join("result"), "").unwrap();
        std::os::unix::fs::symlink("result", folder.path().join("link")).unwrap();
        assert!(at("result").is_same_file(&at("link")));
        let device = || ResultFile::at("/dev/null".into()).unwrap();
        assert!(!device().is_same_file(&device()));
    }

    #[test]
    fn file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result.json");
        fs::write(&file, "old").unwrap();
        let mut old = File::open(&file).unwrap();
        write(&file, "new").unwrap();
        let mut kept = String::new();
        std::io::Read::read_to_string(&mut old, &mut kept).unwrap();
        assert_eq!(
            kept, "old",
            "a program that has it open still has the old one"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let link = folder.path().join("link.json");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, "newer").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "newer");
    }

    #[test]
    fn device_is_written_into_and_a_pipe_is_refused_at_once() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        write(Path::new("/dev/null"), "x").unwrap();
        ResultFile::at("/dev/null".into()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        for refused in [write(&pipe, "x"), ResultFile::at(pipe.clone()).map(drop)] {
            let said = refused.unwrap_err().to_string();
            assert!(
                said.ends_with("it is a pipe, and a plain file is needed"),
                "{said}"
            );
        }
    }

    #[test]
    fn error_names_the_file_that_was_wanted_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/result.json");
        for refused in [
            write(&missing, "x"),
            ResultFile::at(missing.clone()).map(drop),
        ] {
            let said = refused.unwrap_err().to_string();
            assert!(
                !said.contains(".new-") && said.contains("result.json"),
                "{said}"
            );
        }
    }

    #[test]
    fn file_of_an_earlier_run_stays_until_there_is_a_result() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result.json");
        fs::write(&file, "old").unwrap();
        let result = ResultFile::at(file.clone()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        result.write_so_far("some").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "some");
        assert!(ResultFile::at(folder.path().to_owned()).is_err());
        assert!(ResultFile::at(folder.path().join("no/such/result.json")).is_err());
    }
}
