//! A job done by one node, one task after the other: for problem 1, and to see what is computed
//! before it is done by many. Given: nothing is to do here.

use batch::{JobId, PARTITIONS, PartitionsMsg, Product, TaskId, perform};
use runtime::{Ctx, Reply, Server, ServerName};
use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::protocol::JobSpec;

/// Does jobs alone.
pub const LOCAL: ServerName<LocalMsg> = ServerName::new("local");

/// What it understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum LocalMsg {
    /// Graded: do this job, and answer when it is done, or why it cannot be.
    Run(JobSpec, Reply<Result<(), String>>),
}

/// Does jobs alone, one after the other.
pub struct Local {
    jobs: u64,
}

impl Server for Local {
    type Msg = LocalMsg;
    type Args = ();

    async fn init((): (), _: &Ctx<LocalMsg>) -> Self {
        Local { jobs: 0 }
    }

    async fn handle(&mut self, LocalMsg::Run(spec, reply): LocalMsg, ctx: &Ctx<LocalMsg>) {
        self.jobs += 1;
        let id = JobId(format!("local {}.{}", ctx.id(), self.jobs));
        reply.send(run(id, spec, ctx).await);
    }
}

async fn run(id: JobId, spec: JobSpec, ctx: &Ctx<LocalMsg>) -> Result<(), String> {
    let mut job = Job::new(id.clone(), spec)?;
    job.output.prepare().map_err(|error| error.to_string())?;
    let maps = (0..job.maps.len()).map(TaskId::Map);
    for task in maps.chain((0..job.reduces.len()).map(TaskId::Reduce)) {
        let next = job.next_attempt(task, ctx.name());
        let product = perform(ctx, &next.kind, &next.attempt, &next.work, next.experiment)
            .await
            .map_err(|error| format!("{task}: {error}"))?;
        if let Product::Reduce(output, _) = &product {
            let committed = job.output.commit(output.partition, &output.file);
            committed.map_err(|error| error.to_string())?;
        }
        if let Some(task) = job.task(task) {
            task.product = Some(product);
        }
        job.note_progress();
    }
    job.complete();
    let forget = PartitionsMsg::Forget(id);
    let _ = ctx.cast(&PARTITIONS.at(ctx.name()), forget).await;
    job.outcome.map_or(Ok(()), |outcome| outcome.map(drop))
}
