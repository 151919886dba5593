//! Doing the tasks of a job.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use runtime::Node;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::functions::Functions;
use crate::grouped::{Grouped, read_group, write_group};
use crate::input::{Experiment, Order, Split};
use crate::output::{OutputFolder, part};
use crate::partitions::{PARTITIONS, PartitionsMsg, fetch, keep};
use crate::task::{Attempt, Counters, MapOutput, Product, ReduceOutput, TaskError, TaskId, Work};

/// How many partitions a reduce task fetches at the same time.
const FETCHES: usize = 4;

/// How many bytes a map task looks at before it lets others run.
const TURN: usize = 64 << 10;

/// Does the work of an attempt, on this node.
///
/// It lets others run now and then. If it is dropped earlier, or its process ends, nothing of it
/// counts.
///
/// # Errors
/// [`TaskError`] says what was missing.
///
/// # Panics
/// When the job's functions do.
pub async fn perform(
    node: &Node,
    functions: &dyn Functions,
    attempt: &Attempt,
    work: &Work,
    experiment: Option<Experiment>,
) -> Result<Product, TaskError> {
    let performed = async {
        match work {
            Work::Map { split, partitions } => {
                map(node, functions, attempt, split, *partitions, experiment).await
            }
            Work::Reduce { inputs, output } => {
                reduce(node, functions, attempt, inputs, output, experiment).await
            }
        }
    };
    // Work belongs to its node, also where the program performs it in a task that the runtime does not know.
    match &node.config().gate {
        Some(gate) => gate.guard(performed).await,
        None => performed.await,
    }
}

async fn map(
    node: &Node,
    functions: &dyn Functions,
    attempt: &Attempt,
    split: &Split,
    partitions: usize,
    experiment: Option<Experiment>,
) -> Result<Product, TaskError> {
    if let Some(experiment) = experiment {
        sleep(Duration::from_millis(experiment.map_ms)).await;
    }
    let bytes = split
        .read()
        .map_err(|error| TaskError::Failed(format!("{}: {error}", split.path.display())))?;
    let mut grouped = Grouped::new();
    let mut counters = Counters::default();
    let mut turn = 0;
    for (at, record) in split.records(&bytes) {
        if experiment.is_some()
            && let Some(order) = Order::read(record)
        {
            match order {
                Order::Sleep(time) => sleep(time).await,
                Order::Panic => panic!("the record at byte {at} of {} orders a panic", split.file),
            }
            continue;
        }
        counters.records += 1;
        functions.map(&split.file, record, &mut |key, value| {
            counters.emitted += 1;
            grouped.push(functions, key, value);
        });
        turn += record.len() + 1;
        if turn >= TURN {
            turn = 0;
            yield_now().await;
        }
    }
    drop(bytes);
    grouped.combine(functions);

    let mut parts = vec![Vec::new(); partitions.max(1)];
    for (key, count, values) in grouped.iter() {
        let place = functions.partition(key, parts.len());
        let part = parts.get_mut(place);
        let part =
            part.ok_or_else(|| TaskError::Failed(format!("there is no partition {place}")))?;
        write_group(part, key, count, values);
    }
    drop(grouped);
    let mut end = 0;
    let ends = parts.iter().map(|part| {
        end += part.len() as u64;
        end
    });
    let ends: Vec<u64> = ends.collect();
    let path = node
        .call(&PARTITIONS.at(node.name()), PartitionsMsg::Place)
        .await
        .map_err(|error| TaskError::Failed(error.to_string()))?;
    fs::write(&path, parts.concat())
        .map_err(|error| TaskError::Failed(format!("{}: {error}", path.display())))?;
    let output = keep(node, attempt, path, ends).await?;
    Ok(Product::Map(output, counters))
}

async fn reduce(
    node: &Node,
    functions: &dyn Functions,
    attempt: &Attempt,
    inputs: &[MapOutput],
    output: &Path,
    experiment: Option<Experiment>,
) -> Result<Product, TaskError> {
    let TaskId::Reduce(partition) = attempt.task else {
        return Err(TaskError::Failed(format!("{attempt} is not a reduce task")));
    };
    let mut grouped = Grouped::new();
    let mut counters = Counters::default();
    // In order, so that values come in the same order however long each fetch takes.
    let fetches = (0..inputs.len()).map(async |map| fetch(node, &inputs[map], partition).await);
    let mut fetched = stream::iter(fetches).buffered(FETCHES);
    while let Some(bytes) = fetched.next().await {
        let bytes = bytes?;
        counters.fetched += bytes.len() as u64;
        let mut rest = &bytes[..];
        while let Some((key, values)) = read_group(&mut rest) {
            for value in values {
                grouped.push(functions, key, value);
            }
        }
        if !rest.is_empty() {
            return Err(TaskError::Failed("a partition is incomplete".into()));
        }
        yield_now().await;
    }
    if let Some(experiment) = experiment {
        sleep(Duration::from_millis(experiment.reduce_ms)).await;
    }

    let attempts = OutputFolder::new(output, &attempt.job).attempts();
    let name = format!(
        "{}.{}.{}.{:08x}",
        part(partition),
        node.name().short(),
        attempt.number,
        // Should the same attempt be made twice at once, each writes a file of its own.
        node.random() >> 32
    );
    let unfinished = attempts.join(format!("{name}.unfinished"));
    let mut file = BufWriter::new(fs::File::create(&unfinished)?);
    for (place, (key, values)) in grouped.sorted().into_iter().enumerate() {
        file.write_all(key)?;
        file.write_all(b"\t")?;
        file.write_all(&functions.reduce(key, &values))?;
        file.write_all(b"\n")?;
        counters.keys += 1;
        if place % 1000 == 999 {
            yield_now().await;
        }
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?;
    fs::rename(&unfinished, attempts.join(&name))?;
    Ok(Product::Reduce(
        ReduceOutput {
            partition,
            file: name,
        },
        counters,
    ))
}
