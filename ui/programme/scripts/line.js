// The time line: zoom, the cursor, and the ends of the chosen element that can be drawn.

const line = { zoom: 1, left: 0, listScroll: 0 };
const scroller = () => one(".pg-line-scroll");
const inner = () => one(".pg-line-inner");
const length = () => Number(one(".pg-line")?.dataset.length ?? 0);
const MAX_ZOOM = 64;
const TICKS = [1, 5, 15, 30, 60]; // seconds between labels
const TICK_PX = 44; // CSS pixels that a label takes
const HANDLE_MIN_S = 0.05;

const shareAt = (x) => {
  const box = inner().getBoundingClientRect();
  return Math.min(1, Math.max(0, (x - box.left) / box.width));
};
const secondsAt = (x) => shareAt(x) * length();

/** As the zoom is and where the player stands, after anything was drawn. */
function settle() {
  if (!inner()) return;
  inner().style.width = `${100 * line.zoom}%`;
  if (scroller().scrollLeft !== line.left && scroller().dataset.settled !== "yes") scroller().scrollLeft = line.left;
  scroller().dataset.settled = "yes";
  const perSecond = inner().offsetWidth / Math.max(length(), 1);
  inner().dataset.step = TICKS.find((step) => step * perSecond >= TICK_PX) ?? TICKS.at(-1);
  const list = one(".pg-elements");
  if (list && list.dataset.settled !== "yes") list.scrollTop = line.listScroll;
  if (list) list.dataset.settled = "yes";
  placeCursor();
}

// A phone that is turned has room for other labels.
new ResizeObserver(() => settle()).observe(page);

page.addEventListener(
  "scroll",
  ({ target }) => {
    if (target === scroller()) line.left = target.scrollLeft;
    if (target === one(".pg-elements")) line.listScroll = target.scrollTop;
  },
  true
);

/** Wider or narrower, with the same moment under the same place. */
function zoomBy(factor, x) {
  if (!inner()) return;
  const box = scroller().getBoundingClientRect();
  const at = x ?? box.left + Math.min(box.width, Math.max(0, cursorX() - scroller().scrollLeft));
  const share = shareAt(at);
  line.zoom = Math.min(MAX_ZOOM, Math.max(1, line.zoom * factor));
  settle();
  scroller().scrollLeft = share * inner().offsetWidth - (at - box.left);
}

const cursorX = () => (length() ? (desk.now / length()) * inner().offsetWidth : 0);

function placeCursor() {
  const cursor = one(".pg-line-cursor");
  if (cursor) cursor.style.left = `${100 * Math.min(1, Math.max(0, desk.now / Math.max(length(), 0.001)))}%`;
}

page.addEventListener("rinkside:at", ({ detail }) => {
  desk.now = detail.seconds;
  placeCursor();
  caption();
  if (!detail.playing || !scroller()) return;
  const x = cursorX() - scroller().scrollLeft;
  if (x < 0 || x > scroller().clientWidth) scroller().scrollLeft = cursorX() - scroller().clientWidth / 4;
});

/** Which element the player shows, over the picture. */
function caption() {
  const entry = options().find(({ dataset }) => desk.now >= dataset.start && desk.now < dataset.end);
  let text = one("#programme-player .pg-caption");
  if (!text) {
    text = document.createElement("div");
    text.className = "pg-caption";
    text.setAttribute("aria-hidden", "true");
    one("#programme-player .rp-stage")?.append(text);
  }
  const said = entry ? entry.querySelector("b").textContent : "";
  if (text.textContent !== said) text.textContent = said;
  for (const row of every("#programme-list [role=option]")) row.toggleAttribute("data-now", entry?.dataset.key === row.dataset.key);
}

page.addEventListener(
  "wheel",
  (event) => {
    if (!event.target.closest(".pg-line-scroll") || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1.25 : 0.8, event.clientX);
  },
  { passive: false }
);

page.addEventListener("click", (event) => {
  const act = event.target.closest("[data-zoom]")?.dataset.zoom;
  if (act === "in") zoomBy(2);
  if (act === "out") zoomBy(0.5);
  if (act === "whole") zoomBy(1 / MAX_ZOOM);
});

// A press beside the elements seeks, and draws the cursor along; one at an end draws the end.
let drag = null;
page.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !event.target.closest(".pg-line-inner")) return;
  const edge = event.target.closest("[data-edge]");
  const entry = event.target.closest("[role=option]");
  if (edge) drag = { edge: edge.dataset.edge, entry, ...span(entry) };
  else if (!entry) drag = { edge: null };
  else return;
  if (event.pointerType !== "touch" || edge) event.preventDefault();
  one(".pg-line-lanes").focus({ preventScroll: true });
  inner().setPointerCapture(event.pointerId);
  if (!drag.edge && event.pointerType !== "touch") seek(secondsAt(event.clientX));
});
page.addEventListener("pointermove", (event) => {
  if (!drag || (event.pointerType === "touch" && !drag.edge)) return;
  const at = secondsAt(event.clientX);
  if (!drag.edge) return seek(at);
  if (drag.edge === "start") drag.start = Math.min(at, drag.end - HANDLE_MIN_S);
  else drag.end = Math.max(at, drag.start + HANDLE_MIN_S);
  drag.moved = true;
  drag.entry.style.left = `${(100 * drag.start) / length()}%`;
  drag.entry.style.width = `${(100 * (drag.end - drag.start)) / length()}%`;
  seek(drag[drag.edge]);
});
page.addEventListener("pointerup", (event) => {
  const ended = drag;
  drag = null;
  if (!ended) return;
  if (!ended.edge && event.pointerType === "touch") seek(secondsAt(event.clientX));
  if (!ended.moved) return;
  const [start, end] = [ended.start, ended.end].map((value) => Number(value.toFixed(3)));
  tell("span", { key: ended.entry.dataset.key, start, end });
});
page.addEventListener("pointercancel", () => {
  if (drag?.edge) tell("draw"); // as it was
  drag = null;
});
