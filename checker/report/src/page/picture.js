// What stands between two heights of a diagram, for the screen or for paper.

const BAR = 14; // the width of a fault's bar
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

const isLate = (event) => event.fate === "delivered" && event.got - event.at > LATE_US;

class Picture {
  /** Draws what stands between two heights of a diagram, into a group. */
  constructor(of, from, to) {
    Object.assign(this, { of, from, to, group: svg("g"), labels: [] });
    this.into = this.group;
    const { rows } = of.layout;
    const near = rows.slice(firstAt(rows, from - LONGEST), firstAt(rows, to + 60));
    const shown = near.filter((row) => Math.max(row.end ?? 0, row.y + row.height / 2 + 20) >= from);
    const spans = this.spans();
    for (const { kind, place } of spans) this.add("rect", { class: `band ${kind}`, x: of.first - 8, width: of.width - of.first, ...place });
    this.drawLanes();
    this.drawBreaks();
    this.drawTimes(shown);
    const isWeighty = ({ event }) => this.isWeighty(event);
    for (const row of [...shown.filter((row) => !isWeighty(row)), ...shown.filter(isWeighty)]) this.drawRow(row);
    for (const { kind, x, place } of spans) this.add("rect", { class: `bar ${kind}`, x, width: BAR, rx: 3, ...place, fill: `url(#${kind})` });
    // Above all arrows, or some would strike through the labels of others.
    this.group.append(...this.labels);
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
    // The space is for readers who copy the lines, or hear them.
    lines.forEach((line, at) => text.append(svg("tspan", { x, y: top + at * LINE }, at < lines.length - 1 ? `${line} ` : line)));
  }

  /** Faults: a band across the lanes, and a bar on the left of them. */
  spans({ from, to } = this) {
    const spans = this.of.trace.spans.map((one, at) => {
      const y = yAt(this.of.layout.axis, one.from);
      const end = yAt(this.of.layout.axis, one.to);
      return { kind: one.kind, y, end, x: LEFT - 10 + this.of.barOf(at) * (BAR + 4), place: { y, height: Math.max(6, end - y) } };
    });
    return spans.filter((one) => one.end >= from && one.y <= to);
  }

  drawLanes({ from, to } = this) {
    for (const lane of this.of.lanes) {
      const lives = this.of.lives.get(lane.node) ?? [{ from: 0, to: this.of.layout.height, state: "alive" }];
      for (const life of lives) {
        const [y1, y2] = [Math.max(life.from, from), Math.min(life.to, to)];
        if (y1 >= y2 || life.state === "dead") continue;
        this.add("line", { class: `lane ${life.state} ${lane.server ? "server" : ""}`, x1: lane.x, x2: lane.x, y1, y2 });
      }
    }
  }

  drawBreaks({ from, to } = this) {
    for (const { y, height, us } of this.of.layout.breaks) {
      if (y + height < from || y > to) continue;
      this.add("rect", { class: "break", x: 0, y, width: this.of.width, height, fill: "url(#silence)" });
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
      default: this.write(row.lines, this.of.first - 4, row.y);
    }
    this.into = into;
  }

  classOf(event) {
    const classes = ["event", event.event];
    if (event.event === "message") {
      classes.push(event.kind, event.fate);
      if (event.runtime) classes.push("runtime");
      if (isLate(event)) classes.push("late");
    }
    if (this.of.trace.causes.has(event.place)) classes.push("cause");
    if (event.place === this.of.selected) classes.push("selected");
    return classes.join(" ");
  }

  /** What matters is above the rest, and written out even where there is little room. */
  isWeighty({ place }) {
    const { trace, selected } = this.of;
    return place === selected || trace.causes.has(place);
  }

  isLabeled(event) {
    return this.of.view.zoom >= 0.65 || this.isWeighty(event);
  }

  drawMessage({ event, y, end }) {
    const answers = event.kind === "answer" || event.kind === "no_answer";
    const x1 = this.of.x(event.from, answers ? event.server : undefined);
    const x2 = this.of.x(event.to, answers ? undefined : event.server);
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
    if (this.of.view.zoom > 0.4) this.add("circle", { class: "dot", cx: x1, cy: y, r: 2.6 });
    this.add("path", { class: "reach", d });
    if (!this.isLabeled(event)) return;
    const fate = { doubled: " ×2", dropped: " lost", swallowed: " swallowed", held: " held", under_way: " in transit" }[event.fate] ?? "";
    const late = isLate(event) ? ` ${span(event.got - event.at)} late` : "";
    // Messages of one kind look alike, whether their arrows are short or long.
    const written = event.label.length * LETTER <= this.of.apart - 22 ? event.label : event.brief ?? event.label;
    const label = fitting(Math.abs(x2 - x1) - 22 - (fate.length + late.length) * LETTER, written);
    const text = `${label}${fate}${late}`;
    this.label(event, x1 + way * 9, y, way, text);
  }

  drawRequest({ event, y, end }) {
    const x1 = this.of.x("checker");
    const x2 = this.of.x(event.node);
    if (x1 === undefined || x2 === undefined) return;
    const low = Math.max(end ?? y + 10, y + 10);
    this.add("path", { class: "line", d: `M${x1} ${y}L${x2 - 3} ${y + 5}` });
    this.add("path", { class: "tip open", d: head(x2 - 3, y + 5, 1) });
    this.add("path", { class: "line back", d: `M${x2} ${low}L${x1 + 3} ${low + 5}` });
    this.add("path", { class: "tip open", d: head(x1 + 3, low + 5, -1) });
    this.add("path", { class: "reach", d: `M${x1} ${y}L${x2} ${low}` });
    if (!this.isLabeled(event)) return;
    const width = Math.max(330, x2 - x1 - 16);
    this.label(event, x1 + 9, y, 1, fitting(width, `${event.question} → ${event.answer}`));
  }

  drawStep({ event, y, height, lines }) {
    const high = Math.max(18, height - 8);
    this.add("rect", { class: "box", x: 4, y: y - high / 2, width: this.of.width - 8, height: high, rx: 4 });
    this.add("text", { class: "axis", x: 10, y: y + 4 }, time(event.at));
    this.write(lines, this.of.first - 4, y);
  }

  drawViolation({ event, y, lines }) {
    const { x, left } = this.of.besides(event);
    this.add("line", { class: "line", x1: 4, x2: this.of.width - 4, y1: y, y2: y });
    this.add("path", { class: "mark", d: `M${x} ${y - 13}l13 13l-13 13l-13 -13z` });
    this.add("path", { class: "bang", d: `M${x} ${y - 6}v7m0 3v2` });
    this.add("text", { class: "axis", x: 10, y: y - 5 }, time(event.at));
    const width = Math.max(...lines.map((line) => pen.measureText(line).width)) + 16;
    const height = 8 + LINE * lines.length;
    this.add("rect", { class: "box", x: left ? x - 18 - width : x + 18, y: y - height / 2, width, height, rx: 4 });
    this.write(lines, left ? x - 26 : x + 26, y, left ? "end" : "start");
  }

  drawProcess({ event, y, lines }) {
    const { x, left } = this.of.besides(event);
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
    const x = this.of.x(event.node);
    if (x === undefined) return;
    this.add("rect", { class: event.forwarded ? "mark" : "mark not", x: x - 3, y: y - 3, width: 6, height: 6 });
    if (this.of.view.zoom >= 0.9) {
      const text = `${event.command} ${event.key ?? ""}${event.forwarded ? "" : " (did not reach the store)"}`;
      this.add("text", { class: "label", x: x + 8, y: y + 4 }, fitting(this.of.apart, text));
    }
  }
}

function head(x, y, way) {
  return `M${x - way * 8} ${y - 4.5}L${x} ${y}L${x - way * 8} ${y + 4.5}`;
}

/** What tells bands apart without color. */
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
