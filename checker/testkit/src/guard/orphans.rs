//! Processes that left the group of the child that started them, and outlived it.
//!
//! Killing a group does not reach them. On Linux a process may declare that it adopts the
//! orphans among its descendants; so they turn up as children of the guard, which finds and
//! kills them. Other systems have nothing like it.
//!
//! Everything that a guard starts also carries a mark in its environment, the folder of its run. By
//! the mark what is left can be found when the guard itself was killed.

use std::path::Path;

/// The variable that marks everything which a run starts, with the run's folder.
pub(super) const MARK: &str = "CHECKER_RUN";

/// From now on orphaned descendants become children of this process, where the system can do so.
pub(super) fn adopt() {
    // Without it, only what left its group on purpose outlives a run.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Kills what has become a child of this process although it did not start it. `started` are its own
/// children.
pub(super) fn end_strays(started: &[i32]) {
    #[cfg(target_os = "linux")]
    linux::end_strays(started);
    #[cfg(not(target_os = "linux"))]
    let _ = started;
}

/// Kills every process that carries the mark of a run whose guard is gone. A process can wash its mark off, unless it runs in a sandbox, which ends with the guard.
pub(super) fn end_left_over(run: &Path) {
    #[cfg(target_os = "linux")]
    linux::end_marked(run);
    #[cfg(not(target_os = "linux"))]
    let _ = run;
}

/// Kills all children of this process that are left, and theirs, which become ours as they are
/// orphaned in turn.
pub(super) fn end_all() {
    #[cfg(target_os = "linux")]
    linux::end_all();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, waitid};

    use super::MARK;
    use crate::guard::tree::children_of;

    /// How deep descendants are followed; each round orphans the next generation.
    const ROUNDS: usize = 100;

    pub(super) fn end_all() {
        for _ in 0..ROUNDS {
            let children = own_children();
            if children.is_empty() {
                return;
            }
            for child in &children {
                let _ = kill_process(*child, Signal::KILL);
            }
            for child in children {
                let _ = waitid(WaitId::Pid(child), WaitIdOptions::EXITED);
            }
        }
    }

    pub(super) fn end_strays(started: &[i32]) {
        for stray in own_children() {
            if started.contains(&stray.as_raw_nonzero().get()) {
                continue;
            }
            let _ = kill_process(stray, Signal::KILL);
            let _ = waitid(
                WaitId::Pid(stray),
                WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
            );
        }
    }

    pub(super) fn end_marked(run: &Path) {
        let mark = [MARK.as_bytes(), b"=", run.as_os_str().as_bytes()].concat();
        for _ in 0..ROUNDS {
            let marked: Vec<Pid> = processes().filter(|pid| has_mark(*pid, &mark)).collect();
            if marked.is_empty() {
                break;
            }
            for pid in marked {
                let _ = kill_process(pid, Signal::KILL);
            }
            // One that is being killed keeps its environment for a moment.
            std::thread::yield_now();
        }
    }

    fn has_mark(pid: Pid, mark: &[u8]) -> bool {
        let environment =
            std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap_or_default();
        pid != getpid()
            && environment
                .split(|&byte| byte == 0)
                .any(|variable| variable == mark)
    }

    fn processes() -> impl Iterator<Item = Pid> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(Pid::from_raw)
    }

    fn own_children() -> Vec<Pid> {
        let me = getpid().as_raw_nonzero().get();
        children_of(me)
            .into_iter()
            .filter_map(Pid::from_raw)
            .collect()
    }
}
