// The page around the diagram: verdicts, what the reader chose, details, logs, sums.

/** Makes an element. Strings become text, never markup. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** The words of a text, with what stands between backticks as code. */
function words(text) {
  return text.split("`").map((part, at) => (at % 2 ? h("code", null, part) : part));
}

const byId = (id) => document.getElementById(id);
const SIGNS = { passed: "✓", failed: "✗", inconclusive: "?", "not written": "…", "checker fault": "!", "session of play": "▷" };
const ROWS = 300; // of the table of messages, at a time
const LINES = 150; // of logs, on either side of the moment

/** What was played belongs to no problem, and has no verdict. */
const isPlayed = (one) => one.problem === 0;
const classOf = (standing) => standing.replaceAll(" ", "-");

/** A verdict's word, with a sign and a color. */
function word(standing) {
  return h("span", { class: `word ${classOf(standing)}` }, `${SIGNS[standing]} ${standing}`);
}

/** A number with its noun. */
function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

// What is shown now: a scenario, one of its traces, and what the reader chose.
let scenario = null;
let number = 0; // of that trace among the scenario's
let trace = null;
let diagram = null;
let view = null;
let following = null; // the timer of what is done when the reader has come to rest

function freshView() {
  return {
    zoom: 1, runtime: false, store: false, requests: true, processes: false, text: "",
    hiddenNodes: new Set(), hiddenNames: new Set(),
  };
}

function showHeading() {
  const when = report.run.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d).*/, "$1-$2-$3 $4:$5:$6");
  byId("top").append(
    h("h1", null, report.heading, " ", word(report.standing)),
    h("p", { class: "when" }, `Run of ${when}`),
    ...report.notes.map((note) => h("p", { class: "note" }, note)),
  );
}

function showScenarios() {
  const nav = byId("scenarios");
  for (const problem of report.problems) {
    const prefix = problem.number ? `${problem.number} ` : "";
    const optional = problem.number && problem.optional ? " (optional)" : "";
    const items = report.scenarios.flatMap((one, at) => (one.problem !== problem.number ? [] : [
      h("li", null, h("a", { href: `#${anchor(one)}`, "data-at": at, class: classOf(one.standing) },
        h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[one.standing]),
        h("span", null, one.title),
        h("span", { class: "unseen" }, `, ${one.standing}`),
        h("span", { class: "seconds" }, `${one.seconds.toFixed(1)} s`)))]));
    nav.append(h("h2", null, `${prefix}${problem.title}${optional}`), h("ul", null, items));
  }
}

const anchor = (one) => `${one.id}-${one.seed}`;

function openScenario(at, which = 0) {
  scenario = report.scenarios[at];
  number = which;
  if (!scenario) return showRefusal();
  trace = scenario.traces[number] ? readTrace(scenario.traces[number]) : null;
  view = freshView();
  diagram = null;
  for (const link of document.querySelectorAll("nav a")) {
    const own = Number(link.dataset.at) === at;
    if (own) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  byId("scenario").replaceChildren(...[
    h("h2", null, scenario.title, " ", word(scenario.standing)),
    h("p", { class: "sentence" }, words(scenario.sentence)),
    scenario.observations.length ? h("pre", null, scenario.observations.join("\n")) : null,
    ...scenario.repeats.map((why) => h("p", { class: "note" }, `It was run again: ${why}`)),
    h("div", { class: "pair" }, failureCard(), storyCard()),
    trace && trace.events.length ? diagramSection(at) : h("p", { class: "note" }, "There is no record of what happened in this scenario."),
    trace ? sumsSection() : null,
    trace ? tableSection() : null,
  ].filter(Boolean));
  if (trace && trace.events.length) startDiagram();
}

function showRefusal() {
  byId("scenario").replaceChildren(
    h("h2", null, report.refused.length ? "Nothing was run" : "There is nothing to show"),
    ...report.refused.map((text) => h("pre", null, text)));
}

function failureCard() {
  const rows = scenario.fields.flatMap(([name, texts]) => [
    h("dt", null, name), h("dd", { class: name.replace(" ", "-") }, texts.map((text) => h("p", null, words(text))))]);
  const heading = isPlayed(scenario) ? "A session of checker play" : scenario.fields.length ? "What went wrong" : "The verdict";
  return h("section", { class: "card", "aria-label": heading }, h("h3", null, heading),
    rows.length ? h("dl", null, rows) : h("p", null, words(scenario.sentence)),
    scenario.stderr ? h("div", null, h("p", { class: "caption" }, `The last lines that ${scenario.stderr.node} wrote to stderr:`),
      h("pre", null, scenario.stderr.lines.join("\n"))) : null,
    h("p", { class: "caption" }, isPlayed(scenario) ? "To play with such a cluster again:" : "To run just this again:"), h("pre", { class: "again" }, scenario.again));
}

/** The steps with their times; a step leads to its place in the diagram. */
function storyCard() {
  if (!trace) return null;
  const steps = trace.events.filter((event) => event.event === "step" || event.event === "violation");
  return h("section", { class: "card story", "aria-label": "The story, step by step" }, h("h3", null, "The story"),
    h("ol", null, steps.map((step) => h("li", { class: step.event },
      h("button", { onclick: () => show(step.place) },
        h("time", null, time(step.at)), h("span", null, step.event === "step" ? withoutMarks(step.text) : withoutMarks(`Here the claim failed: ${step.seen}`)))))));
}

function diagramSection(at) {
  const toggle = (label, name, title) => h("button", {
    "aria-pressed": String(view[name]), title, "data-view": name,
    onclick: (event) => { view[name] = !view[name]; event.currentTarget.setAttribute("aria-pressed", String(view[name])); changed(); },
  }, label);
  const has = (kind) => trace.events.some((event) => event.event === kind);
  const traces = scenario.traces.length > 1 ? h("label", null, "cluster ", h("select", {
    onchange: (event) => openScenario(at, Number(event.target.value)),
  }, scenario.traces.map((_, one) => h("option", { value: one, selected: one === number }, `${one + 1} of ${scenario.traces.length}`)))) : null;
  return h("section", { id: "happened", "aria-labelledby": "what-happened" }, h("h3", { id: "what-happened" }, "What happened"), leftOut(),
    h("div", { class: "tools", role: "toolbar", "aria-label": "The diagram" }, traces,
      h("label", null, "find ", h("input", { type: "search", id: "find", size: 14, placeholder: "message", oninput: (event) => {
        view.text = event.target.value.trim().toLowerCase(); changed(); } })),
      choice("nodes", trace.nodes, view.hiddenNodes), choice("messages", namesShown(), view.hiddenNames),
      toggle("runtime", "runtime", "Also show the runtime's own messages, and connections"),
      has("store") ? toggle("store", "store", "Also show the commands to the store") : null,
      has("request") ? toggle("requests", "requests", "Show the requests of the checker") : null,
      toggle("processes", "processes", "Give each server a lane of its own"),
      h("button", { id: "save", title: "Save the diagram, as it is shown, as an SVG file", onclick: savePicture }, "save picture"),
      h("span", { class: "zoom" }, h("button", { "aria-label": "zoom out", onclick: () => zoom(1 / 1.25) }, "−"),
        h("output", { id: "zoom" }, "100%"), h("button", { "aria-label": "zoom in", onclick: () => zoom(1.25) }, "+"))),
    h("div", { id: "stage" },
      h("div", { id: "diagram", class: "diagram", tabindex: 0, role: "application", "aria-label": "Space-time diagram. J and K step through the messages. The table of messages below shows the same.", "aria-describedby": "keys" }),
      h("aside", { "aria-label": "Details and logs" },
        h("div", { id: "details", role: "group", "aria-label": "The selected event" }), h("h4", { id: "logs-of" }, "Logs of the nodes"),
        h("div", { id: "logs", tabindex: 0, role: "log", "aria-live": "off", "aria-label": "Logs of the nodes, around the marked moment" }))),
    legend());
}

function savePicture() {
  const picture = diagram.toFile(`${scenario.title}: ${scenario.standing}`);
  const link = h("a", { download: `${anchor(scenario)}.svg`, href: URL.createObjectURL(new Blob([picture], { type: "image/svg+xml" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(`The picture is saved as ${link.download}.`);
}

/** Says what of the trace the page has no room for. */
function leftOut() {
  const [messages, others] = trace.left_out;
  if (!messages && !others && !trace.forgotten) return null;
  const parts = [];
  if (messages || others) {
    parts.push(`This trace is long. Of ${count(trace.all[0], "message")} ${messages.toLocaleString("en")} are not shown, and of ${count(trace.all[1], "other event")} ${others.toLocaleString("en")}: the page keeps what led to a failure and what is near it, all steps and faults, and the beginning and the end.`);
  }
  if (trace.forgotten) parts.push(`${count(trace.forgotten, "event")} at the beginning were not recorded for lack of room.`);
  return h("p", { class: "note", id: "left-out" }, parts.join(" "));
}

function namesShown() {
  const messages = trace.events.filter((event) => event.event === "message" && (view.runtime || !event.runtime));
  return [...new Set(messages.map((event) => event.name))].sort();
}

/** A list to tick, for what is to be seen. */
function choice(label, options, hidden) {
  const list = h("fieldset", null, h("legend", { class: "unseen" }, label), options.map((option) => h("label", null,
    h("input", { type: "checkbox", checked: !hidden.has(option), value: option, onchange: (event) => {
      if (event.target.checked) hidden.delete(option);
      else hidden.add(option);
      changed();
    } }), ` ${option}`)));
  return h("details", { class: "choice", "data-choice": label, onkeydown: (event) => { if (event.key === "Escape") event.currentTarget.open = false; } },
    h("summary", null, label), list);
}

const KEYS = [["j k", "next and previous message"], ["n p", "next and previous step"], ["c", "next event that led to the failure"], ["v", "the failure"],
  ["+ − 0", "zoom, also with Ctrl and the wheel"], ["/", "find"], ["r", "runtime messages"], ["Esc", "clear the selection"]];

function legend() {
  const sample = (classes, label, draw) => {
    const picture = svg("svg", { width: 58, height: 18, "aria-hidden": "true" });
    const group = svg("g", { class: `event message ${classes}` });
    for (const [tag, attributes] of draw) group.append(svg(tag, attributes));
    picture.append(group);
    return h("span", { class: "sample" }, picture, label);
  };
  const line = (to) => ["path", { class: "line", d: `M3 9H${to}` }];
  const tip = (open) => ["path", { class: `tip ${open}`, d: head(55, 9, 1) }];
  return h("div", { class: "legend" },
    h("p", null, sample("cast", "message", [line(55), tip("")]), sample("call", "call", [line(55), tip("open")]),
      sample("answer", "answer", [line(55), tip("open")]),
      sample("cast dropped", "lost", [line(32), ["path", { class: "end", d: "M26 3l12 12m0 -12l-12 12" }]]),
      sample("cast swallowed", "swallowed", [line(38), ["circle", { class: "end", cx: 44, cy: 9, r: 5 }]]),
      sample("cast held", "held back", [["path", { class: "line", d: "M3 3L24 5V12L55 14" }], ["path", { class: "end", d: "M20 5v7m8 -7v7" }], ["path", { class: "tip", d: head(55, 14, 1) }]]),
      sample("cast late", "late", [line(55), tip("")]),
      sample("cast doubled", "delivered twice", [["path", { class: "line", d: "M3 6H55M3 12H55" }], tip("")]),
      trace.causes.size ? sample("cast cause", "led to the failure", [line(55), tip("")]) : null),
    h("p", null, "Time runs down the page. Lines have different heights, so read the times on the left. A lane ends where its node dies, and is dotted while the node is paused. A bar on the left shows how long a fault lasts."),
    trace.causes.size ? h("p", null, report.how_causes) : null,
    h("p", { id: "keys" }, "Keys: ", KEYS.map(([key, what], at) => [h("kbd", null, key), ` ${what}${at < KEYS.length - 1 ? ", " : "."}`]).flat()));
}

function startDiagram() {
  const on = { hover: showTip, select, zoom, scrolled: followSoon };
  diagram = new Diagram(byId("diagram"), trace, view, on);
  fit();
  const failed = trace.events.find((event) => event.event === "violation");
  const step = trace.events.find((event) => event.event === "step");
  if (failed) diagram.select(failed.place);
  else if (step) diagram.host.scrollTop = diagram.layout.places.get(step.place).y - 40;
  showDetails(failed ?? null);
  showLogs(failed ? failed.at : diagram.momentSeen());
}

/** Draws, in a window that is no higher than a short trace needs. */
function fit(draw = "draw") {
  byId("stage").style.setProperty("--content", `${Math.max(420, diagram.layout.height + HEAD + 12)}px`);
  diagram[draw]();
}

/** The reader sees other things now. */
function changed() {
  const kept = diagram.momentSeen();
  diagram.filter();
  const { selected } = diagram;
  if (selected === null || !diagram.layout.places.has(selected)) diagram.host.scrollTop = yAt(diagram.layout.axis, kept) - diagram.seen / 2;
  fit();
  if (selected !== null) diagram.select(selected);
  const names = document.querySelector('[data-choice="messages"]');
  if (!names.open) names.replaceWith(choice("messages", namesShown(), view.hiddenNames));
  showLogs(trace.byPlace.get(selected)?.at ?? kept);
  say(`${count(diagram.layout.rows.filter((row) => row.event.event === "message").length, "message")} shown`);
  fillTable();
}

/** Zooms, so that what is at a height of the window stays there. */
function zoom(by, height) {
  view.zoom = by === 0 ? 1 : Math.min(4, Math.max(0.12, view.zoom * by));
  const { host, layout } = diagram;
  const chosen = layout.places.get(diagram.selected)?.y;
  const at = height ?? (chosen === undefined ? diagram.seen / 2 : chosen - host.scrollTop);
  const row = layout.rows[firstAt(layout.rows, host.scrollTop + at)];
  const before = row?.y;
  const top = host.scrollTop;
  diagram.update();
  host.scrollTop = row ? top + row.y - before : 0;
  fit("drawSoon");
  byId("zoom").textContent = `${Math.round(view.zoom * 100)}%`;
}

function select(place) {
  diagram.select(place);
  const event = trace.byPlace.get(place);
  showDetails(event ?? null);
  showLogs(event ? event.at : diagram.momentSeen());
  if (event) {
    say(`${time(event.at)}, ${inOneLine(event)}${event.fate && event.fate !== "delivered" ? `, ${FATES[event.fate]}` : ""}`);
  }
  for (const row of document.querySelectorAll("tr[data-place]")) {
    row.classList.toggle("selected", Number(row.dataset.place) === place);
  }
}

/** Chooses an event for a reader elsewhere on the page. */
function show(place) {
  select(place);
  byId("stage").scrollIntoView({ block: "nearest" });
}

const say = (text) => { byId("said").textContent = text; };

/** All that is known of an event. */
function allOf(event) {
  const rows = [];
  const row = (name, ...of) => rows.push(h("dt", null, name), h("dd", null, ...of));
  if (event.event === "message") {
    row("from", event.from);
    row("to", `${event.to}${event.server && event.kind !== "answer" ? `, server ${event.server}` : ""}`);
    row("kind", `${event.kind.replace("_", " ")}${event.call === null ? "" : `, call ${event.call}`}`);
    row("fate", FATES[event.fate]);
    row("sent", time(event.at));
    if (event.got !== null) row("arrived", `${time(event.got)}, after ${span(event.got - event.at)}`);
    row("size", `${event.bytes} bytes, on connection ${event.connection}`);
    row("clock", `${event.clock} (Lamport's, the sender's)`);
    if (event.body !== null) row("body", h("pre", null, JSON.stringify(event.body, null, 1)));
  } else {
    row("at", time(event.at));
    if (event.node) row("node", event.node);
    if (event.took_us) row("took", span(event.took_us));
    if (event.event === "request") row("answer", event.answer);
    if (event.args) row("command", [event.command, ...event.args].join(" "));
    if (event.forwarded === false) row("fate", "it did not reach the store");
  }
  const title = event.event === "message" ? event.label : event.event === "request" ? event.question : inOneLine(event);
  return [h("p", { class: "title" }, title), h("dl", null, rows)];
}

function showDetails(event) {
  const why = event && trace.causes.get(event.place);
  const cause = why ? h("p", { class: "why" }, words(why.why)) : null;
  const chain = [...trace.causes.values()];
  byId("details").replaceChildren(...(event ? allOf(event) : [h("p", { class: "title" }, "No event is selected"), h("p", null, "Click on a message, or press j.")]),
    ...(cause ? [cause] : []),
    ...(chain.length && (!event || event.event === "violation") ? [h("h4", null, "What led to it"),
      h("ol", { class: "chain" }, chain.map((one) => h("li", null, h("button", { onclick: () => select(one.event) },
        h("time", null, time(trace.byPlace.get(one.event).at)), ` ${inOneLine(trace.byPlace.get(one.event))}`), h("span", null, " ", words(one.why)))))] : []));
}

/** The logs around a moment, with a line where it is: that of what is chosen, or of what is seen. */
function showLogs(at) {
  const chosen = diagram.selected !== null;
  const lines = trace.logs.filter((line) => !view.hiddenNodes.has(trace.nodes[line[1]]));
  const behind = lines.findIndex((line) => line[0] > at);
  const place = behind < 0 ? lines.length : behind;
  const rows = lines.slice(Math.max(0, place - LINES), place + LINES).map(([when, node, stderr, text]) => h("div", { class: stderr ? "line stderr" : "line" },
    h("time", null, time(when)), h("b", null, trace.nodes[node]), h("span", null, text.trim())));
  const now = h("div", { class: chosen ? "now chosen" : "now" }, h("time", null, time(at)), h("span", null, chosen ? "the selected moment" : "the middle of the diagram"));
  rows.splice(Math.min(place, LINES), 0, now);
  const logs = byId("logs");
  logs.replaceChildren(...(trace.lines_left_out ? [h("p", { class: "note" }, `${count(trace.lines_left_out, "earlier line")} not shown.`)] : []), ...rows);
  logs.scrollTop = now.offsetTop - logs.offsetTop - logs.clientHeight / 2;
}

/** The logs follow the reader, once the page rests. */
function followSoon() {
  clearTimeout(following);
  following = setTimeout(() => { if (diagram?.selected === null) showLogs(diagram.momentSeen()); }, 100);
}

function showTip(event, pointer) {
  const tip = byId("tip");
  tip.hidden = !event || event.place === diagram.selected;
  if (tip.hidden) return;
  const why = trace.causes.get(event.place);
  tip.replaceChildren(...allOf(event), ...(why ? [h("p", { class: "why" }, words(why.why))] : []));
  const right = pointer.clientX > innerWidth / 2;
  tip.style.left = `${right ? pointer.clientX - tip.offsetWidth - 14 : pointer.clientX + 14}px`;
  tip.style.top = `${Math.max(4, Math.min(pointer.clientY + 10, innerHeight - tip.offsetHeight - 8))}px`;
}

function sumsSection() {
  const { sums } = trace;
  const table = (caption, first, rows) => {
    const most = Math.max(1, ...rows.map((row) => row.count));
    return h("table", { class: "sums" }, h("caption", null, caption), h("thead", null, h("tr", null, [first, "messages", "lost", "bytes"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", null, rows.map((row) => h("tr", { class: row.runtime ? "runtime" : null }, h("th", { scope: "row" }, row.what, row.runtime ? " (runtime)" : ""),
        h("td", { class: "measure", style: `--part: ${row.count / most}` }, row.count.toLocaleString("en")), h("td", null, row.lost || ""), h("td", null, row.bytes.toLocaleString("en"))))));
  };
  const histogram = (caption, { classes, counts, median_us, longest_us }) => {
    if (longest_us === null) return null;
    const most = Math.max(...counts);
    const last = counts.findLastIndex((one) => one > 0);
    const label = (at) => (at < classes.length ? `under ${span(classes[at])}` : `${span(classes.at(-1))} and more`);
    return h("table", { class: "sums" }, h("caption", null, `${caption}: median ${span(median_us)}, longest ${span(longest_us)}`),
      h("tbody", null, counts.slice(0, last + 1).map((one, at) => h("tr", null, h("th", { scope: "row" }, label(at)), h("td", { class: "measure", style: `--part: ${one / most}` }, one.toLocaleString("en"))))));
  };
  return h("details", { class: "section" }, h("summary", null, h("h3", null, "Numbers: messages, bytes, latency")), h("div", { class: "tables" },
    table("By message", "message", sums.names), table("By sender and receiver", "way", sums.pairs),
    histogram("From sending to delivery", sums.messages), histogram("Requests of the checker", sums.requests)));
}

function tableSection() {
  return h("details", { class: "section", id: "table", ontoggle: fillTable }, h("summary", null, h("h3", null, "All events as a table")), h("div", { id: "rows" }));
}

/** Fills the table with what the diagram shows, a part at a time. */
function fillTable() {
  const table = byId("table");
  if (!table?.open || !diagram) return;
  const shown = diagram.layout.rows.map((row) => row.event);
  const body = h("tbody");
  const more = h("button", { onclick: () => add() }, "more rows");
  const add = () => {
    const from = body.rows.length;
    body.append(...shown.slice(from, from + ROWS).map((event) => {
      const message = event.event === "message";
      const cells = message ? [event.from, event.to, event.label, FATES[event.fate], event.got === null ? "" : span(event.got - event.at), event.bytes]
        : [event.node ?? "", "", inOneLine(event), event.event.replace("_", " "), event.took_us ? span(event.took_us) : "", ""];
      return h("tr", { "data-place": event.place, class: trace.causes.has(event.place) ? "cause" : null }, h("td", null, h("button", { onclick: () => select(event.place) }, time(event.at))), cells.map((cell) => h("td", null, String(cell))));
    }));
    more.hidden = body.rows.length >= shown.length;
  };
  add();
  byId("rows").replaceChildren(h("table", { class: "events" }, h("thead", null, h("tr", null, ["time", "from", "to", "what", "fate", "after", "bytes"].map((name) => h("th", { scope: "col" }, name)))), body), more);
}

/** Goes to the next or last event of a kind. */
function go(fits, way) {
  const rows = diagram.layout.rows;
  const at = rows.findIndex((row) => row.event.place === diagram.selected);
  const places = way > 0 ? rows.slice(at + 1) : rows.slice(0, Math.max(0, at)).reverse();
  const next = places.find((row) => fits(row.event));
  if (next) select(next.event.place);
  else say("There is none.");
}

document.addEventListener("keydown", (event) => {
  if (!diagram || event.ctrlKey || event.metaKey || event.altKey) return;
  const inText = event.target instanceof HTMLElement && event.target.matches("input, select, textarea, summary");
  if (inText) return;
  const inDiagram = event.target instanceof HTMLElement && event.target.closest(".diagram");
  const isMessage = (one) => one.event === "message" || one.event === "request";
  const isStep = (one) => one.event === "step" || one.event === "violation";
  const actions = {
    j: () => go(isMessage, 1), k: () => go(isMessage, -1), n: () => go(isStep, 1), p: () => go(isStep, -1),
    c: () => go((one) => trace.causes.has(one.place), 1),
    v: () => { const failed = trace.events.find((one) => one.event === "violation"); if (failed) select(failed.place); },
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(1 / 1.25), "−": () => zoom(1 / 1.25), 0: () => zoom(0),
    "/": () => byId("find").focus(), r: () => document.querySelector('[data-view="runtime"]').click(), Escape: () => select(null),
  };
  if (inDiagram) Object.assign(actions, { ArrowDown: actions.j, ArrowUp: actions.k, Home: () => { diagram.host.scrollTop = 0; }, End: () => { diagram.host.scrollTop = diagram.layout.height; } });
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

addEventListener("resize", () => { diagram?.update(); if (diagram) fit(); });
addEventListener("hashchange", openAsked);
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".choice[open]")) if (!open.contains(event.target)) open.open = false;
});
// On paper there is no scrolling: all of a diagram that is no book is drawn, in pieces that fit on a page.
addEventListener("beforeprint", () => diagram?.toPaper());
addEventListener("afterprint", () => { diagram?.toScreen(); if (diagram) fit(); });

function openAsked() {
  const asked = decodeURIComponent(location.hash.slice(1));
  const at = report.scenarios.findIndex((one) => anchor(one) === asked);
  if (at >= 0 || !scenario) openScenario(at >= 0 ? at : report.opened);
}

showHeading();
showScenarios();
openAsked();
requestAnimationFrame(() => requestAnimationFrame(() => { document.documentElement.dataset.painted = Math.round(performance.now()); }));
