//! The tree that an update commits.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Git, paths, succeeded};
use crate::updating::merge::merge;
use crate::updating::{is_exercise, listed};
use testkit::trouble::{Result, Trouble};

impl Git {
    /// The tree in which the learner's commits and the new version are merged: the exercises by
    /// their gaps, everything else by whole files.
    ///
    /// # Errors
    /// When both have changed a file outside of the exercises.
    pub fn merged_tree(&self, base: &str, head: &str, target: &str) -> Result<String> {
        let index = self.scratch.join(format!("index-{}", std::process::id()));
        let tree = self.merged_in(&index, base, head, target);
        let _ = std::fs::remove_file(&index);
        tree
    }

    fn merged_in(&self, index: &Path, base: &str, head: &str, target: &str) -> Result<String> {
        let with_index = |args: &[&str], input: &[u8]| {
            let mut git = self.command(args);
            git.env("GIT_INDEX_FILE", index);
            succeeded(self.run_with(git, input)?, args)
        };
        with_index(
            &["read-tree", "-i", "-m", "--aggressive", base, head, target],
            &[],
        )?;
        let mut entries: Vec<u8> = Vec::new();
        for file in self.changed(base, target)? {
            if !is_exercise(&file) {
                continue;
            }
            let content = |commit| self.content(commit, &file);
            let (old, yours, new) = (content(base)?, content(head)?, content(target)?);
            let merged = merge(self, old.as_deref(), yours.as_deref(), new.as_deref())?;
            let name = file.as_os_str().as_bytes();
            // Removes whatever stages the merge of whole files has left.
            entries.extend(b"0 0000000000000000000000000000000000000000\t");
            entries.extend(name);
            entries.push(0);
            if let Some(text) = merged.text {
                let path = file.display().to_string();
                let args = ["hash-object", "-w", "--stdin", "--path", &path];
                let hash = if text.is_empty() {
                    self.say(&args)?
                } else {
                    let hash = succeeded(self.run(&args, &text)?, &args)?;
                    String::from_utf8_lossy(&hash).trim().to_owned()
                };
                entries.extend(format!("100644 {hash}\t").as_bytes());
                entries.extend(name);
                entries.push(0);
            }
        }
        if !entries.is_empty() {
            with_index(&["update-index", "-z", "--index-info"], &entries)?;
        }
        let unmerged = with_index(&["ls-files", "--unmerged", "--format=%(path)", "-z"], &[])?;
        let unmerged: BTreeSet<PathBuf> = paths(&unmerged).into_iter().collect();
        if !unmerged.is_empty() {
            return Err(Trouble::new(format!(
                "could not update: your commits and the new version have both changed these files outside of exercises/:\n{}Merge by hand, with `git merge {target}`; `checker update` is for the code in the gaps",
                listed(&unmerged)
            )));
        }
        let tree = with_index(&["write-tree"], &[])?;
        Ok(String::from_utf8_lossy(&tree).trim().to_owned())
    }
}
