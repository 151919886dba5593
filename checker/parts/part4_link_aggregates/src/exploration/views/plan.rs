//! What the stories about views are drawn from.

use testkit::exploration::{Does, Fault, Plan, Step, StoreDoes};
use testkit::seed::Draw;

use super::{Do, Subject};

const NAMES: [&str; 6] = ["n1", "n2", "n3", "n4", "n5", "n6"];

/// How many links of each owner there are, unless there are many.
const LINKS: u64 = 2;

/// How often the counters of a node may crash: its supervisor gives up at the fourth crash in five
/// seconds.
const MAX_CRASHES: usize = 3;

/// Draws a story.
pub(crate) fn draw(draw: &mut Draw, subject: Subject) -> Plan {
    let names = draw.cast(NAMES);
    let nodes = match subject {
        Subject::ManyLinks => draw.number(2..=3),
        _ => draw.number(2..=4),
    } as usize;
    let length = match subject {
        Subject::ManyLinks => draw.number(3..=8),
        Subject::Visitors => draw.number(4..=12),
        _ => draw.number(4..=24),
    } as usize;
    let mut story = Story {
        names: &names[..nodes + 1],
        nodes,
        crashes: vec![0; nodes + 1],
        killed: Vec::new(),
        subject,
        steps: Vec::new(),
    };
    while story.steps.len() < length {
        story.step(draw);
    }
    Plan::of(&names[..nodes], &story.steps)
}

struct Story<'n> {
    /// The nodes, and one that may come late.
    names: &'n [&'static str],
    nodes: usize,
    crashes: Vec<usize>,
    /// The nodes that were killed and not started again.
    killed: Vec<String>,
    subject: Subject,
    steps: Vec<Step<Do>>,
}

impl Story<'_> {
    fn step(&mut self, draw: &mut Draw) {
        match draw.number(0..=9) {
            0..=4 => match (draw.number(0..=9), self.subject) {
                (0 | 1, Subject::Restarts) => self.restart(draw),
                (0, Subject::Aggregates | Subject::Netsplits) => self.overtake(draw),
                _ => {
                    let does = self.operation(draw);
                    self.steps.push(Step::Do(does));
                }
            },
            5..=6 => {
                if let Some(fault) = self.fault(draw) {
                    self.steps.push(Step::Break(fault));
                }
            }
            7 => {
                let repair = self.repair(draw);
                self.steps.push(Step::Break(repair));
            }
            _ => {
                let longest = [5, 60, 400, 1_500, 3_000][draw.number(0..=4) as usize];
                self.steps.push(Step::Wait(draw.number(1..=longest)));
            }
        }
    }

    /// A node is viewed, killed, started again, and viewed again: as often as before, more or less often.
    fn restart(&mut self, draw: &mut Draw) {
        let (node, _) = self.pair(draw);
        let view = |draw: &mut Draw| {
            Step::Do(Do::View {
                node: node.clone(),
                owner: node.clone(),
                link: 0,
                visitor: None,
                times: draw.number(1..=4),
            })
        };
        self.steps.extend([
            view(draw),
            Step::Wait(draw.number(1..=2_500)),
            Step::Break(Fault::Kill { node: node.clone() }),
            Step::Wait(draw.number(1..=1_500)),
        ]);
        // Those that know most of it may be out of reach.
        for other in &self.names[..self.nodes] {
            if *other != node && draw.number(0..=2) > 0 {
                self.steps.push(Step::Break(Fault::Partition {
                    a: node.clone(),
                    b: (*other).to_owned(),
                }));
            }
        }
        self.steps.extend([
            Step::Break(Fault::Start { node: node.clone() }),
            Step::Wait(draw.number(1..=1_000)),
            view(draw),
            Step::Wait(draw.number(1..=1_500)),
        ]);
    }

    /// News of a view overtakes older news.
    fn overtake(&mut self, draw: &mut Draw) {
        let (from, to) = self.pair(draw);
        let view = |times| {
            Step::Do(Do::View {
                node: from.clone(),
                owner: from.clone(),
                link: 0,
                visitor: None,
                times,
            })
        };
        let hold = Fault::Cast {
            does: Does::Hold,
            from: from.clone(),
            to,
            times: 1,
        };
        self.steps.extend([
            Step::Break(hold),
            view(1),
            Step::Wait(draw.number(50..=300)),
            view(draw.number(1..=3)),
            Step::Wait(draw.number(300..=2_500)),
            Step::Break(Fault::Release),
            Step::Wait(draw.number(50..=300)),
        ]);
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

    /// The node that a request goes to, and the owner of the link. Half of the requests go to the owner.
    fn entry(&self, draw: &mut Draw) -> (String, String) {
        let (node, other) = self.pair(draw);
        let is_late = self.subject.falls_back() && draw.number(0..=9) == 0;
        let node = if is_late {
            self.names[self.nodes].to_owned()
        } else {
            node
        };
        let asks = match self.subject {
            Subject::Restarts | Subject::Visitors => false,
            _ => draw.number(0..=1) == 0,
        };
        let owner = if asks || is_late { other } else { node.clone() };
        (node, owner)
    }

    fn operation(&self, draw: &mut Draw) -> Do {
        let (node, owner) = self.entry(draw);
        let link = draw.number(0..=LINKS - 1) as usize;
        match draw.number(0..=11) {
            0 => Do::Read { node, owner, link },
            1 => Do::NoView { node, owner, link },
            2 if matches!(self.subject, Subject::Aggregates | Subject::Netsplits) => Do::Busy {
                node,
                ms: draw.number(100..=2_000),
            },
            // A node that is no member still counts, and learns what the others count.
            3 if self.subject == Subject::Aggregates => Do::Member {
                node,
                added: draw.number(0..=2) == 0,
            },
            3..=7 if self.subject == Subject::ManyLinks => {
                // Around the sizes at which a program may begin to compare, or to send in pieces.
                let links = [1, 2, 9, 20, 70, 150, 300][draw.number(0..=6) as usize];
                Do::ViewMany {
                    node,
                    owner,
                    links: draw.number(1..=links) as usize,
                }
            }
            _ if self.subject == Subject::Visitors => {
                // The visitors of a link are few, so most of them come back.
                let most = [1, 3, 12, 40][draw.number(0..=3) as usize];
                let (first, times) = (draw.number(1..=30), draw.number(1..=most));
                Do::View {
                    node,
                    owner,
                    link,
                    visitor: Some(first),
                    times,
                }
            }
            _ => {
                let most = [1, 1, 2, 5][draw.number(0..=3) as usize];
                Do::View {
                    node,
                    owner,
                    link,
                    visitor: None,
                    times: draw.number(1..=most),
                }
            }
        }
    }

    /// Something breaks that the subject allows.
    fn fault(&mut self, draw: &mut Draw) -> Option<Fault> {
        let (from, to) = self.pair(draw);
        let message = |does, times| Fault::Cast {
            does,
            from: from.clone(),
            to: to.clone(),
            times,
        };
        let times = draw.number(1..=3) as usize;
        let subject = self.subject;
        let chosen = draw.number(0..=13);
        Some(match (chosen, subject) {
            (0 | 1, _) => message(Does::Duplicate, times),
            (2 | 3, _) => message(Does::Hold, times),
            (4, Subject::Aggregates) => Fault::Delay {
                from,
                to,
                ms: draw.number(5..=400),
            },
            (5, _) => {
                let does = match draw.number(0..=2) {
                    0 => StoreDoes::Refuse,
                    1 => StoreDoes::Stall,
                    _ => StoreDoes::Slow(draw.number(5..=300)),
                };
                Fault::Store { node: from, does }
            }
            (_, Subject::Aggregates) => return None,
            (4, _) => Fault::Delay {
                from,
                to,
                ms: draw.number(5..=1_200),
            },
            (6 | 7, Subject::Restarts) => self.crash(draw)?,
            (8 | 9, Subject::Restarts) => {
                self.killed.push(from.clone());
                Fault::Kill { node: from }
            }
            (6, _) => message(Does::Drop, times),
            (7, Subject::Netsplits) => Fault::Pause { node: from },
            (8, Subject::Netsplits) => Fault::Start {
                node: self.names[self.nodes].to_owned(),
            },
            (9, Subject::Netsplits) => Fault::Kill { node: from },
            (10, _) => Fault::Blackhole { from, to },
            (7 | 9 | 11..=13, _) => Fault::Partition { a: from, b: to },
            _ => return None,
        })
    }

    fn crash(&mut self, draw: &mut Draw) -> Option<Fault> {
        let place = draw.number(0..=self.nodes as u64 - 1) as usize;
        self.crashes[place] += 1;
        (self.crashes[place] <= MAX_CRASHES).then(|| Fault::Crash {
            node: self.names[place].to_owned(),
            servers: vec!["counters".to_owned()],
        })
    }

    /// Something is mended.
    fn repair(&mut self, draw: &mut Draw) -> Fault {
        let (a, b) = self.pair(draw);
        match (draw.number(0..=6), self.subject) {
            (0, _) => Fault::Release,
            (1, _) => Fault::Store {
                node: a,
                does: StoreDoes::Back,
            },
            (2..=4, Subject::Restarts) if !self.killed.is_empty() => Fault::Start {
                node: self.killed.remove(0),
            },
            (2, Subject::Netsplits) => Fault::Resume { node: a },
            (3, _) => Fault::HealAll,
            _ => Fault::Heal { a, b },
        }
    }
}
