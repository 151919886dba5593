//! What the jobs compute. For problem 1, and for problem 7, which is optional. `cargo checker part2 --problem 1` grades problem 1.
//!
//! A job reads files line by line. `map` emits pairs of a key and a value for each line, `partition` says
//! which reduce task gets a key, and `reduce` makes one value from all values of a key. `batch` calls these
//! functions, on many nodes at once.

use batch::Functions;

use crate::protocol::JobKind;

impl Functions for JobKind {
    fn map(&self, file: &str, record: &[u8], emit: &mut dyn FnMut(&[u8], &[u8])) {
        match self {
            JobKind::WordCount => {
                // ── gap 1: count words
                // TODO(1): you must emit each word of the line, once for each occurrence, with a value
                // that counts it. A word is a run of ASCII letters; `The` and `the` are two words. A
                // line is bytes, and need not be UTF-8.
                todo!("TODO(1) emit the words of a line")
                // ── end 1
            }
            JobKind::InvertedIndex => {
                // ── gap 1: say where a word is
                // TODO(1): you must emit each word of the line, with the name of the file that it is in.
                todo!("TODO(1) emit the words of a line, with their file")
                // ── end 1
            }
        }
    }

    fn reduce(&self, _key: &[u8], values: &[&[u8]]) -> Vec<u8> {
        match self {
            JobKind::WordCount => {
                // ── gap 1: add up
                // TODO(1): you must return how often the word occurs in all, as a decimal number.
                todo!("TODO(1) add up")
                // ── end 1
            }
            JobKind::InvertedIndex => {
                // ── gap 1: list the files
                // TODO(1): you must return the names of the files that contain the word, each once, in
                // order, separated by tabs (`\t`).
                todo!("TODO(1) list the files")
                // ── end 1
            }
        }
    }

    fn combine(&self, key: &[u8], values: &[&[u8]]) -> Option<Vec<u8>> {
        // ── gap 7: combine
        // TODO(7): for a job whose values can be combined, you must make one value from several, so that
        // reduce tasks fetch less and the result stays the same. What this returns may come here again,
        // together with other values.
        // ── end 7
        None
    }

    fn partition(&self, key: &[u8], partitions: usize) -> usize {
        // ── gap 1: choose a partition
        // TODO(1): you must return a number below `partitions`. It must be the same for a key on each
        // node and at each call, and different keys must spread evenly.
        todo!("TODO(1) choose a partition")
        // ── end 1
    }
}

// ── gap 1: functions of your own
// ── end 1
