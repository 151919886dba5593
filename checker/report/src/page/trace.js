"use strict";
// What happened, made readable: events by name, faults as spans of time, and where everything
// stands on the diagram's axis.

// Tests and people who report a fault of this page find here what went wrong.
const troubles = [];
for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"]) {
  addEventListener(kind, (event) => {
    troubles.push(String(event.message || event.reason || event.violatedDirective));
    document.documentElement.dataset.troubles = troubles.join("\n");
  });
}

const report = JSON.parse(document.getElementById("data").textContent);

/** A time as people read it. */
function time(us) {
  if (us < 1000) return `${us} µs`;
  return us < 1e6 ? `${(us / 1000).toFixed(1)} ms` : `${(us / 1e6).toFixed(3)} s`;
}

/** A length of time, rougher. */
function span(us) {
  if (us < 1000) return `${us} µs`;
  return us < 1e6 ? `${Math.round(us / 1000)} ms` : `${(us / 1e6).toFixed(1)} s`;
}

const FATES = {
  delivered: "delivered", doubled: "delivered twice", dropped: "lost: the network dropped it",
  swallowed: "swallowed by a blackhole", held: "held back by the network",
  under_way: "still in transit when its connection closed",
};
// What is under way longer than this is drawn as late.
const LATE_US = 20000;

/** Makes a trace of what the page's data says of it; messages are lists there, for brevity. */
function readTrace(raw) {
  const word = (place) => (place === null ? null : report.words[place]);
  const events = raw.events.map((event, place) => {
    if (!Array.isArray(event)) return { ...event, at: event.at_us, place };
    const [at, from, to, kind, fate, got, label, brief, server, name, story, bytes, clock, call,
      connection, body] = event;
    return {
      event: "message", place, at, from: raw.nodes[from], to: raw.nodes[to], kind, fate, got,
      label: word(label), brief: word(brief), server: word(server), name: word(name), runtime: !story,
      bytes, clock, call, connection, body,
    };
  });
  if (raw.violation) {
    const { at_us: at, node, seen } = raw.violation;
    const found = { event: "violation", at, node, seen, place: events.length };
    const behind = events.findIndex((event) => event.at > at);
    events.splice(behind < 0 ? events.length : behind, 0, found);
  }
  const byPlace = new Map(events.map((event) => [event.place, event]));
  const causes = new Map(raw.causes.map((cause) => [cause.event, cause]));
  for (const place of causes.keys()) byPlace.get(place).isCause = true;
  return { ...raw, events, byPlace, causes, spans: spansOf(events, raw.ended_us) };
}

/** Faults as spans of time. What is done at one moment, such as the cuts of a partition, is one. */
function spansOf(events, end) {
  const spans = [];
  const open = (event, kind, pairs, detail) => {
    const last = spans.at(-1);
    const together = last && last.kind === kind && last.to === null && last.detail === detail
      && event.at - last.last < 20000;
    if (together) {
      last.pairs.push(...pairs);
      last.last = event.at;
      event.span = last;
      event.merged = true;
    } else {
      const began = { kind, pairs: [...pairs], detail, from: event.at, last: event.at, to: null };
      event.span = began;
      spans.push(began);
    }
  };
  const close = (event, concerns) => {
    for (const one of spans.filter((one) => one.to === null)) {
      one.pairs = one.pairs.map((pair) => (concerns(one, pair) ? { ...pair, over: true } : pair));
      if (one.pairs.every((pair) => pair.over)) one.to = event.at;
    }
  };
  for (const event of events) {
    const { event: kind, a, b, from, to } = event;
    if (kind === "partition") open(event, kind, [{ a, b }]);
    if (kind === "blackhole") open(event, kind, [{ a: from, b: to }]);
    if (kind === "delay") {
      const more = event.jitter_us ? ` to ${span(event.base_us + event.jitter_us)}` : "";
      open(event, kind, [{ a: from, b: to }], `${span(event.base_us)}${more}`);
    }
    if (kind === "healed") {
      const both = (pair) => !a || (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a);
      close(event, (one, pair) => one.kind !== "store" && both(pair));
    }
    if (kind === "store_fault") {
      close(event, (one, pair) => one.kind === "store" && event.nodes.includes(pair.a));
      const pairs = event.nodes.map((node) => ({ a: node, b: node }));
      if (event.mode !== "back") open(event, "store", pairs, event.text);
    }
  }
  for (const one of spans) one.to ??= end;
  return spans;
}

/** A fault in a few words. */
function faultText({ kind, pairs, detail }) {
  if (kind === "store") return detail;
  const ways = new Set(pairs.map((pair) => `${pair.a} ${pair.b}`));
  const listed = (sign) => pairs
    .filter((pair) => !(ways.has(`${pair.b} ${pair.a}`) && pair.b < pair.a))
    .map((pair) => `${pair.a} ${ways.has(`${pair.b} ${pair.a}`) ? "⇄" : sign} ${pair.b}`)
    .join(", ");
  if (kind === "blackhole") return `blackhole: ${listed("→")}`;
  if (kind === "delay") return `delayed by ${detail}: ${listed("→")}`;
  return `network cut: ${sides(pairs) || listed("|")}`;
}

/** The sides of a partition, where the cuts make sides: `n1 n2 | n3`. */
function sides(pairs) {
  const nodes = [...new Set(pairs.flatMap((pair) => [pair.a, pair.b]))].sort();
  const cut = (a, b) => pairs.some((pair) => (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a));
  const groups = [];
  for (const node of nodes) {
    const own = groups.find((group) => group.every((other) => !cut(node, other)));
    if (own) own.push(node);
    else groups.push([node]);
  }
  const apart = groups.every((group, at) => groups.slice(at + 1)
    .every((other) => group.every((a) => other.every((b) => cut(a, b)))));
  return apart ? groups.map((group) => group.join(" ")).join(" | ") : null;
}

/** Whether it is written in as many lines as it needs, for nobody may miss it. */
const isInLines = (event) => !["message", "request", "store"].includes(event.event);

/** Whether an event is drawn, given what the reader wants to see. */
function isShown(event, view) {
  const hidden = (node) => node && view.hiddenNodes.has(node);
  switch (event.event) {
    case "message": {
      if (event.runtime && !view.runtime) return false;
      if (hidden(event.from) || hidden(event.to)) return false;
      if (view.hiddenNames.has(event.name)) return false;
      return !view.text || event.label.toLowerCase().includes(view.text);
    }
    case "request":
      if (!view.requests || hidden(event.node)) return false;
      return !view.text || event.question.toLowerCase().includes(view.text);
    case "store": return view.store && !hidden(event.node);
    case "opened": case "closed": case "refused": return view.runtime || event.isCause === true;
    case "process": return !hidden(event.node);
    case "partition": case "blackhole": case "delay": return !event.merged;
    default: return true;
  }
}

const HEIGHTS = { step: 34, violation: 46, store: 14, process: 26 }; // and 22 of all others
const LINE = 16; // the height of a further line

/** What is shown, and the moments of it that stand on the axis, in their order. */
function choose(trace, view) {
  const rows = [];
  const points = [];
  for (const event of trace.events) {
    if (!isShown(event, view)) continue;
    const request = event.event === "request";
    const row = { event, at: request ? event.at - (event.took_us ?? 0) : event.at, y: 0, end: null, height: 0 };
    rows.push(row);
    points.push({ at: row.at, row, end: false, y: 0 });
    const got = request ? event.at : event.got;
    if (got !== null && got !== undefined) points.push({ at: got, row, end: true, y: 0 });
  }
  points.sort((a, b) => a.at - b.at || a.end - b.end || a.row.event.place - b.row.event.place);
  rows.sort((a, b) => a.at - b.at || a.event.place - b.event.place);
  return { rows, points, places: new Map(rows.map((row) => [row.event.place, row])) };
}

/**
 * Puts what is shown onto the axis. The axis is one of events, not of time: nodes say in a
 * millisecond what takes twenty lines to read, and then nothing for a second. So each event has
 * its height, long silences get a break that says how long they are, and the times stand beside.
 * `linesOf` says in which lines the text of an event is written.
 */
function layOut({ rows, points, places }, zoom, linesOf) {
  const breaks = [];
  let y = 22;
  let before = null;
  for (const point of points) {
    const { at, row } = point;
    const silence = before === null ? 0 : at - before;
    if (silence > 100000) {
      breaks.push({ y: y + 4, height: 22, us: silence });
      y += 30;
    } else if (silence > 1000) {
      y += zoom * Math.min(12, 4 * Math.log10(silence / 1000));
    }
    if (point.end) {
      y = Math.max(y, row.y + 8 * zoom);
      point.y = row.end = y;
      y += 6 * zoom;
    } else {
      const kind = row.event.event;
      row.height = (HEIGHTS[kind] ?? 22) * zoom;
      if (isInLines(row.event)) {
        row.lines = linesOf(row.event);
        const least = kind === "step" || kind === "violation" ? 24 : 0;
        row.height = Math.max(least, row.height) + LINE * (row.lines.length - 1);
      }
      point.y = row.y = y + row.height / 2;
      y += row.height;
    }
    before = at;
  }
  return { rows, places, breaks, axis: points, height: y + 30 };
}

/** The first of some things in the order of their heights that stands at a height, or below. */
function firstAt(things, y) {
  let low = 0;
  let high = things.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (things[middle].y < y) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a moment stands on the axis: behind all that happened before it. */
function yAt(axis, at) {
  let low = 0;
  let high = axis.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (axis[middle].at <= at) low = middle + 1;
    else high = middle;
  }
  return low ? axis[low - 1].y : 0;
}

/** A text without the marks around code, for where code looks like all other words. */
const withoutMarks = (text) => text.replaceAll("`", "");

/** A message or another event in one line, for lists and for those who hear the page. */
function inOneLine(event) {
  switch (event.event) {
    case "message": return `${event.from} → ${event.to}: ${event.label}`;
    case "request": return `checker → ${event.node}: ${event.question} → ${event.answer}`;
    case "partition": case "blackhole": case "delay": return faultText(event.span);
    case "healed": return event.a ? `healed: ${event.a}, ${event.b}` : "healed: the network is whole";
    case "store": return `${event.node}: ${event.command} ${event.key ?? ""}`;
    case "opened": return `${event.from} connects to ${event.to}`;
    case "refused": return `${event.from} cannot connect to ${event.to}`;
    case "closed": return `connection ${event.connection} is closed by ${event.by ?? "the network"}`;
    case "violation": return withoutMarks(event.seen);
    default: return withoutMarks(event.text);
  }
}
