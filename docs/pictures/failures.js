// Runs in the page of a run, in place of its reader: leaves out what a page of the book has no room for,
// and shows the picture as text, which failures.py reads.

const HIGHEST = 800;

/** The events up to the failure, without what passed before the first step. */
function story(events) {
  const first = events.findIndex((event) => event.event === "step");
  const failed = events.findIndex((event) => event.event === "violation");
  const end = failed < 0 ? events.length : failed;
  return events.filter((event, at) => at <= end && (at >= first || !["message", "request", "store"].includes(event.event)));
}

/** Lays out only what led to the failure, and what happened after a place of the story. */
function keep(events, from) {
  const isSmall = (event) => ["message", "request", "store"].includes(event.event);
  trace.events = events.filter((event, at) => at >= from || !isSmall(event) || trace.causes.has(event.place));
  diagram.filter();
  return diagram.layout.height;
}

/** Leaves out as little as it must, from the beginning on. */
function shorten() {
  const all = story(trace.events);
  let [from, most] = [0, all.length];
  while (from < most) {
    const middle = (from + most) >> 1;
    if (keep(all, middle) <= HIGHEST) most = middle;
    else from = middle + 1;
  }
  keep(all, from);
  const drawn = (events) => events.filter((event) => isShown(event, view) && ["message", "request"].includes(event.event)).length;
  return drawn(all) - drawn(trace.events);
}

/** The rules of the page for what is in the picture, in its colors for light and for dark. */
function colors(picture) {
  const rules = [...document.styleSheets[0].cssRules];
  const dark = rules.find((rule) => rule.media?.mediaText.includes("dark")).cssRules[0];
  const light = rules.find((rule) => rule.selectorText === ":root");
  const used = rules.filter((rule) => rule.selectorText?.includes("svg") && picture.querySelector(`:scope ${rule.selectorText.replaceAll("svg ", "")}`));
  const names = new Set(used.flatMap((rule) => rule.cssText.match(/--[a-z-]+/g) ?? []));
  const values = ({ style }) => [...names].map((name) => `${name}: ${style.getPropertyValue(name) || light.style.getPropertyValue(name)};`).join(" ");
  return [`svg { font-family: system-ui, "DejaVu Sans", sans-serif; }`, `:root { ${values(light)} }`,
    `@media (prefers-color-scheme: dark) { :root { ${values(dark)} } }`, ...used.map((rule) => rule.cssText)].join("\n");
}

addEventListener("load", () => {
  diagram.select(null);
  const left = shorten();
  const holder = document.createElement("div");
  holder.innerHTML = diagram.toFile(scenario.title);
  const picture = holder.firstChild;
  picture.querySelector("style").textContent = colors(picture);
  for (const element of picture.querySelectorAll("[data-place]")) element.removeAttribute("data-place");
  if (left) {
    const height = Number(picture.getAttribute("height"));
    picture.append(svg("text", { class: "axis", x: 10, y: height - 8 }, left === 1 ? "One arrow is left out." : `${left} arrows are left out.`));
  }
  const text = new XMLSerializer().serializeToString(picture).replace(/\d+\.\d\d+/g, (number) => String(Math.round(number * 10) / 10));
  const code = btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
  document.body.innerHTML = `<pre id="picture">${code}</pre>`;
});
