// Notes on frames: texts, lines, angles and stopwatches on the picture. Places are source pixels; a
// line and an angle belong to one frame, a stopwatch counts on from its own.

import { formatPlace } from "./clock.js";
import { element } from "./lanes.js";

const POINTS = { line: 2, angle: 3, stopwatch: 1 };
const MOST = 200;
const LETTERS = 500;
const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const DRAGGED = 6; // CSS pixels: a press that moved further places two points

export class Tools {
  /** onNotes(notes): they changed; null where nothing can be noted. onSeek(n): show a frame. */
  constructor(root, stage, { onNotes, onSeek, onTell, history }) {
    this.root = root;
    this.stage = stage;
    this.onNotes = onNotes;
    this.onSeek = onSeek;
    this.onTell = onTell;
    this.history = history;
    this.bar = root.querySelector(".rp-draw");
    this.list = root.querySelector(".rp-notes");
    this.row = root.querySelector(".rp-note-row");
    this.input = root.querySelector(".rp-note-input");
    this.caption = root.querySelector(".rp-caption");
    this.ticks = root.querySelector(".rp-note-ticks");
    this.notes = [];
    this.tool = null;
    stage.layers.push((context, n, view, unit) => this.#draw(context, n, view, unit));
    this.#listen();
  }

  open(scene, clock, say) {
    const other = this.run !== scene.run;
    Object.assign(this, { scene, clock, say, run: scene.run });
    // What is on the page is newer than what the server had when it was asked.
    if (other || !this.onNotes) this.notes = (scene.notes ?? []).map((note) => ({ ...note }));
    if (other) this.#leave();
    this.bar.hidden = !this.onNotes || !scene.done;
    this.input.maxLength = LETTERS;
    this.input.placeholder = say("note_here");
    this.input.setAttribute("aria-label", say("note_here"));
    this.#changed();
  }

  /** The frame on show changed. */
  moveTo(n) {
    this.frame = n;
    const texts = this.notes.filter((note) => note.kind === "text" && note.frame_index === n);
    this.caption.textContent = texts.map((note) => note.text).join("\n");
    for (const row of this.list.children) row.dataset.here = String(Number(row.dataset.frame) === n);
  }

  /** Frames with notes, for [ and ]. */
  get frames() {
    return this.notes.map((note) => note.frame_index);
  }

  choose(kind) {
    if (this.bar.hidden) return;
    if (kind === "text") return this.#write();
    const running = kind === "stopwatch" && this.notes.findLast((note) => note.kind === kind && note.until_index === null);
    if (running && this.frame >= running.frame_index) {
      return this.#put(this.notes.map((note) => (note === running ? { ...note, until_index: this.frame } : note)));
    }
    if (this.tool === kind) return this.#leave();
    this.#leave();
    this.tool = kind;
    this.points = [];
    const { width, height } = this.scene;
    this.cross = [width / 2, height / 2];
    this.keyed = false;
    this.root.dataset.tool = kind;
    this.#press();
    this.onTell(this.say(`tool_${kind}`));
  }

  /** Put away whatever is in hand. */
  leave() {
    if (this.tool) this.#leave();
  }

  /** Take away the newest note of the frame on show. */
  drop(note = this.notes.findLast((one) => one.frame_index === this.frame)) {
    if (note) this.#put(this.notes.filter((one) => one !== note));
  }

  #listen() {
    const { root: surface } = this.stage;
    let down = null;
    const at = (event) => {
      const box = surface.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const take = (event) => {
      if (!this.tool) return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    };
    surface.addEventListener("pointerdown", (event) => {
      if (!take(event)) return;
      surface.setPointerCapture(event.pointerId);
      down = at(event);
      this.#point(this.stage.toSource(...down));
    }, true);
    surface.addEventListener("pointermove", (event) => {
      if (!take(event)) return;
      this.cross = this.#inside(this.stage.toSource(...at(event)));
      this.#repaint();
    }, true);
    surface.addEventListener("pointerup", (event) => {
      if (!this.tool && !down) return;
      event.stopPropagation();
      const up = at(event);
      if (this.tool && down && Math.hypot(up[0] - down[0], up[1] - down[1]) > DRAGGED) this.#point(this.stage.toSource(...up));
      down = null;
    }, true);
    document.addEventListener("keydown", (event) => this.#key(event), true);
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
      if (event.key === "Enter" && !event.isComposing) this.#save();
    });
    this.input.addEventListener("blur", () => !this.row.hidden && this.#save());
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      const note = this.notes[button?.closest("li").dataset.note];
      if (!note) return;
      if (button.dataset.does === "drop") this.drop(note);
      else this.onSeek(note.frame_index);
    });
  }

  /** With a tool in hand the arrows move its cross and Enter sets a point. */
  #key(event) {
    if (!this.tool || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("input, textarea, select")) return;
    const by = STEP[event.key];
    if (by) {
      const far = (event.shiftKey ? 20 : 4) / Math.max(0.1, this.stage.scale);
      this.cross = this.#inside(this.cross.map((place, axis) => place + far * by[axis]));
      this.keyed = true;
      this.#repaint();
    } else if (event.key === "Enter") this.#point(this.cross);
    else if (event.key === "Escape") this.#leave();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #inside([x, y]) {
    const { width, height } = this.scene;
    return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
  }

  #point(place) {
    this.points.push(this.#inside(place).map((value) => Math.round(10 * value) / 10));
    if (this.points.length < POINTS[this.tool]) return this.#repaint();
    const note = { kind: this.tool, frame_index: this.frame, points: this.points, text: "", until_index: null };
    this.#leave();
    this.#put([...this.notes, note]);
    this.root.querySelector(".rp-live").textContent = this.#words(note, this.frame);
  }

  #leave() {
    if (this.tool) this.onTell("");
    this.tool = null;
    this.points = [];
    delete this.root.dataset.tool;
    this.#press();
    this.#repaint();
  }

  #press() {
    for (const button of this.bar.querySelectorAll("button[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button.dataset.action === `tool:${this.tool}`));
    }
  }

  #write() {
    this.#leave();
    this.editing = this.notes.find((note) => note.kind === "text" && note.frame_index === this.frame) ?? null;
    this.at = this.frame;
    this.row.hidden = false;
    this.input.value = this.editing?.text ?? "";
    this.input.focus();
  }

  #save() {
    const text = this.input.value.trim();
    const rest = this.notes.filter((note) => note !== this.editing);
    const same = text === (this.editing?.text ?? "");
    const note = { kind: "text", frame_index: this.at, points: [], text, until_index: null };
    this.#close();
    if (!same) this.#put(text ? [...rest, note] : rest);
  }

  #close() {
    this.row.hidden = true;
    this.stage.root.focus({ preventScroll: true });
  }

  /** Other notes than before, which can be taken back. */
  #put(notes) {
    if (notes.length > MOST) return this.onTell(this.say("notes_full", { most: MOST }));
    const before = this.notes;
    this.history.push(
      () => this.#take(before),
      () => this.#take(notes)
    );
    this.#take(notes);
  }

  #take(notes) {
    this.notes = [...notes].sort((a, b) => a.frame_index - b.frame_index);
    this.onNotes(this.notes.map(({ kind, frame_index, points, text, until_index }) => ({ kind, frame_index, points, text, until_index })));
    this.#changed();
  }

  #changed() {
    this.list.replaceChildren(...this.notes.map((note, place) => this.#line(note, place)));
    this.list.hidden = this.notes.length === 0;
    const ticks = [...new Set(this.frames)].filter((n) => this.clock.within(n));
    this.ticks.replaceChildren(...ticks.map((n) => {
      const tick = element("i", "rp-note-tick");
      tick.style.left = `${100 * this.clock.place(this.clock.middle(n))}%`;
      return tick;
    }));
    if (this.frame !== undefined) this.moveTo(this.frame);
    this.#repaint();
  }

  #line(note, place) {
    const line = element("li");
    line.dataset.note = place;
    line.dataset.frame = note.frame_index;
    const go = element("button", "rp-note-go", `${formatPlace(note.frame_index, this.clock)}   ${this.#words(note)}`);
    go.type = "button";
    go.title = this.say("note_go");
    const drop = element("button", "rp-note-drop", "✕");
    drop.type = "button";
    drop.dataset.does = "drop";
    drop.hidden = !this.onNotes;
    drop.title = this.say("note_drop");
    drop.setAttribute("aria-label", `${this.say("note_drop")}: ${this.#words(note)}`);
    line.append(go, drop);
    return line;
  }

  #repaint() {
    this.stage.repaint();
  }

  /** What a note says; of a stopwatch at a frame. */
  #words(note, n = note.until_index ?? note.frame_index) {
    if (note.kind === "text") return note.text;
    return `${this.say(`tool_name_${note.kind}`)} ${this.#value(note, n)}`;
  }

  #value(note, n) {
    const [a, b, c] = note.points;
    if (note.kind === "line") return `${Math.hypot(a[0] - b[0], a[1] - b[1]).toFixed(0)} px`;
    if (note.kind === "angle") return b && c ? `${degrees(a, b, c).toFixed(1)}°` : "";
    const last = Math.min(n, note.until_index ?? n);
    const running = note.until_index === null ? " …" : "";
    return `${(this.clock.pts[last] - this.clock.pts[note.frame_index]).toFixed(3)} s${running}`;
  }

  #draw(context, n, view, unit) {
    if (!this.scene) return;
    const place = ([x, y]) => [view.x + x * view.scale, view.y + y * view.scale];
    for (const note of this.notes) {
      const here = note.kind === "stopwatch" ? n >= note.frame_index : n === note.frame_index;
      if (here && note.points.length) shape(context, note.points.map(place), this.#value(note, n), unit);
    }
    if (!this.tool) return;
    const points = [...this.points, this.cross];
    const shown = { kind: this.tool, points, frame_index: n, until_index: n };
    const whole = points.length === POINTS[this.tool] && this.tool !== "stopwatch";
    shape(context, points.map(place), whole ? this.#value(shown, n) : "", unit);
    cross(context, place(this.cross), unit);
  }
}

function degrees(one, vertex, other) {
  const [first, second] = [one, other].map(([x, y]) => Math.atan2(y - vertex[1], x - vertex[0]));
  const turned = (Math.abs(first - second) * 180) / Math.PI;
  return Math.min(turned, 360 - turned);
}

/** Points joined by lines, and a value beside them: yellow with a dark seam. */
function shape(context, points, words, unit) {
  for (const [colour, width] of [["rgba(0, 0, 0, 0.6)", 4], ["#f0e442", 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = width * unit;
    context.beginPath();
    points.forEach((point, i) => (i ? context.lineTo(...point) : context.moveTo(...point)));
    context.stroke();
    for (const [x, y] of points) {
      context.beginPath();
      context.arc(x, y, 4 * unit, 0, 2 * Math.PI);
      context.stroke();
    }
  }
  if (!words) return;
  const [x, y] = points[points.length === 3 ? 1 : points.length - 1];
  context.font = `600 ${13 * unit}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const width = context.measureText(words).width + 8 * unit;
  const left = Math.min(x + 8 * unit, context.canvas.width - width);
  const top = Math.max(0, y - 22 * unit);
  context.fillStyle = "#f0e442";
  context.fillRect(left, top, width, 18 * unit);
  context.fillStyle = "#000";
  context.fillText(words, left + 4 * unit, top + 9.5 * unit);
}

function cross(context, [x, y], unit) {
  context.strokeStyle = "#f0e442";
  context.lineWidth = unit;
  context.beginPath();
  for (const [dx, dy] of [[12, 0], [0, 12]]) {
    context.moveTo(x - dx * unit, y - dy * unit);
    context.lineTo(x + dx * unit, y + dy * unit);
  }
  context.stroke();
}
