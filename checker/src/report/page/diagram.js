// The space-time diagram: a lane a node, time downwards, messages as arrows. Only what can be
// seen is drawn, so that a long trace costs no more than a short one.

const LEFT = 92; // where lanes may begin, behind the times
const BAR = 14; // the width of a fault's bar
const HEAD = 38; // the height of the lanes' names
const BEYOND = 250; // how far beyond the window is drawn, so that scrolling need not draw at once
const PAPER = 700; // how wide a sheet of paper is taken to be
const SHEET = 800; // and how high
const MOST_ON_PAPER = 20000; // what is higher is printed as far as it is seen
const LONGEST = 4000; // arrows that are higher than this may be cut when their begin is out of sight

// How wide a letter of a label is, and how wide words are that are written in lines.
const pen = document.createElement("canvas").getContext("2d");
pen.font = '11px ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace';
const LETTER = pen.measureText("m").width;
pen.font = `700 12.5px ${getComputedStyle(document.body).fontFamily}`;

/** Makes an element of the picture. Text is always text, never markup. */
function svg(tag, attributes = {}, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The first of some texts for which there is room, or the beginning of the last. */
function fitting(width, ...texts) {
  const most = Math.max(3, Math.floor(width / LETTER));
  return texts.find((text) => text.length <= most) ?? `${texts.at(-1).slice(0, most - 1)}…`;
}

/** Breaks words into lines of a width. A word that is too long by itself is broken as well. */
function wrapped(text, width) {
  const lines = [];
  let line = "";
  const fits = (words) => pen.measureText(words).width <= width;
  for (let word of text.split(/\s+/)) {
    if (line && !fits(`${line} ${word}`)) {
      lines.push(line);
      line = "";
    }
    while (!fits(word) && word.length > 1) {
      let most = word.length - 1;
      while (most > 1 && !fits(word.slice(0, most))) most -= 1;
      lines.push(word.slice(0, most));
      word = word.slice(most);
    }
    line = line ? `${line} ${word}` : word;
  }
  return [...lines, line];
}

class Diagram {
  /** `on` is told what the reader points at and what they choose. */
  constructor(host, trace, view, on) {
    Object.assign(this, { host, trace, view, on, selected: null, marked: new Set() });
    this.space = document.createElement("div");
    this.space.className = "space";
    this.head = svg("svg", { class: "head", height: HEAD, "aria-hidden": "true" });
    this.body = svg("svg", { class: "body", role: "presentation" });
    this.space.append(this.head, this.body);
    host.replaceChildren(this.space);
    // One listener for all that is drawn: what is drawn comes and goes.
    const eventAt = (target) => trace.byPlace.get(Number(target.closest?.("[data-place]")?.dataset.place));
    this.body.onpointerover = (pointer) => on.hover(eventAt(pointer.target) ?? null, pointer);
    this.body.onpointerleave = () => on.hover(null);
    this.body.onclick = (click) => { const event = eventAt(click.target); if (event) on.select(event.place); };
    host.onscroll = () => this.scrolled();
    host.onwheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.on.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.clientY - host.getBoundingClientRect().top - HEAD);
    };
    this.filter();
    this.draw();
  }

  /** Chooses anew what is shown; whoever asks for it draws. */
  filter() {
    this.chosen = choose(this.trace, this.view);
    this.lanes = this.makeLanes();
    this.lines = new Map();
    this.update();
  }

  /** Lays everything out anew, for another zoom or another width; whoever asks for it draws. */
  update(room = this.host.clientWidth) {
    const { trace, view } = this;
    const across = this.lanes.length;
    const bars = Math.max(0, ...trace.spans.map((one, at) => this.barOf(at) + 1));
    const first = LEFT + bars * (BAR + 4);
    const least = view.processes ? 74 : 120;
    const width = Math.max(room, first + across * least);
    const apart = (width - first) / across;
    this.lanes.forEach((lane, at) => { lane.x = first + apart * (at + 0.5); });
    if (width !== this.width || room !== this.room) this.lines = new Map();
    Object.assign(this, { room, width, first, apart });
    this.layout = layOut(this.chosen, view.zoom, (event) => this.linesOf(event));
    this.space.style.width = `${width}px`;
    this.space.style.height = `${this.layout.height + HEAD}px`;
    this.head.setAttribute("width", width);
    this.body.setAttribute("width", width);
    this.lives = this.livesOf();
    this.drawHead();
  }

  /** The lines in which an event is written. */
  linesOf(event) {
    let lines = this.lines.get(event);
    if (!lines) {
      const hasMark = event.event === "violation" || event.event === "process";
      const room = hasMark ? this.besides(event).room : Math.min(this.width, this.room) - this.first - 12;
      lines = wrapped(inOneLine(event), room);
      this.lines.set(event, lines);
    }
    return lines;
  }

  /** The side of a mark on a lane on which there is more room for words. */
  besides(event) {
    const x = this.x(event.node) ?? (this.first + this.width) / 2;
    // A drawing may be wider than its window: words that begin in it should end in it.
    const right = x + 260 < this.room ? Math.min(this.width, this.room) : this.width;
    const left = x - LEFT > right - x;
    return { x, left, room: Math.min(left ? x - LEFT : right - x, this.room - 30) - 44 };
  }

  makeLanes() {
    const { trace, view } = this;
    const shown = this.chosen.rows.map((row) => row.event);
    const lanes = [];
    if (shown.some((event) => event.event === "request")) lanes.push({ node: "checker" });
    for (const node of trace.nodes) {
      if (view.hiddenNodes.has(node)) continue;
      lanes.push({ node });
      if (!view.processes) continue;
      const own = shown.filter((event) => event.event === "message" && event.server
        && (event.kind === "answer" || event.kind === "no_answer" ? event.from : event.to) === node);
      for (const server of [...new Set(own.map((event) => event.server))].sort()) lanes.push({ node, server });
    }
    if (!lanes.length) lanes.push({ node: "" });
    return lanes;
  }

  /** The lane of a node, or of a process of it where these have lanes of their own. */
  x(node, server) {
    const own = this.lanes.find((lane) => lane.node === node && lane.server === server);
    return (own ?? this.lanes.find((lane) => lane.node === node))?.x;
  }

  /** Faults at the same time have bars beside each other. */
  barOf(at) {
    const { spans } = this.trace;
    const before = spans.slice(0, at).filter((one) => one.to > spans[at].from);
    return before.length;
  }

  /** When each node was alive, stood still, or was dead, on the axis. */
  livesOf() {
    const { trace, layout } = this;
    this.changes ??= trace.events.filter((event) => event.event === "process");
    return new Map(trace.nodes.map((node) => {
      const changes = this.changes.filter((event) => event.node === node);
      let state = changes.find((event) => ["started", "killed"].includes(event.change))?.change === "started" ? "dead" : "alive";
      let from = 0;
      const lives = [];
      for (const { at, change } of changes) {
        const next = { started: "alive", killed: "dead", paused: "paused", resumed: "alive" }[change];
        if (!next || next === state) continue;
        const y = yAt(layout.axis, at);
        lives.push({ from, to: y, state });
        from = y;
        state = next;
      }
      lives.push({ from, to: layout.height, state });
      return [node, lives];
    }));
  }

  drawHead() {
    const parts = [svg("rect", { class: "paper", width: this.width, height: HEAD })];
    parts.push(svg("text", { class: "axis", x: 10, y: 24 }, "time"));
    for (const lane of this.lanes) {
      const name = lane.server ?? lane.node;
      const width = Math.min(this.apart - 10, Math.max(46, name.length * 8 + 18));
      const kind = lane.server ? "server" : lane.node === "checker" ? "checker" : "node";
      parts.push(svg("rect", { class: `name ${kind}`, x: lane.x - width / 2, y: 6, width, height: 25, rx: 12 }));
      parts.push(svg("text", { class: `name ${kind}`, x: lane.x, y: 23, "text-anchor": "middle" }, fitting(width - 6, name)));
    }
    parts.push(svg("line", { class: "edge", x1: 0, x2: this.width, y1: HEAD - 0.5, y2: HEAD - 0.5 }));
    this.head.replaceChildren(...parts);
  }

  scrolled() {
    const top = this.host.scrollTop;
    const [from, to] = this.drawn ?? [0, -1];
    if (top < from || top + this.seen > to) this.draw();
    else this.moved.setAttribute("transform", `translate(0 ${-top})`);
    this.on.scrolled?.();
  }

  /** Draws what can be seen, and a little more. */
  draw(beyond = BEYOND) {
    const { host, layout } = this;
    this.seen = Math.max(60, host.clientHeight - HEAD);
    const top = host.scrollTop;
    const from = Math.max(0, top - beyond);
    const to = top + this.seen + beyond;
    this.drawn = [from === 0 ? -1 : from, Math.min(to, layout.height + this.seen)];
    this.body.setAttribute("height", this.seen);
    this.moved = this.picture(from, to);
    this.moved.setAttribute("transform", `translate(0 ${-top})`);
    this.patterns ??= patterns();
    this.body.replaceChildren(this.patterns, this.moved);
  }

  /** Draws at once what is seen, and what is beyond when the reader has come to rest. */
  drawSoon() {
    this.draw(0);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.draw(), 200);
  }

  /** What stands between two heights. */
  picture(from, to) {
    const { layout } = this;
    const into = this.into = svg("g");
    this.labels = [];
    const near = layout.rows.slice(firstAt(layout.rows, from - LONGEST), firstAt(layout.rows, to + 60));
    const rows = near.filter((row) => Math.max(row.end ?? 0, row.y + row.height / 2 + 20) >= from);
    const spans = this.spansBetween(from, to);
    for (const { kind, place } of spans) this.add("rect", { class: `band ${kind}`, x: this.first - 8, width: this.width - this.first, ...place });
    this.drawLanes(from, to);
    this.drawBreaks(from, to);
    this.drawTimes(rows);
    const isWeighty = (row) => this.trace.causes.has(row.event.place) || row.event.place === this.selected;
    for (const row of [...rows.filter((row) => !isWeighty(row)), ...rows.filter(isWeighty)]) this.drawRow(row);
    for (const { kind, x, place } of spans) this.add("rect", { class: `bar ${kind}`, x, width: BAR, rx: 3, ...place, fill: `url(#${kind})` });
    // Above all arrows, or some would strike through the labels of others.
    into.append(...this.labels);
    return into;
  }

  /** Puts pictures in the place of the window, as wide as a sheet of paper, none higher than it. */
  toPaper() {
    this.update(PAPER);
    const { layout, width } = this;
    const [first, last] = layout.height < MOST_ON_PAPER ? [0, layout.height] : [this.host.scrollTop, this.host.scrollTop + this.seen];
    const sheets = [];
    for (let from = first; from < last;) {
      const to = this.breakBefore(from, Math.min(last, from + SHEET * (width / PAPER)));
      const picture = this.picture(from, to);
      const sheet = svg("svg", { class: "sheet", viewBox: `0 ${from} ${width} ${to - from}` });
      sheet.append(...(sheets.length ? [] : [patterns()]), picture);
      const head = this.head.cloneNode(true);
      head.setAttribute("viewBox", `0 0 ${width} ${HEAD}`);
      const piece = document.createElement("div");
      piece.className = "piece";
      piece.append(head, sheet);
      sheets.push(piece);
      from = to;
    }
    this.host.replaceChildren(...sheets);
  }

  /** Where a sheet may end: between two rows. */
  breakBefore(from, to) {
    const { rows, height } = this.layout;
    if (to >= height) return to;
    const row = rows[firstAt(rows, to) - 1];
    const border = row ? row.y - row.height / 2 - 6 : to;
    return border > from ? border : to;
  }

  toScreen() {
    this.host.replaceChildren(this.space);
    this.update();
  }

  add(tag, attributes, text) {
    const element = svg(tag, attributes, text);
    this.into.append(element);
    return element;
  }

  /** Writes what stands at an arrow, to one side of its beginning. */
  label(event, x, y, way, text) {
    const group = svg("g", { "data-place": event.place, class: this.classOf(event).replace("event", "words") });
    const width = text.length * LETTER + 4;
    group.append(svg("rect", { class: "under", x: way > 0 ? x - 2 : x - width + 2, y: y - 14, width, height: 13 }),
      svg("text", { class: "label", x, y: y - 4, "text-anchor": way > 0 ? "start" : "end" }, text));
    this.labels.push(group);
  }

  /** Writes lines around a height. */
  write(lines, x, y, anchor = "start") {
    const text = this.add("text", { class: "text", "text-anchor": anchor });
    const top = y + 4 - (LINE * (lines.length - 1)) / 2;
    // The space is for whoever copies the lines, or hears them.
    lines.forEach((line, at) => text.append(svg("tspan", { x, y: top + at * LINE }, at < lines.length - 1 ? `${line} ` : line)));
  }

  /** Faults that last between two heights: a band across the lanes, and a bar on the left of them. */
  spansBetween(from, to) {
    const spans = this.trace.spans.map((one, at) => {
      const y = yAt(this.layout.axis, one.from);
      const end = yAt(this.layout.axis, one.to);
      return { kind: one.kind, y, end, x: LEFT - 10 + this.barOf(at) * (BAR + 4), place: { y, height: Math.max(6, end - y) } };
    });
    return spans.filter((one) => one.end >= from && one.y <= to);
  }

  drawLanes(from, to) {
    for (const lane of this.lanes) {
      const lives = this.lives.get(lane.node) ?? [{ from: 0, to: this.layout.height, state: "alive" }];
      for (const life of lives) {
        const [y1, y2] = [Math.max(life.from, from), Math.min(life.to, to)];
        if (y1 >= y2 || life.state === "dead") continue;
        this.add("line", { class: `lane ${life.state} ${lane.server ? "server" : ""}`, x1: lane.x, x2: lane.x, y1, y2 });
      }
    }
  }

  drawBreaks(from, to) {
    for (const { y, height, us } of this.layout.breaks) {
      if (y + height < from || y > to) continue;
      this.add("rect", { class: "break", x: 0, y, width: this.width, height, fill: "url(#silence)" });
      this.add("text", { class: "break", x: 10, y: y + 15 }, `${span(us)} of silence`);
    }
  }

  drawTimes(rows) {
    let last = -100;
    for (const { event, at, y } of rows) {
      if (y - last < 15 || event.event === "step" || event.event === "violation") continue;
      this.add("text", { class: "axis", x: 10, y: y + 4 }, time(at));
      last = y;
    }
  }

  drawRow(row) {
    const { event } = row;
    const into = this.into;
    this.into = svg("g", { "data-place": event.place, class: this.classOf(event) });
    into.append(this.into);
    switch (event.event) {
      case "message": this.drawMessage(row); break;
      case "request": this.drawRequest(row); break;
      case "step": this.drawStep(row); break;
      case "violation": this.drawViolation(row); break;
      case "process": this.drawProcess(row); break;
      case "store": this.drawStore(row); break;
      default: this.write(row.lines, this.first - 4, row.y);
    }
    this.into = into;
  }

  classOf(event) {
    const classes = ["event", event.event];
    if (event.event === "message") {
      classes.push(event.kind, event.fate);
      if (event.runtime) classes.push("runtime");
      if (event.got - event.at > LATE_US && event.fate === "delivered") classes.push("late");
    }
    if (this.trace.causes.has(event.place)) classes.push("cause");
    if (this.marked.has(event.place)) classes.push("different");
    if (event.place === this.selected) classes.push("selected");
    return classes.join(" ");
  }

  /** Whether there is room for what is written at arrows; what matters is always written. */
  isLabelled(event) {
    return this.view.zoom >= 0.65 || event.place === this.selected || this.trace.causes.has(event.place)
      || this.marked.has(event.place);
  }

  drawMessage({ event, y, end }) {
    const answers = event.kind === "answer" || event.kind === "no_answer";
    const x1 = this.x(event.from, answers ? event.server : undefined);
    const x2 = this.x(event.to, answers ? undefined : event.server);
    if (x1 === undefined || x2 === undefined) return;
    const way = Math.sign(x2 - x1) || 1;
    const goal = x2 - way * 3;
    const y2 = end ?? y + 12;
    const at = (part) => [x1 + (x2 - x1) * part, y + (y2 - y) * part];
    const line = (d, name = "line") => this.add("path", { class: name, d });
    let d = `M${x1} ${y}L${goal} ${y2}`;
    if (event.fate === "dropped" || event.fate === "under_way" || event.fate === "swallowed") {
      const [x, low] = at(event.fate === "dropped" ? 0.55 : 0.7);
      d = `M${x1} ${y}L${x} ${low}`;
      line(d);
      if (event.fate === "dropped") line(`M${x - 6} ${low - 6}l12 12m0 -12l-12 12`, "end");
      if (event.fate === "swallowed") this.add("circle", { class: "end", cx: x + way * 6, cy: low, r: 5.5 });
      if (event.fate === "under_way") line(`M${x} ${low - 6}v12`, "end");
    } else if (event.fate === "held" && end !== null) {
      const [x] = at(0.6);
      d = `M${x1} ${y}L${x} ${y + 9}V${Math.max(y + 10, y2 - 9)}L${goal} ${y2}`;
      line(d);
      line(`M${x - 4} ${y + 14}v9m8 -9v9`, "end");
      line(head(goal, y2, way), "tip");
    } else {
      line(d);
      line(head(goal, y2, way), event.kind === "answer" || event.kind === "call" ? "tip open" : "tip");
      if (event.fate === "doubled") {
        line(`M${x1} ${y + 6}L${goal} ${y2 + 12}`, "line again");
        line(head(goal, y2 + 12, way), "tip");
      }
    }
    if (this.view.zoom > 0.4) this.add("circle", { class: "dot", cx: x1, cy: y, r: 2.6 });
    this.add("path", { class: "reach", d });
    if (!this.isLabelled(event)) return;
    const fate = { doubled: " ×2", dropped: " lost", swallowed: " swallowed", held: " held", under_way: " under way" }[event.fate] ?? "";
    const width = Math.abs(x2 - x1) - 22 - fate.length * LETTER;
    const late = this.classOf(event).includes("late") ? ` ${span(event.got - event.at)} late` : "";
    const label = fitting(width - late.length * LETTER, event.label, event.brief ?? event.label);
    const text = `${label}${fate}${late}`;
    this.label(event, x1 + way * 9, y, way, text);
  }

  drawRequest({ event, y, end }) {
    const x1 = this.x("checker");
    const x2 = this.x(event.node);
    if (x1 === undefined || x2 === undefined) return;
    const low = Math.max(end ?? y + 10, y + 10);
    this.add("path", { class: "line", d: `M${x1} ${y}L${x2 - 3} ${y + 5}` });
    this.add("path", { class: "tip open", d: head(x2 - 3, y + 5, 1) });
    this.add("path", { class: "line back", d: `M${x2} ${low}L${x1 + 3} ${low + 5}` });
    this.add("path", { class: "tip open", d: head(x1 + 3, low + 5, -1) });
    this.add("path", { class: "reach", d: `M${x1} ${y}L${x2} ${low}` });
    if (!this.isLabelled(event)) return;
    const width = Math.max(330, x2 - x1 - 16);
    this.label(event, x1 + 9, y, 1, fitting(width, `${event.question} → ${event.answer}`));
  }

  drawStep({ event, y, height, lines }) {
    const high = Math.max(18, height - 8);
    this.add("rect", { class: "box", x: 4, y: y - high / 2, width: this.width - 8, height: high, rx: 4 });
    this.add("text", { class: "axis", x: 10, y: y + 4 }, time(event.at));
    this.write(lines, this.first - 4, y);
  }

  drawViolation({ event, y, lines }) {
    const { x, left } = this.besides(event);
    this.add("line", { class: "line", x1: 4, x2: this.width - 4, y1: y, y2: y });
    this.add("path", { class: "mark", d: `M${x} ${y - 13}l13 13l-13 13l-13 -13z` });
    this.add("path", { class: "bang", d: `M${x} ${y - 6}v7m0 3v2` });
    this.add("text", { class: "axis", x: 10, y: y - 5 }, time(event.at));
    const width = Math.max(...lines.map((line) => pen.measureText(line).width)) + 16;
    const height = 8 + LINE * lines.length;
    this.add("rect", { class: "box", x: left ? x - 18 - width : x + 18, y: y - height / 2, width, height, rx: 4 });
    this.write(lines, left ? x - 26 : x + 26, y, left ? "end" : "start");
  }

  drawProcess({ event, y, lines }) {
    const { x, left } = this.besides(event);
    const marks = {
      started: `M${x - 5} ${y - 7}l11 7l-11 7z`, resumed: `M${x - 5} ${y - 7}l11 7l-11 7z`,
      paused: `M${x - 5} ${y - 7}v14h4v-14zM${x + 2} ${y - 7}v14h4v-14z`,
      killed: `M${x - 8} ${y - 8}l16 16m0 -16l-16 16`, crashed: `M${x - 6} ${y - 6}l12 12m0 -12l-12 12`,
      disconnected: `M${x - 7} ${y - 3}h14m-14 6h14`,
    };
    this.add("circle", { class: "under", cx: x, cy: y, r: 11 });
    this.add("path", { class: `mark ${event.change}`, d: marks[event.change] ?? marks.started });
    this.write(lines, left ? x - 16 : x + 16, y, left ? "end" : "start");
  }

  drawStore({ event, y }) {
    const x = this.x(event.node);
    if (x === undefined) return;
    this.add("rect", { class: event.forwarded ? "mark" : "mark not", x: x - 3, y: y - 3, width: 6, height: 6 });
    if (this.view.zoom >= 0.9) {
      const text = `${event.command} ${event.key ?? ""}${event.forwarded ? "" : " (did not reach the store)"}`;
      this.add("text", { class: "label", x: x + 8, y: y + 4 }, fitting(this.apart, text));
    }
  }

  /** Shows an event: it is marked, and brought into the window. */
  select(place, bring = true) {
    this.selected = place;
    const row = this.layout.places.get(place);
    if (row && bring) {
      const room = this.host.clientHeight - HEAD;
      const top = this.host.scrollTop;
      if (row.y < top + 50 || row.y > top + room - 50) this.host.scrollTop = Math.max(0, row.y - room / 2);
      const x = this.x(row.event.node ?? row.event.from);
      const across = this.host.clientWidth;
      if (x < this.host.scrollLeft + 30 || x > this.host.scrollLeft + across - 30) this.host.scrollLeft = x - across / 2;
    }
    this.draw();
  }

  /** The moment in the middle of the window. */
  momentSeen() {
    const middle = this.host.scrollTop + this.seen / 2;
    const { axis } = this.layout;
    return (axis[firstAt(axis, middle)] ?? axis.at(-1))?.at ?? 0;
  }
}

function head(x, y, way) {
  return `M${x - way * 8} ${y - 4.5}L${x} ${y}L${x - way * 8} ${y + 4.5}`;
}

/** What tells bands apart without colour. */
function patterns() {
  const defs = svg("defs");
  const lines = {
    partition: "M0 8L8 0", blackhole: "M0 4H8", delay: "M4 0V8", store: "M0 0L8 8M0 8L8 0", silence: "M0 6Q2 2 4 6T8 6",
  };
  for (const [id, d] of Object.entries(lines)) {
    const pattern = svg("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" });
    pattern.append(svg("rect", { class: `ground ${id}`, width: 8, height: 8 }), svg("path", { class: `hatch ${id}`, d }));
    defs.append(pattern);
  }
  return defs;
}
