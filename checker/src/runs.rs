//! The runs that are kept in the course's folder: what was said, what happened, and what the nodes
//! wrote. The report, `checker logs` and comparisons are made from them.
//!
//! ```text
//! .checker/
//!   progress.json                 what was solved, see the journal
//!   runs/20261125-214608-part1/   one run; `play-part1` for one at the prompt of `checker play`
//!     run.json                    the verdicts; missing while the run goes on
//!     report.html                 the same as a page
//!     run-1/SCENARIO-TRY/         traces and logs of one try
//! ```
//!
//! Only the newest runs are kept. Where the folder cannot be written, runs are not kept, and that
//! is no reason not to run.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::ZonedDateTime;
use rustix::process::{Pid, test_kill_process};

use crate::course::Course;
use crate::report::PartReport;
use crate::trace::Trace;
use crate::trouble::{Result, While};

/// The folder in the course's root for what the checker keeps there.
pub const FOLDER: &str = ".checker";

/// How many runs are kept.
pub const KEPT: usize = 20;

/// How many runs may be there that never came to their end, before they are taken for dead.
const UNFINISHED: usize = 20;

const VERDICTS: &str = "run.json";

/// While a run goes on, this file has the number of the process that it belongs to.
const PROCESS: &str = "pid";

/// A run in the course's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    path: PathBuf,
}

impl Run {
    /// Makes the folder of a run that begins now, and removes the oldest ones.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn begin(course: &Course, part: &str) -> Result<Run> {
        let runs = folder(course).join("runs");
        let path = dated_folder(&runs, part)?;
        // Without it, what is left of a run that is broken off only stays longer.
        let _ = fs::write(path.join(PROCESS), std::process::id().to_string());
        forget_old(course);
        Ok(Run { path })
    }

    /// Writes the verdicts down: the run is over.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish(&self, report: &PartReport) -> Result<()> {
        let file = self.path.join(VERDICTS);
        let text = serde_json::to_vec_pretty(report).or_trouble(|| "write verdicts as JSON")?;
        fs::write(&file, text).or_trouble(|| format!("write {}", file.display()))?;
        if !self.is_session() {
            self.end();
        }
        Ok(())
    }

    /// Nothing comes any more. For a session, that is later than its page.
    pub fn end(&self) {
        // A number that stays is that of no process, mostly.
        let _ = fs::remove_file(self.path.join(PROCESS));
    }

    /// All runs that are kept, the newest first.
    pub fn all(course: &Course) -> Vec<Run> {
        in_folder(&folder(course).join("runs"))
    }

    /// The runs beside this one that began before it, the newest first.
    pub fn earlier(&self) -> Vec<Run> {
        let runs = self.path.parent().map(in_folder).unwrap_or_default();
        let earlier = runs.into_iter().filter(|run| run.path < self.path);
        earlier.collect()
    }

    /// Its name: `20261125-214608-part1`.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// What it was of: `part1`, or `play-part1` if somebody played with that part.
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

    /// Whether nothing was graded: somebody played.
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

    /// Whether its verdicts are there.
    pub fn is_over(&self) -> bool {
        self.path.join(VERDICTS).is_file()
    }

    /// Whether the checker that began it still runs it. If it does not, and the run is not over, that was
    /// killed. A session may go on although there are verdicts, which are what its page shows.
    pub fn goes_on(&self) -> bool {
        if self.is_over() && !self.is_session() || !self.path.is_dir() {
            return false;
        }
        let process = fs::read_to_string(self.path.join(PROCESS)).ok();
        let process = process.and_then(|number| Pid::from_raw(number.trim().parse().ok()?));
        match process {
            // A process of somebody else cannot be asked, and is there.
            Some(process) => !matches!(test_kill_process(process), Err(rustix::io::Errno::SRCH)),
            // It may have begun this moment.
            None => !self.is_over(),
        }
    }

    /// What was said.
    ///
    /// # Errors
    /// When the run is not over, or of another version.
    pub fn verdicts(&self) -> Result<PartReport> {
        let file = self.path.join(VERDICTS);
        let text = fs::read(&file).or_trouble(|| format!("read {}", file.display()))?;
        serde_json::from_slice(&text).or_trouble(|| format!("understand {}", file.display()))
    }

    /// What happened in the try that an outcome tells of.
    pub fn traces(&self, outcome: &crate::verdict::Outcome) -> Vec<Trace> {
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
pub(crate) fn dated_folder(within: &Path, what: &str) -> Result<PathBuf> {
    fs::create_dir_all(within).or_trouble(|| format!("make {}", within.display()))?;
    let now = ZonedDateTime::now().strftime("%Y%m%d-%H%M%S").to_string();
    let mut folder = within.join(format!("{now}-{what}"));
    for number in 2.. {
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                folder = within.join(format!("{now}-{what}-{number}"));
            }
            made => {
                made.or_trouble(|| format!("make {}", folder.display()))?;
                break;
            }
        }
    }
    Ok(folder)
}

/// The runs that lie in a folder, the newest first.
fn in_folder(folder: &Path) -> Vec<Run> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut runs: Vec<Run> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .map(|path| Run { path })
        .collect();
    // Their names begin with the time.
    runs.sort_by(|a, b| b.path.cmp(&a.path));
    runs
}

/// Removes what this process has begun and not ended: none of its runs is under way any more.
pub fn remove_broken_off(course: &Course) {
    let own = std::process::id().to_string();
    for run in Run::all(course).iter().filter(|run| !run.is_over()) {
        if fs::read_to_string(run.path.join(PROCESS)).is_ok_and(|process| process == own) {
            let _ = fs::remove_dir_all(&run.path);
        }
    }
}

/// Removes the oldest runs. One that is not over may belong to a checker that still runs.
fn forget_old(course: &Course) {
    let (over, unfinished): (Vec<Run>, Vec<Run>) =
        Run::all(course).into_iter().partition(Run::is_over);
    let old = over
        .iter()
        .skip(KEPT)
        .chain(unfinished.iter().skip(UNFINISHED));
    for run in old {
        let _ = fs::remove_dir_all(&run.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of that name, which belongs to the process of this test.
    fn run_of_this_process(runs: &Path, name: &str) -> Run {
        let path = runs.join(name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join(PROCESS), std::process::id().to_string()).unwrap();
        Run { path }
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
    fn run_goes_on_until_its_verdicts_and_a_session_until_its_end() {
        let runs = tempfile::tempdir().unwrap();
        let graded = run_of_this_process(runs.path(), "20261125-214608-part1");
        let session = run_of_this_process(runs.path(), "20261125-214608-play-part1");
        assert!(graded.goes_on() && session.goes_on());
        for run in [&graded, &session] {
            fs::write(run.path.join(VERDICTS), "{}").unwrap();
        }
        assert!(!graded.goes_on());
        assert!(session.goes_on());
        session.end();
        assert!(!session.goes_on());
    }

    #[test]
    fn run_whose_checker_was_killed_does_not_go_on() {
        let runs = tempfile::tempdir().unwrap();
        let run = run_of_this_process(runs.path(), "20261125-214608-part1");
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        fs::write(run.path.join(PROCESS), gone.id().to_string()).unwrap();
        assert!(!run.goes_on() && !run.is_over());
    }
}
