//! Processes that left the group of the child that started them, and outlived it.
//!
//! Killing a group does not reach them. On Linux a process may declare that it adopts the
//! orphans among its descendants; so they turn up as children of the guard, which finds and
//! kills them when everything ends. Other systems have nothing like it.

/// From now on orphaned descendants become children of this process, where the system can do so.
pub(super) fn adopt() {
    // Without it, only what left its group on purpose outlives a run.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Kills all children of this process that are left, and theirs, which become ours as they are
/// orphaned in turn.
pub(super) fn end_all() {
    #[cfg(target_os = "linux")]
    linux::end_all();
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, waitid};

    /// How deep descendants are followed; each round orphans the next generation.
    const ROUNDS: usize = 100;

    pub(super) fn end_all() {
        for _ in 0..ROUNDS {
            let children = children_of(getpid());
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

    fn children_of(parent: Pid) -> Vec<Pid> {
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        let is_child = |pid: &Pid| {
            let file = format!("/proc/{}/stat", pid.as_raw_nonzero());
            let stat = std::fs::read_to_string(file).unwrap_or_default();
            // `12 (any name) S 11 …`: state and parent stand behind the last parenthesis.
            let fields = stat.rsplit_once(')').map(|(_, fields)| fields);
            let parent_of = fields.and_then(|fields| fields.split_whitespace().nth(1));
            parent_of.and_then(|text| text.parse().ok()) == Some(parent.as_raw_nonzero().get())
        };
        processes
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(Pid::from_raw)
            .filter(is_child)
            .collect()
    }
}
