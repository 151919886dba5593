//! The one ordered list of the course's parts: commands, folders, packages and hints.

use std::path::Path;

/// A part of the course, graded by the command of its name.
#[derive(Debug)]
pub struct Part {
    /// Its place in the course, from 1.
    pub number: u8,
    /// The command that grades it: `part1`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Its folder, under `exercises/` and under `solutions/` alike.
    pub folder: &'static str,
    /// The package of the exercise, and of its binary.
    pub package: &'static str,
    /// The package of the solution, and of its binary.
    pub solution_package: &'static str,
    /// Its section of TRAINING.md, without the `#`.
    pub anchor: &'static str,
    /// The files that a learner may edit, relative to the part's folder. Everything else in the
    /// folder is given; further `.rs` files of the learner's own may lie beside them.
    pub editable: &'static [&'static str],
    /// The Rust files that are given, and not to be edited.
    pub given: &'static [&'static str],
    /// Whether its nodes serve HTTP, and keep what they know in a store.
    pub serves_http: bool,
    /// Whether its nodes read and write files of one folder.
    pub shares_files: bool,
    /// What is to be solved, in order.
    pub problems: &'static [Problem],
}

/// One problem of a part: a gap to fill, graded by a group of scenarios.
#[derive(Debug)]
pub struct Problem {
    /// Its number within the part, from 1; also the number of its gap.
    pub number: u8,
    /// What people call it.
    pub title: &'static str,
    /// Whether it lies off the course's way: it is graded, but the exit code does not count it.
    pub optional: bool,
    /// What it is worth, for those who count: 10, or 5 off the course's way.
    pub points: u8,
    /// Its section of TRAINING.md, without the `#`.
    pub anchor: &'static str,
    /// The gaps without which it cannot be solved.
    pub gaps: &'static [u8],
}

/// The parts that exist, in the order of the course.
pub const PARTS: &[Part] = &[
    Part {
        number: 1,
        name: "part1",
        title: "Ping pong",
        folder: "part1_ping_pong",
        package: "ping-pong",
        solution_package: "ping-pong-solution",
        anchor: "part-1-ping-pong",
        editable: &["src/producer.rs", "src/consumer.rs", "src/protocol.rs"],
        given: &["src/lib.rs", "src/main.rs"],
        serves_http: false,
        shares_files: false,
        problems: &[
            Problem {
                number: 1,
                title: "Broadcast",
                optional: false,
                points: 10,
                anchor: "problem-1-broadcast",
                gaps: &[1],
            },
            Problem {
                number: 2,
                title: "Ask everyone",
                optional: false,
                points: 10,
                anchor: "problem-2-ask-everyone",
                gaps: &[1, 2],
            },
            Problem {
                number: 3,
                title: "Crash",
                optional: false,
                points: 10,
                anchor: "problem-3-crash",
                gaps: &[1, 3],
            },
            Problem {
                number: 4,
                title: "Netsplit",
                optional: false,
                points: 10,
                anchor: "problem-4-netsplit",
                gaps: &[1, 4],
            },
            Problem {
                number: 5,
                title: "A crash during the split",
                optional: true,
                points: 5,
                anchor: "problem-5-a-crash-during-the-split",
                gaps: &[1, 3, 4],
            },
            Problem {
                number: 6,
                title: "The producer crashes",
                optional: true,
                points: 5,
                anchor: "problem-6-the-producer-crashes",
                gaps: &[1, 6],
            },
        ],
    },
    Part {
        number: 2,
        name: "part2",
        title: "Map reduce",
        folder: "part2_map_reduce",
        package: "map-reduce",
        solution_package: "map-reduce-solution",
        anchor: "part-2-map-reduce",
        editable: &[
            "src/functions.rs",
            "src/manager.rs",
            "src/worker.rs",
            "src/protocol.rs",
            "src/job.rs",
        ],
        given: &[
            "src/lib.rs",
            "src/main.rs",
            "src/local.rs",
            "src/command.rs",
            "src/command/node_process.rs",
        ],
        serves_http: false,
        shares_files: true,
        problems: &[
            Problem {
                number: 1,
                title: "Local",
                optional: false,
                points: 10,
                anchor: "problem-1-local",
                gaps: &[1],
            },
            Problem {
                number: 2,
                title: "Distribute",
                optional: false,
                points: 10,
                anchor: "problem-2-distribute",
                gaps: &[1, 2],
            },
            Problem {
                number: 3,
                title: "Worker failure",
                optional: false,
                points: 10,
                anchor: "problem-3-worker-failure",
                gaps: &[1, 2, 3],
            },
            Problem {
                number: 4,
                title: "Delivery",
                optional: false,
                points: 10,
                anchor: "problem-4-delivery",
                gaps: &[1, 2, 3, 4],
            },
            Problem {
                number: 5,
                title: "Netsplit and stragglers",
                optional: false,
                points: 10,
                anchor: "problem-5-netsplit-and-stragglers",
                gaps: &[1, 2, 3, 4, 5],
            },
            Problem {
                number: 6,
                title: "Manager failure",
                optional: true,
                points: 5,
                anchor: "problem-6-manager-failure",
                gaps: &[1, 2, 3, 6],
            },
            Problem {
                number: 7,
                title: "Combiner",
                optional: true,
                points: 5,
                anchor: "problem-7-combiner",
                gaps: &[1, 2, 7],
            },
        ],
    },
    Part {
        number: 3,
        name: "part3",
        title: "Link shortener",
        folder: "part3_link_shortener",
        package: "link-shortener",
        solution_package: "link-shortener-solution",
        anchor: "part-3-link-shortener",
        editable: &[
            "src/links.rs",
            "src/table.rs",
            "src/cache.rs",
            "src/sweeper.rs",
            "src/protocol.rs",
        ],
        given: &["src/lib.rs", "src/main.rs"],
        serves_http: true,
        shares_files: false,
        problems: &[
            Problem {
                number: 1,
                title: "Cache",
                optional: false,
                points: 10,
                anchor: "problem-1-cache",
                gaps: &[1],
            },
            Problem {
                number: 2,
                title: "Replicate",
                optional: false,
                points: 10,
                anchor: "problem-2-replicate",
                gaps: &[1, 2],
            },
            Problem {
                number: 3,
                title: "Partitions",
                optional: false,
                points: 10,
                anchor: "problem-3-partitions",
                gaps: &[1, 2, 3],
            },
            Problem {
                number: 4,
                title: "Late and restarted nodes",
                optional: false,
                points: 10,
                anchor: "problem-4-late-and-restarted-nodes",
                gaps: &[1, 2, 3, 4],
            },
            Problem {
                number: 5,
                title: "Store down",
                optional: false,
                points: 10,
                anchor: "problem-5-store-down",
                gaps: &[1],
            },
            Problem {
                number: 6,
                title: "Registry",
                optional: false,
                points: 10,
                anchor: "problem-6-registry",
                gaps: &[1, 2, 6],
            },
        ],
    },
    Part {
        number: 4,
        name: "part4",
        title: "A better link shortener",
        folder: "part4_link_aggregates",
        package: "link-aggregates",
        solution_package: "link-aggregates-solution",
        anchor: "part-4-a-better-link-shortener",
        editable: &[
            "src/ring.rs",
            "src/links.rs",
            "src/g_counter.rs",
            "src/views.rs",
            "src/counters.rs",
            "src/visitors.rs",
            "src/protocol.rs",
        ],
        given: &[
            "src/lib.rs",
            "src/main.rs",
            "src/cache.rs",
            "src/table.rs",
            "src/sweeper.rs",
        ],
        serves_http: true,
        shares_files: false,
        problems: &[
            Problem {
                number: 1,
                title: "Ring",
                optional: false,
                points: 10,
                anchor: "problem-1-ring",
                gaps: &[1],
            },
            Problem {
                number: 2,
                title: "Route",
                optional: false,
                points: 10,
                anchor: "problem-2-route",
                gaps: &[1, 2],
            },
            Problem {
                number: 3,
                title: "Owner unreachable",
                optional: false,
                points: 10,
                anchor: "problem-3-owner-unreachable",
                gaps: &[1, 2, 3],
            },
            Problem {
                number: 4,
                title: "G-Counter",
                optional: false,
                points: 10,
                anchor: "problem-4-g-counter",
                gaps: &[4],
            },
            Problem {
                number: 5,
                title: "Aggregates",
                optional: false,
                points: 10,
                anchor: "problem-5-aggregates",
                gaps: &[1, 2, 4, 5],
            },
            Problem {
                number: 6,
                title: "Netsplits",
                optional: false,
                points: 10,
                anchor: "problem-6-netsplits",
                gaps: &[1, 2, 3, 4, 5, 6],
            },
            Problem {
                number: 7,
                title: "Restarts",
                optional: false,
                points: 10,
                anchor: "problem-7-restarts",
                gaps: &[1, 2, 4, 5, 6, 7],
            },
            Problem {
                number: 8,
                title: "Efficiency",
                optional: false,
                points: 10,
                anchor: "problem-8-efficiency",
                gaps: &[1, 2, 4, 5, 6, 8],
            },
            Problem {
                number: 9,
                title: "Unique visitors",
                optional: true,
                points: 5,
                anchor: "problem-9-unique-visitors",
                gaps: &[1, 2, 4, 5, 6, 9],
            },
            Problem {
                number: 10,
                title: "Two owners",
                optional: true,
                points: 5,
                anchor: "problem-10-two-owners",
                gaps: &[1, 2, 3, 10],
            },
        ],
    },
];

/// The part that a command names.
pub fn part(name: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.name == name)
}

impl Part {
    /// The problem of that number.
    pub fn problem(&self, number: u8) -> Option<&'static Problem> {
        self.problems
            .iter()
            .find(|problem| problem.number == number)
    }

    /// Whether a file, relative to the part's folder, is the learner's own: one of those to be
    /// edited, or one that the course does not have.
    pub fn is_learners(&self, file: &Path) -> bool {
        self.editable
            .iter()
            .any(|editable| file == Path::new(editable))
            || (file.starts_with("src") && !self.given.iter().any(|given| file == Path::new(given)))
    }

    /// The part that comes after this one.
    pub fn next(&self) -> Option<&'static Part> {
        PARTS.iter().find(|part| part.number == self.number + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_problems_are_numbered_in_order() {
        for (place, part) in PARTS.iter().enumerate() {
            assert_eq!(usize::from(part.number), place + 1);
            assert_eq!(part.name, format!("part{}", part.number));
            assert!(part.folder.starts_with(&format!("part{}_", part.number)));
            for (place, problem) in part.problems.iter().enumerate() {
                assert_eq!(usize::from(problem.number), place + 1, "{}", part.name);
            }
        }
    }
}
