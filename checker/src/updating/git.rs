//! What an update asks git for. Only its plumbing is used, which says the same in every version
//! and runs no hooks.

mod tree;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::listed;
use grader::course::Course;
use grader::runs;
use runtime::terminal::note;
use testkit::trouble::{Result, Trouble, While};

/// What git says of a clone that belongs to another user, whose settings it will not obey.
fn foreign_clone(root: &Path, output: &Output) -> Option<Trouble> {
    let said = String::from_utf8_lossy(&output.stderr);
    said.contains("dubious ownership").then(|| {
        let root = root.display();
        Trouble::new(format!(
            "could not update: {root} belongs to another user, so git does not work in it. Run `update` as that user; or, \
             if you trust what is in the clone, tell git so with `git config --global --add safe.directory {root}`"
        ))
    })
}

/// The clone that the course lies in.
#[derive(Debug, Clone)]
pub struct Git {
    root: PathBuf,
    /// Where files may be written that nobody looks at.
    scratch: PathBuf,
}

impl Git {
    /// The repository whose working tree is the course's folder.
    ///
    /// # Errors
    /// When there is no git, or the course is no clone.
    pub fn of(course: &Course) -> Result<Git> {
        let git = Git {
            root: course.root.clone(),
            scratch: runs::folder(course),
        };
        let top = git.run(&["rev-parse", "--show-toplevel"], &[])?;
        if let Some(trouble) = foreign_clone(&git.root, &top) {
            return Err(trouble);
        }
        let top_folder = PathBuf::from(String::from_utf8_lossy(&top.stdout).trim());
        let is_course = top.status.success()
            && top_folder.canonicalize().ok() == course.root.canonicalize().ok();
        if !is_course {
            return Err(Trouble::new(format!(
                "could not update: {} is not a clone of the course's repository, so there is nothing to fetch from. Clone the course again, and copy your exercises/ over",
                course.root.display()
            )));
        }
        std::fs::create_dir_all(&git.scratch)
            .or_trouble(|| format!("make {}", git.scratch.display()))?;
        Ok(git)
    }

    /// The working tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs git, whatever comes of it.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn run(&self, args: &[&str], input: &[u8]) -> Result<Output> {
        self.run_with(self.command(args), input)
    }

    /// What git says.
    ///
    /// # Errors
    /// When it fails; with its words.
    pub fn say(&self, args: &[&str]) -> Result<String> {
        let output = self.run(args, &[])?;
        let bytes = succeeded(output, args)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.current_dir(&self.root)
            .args(args)
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .env("LC_ALL", "C");
        git
    }

    fn run_with(&self, mut git: Command, input: &[u8]) -> Result<Output> {
        let mut child = git
            .stdin(if input.is_empty() {
                Stdio::null()
            } else {
                Stdio::piped()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .or_trouble(|| "run git, which `update` needs")?;
        if let Some(mut stdin) = child.stdin.take() {
            // What is given to git is read before it answers.
            let _ = stdin.write_all(input);
        }
        child.wait_with_output().or_trouble(|| "run git")
    }

    /// A merge that is under way must be ended by the user who began it.
    ///
    /// # Errors
    /// When there is one.
    pub fn refuse_unfinished_work(&self) -> Result<()> {
        for (file, what, end) in [
            (
                "MERGE_HEAD",
                "a merge",
                "`git merge --continue` or `git merge --abort`",
            ),
            (
                "rebase-merge",
                "a rebase",
                "`git rebase --continue` or `git rebase --abort`",
            ),
            (
                "rebase-apply",
                "a rebase",
                "`git rebase --continue` or `git rebase --abort`",
            ),
            (
                "CHERRY_PICK_HEAD",
                "a cherry-pick",
                "`git cherry-pick --abort`",
            ),
            ("REVERT_HEAD", "a revert", "`git revert --abort`"),
            ("BISECT_LOG", "a bisection", "`git bisect reset`"),
        ] {
            let path = self.say(&["rev-parse", "--git-path", file])?;
            if self.root.join(path).exists() {
                return Err(Trouble::new(format!(
                    "could not update: {what} is in progress in this clone. End it first, with {end}"
                )));
            }
        }
        let unmerged = self.paths(&["ls-files", "--unmerged", "--format=%(path)", "-z"])?;
        if unmerged.is_empty() {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "could not update: these files have conflicts that are not resolved:\n{}Resolve them, then `git add` them",
            listed(&unmerged.into_iter().collect())
        )))
    }

    /// The branch that the learner is on.
    ///
    /// # Errors
    /// When the clone is on no branch.
    pub fn branch(&self) -> Result<String> {
        let head = self.run(&["symbolic-ref", "--quiet", "--short", "HEAD"], &[])?;
        if head.status.success() {
            return Ok(String::from_utf8_lossy(&head.stdout).trim().to_owned());
        }
        Err(Trouble::new(
            "could not update: this clone is on no branch (git calls it a detached HEAD). Switch to your branch with `git switch main`, or create one here with `git switch -c mine`",
        ))
    }

    /// The newest commit of the branch's upstream.
    ///
    /// # Errors
    /// When there is no upstream, or it cannot be reached.
    pub fn fetched(&self, branch: &str) -> Result<String> {
        let remote = self.run(&["config", &format!("branch.{branch}.remote")], &[])?;
        let remote = String::from_utf8_lossy(&remote.stdout).trim().to_owned();
        if remote.is_empty() {
            return Err(Trouble::new(format!(
                "could not update: the branch {branch} has no upstream, so the checker does not know where the course comes from. `--from` names a folder or a branch, such as `--from origin/main`; or tell git with `git branch --set-upstream-to origin/main`"
            )));
        }
        if remote != "." {
            note(format_args!("Fetching from {remote} …"));
            let mut fetch = self.command(&["fetch", "--quiet", &remote]);
            // Nobody is there who could answer.
            fetch.env("GIT_TERMINAL_PROMPT", "0");
            let fetched = self.run_with(fetch, &[])?;
            if !fetched.status.success() {
                return Err(Trouble::new(format!(
                    "could not fetch from {remote}; git says:\n{}Without a network, `--from DIR` takes the course from another clone",
                    String::from_utf8_lossy(&fetched.stderr)
                )));
            }
        }
        let upstream = format!("{branch}@{{upstream}}^{{commit}}");
        self.say(&["rev-parse", "--verify", "--quiet", &upstream])
            .map_err(|_| {
                Trouble::new(format!(
                    "could not update: the branch {branch} has an upstream that is not there; `git branch -vv` shows it"
                ))
            })
    }

    /// The commit that a learner named: a folder with another clone, or what git calls a revision.
    ///
    /// # Errors
    /// When there is no such thing.
    pub fn named(&self, from: &str) -> Result<String> {
        let folder = std::env::current_dir().unwrap_or_default().join(from);
        if folder.is_dir() {
            let folder = folder.to_string_lossy().into_owned();
            let fetched = self.run(&["fetch", "--quiet", "--no-tags", &folder, "HEAD"], &[])?;
            if !fetched.status.success() {
                return Err(Trouble::new(format!(
                    "could not take the course from {folder}; git says:\n{}",
                    String::from_utf8_lossy(&fetched.stderr).trim_end()
                )));
            }
            return self.say(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"]);
        }
        if from.starts_with('-') {
            return Err(Trouble::new(format!("could not find {from}")));
        }
        let commit = format!("{from}^{{commit}}");
        self.say(&["rev-parse", "--verify", "--quiet", &commit])
            .map_err(|_| {
                Trouble::new(format!(
                    "could not find {from}: it is neither a folder nor a branch or commit of this clone"
                ))
            })
    }

    /// Whether all of one commit is in another.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn is_ancestor(&self, one: &str, other: &str) -> Result<bool> {
        let args = ["merge-base", "--is-ancestor", one, other];
        let output = self.run(&args, &[])?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => succeeded(output, &args).map(|_| false),
        }
    }

    /// The newest commit that two have in common.
    ///
    /// # Errors
    /// When there is none.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<String> {
        self.say(&["merge-base", one, other]).map_err(|_| {
            Trouble::new(
                "could not update: the new version has no history in common with this clone. If the clone is shallow, `git fetch --unshallow` helps; else clone the course again, and copy your exercises/ over",
            )
        })
    }

    /// The files that differ between two commits.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn changed(&self, one: &str, other: &str) -> Result<Vec<PathBuf>> {
        self.paths(&[
            "diff-tree",
            "-r",
            "-z",
            "--name-only",
            "--no-renames",
            one,
            other,
        ])
    }

    /// The files that git knows, or that were added to its index, and that differ from HEAD.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn dirty(&self) -> Result<Vec<PathBuf>> {
        let _ = self.run(&["update-index", "-q", "--refresh"], &[])?;
        self.paths(&["diff-index", "-z", "--name-only", "--no-renames", "HEAD"])
    }

    /// What was put into the index and changed again afterwards.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn staged_otherwise(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let cached = [
            "diff-index",
            "--cached",
            "-z",
            "--name-only",
            "--no-renames",
            "HEAD",
        ];
        let staged: BTreeSet<PathBuf> = self.paths(&cached)?.into_iter().collect();
        let edited = self.paths(&["diff-files", "-z", "--name-only"])?;
        let mut found = Vec::new();
        for file in edited.into_iter().filter(|file| staged.contains(file)) {
            if let Some(content) = self.content("", &file)? {
                found.push((file, content));
            }
        }
        Ok(found)
    }

    /// What a file holds in a commit, as it would lie in the working tree. With an empty commit:
    /// in the index.
    ///
    /// # Errors
    /// When git cannot be run.
    pub fn content(&self, commit: &str, file: &Path) -> Result<Option<Vec<u8>>> {
        let object = format!("{commit}:{}", file.display());
        let output = self.run(&["cat-file", "--filters", &object], &[])?;
        Ok(output.status.success().then_some(output.stdout))
    }

    /// Merges three texts line by line. Where they contradict each other, all three stand between
    /// marks, in the style that git calls `diff3`. Nothing, when git cannot merge such texts.
    ///
    /// # Errors
    /// When git cannot be run.
    pub fn merge_file(&self, mine: &str, base: &str, theirs: &str) -> Result<Option<String>> {
        let folder = tempfile::tempdir().or_trouble(|| "make a folder for a merge")?;
        for (name, text) in [("mine", mine), ("base", base), ("theirs", theirs)] {
            std::fs::write(folder.path().join(name), text).or_trouble(|| "write a merge")?;
        }
        let args = ["merge-file", "-p", "--quiet", "--diff3"];
        let mut git = self.command(&[&args[..], &["mine", "base", "theirs"]].concat());
        git.current_dir(folder.path());
        let output = self.run_with(git, &[])?;
        // The exit code is the number of contradictions, at most 127.
        let is_merged = output.status.code().is_some_and(|code| code < 128);
        Ok(String::from_utf8(output.stdout).ok().filter(|_| is_merged))
    }

    /// Makes the commit that joins the learner's commits and the new version.
    ///
    /// # Errors
    /// When git does not know who the learner is.
    pub fn commit(&self, tree: &str, head: &str, target: &str) -> Result<String> {
        let message = "Bring a newer version of the course, with `checker update`";
        self.say(&["commit-tree", "-p", head, "-p", target, "-m", message, tree])
    }

    /// Writes files of a commit into the working tree, and removes those that it does not have.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn check_out(&self, commit: &str, files: &[PathBuf]) -> Result<()> {
        let index = self.scratch.join(format!("index-{}", std::process::id()));
        let done = self.check_out_by(&index, commit, files);
        let _ = std::fs::remove_file(&index);
        done
    }

    fn check_out_by(&self, index: &Path, commit: &str, files: &[PathBuf]) -> Result<()> {
        let with_index = |args: &[&str], input: &[u8]| {
            let mut git = self.command(args);
            git.env("GIT_INDEX_FILE", index);
            succeeded(self.run_with(git, input)?, args)
        };
        let tree = ["ls-tree", "-r", "-z", "--name-only", commit];
        let there: BTreeSet<PathBuf> = self.paths(&tree)?.into_iter().collect();
        let mut wanted: Vec<u8> = Vec::new();
        for file in files {
            if there.contains(file) {
                wanted.extend(file.as_os_str().as_bytes());
                wanted.push(0);
                continue;
            }
            let whole = self.root.join(file);
            match std::fs::remove_file(&whole) {
                Ok(()) => self.remove_empty(whole.parent()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(Trouble::new(format!(
                        "could not remove {}: {error}",
                        whole.display()
                    )));
                }
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        with_index(&["read-tree", commit], &[])?;
        with_index(
            &["checkout-index", "--force", "--quiet", "-z", "--stdin"],
            &wanted,
        )?;
        Ok(())
    }

    /// Git knows no empty folders, so none are left.
    fn remove_empty(&self, folder: Option<&Path>) {
        let above = folder.into_iter().flat_map(Path::ancestors);
        for folder in above.take_while(|folder| *folder != self.root) {
            if std::fs::remove_dir(folder).is_err() {
                return;
            }
        }
    }

    fn paths(&self, args: &[&str]) -> Result<Vec<PathBuf>> {
        Ok(paths(&succeeded(self.run(args, &[])?, args)?))
    }
}

fn paths(bytes: &[u8]) -> Vec<PathBuf> {
    let names = bytes
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    names
        .map(|name| PathBuf::from(OsStr::from_bytes(name)))
        .collect()
}

fn succeeded(output: Output, args: &[&str]) -> Result<Vec<u8>> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Trouble::new(format!(
        "could not do `git {}`; git says:\n{}",
        args.join(" "),
        String::from_utf8_lossy(&output.stderr).trim_end()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    #[test]
    fn clone_of_another_user_is_told_with_the_two_ways_out() {
        let output = |stderr: &str| Output {
            status: ExitStatus::from_raw(128 << 8),
            stdout: Vec::new(),
            stderr: stderr.into(),
        };
        let root = Path::new("/course");
        let said = output("fatal: detected dubious ownership in repository at '/course'\n");
        let trouble = foreign_clone(root, &said).unwrap().to_string();
        assert!(
            trouble.contains("/course belongs to another user"),
            "{trouble}"
        );
        assert!(trouble.contains("safe.directory /course"), "{trouble}");
        assert_eq!(
            foreign_clone(root, &output("fatal: not a git repository")),
            None
        );
    }
}
