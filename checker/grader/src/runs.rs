//! The runs that are kept in the course's folder: what was said, what happened, and what the nodes
//! wrote. The report, `checker logs` and comparisons are made from them.
//!
//! ```text
//! .checker/
//!   progress.json                 what was solved, see the journal
//!   runs/20261125-214608-part1/   one run; `play-part1` for one at the prompt of `checker play`
//!     pid                         locked by the checker while the run goes on
//!     run.json                    the verdicts so far; written again after each scenario
//!     report.html                 the same as a page, at the end
//!     run-1/SCENARIO-TRY/         traces and logs of one try
//! ```
//!
//! Only the newest runs are kept, and only so many bytes of them. Where the folder cannot be written,
//! runs are not kept, and that is no reason not to run.

pub mod room;

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::ZonedDateTime;

use crate::course::Course;
use crate::part_report::PartReport;
use crate::whole_file;
use testkit::plain_file::{self, MAX_OWN, MAX_TEXT};
use testkit::trace::Trace;
use testkit::trouble::{Result, While};

/// The folder in the course's root for what the checker keeps there.
pub const FOLDER: &str = ".checker";

/// How many runs are kept.
pub const KEPT: usize = 20;

/// How many runs may be there that never came to their end, before they are taken for dead.
const UNFINISHED: usize = 20;

const VERDICTS: &str = "run.json";

/// While a run goes on, this file has the number of the process that it belongs to, which holds a lock
/// on it.
const PROCESS: &str = "pid";

/// A run in the course's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    path: PathBuf,
}

/// A run that this process has begun. It goes on until this is ended or dropped.
#[derive(Debug)]
pub struct Begun {
    run: Run,
    /// Locked as long as it is open.
    owner: File,
}

impl Deref for Begun {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.run
    }
}

impl Begun {
    /// Writes down what is known so far, or in the end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, report: &PartReport) -> Result<()> {
        self.run.save(report)
    }

    /// Whether it has verdicts, so that it can be looked at once it is ended.
    pub fn has_verdicts(&self) -> bool {
        self.run.path.join(VERDICTS).is_file()
    }

    /// No more events arrive.
    pub fn end(self) {
        // Without the lock the number is that of nobody.
        let _ = fs::remove_file(self.run.path.join(PROCESS));
        drop(self.owner);
    }

    /// Removes it: it holds nothing worth keeping.
    pub fn remove(self) {
        let _ = fs::remove_dir_all(&self.run.path);
    }
}

impl Run {
    /// Makes the folder of a run that begins now, and removes the oldest ones.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn begin(course: &Course, part: &str) -> Result<Begun> {
        let runs = folder(course).join("runs");
        let doing = || format!("make a folder in {}", runs.display());
        fs::create_dir_all(&runs).or_trouble(doing)?;
        // It is taken before it has its name: nobody finds one that belongs to nobody.
        let new = tempfile::Builder::new()
            .prefix(".new-")
            .permissions(fs::Permissions::from_mode(0o777))
            .tempdir_in(&runs)
            .or_trouble(doing)?;
        let owner = take(new.path()).or_trouble(doing)?;
        for name in dated_names(part) {
            let path = runs.join(name);
            match fs::rename(new.path(), &path) {
                Err(error) if is_taken(&error) => {}
                named => {
                    named.or_trouble(doing)?;
                    // Under its old name it is no longer there to be removed.
                    let _ = new.keep();
                    forget_old(course);
                    let run = Run { path };
                    return Ok(Begun { run, owner });
                }
            }
        }
        unreachable!("there is always another name")
    }

    /// Writes what is known of it. For a session, that is what its page shows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, report: &PartReport) -> Result<()> {
        let text = serde_json::to_vec_pretty(report).or_trouble(|| "write verdicts as JSON")?;
        whole_file::write(&self.path.join(VERDICTS), text)
    }

    /// All runs that are kept, the newest first.
    pub fn all(course: &Course) -> Vec<Run> {
        in_folder(&folder(course).join("runs"))
    }

    /// Its name: `20261125-214608-part1`.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Whether its name begins with the time: others are not ours.
    fn has_its_name(&self) -> bool {
        let name = self.name();
        let mut parts = name.split('-');
        let is_number = |text: Option<&str>, length| {
            text.is_some_and(|text| {
                text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        is_number(parts.next(), 8) && is_number(parts.next(), 6) && parts.next().is_some()
    }

    /// Whether there is anything in its folder: a run has at least the file that says whose it is.
    fn holds_something(&self) -> bool {
        fs::read_dir(&self.path).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// What it was of: `part1`, or `play-part1` for a session of `play`.
    pub fn of(&self) -> String {
        let name = self.name();
        let of = name.splitn(3, '-').nth(2).unwrap_or_default();
        let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        // Two of one second have a number each.
        let of = match of.rsplit_once('-') {
            Some((of, number)) if is_number(number) => of,
            _ => of,
        };
        of.to_owned()
    }

    /// Whether nothing was graded: it was a session of `play`.
    pub fn is_session(&self) -> bool {
        self.of().starts_with("play-")
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The page that shows it.
    pub fn page(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// Whether there are verdicts, and no others come. Those of a checker that was killed tell what it
    /// knew until then. A session may go on although there are verdicts, which are what its page shows.
    pub fn is_over(&self) -> bool {
        // A pipe in their place counts: that they cannot be read is then said.
        let has_verdicts = self.path.join(VERDICTS).symlink_metadata().is_ok();
        has_verdicts && (self.is_session() || !self.is_held())
    }

    /// Whether the checker that began it still runs it. If it does not, and the run is not over, that
    /// checker was killed before it knew anything.
    pub fn goes_on(&self) -> bool {
        self.is_held()
    }

    /// Whether a living process holds the lock: a number alone may be that of another by now.
    fn is_held(&self) -> bool {
        // One that cannot be opened is another user's, who may still be at it.
        match plain_file::open(&self.path.join(PROCESS)) {
            Ok(owner) => matches!(owner.try_lock_shared(), Err(TryLockError::WouldBlock)),
            Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
        }
    }

    /// What was said.
    ///
    /// # Errors
    /// When the run is not over, or of another version.
    pub fn verdicts(&self) -> Result<PartReport> {
        let file = self.path.join(VERDICTS);
        let text = plain_file::read(&file, MAX_OWN);
        let text = text.or_trouble(|| format!("read {}", file.display()))?;
        serde_json::from_slice(&text).or_trouble(|| format!("understand {}", file.display()))
    }

    /// What happened in the try that an outcome tells of.
    pub fn traces(&self, outcome: &testkit::verdict::Outcome) -> Vec<Trace> {
        match &outcome.folder {
            Some(folder) => Trace::read_all(&self.path.join(folder)),
            None => Vec::new(),
        }
    }
}

/// The folder in the course's root for what the checker keeps there.
pub fn folder(course: &Course) -> PathBuf {
    course.root.join(FOLDER)
}

/// Makes a folder within another whose name begins with the time: `20261125-214608-part1`. Two of
/// one second have one name each.
///
/// # Errors
/// When it cannot be made.
pub fn dated_folder(within: &Path, what: &str) -> Result<PathBuf> {
    fs::create_dir_all(within).or_trouble(|| format!("make {}", within.display()))?;
    for name in dated_names(what) {
        let folder = within.join(name);
        match fs::create_dir(&folder) {
            Err(error) if is_taken(&error) => {}
            made => {
                made.or_trouble(|| format!("make {}", folder.display()))?;
                return Ok(folder);
            }
        }
    }
    unreachable!("there is always another name")
}

/// Names that begin with the time, the first of which is mostly free.
fn dated_names(what: &str) -> impl Iterator<Item = String> {
    let now = ZonedDateTime::now().strftime("%Y%m%d-%H%M%S").to_string();
    let first = format!("{now}-{what}");
    let others = {
        let first = first.clone();
        (2..).map(move |number: u32| format!("{first}-{number}"))
    };
    std::iter::once(first).chain(others)
}

fn is_taken(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty)
}

/// Says, in the folder of a run, that it belongs to this process.
fn take(folder: &Path) -> std::io::Result<File> {
    let mut owner = File::create(folder.join(PROCESS))?;
    owner.lock()?;
    write!(owner, "{}", std::process::id())?;
    Ok(owner)
}

/// The runs that lie in a folder, the newest first.
fn in_folder(folder: &Path) -> Vec<Run> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut runs: Vec<Run> = entries
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| Run { path: entry.path() })
        .filter(|run| run.has_its_name() && run.holds_something())
        .collect();
    // Their names begin with the time.
    runs.sort_by(|a, b| b.path.cmp(&a.path));
    runs
}

/// Removes the runs that this process began and did not end: none of them is in progress now.
pub fn remove_broken_off(course: &Course) {
    let own = std::process::id().to_string();
    for run in Run::all(course) {
        let process = plain_file::read_text(&run.path.join(PROCESS), MAX_TEXT);
        if process.is_ok_and(|process| process == own) {
            let _ = fs::remove_dir_all(&run.path);
        }
    }
}

/// Removes the oldest runs, so that there are neither too many nor too large ones. One that goes on
/// stays, and so does the newest one that has ended.
pub fn forget_old(course: &Course) {
    let (over, unfinished): (Vec<Run>, Vec<Run>) = Run::all(course)
        .into_iter()
        .filter(|run| !run.goes_on())
        .partition(Run::is_over);
    let mut bytes = 0;
    let is_old = |(place, run): (usize, Run)| {
        bytes += room::bytes(&run.path);
        (place > 0 && bytes > room::ALL_RUNS || place >= KEPT).then_some(run)
    };
    let old = over.into_iter().enumerate().filter_map(is_old);
    for run in old.chain(unfinished.into_iter().skip(UNFINISHED)) {
        let _ = fs::remove_dir_all(&run.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of that name, which belongs to this test.
    fn begun(runs: &Path, name: &str) -> Begun {
        let path = runs.join(name);
        fs::create_dir(&path).unwrap();
        let owner = take(&path).unwrap();
        let run = Run { path };
        Begun { run, owner }
    }

    #[test]
    fn run_is_of_a_part_or_of_a_session() {
        #[track_caller]
        fn check(name: &str, of: &str, is_session: bool) {
            let run = Run { path: name.into() };
            assert_eq!((run.of().as_str(), run.is_session()), (of, is_session));
        }
        check("20261125-214608-part1", "part1", false);
        check("20261125-214608-part1-2", "part1", false);
        check("20261125-214608-play-part4", "play-part4", true);
        check("20261125-214608-play-part4-3", "play-part4", true);
    }

    #[test]
    fn run_goes_on_until_it_is_ended_though_there_are_verdicts() {
        let runs = tempfile::tempdir().unwrap();
        let graded = begun(runs.path(), "20261125-214608-part1");
        let session = begun(runs.path(), "20261125-214608-play-part1");
        assert!(graded.goes_on() && session.goes_on());
        for run in [&graded, &session] {
            fs::write(run.path.join(VERDICTS), "{}").unwrap();
            assert!(run.goes_on());
        }
        assert!(!graded.is_over(), "others may come");
        assert!(session.is_over(), "its page can be looked at");
        let (of_graded, of_session) = (graded.run.clone(), session.run.clone());
        graded.end();
        session.end();
        for run in [of_graded, of_session] {
            assert!(!run.goes_on() && run.is_over());
        }
    }

    #[test]
    fn run_whose_verdicts_are_a_pipe_is_over_and_cannot_be_read() {
        let runs = tempfile::tempdir().unwrap();
        let begun = begun(runs.path(), "20261125-214608-part1");
        let run = begun.run.clone();
        let verdicts = run.path.join(VERDICTS);
        let made = std::process::Command::new("mkfifo").arg(verdicts).status();
        assert!(made.unwrap().success());
        begun.end();
        assert!(run.is_over());
        let why = run.verdicts().unwrap_err().to_string();
        assert!(why.contains("run.json"), "{why}");
    }

    #[test]
    fn folder_that_is_empty_or_elsewhere_is_no_run() {
        let runs = tempfile::tempdir().unwrap();
        let real = begun(runs.path(), "20261125-214608-part1");
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join(VERDICTS), "{}").unwrap();
        let at = |name: &str| runs.path().join(name);
        fs::create_dir(at("20991125-214608-part1")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), at("20991125-214609-part1")).unwrap();
        assert_eq!(in_folder(runs.path()), vec![real.run.clone()]);
    }

    #[test]
    fn run_whose_checker_was_killed_is_over_once_it_knew_something() {
        let runs = tempfile::tempdir().unwrap();
        let begun = begun(runs.path(), "20261125-214608-part1");
        let run = begun.run.clone();
        // The number stays that of a living process: it is the lock that counts.
        drop(begun);
        assert!(!run.goes_on() && !run.is_over());
        fs::write(run.path.join(VERDICTS), "{}").unwrap();
        assert!(!run.goes_on() && run.is_over());
    }
}
