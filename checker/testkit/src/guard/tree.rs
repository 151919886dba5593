//! What a child uses, together with all that it has started.
//!
//! Resident memory is what counts: limits on address space mislead, for a program reserves far
//! more than it uses. Limits of the operating system on the number of processes count all those of
//! a user, and none of root's; so the guard counts by itself what belongs to a child.

use std::collections::BTreeMap;
use std::time::Duration;

/// How long to wait between two looks. Asking `ps` costs a process each time.
pub(super) const PERIOD: Duration = if cfg!(target_os = "linux") {
    Duration::from_millis(100)
} else {
    Duration::from_millis(500)
};

/// What a process and its descendants use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Resident bytes.
    pub(super) memory: u64,
    /// Threads; a process has at least one. Where the system only tells processes, these.
    pub(super) tasks: u64,
    /// Time on processors so far. Zero where the system is not asked.
    pub(super) processor: Duration,
}

impl Usage {
    fn add(&mut self, other: Usage) {
        self.memory += other.memory;
        self.tasks += other.tasks;
        self.processor += other.processor;
    }
}

/// What each of these processes uses, with its descendants; those that are gone are left out.
pub(super) fn usage(roots: &[i32]) -> BTreeMap<i32, Usage> {
    if roots.is_empty() {
        return BTreeMap::new();
    }
    #[cfg(target_os = "linux")]
    return linux::usage(roots);
    #[cfg(not(target_os = "linux"))]
    return ps::usage(roots);
}

#[cfg(target_os = "linux")]
pub(super) use linux::{children_of, family, is_stopped};

#[cfg(target_os = "linux")]
mod linux {
    use super::{BTreeMap, Duration, Usage};

    /// More descendants are not followed: by then the child is far beyond its limit.
    const FOLLOWED: usize = 4000;

    pub(super) fn usage(roots: &[i32]) -> BTreeMap<i32, Usage> {
        let page = rustix::param::page_size() as u64;
        let mut all = BTreeMap::new();
        for &root in roots {
            let mut family = family(root).into_iter();
            let Some(mut sum) = family.next().and_then(|root| of_process(root, page)) else {
                continue;
            };
            for pid in family {
                // A process may end between two looks at it.
                sum.add(of_process(pid, page).unwrap_or_default());
            }
            all.insert(root, sum);
        }
        all
    }

    /// A process and its descendants; it comes first.
    pub(in crate::guard) fn family(root: i32) -> Vec<i32> {
        let (mut family, mut asked) = (vec![root], 0);
        while asked < family.len() && asked <= FOLLOWED {
            family.extend(children_of(family[asked]));
            asked += 1;
        }
        family
    }

    /// The fields of `/proc/PID/stat` behind the name, which may hold any character.
    fn stat(file: &str) -> Option<Vec<String>> {
        let stat = std::fs::read_to_string(file).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        Some(fields.split_whitespace().map(str::to_owned).collect())
    }

    fn of_process(pid: i32, page: u64) -> Option<Usage> {
        // Numbered as in proc(5), less the two fields before: state is 3 there.
        let fields = stat(&format!("/proc/{pid}/stat"))?;
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Usage {
            memory: number(24)? * page,
            tasks: number(20)?,
            processor: Duration::from_secs_f64(
                (number(14)? + number(15)?) as f64 / rustix::param::clock_ticks_per_second() as f64,
            ),
        })
    }

    /// The children of a process, in the order in which they became its children.
    pub(in crate::guard) fn children_of(pid: i32) -> Vec<i32> {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
            return Vec::new();
        };
        let mut children = Vec::new();
        for thread in threads.flatten() {
            let list = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            children.extend(
                list.split_whitespace()
                    .filter_map(|pid| pid.parse::<i32>().ok()),
            );
        }
        children
    }

    /// Whether no thread of a process runs on.
    pub(in crate::guard) fn is_stopped(pid: i32) -> bool {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
            return false;
        };
        let mut threads = threads.flatten().peekable();
        threads.peek().is_some()
            && threads.all(|thread| {
                let file = thread.path().join("stat");
                let state = file
                    .to_str()
                    .and_then(stat)
                    .and_then(|fields| fields.into_iter().next());
                state.is_some_and(|state| state == "T" || state == "t")
            })
    }
}

#[cfg(not(target_os = "linux"))]
mod ps {
    use super::{BTreeMap, Duration, Usage};

    pub(super) fn usage(roots: &[i32]) -> BTreeMap<i32, Usage> {
        let Ok(output) = std::process::Command::new("ps")
            .args(["-A", "-o", "pid=,ppid=,rss="])
            .output()
        else {
            return BTreeMap::new();
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let mut memory = BTreeMap::new();
        let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for line in text.lines() {
            let mut fields = line.split_whitespace().map(str::parse::<i64>);
            let (Some(Ok(pid)), Some(Ok(parent)), Some(Ok(kilobytes))) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let (Ok(pid), Ok(parent)) = (i32::try_from(pid), i32::try_from(parent)) else {
                continue;
            };
            memory.insert(pid, kilobytes.unsigned_abs() * 1024);
            children.entry(parent).or_default().push(pid);
        }
        let mut all = BTreeMap::new();
        for root in roots.iter().filter(|root| memory.contains_key(root)) {
            let mut sum = Usage::default();
            let mut waiting = vec![*root];
            while let Some(pid) = waiting.pop() {
                sum.add(Usage {
                    memory: memory.get(&pid).copied().unwrap_or_default(),
                    tasks: 1,
                    processor: Duration::ZERO,
                });
                waiting.extend(children.remove(&pid).unwrap_or_default());
            }
            all.insert(*root, sum);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_usage_is_seen_with_that_of_children_and_none_of_nobody() {
        let mut child = std::process::Command::new("sleep")
            .arg("1000")
            .spawn()
            .unwrap();
        let me = std::process::id().cast_signed();
        let alone = usage(&[child.id().cast_signed()])[&child.id().cast_signed()];
        let seen = usage(&[me, i32::MAX]);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(alone.tasks, 1);
        assert!(seen[&me].memory > 1 << 20, "{seen:?}");
        assert!(seen[&me].tasks >= 2, "{seen:?}");
        assert_eq!(seen.len(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn time_on_the_processors_grows_with_what_a_process_computes() {
        let me = std::process::id().cast_signed();
        let before = usage(&[me])[&me].processor;
        let begun = tokio::time::Instant::now();
        while usage(&[me])[&me].processor < before + Duration::from_millis(50) {
            assert!(begun.elapsed() < Duration::from_secs(20));
        }
    }
}
