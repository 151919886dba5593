//! What is on the disk: an output is complete, exact and final, and nothing else is left.

use batch::OutputFolder;

use super::{EXACT, Jobs, Stands};
use crate::exploration::input::Given;
use crate::fact::Fact;
use crate::text::{self, Table};
use crate::{footprint_of, inexact};
use testkit::cluster::{Cluster, Explained};
use testkit::scenario::Told;

impl Jobs {
    /// An output is not there, or it is complete and exact, and stays as it is.
    pub(super) fn look_at_output(&self, cluster: &Cluster<'_>, job: usize) -> Told {
        let mut state = self.state.borrow_mut();
        let job = &mut state.jobs[job];
        if job.is_removed {
            return Ok(());
        }
        if !job.output.exists() {
            return match job.shown {
                None => Ok(()),
                Some(_) => Err(Fact::OutputGone
                    .of(cluster, &job.manager, "an output that was shown stays")
                    .into()),
            };
        }
        if job.stands == Stands::Failed {
            let keys = text::read_output(&job.output, job.given.partitions)
                .ok()
                .map(|table| table.len());
            return Err(inexact(
                cluster,
                &job.manager,
                Fact::OutputOfFailedJob { keys },
                "a job that failed leaves no output",
            )
            .into());
        }
        let seen = footprint_of(&job.output);
        match &job.shown {
            Some(before) if *before == seen => Ok(()),
            Some(before) => {
                let names = before.keys().chain(seen.keys());
                let changed = names
                    .into_iter()
                    .find(|name| before.get(*name) != seen.get(*name));
                let fact = Fact::FileChanged {
                    file: changed.cloned().unwrap_or_default(),
                };
                Err(fact
                    .of(
                        cluster,
                        &job.manager,
                        "an output that was shown stays as it is",
                    )
                    .because("A program that waits for the folder begins to read when it appears.")
                    .into())
            }
            None => {
                is_exact(cluster, &job.manager, &job.given, &job.output, &job.expected).because(
                    "The output appears in one step, complete. A program that waits for the folder begins to read at that moment.",
                )?;
                job.shown = Some(seen);
                Ok(())
            }
        }
    }

    /// Nothing but outputs is left of the jobs that have ended.
    pub(super) fn nothing_is_left(&self, cluster: &Cluster<'_>) -> Told {
        let state = self.state.borrow();
        for job in state
            .jobs
            .iter()
            .filter(|job| matches!(job.stands, Stands::Done | Stands::Failed))
        {
            let Some(id) = &job.id else { continue };
            let attempts = OutputFolder::new(&job.output, id).attempts();
            if let Some(partial) = attempts.parent().filter(|partial| partial.exists()) {
                let folder = partial
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned());
                let fact = Fact::PartialLeft {
                    folder: folder.unwrap_or_default(),
                };
                return Err(fact
                    .of(
                        cluster,
                        &job.manager,
                        "a job that has ended leaves nothing but its output",
                    )
                    .into());
            }
        }
        Ok(())
    }
}

pub(super) fn is_exact(
    cluster: &Cluster<'_>,
    node: &str,
    given: &Given,
    output: &std::path::Path,
    expected: &Table,
) -> Told {
    let table = match text::read_output(output, given.partitions) {
        Ok(table) => table,
        Err(wrong) => return Err(inexact(cluster, node, wrong, EXACT).into()),
    };
    if let Some(wrong) = text::difference(&table, expected) {
        return Err(inexact(cluster, node, wrong, EXACT).into());
    }
    match crate::empty_partition(output, given.partitions, table.len()) {
        Some(fact) => Err(fact
            .of(cluster, node, format!("keys are spread over all {} partitions", given.partitions))
            .because("One node reduces each partition. If one partition has all keys, one node does all the work.")
            .into()),
        None => Ok(()),
    }
}
