// Buttons, the box to type a place into, speed, and the scrub bar.

import { formatPlace, formatSeconds, parsePlace } from "./clock.js";
import { keyOf } from "./keys.js";

export const RATES = [0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];

const WORDS = {
  first: "first",
  back: "back",
  play: "play",
  forward: "forward",
  last: "last",
  markA: "mark_a",
  markB: "mark_b",
  loop: "loop",
  clearLoop: "clear_loop",
  wholeFile: "whole_file",
  setTakeoff: "set_takeoff",
  setLanding: "set_landing",
  flightBack: "flight_back",
  "tool:line": "tool_line",
  "tool:angle": "tool_angle",
  "tool:stopwatch": "tool_stopwatch",
  "tool:text": "tool_text",
  mark: "mark",
  undo: "undo",
  redo: "redo",
  mute: "mute",
  zoomReset: "zoom_reset",
  settings: "settings",
  fullscreen: "fullscreen",
  help: "help",
};

export class Transport {
  constructor(root, { act, onGoTo, onRate }) {
    this.root = root;
    this.act = act;
    this.buttons = Object.fromEntries(
      [...root.querySelectorAll("button[data-action]")].map((button) => [button.dataset.action, button])
    );
    this.goTo = root.querySelector(".rp-goto");
    this.total = root.querySelector(".rp-total");
    this.rate = root.querySelector(".rp-rate");
    this.scrub = root.querySelector(".rp-scrub");
    this.loopBand = root.querySelector(".rp-ab");
    this.loopTime = root.querySelector(".rp-ab-time");
    this.spanBand = root.querySelector(".rp-span-band");
    for (const value of RATES) this.rate.add(new Option(`${value}x`, String(value), value === 1, value === 1));
    for (const bar of root.querySelectorAll(".rp-transport, .rp-scrub-lane, .rp-tools")) {
      bar.addEventListener("click", (event) => {
        const button = event.target.closest("button[data-action]");
        if (button) act(button.dataset.action);
      });
    }
    this.rate.addEventListener("change", () => onRate(Number(this.rate.value)));
    this.scrub.addEventListener("input", () => onGoTo(Number(this.scrub.value)));
    this.goTo.addEventListener("focus", () => this.goTo.select());
    this.goTo.addEventListener("blur", () => this.#restore());
    this.goTo.addEventListener("keydown", (event) => this.#typed(event, onGoTo));
  }

  open(scene, clock, say) {
    this.clock = clock;
    this.say = say;
    this.scrub.setAttribute("aria-label", say("time"));
    this.goTo.setAttribute("aria-label", say("goto"));
    this.goTo.title = `${say("goto")} (${keyOf("goto")})`;
    this.rate.title = `${say("speed")} (${keyOf("faster")} ${keyOf("slower")})`;
    this.root.querySelector(".rp-transport").setAttribute("aria-label", say("player"));
    for (const [action, word] of Object.entries(WORDS)) this.#name(action, say(word));
    for (const node of this.root.querySelectorAll("[data-word]")) node.textContent = say(node.dataset.word);
    this.total.textContent = `/ ${clock.frames}`;
    this.look(scene, clock, say);
  }

  /** The time line shows other frames: where the analysed span lies in them, and how to see more. */
  look(scene, clock, say) {
    const { from, to } = clock.view;
    this.scrub.min = String(from);
    this.scrub.max = String(to);
    if (this.frame !== undefined) this.scrub.value = String(this.frame);
    const { span } = scene;
    const part = span && (span[0] > 0 || span[1] < clock.last);
    const button = this.buttons.wholeFile;
    button.hidden = !part;
    button.setAttribute("aria-pressed", String(clock.whole));
    this.#name("wholeFile", say(clock.whole ? "look_span" : "whole_file"));
    this.spanBand.hidden = !part || !clock.whole;
    if (!part) return;
    this.#band(this.spanBand, span[0], span[1]);
  }

  #band(band, from, to) {
    const [start, end] = [this.clock.share(this.clock.pts[from]), this.clock.share(this.clock.endOf(to))];
    band.style.left = `${100 * start}%`;
    band.style.width = `${100 * (end - start)}%`;
  }

  moveTo(n) {
    this.frame = n;
    if (document.activeElement !== this.goTo) this.#restore();
    this.scrub.value = String(n);
    this.scrub.setAttribute("aria-valuetext", this.describe(n));
  }

  describe(n) {
    const place = this.say("frame_of", { frame: n + 1, frames: this.clock.frames });
    return `${place}, ${this.clock.seconds(n).toFixed(3)} ${this.say("seconds")}`;
  }

  setPlaying(on) {
    this.root.dataset.playing = String(on);
    this.#name("play", this.say?.(on ? "pause" : "play") ?? "");
  }

  setRate(rate) {
    this.rate.value = String(rate);
  }

  setPressed(action, on) {
    this.buttons[action].setAttribute("aria-pressed", String(on));
  }

  setZoom(zoom) {
    this.buttons.zoomReset.textContent = `${zoom < 9.95 ? zoom.toFixed(1).replace(/\.0$/, "") : Math.round(zoom)}x`;
    this.root.dataset.zoomed = String(zoom > 1);
  }

  setLoop({ a, b, on, span }) {
    const set = a !== null || b !== null;
    this.loopBand.hidden = this.buttons.clearLoop.hidden = this.loopTime.hidden = !set;
    this.#band(this.loopBand, span.from, span.to);
    this.loopBand.dataset.on = String(on);
    const lasts = this.clock.endOf(span.to) - this.clock.pts[span.from];
    const values = { seconds: lasts.toFixed(3), frames: span.to - span.from + 1 };
    this.loopTime.textContent = this.say("loop_lasts", values);
    this.loopTime.title = this.say("loop_lasts_note", values);
    this.buttons.markA.dataset.set = String(a !== null);
    this.buttons.markB.dataset.set = String(b !== null);
    this.setPressed("loop", on);
  }

  setHistory({ done, undone }) {
    this.buttons.undo.disabled = done.length === 0;
    this.buttons.redo.disabled = undone.length === 0;
  }

  #name(action, text) {
    const button = this.buttons[action];
    const key = keyOf(action);
    button.setAttribute("aria-label", text);
    button.title = key ? `${text} (${key})` : text;
  }

  #typed(event, onGoTo) {
    if (event.key === "Escape") this.root.querySelector(".rp-stage").focus();
    if (event.key !== "Enter") return;
    const n = parsePlace(this.goTo.value, this.clock);
    this.goTo.setAttribute("aria-invalid", String(n === null));
    this.goTo.setCustomValidity(n === null ? this.say("goto_invalid") : "");
    if (n === null) return void this.goTo.reportValidity();
    onGoTo(n);
    this.root.querySelector(".rp-stage").focus({ preventScroll: true });
  }

  #restore() {
    if (this.frame === undefined || !this.clock) return;
    this.goTo.setCustomValidity("");
    this.goTo.removeAttribute("aria-invalid");
    this.goTo.value = formatPlace(this.frame, this.clock);
  }
}
