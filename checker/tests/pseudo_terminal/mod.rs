//! A terminal without a window, in which a program runs: what it shows, and keys for it.
//!
//! To get a terminal of its own, a process must lead a session. A program that was just started
//! cannot be made to without unsafe code; so the test binary is started once more, becomes the leader,
//! and then the program.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// How long a screen is waited for: the first build of a course may be among it.
const PATIENCE: Duration = Duration::from_secs(300);

/// The variables that make the test binary become a program.
const TERMINAL: &str = "PSEUDO_TERMINAL";
const PROGRAM: &str = "PSEUDO_TERMINAL_PROGRAM";
const ARGUMENTS: &str = "PSEUDO_TERMINAL_ARGUMENTS";

#[test]
#[ignore = "it is no test: the others start it, and it becomes the program that they test"]
fn leads_a_session() {
    let Some(terminal) = std::env::var_os(TERMINAL) else {
        return;
    };
    let program = std::env::var_os(PROGRAM).unwrap();
    let arguments = std::env::var(ARGUMENTS).unwrap();
    setsid().unwrap();
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(terminal)
        .unwrap();
    ioctl_tiocsctty(&terminal).unwrap();
    let error = Command::new(program)
        .args(arguments.lines())
        .env_remove(TERMINAL)
        .stdin(terminal.try_clone().unwrap())
        .stdout(terminal.try_clone().unwrap())
        .stderr(terminal)
        .exec();
    panic!("{error}");
}

/// How a terminal is set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SavedModes([u64; 4], Vec<u8>);

/// A terminal, and the program in it.
pub(crate) struct PseudoTerminal {
    ours: File,
    theirs: File,
    name: PathBuf,
    before: SavedModes,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    program: Option<Child>,
}

/// What was sent to the terminal, and what one sees of it.
struct Shown {
    sent: Vec<u8>,
    screen: Screen,
    is_over: bool,
}

impl PseudoTerminal {
    /// Opens one of a size.
    pub(crate) fn open(columns: u16, rows: u16) -> PseudoTerminal {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        // The program must not hold it, too: then nothing would end it when the test is killed.
        fcntl_setfd(&ours, FdFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let name: &CStr = name.as_ref();
        let name = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes())).to_owned();
        let theirs = rustix::fs::open(
            &name,
            rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC,
            rustix::fs::Mode::empty(),
        );
        let theirs = File::from(theirs.unwrap());
        let size = Winsize {
            ws_col: columns,
            ws_row: rows,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&theirs, size).unwrap();
        let shown = Shown {
            sent: Vec::new(),
            screen: Screen::new(columns.into(), rows.into()),
            is_over: false,
        };
        let terminal = PseudoTerminal {
            ours: File::from(ours),
            before: modes(&theirs),
            theirs,
            name,
            shown: Arc::new((Mutex::new(shown), Condvar::new())),
            program: None,
        };
        terminal.look();
        terminal
    }

    /// Runs a program in it.
    pub(crate) fn start(
        &mut self,
        program: &Path,
        args: &[&str],
        set_up: impl FnOnce(&mut Command),
    ) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        set_up(&mut command);
        command
            .args([
                "--exact",
                "pseudo_terminal::leads_a_session",
                "--ignored",
                "--nocapture",
            ])
            .env(TERMINAL, &self.name)
            .env(PROGRAM, program)
            .env(ARGUMENTS, args.join("\n"))
            .stdout(std::process::Stdio::null());
        self.program = Some(command.spawn().unwrap());
    }

    /// Reads in a thread what is sent to the terminal.
    fn look(&self) {
        let shown = Arc::clone(&self.shown);
        let mut from = self.ours.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let read = from.read(&mut bytes).unwrap_or(0);
                let (state, changed) = &*shown;
                let mut state = state.lock().unwrap();
                state.is_over = read == 0;
                state.sent.extend(&bytes[..read]);
                state.screen.take(&bytes[..read]);
                changed.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
    }

    #[track_caller]
    fn wait_for(&self, what: &str, mut holds: impl FnMut(&Shown) -> bool) -> String {
        let (state, changed) = &*self.shown;
        let waited = changed.wait_timeout_while(state.lock().unwrap(), PATIENCE, |shown| {
            !holds(shown) && !shown.is_over
        });
        let (shown, _) = waited.unwrap();
        let screen = shown.screen.text();
        assert!(
            holds(&shown),
            "{what} does not come; this is there:\n{screen}"
        );
        screen
    }

    /// Waits until the screen shows a text, and returns the screen.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> String {
        self.shows_one_of(&[text])
    }

    /// Waits until the screen shows one of these.
    #[track_caller]
    pub(crate) fn shows_one_of(&self, texts: &[&str]) -> String {
        self.wait_for(&texts.join(" or "), |shown| {
            let screen = shown.screen.text();
            texts.iter().any(|text| screen.contains(text)) && shown.screen.is_whole
        })
    }

    /// Waits until these bytes were sent.
    #[track_caller]
    pub(crate) fn was_sent(&self, bytes: &str) {
        let bytes = bytes.as_bytes();
        self.wait_for("the bytes", |shown| {
            shown
                .sent
                .windows(bytes.len())
                .any(|window| window == bytes)
        });
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: impl AsRef<[u8]>) {
        self.ours.write_all(keys.as_ref()).unwrap();
    }

    /// The process of the program.
    pub(crate) fn process(&self) -> Pid {
        Pid::from_child(self.program.as_ref().unwrap())
    }

    /// Waits for the end of the program, and returns its exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.program.as_mut().unwrap().wait().unwrap().code()
    }

    /// How it is set.
    pub(crate) fn modes(&self) -> SavedModes {
        modes(&self.theirs)
    }

    /// How it was set when it was opened.
    pub(crate) fn modes_before(&self) -> SavedModes {
        let SavedModes(modes, codes) = &self.before;
        SavedModes(*modes, codes.clone())
    }

    /// Sets it as a program with a prompt would.
    pub(crate) fn set_raw(&self) -> SavedModes {
        let mut raw = tcgetattr(&self.theirs).unwrap();
        raw.make_raw();
        tcsetattr(&self.theirs, OptionalActions::Now, &raw).unwrap();
        self.modes()
    }

    /// Waits until no process has the terminal open any more, except for this one.
    pub(crate) fn hung_up_by_all(&mut self) {
        let theirs = std::mem::replace(&mut self.theirs, self.ours.try_clone().unwrap());
        drop(theirs);
        let (state, changed) = &*self.shown;
        let waited =
            changed.wait_timeout_while(state.lock().unwrap(), PATIENCE, |shown| !shown.is_over);
        assert!(waited.unwrap().0.is_over);
    }
}

impl Drop for PseudoTerminal {
    fn drop(&mut self) {
        if let Some(program) = &mut self.program {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

fn modes(terminal: &File) -> SavedModes {
    let modes = tcgetattr(terminal).unwrap();
    let codes = format!("{:?}", modes.special_codes).into_bytes();
    SavedModes(
        [
            modes.input_modes.bits().into(),
            modes.output_modes.bits().into(),
            modes.control_modes.bits().into(),
            modes.local_modes.bits().into(),
        ],
        codes,
    )
}

/// As much of a terminal as the checker uses.
struct Screen {
    columns: usize,
    cells: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// Whether all of what belongs together has come.
    is_whole: bool,
    /// The start of a sequence or a letter whose end has not come yet.
    unread: Vec<u8>,
}

impl Screen {
    fn new(columns: usize, rows: usize) -> Screen {
        Screen {
            columns,
            cells: vec![vec![' '; columns]; rows],
            row: 0,
            column: 0,
            is_whole: true,
            unread: Vec::new(),
        }
    }

    fn text(&self) -> String {
        let lines = self.cells.iter().map(|line| {
            let line: String = line.iter().collect();
            line.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn take(&mut self, bytes: &[u8]) {
        self.unread.extend(bytes);
        let unread = std::mem::take(&mut self.unread);
        let end = match std::str::from_utf8(&unread) {
            Ok(_) => unread.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = std::str::from_utf8(&unread[..end]).unwrap();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let length = if letter == '\u{1b}' {
                let Some(length) = self.sequence(rest) else {
                    break;
                };
                length
            } else {
                self.letter(letter);
                letter.len_utf8()
            };
            rest = &rest[length..];
        }
        self.unread = unread[end - rest.len()..].to_vec();
    }

    /// Carries a sequence out, and returns its length; `None` if its end has not come yet.
    fn sequence(&mut self, text: &str) -> Option<usize> {
        if text.starts_with("\u{1b}]") {
            return Some(text.find("\u{1b}\\")? + 2);
        }
        let end = text
            .get(2..)?
            .find(|letter: char| letter.is_ascii_alphabetic())?
            + 2;
        match &text[2..=end] {
            "?2026h" => self.is_whole = false,
            "?2026l" => self.is_whole = true,
            _ => {}
        }
        let numbers: Vec<usize> = text[2..end]
            .split(';')
            .map(|number| number.parse().unwrap_or(1))
            .collect();
        match &text[end..=end] {
            "H" => {
                self.row = (numbers[0] - 1).min(self.cells.len() - 1);
                self.column = numbers.get(1).map_or(0, |column| column - 1);
            }
            "K" => self.clear(self.row, self.column),
            "J" => {
                self.clear(self.row, self.column);
                for row in self.row + 1..self.cells.len() {
                    self.clear(row, 0);
                }
            }
            _ => {}
        }
        Some(end + 1)
    }

    fn clear(&mut self, row: usize, from: usize) {
        let from = from.min(self.columns);
        self.cells[row][from..].fill(' ');
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '\r' => self.column = 0,
            '\n' if self.row + 1 < self.cells.len() => self.row += 1,
            '\n' => {
                self.cells.remove(0);
                self.cells.push(vec![' '; self.columns]);
            }
            letter => {
                if self.column == self.columns {
                    self.column = 0;
                    self.letter('\n');
                }
                self.cells[self.row][self.column] = letter;
                self.column += 1;
            }
        }
    }
}
