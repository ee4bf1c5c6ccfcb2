// Lanes under the picture: labelled stretches and curves over the same time line.

import { formatSeconds } from "./clock.js";

const SVG = "http://www.w3.org/2000/svg";
const CURVE_HEIGHT = 100; // units of a curve's own coordinates
const CURVE_WIDTH = 10000;

export class Lanes {
  constructor(root, { onSeek }) {
    this.root = root;
    this.list = root.querySelector(".rp-lanes");
    this.cursor = root.querySelector(".rp-cursor");
    this.onSeek = onSeek; // stamp
    this.readouts = [];
    this.edges = [];
    this.list.addEventListener("click", (event) => this.#clicked(event));
  }

  open(scene, clock, say) {
    this.clock = clock;
    this.say = say;
    this.readouts = [];
    const edges = new Set();
    const lanes = scene.lanes.map((lane) => this.#lane(lane, edges));
    this.list.replaceChildren(...lanes);
    this.edges = [...edges].sort((a, b) => a - b);
  }

  /** Move the cursor to a frame, and show the curves' values there. */
  moveTo(n) {
    this.root.style.setProperty("--rp-at", String(this.clock.share(this.clock.middle(n))));
    for (const show of this.readouts) show(n);
  }

  /** The nearest edge of any stretch, or other frame, before (-1) or after (+1) a frame. */
  edge(n, direction, others = []) {
    const frames = [...this.edges.map((stamp) => this.clock.frameAt(stamp)), ...others].sort((a, b) => a - b);
    const found = direction > 0 ? frames.find((f) => f > n) : frames.findLast((f) => f < n);
    return found ?? n;
  }

  #lane(lane, edges) {
    const row = element("div", "rp-lane");
    row.setAttribute("role", "listitem");
    const name = element("span", "rp-lane-name", lane.name);
    if (lane.note) name.title = lane.note;
    const track = element("div", `rp-track rp-${lane.kind}`);
    const rows = 1 + Math.max(0, ...lane.spans.map((span) => span.row));
    track.style.setProperty("--rp-rows", rows);
    if (lane.kind === "values") this.#curve(track, lane);
    for (const span of lane.spans) {
      track.append(this.#span(lane, span));
      for (const stamp of [span.start, span.end]) edges.add(stamp);
    }
    for (const mark of lane.marks) {
      track.append(...this.#mark(lane, mark));
      edges.add(mark.time);
    }
    row.append(name, track);
    if (lane.kind === "values") row.append(this.#readout(lane));
    return row;
  }

  #span(lane, span) {
    const button = element("button", `rp-span rp-tone-${span.tone}`);
    const from = this.clock.share(span.start);
    button.hidden = span.end <= this.clock.stampAt(0) || span.start >= this.clock.stampAt(1);
    button.type = "button";
    button.tabIndex = -1; // [ and ] lead through the edges; a tab stop each would be too many
    button.dataset.stamp = span.start;
    button.style.left = percent(from);
    button.style.width = percent(this.clock.share(span.end) - from);
    button.style.setProperty("--rp-row", span.row);
    button.style.setProperty("--rp-strength", percent(0.35 + 0.65 * span.strength));
    button.append(element("span", "rp-span-label", span.label));
    for (const tick of span.ticks) {
      const line = element("i", "rp-tick");
      const width = Math.max(1e-9, span.end - span.start);
      // Of a stretch that is cut off by the time line's end only a part is there.
      const [start, end] = [span.start, span.end].map((stamp) => this.clock.share(stamp));
      line.style.left = percent(width > 1e-9 ? (this.clock.place(tick) - start) / Math.max(1e-9, end - start) : 0);
      button.append(line);
    }
    const words = this.say("lane_at", {
      name: lane.name,
      label: span.label,
      start: this.#seconds(span.start),
      end: this.#seconds(span.end),
    });
    button.title = span.note ? `${words}\n${span.note}` : words;
    button.setAttribute("aria-label", words);
    return button;
  }

  #mark(lane, mark) {
    const line = element("button", "rp-mark");
    line.type = "button";
    line.tabIndex = -1;
    line.dataset.stamp = mark.time;
    line.style.left = percent(this.clock.place(mark.time));
    line.title = this.say("lane_mark", { name: lane.name, label: mark.label, start: this.#seconds(mark.time) });
    line.setAttribute("aria-label", line.title);
    line.append(element("span", "rp-mark-label", mark.label));
    if (mark.early === null || mark.late === null) return [line];
    const uncertain = element("span", "rp-uncertain");
    const from = this.clock.share(mark.early);
    uncertain.style.left = percent(from);
    uncertain.style.width = percent(this.clock.share(mark.late) - from);
    return [uncertain, line];
  }

  #curve(track, lane) {
    const [low, high] = lane.bounds ?? extent([lane.values, lane.low ?? [], lane.high ?? []].flat());
    const x = (i) => (CURVE_WIDTH * this.clock.place(lane.times[i])).toFixed(0);
    const y = (value) => (CURVE_HEIGHT * (1 - (value - low) / (high - low || 1))).toFixed(1);
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", `0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`);
    drawing.setAttribute("preserveAspectRatio", "none");
    drawing.setAttribute("aria-hidden", "true");
    drawing.classList.add("rp-curve");
    if (lane.low && lane.high) {
      for (const [from, to] of stretches(lane.low, lane.high)) {
        const there = range(from, to).map((i) => `${x(i)},${y(lane.high[i])}`);
        const back = range(from, to).reverse().map((i) => `${x(i)},${y(lane.low[i])}`);
        drawing.append(shape("polygon", [...there, ...back].join(" "), "rp-band"));
      }
    }
    for (const [from, to] of stretches(lane.values)) {
      // A point alone between two gaps is a short stroke, else it could not be seen.
      const points = range(from, to).map((i) => `${x(i)},${y(lane.values[i])}`);
      if (from === to) points.push(`${Number(x(from)) + 20},${y(lane.values[from])}`);
      drawing.append(shape("polyline", points.join(" "), "rp-stroke"));
    }
    track.append(drawing);
  }

  #readout(lane) {
    const readout = element("span", "rp-readout"); // no <output>: readers would hear every frame
    const unit = lane.unit ? ` ${lane.unit}` : "";
    this.readouts.push((n) => {
      const value = lane.values[nearest(lane.times, this.clock.pts[n])];
      const digits = Math.abs(value) >= 10 ? 1 : 2;
      readout.textContent = value === null || value === undefined ? "–" : value.toFixed(digits) + unit;
    });
    return readout;
  }

  #clicked(event) {
    const track = event.target.closest(".rp-track");
    if (!track) return;
    // A key press on a stretch has no place of its own: it means where the stretch begins.
    if (event.detail === 0) {
      const stamp = event.target.closest("[data-stamp]")?.dataset.stamp;
      if (stamp !== undefined) this.onSeek(Number(stamp));
      return;
    }
    const box = track.getBoundingClientRect();
    this.onSeek(this.clock.stampAt(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))));
  }

  #seconds(stamp) {
    return formatSeconds(stamp - this.clock.origin);
  }
}

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function shape(tag, points, className) {
  const made = document.createElementNS(SVG, tag);
  made.setAttribute("points", points);
  made.setAttribute("class", className);
  return made;
}

/** First and last place of every stretch where all the rows have a value. */
function stretches(...rows) {
  const found = [];
  let from = null;
  const length = rows[0].length;
  for (let i = 0; i <= length; i++) {
    const known = i < length && rows.every((row) => row[i] !== null);
    if (known && from === null) from = i;
    if (!known && from !== null) {
      found.push([from, i - 1]);
      from = null;
    }
  }
  return found;
}

function nearest(times, stamp) {
  let best = 0;
  let low = 0;
  let high = times.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (Math.abs(times[middle] - stamp) < Math.abs(times[best] - stamp)) best = middle;
    if (times[middle] < stamp) low = middle + 1;
    else high = middle - 1;
  }
  return best;
}

function extent(values) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return [0, 1];
  const low = known.reduce((a, b) => Math.min(a, b));
  const high = known.reduce((a, b) => Math.max(a, b));
  const margin = 0.05 * (high - low) || 0.5;
  return [low - margin, high + margin];
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const percent = (share) => `${(100 * share).toFixed(4)}%`;
