// The space-time diagram: a lane a node, time downwards, messages as arrows. Only what can be
// seen is drawn, so that a long trace costs no more than a short one.

const LEFT = 92; // where lanes may begin, behind the times
const HEAD = 38; // the height of the lanes' names
const BEYOND = 250; // how far beyond the window is drawn, so that scrolling need not draw at once
const PAPER = 700; // how wide a sheet of paper is taken to be
const SHEET = 800; // and how high
const MOST_ON_PAPER = 20000; // of what is higher, only the sheets around the moment seen are printed

class Diagram {
  /** `on` is told what the reader points at and what they choose. */
  constructor(host, trace, view, on) {
    Object.assign(this, { host, trace, view, on, selected: null });
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

  /** Chooses anew what is shown; the caller draws. */
  filter() {
    this.chosen = choose(this.trace, this.view);
    this.lanes = this.makeLanes();
    this.lines = new Map();
    this.update();
  }

  /** Lays everything out anew, for another zoom or another width; the caller draws. */
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
    const right = x + 30 < this.room ? Math.min(this.width, this.room) : this.width;
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

  /** When each node was alive, paused, or dead, on the axis. */
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
    this.on.scrolled();
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
    this.moved = new Picture(this, from, to).group;
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

  /** Puts pictures in the place of the window, as wide as a sheet of paper, none higher than it. */
  toPaper() {
    const { host } = this;
    const moment = this.momentSeen();
    this.before = host.scrollTop;
    this.update(PAPER);
    const { layout, width } = this;
    const whole = layout.height < MOST_ON_PAPER;
    const middle = yAt(layout.axis, moment);
    const first = whole ? 0 : Math.max(0, middle - 2 * SHEET);
    const last = whole ? layout.height : Math.min(layout.height, middle + 2 * SHEET);
    const pieces = [];
    for (let from = first; from < last;) {
      const to = this.breakBefore(from, Math.min(last, from + SHEET * (width / PAPER)));
      const sheet = svg("svg", { viewBox: `0 ${from} ${width} ${to - from}` });
      sheet.append(...(pieces.length ? [] : [patterns()]), new Picture(this, from, to).group);
      const names = this.head.cloneNode(true);
      names.setAttribute("viewBox", `0 0 ${width} ${HEAD}`);
      const piece = document.createElement("div");
      piece.className = "piece";
      piece.append(names, sheet);
      pieces.push(piece);
      from = to;
    }
    if (!whole) {
      const note = document.createElement("p");
      note.textContent = `This diagram is too long for paper: here is what happened around ${time(moment)}.`;
      pieces.unshift(note);
    }
    host.replaceChildren(...pieces);
  }

  /** Where a sheet may end: between two rows. */
  breakBefore(from, to) {
    const { rows, height } = this.layout;
    if (to >= height) return to;
    const row = rows[firstAt(rows, to) - 1];
    const border = row ? row.y - row.height / 2 - 6 : to;
    return border > from ? border : to;
  }

  /** The whole diagram as a file that stands alone, in the light colors. */
  toFile(title) {
    const { layout, width } = this;
    const height = HEAD + layout.height;
    const file = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
    const body = svg("g", { transform: `translate(0 ${HEAD})` });
    body.append(new Picture(this, 0, layout.height).group);
    file.append(svg("title", {}, title), svg("style", {}, lightStyle()), patterns(),
      svg("rect", { class: "paper", width, height }), ...this.head.cloneNode(true).childNodes, body);
    // These are for the pointer alone.
    for (const reach of file.querySelectorAll(".reach")) reach.remove();
    return new XMLSerializer().serializeToString(file);
  }

  toScreen() {
    this.host.replaceChildren(this.space);
    this.update();
    this.host.scrollTop = this.before;
  }

  /** Shows an event: it is marked, and brought into the window. */
  select(place) {
    this.selected = place;
    const row = this.layout.places.get(place);
    if (row) {
      const room = this.host.clientHeight - HEAD;
      const top = this.host.scrollTop;
      const half = Math.max(50, row.height / 2 + 10);
      if (row.y < top + half || row.y > top + room - half) this.host.scrollTop = Math.max(0, row.y - room / 2);
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

/** The page's rules for pictures. Each color stands in the place of its name, because many programs know no variables. */
function lightStyle() {
  const rules = [...document.styleSheets[0].cssRules];
  const light = rules.find((rule) => rule.selectorText === ":root").style;
  const ofPictures = rules.filter((rule) => rule.selectorText?.includes("svg"));
  const texts = ofPictures.map((rule) => rule.cssText.replace(/var\((.*?)\)/g, (_, name) => light.getPropertyValue(name).trim()));
  return [`svg { font-family: ${getComputedStyle(document.body).fontFamily}; }`, ...texts].join("\n");
}
