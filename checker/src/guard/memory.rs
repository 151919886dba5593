//! How much memory processes hold.
//!
//! Resident memory is what counts: limits on address space mislead, for a program reserves far
//! more than it uses.

use std::collections::BTreeMap;
use std::time::Duration;

/// How long to wait between two looks. Asking `ps` costs a process each time.
pub(super) const PERIOD: Duration = if cfg!(target_os = "linux") {
    Duration::from_millis(100)
} else {
    Duration::from_millis(500)
};

/// Resident bytes by process id; processes that are gone are left out.
pub(super) fn resident(pids: &[i32]) -> BTreeMap<i32, u64> {
    if pids.is_empty() {
        return BTreeMap::new();
    }
    if cfg!(target_os = "linux") {
        resident_by_proc(pids)
    } else {
        resident_by_ps(pids)
    }
}

fn resident_by_proc(pids: &[i32]) -> BTreeMap<i32, u64> {
    let kilobytes = |pid: i32| -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    pids.iter()
        .filter_map(|&pid| Some((pid, kilobytes(pid)? * 1024)))
        .collect()
}

fn resident_by_ps(pids: &[i32]) -> BTreeMap<i32, u64> {
    let list = pids
        .iter()
        .map(i32::to_string)
        .collect::<Vec<_>>()
        .join(",");
    let Ok(output) = std::process::Command::new("ps")
        .args(["-o", "pid=,rss=", "-p", &list])
        .output()
    else {
        return BTreeMap::new();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let entry = |line: &str| -> Option<(i32, u64)> {
        let mut fields = line.split_whitespace();
        Some((
            fields.next()?.parse().ok()?,
            fields.next()?.parse::<u64>().ok()? * 1024,
        ))
    };
    text.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_memory_is_seen_and_that_of_nobody_is_not() {
        let me = std::process::id().cast_signed();
        let seen = resident(&[me, i32::MAX]);
        assert!(seen[&me] > 1 << 20, "{seen:?}");
        assert_eq!(seen.len(), 1);
    }
}
