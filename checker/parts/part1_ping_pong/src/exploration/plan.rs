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
    let nodes = draw.number(2..=5) as usize;
    let mut story = Story {
        names: &names[..nodes + 1],
        nodes,
        // A killed node forgets its count, so the nodes that are killed or come late send no ping
        // before that.
        senders: draw.number(1..=nodes as u64) as usize,
        crashes: vec![0; nodes + 1],
        broken: Vec::new(),
        level,
        steps: Vec::new(),
    };
    let length = draw.number(4..=30) as usize;
    // Steps of pure chance seldom come in the order that some mistakes need.
    let coup = draw.number(0..=length as u64) as usize;
    while story.steps.len() < length {
        if story.steps.len() == coup {
            story.coup(draw);
        }
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
    /// What can be mended.
    broken: Vec<Fault>,
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
                        true => Do::Ask(self.node(draw)),
                        false => Do::Ping(sender),
                    },
                ));
            }
            4..=6 => {
                if let Some(fault) = self.fault(draw) {
                    self.breaks(fault);
                }
            }
            7 => {
                if let Some(repair) = self.repair(draw) {
                    self.steps.push(Step::Break(repair));
                }
            }
            _ => {
                let longest = [5, 60, 400, 1_500, 3_500][draw.number(0..=4) as usize];
                self.wait(draw, longest);
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

    /// Several things at nearly the same moment.
    fn coup(&mut self, draw: &mut Draw) {
        let level = self.level;
        let sender = self.sender(draw);
        let (one, other) = self.pair(draw);
        let receiver = if other == sender {
            one.clone()
        } else {
            other.clone()
        };
        self.ping(&sender);
        match draw.number(0..=2) {
            // Nodes are disconnected just after a ping, and time passes.
            0 if level.problem == 1 => {
                self.breaks(Fault::Disconnect {
                    node: sender.clone(),
                    from: receiver,
                });
                self.steps.push(Step::Wait(draw.number(1_000..=4_000)));
                self.ping(&sender);
            }
            // An old ping comes after many others.
            _ if level.problem == 1 => {
                self.breaks(next_pings(Does::Hold, &sender, &receiver, 1));
                for _ in 0..draw.number(2..=15) {
                    self.ping(&sender);
                }
                self.wait(draw, 300);
                self.steps.push(Step::Break(Fault::Release));
                self.wait(draw, 300);
            }
            // A consumer crashes on one side of a split, and another node is silent.
            0 | 1 if level.meetings && level.consumers_recover => {
                self.split(&sender, &receiver);
                let silent = self.node(draw);
                if silent != sender && silent != receiver {
                    self.pause(&silent);
                }
                self.ping(&sender);
                self.wait(draw, 1_500);
                self.crash_at(&receiver, &["consumer"]);
            }
            // Nodes meet while one of them sends pings.
            0 | 1 if level.meetings => {
                self.split(&sender, &receiver);
                self.ping(&sender);
                if draw.number(0..=7) == 0 {
                    // More than two nodes that keep meeting ever miss.
                    let (node, count) = (sender.clone(), draw.number(100..=300));
                    self.steps.push(Step::Do(Do::PingMany { node, count }));
                    self.steps.push(Step::Wait(10 * count));
                }
                self.wait(draw, 400);
                self.steps.push(Step::Break(Fault::Heal {
                    a: sender.clone(),
                    b: receiver,
                }));
                for _ in 0..draw.number(1..=4) {
                    self.wait(draw, 25);
                    self.ping(&sender);
                }
            }
            // A question while another is under way, and a node comes in between.
            _ if level.problem == 2 => {
                let late = self.names[self.nodes].to_owned();
                self.pause(&other);
                self.steps.push(Step::Do(Do::Ask(one.clone())));
                self.wait(draw, 400);
                if draw.number(0..=1) == 0 {
                    self.steps.push(Step::Break(Fault::Start { node: late }));
                }
                self.wait(draw, 400);
                self.steps.push(Step::Do(Do::Ask(one)));
            }
            // A consumer crashes while some nodes are silent.
            0 if level.consumers_recover => {
                let others = [1, self.nodes - 1, self.nodes - 1][draw.number(0..=2) as usize];
                let names = self.names;
                for name in &names[self.nodes - others..self.nodes] {
                    if *name != one && *name != sender {
                        self.pause(name);
                    }
                }
                self.wait(draw, 60);
                self.crash_at(&one, &["consumer"]);
                self.steps.push(Step::Wait(3_500));
            }
            // An old ping arrives while its receiver recovers.
            1 if level.consumers_recover => {
                self.breaks(next_pings(Does::Hold, &sender, &receiver, 1));
                self.ping(&sender);
                self.ping(&sender);
                self.wait(draw, 60);
                // Or before each answer to it.
                let silent = draw.number(0..=1) == 0;
                if silent {
                    self.pause(&sender);
                }
                self.crash_at(&receiver, &["consumer"]);
                if draw.number(0..=1) == 0 {
                    self.wait(draw, 5);
                }
                self.steps.push(Step::Break(Fault::Release));
                if silent {
                    self.wait(draw, 300);
                    let node = sender.clone();
                    self.steps.push(Step::Break(Fault::Resume { node }));
                }
                self.steps.push(Step::Wait(3_500));
            }
            // Several servers crash at once.
            _ if level.consumers_recover || level.producers_continue => {
                let names = self.names;
                self.wait(draw, 60);
                let mut place = draw.number(0..=self.nodes as u64 - 1) as usize;
                for _ in 0..draw.number(2..=self.nodes as u64) {
                    let servers: &[&str] = match draw.number(0..=2) {
                        0 if level.producers_continue => &["producer"],
                        1 if level.producers_continue => &["producer", "consumer"],
                        _ => &["consumer"],
                    };
                    self.crash_at(names[place], servers);
                    place = (place + 1) % self.nodes;
                }
                self.steps.push(Step::Wait(3_500));
            }
            // Both sides of a long split keep what they know.
            _ if level.meetings => {
                self.split(&one, &other);
                self.ping(&sender);
                self.steps.push(Step::Wait(draw.number(10_000..=30_000)));
            }
            _ => {}
        }
    }

    fn ping(&mut self, sender: &str) {
        self.steps.push(Step::Do(Do::Ping(sender.to_owned())));
    }

    fn wait(&mut self, draw: &mut Draw, longest: u64) {
        self.steps.push(Step::Wait(draw.number(1..=longest)));
    }

    /// Something breaks, and may be mended later.
    fn breaks(&mut self, fault: Fault) {
        self.broken.extend(repair(&fault));
        self.steps.push(Step::Break(fault));
    }

    fn split(&mut self, a: &str, b: &str) {
        self.breaks(Fault::Partition {
            a: a.to_owned(),
            b: b.to_owned(),
        });
    }

    fn node(&self, draw: &mut Draw) -> String {
        self.names[draw.number(0..=self.nodes as u64 - 1) as usize].to_owned()
    }

    fn pause(&mut self, node: &str) {
        self.breaks(Fault::Pause {
            node: node.to_owned(),
        });
    }

    fn crash_at(&mut self, node: &str, servers: &[&str]) {
        let place = self.names.iter().position(|name| *name == node);
        if let Some(fault) = place.and_then(|place| self.crash_of(place, servers)) {
            self.steps.push(Step::Break(fault));
        }
    }

    /// Something breaks that the level knows.
    fn fault(&mut self, draw: &mut Draw) -> Option<Fault> {
        let (from, to) = self.pair(draw);
        let level = self.level;
        let ping =
            |does, draw: &mut Draw| next_pings(does, &from, &to, draw.number(1..=2) as usize);
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
                ms: draw.number(5..=level.max_delay()),
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
        self.crash_of(place, servers)
    }

    fn crash_of(&mut self, place: usize, servers: &[&str]) -> Option<Fault> {
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

    /// Something that is broken is mended; or the late node starts.
    fn repair(&mut self, draw: &mut Draw) -> Option<Fault> {
        let late = u64::from(self.level.meetings);
        let broken = self.broken.len() as u64;
        if broken + late == 0 {
            return None;
        }
        let place = draw.number(0..=broken + late - 1) as usize;
        Some(match place < self.broken.len() {
            true => self.broken.swap_remove(place),
            false => Fault::Start {
                node: self.names[self.nodes].to_owned(),
            },
        })
    }
}

/// Something happens to the next pings of a node to another.
fn next_pings(does: Does, from: &str, to: &str, times: usize) -> Fault {
    Fault::Message {
        does,
        message: Some("Ping".to_owned()),
        answer: false,
        from: from.to_owned(),
        to: to.to_owned(),
        times,
    }
}

/// What mends a fault.
fn repair(fault: &Fault) -> Option<Fault> {
    Some(match fault.clone() {
        Fault::Partition { a, b } => Fault::Heal { a, b },
        Fault::Blackhole { from, to } | Fault::Delay { from, to, .. } => {
            Fault::Heal { a: from, b: to }
        }
        Fault::Message {
            does: Does::Hold, ..
        } => Fault::Release,
        Fault::Kill { node } => Fault::Start { node },
        Fault::Pause { node } => Fault::Resume { node },
        Fault::Disconnect { node, from } => Fault::Connect { node, to: from },
        _ => return None,
    })
}
