//! What the stories of part 1 are drawn from.

use testkit::exploration::{Does, Fault, Plan, Step};
use testkit::seed::Draw;

use super::{Do, Level};
use crate::NAMES;

/// How many servers of a node may crash: its supervisor gives up at the fourth in five seconds.
const MAX_CRASHES: usize = 3;

/// Draws a story for a level.
pub(super) fn draw(draw: &mut Draw, level: Level) -> Plan {
    let names = draw.cast(NAMES);
    let nodes = draw.number(2..=4) as usize;
    let mut story = Story {
        names: &names[..nodes + 1],
        nodes,
        // A killed node forgets its count, so the nodes that are killed or come late send no ping
        // before that.
        senders: draw.number(1..=nodes as u64) as usize,
        crashes: vec![0; nodes + 1],
        level,
        steps: Vec::new(),
    };
    let length = draw.number(4..=30);
    while story.steps.len() < length as usize {
        story.step(draw);
    }
    Plan::of(&names[..nodes], &story.steps)
}

struct Story<'n> {
    /// The nodes, and one that may come late.
    names: &'n [&'static str],
    nodes: usize,
    senders: usize,
    crashes: Vec<usize>,
    level: Level,
    steps: Vec<Step<Do>>,
}

impl Story<'_> {
    fn step(&mut self, draw: &mut Draw) {
        match draw.number(0..=9) {
            0..=3 => {
                let sender = self.sender(draw);
                self.steps.push(Step::Do(
                    match self.level.problem == 2 && draw.number(0..=2) > 0 {
                        true => Do::Ask(
                            self.names[draw.number(0..=self.nodes as u64 - 1) as usize].to_owned(),
                        ),
                        false => Do::Ping(sender),
                    },
                ));
            }
            4..=6 => {
                if let Some(fault) = self.fault(draw) {
                    self.steps.push(Step::Break(fault));
                }
            }
            7 => {
                let repair = self.repair(draw);
                self.steps.push(Step::Break(repair));
            }
            _ => {
                let longest = [5, 60, 400, 1_500, 3_500][draw.number(0..=4) as usize];
                self.steps.push(Step::Wait(draw.number(1..=longest)));
            }
        }
    }

    fn sender(&self, draw: &mut Draw) -> String {
        self.names[draw.number(0..=self.senders as u64 - 1) as usize].to_owned()
    }

    /// A node that sends no pings, or the one that comes late.
    fn other(&self, draw: &mut Draw) -> String {
        self.names[draw.number(self.senders as u64..=self.nodes as u64) as usize].to_owned()
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

    /// Something breaks that the level knows.
    fn fault(&mut self, draw: &mut Draw) -> Option<Fault> {
        let (from, to) = self.pair(draw);
        let level = self.level;
        let ping = |does, draw: &mut Draw| Fault::Message {
            does,
            message: Some("Ping".to_owned()),
            answer: false,
            from: from.clone(),
            to: to.clone(),
            times: draw.number(1..=2) as usize,
        };
        let answers = |does| Fault::Message {
            does,
            message: None,
            answer: true,
            from: from.clone(),
            to: to.clone(),
            times: 1,
        };
        Some(match draw.number(0..=11) {
            0 => ping(Does::Duplicate, draw),
            1 => ping(Does::Hold, draw),
            2 => Fault::Pause { node: from },
            3 => Fault::Delay {
                from: from.clone(),
                to: to.clone(),
                ms: draw.number(5..=1_200),
            },
            4 if level.problem == 1 => Fault::Disconnect {
                node: from,
                from: to,
            },
            4 | 5 if level.consumers_recover => ping(Does::Drop, draw),
            6 if level.consumers_recover || level.meetings => answers(Does::Hold),
            7 | 8 if level.consumers_recover && !level.meetings => {
                self.crash(draw, &["consumer"])?
            }
            4 | 7 if level.problem == 5 => self.crash(draw, &["consumer"])?,
            8 | 9 if level.meetings => Fault::Partition { a: from, b: to },
            10 if level.meetings || level.problem == 2 => Fault::Blackhole { from, to },
            11 if level.meetings || level.problem == 2 => Fault::Kill {
                node: self.other(draw),
            },
            4..=6 if level.producers_continue => self.crash(draw, &["producer"])?,
            7 if level.producers_continue => self.crash(draw, &["producer", "consumer"])?,
            8 if level.producers_continue => self.crash(draw, &["consumer"])?,
            _ => return None,
        })
    }

    fn crash(&mut self, draw: &mut Draw, servers: &[&str]) -> Option<Fault> {
        let place = draw.number(0..=self.nodes as u64 - 1) as usize;
        let crashes = self.crashes[place] + servers.len();
        if crashes > MAX_CRASHES {
            return None;
        }
        self.crashes[place] = crashes;
        Some(Fault::Crash {
            node: self.names[place].to_owned(),
            servers: servers.iter().map(|server| (*server).to_owned()).collect(),
        })
    }

    /// Something is mended.
    fn repair(&self, draw: &mut Draw) -> Fault {
        let (a, b) = self.pair(draw);
        match draw.number(0..=5) {
            0 => Fault::Release,
            1 | 2 => Fault::Resume { node: a },
            3 if self.level.problem == 1 => Fault::Connect { node: a, to: b },
            3 | 4 if self.level.meetings => Fault::Start {
                node: self.other(draw),
            },
            5 => Fault::HealAll,
            _ => Fault::Heal { a, b },
        }
    }
}
