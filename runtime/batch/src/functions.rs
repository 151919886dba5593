//! What a job computes.

/// The functions of a job. They look at their arguments and at nothing else: a task may run twice,
/// on two nodes, and must come to the same result.
///
/// Keys and values are bytes, as input need not be text.
pub trait Functions: Send + Sync {
    /// Takes a record of the input, a line without its end, and emits pairs of key and value.
    ///
    /// `file` is the name of the input file that contains the record.
    fn map(&self, file: &str, record: &[u8], emit: &mut dyn FnMut(&[u8], &[u8]));

    /// Makes one value from all values that were emitted for a key, in any order.
    fn reduce(&self, key: &[u8], values: &[&[u8]]) -> Vec<u8>;

    /// Makes one value from *some* of the values that were emitted for a key, so that less has to be fetched. It
    /// may be applied any number of times, to emitted values and to its own results, before
    /// [`reduce`](Self::reduce) gets what is left. `None`: values are kept as they are.
    ///
    /// (The combiner of the paper's section 4.3.)
    fn combine(&self, key: &[u8], values: &[&[u8]]) -> Option<Vec<u8>> {
        let _ = (key, values);
        None
    }

    /// The partition that a key belongs to, less than `partitions`; the same on every node.
    fn partition(&self, key: &[u8], partitions: usize) -> usize;
}
