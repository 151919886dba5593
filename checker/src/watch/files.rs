//! Notices when a file of an exercise is saved.
//!
//! Editors save in many ways: some write into the file, some write another one and rename it. So it is
//! the folder that is watched. And much happens in a folder that changes nothing: files are read, backed up,
//! saved again as they were. So what counts is content: a save is noticed when the source files or the
//! data are no longer what they were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep_until};
use walkdir::WalkDir;

use crate::manifest::PARTS;
use testkit::plain_file::{self, MAX_OWN};
use testkit::trouble::{Result, While};

/// How long it must be quiet before files are looked at: one save is several events.
const QUIET: Duration = Duration::from_millis(100);

/// How often files are looked at where the system does not tell of changes.
const POLL: Duration = Duration::from_millis(500);

/// The files of an exercise, by path relative to its folder, each with the hash of its content.
type Contents = BTreeMap<PathBuf, [u8; 32]>;

/// What was saved.
pub(super) struct Saved {
    /// The files of the exercise, relative to its folder.
    pub(super) own: Vec<PathBuf>,
    /// The folder of another exercise, where nothing of this one was saved.
    pub(super) other: Option<String>,
}

/// An exercise's folder that is watched.
pub(super) struct Files {
    folder: PathBuf,
    contents: Contents,
    /// The sources of the other exercises, by path relative to the folder of all.
    others: Contents,
    events: UnboundedReceiver<()>,
    /// When the files are to be looked at.
    due: Option<Instant>,
    _watcher: Box<dyn Watcher + Send>,
}

impl Files {
    /// Watches a folder. With `poll` the files are looked at again and again, as the systems of network
    /// drives and of Windows folders under WSL do not tell of changes.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn watch(folder: &Path, poll: bool) -> Result<Files> {
        let (sender, events) = unbounded_channel();
        let heard = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| may_change(&event)) {
                // The receiver is gone: the watch has ended.
                let _ = sender.send(());
            }
        };
        let watcher: notify::Result<Box<dyn Watcher + Send>> = if poll {
            let config = Config::default()
                .with_poll_interval(POLL)
                .with_compare_contents(true);
            PollWatcher::new(heard, config).and_then(|mut watcher| {
                watcher.watch(folder, RecursiveMode::Recursive)?;
                Ok(Box::new(watcher) as Box<dyn Watcher + Send>)
            })
        } else {
            // The folder above as well, so that a folder which git puts in its place is watched, too.
            let above = folder.parent().unwrap_or(folder);
            RecommendedWatcher::new(heard, Config::default()).and_then(|mut watcher| {
                watcher.watch(above, RecursiveMode::Recursive)?;
                Ok(Box::new(watcher) as Box<dyn Watcher + Send>)
            })
        };
        let watcher = watcher.or_trouble(|| {
            format!(
                "watch {} (`checker watch --poll` may do it)",
                folder.display()
            )
        })?;
        Ok(Files {
            folder: folder.to_owned(),
            contents: contents(folder),
            others: others(folder),
            events,
            due: None,
            _watcher: watcher,
        })
    }

    /// Waits until files have changed, and returns which. Cancel safe.
    pub(super) async fn changed(&mut self) -> Saved {
        loop {
            let due = self.due.unwrap_or_else(Instant::now);
            tokio::select! { biased;
                Some(()) = self.events.recv() => self.due = Some(Instant::now() + QUIET),
                () = sleep_until(due), if self.due.is_some() => {
                    self.due = None;
                    let own = self.look();
                    let other = self.look_elsewhere().filter(|_| own.is_empty());
                    if !own.is_empty() || other.is_some() {
                        return Saved { own, other };
                    }
                }
            }
        }
    }

    /// The files that are not what they were when they were last looked at.
    fn look(&mut self) -> Vec<PathBuf> {
        let now = contents(&self.folder);
        let before = std::mem::replace(&mut self.contents, now);
        differing(&before, &self.contents)
    }

    /// The folder of another exercise in which a source is not what it was.
    fn look_elsewhere(&mut self) -> Option<String> {
        let before = std::mem::replace(&mut self.others, others(&self.folder));
        let changed = differing(&before, &self.others).into_iter().next()?;
        let folder = changed.components().next()?;
        Some(folder.as_os_str().to_string_lossy().into_owned())
    }
}

fn differing(before: &Contents, now: &Contents) -> Vec<PathBuf> {
    let paths = before.keys().chain(now.keys());
    let mut changed: Vec<PathBuf> = paths
        .filter(|path| before.get(*path) != now.get(*path))
        .cloned()
        .collect();
    changed.sort();
    changed.dedup();
    changed
}

/// The sources of the exercises beside one.
fn others(folder: &Path) -> Contents {
    let (Some(above), Some(own)) = (folder.parent(), folder.file_name()) else {
        return Contents::new();
    };
    let beside = PARTS.iter().filter(|part| part.folder != own);
    let sources = beside.flat_map(|part| {
        let sources = Path::new(part.folder).join("src");
        let found = contents(&above.join(&sources)).into_iter();
        found.map(move |(file, hash)| (sources.join(file), hash))
    });
    sources.collect()
}

/// Whether an event may tell of a change. To read files, as we do ourselves, does not.
fn may_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

fn contents(folder: &Path) -> Contents {
    let entries = WalkDir::new(folder)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_passed_over(entry.path()));
    entries
        .filter_map(std::result::Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(folder).ok()?;
            if !counts(path) {
                return None;
            }
            // A file that is gone again, or must not be read, is as good as none.
            let content = plain_file::read(entry.path(), MAX_OWN).ok()?;
            Some((path.to_owned(), Sha256::digest(&content).into()))
        })
        .collect()
}

/// Whether a file has a part in what is built and run.
fn counts(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("rs" | "toml")) || path.starts_with("data")
}

/// What editors and tools put beside the files: `.producer.rs.swp`, `.#producer.rs`, `target`.
fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(['.', '#']) || name.ends_with('~') || name == "target"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tokio::time::timeout;

    /// How long to wait for what must come; and, for what must not, until something else has.
    const LONG: Duration = Duration::from_secs(20);

    fn exercise() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("part1");
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("data")).unwrap();
        fs::write(folder.join("src/producer.rs"), "one").unwrap();
        fs::write(folder.join("data/text.txt"), "one").unwrap();
        (dir, folder)
    }

    async fn next(files: &mut Files) -> Vec<String> {
        let changed = timeout(LONG, files.changed()).await.expect("a change");
        changed
            .own
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    async fn saves_are_noticed(poll: bool) {
        let (_dir, folder) = exercise();
        let mut files = Files::watch(&folder, poll).unwrap();
        fs::write(folder.join("src/producer.rs"), "two").unwrap();
        assert_eq!(next(&mut files).await, ["src/producer.rs"]);
        // As many editors save: another file takes the place of the old one.
        fs::write(folder.join("src/4913"), "three").unwrap();
        fs::rename(folder.join("src/4913"), folder.join("src/producer.rs")).unwrap();
        assert_eq!(next(&mut files).await, ["src/producer.rs"]);
        fs::write(folder.join("data/text.txt"), "two").unwrap();
        assert_eq!(next(&mut files).await, ["data/text.txt"]);
        fs::remove_file(folder.join("src/producer.rs")).unwrap();
        assert_eq!(next(&mut files).await, ["src/producer.rs"]);
    }

    #[tokio::test]
    async fn save_in_another_part_is_told_and_one_in_a_folder_of_tools_is_not() {
        let (dir, folder) = exercise();
        let other = dir.path().join(PARTS[1].folder).join("src");
        fs::create_dir_all(&other).unwrap();
        fs::create_dir_all(dir.path().join("notes/src")).unwrap();
        let mut files = Files::watch(&folder, false).unwrap();
        fs::write(dir.path().join("notes/src/a.rs"), "one").unwrap();
        fs::write(other.join("manager.rs"), "one").unwrap();
        let saved = timeout(LONG, files.changed()).await.expect("a save");
        assert!(saved.own.is_empty());
        assert_eq!(saved.other.as_deref(), Some(PARTS[1].folder));
    }

    #[tokio::test]
    async fn saves_of_all_kinds_are_noticed() {
        saves_are_noticed(false).await;
    }

    #[tokio::test]
    async fn saves_of_all_kinds_are_noticed_by_polling() {
        saves_are_noticed(true).await;
    }

    #[tokio::test]
    async fn what_changes_no_content_is_no_save() {
        let (_dir, folder) = exercise();
        let mut files = Files::watch(&folder, false).unwrap();
        fs::write(folder.join("src/producer.rs"), "one").unwrap();
        fs::write(folder.join("src/.producer.rs.swp"), "x").unwrap();
        fs::write(folder.join("src/#producer.rs#"), "x").unwrap();
        fs::write(folder.join("notes.txt"), "x").unwrap();
        fs::create_dir(folder.join("target")).unwrap();
        fs::write(folder.join("target/built.rs"), "x").unwrap();
        assert_eq!(files.look(), Vec::<PathBuf>::new());
        fs::write(folder.join("Cargo.toml"), "x").unwrap();
        assert_eq!(next(&mut files).await, ["Cargo.toml"]);
    }

    #[tokio::test]
    async fn folder_that_is_put_in_the_place_of_another_is_watched() {
        let (dir, folder) = exercise();
        let mut files = Files::watch(&folder, false).unwrap();
        fs::rename(&folder, dir.path().join("old")).unwrap();
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/producer.rs"), "two").unwrap();
        loop {
            let changed = next(&mut files).await;
            let mine = [PathBuf::from("src/producer.rs")];
            if files.contents.keys().eq(mine.iter()) {
                break;
            }
            assert!(!changed.is_empty());
        }
        fs::write(folder.join("src/producer.rs"), "three").unwrap();
        assert_eq!(next(&mut files).await, ["src/producer.rs"]);
    }
}
