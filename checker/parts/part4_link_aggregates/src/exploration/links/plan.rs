//! What the stories about links are drawn from.

use testkit::exploration::{Fault, Plan, Step, StoreDoes};
use testkit::seed::Draw;

use super::{Do, Subject, Wanted};

const NAMES: [&str; 6] = ["n1", "n2", "n3", "n4", "n5", "n6"];

/// How many pages there are at most, and how many codes that clients choose.
const MAX_PAGES: u64 = 5;
const CHOSEN: u64 = 2;

/// Draws a story.
pub(crate) fn draw(draw: &mut Draw, subject: Subject) -> Plan {
    let names = draw.cast(NAMES);
    let nodes = match subject {
        Subject::TwoOwners => draw.number(3..=4),
        _ => draw.number(2..=4),
    } as usize;
    let length = draw.number(4..=20) as usize;
    let victim = draw.number(0..=nodes as u64 - 1) as usize;
    let pages = draw.number(1..=MAX_PAGES);
    let mut story = Story {
        names: &names[..nodes + 1],
        nodes,
        pages,
        victim,
        subject,
        changes: subject != Subject::Route || draw.number(0..=1) == 0,
        steps: Vec::new(),
    };
    // Tables are compared in the end only if the members stayed the same.
    if !story.changes {
        story.contest(draw);
    }
    // Nothing else is broken yet.
    if subject != Subject::Route && draw.number(0..=2) == 0 {
        story.come_back(draw);
    }
    while story.steps.len() < length {
        story.step(draw);
    }
    Plan::of(&names[..nodes], &story.steps)
}

struct Story<'n> {
    /// The nodes, and one that may come late, or never.
    names: &'n [&'static str],
    nodes: usize,
    pages: u64,
    /// The node to which most of the faults happen.
    victim: usize,
    subject: Subject,
    /// Whether the members change. While they do, links may be in any table.
    changes: bool,
    steps: Vec<Step<Do>>,
}

impl Story<'_> {
    fn step(&mut self, draw: &mut Draw) {
        let step = match draw.number(0..=9) {
            0..=4 => {
                let request = self.request(draw);
                self.steps.push(Step::Do(request.clone()));
                return self.follow_up(draw, &request);
            }
            5 => match self.change(draw) {
                Some(change) => Step::Do(change),
                None => return,
            },
            6 | 7 => match self.fault(draw) {
                Some(fault) => Step::Break(fault),
                None => return,
            },
            8 => {
                return match (self.subject, draw.number(0..=4)) {
                    (Subject::Route, 0..=2) => self.ask_too_early(draw),
                    (Subject::Route, _) => self.contest(draw),
                    (_, 0) => self.ask_too_early(draw),
                    (_, 1 | 2) => self.ask_the_troubled(draw),
                    (_, _) => self.come_back(draw),
                };
            }
            _ => {
                let longest = [5, 60, 700, 1_500, 3_500][draw.number(0..=4) as usize];
                Step::Wait(draw.number(1..=longest))
            }
        };
        self.steps.push(step);
    }

    /// Another URL has the first code of a page, which gets its next code, and gets it once more.
    fn contest(&mut self, draw: &mut Draw) {
        let page = draw.number(0..=self.pages - 1) as usize;
        let other = MAX_PAGES as usize + page;
        for (page, code) in [
            (other, Some(Wanted::First(page))),
            (page, None),
            (page, None),
        ] {
            let node = self.node(draw);
            self.steps.push(Step::Do(Do::Create {
                node,
                page,
                code,
                ttl: None,
            }));
            self.steps.push(Step::Wait(draw.number(50..=300)));
        }
    }

    /// Two nodes are kept apart while one is asked for links of the other, and again soon after they
    /// can reach each other.
    fn come_back(&mut self, draw: &mut Draw) {
        let entry = draw.number(0..=self.nodes as u64 - 1) as usize;
        let owner = (entry + draw.number(1..=self.nodes as u64 - 1) as usize) % self.nodes;
        let [entry, owner] = [entry, owner].map(|place| self.names[place].to_owned());
        let (a, b) = (entry.clone(), owner.clone());
        let apart = match draw.number(0..=1) {
            0 => Fault::Partition { a, b },
            _ => Fault::Blackhole { from: b, to: a },
        };
        let requests = |draw: &mut Draw, page: u64| {
            let (node, page) = (entry.clone(), page as usize);
            let request = match draw.number(0..=1) {
                0 => Do::LookUp {
                    node,
                    code: Wanted::First(page),
                },
                _ => Do::Create {
                    node,
                    page,
                    code: None,
                    ttl: None,
                },
            };
            [Step::Do(request), Step::Wait(draw.number(20..=100))]
        };
        self.steps.push(Step::Break(apart));
        for page in 0..self.pages {
            let requests = requests(draw, page);
            self.steps.extend(requests);
        }
        self.steps.extend([
            Step::Wait(draw.number(100..=2_000)),
            Step::Break(Fault::HealAll),
            Step::Wait(draw.number(700..=2_000)),
        ]);
        for page in 0..self.pages {
            let requests = requests(draw, page);
            self.steps.extend(requests);
        }
    }

    /// A code is unknown on a node, and a moment later another node creates its link.
    fn ask_too_early(&mut self, draw: &mut Draw) {
        let (early, creator) = (self.node(draw), self.node(draw));
        let code = Wanted::Named(draw.number(0..=CHOSEN - 1) as usize);
        let look = Do::LookUp {
            node: early,
            code: code.clone(),
        };
        let create = Do::Create {
            node: creator,
            page: draw.number(0..=self.pages - 1) as usize,
            code: Some(code),
            ttl: None,
        };
        for (request, longest) in [(look.clone(), 400), (create, 400), (look, 1)] {
            self.steps.push(Step::Do(request));
            self.steps.push(Step::Wait(draw.number(1..=longest)));
        }
    }

    fn node(&self, draw: &mut Draw) -> String {
        self.names[draw.number(0..=self.nodes as u64 - 1) as usize].to_owned()
    }

    fn request(&self, draw: &mut Draw) -> Do {
        let node = self.node(draw);
        let page = draw.number(0..=self.pages - 1) as usize;
        let named = Wanted::Named(draw.number(0..=CHOSEN - 1) as usize);
        let other = Wanted::First(draw.number(0..=self.pages - 1) as usize);
        match draw.number(0..=9) {
            0..=4 => {
                let ttl = (draw.number(0..=2) == 0).then(|| draw.number(1..=2));
                let code = match draw.number(0..=5) {
                    0 => Some(named),
                    // Two URLs want the same code.
                    1 => Some(other),
                    _ => None,
                };
                Do::Create {
                    node,
                    page,
                    code,
                    ttl,
                }
            }
            5 => Do::LookUp { node, code: named },
            _ => Do::LookUp {
                node,
                code: Wanted::First(page),
            },
        }
    }

    /// Half of the links that expire are asked for when they do, and before they are swept.
    fn follow_up(&mut self, draw: &mut Draw, request: &Do) {
        let Do::Create {
            page,
            code,
            ttl: Some(ttl),
            ..
        } = request
        else {
            return;
        };
        if draw.number(0..=1) == 0 {
            return;
        }
        let create = |node, page| {
            Step::Do(Do::Create {
                node,
                page,
                code: None,
                ttl: None,
            })
        };
        let mut node = self.node(draw);
        let first = match code {
            Some(Wanted::First(other)) => {
                // The URL of that code gets its next one meanwhile.
                self.steps.push(create(node.clone(), *other));
                *other
            }
            _ => *page,
        };
        if self.subject != Subject::Route && draw.number(0..=1) == 0 {
            node = self.isolate(draw);
        }
        self.steps
            .push(Step::Wait(ttl * 1_000 + draw.number(0..=300)));
        self.steps.push(match draw.number(0..=1) {
            0 => create(node, first),
            _ => {
                let code = code.clone().unwrap_or(Wanted::First(*page));
                Step::Do(Do::LookUp { node, code })
            }
        });
    }

    /// A node is cut off from all others, or hears nothing of them. Returns the node.
    fn isolate(&mut self, draw: &mut Draw) -> String {
        // Silence is the harder of the two.
        let (node, closes) = (self.node(draw), draw.number(0..=2) == 0);
        for other in &self.names[..self.nodes] {
            let (from, to) = ((*other).to_owned(), node.clone());
            if from != to {
                self.steps.push(Step::Break(match closes {
                    true => Fault::Partition { a: from, b: to },
                    false => Fault::Blackhole { from, to },
                }));
            }
        }
        node
    }

    /// Requests on a node that is on its own, or whose store fails.
    fn ask_the_troubled(&mut self, draw: &mut Draw) {
        let node = match self.subject == Subject::TwoOwners || draw.number(0..=1) == 0 {
            true => self.isolate(draw),
            false => {
                let node = self.node(draw);
                let does = draw.either(StoreDoes::Refuse, StoreDoes::Stall);
                self.steps.push(Step::Break(Fault::Store {
                    node: node.clone(),
                    does,
                }));
                self.steps.push(Step::Wait(draw.number(1_000..=3_000)));
                node
            }
        };
        for _ in 0..draw.number(1..=3) {
            let page = draw.number(0..=self.pages - 1) as usize;
            self.steps.push(Step::Do(match draw.number(0..=1) {
                0 => Do::Create {
                    node: node.clone(),
                    page,
                    code: None,
                    ttl: None,
                },
                _ => Do::LookUp {
                    node: node.clone(),
                    code: Wanted::First(page),
                },
            }));
        }
        // Time for all the timeouts of a request, or not.
        self.steps.push(Step::Wait(draw.number(1..=4_000)));
    }

    /// The members change.
    fn change(&self, draw: &mut Draw) -> Option<Do> {
        if !self.changes {
            return None;
        }
        let added = draw.number(0..=1) == 0;
        let node = match self.subject {
            // A member that does not run is a node that cannot be reached.
            Subject::Unreachable => {
                self.names[draw.number(0..=self.nodes as u64) as usize].to_owned()
            }
            Subject::Route => self.node(draw),
            Subject::TwoOwners => return None,
        };
        Some(Do::Member { node, added })
    }

    /// Something breaks, or is mended.
    fn fault(&self, draw: &mut Draw) -> Option<Fault> {
        let victim = match draw.number(0..=4) {
            0 => draw.number(0..=self.nodes as u64 - 1) as usize,
            _ => self.victim,
        };
        let other = (victim + draw.number(1..=self.nodes as u64 - 1) as usize) % self.nodes;
        let [victim, other] = [victim, other].map(|place| self.names[place].to_owned());
        let (from, to) = draw.either(
            (victim.clone(), other.clone()),
            (other.clone(), victim.clone()),
        );
        if self.subject == Subject::Route {
            let late = draw.number(1..=20);
            let does = draw.either(StoreDoes::Slow(late), StoreDoes::Back);
            return Some(Fault::Store { node: victim, does });
        }
        Some(match draw.number(0..=13) {
            0 | 1 => Fault::Partition {
                a: victim,
                b: other,
            },
            2 | 3 => Fault::Blackhole { from, to },
            4 | 5 => Fault::Pause { node: victim },
            6 => Fault::Resume { node: victim },
            7 | 8 => Fault::Kill { node: victim },
            9 => Fault::Start { node: victim },
            10 if self.subject == Subject::Unreachable => {
                let does = match draw.number(0..=3) {
                    0 => StoreDoes::Refuse,
                    1 => StoreDoes::Stall,
                    2 => StoreDoes::Mute,
                    _ => StoreDoes::Slow(draw.number(5..=500)),
                };
                Fault::Store { node: other, does }
            }
            10 => Fault::Partition {
                a: victim,
                b: other,
            },
            11 => Fault::Store {
                node: other,
                does: StoreDoes::Back,
            },
            12 => Fault::HealAll,
            _ => Fault::Heal {
                a: victim,
                b: other,
            },
        })
    }
}
