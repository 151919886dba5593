//! A job is given to a node, and watched while it is open.

use std::path::PathBuf;
use std::time::Duration;

use batch::{JobId, LocalMsg};
use tokio::time::{Instant, sleep};

use super::{ANSWERED, EXACT, GLANCE, Job, Jobs, LOOK, LOOKS_PER_QUESTION, Stands, is_exact};
use crate::exploration::input::Given;
use crate::fact::Fact;
use crate::messages::{JobKind, JobSpec, LOCAL, MANAGER, ManagerMsg};
use crate::text::{Table, Texts};
use testkit::cluster::{Cluster, Explained, Standing};
use testkit::scenario::{Stop, Told};
use testkit::trouble::While;

/// How long a node alone may take for a job, on a busy machine.
const ALONE: Duration = Duration::from_secs(60);

impl Jobs {
    /// A node does a job alone.
    pub(super) async fn alone(&self, cluster: &Cluster<'_>, node: &str, given: &Given) -> Told {
        if cluster.standing(node) != Some(Standing::Running) {
            return Ok(());
        }
        let (texts, output) = prepare(cluster, given)?;
        let spec = spec(given, &texts, output.clone());
        let asked = cluster
            .call_within(ALONE, node, &LOCAL, |reply| LocalMsg::Run(spec, reply))
            .await;
        let done = match asked {
            Ok(done) => done,
            Err(unanswered) => {
                cluster.written()?;
                let fact = Fact::JobUnanswered {
                    node: node.to_owned(),
                };
                return Err(Stop::from(unanswered)).fact(&fact);
            }
        };
        if let Err(why) = done {
            let fact = Fact::LocalJobFailed {
                node: node.to_owned(),
                why,
            };
            return Err(fact.of(cluster, node, EXACT).into());
        }
        is_exact(cluster, node, given, &output, &expected(given, &texts))
    }

    /// A manager is given a job, and the job is watched until it ends, or cannot be watched any more.
    pub(super) async fn submit(
        &self,
        cluster: &Cluster<'_>,
        manager: &str,
        place: u64,
        given: &Given,
    ) -> Told {
        let output = cluster.context().shared().join(format!("out-{place}"));
        if cluster.standing(manager) != Some(Standing::Running)
            || !self.state.borrow().is_free(place)
        {
            return Ok(());
        }
        for job in self
            .state
            .borrow_mut()
            .jobs
            .iter_mut()
            .filter(|job| job.place == place)
        {
            job.is_removed = true;
        }
        let _ = std::fs::remove_dir_all(&output);
        let (texts, _) = prepare(cluster, given)?;
        let spec = spec(given, &texts, output.clone());
        let maps = batch::splits(&spec.input, spec.split_bytes)
            .or_trouble(|| "cut the input into splits")?
            .len();
        let begun = Instant::now();
        let job = {
            let mut state = self.state.borrow_mut();
            state.jobs.push(Job {
                manager: manager.to_owned(),
                place,
                given: given.clone(),
                maps,
                inputs: texts
                    .inputs
                    .iter()
                    .map(|input| input.path.clone())
                    .collect(),
                output,
                is_removed: false,
                expected: expected(given, &texts),
                begun,
                id: None,
                stands: Stands::Open,
                ended: None,
                lacks_input: false,
                shown: None,
            });
            state.jobs.len() - 1
        };
        let asked = cluster
            .call_within(ANSWERED, manager, &MANAGER, |reply| {
                ManagerMsg::Submit(spec, reply)
            })
            .await;
        match asked {
            Ok(Ok(id)) => self.accepted(cluster, job, id)?,
            Ok(Err(why)) => {
                let expected = "the manager accepts the job: its input is there, and its output is not there yet";
                let fact = Fact::JobRefused {
                    manager: manager.to_owned(),
                    why,
                };
                return Err(fact.of(cluster, manager, expected).into());
            }
            Err(unanswered) => {
                cluster.written()?;
                self.state.borrow_mut().jobs[job].stands = Stands::Lost;
                if !self.state.borrow().was_touched(manager, begun) {
                    let fact = Fact::JobUnanswered {
                        node: manager.to_owned(),
                    };
                    return Err(Stop::from(unanswered)).fact(&fact);
                }
            }
        }
        self.watch(cluster, job).await
    }

    fn accepted(&self, cluster: &Cluster<'_>, job: usize, id: JobId) -> Told {
        let mut state = self.state.borrow_mut();
        let manager = state.jobs[job].manager.clone();
        if let Some(first) = state.ids.iter().position(|other| *other == id) {
            let fact = Fact::SameJobId {
                first: first + 1,
                second: state.ids.len() + 1,
                id: id.to_string(),
                after: None,
            };
            let failure = fact.of(
                cluster,
                &manager,
                "no two jobs have the same id, whatever happened between them",
            );
            return Err(failure
                .because("The manager would mistake a late message about the first job for one about the second.")
                .into());
        }
        state.ids.push(id.clone());
        state.jobs[job].id = Some(id);
        Ok(())
    }

    /// Looks at a job again and again, so that an output which is shown in parts is seen.
    async fn watch(&self, cluster: &Cluster<'_>, job: usize) -> Told {
        for look in 1.. {
            {
                let state = self.state.borrow();
                let watched = &state.jobs[job];
                if watched.stands != Stands::Open || state.hangs(watched) {
                    break;
                }
            }
            sleep(LOOK).await;
            self.look_at_output(cluster, job)?;
            if look % LOOKS_PER_QUESTION == 0 {
                self.ask(cluster, job, GLANCE).await?;
                self.is_in_time(cluster, job)?;
            }
        }
        self.look_at_output(cluster, job)
    }
}

/// Writes the input of a job, to a place of its own, and names a place for an output.
fn prepare(cluster: &Cluster<'_>, given: &Given) -> Result<(Texts, PathBuf), Stop> {
    let number = cluster.context().chance()?;
    let folder = cluster.context().shared().join(format!("in-{number:016x}"));
    let texts = given.write(Texts::in_folder(&folder), &folder)?;
    Ok((texts, folder.join("out")))
}

fn spec(given: &Given, texts: &Texts, output: PathBuf) -> JobSpec {
    JobSpec {
        kind: given.kind,
        input: texts.inputs.clone(),
        output,
        split_bytes: given.split_bytes,
        partitions: given.partitions,
        experiment: given.experiment(),
    }
}

fn expected(given: &Given, texts: &Texts) -> Table {
    match given.kind {
        JobKind::WordCount => texts.word_count(),
        JobKind::InvertedIndex => texts.index(),
    }
}
