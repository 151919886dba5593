//! A job that one node does alone, one task after the other: it tries the functions of a job before
//! many nodes do the job together.

use std::marker::PhantomData;

use runtime::{Ctx, Reply, Server};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::functions::Functions;
use crate::input::splits;
use crate::job::JobSpec;
use crate::output::OutputFolder;
use crate::partitions::{PARTITIONS, PartitionsMsg};
use crate::task::{Attempt, JobId, Product, TaskId, Work};
use crate::work::perform;

/// What a node that does jobs alone understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum LocalMsg<K> {
    /// Do this job, and answer when it is done, or why it failed.
    Run(JobSpec<K>, Reply<Result<(), String>>),
}

/// Does jobs alone, one after the other.
pub struct Local<K> {
    jobs: u64,
    kinds: PhantomData<fn(K)>,
}

impl<K> Server for Local<K>
where
    K: Functions + Serialize + DeserializeOwned + 'static,
{
    type Msg = LocalMsg<K>;
    type Args = ();

    async fn init((): (), _: &Ctx<LocalMsg<K>>) -> Self {
        Local {
            jobs: 0,
            kinds: PhantomData,
        }
    }

    async fn handle(&mut self, LocalMsg::Run(spec, reply): LocalMsg<K>, ctx: &Ctx<LocalMsg<K>>) {
        self.jobs += 1;
        let id = JobId(format!("local {}.{}", ctx.id(), self.jobs));
        let output = OutputFolder::new(&spec.output, &id);
        let done = run(&id, &spec, &output, ctx).await;
        if done.is_err() {
            output.discard();
        }
        let forget = PartitionsMsg::Forget(id);
        let _ = ctx.cast(&PARTITIONS.at(ctx.name()), forget).await;
        reply.send(done);
    }
}

async fn run<K: Functions>(
    id: &JobId,
    spec: &JobSpec<K>,
    output: &OutputFolder,
    ctx: &Ctx<LocalMsg<K>>,
) -> Result<(), String> {
    if spec.partitions == 0 {
        return Err("a job needs at least one partition".into());
    }
    let splits = splits(&spec.input, spec.split_bytes).map_err(|error| error.to_string())?;
    output.prepare().map_err(|error| error.to_string())?;
    let perform = async |task, work: Work| {
        let attempt = Attempt {
            job: id.clone(),
            task,
            number: 1,
        };
        let done = perform(ctx, &spec.kind, &attempt, &work, spec.experiment).await;
        done.map_err(|error| format!("{task}: {error}"))
    };
    let mut inputs = Vec::new();
    for (map, split) in splits.into_iter().enumerate() {
        let partitions = spec.partitions;
        let product = perform(TaskId::Map(map), Work::Map { split, partitions }).await?;
        if let Product::Map(output, _) = product {
            inputs.push(output);
        }
    }
    for partition in 0..spec.partitions {
        let work = Work::Reduce {
            inputs: inputs.clone(),
            output: spec.output.clone(),
        };
        let product = perform(TaskId::Reduce(partition), work).await?;
        if let Product::Reduce(reduced, _) = product {
            let committed = output.commit(reduced.partition, &reduced.file);
            committed.map_err(|error| error.to_string())?;
        }
    }
    output.complete().map_err(|error| error.to_string())
}
