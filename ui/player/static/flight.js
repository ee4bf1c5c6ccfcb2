// Take-off and landing where one looks: a lane with two markers to drag, keys that set them at the
// frame on show, the air time while they move. What Rinkside itself found stays to be seen.

import { formatSeconds } from "./clock.js";
import { element } from "./lanes.js";

const ENDS = ["takeoff", "landing"];
const WIDTH = 0.776; // of a difference of two moments, each known to half a frame: 95 %

export class Flight {
  /**
   * onSet(flight): {takeoff, landing} stamps, or null for what Rinkside found; null instead of the
   * function where nothing can be set. onSeek(stamp): show that moment.
   */
  constructor(root, { onSet, onSeek, history }) {
    this.lanes = root.querySelector(".rp-lanes");
    this.tools = root.querySelector(".rp-flight");
    this.airTime = root.querySelector(".rp-air-time");
    this.back = root.querySelector("[data-action=flightBack]");
    this.onSet = onSet;
    this.onSeek = onSeek;
    this.history = history;
    this.run = null;
  }

  /** After the lanes were opened: its own is the first of them. */
  open(scene, clock, say) {
    Object.assign(this, { scene, clock, say });
    const found = scene.flight;
    this.tools.hidden = !found || !this.onSet;
    this.lane = null;
    if (!found) return void (this.found = this.run = null);
    const set = found.set ? pairOf(found) : null;
    // Also what was set elsewhere, with the sliders, can be taken back.
    const ours = this.sent !== undefined && alike(set, this.sent);
    if (this.run === scene.run && !ours && !alike(set, this.set)) this.#remember(this.set, set);
    Object.assign(this, { run: scene.run, found, set, now: pairOf(found), sent: undefined });
    this.#draw();
  }

  /** Set one end to the frame on show. */
  setHere(end, n) {
    if (!this.found || !this.onSet) return;
    const stamp = this.clock.pts[n];
    const other = end === "takeoff" ? this.now.landing : this.now.takeoff;
    const fits = other === null || (end === "takeoff" ? other - stamp : stamp - other) >= this.found.least;
    this.#move(end, stamp);
    if (!fits) this.now[end === "takeoff" ? "landing" : "takeoff"] = null; // set it next
    this.#draw();
    this.#commit();
  }

  restore() {
    if (!this.found?.set) return;
    this.#remember(this.set, null);
    this.#send(null);
  }

  /** Where the flight's ends are, for [ and ]. */
  get edges() {
    return this.found ? ENDS.map((end) => this.now[end]).filter((stamp) => stamp !== null) : [];
  }

  #remember(before, after) {
    this.history.push(
      () => this.#send(before),
      () => this.#send(after)
    );
  }

  #send(pair) {
    this.sent = pair;
    this.onSet(pair);
  }

  #commit() {
    const { takeoff, landing } = this.now;
    if (takeoff === null || landing === null) return;
    const after = { takeoff, landing };
    this.#remember(this.sent ?? this.set, after);
    this.#send(after);
  }

  #move(end, stamp) {
    this.now = { ...this.now, [end]: stamp };
  }

  #within(end, stamp) {
    const [first, last] = this.scene.span.map((n) => this.clock.pts[n]);
    const { takeoff, landing } = this.now;
    if (end === "takeoff") return Math.max(first, Math.min(stamp, landing === null ? last : landing - this.found.least));
    return Math.min(last, Math.max(stamp, takeoff === null ? first : takeoff + this.found.least));
  }

  #draw() {
    const row = element("div", "rp-lane rp-flight-lane");
    row.setAttribute("role", "listitem");
    const name = element("span", "rp-lane-name", this.say("flight"));
    name.title = this.say("flight_note");
    const track = element("div", "rp-track rp-flight-track");
    this.band = element("span", "rp-air");
    this.handles = Object.fromEntries(ENDS.map((end) => [end, this.#handle(end, track)]));
    track.append(...this.#machine(), this.band, ...Object.values(this.handles));
    this.readout = element("span", "rp-readout");
    row.append(name, track, this.readout);
    const focused = document.activeElement?.dataset?.end;
    if (this.lane?.isConnected) this.lane.replaceWith(row);
    else this.lanes.prepend(row);
    this.lane = row;
    this.#place();
    if (focused && this.handles[focused]) this.handles[focused].focus({ preventScroll: true });
  }

  /** What Rinkside itself found, faint, behind what a person set. */
  #machine() {
    const { machine } = this.found;
    if (!this.found.set || !machine) return [];
    return ENDS.map((end) => {
      const [value, low, high] = machine[end];
      const mark = element("i", "rp-machine");
      const [from, to] = [low, high].map((stamp) => this.clock.place(stamp));
      mark.style.left = percent(from);
      mark.style.width = percent(Math.max(0.002, to - from));
      mark.title = this.say("flight_machine", { moment: this.say(end), at: this.#seconds(value) });
      return mark;
    });
  }

  #handle(end, track) {
    const handle = element("button", "rp-handle");
    handle.type = "button";
    handle.dataset.end = end;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", this.say(end));
    handle.disabled = !this.onSet;
    handle.addEventListener("keydown", (event) => this.#key(end, event));
    handle.addEventListener("click", (event) => event.stopPropagation());
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true });
      this.onSeek(this.now[end]);
      const drag = ({ clientX }) => {
        const box = track.getBoundingClientRect();
        const share = Math.min(1, Math.max(0, (clientX - box.left) / box.width));
        this.#toFrame(end, this.clock.frameAt(this.clock.stampAt(share)));
      };
      const before = this.now[end];
      handle.addEventListener("pointermove", drag);
      const done = () => {
        handle.removeEventListener("pointermove", drag);
        if (this.now[end] !== before) this.#commit();
      };
      for (const ends of ["pointerup", "pointercancel"]) handle.addEventListener(ends, done, { once: true });
    });
    return handle;
  }

  #key(end, event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#toFrame(end, this.clock.clamp(this.clock.frameAt(this.now[end]) + by));
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#commit(), 400); // one step back for a row of presses
  }

  #toFrame(end, n) {
    this.#move(end, this.#within(end, this.clock.pts[n]));
    this.#place();
    this.onSeek(this.now[end]);
  }

  /** Everything that moves with a marker. */
  #place() {
    const { takeoff, landing } = this.now;
    for (const end of ENDS) {
      const handle = this.handles[end];
      const stamp = this.now[end];
      handle.hidden = stamp === null;
      if (stamp === null) continue;
      handle.style.left = percent(this.clock.place(stamp));
      const words = `${this.say(end)}: ${this.#seconds(stamp)}`;
      handle.title = words;
      handle.setAttribute("aria-valuetext", words);
      handle.setAttribute("aria-valuenow", stamp.toFixed(3));
    }
    const whole = takeoff !== null && landing !== null;
    this.band.hidden = !whole;
    if (whole) {
      this.band.style.left = percent(this.clock.place(takeoff));
      this.band.style.width = percent(this.clock.place(landing) - this.clock.place(takeoff));
    }
    this.#tell(whole);
  }

  /** The air time: the server's where it knows the flight, else reckoned from the markers. */
  #tell(whole) {
    this.back.hidden = !this.found.set;
    const { machine } = this.found;
    this.back.title = machine ? `${this.say("flight_back")}: ${this.#air(machine.air)}` : this.say("flight_back");
    this.back.setAttribute("aria-label", this.back.title);
    if (!whole) {
      const missing = ENDS.filter((end) => this.now[end] === null);
      this.readout.textContent = "–";
      this.airTime.textContent = this.say(missing.length === 2 ? "flight_none" : `flight_no_${missing[0]}`);
      return;
    }
    const lasts = this.now.landing - this.now.takeoff;
    const about = WIDTH * this.found.step;
    const known = same(this.now, pairOf(this.found)) && this.found.air;
    const air = known || [lasts, Math.max(0, lasts - about), lasts + about];
    this.readout.textContent = `${air[0].toFixed(2)} s`;
    this.airTime.textContent = this.say("air_time", { air: this.#air(air) });
    const by = this.found.set || !known ? "air_by_person" : "air_by_machine";
    this.airTime.title = this.say(by) + (machine && this.found.set ? `; ${this.say("air_machine", { air: this.#air(machine.air) })}` : "");
  }

  #air([value, low, high]) {
    return this.say("air_interval", { value: value.toFixed(2), low: low.toFixed(2), high: high.toFixed(2) });
  }

  #seconds(stamp) {
    return formatSeconds(stamp - this.clock.origin);
  }
}

const pairOf = (found) => ({ takeoff: found.takeoff?.[0] ?? null, landing: found.landing?.[0] ?? null });
const same = (one, other) =>
  Boolean(one && other) && ENDS.every((end) => one[end] !== null && other[end] !== null && Math.abs(one[end] - other[end]) < 0.0011);
/** Two flights that a person set, either of which may be none. */
const alike = (one, other) => (one === null && other === null) || same(one, other);
const percent = (share) => `${(100 * share).toFixed(4)}%`;
