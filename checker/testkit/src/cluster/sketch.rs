//! A small picture of who said what to whom, and what the network did to it.
//!
//! Time runs downwards, each node has a column, each message is an arrow:
//!
//! ```text
//!             n1                    n2
//!    0.120 s  ├─ Ping{count: 3} ───►│
//!    0.121 s  ├─ Ping{count: 4} ─✗  │
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ciborium::Value;
use runtime::net::faults::{self, FrameSeen};
use runtime::wire;

use super::{Cluster, Mark};
use crate::network::Payloads;
use crate::screen;
use crate::trace::{self, Event, Fate, Kind, Message};

/// No line is longer, however wide the terminal: indented by [`INDENT`], it fits into 80 columns.
const WIDTH: usize = 76;

/// How far a reader of it may indent it.
const INDENT: usize = 4;

/// Where the first column stands, behind the time.
const FIRST: usize = 11;

/// How many events are shown: the last ones.
const ROWS: usize = 16;

/// What takes so long on its way is late, also on a machine with much to do.
const LATE: Duration = Duration::from_millis(150);

/// How far columns stand apart at most.
const APART: usize = 36;

impl Cluster<'_> {
    /// The picture of the last messages, drawn with a line for each.
    pub fn sketch(&self) -> Vec<String> {
        let mut rows = rows(&self.events_since(&mut Mark::default()));
        // How the nodes met is not the point, once something was said in the story itself.
        let is_step = |row: &Row| matches!(&row.what, What::Note(text) if text.starts_with('▸'));
        if let Some(first) = rows.iter().position(is_step)
            && rows[first..]
                .iter()
                .any(|row| !matches!(row.what, What::Note(_)))
        {
            rows.drain(..first);
        }
        let nodes: Vec<String> = super::lock(&self.members).keys().cloned().collect();
        let width = WIDTH.min(screen::width() - INDENT);
        draw(&nodes, &condensed(rows), width)
    }
}

/// The rows that make the point: steps, what the network did on purpose and to what, and the last
/// messages. What is said in the same words again is left out, and so is all for which there is no
/// room.
fn condensed(rows: Vec<Row>) -> Vec<Row> {
    let mut said = BTreeSet::new();
    let is_new = |row: &Row| match &row.what {
        What::Arrow {
            from,
            to,
            label,
            end: End::Arrived,
            ..
        } => said.insert((from.clone(), to.clone(), label.clone())),
        _ => true,
    };
    let new: Vec<bool> = rows.iter().map(is_new).collect();
    let touched = |row: &Row| match &row.what {
        What::Arrow { end, .. } => !matches!(end, End::Arrived | End::UnderWay),
        What::Note(_) | What::Cut { .. } => true,
        What::Request { .. } | What::Left { .. } => false,
    };
    // From the end: first what was done to the cluster, then what was said last.
    let of_faults = (0..rows.len()).rev().filter(|at| touched(&rows[*at]));
    let mut shown: BTreeSet<usize> = of_faults.take(ROWS / 2).collect();
    for at in (0..rows.len()).rev().filter(|at| new[*at]) {
        if shown.len() >= ROWS {
            break;
        }
        shown.insert(at);
    }
    let mut condensed: Vec<Row> = Vec::new();
    for (at, row) in rows.into_iter().enumerate() {
        match condensed.last_mut() {
            _ if shown.contains(&at) => condensed.push(row),
            Some(Row {
                what: What::Left { count, again },
                ..
            }) => {
                *count += 1;
                *again &= !new[at];
            }
            _ => condensed.push(Row {
                at: row.at,
                what: What::Left {
                    count: 1,
                    again: !new[at],
                },
            }),
        }
    }
    condensed
}

/// Something that is drawn in a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    at: Duration,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Arrow {
        from: String,
        to: String,
        label: String,
        /// The label without the names of fields, for where there is little room.
        brief: String,
        end: End,
    },
    /// The connection between two nodes went.
    Cut {
        a: String,
        b: String,
    },
    Note(String),
    /// The checker asked a node over HTTP, and got this answer so many times.
    Request {
        /// `curl n1 GET /abc → 302 https://example.org/`
        text: String,
        took: Option<Duration>,
        times: usize,
    },
    /// So many events are not drawn.
    Left {
        count: usize,
        /// Whether all of them repeat what is drawn.
        again: bool,
    },
}

/// How an arrow ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Arrived,
    Twice,
    Dropped,
    Swallowed,
    /// The network has held it back; where it arrives after all, there is a second arrow.
    Held,
    /// It arrives here, long after it was sent.
    Late,
    /// It was under way when the connection went, or still is.
    UnderWay,
}

/// What is worth drawing: what programs said, what was done on purpose, and connections that went.
/// A message that came late is drawn where it was sent, and again where it arrived.
fn rows(events: &[Event]) -> Vec<Row> {
    let mut ends = BTreeMap::new();
    let mut spoken = BTreeSet::new();
    let mut questions = BTreeMap::new();
    let mut rows: Vec<Row> = Vec::new();
    for Event { at_us, what } in events {
        let at = Duration::from_micros(*at_us);
        let what = match what {
            trace::What::Message(message) => {
                if message.is_of_programs() || message.kind == Kind::Tick {
                    spoken.insert(message.connection);
                }
                if message.is_of_programs() {
                    rows.extend(arrows(at, message));
                }
                None
            }
            trace::What::Opened {
                connection,
                from,
                to,
            } => {
                ends.insert(*connection, (from.clone(), to.clone()));
                None
            }
            trace::What::Closed { connection, .. } if spoken.contains(connection) => {
                let ends = ends.get(connection).cloned();
                ends.map(|(a, b)| What::Cut { a, b })
            }
            trace::What::Step { text, .. } => {
                // What is asked in another step is worth a line of its own.
                questions.clear();
                Some(What::Note(format!("▸ {text}")))
            }
            trace::What::Request {
                node,
                question,
                answer,
                took_us,
            } => match questions.insert((node, question), (answer, rows.len())) {
                // The same answer to the same question is counted, not drawn.
                Some((before, row)) if before == answer => {
                    questions.insert((node, question), (answer, row));
                    if let What::Request { times, .. } = &mut rows[row].what {
                        *times += 1;
                    }
                    None
                }
                _ => Some(What::Request {
                    text: format!("curl {node} {question} → {answer}"),
                    took: took_us.map(Duration::from_micros),
                    times: 1,
                }),
            },
            other => fault(other).map(What::Note),
        };
        rows.extend(what.map(|what| Row { at, what }));
    }
    // What came late stands behind the step in which it came.
    rows.sort_by_key(|row| row.at);
    rows
}

/// What was done on purpose, as text.
fn fault(what: &trace::What) -> Option<String> {
    Some(match what {
        trace::What::Partition { a, b } => format!("partition between {a} and {b}"),
        trace::What::Blackhole { from, to } => format!("blackhole from {from} to {to}"),
        trace::What::Delay {
            from,
            to,
            base_us,
            jitter_us,
        } => {
            let most = match jitter_us {
                0 => String::new(),
                jitter => format!(" to {}", (base_us + jitter) / 1000),
            };
            format!("delayed by {}{most} ms: {from} → {to}", base_us / 1000)
        }
        trace::What::Healed {
            a: Some(a),
            b: Some(b),
        } => format!("healed between {a} and {b}"),
        trace::What::Healed { .. } => "healed everywhere".to_owned(),
        trace::What::Process { text, .. }
        | trace::What::StoreFault { text, .. }
        | trace::What::Note { text } => without_host(text),
        _ => return None,
    })
}

/// The arrow of a message, or the two of one that came late.
fn arrows(sent: Duration, message: &Message) -> Vec<Row> {
    let label = &message.label;
    let brief = message.brief.as_ref().unwrap_or(label);
    let arrow = |at, label: &str, brief: &str, end| Row {
        at,
        what: What::Arrow {
            from: message.from.clone(),
            to: message.to.clone(),
            label: label.to_owned(),
            brief: brief.to_owned(),
            end,
        },
    };
    match came_late(sent, message) {
        Some(came) => {
            let late = format!("{:.2} s late: {label}", (came - sent).as_secs_f64());
            vec![
                arrow(sent, label, brief, End::Held),
                arrow(came, &late, &format!("late: {brief}"), End::Late),
            ]
        }
        None => vec![arrow(sent, label, brief, End::of(message.fate))],
    }
}

/// When a message arrived, if that was later than its way explains: a rule held it back, or a fault
/// delayed it.
fn came_late(sent: Duration, message: &Message) -> Option<Duration> {
    let came = Duration::from_micros(message.delivered_us?);
    match message.fate {
        Fate::Held => Some(came.max(sent)),
        Fate::Delivered => Some(came).filter(|came| *came >= sent + LATE),
        _ => None,
    }
}

/// How the fields of a message are written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fields {
    /// `Ping{from: n1, count: 3}`
    Named,
    /// `Ping{n1, 3}`
    Bare,
}

/// `Ping{count: 3}`, `Count?`, `Count = 3`.
pub(super) fn label(frame: &FrameSeen, payloads: &Payloads, fields: Fields) -> String {
    let said: Option<Value> = payloads
        .of(frame)
        .and_then(|payload| wire::decode(&payload).ok());
    let name = frame.message.as_deref().unwrap_or("?");
    match (frame.kind, said) {
        (faults::Kind::Call, Some(said)) => format!("{}?", message(&said, fields)),
        (faults::Kind::Call, None) => format!("{name}?"),
        (faults::Kind::Answer, Some(said)) => format!("{name} = {}", value(&said)),
        (faults::Kind::Answer, None) => format!("{name} = …"),
        (faults::Kind::NoAnswer, _) => format!("{name}: no answer"),
        (_, Some(said)) => message(&said, fields),
        (_, None) => name.to_owned(),
    }
}

/// A message as its variant is written in Rust, from its payload.
pub fn message_in_words(payload: &[u8]) -> String {
    wire::decode(payload).map_or_else(|_| "?".to_owned(), |said| message(&said, Fields::Named))
}

/// A message as its variant is written in Rust.
fn message(said: &Value, style: Fields) -> String {
    match said {
        Value::Map(entries) => match &entries[..] {
            [(Value::Text(name), Value::Null)] => name.clone(),
            [(Value::Text(name), Value::Array(fields))] => {
                let fields: Vec<String> = fields
                    .iter()
                    .filter(|field| !field.is_null())
                    .map(value)
                    .collect();
                if fields.is_empty() {
                    name.clone()
                } else {
                    format!("{name}({})", joined(fields.into_iter()))
                }
            }
            [(Value::Text(name), Value::Map(fields))] if matches!(style, Fields::Bare) => {
                let fields = fields.iter().filter(|(_, field)| !field.is_null());
                format!(
                    "{name}{{{}}}",
                    joined(fields.map(|(_, field)| value(field)))
                )
            }
            [(Value::Text(name), Value::Map(fields))] => {
                let fields = fields.iter().filter(|(_, field)| !field.is_null());
                format!("{name}{}", value(&Value::Map(fields.cloned().collect())))
            }
            [(Value::Text(name), field)] => format!("{name}({})", value(field)),
            _ => value(said),
        },
        other => value(other),
    }
}

fn value(of: &Value) -> String {
    match of {
        Value::Text(text) => without_host(text),
        Value::Integer(number) => i128::from(*number).to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Null => "()".to_owned(),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(value))),
        Value::Map(entries) => known(entries).unwrap_or_else(|| {
            let entries = entries
                .iter()
                .map(|(key, of)| format!("{}: {}", value(key), value(of)));
            format!("{{{}}}", joined(entries))
        }),
        _ => "…".to_owned(),
    }
}

/// Puts together as many as are worth reading.
fn joined(parts: impl Iterator<Item = String>) -> String {
    const ENOUGH: usize = 48;
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push_str(", ");
            if text.chars().count() + part.chars().count() > ENOUGH {
                text.push('…');
                break;
            }
        }
        text.push_str(&part);
    }
    text
}

/// What has a shorter name than all of its fields: a process (`#19`), an attempt at a task of a
/// batch job (`map 3 #7`), and what a map task has left (`map 3 of n2`).
fn known(entries: &[(Value, Value)]) -> Option<String> {
    let field = |name: &str| {
        let named = |(key, _): &&(Value, Value)| key.as_text() == Some(name);
        entries.iter().find(named).map(|(_, of)| of)
    };
    if let ([_], Some(Value::Array(process))) = (entries, field("p")) {
        return process.last().map(|serial| format!("#{}", value(serial)));
    }
    if let (Some(task), Some(number), Some(_)) = (field("task"), field("number"), field("job")) {
        let (kind, of) = task.as_map()?.first()?;
        let kind = kind.as_text()?.to_lowercase();
        return Some(format!("{kind} {} #{}", value(of), value(number)));
    }
    let (node, map) = (field("node")?, field("map")?);
    field("attempt").map(|_| format!("map {} of {}", value(map), value(node)))
}

/// All nodes of a scenario are on one host: their short names say enough.
pub(super) fn without_host(text: &str) -> String {
    text.replace("@127.0.0.1", "")
}

/// Draws rows below the nodes' names, and explains the signs that were needed.
fn draw(nodes: &[String], rows: &[Row], width: usize) -> Vec<String> {
    if nodes.is_empty() || rows.is_empty() {
        return Vec::new();
    }
    let apart = match nodes.len() {
        1 => 0,
        more => ((width - FIRST - 2) / (more - 1)).min(APART),
    };
    let column = |node: &str| {
        nodes
            .iter()
            .position(|other| other == node)
            .map(|index| FIRST + index * apart)
    };
    let mut head = Line::new(width);
    for (index, node) in nodes.iter().enumerate() {
        head.put(FIRST + index * apart, node);
    }
    let mut lines = vec![head.finish()];
    let mut signs = Vec::new();
    for row in rows {
        let mut line = Line::new(width);
        line.put(0, &format!("{:>7.3} s", row.at.as_secs_f64()));
        match &row.what {
            What::Note(text) => line.note(text, &mut lines),
            What::Request { text, took, times } => {
                let more = match (times, took) {
                    (1, None) => String::new(),
                    (1, Some(took)) => format!(" ({} ms)", took.as_millis()),
                    _ => format!(", {times} times"),
                };
                line.note(&format!("{text}{more}"), &mut lines);
            }
            What::Arrow {
                from,
                to,
                label,
                brief,
                end,
            } => {
                let (Some(start), Some(stop)) = (column(from), column(to)) else {
                    // A guest has no column.
                    line.put(FIRST, &format!("{from} → {to}: {label}"));
                    lines.push(line.finish());
                    continue;
                };
                line.lifelines(nodes.len(), apart);
                line.arrow(start, stop, [label, brief], *end);
                signs.extend(
                    end.legend()
                        .filter(|sign| !signs.contains(sign))
                        .into_iter()
                        .collect::<Vec<_>>(),
                );
            }
            What::Left { count, again } => {
                let s = if *count == 1 { "" } else { "s" };
                let why = if *again { ": the same again" } else { "" };
                lines.push(format!("{:FIRST$}… {count} event{s} left out{why}", ""));
                continue;
            }
            What::Cut { a, b } => {
                line.lifelines(nodes.len(), apart);
                let (Some(a), Some(b)) = (column(a), column(b)) else {
                    continue;
                };
                line.cut(a.min(b), a.max(b));
            }
        }
        lines.push(line.finish());
    }
    if !signs.is_empty() {
        let signs = broken(&signs.join("   "), width - FIRST);
        lines.extend(signs.iter().map(|signs| format!("{:FIRST$}{signs}", "")));
    }
    lines
}

impl End {
    fn of(fate: Fate) -> End {
        match fate {
            Fate::Delivered => End::Arrived,
            Fate::Doubled => End::Twice,
            Fate::Dropped => End::Dropped,
            Fate::Swallowed => End::Swallowed,
            Fate::Held => End::Held,
            Fate::UnderWay => End::UnderWay,
        }
    }

    fn head(self, rightwards: bool) -> char {
        match self {
            End::Arrived | End::Late if rightwards => '►',
            End::Arrived | End::Late => '◄',
            End::Twice if rightwards => '⇉',
            End::Twice => '⇇',
            End::Dropped => '✗',
            End::Swallowed => '∅',
            End::Held => '‖',
            End::UnderWay => '╳',
        }
    }

    /// Whether the arrow gets to its node.
    fn reaches(self) -> bool {
        matches!(self, End::Arrived | End::Twice | End::Late)
    }

    fn legend(self) -> Option<&'static str> {
        match self {
            End::Arrived | End::Late => None,
            End::Twice => Some("⇉ arrived twice"),
            End::Dropped => Some("✗ dropped"),
            End::Swallowed => Some("∅ swallowed in silence"),
            End::Held => Some("‖ held back"),
            End::UnderWay => Some("╳ not arrived"),
        }
    }
}

/// A line of the picture, of single-width characters.
struct Line(Vec<char>);

impl Line {
    fn new(width: usize) -> Self {
        Line(vec![' '; width])
    }

    fn put(&mut self, at: usize, text: &str) {
        for (place, letter) in self.0.iter_mut().skip(at).zip(text.chars()) {
            *place = letter;
        }
        let width = self.0.len();
        if at + text.chars().count() > width {
            self.0[width - 1] = '…';
        }
    }

    /// Writes a note that may be longer than the line: all lines of it but the last are finished.
    fn note(&mut self, text: &str, finished: &mut Vec<String>) {
        let width = self.0.len();
        let mut texts = broken(text, width - FIRST - 2).into_iter();
        self.put(FIRST, &texts.next().unwrap_or_default());
        for text in texts {
            finished.push(std::mem::replace(self, Line::new(width)).finish());
            self.put(FIRST + 2, &text);
        }
    }

    fn lifelines(&mut self, columns: usize, apart: usize) {
        for index in 0..columns {
            self.0[FIRST + index * apart] = '│';
        }
    }

    /// Draws an arrow, with the first of the labels for which there is room.
    fn arrow(&mut self, start: usize, stop: usize, labels: [&str; 2], end: End) {
        if start == stop {
            return self.put(start + 2, &format!("⟲ {}", labels[0]));
        }
        let rightwards = start < stop;
        let short = if end.reaches() { 1 } else { 3 };
        let tip = if rightwards {
            stop - short
        } else {
            stop + short
        };
        let (low, high) = (start.min(tip), start.max(tip));
        for place in &mut self.0[low + 1..high] {
            *place = if *place == '│' { '┼' } else { '─' };
        }
        self.0[start] = if rightwards { '├' } else { '┤' };
        self.0[tip] = end.head(rightwards);
        // Behind the start are a dash and a space, before the tip a space and two dashes; in a
        // narrow picture there is only a space on each side.
        let (wide, narrow) = (
            (high - low).saturating_sub(6),
            (high - low).saturating_sub(3),
        );
        let length = |label: &str| label.chars().count();
        match labels.iter().find(|label| length(label) <= wide) {
            Some(label) => self.put(low + 2, &format!(" {label} ")),
            None if narrow > 0 => {
                self.put(low + 1, &format!(" {} ", shortened(labels[1], narrow)));
            }
            None => {}
        }
    }

    fn cut(&mut self, low: usize, high: usize) {
        for place in &mut self.0[low + 1..high] {
            *place = '╌';
        }
        let text = " ╳ cut ╳ ";
        let text = if high - low > text.chars().count() + 2 {
            text
        } else {
            "╳"
        };
        self.put(low + (high - low - text.chars().count()).div_ceil(2), text);
    }

    fn finish(self) -> String {
        self.0.into_iter().collect::<String>().trim_end().to_owned()
    }
}

/// Text in lines of a width, broken at spaces.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    match room {
        0 => String::new(),
        room => text.chars().take(room - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(count: usize) -> Vec<String> {
        (1..=count).map(|number| format!("n{number}")).collect()
    }

    fn arrow(at: u64, from: &str, to: &str, label: &str, end: End) -> Row {
        let what = What::Arrow {
            from: from.into(),
            to: to.into(),
            label: label.into(),
            brief: label.into(),
            end,
        };
        Row {
            at: Duration::from_millis(at),
            what,
        }
    }

    fn note(at: u64, text: &str) -> Row {
        Row {
            at: Duration::from_millis(at),
            what: What::Note(text.into()),
        }
    }

    #[test]
    fn each_fate_has_its_sign() {
        let rows = [
            note(100, "▸ n1 sends its pings."),
            arrow(120, "n1", "n2", "Ping{count: 3}", End::Arrived),
            arrow(121, "n1", "n3", "Ping{count: 3}", End::Arrived),
            arrow(122, "n2", "n1", "Count = 3", End::Arrived),
            arrow(130, "n1", "n2", "Ping{count: 4}", End::Dropped),
            arrow(131, "n3", "n2", "Ping{count: 1}", End::Twice),
            arrow(132, "n3", "n1", "Ping{count: 1}", End::Held),
            Row {
                at: Duration::from_millis(140),
                what: What::Cut {
                    a: "n2".into(),
                    b: "n1".into(),
                },
            },
            arrow(150, "n2", "n3", "Ping{count: 1}", End::Swallowed),
            arrow(151, "n2", "n2", "Ping{count: 1}", End::Arrived),
            arrow(152, "n1", "n2", "0.02 s late: Ping{count: 1}", End::Late),
        ];
        insta::assert_snapshot!(draw(&nodes(3), &rows, WIDTH).join("\n"), @"
                 n1                             n2                             n3
        0.100 s  ▸ n1 sends its pings.
        0.120 s  ├─ Ping{count: 3} ────────────►│                              │
        0.121 s  ├─ Ping{count: 3} ─────────────┼─────────────────────────────►│
        0.122 s  │◄─ Count = 3 ─────────────────┤                              │
        0.130 s  ├─ Ping{count: 4} ──────────✗  │                              │
        0.131 s  │                              │⇇─ Ping{count: 1} ────────────┤
        0.132 s  │  ‖─ Ping{count: 1} ──────────┼──────────────────────────────┤
        0.140 s  │╌╌╌╌╌╌╌╌╌╌ ╳ cut ╳ ╌╌╌╌╌╌╌╌╌╌╌│                              │
        0.150 s  │                              ├─ Ping{count: 1} ──────────∅  │
        0.151 s  │                              │ ⟲ Ping{count: 1}             │
        0.152 s  ├ 0.02 s late: Ping{count: 1} ►│                              │
                 ✗ dropped   ⇉ arrived twice   ‖ held back   ∅ swallowed in
                 silence
        ");
    }

    #[test]
    fn many_columns_fit_and_long_labels_are_shortened() {
        let rows = [
            arrow(
                1,
                "n1",
                "n2",
                "Totals{n1@127.0.0.1: 1, n2@127.0.0.1: 2}",
                End::Arrived,
            ),
            arrow(
                2,
                "n6",
                "n1",
                "Totals{n1@127.0.0.1: 1, n2@127.0.0.1: 2}",
                End::Dropped,
            ),
        ];
        let lines = draw(&nodes(6), &rows, WIDTH);
        assert!(
            lines.iter().all(|line| line.chars().count() <= WIDTH),
            "{lines:?}"
        );
        insta::assert_snapshot!(lines.join("\n"), @r"
                 n1          n2          n3          n4          n5          n6
        0.001 s  ├ Totals{… ►│           │           │           │           │
        0.002 s  │  ✗─ Totals{n1@127.0.0.1: 1, n2@127.0.0.1: 2} ─┼───────────┤
                 ✗ dropped
        ");
    }

    #[test]
    fn narrow_picture_says_the_same_in_fewer_words() {
        let ends = [End::Dropped, End::Twice, End::Swallowed, End::Held];
        let rows: Vec<Row> = (1..)
            .zip(ends)
            .map(|(at, end)| arrow(at, "n1", "n2", "Ping{count: 3}", end))
            .collect();
        let lines = draw(&nodes(3), &rows, 56);
        assert!(
            lines.iter().all(|line| line.chars().count() <= 56),
            "{lines:?}"
        );
        insta::assert_snapshot!(lines.join("\n"), @"
                 n1                   n2                   n3
        0.001 s  ├ Ping{count: 3} ─✗  │                    │
        0.002 s  ├─ Ping{count: 3} ──⇉│                    │
        0.003 s  ├ Ping{count: 3} ─∅  │                    │
        0.004 s  ├ Ping{count: 3} ─‖  │                    │
                 ✗ dropped   ⇉ arrived twice   ∅ swallowed in
                 silence   ‖ held back
        ");
    }

    #[test]
    fn faults_are_shown_and_repetitions_are_not() {
        let mut rows = vec![
            note(1, "▸ A job begins."),
            arrow(2, "n1", "n2", "Assign(map 3 #7)", End::Dropped),
        ];
        rows.extend((3..100).map(|at| arrow(at, "n2", "n1", "Ready(n2, #19)", End::Arrived)));
        rows.extend(
            (100..140).map(|at| arrow(at, "n2", "n1", &format!("Finished({at})"), End::Arrived)),
        );
        let lines = draw(&nodes(2), &condensed(rows), WIDTH);
        assert!(lines.iter().any(|line| line.contains("Assign(map 3 #7)")));
        assert!(
            !lines.iter().any(|line| line.contains("Ready")),
            "{lines:?}"
        );
        assert!(
            lines
                .iter()
                .any(|line| line.contains("… 123 events left out")),
            "{lines:?}"
        );
        assert!(lines.iter().any(|line| line.contains("Finished(139)")));
    }

    #[test]
    fn messages_are_written_as_in_rust() {
        #[derive(serde::Serialize)]
        enum Msg {
            Stop,
            Total(Option<()>),
            Ping { from: &'static str, count: u64 },
            Put(u64, &'static str, Option<()>),
        }
        let said = |msg: &Msg| wire::decode(&wire::encode(msg).unwrap()).unwrap();
        let text = |msg: &Msg| message(&said(msg), Fields::Named);
        let brief = |msg: &Msg| message(&said(msg), Fields::Bare);
        assert_eq!(text(&Msg::Stop), "Stop");
        assert_eq!(text(&Msg::Total(None)), "Total");
        assert_eq!(
            text(&Msg::Ping {
                from: "n1@127.0.0.1",
                count: 3
            }),
            "Ping{from: n1, count: 3}"
        );
        assert_eq!(
            brief(&Msg::Ping {
                from: "n1@127.0.0.1",
                count: 3
            }),
            "Ping{n1, 3}"
        );
        assert_eq!(text(&Msg::Put(7, "a", None)), "Put(7, a)");
        #[derive(serde::Serialize)]
        enum Batch {
            Assign {
                attempt: batch::Attempt,
                why: String,
            },
        }
        let attempt = batch::Attempt {
            job: batch::JobId("<n1#1.2>.1".into()),
            task: batch::TaskId::Map(3),
            number: 7,
        };
        let why = "a long story ".repeat(9);
        let assign = wire::encode(&Batch::Assign { attempt, why }).unwrap();
        assert_eq!(message_in_words(&assign), "Assign{attempt: map 3 #7, …}");
    }

    #[test]
    fn five_columns_have_room_for_a_ping_and_long_notes_are_broken() {
        let mut ping = arrow(1, "n1", "n2", "Ping{from: n1, count: 2}", End::Arrived);
        if let What::Arrow { brief, .. } = &mut ping.what {
            "Ping{n1, 2}".clone_into(brief);
        }
        let long = "▸ n4 joins the cluster, and then n1 sends its fourth ping, which reaches all.";
        let lines = draw(&nodes(5), &[ping, note(2, long)], WIDTH);
        insta::assert_snapshot!(lines.join("\n"), @r"
                 n1             n2             n3             n4             n5
        0.001 s  ├ Ping{n1, 2} ►│              │              │              │
        0.002 s  ▸ n4 joins the cluster, and then n1 sends its fourth ping,
                   which reaches all.
        ");
    }

    #[test]
    fn same_answers_are_counted_until_another_comes_or_a_step_ends() {
        let step = |text: &str| trace::What::Step {
            text: text.into(),
            fact: None,
        };
        let asked = |node: &str, answer: &str, took_us| trace::What::Request {
            node: node.into(),
            question: "GET /a".into(),
            answer: answer.into(),
            took_us,
        };
        let happened = [
            step("n1 is asked."),
            asked("n1", "404 there is no such link", Some(3_000)),
            asked("n2", "302 https://a/", Some(1_000)),
            asked("n1", "404 there is no such link", Some(4_000)),
            trace::What::Note {
                text: "n3 is killed".into(),
            },
            asked("n1", "404 there is no such link", Some(2_000)),
            asked("n1", "302 https://a/", Some(2_000)),
            asked("n1", "no answer", None),
            step("n2 is asked."),
            asked("n2", "302 https://a/", Some(1_000)),
        ];
        let events = happened.map(|what| Event { at_us: 1_000, what });
        insta::assert_snapshot!(draw(&nodes(2), &rows(&events), WIDTH).join("\n"), @"
                 n1                                  n2
        0.001 s  ▸ n1 is asked.
        0.001 s  curl n1 GET /a → 404 there is no such link, 3 times
        0.001 s  curl n2 GET /a → 302 https://a/ (1 ms)
        0.001 s  n3 is killed
        0.001 s  curl n1 GET /a → 302 https://a/ (2 ms)
        0.001 s  curl n1 GET /a → no answer
        0.001 s  ▸ n2 is asked.
        0.001 s  curl n2 GET /a → 302 https://a/ (1 ms)
        ");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(draw(&nodes(2), &[], WIDTH).is_empty());
    }
}
