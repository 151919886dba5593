//! What the stories of part 2 are drawn from.

use testkit::exploration::{Does, Fault, Plan, Step};
use testkit::seed::Draw;

use super::input::{File, Given};
use super::{Do, Level};
use crate::messages::JobKind;
use crate::text::word;

const NAMES: [&str; 5] = ["n1", "n2", "n3", "n4", "n5"];

/// How many servers of a node may crash: its supervisor gives up at the fourth in five seconds.
const MAX_CRASHES: usize = 3;

/// Names of files, in no order. Commas and blanks are letters like all others.
const FILES: [&str; 6] = [
    "fox.txt", "bee.txt", "bee,fox", "cat dog", "Ant.txt", "eel,",
];

/// Draws a story for a level.
pub(super) fn draw(draw: &mut Draw, level: Level) -> Plan {
    let names = draw.cast(NAMES);
    let nodes = match level.problem {
        1 => 1,
        7 => draw.number(1..=3) as usize,
        _ => draw.number(2..=4) as usize,
    };
    let mut story = Story {
        names: &names[..nodes + 1],
        nodes,
        managers: draw.number(1..=nodes.min(2) as u64) as usize,
        jobs: 0,
        crashes: vec![0; nodes + 1],
        level,
        steps: Vec::new(),
    };
    let length = match level.problem {
        1 | 7 => draw.number(1..=3),
        2 => draw.number(2..=8),
        _ => draw.number(4..=16),
    };
    if level.problem == 4 && draw.number(0..=3) == 0 {
        story.loses_assignments(draw);
    }
    if level.netsplits && nodes > 2 && draw.number(0..=1) == 0 {
        story.managers = 1;
        story.breaks_once(draw);
        return Plan::of(&names[..nodes], &story.steps);
    }
    while story.steps.len() < length as usize {
        story.step(draw);
    }
    Plan::of(&names[..nodes], &story.steps)
}

struct Story<'n> {
    /// The nodes, and one that may come late.
    names: &'n [&'static str],
    nodes: usize,
    /// How many of them are given jobs, from the first on.
    managers: usize,
    jobs: u64,
    crashes: Vec<usize>,
    level: Level,
    steps: Vec<Step<Do>>,
}

/// How many jobs a story has at most.
const MAX_JOBS: u64 = 4;

impl Story<'_> {
    fn step(&mut self, draw: &mut Draw) {
        let is_quiet = matches!(self.level.problem, 1 | 7);
        match draw.number(0..=9) {
            _ if is_quiet => self.job(draw),
            0..=2 if self.jobs < MAX_JOBS => self.job(draw),
            3..=5 => {
                let fault = self.fault(draw);
                self.steps.extend(fault);
            }
            6 => {
                let repair = self.repair(draw);
                self.steps.push(Step::Break(repair));
            }
            _ => {
                let longest = [5, 60, 400, 1_500][draw.number(0..=3) as usize];
                self.steps.push(Step::Wait(draw.number(1..=longest)));
            }
        }
    }

    fn node(&self, draw: &mut Draw) -> String {
        self.names[draw.number(0..=self.nodes as u64 - 1) as usize].to_owned()
    }

    fn manager(&self, draw: &mut Draw) -> String {
        self.names[draw.number(0..=self.managers as u64 - 1) as usize].to_owned()
    }

    /// A node that is given no job, or the one that comes late.
    fn other(&self, draw: &mut Draw) -> String {
        self.names[draw.number(self.managers as u64..=self.nodes as u64) as usize].to_owned()
    }

    fn pair(&self, draw: &mut Draw) -> (String, String) {
        let nodes = self.nodes as u64;
        let one = draw.number(0..=nodes - 1);
        let other = (one + draw.number(1..=nodes - 1)) % nodes;
        (
            self.names[one as usize].to_owned(),
            self.names[other as usize].to_owned(),
        )
    }

    /// A manager's node, and another.
    fn line(&self, draw: &mut Draw) -> [String; 2] {
        let manager = draw.number(0..=self.managers as u64 - 1);
        let other = (manager + draw.number(1..=self.nodes as u64 - 1)) % self.nodes as u64;
        [manager, other].map(|node| self.names[node as usize].to_owned())
    }

    /// Many tasks, and one thing that breaks before they begin or meanwhile: two workers are kept apart,
    /// or one node cannot be reached.
    fn breaks_once(&mut self, draw: &mut Draw) {
        let lines = draw.number(80..=100);
        let text = (0..lines).map(|line| format!("{}\n", word(line as usize % 7)));
        let job = Given {
            kind: draw.either(JobKind::WordCount, JobKind::InvertedIndex),
            files: vec![File::once(FILES[0], text.collect())],
            split_bytes: 1,
            partitions: draw.number(1..=3) as usize,
            map_ms: draw.either(0, 10),
            reduce_ms: draw.either(0, 50),
        };
        let submit = Step::Do(Do::Submit {
            node: self.names[0].to_owned(),
            output: 1,
            job,
        });
        let victim = draw.number(1..=self.nodes as u64 - 1) as usize;
        let pair = |other: usize, closes| {
            let (a, b) = (self.names[victim].to_owned(), self.names[other].to_owned());
            match closes {
                true => vec![Fault::Partition { a, b }],
                false => [(a.clone(), b.clone()), (b, a)]
                    .map(|(from, to)| Fault::Blackhole { from, to })
                    .to_vec(),
            }
        };
        let closes = draw.number(0..=1) == 0;
        let breaks: Vec<Fault> = match draw.number(0..=4) {
            0 => vec![Fault::Pause {
                node: self.names[victim].to_owned(),
            }],
            1 => (0..self.nodes)
                .filter(|other| *other != victim)
                .flat_map(|other| pair(other, closes))
                .collect(),
            _ => pair(victim % (self.nodes - 1) + 1, closes),
        };
        let wait = Step::Wait(draw.number(1..=300));
        let breaks = breaks.into_iter().map(Step::Break);
        match draw.number(0..=1) {
            0 => self.steps.extend(breaks.chain([wait, submit])),
            _ => self.steps.extend([submit, wait].into_iter().chain(breaks)),
        }
        // The node comes back while the job runs, or does not.
        self.steps.push(Step::Wait(draw.number(500..=12_000)));
    }

    /// The first assignments to each worker are lost, so some tasks lose two attempts.
    fn loses_assignments(&mut self, draw: &mut Draw) {
        let times = draw.number(2..=3) as usize;
        for worker in &self.names[1..self.nodes] {
            self.steps.push(Step::Break(Fault::Message {
                does: Does::Drop,
                message: Some("Assign".to_owned()),
                answer: false,
                from: self.names[0].to_owned(),
                to: (*worker).to_owned(),
                times,
            }));
        }
        self.job(draw);
    }

    fn job(&mut self, draw: &mut Draw) {
        let alone = match self.level.problem {
            1 => true,
            7 => draw.number(0..=1) == 0,
            _ => false,
        };
        let job = match self.level.problem {
            1 | 7 => functions(draw),
            2 if draw.number(0..=4) == 0 => self.one_map(draw),
            4 if draw.number(0..=9) == 0 => self.one_map(draw),
            _ => self.tasks(draw),
        };
        let node = self.manager(draw);
        self.jobs += 1;
        // Now and then the place of an earlier job.
        let output = match draw.number(0..=2) {
            0 => draw.number(1..=self.jobs),
            _ => self.jobs,
        };
        self.steps.push(Step::Do(match alone || self.nodes == 1 {
            true => Do::Alone { node, job },
            false => Do::Submit { node, output, job },
        }));
    }

    /// A job with one map task, and many slow reduce tasks or a record that takes longer than a lease and
    /// crashes.
    fn one_map(&self, draw: &mut Draw) -> Given {
        let text = match self.level.losses {
            true => draw.either("@sleep 1100\n@panic 2\n", "@sleep 1100\n@panic 3\n"),
            false => "",
        };
        let (partitions, reduce_ms) = match self.level.losses {
            true => (1, 0),
            false => (draw.number(10..=12) as usize, 400),
        };
        Given {
            kind: draw.either(JobKind::WordCount, JobKind::InvertedIndex),
            files: vec![File::once(FILES[0], format!("{text}{}\n", word(0)))],
            split_bytes: 1_000,
            partitions,
            map_ms: 0,
            reduce_ms,
        }
    }

    /// A job whose tasks are the subject: few words, and slow tasks.
    fn tasks(&self, draw: &mut Draw) -> Given {
        let mut lines = draw.number(0..=7);
        let mut files = Vec::new();
        while lines > 0 {
            let of_file = draw.number(1..=lines);
            lines -= of_file;
            let mut text = String::new();
            for _ in 0..of_file {
                match draw.number(0..=9) {
                    0 if self.level.losses => {
                        text.push_str(draw.either("@sleep 1100\n", "@sleep 4600\n"))
                    }
                    1 => text.push_str("@sleep 400\n"),
                    _ => {}
                }
                for _ in 0..draw.number(0..=3) {
                    text.push_str(&word(draw.number(0..=5) as usize));
                    text.push(' ');
                }
                text.push('\n');
            }
            let name = FILES[files.len() % FILES.len()];
            files.push(File::once(name, text));
        }
        if self.level.deaths
            && draw.number(0..=3) == 0
            && let Some(file) = files.last_mut()
        {
            let crashing = ["@panic 3\n", "@panic 2\n", "@panic\n"][draw.number(0..=2) as usize];
            if self.level.losses && draw.number(0..=2) == 0 {
                file.text.push_str("@sleep 1100\n");
            }
            file.text.push_str(crashing);
        }
        let times = [0, 30, 200, 700, if self.level.losses { 1_300 } else { 400 }];
        Given {
            kind: draw.either(JobKind::WordCount, JobKind::InvertedIndex),
            files,
            split_bytes: [1, 1, 20, 1_000][draw.number(0..=3) as usize],
            partitions: draw.number(1..=5) as usize,
            map_ms: times[draw.number(0..=4) as usize],
            reduce_ms: times[draw.number(0..=4) as usize],
        }
    }

    /// Something breaks that the level knows.
    fn fault(&mut self, draw: &mut Draw) -> Option<Step<Do>> {
        let level = self.level;
        let [manager, worker] = self.line(draw);
        let (given, done) = ((manager.clone(), worker.clone()), (worker, manager));
        let message = |does, draw: &mut Draw| {
            let (message, (from, to)) =
                draw.either(("Assign", given.clone()), ("Finished", done.clone()));
            Fault::Message {
                does,
                message: Some(message.to_owned()),
                answer: false,
                from,
                to,
                times: draw.number(1..=3) as usize,
            }
        };
        Some(Step::Break(match draw.number(0..=15) {
            0 if level.problem == 2 => Fault::Start {
                node: self.names[self.nodes].to_owned(),
            },
            0 if level.deaths => Fault::Kill {
                node: self.other(draw),
            },
            1 if level.deaths => Fault::Start {
                node: self.other(draw),
            },
            2 if level.deaths => {
                return Some(Step::Do(Do::CrashWorkers {
                    node: self.node(draw),
                }));
            }
            3 if level.deaths && !level.continues && self.jobs > 0 => {
                return Some(Step::Do(Do::RemoveInput {
                    output: draw.number(1..=self.jobs),
                }));
            }
            4 | 5 if level.problem == 3 => Fault::Kill {
                node: self.other(draw),
            },
            6 | 7 if level.problem == 3 => {
                return Some(Step::Do(Do::CrashWorkers {
                    node: self.node(draw),
                }));
            }
            4..=6 if level.continues => self.crash(draw)?,
            4 if level.losses => message(Does::Drop, draw),
            5 if level.losses => message(Does::Duplicate, draw),
            6 if level.losses => message(Does::Hold, draw),
            7 if level.losses => {
                let (from, to) = draw.either(given, done);
                Fault::Delay {
                    from,
                    to,
                    ms: draw.number(5..=1_200),
                }
            }
            8 | 9 if level.problem == 4 => message(Does::Drop, draw),
            10 | 11 if level.problem == 4 => message(Does::Duplicate, draw),
            12 | 13 if level.problem == 4 => message(Does::Hold, draw),
            14 if level.problem == 4 => self.crash(draw)?,
            15 if level.problem == 4 => Fault::Kill {
                node: self.manager(draw),
            },
            8..=10 if level.netsplits => Fault::Pause {
                node: self.other_or_any(draw),
            },
            11 | 12 if level.netsplits => {
                let (a, b) = self.pair(draw);
                Fault::Partition { a, b }
            }
            13 if level.netsplits => {
                let (from, to) = self.pair(draw);
                Fault::Blackhole { from, to }
            }
            _ => return None,
        }))
    }

    fn other_or_any(&self, draw: &mut Draw) -> String {
        match draw.number(0..=3) {
            0 => self.node(draw),
            _ => self.other(draw),
        }
    }

    fn crash(&mut self, draw: &mut Draw) -> Option<Fault> {
        let place = draw.number(0..=self.managers as u64 - 1) as usize;
        if self.crashes[place] == MAX_CRASHES {
            return None;
        }
        self.crashes[place] += 1;
        let node = self.names[place].to_owned();
        Some(Fault::Crash {
            node,
            servers: vec!["manager".to_owned()],
        })
    }

    /// Something is mended.
    fn repair(&self, draw: &mut Draw) -> Fault {
        match draw.number(0..=5) {
            0 if self.level.losses => Fault::Release,
            1 | 2 if self.level.netsplits => Fault::Resume {
                node: self.node(draw),
            },
            3 if self.level.netsplits => {
                let (a, b) = self.pair(draw);
                Fault::Heal { a, b }
            }
            4 if self.level.losses => Fault::HealAll,
            _ if self.level.problem == 4 => Fault::Start {
                node: self.node(draw),
            },
            _ => Fault::Start {
                node: self.other(draw),
            },
        }
    }
}

/// A job whose functions are the subject: odd texts, and no slow tasks.
fn functions(draw: &mut Draw) -> Given {
    let mut files: Vec<File> = Vec::new();
    let count = draw.number(0..=4) as usize;
    for name in FILES.into_iter().take(count) {
        files.push(match draw.number(0..=19) {
            // Two bytes cannot count so many, and four hundred letters make one word.
            0 => File {
                name: name.to_owned(),
                text: "no ".to_owned(),
                times: [65_535, 65_536, 70_000][draw.number(0..=2) as usize],
            },
            1 => File {
                name: name.to_owned(),
                text: word(draw.number(0..=99) as usize),
                times: draw.number(50..=200) as usize,
            },
            2 => File::once(name, String::new()),
            _ => File::once(name, text(draw)),
        });
    }
    // The order in which the files are given is not that of their names.
    if files.len() > 1 && draw.number(0..=1) == 0 {
        files.rotate_left(1);
    }
    let bytes: usize = files.iter().map(|file| file.text.len() * file.times).sum();
    let split_bytes = [1, 30, 300, 100_000][draw.number(0..=3) as usize];
    Given {
        kind: draw.either(JobKind::WordCount, JobKind::InvertedIndex),
        files,
        split_bytes: split_bytes.max(bytes as u64 / 50),
        partitions: draw.number(1..=6) as usize,
        map_ms: 0,
        reduce_ms: 0,
    }
}

fn text(draw: &mut Draw) -> String {
    /// What stands between two words. Each letter is a byte.
    const BETWEEN: [&str; 14] = [
        " ",
        " ",
        " ",
        "\n",
        "\n",
        "\r\n",
        "\t",
        "\u{c3}\u{a9}",
        "\u{e9}",
        "\u{ff}",
        "'",
        "7",
        "\n\n",
        "\n@",
    ];
    let (words, kind) = (draw.number(0..=40), draw.number(0..=5));
    let (words, different) = match kind {
        // So many keys that each partition must have some.
        0 => (400, 100_000),
        1 => (words, 1),
        _ => (words, [3, 20, 300][draw.number(0..=2) as usize]),
    };
    let beginning = ["", "", "", "The", "x"][draw.number(0..=4) as usize];
    let mut text = BETWEEN[draw.number(0..=13) as usize].to_owned();
    for _ in 0..words {
        let word = word(draw.number(0..=different) as usize);
        text.push_str(beginning);
        text.push_str(&match draw.number(0..=4) {
            0 => word.to_ascii_uppercase(),
            _ => word,
        });
        text.push_str(BETWEEN[draw.number(0..=13) as usize]);
    }
    if draw.number(0..=1) == 0 {
        text.pop();
    }
    text
}
