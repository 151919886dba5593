//! What happened in a scenario as a picture that stands alone: for slides and documents.
//!
//! Time runs downwards, each node has a lane, each message is an arrow. Rows are as high as what
//! stands in them, not as long as they took: the times stand on the left. What became of a
//! message can be told without colour: lost, late and repeated ones have a style and a word.

mod rows;

use runtime::terminal::visible;
use std::collections::BTreeSet;
use std::fmt::Write;

use rows::{Chosen, Row, arrives, ordered};
use testkit::trace::{Change, Fate, Message, StoreMode, Trace, What};
use testkit::verdict::{Outcome, Verdict};

const LEFT: f64 = 110.0;
const NOTES: f64 = 280.0;
const NARROWEST: f64 = 1040.0;
const ROW: f64 = 27.0;
const LINE: f64 = 17.0;
const LETTER: f64 = 7.1;

/// Where a label stands on its arrow: nearer to the sender, so that those of two arrows which
/// cross stand apart.
const LABEL_AT: f64 = 0.44;

/// Draws what happened in a cluster.
pub fn draw(trace: &Trace, outcome: &Outcome) -> String {
    let chosen = Chosen::from(trace);
    let mut picture = Picture::new(trace, &chosen.causes);
    picture.heading(outcome, &chosen);
    picture.rows(&chosen);
    picture.violation();
    picture.finish(outcome)
}

/// A fault while it lasts.
struct Fault {
    kind: &'static str,
    about: Vec<(String, String)>,
    from: f64,
}

struct Picture<'a> {
    trace: &'a Trace,
    causes: &'a BTreeSet<usize>,
    apart: f64,
    y: f64,
    /// The bottom layer: bands and lanes.
    under: String,
    /// Arrows and words.
    over: String,
    faults: Vec<Fault>,
    /// For each node, since when it is as it is, and how that is.
    lanes: Vec<(f64, Lane)>,
    last_time: String,
    styles: BTreeSet<&'static str>,
    top: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lane {
    Runs,
    Paused,
    Gone,
}

impl<'a> Picture<'a> {
    fn new(trace: &'a Trace, causes: &'a BTreeSet<usize>) -> Picture<'a> {
        let gaps = trace.nodes.len().saturating_sub(1).max(1) as f64;
        Picture {
            trace,
            causes,
            apart: (720.0 / gaps).clamp(130.0, 330.0),
            y: 24.0,
            under: String::new(),
            over: String::new(),
            faults: Vec::new(),
            lanes: Vec::new(),
            last_time: String::new(),
            styles: BTreeSet::new(),
            top: 0.0,
        }
    }

    fn lane(&self, node: &str) -> Option<f64> {
        let place = self.trace.nodes.iter().position(|name| name == node)?;
        Some(LEFT + 50.0 + self.apart * place as f64)
    }

    fn right(&self) -> f64 {
        LEFT + 100.0 + self.apart * self.trace.nodes.len().saturating_sub(1) as f64
    }

    fn width(&self) -> f64 {
        (self.right() + NOTES).max(NARROWEST)
    }

    fn heading(&mut self, outcome: &Outcome, chosen: &Chosen) {
        let title = format!("{}: {}", outcome.word().to_uppercase(), outcome.title);
        self.y += 8.0;
        self.paragraph("title", &title, 11.0);
        let mut about = format!(
            "{}, problem {}, seed {}",
            outcome.scenario, outcome.problem, outcome.seed
        );
        if chosen.left_out > 0 {
            let _ = write!(
                about,
                "; {} events that led to nothing shown here are left out",
                chosen.left_out
            );
        }
        if self.trace.forgotten > 0 {
            let _ = write!(about, "; the first {} were not kept", self.trace.forgotten);
        }
        self.paragraph("about", &about, LETTER);
        self.y += 14.0;
        for node in &self.trace.nodes {
            if let Some(x) = self.lane(node) {
                let _ = write!(
                    self.over,
                    r#"<rect class="node" x="{:.0}" y="{:.0}" width="72" height="28" rx="5"/><text class="name" x="{x:.0}" y="{:.0}">{}</text>"#,
                    x - 36.0,
                    self.y,
                    self.y + 19.0,
                    escaped(node)
                );
            }
        }
        self.y += 28.0;
        self.top = self.y;
        self.lanes = self
            .trace
            .nodes
            .iter()
            .map(|node| (self.y, first_state(self.trace, node)))
            .collect();
        self.y += 20.0;
    }

    /// Words over the whole width, in as many lines as they need.
    fn paragraph(&mut self, class: &str, text: &str, letter: f64) {
        let most = ((self.width() - 48.0) / letter) as usize;
        for line in wrapped(text, most) {
            let _ = write!(
                self.over,
                r#"<text class="{class}" x="24" y="{:.0}">{}</text>"#,
                self.y,
                escaped(&line)
            );
            self.y += if class == "title" { 24.0 } else { LINE };
        }
    }

    fn rows(&mut self, chosen: &Chosen) {
        let rows = ordered(self.trace, chosen);
        let mut departures = std::collections::BTreeMap::new();
        for (place, (at, row)) in rows.iter().enumerate() {
            match row {
                Row::LeftOut(count) => self.left_out(*count),
                Row::Arrival(message) => {
                    if let Some(from) = departures.remove(message) {
                        let to = self.y - ROW * 0.35;
                        self.arrow(*message, from, to);
                        self.y += ROW * 0.5;
                    }
                }
                Row::Event(index, event) => {
                    self.time(*at, &event.what);
                    let next_is_own = matches!(rows.get(place + 1), Some((_, Row::Arrival(next))) if next == index);
                    match &event.what {
                        What::Message(message) if arrives(message) && !next_is_own => {
                            departures.insert(*index, self.y);
                            self.y += ROW;
                        }
                        What::Message(message) => {
                            let steep = if arrives(message) { 12.0 } else { 6.0 };
                            self.arrow(*index, self.y, self.y + steep);
                            self.y += ROW;
                        }
                        what => self.event(what),
                    }
                }
            }
        }
        // What arrived after the end of what is drawn.
        for (message, from) in departures {
            self.arrow(message, from, self.y);
        }
    }

    fn time(&mut self, at: u64, what: &What) {
        let time = format!("{:.3} s", at as f64 / 1e6);
        if time != self.last_time {
            let y = self.y
                + if matches!(what, What::Step { .. }) {
                    10.0
                } else {
                    4.0
                };
            let _ = write!(
                self.over,
                r#"<text class="time" x="{:.0}" y="{y:.0}">{time}</text>"#,
                LEFT - 24.0
            );
            self.last_time = time;
        }
    }

    fn left_out(&mut self, count: usize) {
        let s = if count == 1 { "" } else { "s" };
        let _ = write!(
            self.over,
            r#"<text class="left" x="{LEFT:.0}" y="{:.0}">⋮ {count} event{s} left out</text>"#,
            self.y + 4.0
        );
        self.y += ROW * 0.8;
    }

    fn event(&mut self, what: &What) {
        match what {
            What::Step { text } => self.step(text),
            What::Partition { a, b } => self.fault("cut", a, b),
            What::Blackhole { from, to } => self.fault("silence", from, to),
            What::Delay { from, to, .. } => self.fault("delay", from, to),
            What::Healed { a, b } => {
                self.close_faults(|fault| match (a, b) {
                    (Some(a), Some(b)) => fault.kind != "store" && is_between(fault, a, b),
                    _ => fault.kind != "store",
                });
                let text = match (a, b) {
                    (Some(a), Some(b)) => format!("healed between {a} and {b}"),
                    _ => "the network is healed".to_owned(),
                };
                self.note(&text);
            }
            What::Process { node, change, text } => {
                self.process(node, *change);
                self.note(text);
            }
            What::StoreFault { nodes, mode, text } => {
                self.close_faults(|fault| fault.kind == "store");
                if *mode != StoreMode::Back {
                    self.faults.push(Fault {
                        kind: "store",
                        about: nodes
                            .iter()
                            .map(|node| (node.clone(), String::new()))
                            .collect(),
                        from: self.y - ROW * 0.4,
                    });
                }
                self.note(text);
            }
            What::Request {
                node,
                question,
                answer,
                ..
            } => self.at_node(node, question, answer),
            What::Store {
                node, command, key, ..
            } => {
                let key = key.as_deref().unwrap_or_default();
                self.at_node(node, &format!("{command} {key}"), "not let to the store");
            }
            What::Note { text } => self.note(text),
            What::Message(_) | What::Opened { .. } | What::Closed { .. } | What::Refused { .. } => {
            }
        }
    }

    fn step(&mut self, text: &str) {
        self.y += 6.0;
        let _ = write!(
            self.under,
            r#"<line class="step" x1="{LEFT:.0}" x2="{:.0}" y1="{:.1}" y2="{:.1}"/>"#,
            self.width() - 24.0,
            self.y - 9.0,
            self.y - 9.0
        );
        let most = ((self.width() - LEFT - 30.0) / LETTER) as usize;
        for line in wrapped(text, most) {
            let _ = write!(
                self.over,
                r#"<text class="story" x="{LEFT:.0}" y="{:.0}">{}</text>"#,
                self.y + 6.0,
                escaped(&line)
            );
            self.y += LINE;
        }
        self.y += ROW * 0.5;
    }

    /// Words beside the lanes.
    fn note(&mut self, text: &str) {
        let room = self.width() - self.right() - 30.0;
        for line in wrapped(text, (room / LETTER) as usize) {
            let _ = write!(
                self.over,
                r#"<text class="note" x="{:.0}" y="{:.0}">{}</text>"#,
                self.right(),
                self.y + 4.0,
                escaped(&line)
            );
            self.y += LINE;
        }
        self.y += ROW - LINE;
    }

    /// What a node was asked, and what came of it. For lack of room the question is cut first.
    fn at_node(&mut self, node: &str, question: &str, answer: &str) {
        if let Some(x) = self.lane(node) {
            let room = (((self.width() - x - 30.0) / LETTER) as usize).min(70);
            let left = room.saturating_sub(answer.chars().count() + 3).max(14);
            let text = format!("{} → {answer}", cut(question, left));
            let _ = write!(
                self.over,
                r#"<rect class="asked" x="{:.0}" y="{:.0}" width="9" height="9"/><text class="label start" x="{:.0}" y="{:.0}">{}</text>"#,
                x - 4.5,
                self.y - 4.5,
                x + 10.0,
                self.y + 4.0,
                escaped(&cut(&text, room))
            );
        }
        self.y += ROW;
    }

    /// A fault begins; one that began just before is the same.
    fn fault(&mut self, kind: &'static str, a: &str, b: &str) {
        let sign = if kind == "cut" { "–" } else { "→" };
        let from = self.y - ROW * 0.4;
        let pair = (a.to_owned(), b.to_owned());
        let text = match kind {
            "cut" => format!("cut: {a} {sign} {b}"),
            "silence" => format!("silence: {a} {sign} {b}"),
            _ => format!("slow: {a} {sign} {b}"),
        };
        match self.faults.last_mut() {
            Some(last) if last.kind == kind && from - last.from < ROW * 6.0 => {
                last.about.push(pair)
            }
            _ => self.faults.push(Fault {
                kind,
                about: vec![pair],
                from,
            }),
        }
        self.note(&text);
        // Several pairs in a row stand close together.
        self.y -= ROW - LINE - 2.0;
    }

    fn close_faults(&mut self, over: impl Fn(&Fault) -> bool) {
        let (over, lasting): (Vec<Fault>, Vec<Fault>) =
            std::mem::take(&mut self.faults).into_iter().partition(over);
        self.faults = lasting;
        for fault in over {
            let _ = write!(
                self.under,
                r#"<rect class="band {}" x="{:.0}" y="{:.1}" width="{:.0}" height="{:.1}"/>"#,
                fault.kind,
                LEFT,
                fault.from,
                self.right() - LEFT - 10.0,
                (self.y - fault.from).max(4.0)
            );
        }
    }

    fn process(&mut self, node: &str, change: Change) {
        let Some(place) = self.trace.nodes.iter().position(|name| name == node) else {
            return;
        };
        let state = match change {
            Change::Started | Change::Resumed => Lane::Runs,
            Change::Paused => Lane::Paused,
            Change::Killed => Lane::Gone,
            Change::Crashed | Change::Disconnected => self.lanes[place].1,
        };
        let x = self.lane(node).unwrap_or_default();
        let y = self.y;
        if state != self.lanes[place].1 {
            self.lane_until(place, y);
            self.lanes[place] = (y, state);
        }
        let _ = match change {
            Change::Killed | Change::Crashed => write!(
                self.over,
                r#"<path class="dead" d="M{:.0} {:.0} l14 14 m0 -14 l-14 14"/>"#,
                x - 7.0,
                y - 7.0
            ),
            Change::Paused => write!(
                self.over,
                r#"<path class="dead" d="M{:.0} {:.0} v14 m8 -14 v14"/>"#,
                x - 4.0,
                y - 7.0
            ),
            Change::Started | Change::Resumed => write!(
                self.over,
                r#"<path class="alive" d="M{:.0} {:.0} l14 7 l-14 7 z"/>"#,
                x - 6.0,
                y - 7.0
            ),
            Change::Disconnected => Ok(()),
        };
    }

    fn lane_until(&mut self, place: usize, y: f64) {
        let (from, state) = self.lanes[place];
        let x = LEFT + 50.0 + self.apart * place as f64;
        let class = match state {
            Lane::Runs => "runs",
            Lane::Paused => "paused",
            Lane::Gone => "gone",
        };
        let _ = write!(
            self.under,
            r#"<line class="lane {class}" x1="{x:.0}" x2="{x:.0}" y1="{from:.1}" y2="{y:.1}"/>"#
        );
    }

    fn arrow(&mut self, place: usize, from_y: f64, to_y: f64) {
        let Some(What::Message(message)) = self.trace.events.get(place).map(|event| &event.what)
        else {
            return;
        };
        let (Some(from), Some(to)) = (self.lane(&message.from), self.lane(&message.to)) else {
            return;
        };
        let (style, word) = style(message, self.trace.events[place].at_us);
        self.styles.insert(style);
        let toward = (to - from).signum();
        // What did not arrive ends on the way.
        let share = if arrives(message) { 1.0 } else { 0.62 };
        let (start, end) = (
            from + 3.0 * toward,
            from + (to - from) * share - 3.0 * toward,
        );
        let end_y = from_y + (to_y - from_y) * share;
        let cause = if self.causes.contains(&place) {
            " cause"
        } else {
            ""
        };
        let marker = match style {
            "lost" => "lost-end",
            "twice" => "twice-end",
            "under-way" => "",
            _ => "end",
        };
        let marker = match marker {
            "" => String::new(),
            id => format!(r#" marker-end="url(#{id})""#),
        };
        let with_word = |label: &str| match &word[..] {
            "" => label.to_owned(),
            word => format!("{label} ({word})"),
        };
        let text = with_word(&message.label);
        let room = (((to - from).abs() - 24.0) / LETTER) as usize;
        let written = match &message.brief {
            Some(brief) if text.chars().count() > room => with_word(brief),
            _ => text.clone(),
        };
        let _ = write!(
            self.over,
            r#"<g class="{style}{cause}"><title>{}</title><line class="arrow" x1="{start:.1}" y1="{from_y:.1}" x2="{end:.1}" y2="{end_y:.1}"{marker}/><text class="label" x="{:.1}" y="{:.1}">{}</text></g>"#,
            escaped(&format!("{} to {}: {text}", message.from, message.to)),
            from + (to - from) * LABEL_AT,
            from_y + (to_y - from_y) * LABEL_AT - 5.0,
            escaped(&cut(&written, room)),
        );
    }

    fn violation(&mut self) {
        let Some(violation) = &self.trace.violation else {
            return;
        };
        self.y += 6.0;
        let middle = (LEFT + self.right()) / 2.0;
        let x = violation
            .node
            .as_ref()
            .and_then(|node| self.lane(node))
            .unwrap_or(middle);
        self.time(
            violation.at_us,
            &What::Note {
                text: String::new(),
            },
        );
        let _ = write!(
            self.over,
            r#"<path class="violation" d="M{x:.0} {:.0} l13 13 l-13 13 l-13 -13 z"/><text class="bang" x="{x:.0}" y="{:.0}">!</text><text class="note strong" x="{:.0}" y="{:.0}">here the claim does not hold</text>"#,
            self.y - 13.0,
            self.y + 5.0,
            self.right(),
            self.y + 4.0
        );
        self.y += ROW;
    }

    fn finish(mut self, outcome: &Outcome) -> String {
        self.close_faults(|_| true);
        for place in 0..self.lanes.len() {
            self.lane_until(place, self.y);
        }
        self.y += 22.0;
        if let Verdict::Failed(failure) = &outcome.verdict {
            self.paragraph("said", &format!("Seen: {}", failure.seen), LETTER);
            self.paragraph("said", &format!("Required: {}", failure.expected), LETTER);
        }
        self.legend();
        let (width, height) = (self.width(), self.y + 14.0);
        let description = format!(
            "Messages between {} in the scenario {}, time running downwards.",
            self.trace.nodes.join(", "),
            outcome.scenario
        );
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n<style>{STYLE}</style>\n{DEFINITIONS}\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n<g>{}</g>\n<g>{}</g>\n</svg>\n",
            escaped(&outcome.title),
            escaped(&description),
            self.under,
            self.over
        )
    }

    /// Explains the styles that occur.
    fn legend(&mut self) {
        let explained = [
            ("delivered", "arrived"),
            ("lost", "lost on the way"),
            ("late", "held back, arrived late"),
            ("twice", "arrived twice"),
            ("under-way", "its link closed first"),
        ];
        self.y += 8.0;
        let mut x = 24.0;
        for (style, words) in explained {
            if !self.styles.contains(style) {
                continue;
            }
            let marker = match style {
                "lost" => r#" marker-end="url(#lost-end)""#,
                "twice" => r#" marker-end="url(#twice-end)""#,
                "under-way" => "",
                _ => r#" marker-end="url(#end)""#,
            };
            let _ = write!(
                self.over,
                r#"<g class="{style}"><line class="arrow" x1="{x:.0}" x2="{:.0}" y1="{:.0}" y2="{:.0}"{marker}/></g><text class="about" x="{:.0}" y="{:.0}">{words}</text>"#,
                x + 38.0,
                self.y - 4.0,
                self.y - 4.0,
                x + 50.0,
                self.y
            );
            x += 62.0 + words.len() as f64 * LETTER + 16.0;
        }
        self.y += LINE;
    }
}

/// How a node is before anything is done to it: one that is started later is not there yet.
fn first_state(trace: &Trace, node: &str) -> Lane {
    let first = trace.events.iter().find_map(|event| match &event.what {
        What::Process {
            node: which,
            change,
            ..
        } if which == node => Some(*change),
        _ => None,
    });
    match first {
        Some(Change::Started) => Lane::Gone,
        _ => Lane::Runs,
    }
}

fn is_between(fault: &Fault, a: &str, b: &str) -> bool {
    let same = |x: &str, y: &str| (x == a && y == b) || (x == b && y == a);
    fault.about.iter().any(|(x, y)| same(x, y))
}

/// The name of a message's style, and the word that says the same.
fn style(message: &Message, sent: u64) -> (&'static str, String) {
    match message.fate {
        Fate::Dropped => ("lost", "lost".into()),
        Fate::Swallowed => ("lost", "lost in the silence".into()),
        Fate::Held => match message.delivered_us {
            Some(came) => {
                let late = came.saturating_sub(sent) as f64 / 1e6;
                ("late", format!("{late:.2} s late"))
            }
            None => ("late", "held back".into()),
        },
        Fate::Doubled => ("twice", "twice".into()),
        Fate::UnderWay => ("under-way", "not arrived".into()),
        Fate::Delivered => ("delivered", String::new()),
    }
}

/// Text as it may stand in a picture: programs write anything.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in visible(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(' '),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// The beginning of what is too long.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = cut(word, most);
        let full = lines.last().is_some_and(|line| {
            !line.is_empty() && line.chars().count() + 1 + word.chars().count() > most
        });
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines
}

const STYLE: &str = "
text{font:13px ui-sans-serif,system-ui,'Segoe UI',sans-serif;fill:#1c2430}
.paper{fill:#fff}
.title{font-size:19px;font-weight:700}
.about,.left{fill:#566070}
.left{font-style:italic}
.time{text-anchor:end;fill:#566070;font-variant-numeric:tabular-nums}
.node{fill:#eef2f7;stroke:#3b4a5f;stroke-width:1.5}
.name{font-size:15px;font-weight:700;text-anchor:middle}
.lane{stroke:#3b4a5f}
.runs{stroke-width:2}
.paused{stroke-width:6;stroke-dasharray:2 5;stroke:#8a94a3}
.gone{stroke-width:1;stroke-dasharray:1 7;stroke:#9aa4b2}
.step{stroke:#c6ced9;stroke-width:1}
.story{font-style:italic;font-size:13.5px;fill:#2f3c4f;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
.note{fill:#2f3c4f}
.strong{font-weight:700;fill:#b3171f}
.arrow{stroke:#2f6db5;stroke-width:1.6;fill:none}
.label{text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
.start{text-anchor:start}
.lost .arrow{stroke:#b3171f;stroke-dasharray:6 4}
.late .arrow{stroke:#9a5b00;stroke-dasharray:12 3 2 3}
.twice .arrow{stroke:#6a3fb0;stroke-width:2.6}
.under-way .arrow{stroke:#69727f;stroke-dasharray:2 4}
.cause .arrow{stroke-width:3.4}
.cause .label{font-weight:700}
.band{stroke:none;opacity:.85}
.cut{fill:url(#cut)}
.silence{fill:url(#silence)}
.delay{fill:url(#delay)}
.store{fill:url(#store)}
.dead{stroke:#b3171f;stroke-width:3;fill:none}
.alive{fill:#1d7a3d;stroke:#fff;stroke-width:1}
.asked{fill:#fff;stroke:#3b4a5f;stroke-width:1.6}
.violation{fill:#b3171f;stroke:#fff;stroke-width:1.5}
.bang{fill:#fff;font-weight:700;font-size:16px;text-anchor:middle}
.said{font-size:14px}
";

const DEFINITIONS: &str = r##"<defs>
<marker id="end" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L10 5L0 10z" fill="#1c2430"/></marker>
<marker id="twice-end" viewBox="0 0 18 10" refX="17" refY="5" markerWidth="16" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L10 5L0 10zM8 0L18 5L8 10z" fill="#6a3fb0"/></marker>
<marker id="lost-end" viewBox="0 0 10 10" refX="5" refY="5" markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto"><path d="M1 1L9 9M9 1L1 9" stroke="#b3171f" stroke-width="2.4"/></marker>
<pattern id="cut" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="9" height="9" fill="#fdeeee"/><rect width="2" height="9" fill="#f3c9cb"/></pattern>
<pattern id="silence" width="9" height="9" patternUnits="userSpaceOnUse"><rect width="9" height="9" fill="#f3f0f8"/><circle cx="4" cy="4" r="1.5" fill="#cfc3e2"/></pattern>
<pattern id="delay" width="9" height="9" patternUnits="userSpaceOnUse"><rect width="9" height="9" fill="#fdf5e6"/><rect width="9" height="1.5" fill="#ecd9b3"/></pattern>
<pattern id="store" width="9" height="9" patternUnits="userSpaceOnUse"><rect width="9" height="9" fill="#eef5f0"/><rect width="1.5" height="9" fill="#c4dccb"/></pattern>
</defs>"##;
