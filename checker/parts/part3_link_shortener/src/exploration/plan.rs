//! What the stories of part 3 are drawn from.

use shortener::Code;
use testkit::exploration::{Does, Fault, Plan, Step, StoreDoes};
use testkit::seed::Draw;
use testkit::words::Names;

use super::{Create, Do, Level};
use crate::url;

const NAMES: [&str; 4] = ["n1", "n2", "n3", "n4"];

/// How many servers of a node may crash: its supervisor gives up at the fourth in five seconds.
const MAX_CRASHES: usize = 3;

/// Delays of the store that hardly any request fails for.
const SHORT_DELAYS: [u64; 4] = [2, 20, 40, 150];

/// Delays of the store for which a request may fail, and for which it must.
const LONG_DELAYS: [u64; 4] = [400, 700, 820, 1_500];

/// Draws a story for a level.
pub(super) fn draw(draw: &mut Draw, level: Level) -> Plan {
    let names = draw.cast(NAMES);
    let nodes = match level {
        Level { is_full: true, .. } => 1,
        Level {
            replicates: true, ..
        } => draw.number(2..=3) as usize,
        _ => draw.number(1..=2) as usize,
    };
    let [pages, codes] = {
        let mut words = Names::new(draw);
        [words.take::<3>(), words.take::<3>()]
    };
    let many = [0, 0, 0, 25, 25, 25, 25, 70][draw.number(0..=7) as usize];
    let mut story = Story {
        names: &names[..nodes + 1],
        nodes,
        pages,
        codes,
        crashes: vec![0; nodes + 1],
        batches: 0,
        level,
        steps: Vec::new(),
    };
    if level.warms_up && many > 0 {
        story.create_many(draw, many);
    }
    if level.is_full {
        let (node, [code]) = (names[0].to_owned(), [story.codes[0].clone()]);
        // Nearly all that a table may have, as much, and a little more.
        let count = draw.number(995..=1_003);
        let (page, unknown) = (
            code.clone(),
            Do::FollowUnknown {
                node: node.clone(),
                code,
                count,
            },
        );
        let fill = draw.either(unknown, Do::CreateMany { node, page, count });
        story.steps.push(Step::Do(fill));
        // Then all negative entries are out of date.
        story.steps.push(Step::Wait(1_100));
        let code = story.codes[1].clone();
        let node = names[0].to_owned();
        let visits = Do::Follow {
            node,
            code,
            visitors: 8,
            over_ms: 900,
        };
        let create = Create {
            code: Some(story.codes[2].clone()),
            ttl: None,
            ..story.create(draw)
        };
        let follow = Do::Follow {
            node: create.node.clone(),
            code: story.codes[2].clone(),
            visitors: 1,
            over_ms: 0,
        };
        let steps = [visits, Do::Create(create), follow];
        story.steps.extend(steps.map(Step::Do));
    }
    let length = draw.number(4..=16) as usize;
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
    pages: [String; 3],
    codes: [String; 3],
    crashes: Vec<usize>,
    batches: u64,
    level: Level,
    steps: Vec<Step<Do>>,
}

impl Story<'_> {
    fn step(&mut self, draw: &mut Draw) {
        match draw.number(0..=11) {
            0..=2 => {
                let create = self.create(draw);
                self.steps.push(Step::Do(Do::Create(create)));
            }
            3..=4 => {
                let follow = self.follow(draw);
                self.steps.push(Step::Do(follow));
            }
            5 if self.level.meets
                && !self.level.warms_up
                && self.batches == 0
                && draw.number(0..=3) == 0 =>
            {
                // More than a node could keep a list of.
                self.create_many(draw, 20);
            }
            5 => {
                let together = self.together(draw);
                self.steps.push(Step::Do(together));
            }
            6..=8 => self.fault(draw),
            9 => {
                let repair = self.repair(draw);
                self.steps.push(Step::Break(repair));
            }
            _ => {
                let longest = [5, 60, 1_200, 2_500, 4_000][draw.number(0..=4) as usize];
                self.steps
                    .push(Step::Wait(draw.number(longest / 2..=longest)));
            }
        }
    }

    /// Several things that have to do with each other.
    fn coup(&mut self, draw: &mut Draw) {
        let level = self.level;
        let node = self.node(draw);
        match draw.number(0..=2) {
            0 | 1 if level.store_down => self.store_fails(draw, node),
            0 | 1 if level.warms_up => self.nodes_start(draw),
            0 if level.problem == 2 => self.creation_is_repeated(draw, node),
            0 | 1 if level.replicates => self.code_lives_twice(draw, node),
            0 if !level.is_full => self.many_ask_a_busy_store(draw, node),
            _ => {}
        }
    }

    /// Many visitors ask for a code at once, while the store is as slow as a busy one.
    fn many_ask_a_busy_store(&mut self, draw: &mut Draw, node: String) {
        let follow = |code: &String, visitors| {
            Step::Do(Do::Follow {
                node: node.clone(),
                code: code.clone(),
                visitors,
                over_ms: 0,
            })
        };
        let does = StoreDoes::Slow(draw.number(200..=300));
        let busy = Fault::Store {
            node: node.clone(),
            does,
        };
        let [first, second] = [0, 1].map(|place: usize| self.codes[place].clone());
        // Its connection to the store comes up while that is quick.
        self.steps.push(follow(&first, 1));
        self.steps.push(Step::Wait(draw.number(20..=60)));
        self.steps.push(Step::Break(busy));
        self.steps.push(follow(&second, draw.number(6..=14)));
        self.steps.push(Step::Wait(draw.number(400..=700)));
    }

    /// A code gets a link and then a later one, or the same for another time.
    fn code_lives_twice(&mut self, draw: &mut Draw, node: String) {
        let code = self.codes[draw.number(0..=2) as usize].clone();
        let ttls = [None, Some(1), Some(2), Some(60)];
        let create = |node: &str, page: String, ttl| {
            Step::Do(Do::Create(Create {
                node: node.to_owned(),
                page,
                code: Some(code.clone()),
                ttl,
            }))
        };
        let page = self.page(draw);
        let first = ttls[draw.number(0..=3) as usize];
        let pair = self.pair(draw);
        let apart = pair.filter(|_| are_cut_off(self.level) && draw.number(0..=1) == 0);
        if let Some((a, b)) = apart.clone() {
            self.steps.push(Step::Break(Fault::Partition { a, b }));
        }
        self.steps.push(create(&node, page.clone(), first));
        let expires = first.is_some_and(|ttl| ttl < 60) && draw.number(0..=1) == 0;
        self.steps.push(Step::Wait(match expires {
            true => draw.number(2_100..=2_600),
            false => draw.number(1..=400),
        }));
        let other = self.node(draw);
        let again = draw.either(node, other);
        if draw.number(0..=1) == 0 {
            self.steps.push(Step::Do(Do::Follow {
                node: again.clone(),
                code: code.clone(),
                visitors: 1,
                over_ms: 0,
            }));
            self.steps.push(Step::Wait(draw.number(20..=60)));
        }
        let page = match expires {
            true => self.page(draw),
            false => page,
        };
        let second = ttls[draw.number(0..=3) as usize];
        self.steps.push(create(&again, page, second));
        self.steps.push(Step::Wait(2_100));
    }

    /// A client has to ask for a link twice, because it gets no answer, or asks again although it need not.
    fn creation_is_repeated(&mut self, draw: &mut Draw, node: String) {
        let create = Create {
            node: node.clone(),
            ttl: draw.either(None, Some(60)),
            ..self.create(draw)
        };
        let code = create
            .code
            .clone()
            .unwrap_or_else(|| first_code(&create.page));
        let store = |does| {
            let node = node.clone();
            Step::Break(Fault::Store { node, does })
        };
        let create = Step::Do(Do::Create(create));
        let other = self.pair(draw).map(|(one, other)| match one == node {
            true => other,
            false => one,
        });
        match other.filter(|_| draw.number(0..=2) == 0) {
            // Another node has lost the link meanwhile.
            Some(other) => {
                self.steps.push(create.clone());
                self.steps.push(Step::Wait(draw.number(20..=60)));
                self.steps.push(Step::Break(Fault::Kill {
                    node: other.clone(),
                }));
                self.steps.push(Step::Break(Fault::Start { node: other }));
                self.steps.push(Step::Wait(draw.number(2_100..=2_400)));
            }
            None => {
                self.steps.extend([store(StoreDoes::Mute), create.clone()]);
                self.steps.push(Step::Wait(draw.number(900..=1_100)));
                self.steps.push(store(StoreDoes::Back));
                self.steps.push(Step::Wait(draw.number(20..=1_200)));
                if draw.number(0..=1) == 0 {
                    self.steps.push(Step::Do(Do::Follow {
                        node,
                        code,
                        visitors: 1,
                        over_ms: 0,
                    }));
                    self.steps.push(Step::Wait(draw.number(20..=60)));
                }
            }
        }
        self.steps.extend([create, Step::Wait(2_100)]);
    }

    /// The store fails a node that has asked it, and that is then asked for one or many codes.
    fn store_fails(&mut self, draw: &mut Draw, node: String) {
        let code = self.codes[draw.number(0..=2) as usize].clone();
        let follow = |code: String| Do::Follow {
            node: node.clone(),
            code,
            visitors: 1,
            over_ms: 0,
        };
        if draw.number(0..=1) == 0 {
            self.steps.push(Step::Do(follow(code.clone())));
            self.steps.push(Step::Wait(draw.number(2_100..=4_000)));
        }
        let does = [
            StoreDoes::Refuse,
            StoreDoes::Stall,
            StoreDoes::Mute,
            StoreDoes::Slow(700),
        ][draw.number(0..=3) as usize];
        self.steps.push(Step::Break(Fault::Store {
            node: node.clone(),
            does,
        }));
        self.steps.push(Step::Wait(draw.number(1..=60)));
        self.steps.push(Step::Do(match draw.number(0..=2) {
            0 => {
                let many = crate::numbered(&code, draw.number(10..=30));
                Do::Together(many.map(follow).collect())
            }
            1 => Do::Create(Create {
                node: node.clone(),
                code: Some(code.clone()),
                ..self.create(draw)
            }),
            _ => follow(code.clone()),
        }));
        self.steps.push(Step::Wait(draw.number(1_100..=1_300)));
        self.steps.push(Step::Do(follow(code)));
    }

    /// Nodes start at nearly the same moment, and are asked at once for what others have, or the store.
    fn nodes_start(&mut self, draw: &mut Draw) {
        let (code, create) = (self.codes[0].clone(), self.create(draw));
        let (first, rest) = (self.names[0].to_owned(), self.nodes - 1);
        let rest: Vec<String> = self.names[1..=rest]
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        let last = rest[rest.len() - 1].clone();
        self.steps.push(Step::Do(Do::Create(Create {
            node: first.clone(),
            code: Some(code.clone()),
            ttl: None,
            ..create
        })));
        self.steps.push(Step::Wait(draw.number(2_100..=2_500)));
        let kill = |node: &String| Step::Break(Fault::Kill { node: node.clone() });
        let start = |node: &String| Step::Break(Fault::Start { node: node.clone() });
        let delay = |to: &String, ms| {
            Step::Break(Fault::Delay {
                from: first.clone(),
                to: to.clone(),
                ms,
            })
        };
        match draw.number(0..=2) {
            // All of them, so only the store has what they had.
            0 => {
                self.steps.extend(rest.iter().map(kill));
                self.steps.extend([kill(&first), start(&first)]);
                self.steps.push(delay(&last, draw.number(20..=120)));
                self.steps.push(start(&last));
            }
            // The others, one of which gets the table much later.
            1 => {
                let late = self.names[self.nodes].to_owned();
                self.steps.push(kill(&last));
                self.steps.push(delay(&last, draw.number(200..=900)));
                self.steps.extend([start(&last), start(&late)]);
                self.steps.push(Step::Do(Do::FollowAll { node: late }));
            }
            // One, whose peers are slow to send it a table, and whose store is slow or silent.
            _ => {
                self.steps.push(kill(&last));
                self.steps.push(delay(&last, draw.number(400..=900)));
                self.steps.push(Step::Break(Fault::Store {
                    node: last.clone(),
                    does: draw.either(StoreDoes::Stall, StoreDoes::Slow(750)),
                }));
                self.steps.push(start(&last));
            }
        }
        self.steps.push(Step::Do(Do::Follow {
            node: last,
            code,
            visitors: 1,
            over_ms: 0,
        }));
    }

    fn node(&self, draw: &mut Draw) -> String {
        self.names[draw.number(0..=self.nodes as u64 - 1) as usize].to_owned()
    }

    /// A node, or the one that comes late, if one does.
    fn any_node(&self, draw: &mut Draw) -> String {
        let late = u64::from(self.has_late_node());
        self.names[draw.number(0..=self.nodes as u64 - 1 + late) as usize].to_owned()
    }

    fn has_late_node(&self) -> bool {
        self.level.replicates && self.level.problem != 3
    }

    fn pair(&self, draw: &mut Draw) -> Option<(String, String)> {
        let nodes = self.nodes as u64;
        let one = draw.number(0..=nodes - 1);
        let other = (one + draw.number(1..=nodes.max(2) - 1)) % nodes;
        let name = |place: u64| self.names[place as usize].to_owned();
        (one != other).then(|| (name(one), name(other)))
    }

    fn page(&self, draw: &mut Draw) -> String {
        self.pages[draw.number(0..=2) as usize].clone()
    }

    fn create(&self, draw: &mut Draw) -> Create {
        let page = self.page(draw);
        let code = match draw.number(0..=9) {
            0..=3 => None,
            // The first choice of another page.
            4 => Some(first_code(&self.page(draw))),
            _ => Some(self.codes[draw.number(0..=2) as usize].clone()),
        };
        let ttl = [
            None,
            None,
            None,
            Some(1),
            Some(1),
            Some(2),
            Some(3),
            Some(60),
        ];
        Create {
            node: self.any_node(draw),
            page,
            code,
            ttl: ttl[draw.number(0..=7) as usize],
        }
    }

    fn follow(&mut self, draw: &mut Draw) -> Do {
        let node = self.any_node(draw);
        let code = match draw.number(0..=3) {
            0 => first_code(&self.page(draw)),
            _ => self.codes[draw.number(0..=2) as usize].clone(),
        };
        if self.level.warms_up && draw.number(0..=2) == 0 {
            return Do::FollowAll { node };
        }
        let visitors = match draw.number(0..=4) {
            0 | 2 if self.level.problem == 1 => draw.number(6..=14),
            1 if self.level.problem == 1 || self.level.store_down => 3,
            _ => 1,
        };
        let over_ms = if visitors > 1 { draw.either(0, 950) } else { 0 };
        Do::Follow {
            node,
            code,
            visitors,
            over_ms,
        }
    }

    /// Two or three operations about one code, mostly on several nodes; or lookups of several codes on
    /// one node.
    fn together(&mut self, draw: &mut Draw) -> Do {
        if self.level.store_down && draw.number(0..=1) == 0 {
            let node = self.any_node(draw);
            let follow = |code: &String| Do::Follow {
                node: node.clone(),
                code: code.clone(),
                visitors: 1,
                over_ms: 0,
            };
            return Do::Together(self.codes.iter().map(follow).collect());
        }
        let first = self.create(draw);
        let code = first
            .code
            .clone()
            .unwrap_or_else(|| first_code(&first.page));
        let mut all = vec![Do::Create(first)];
        for _ in 0..draw.number(1..=2) {
            let other = match draw.number(0..=1) {
                0 => Do::Create(Create {
                    code: Some(code.clone()),
                    ..self.create(draw)
                }),
                _ => Do::Follow {
                    node: self.any_node(draw),
                    code: code.clone(),
                    visitors: 1,
                    over_ms: 0,
                },
            };
            all.push(other);
        }
        if draw.number(0..=1) == 0 {
            all.reverse();
        }
        Do::Together(all)
    }

    fn create_many(&mut self, draw: &mut Draw, count: u64) {
        let (node, page) = (self.node(draw), self.page(draw));
        self.batches += 1;
        let page = format!("{page}-{}", self.batches);
        self.steps
            .push(Step::Do(Do::CreateMany { node, page, count }));
    }

    /// Something breaks that the level knows.
    fn fault(&mut self, draw: &mut Draw) {
        let level = self.level;
        let store = match draw.number(0..=2) {
            0 if level.problem != 5 => None,
            _ => self.store_fault(draw),
        };
        let fault = store.or_else(|| self.node_fault(draw));
        self.steps.extend(fault.map(Step::Break));
    }

    fn store_fault(&self, draw: &mut Draw) -> Option<Fault> {
        let short = StoreDoes::Slow(SHORT_DELAYS[draw.number(0..=3) as usize]);
        let long = StoreDoes::Slow(LONG_DELAYS[draw.number(0..=3) as usize]);
        let does = match draw.number(0..=7) {
            0 | 1 => short,
            2 | 3 => StoreDoes::Refuse,
            4 if self.level.store_down => long,
            // As slow as a busy store, and no trouble.
            4 if self.level.problem == 1 && !self.level.is_full => StoreDoes::Slow(300),
            5 if self.level.store_down => StoreDoes::Stall,
            6 | 7 if self.level.store_down => StoreDoes::Mute,
            _ => return None,
        };
        Some(Fault::Store {
            node: self.any_node(draw),
            does,
        })
    }

    fn node_fault(&mut self, draw: &mut Draw) -> Option<Fault> {
        let level = self.level;
        if level.problem == 5 {
            return None;
        }
        let choice = draw.number(0..=11);
        if choice == 0 {
            return Some(Fault::Pause {
                node: self.node(draw),
            });
        }
        if !level.replicates {
            return None;
        }
        let (from, to) = self.pair(draw)?;
        let learn = |does, times| Fault::Message {
            does,
            message: Some("Learn".to_owned()),
            answer: false,
            from: from.clone(),
            to: to.clone(),
            times,
        };
        let apart = are_cut_off(level);
        Some(match choice {
            1 => Fault::Pause { node: from },
            2 => learn(Does::Duplicate, draw.number(1..=2) as usize),
            3 => learn(Does::Hold, draw.number(1..=2) as usize),
            4 => Fault::Delay {
                from,
                to,
                ms: draw.number(5..=900),
            },
            5 | 6 if level.sweeps => self.crash(draw, "sweeper")?,
            5 | 6 if !level.meets => self.crash(draw, "cache")?,
            7 | 8 if apart => Fault::Partition { a: from, b: to },
            9 if level.meets => Fault::Blackhole { from, to },
            10 | 7 if level.problem != 3 => {
                self.kill(draw, from);
                return None;
            }
            11 if level.problem != 3 => Fault::Start {
                node: self.any_node(draw),
            },
            _ => return None,
        })
    }

    /// Kills a node, which mostly starts again soon, and is then asked for links.
    fn kill(&mut self, draw: &mut Draw, node: String) {
        self.steps
            .push(Step::Break(Fault::Kill { node: node.clone() }));
        if draw.number(0..=2) == 0 {
            return;
        }
        let pause = draw.either(1, 1_500);
        self.steps.push(Step::Wait(draw.number(1..=pause)));
        self.steps
            .push(Step::Break(Fault::Start { node: node.clone() }));
        if self.level.warms_up {
            self.steps.push(Step::Do(Do::FollowAll { node }));
        }
    }

    fn crash(&mut self, draw: &mut Draw, server: &str) -> Option<Fault> {
        let place = draw.number(0..=self.nodes as u64 - 1) as usize;
        self.crashes[place] += 1;
        (self.crashes[place] <= MAX_CRASHES).then(|| Fault::Crash {
            node: self.names[place].to_owned(),
            servers: vec![server.to_owned()],
        })
    }

    /// Something is mended.
    fn repair(&self, draw: &mut Draw) -> Fault {
        let node = self.any_node(draw);
        let back = Fault::Store {
            node: node.clone(),
            does: StoreDoes::Back,
        };
        if !self.level.replicates {
            return draw.either(back, Fault::Resume { node });
        }
        let pair = self.pair(draw);
        match (draw.number(0..=5), pair) {
            (0, _) => Fault::Release,
            (1, _) => Fault::Resume { node },
            (2, _) if self.level.problem != 3 => Fault::Start { node },
            (3, Some((a, b))) => Fault::Heal { a, b },
            (4, _) => Fault::HealAll,
            _ => back,
        }
    }
}

/// Whether nodes are cut off.
fn are_cut_off(level: Level) -> bool {
    level.meets || level.sweeps
}

/// The code that a page gets unless another page has it.
fn first_code(page: &str) -> String {
    Code::candidates(&url(page))[0].to_string()
}
