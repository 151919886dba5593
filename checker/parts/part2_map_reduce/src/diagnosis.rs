//! The mistakes of part 2 that a trace shows.

mod symptoms;
mod tasks;
#[cfg(test)]
mod tests;

use testkit::diagnosis::Mistake;

/// The more telling ones first.
pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "partitions-by-more-than-the-key",
        problems: &[1, 2, 7],
        suggests: "The partition of a key depends on more than the key: on the process, on the time, or on a hash with a seed of its own.",
        training: "problem-1-local",
        hint: 2,
        symptom: symptoms::key_in_two_files,
    },
    Mistake {
        id: "works-alone",
        problems: &[2],
        suggests: "All workers are on the manager's own node: perhaps the program starts no others, or never awaits the call that starts them.",
        training: "problem-2-distribute",
        hint: 2,
        symptom: symptoms::works_alone,
    },
    Mistake {
        id: "looks-at-the-list-once",
        problems: &[2],
        suggests: "The manager starts workers on the nodes that are connected when the first job comes, and on none that joins later.",
        training: "problem-2-distribute",
        hint: 2,
        symptom: symptoms::looks_at_the_list_once,
    },
    Mistake {
        id: "reduces-before-all-is-mapped",
        problems: &[2, 4],
        suggests: "The manager gives out reduce tasks before all map tasks are done. They miss the output that comes later.",
        training: "problem-2-distribute",
        hint: 3,
        symptom: symptoms::reduces_before_all_is_mapped,
    },
    Mistake {
        id: "takes-results-of-another-job",
        problems: &[4],
        suggests: "The manager mistakes a result of one job for a result of another.",
        training: "problem-4-delivery",
        hint: 3,
        symptom: symptoms::takes_results_of_another_job,
    },
    Mistake {
        id: "lists-an-output-twice",
        problems: &[4, 5],
        suggests: "The manager collects outputs of map tasks as they are reported. It counts an output twice if a worker reports it twice.",
        training: "problem-4-delivery",
        hint: 1,
        symptom: symptoms::lists_an_output_twice,
    },
    Mistake {
        id: "takes-both-attempts",
        problems: &[3, 4, 5],
        suggests: "The manager takes the results of two attempts at the same map task.",
        training: "problem-4-delivery",
        hint: 2,
        symptom: symptoms::takes_both_attempts,
    },
    Mistake {
        id: "renames-its-jobs",
        problems: &[6],
        suggests: "A restarted manager continues its jobs under new ids.",
        training: "problem-6-manager-failure",
        hint: 3,
        symptom: symptoms::renames_its_jobs,
    },
    Mistake {
        id: "crashed-worker-is-not-replaced",
        problems: &[3],
        suggests: "A node whose worker crashed gets no new worker.",
        training: "problem-3-worker-failure",
        hint: 2,
        symptom: symptoms::crashed_worker_is_not_replaced,
    },
    Mistake {
        id: "lost-outputs-count-as-done",
        problems: &[3],
        suggests: "The manager treats map tasks as done although their output was on a dead node, and has none of it computed again.",
        training: "the-idea",
        hint: 1,
        symptom: symptoms::lost_outputs_count_as_done,
    },
    Mistake {
        id: "reduces-on-the-same-worker-again",
        problems: &[5],
        suggests: "The manager gives a reduce task that could not fetch to the same node again, and does not have the missing output computed elsewhere.",
        training: "problem-5-netsplit-and-stragglers",
        hint: 1,
        symptom: symptoms::reduces_on_the_same_worker_again,
    },
    Mistake {
        id: "insists-on-the-same-worker",
        problems: &[5],
        suggests: "When a lease expires, the manager gives the task to the same worker again, and to no other.",
        training: "problem-4-delivery",
        hint: 2,
        symptom: symptoms::insists_on_the_same_worker,
    },
];
