//! kind = "near-miss"
//! problem = 7
//! also = [2, 3, 4, 5, 6]
//! claim = "the output is made of what the workers did"
//! about = "Workers leave each word of a split with the value 1, however often it occurs. The manager computes the output alone."

// ── file manager.rs
// ── after
job.output.prepare().map_err(|error| error.to_string())?;
// ── add
compute_alone(&job);
// ── end
// ── replace
if let Product::Reduce(output, _) = &product
    && job.output.commit(output.partition, &output.file).is_err()
{
    return;
}
// ── with
// ── end
// ── add
/// Computes a whole job on this node, and commits its output.
fn compute_alone(job: &Job) {
    let (kind, partitions) = (job.spec.kind, job.spec.partitions);
    let mut parts: Vec<BTreeMap<Vec<u8>, Vec<Vec<u8>>>> = vec![BTreeMap::new(); partitions];
    for split in (0..job.maps.len()).filter_map(|map| job.split(map)) {
        let bytes = split.read().unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.starts_with(b"@")) {
            kind.map(&split.file, line, &mut |key, value| {
                let part = &mut parts[kind.partition(key, partitions)];
                part.entry(key.to_vec()).or_default().push(value.to_vec());
            });
        }
    }
    for (number, part) in parts.iter().enumerate() {
        let mut text = Vec::new();
        for (key, values) in part {
            let values: Vec<&[u8]> = values.iter().map(|value| &**value).collect();
            text.extend_from_slice(key);
            text.push(b'\t');
            text.extend(kind.reduce(key, &values));
            text.push(b'\n');
        }
        let name = format!("own-{number}");
        let _ = std::fs::write(job.output.attempts().join(&name), text);
        let _ = job.output.commit(number, &name);
    }
}

use batch::Functions;
// ── end
// ── file worker.rs
// ── replace
let report = match perform(ctx, &kind, &attempt, &work, experiment).await {
// ── with
let report = match perform(ctx, &KeysOnly(kind), &attempt, &work, experiment).await {
// ── end
// ── add
struct KeysOnly(JobKind);

impl Functions for KeysOnly {
    fn map(&self, file: &str, record: &[u8], emit: &mut dyn FnMut(&[u8], &[u8])) {
        self.0.map(file, record, emit);
    }

    fn reduce(&self, key: &[u8], values: &[&[u8]]) -> Vec<u8> {
        self.0.reduce(key, values)
    }

    fn combine(&self, _: &[u8], _: &[&[u8]]) -> Option<Vec<u8>> {
        Some(b"1".to_vec())
    }

    fn partition(&self, key: &[u8], partitions: usize) -> usize {
        self.0.partition(key, partitions)
    }
}

use crate::protocol::JobKind;
use batch::Functions;
// ── end
