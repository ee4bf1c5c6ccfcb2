// The programme page: one element is chosen in the list and on the time line at once; keys, clicks
// and the player follow it. All that is sent to the server goes through `tell`.

const page = element.closest("#programme");
const one = (selector) => page.querySelector(selector);
const every = (selector) => [...page.querySelectorAll(selector)];
// The chosen element goes along: the server may still be at work on the message before.
const tell = (act, more = {}) => trigger("told", { act, chosen: desk.chosen, ...more });

const SEEK_MS = 160;
const desk = { chosen: "", now: 0 }; // key of the chosen element; seconds that the player shows

const player = () => one("#programme-player .rp");
const send = (name, detail) => player()?.dispatchEvent(new CustomEvent(`rinkside:${name}`, { detail }));
const option = (key) => one(`#programme-line [role=option][data-key="${CSS.escape(key)}"]`);
const options = () => every("#programme-line [role=option]").sort((a, b) => a.dataset.start - b.dataset.start);
const seen = () => page.offsetParent !== null;

/** Mark an element everywhere; with `told` the server draws its form. */
function choose(key, { told = true, into = true } = {}) {
  const other = key !== desk.chosen;
  desk.chosen = key;
  for (const box of every("[data-elements]")) {
    let active = null;
    for (const entry of box.querySelectorAll("[role=option]")) {
      const on = entry.dataset.key === key;
      entry.setAttribute("aria-selected", String(on));
      if (on) active = entry;
    }
    if (active) box.setAttribute("aria-activedescendant", active.id);
    else box.removeAttribute("aria-activedescendant");
    if (active && into) bringIntoView(active);
  }
  if (told && other) {
    clearTimeout(choose.timer); // whoever holds an arrow key down asks once
    choose.timer = setTimeout(() => tell("choose"), 120);
  }
}

/** Within its own box alone: the page itself stays where it is. */
function bringIntoView(entry) {
  const box = entry.closest(".pg-elements, .pg-line-scroll");
  if (!box) return;
  const [inner, outer] = [entry.getBoundingClientRect(), box.getBoundingClientRect()];
  if (box.matches(".pg-line-scroll")) {
    if (inner.left < outer.left + 24 || inner.right > outer.right - 24)
      box.scrollLeft += inner.left - outer.left - outer.width / 3;
  } else if (inner.top < outer.top + 34 || inner.bottom > outer.bottom)
    box.scrollTop += inner.top - outer.top - outer.height / 3;
}

const span = (entry) => ({ start: Number(entry.dataset.start), end: Number(entry.dataset.end) });

function play(key) {
  const entry = option(key);
  if (entry) send("play", span(entry));
}

/** To a moment; whoever draws the cursor along asks for a few pictures only. */
function seek(seconds) {
  desk.now = seconds;
  placeCursor();
  const wait = SEEK_MS - (performance.now() - (seek.last ?? -SEEK_MS));
  clearTimeout(seek.timer);
  const go = () => {
    seek.last = performance.now();
    send("seek", { seconds });
  };
  if (wait <= 0) go();
  else seek.timer = setTimeout(go, wait);
}

/** The element `by` places from the chosen one; without one, the next or the last from the cursor. */
function step(by) {
  const all = options();
  if (!all.length) return;
  const here = all.findIndex((entry) => entry.dataset.key === desk.chosen);
  const after = all.findIndex((entry) => Number(entry.dataset.start) > desk.now);
  const from = after < 0 ? all.length : after;
  const next = here >= 0 ? here + by : by > 0 ? from : from - 1;
  const entry = all[Math.min(all.length - 1, Math.max(0, next))];
  choose(entry.dataset.key);
  seek(Number(entry.dataset.start));
}

function open(key = desk.chosen) {
  if (key) trigger("open_element", { job: one(".pg-line").dataset.job, key });
}

const LIST_KEYS = {
  ArrowRight: () => step(1),
  ArrowDown: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowUp: () => step(-1),
  Home: () => (desk.chosen = "", desk.now = -1, step(1)),
  End: () => (desk.chosen = "", desk.now = Infinity, step(-1)),
  " ": () => desk.chosen && play(desk.chosen),
  Enter: () => open(),
  Delete: () => desk.chosen && tell("delete", { key: desk.chosen }),
  "[": () => edgeHere("start"),
  "]": () => edgeHere("end"),
  t: () => flightHere("takeoff"),
  T: () => flightHere("takeoff"),
  y: () => flightHere("landing"),
  Y: () => flightHere("landing"),
  r: () => mark(),
  R: () => mark(),
  "+": () => zoomBy(2),
  "=": () => zoomBy(2),
  "-": () => zoomBy(0.5),
};

/** The chosen element starts, or ends, where the player stands. */
function edgeHere(edge) {
  const entry = option(desk.chosen);
  if (entry) tell("span", { key: desk.chosen, ...span(entry), [edge]: Number(desk.now.toFixed(3)) });
}

function mark() {
  const entry = option(desk.chosen);
  if (entry) tell("mark", { key: desk.chosen, review: !("review" in entry.dataset) });
}

page.addEventListener("keydown", (event) => {
  const box = event.target.closest("[data-elements]");
  if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = LIST_KEYS[event.key];
  if (!act) return;
  event.preventDefault(); // the player listens too, behind this
  act();
});

// Undo and redo wherever the focus is on this page, but in a field that has its own.
document.addEventListener(
  "keydown",
  (event) => {
    if (!seen() || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    if (event.target.matches("input:not([type=range], [type=checkbox], [type=radio]), textarea")) return;
    const key = event.key.toLowerCase();
    const act = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    one(`#programme-bar [data-act=${act}]:not(:disabled)`)?.click();
  },
  true
);

page.addEventListener("click", (event) => {
  const entry = event.target.closest("[role=option][data-key]");
  if (!entry || event.target.closest("[data-edge]")) return;
  entry.closest("[data-elements]").focus({ preventScroll: true });
  choose(entry.dataset.key);
  play(entry.dataset.key);
});

// A line of the plan shows what was seen for it.
page.addEventListener("click", (event) => {
  const key = event.target.closest("[data-seen]")?.dataset.seen;
  if (!key) return;
  choose(key);
  play(key);
});

page.addEventListener("dblclick", (event) => {
  const entry = event.target.closest("[role=option][data-key]");
  if (entry && !event.target.closest("[data-edge]")) open(entry.dataset.key);
});

// What has the focus, by what it is: another one like it takes its place when the server draws.
let focused = null;
document.addEventListener("pointerdown", () => (focused = null), true);
page.addEventListener("focusin", ({ target }) => {
  const part = target.closest("#programme-list, #programme-line, #programme-editor, #programme-bar");
  const kind = target.name ? `[name=${target.name}]` : target.dataset.act ? `[data-act=${target.dataset.act}]` : null;
  const what = target.matches("[data-elements]") ? "[data-elements]" : kind;
  focused = part && what ? `#${part.id} ${what}` : null;
});

let known = new Set(); // keys of the elements that were drawn before

function keepFocus() {
  if (focused && seen() && document.activeElement === document.body) one(focused)?.focus({ preventScroll: true });
}

let asked = 0; // how often in a row the form was asked for again

/** A drawing that was under way when an element was chosen may come last, without its form. */
function followForm(told) {
  if (!desk.chosen || told === desk.chosen) asked = 0;
  else if (asked < 3) {
    asked += 1;
    clearTimeout(choose.timer);
    choose.timer = setTimeout(() => tell("choose"), 120);
  }
}

/** What the server drew anew is marked as it was; the place of the list and of the line stays. */
const redrawn = new MutationObserver(() => {
  keepTyped();
  keepFocus();
  const told = one("#programme-editor [data-key]")?.dataset.key;
  if (desk.chosen && !option(desk.chosen)) desk.chosen = "";
  const keys = new Set(options().map(({ dataset }) => dataset.key));
  // An element that a correction made is the chosen one from now on.
  if (told && keys.has(told) && (!desk.chosen || !known.has(told))) desk.chosen = told;
  known = keys;
  choose(desk.chosen, { told: false, into: false });
  followForm(told);
  settle();
});
redrawn.observe(page, { childList: true, subtree: true });

/** Back from the desk: hidden boxes forget where they were scrolled to. */
page.addEventListener("rinkside:back", () => {
  for (const box of every("[data-settled]")) delete box.dataset.settled;
  settle();
  one("#programme-list [data-elements]")?.focus({ preventScroll: true });
  const entry = one(`#programme-list [data-key="${CSS.escape(desk.chosen)}"]`);
  if (entry) bringIntoView(entry);
});
