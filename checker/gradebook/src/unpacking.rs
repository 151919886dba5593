//! Unpacking what was handed in, in bounded time and space, into a folder that held nothing.
//!
//! Only plain files are written, and only those that a submission can be made of: what lies in hidden
//! folders and in `target` is passed over unread where the format allows it. A path that leads out of the
//! folder refuses the whole archive, since no tool that students use makes one.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use tokio::time::Instant;

/// How large an archive may be.
const MAX_ARCHIVE: u64 = 256 << 20;

/// How much an archive may hold in files that are taken.
const MAX_TAKEN: u64 = 64 << 20;

/// How much of a stream is read to find them.
const MAX_STREAM: u64 = 1 << 30;

/// How many entries an archive may have.
const MAX_ENTRIES: usize = 50_000;

/// The largest file that is written whole. Of a larger one so much is written that its reader finds it too large.
const MAX_FILE: u64 = (1 << 20) + 1;

/// How long git may work on a bundle.
const GIT_TIMEOUT: Duration = Duration::from_secs(60);

/// What an archive is, by its first bytes: its name may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A zip file.
    Zip,
    /// A tar file that gzip compressed.
    TarGz,
    /// A tar file.
    Tar,
    /// What `git bundle create` writes.
    GitBundle,
}

/// Why an archive is not graded, as a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        Refused(format!("The archive is damaged: {error}."))
    }
}

type Result<T> = std::result::Result<T, Refused>;

impl Format {
    /// The format of a file, if it is an archive that can be unpacked.
    pub fn of(file: &Path) -> Option<Format> {
        let mut begin = Vec::new();
        let opened = testkit::plain_file::open(file).ok()?;
        opened.take(512).read_to_end(&mut begin).ok()?;
        match &*begin {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Format::Zip),
            [0x1f, 0x8b, ..] => Some(Format::TarGz),
            bytes if bytes.starts_with(b"# v2 git bundle") => Some(Format::GitBundle),
            bytes if bytes.starts_with(b"# v3 git bundle") => Some(Format::GitBundle),
            bytes if bytes.get(257..262) == Some(b"ustar") => Some(Format::Tar),
            _ => None,
        }
    }
}

/// Unpacks an archive into an empty folder. Gives back what was left out, a sentence each.
///
/// # Errors
/// Why it is refused.
pub fn unpack(archive: &Path, format: Format, into: &Path) -> Result<Vec<String>> {
    let file = testkit::plain_file::open(archive)?;
    let bytes = file.metadata()?.len();
    if bytes > MAX_ARCHIVE {
        return Err(too_large(MAX_ARCHIVE));
    }
    let mut taken = Taken::into(into);
    match format {
        Format::Zip => unzip(file, &mut taken)?,
        Format::Tar => untar(file, &mut taken)?,
        Format::TarGz => untar(MultiGzDecoder::new(io::BufReader::new(file)), &mut taken)?,
        Format::GitBundle => unbundle(archive, &mut taken)?,
    }
    Ok(taken.notes)
}

fn too_large(limit: u64) -> Refused {
    Refused(format!(
        "The archive holds more than {} MiB. Leave out target/ and all other build output.",
        limit >> 20
    ))
}

/// What was taken so far.
struct Taken<'a> {
    folder: &'a Path,
    bytes: u64,
    entries: usize,
    notes: Vec<String>,
}

impl<'a> Taken<'a> {
    fn into(folder: &'a Path) -> Taken<'a> {
        Taken {
            folder,
            bytes: 0,
            entries: 0,
            notes: Vec::new(),
        }
    }

    /// Where a file of that name goes, if it is wanted.
    fn place(&mut self, name: &Path) -> Result<Option<PathBuf>> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(Refused(format!(
                "The archive has more than {MAX_ENTRIES} entries."
            )));
        }
        let mut path = PathBuf::new();
        for part in name.components() {
            match part {
                Component::Normal(part) => path.push(part),
                Component::CurDir => {}
                _ => {
                    return Err(Refused(format!(
                        "The archive holds a file that leads out of its folder: {}.",
                        runtime::terminal::one_line(&name.to_string_lossy())
                    )));
                }
            }
        }
        let is_passed_over = path.iter().any(|part| {
            let part = part.to_string_lossy();
            part.starts_with('.') || part == "target" || part == "__MACOSX"
        });
        Ok((!is_passed_over && path.iter().next().is_some()).then(|| self.folder.join(path)))
    }

    /// Notes an entry that is neither a file nor a folder.
    fn leave_out(&mut self, name: &Path) {
        self.notes.push(format!(
            "{} is a link or another special file, and is left out.",
            runtime::terminal::one_line(&name.to_string_lossy())
        ));
    }

    fn write(&mut self, place: &Path, content: impl Read) -> Result<()> {
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        // Of two entries of one name the later counts, as with every tool that unpacks.
        let mut file = File::create(place)?;
        self.bytes += io::copy(&mut content.take(MAX_FILE), &mut file)?;
        if self.bytes > MAX_TAKEN {
            return Err(too_large(MAX_TAKEN));
        }
        Ok(())
    }
}

fn unzip(file: impl Read + Seek, taken: &mut Taken) -> Result<()> {
    let damaged = |error| Refused(format!("The zip file cannot be read: {error}."));
    let mut archive = zip::ZipArchive::new(file).map_err(damaged)?;
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(damaged)?;
        // Some tools for Windows write `\`.
        let name = PathBuf::from(entry.name().map_err(damaged)?.replace('\\', "/"));
        let Some(place) = taken.place(&name)? else {
            continue;
        };
        if entry.is_dir() {
            continue;
        }
        match entry.is_file() {
            true => taken.write(&place, entry)?,
            false => taken.leave_out(&name),
        }
    }
    Ok(())
}

fn untar(stream: impl Read, taken: &mut Taken) -> Result<()> {
    let mut archive = tar::Archive::new(Limited {
        stream,
        left: MAX_STREAM,
    });
    for entry in archive.entries()? {
        let entry = entry?;
        let name = entry.path()?.into_owned();
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            continue;
        }
        let Some(place) = taken.place(&name)? else {
            continue;
        };
        if kind.is_dir() {
            continue;
        }
        match kind.is_file() {
            true => taken.write(&place, entry)?,
            false => taken.leave_out(&name),
        }
    }
    Ok(())
}

/// A stream that ends with an error when too much was read of it.
struct Limited<R> {
    stream: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(into)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                let what = format!("it holds more than {} MiB", MAX_STREAM >> 20);
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
            }
        }
        Ok(read)
    }
}

/// Takes the files of a bundle's newest commit. Nothing of it is checked out: git hands them over as a tar
/// file, to which the same rules apply.
fn unbundle(bundle: &Path, taken: &mut Taken) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let repository = folder.path().join("bundle.git");
    let bundle = bundle.canonicalize()?;
    let git = || {
        let mut git = Command::new("git");
        // No configuration and no hook of any user.
        git.env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.bigFileThreshold=1m",
            ])
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        git
    };
    let until = Instant::now() + GIT_TIMEOUT;
    let cloned = git()
        .args(["clone", "--quiet", "--bare", "--"])
        .arg(&bundle)
        .arg(&repository)
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| {
            Refused(format!(
                "git, which unpacks bundles, cannot be run: {error}."
            ))
        })?;
    if !ends_well(cloned, until)? {
        return Err(Refused(
            "git cannot read the bundle; `git bundle create FILE HEAD` makes one.".to_owned(),
        ));
    }
    // A bundle without HEAD has a branch, most often a single one.
    let commit = ["HEAD", "main", "master"].into_iter().find(|name| {
        let found = git()
            .arg("--git-dir")
            .arg(&repository)
            .args(["rev-parse", "--verify", "--quiet"])
            .arg(format!("{name}^{{commit}}"))
            .stdout(Stdio::null())
            .status();
        found.is_ok_and(|found| found.success())
    });
    let commit = commit.ok_or_else(|| {
        Refused("The bundle has neither HEAD nor a branch main or master.".to_owned())
    })?;
    let mut archived = git()
        .arg("--git-dir")
        .arg(&repository)
        .args(["archive", "--format=tar", commit])
        .stdout(Stdio::piped())
        .spawn()?;
    let unpacked = match archived.stdout.take() {
        Some(stream) => untar(stream, taken),
        None => Ok(()),
    };
    if unpacked.is_err() {
        let _ = archived.kill();
    }
    let ended_well = ends_well(archived, until)?;
    unpacked?;
    match ended_well {
        true => Ok(()),
        false => Err(Refused("git cannot read the bundle.".to_owned())),
    }
}

/// Whether a process ends with success in time. It is killed when it does not end.
#[expect(
    clippy::disallowed_methods,
    reason = "submissions are unpacked before anything else runs"
)]
fn ends_well(mut process: std::process::Child, until: Instant) -> io::Result<bool> {
    loop {
        if let Some(status) = process.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() > until {
            process.kill()?;
            process.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests;
