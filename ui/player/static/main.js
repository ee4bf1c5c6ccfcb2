// The player: puts picture, overlays, lanes and controls together. Two frames matter: the one that
// is wanted, and the one that is shown; everything on screen speaks of the one that is shown.

import { Clock, parseSeconds, pointBefore } from "./clock.js";
import { Flight } from "./flight.js";
import { buildHelp } from "./help.js";
import { History } from "./history.js";
import { listenToKeys } from "./keys.js";
import { Lanes } from "./lanes.js";
import { Loop } from "./loop.js";
import { Mark } from "./mark.js";
import { People } from "./people.js";
import { Playback } from "./playback.js";
import { Settings } from "./settings.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Stills } from "./stills.js";
import { Tools } from "./tools.js";
import { RATES, Transport } from "./transport.js";

const REST_MS = 250; // without a step, before a full-size picture is fetched
const PAN = 60; // CSS pixels a key press
const ZOOM = 1.25;

/** Called once by gradio, when the component is on the page; `chooseSkater` and the like are null without such a choice. */
export function mount({ element, props, watch, base, ...told }) {
  const player = new Player(element.querySelector(".rp"), base, told);
  const follow = () => player.follow(props.value);
  watch("value", follow);
  follow();
  element.rinksidePlayer = player; // for tests, and for whoever is curious
}

class Player {
  constructor(root, base, { chooseSkater, mark, setFlight, setNotes }) {
    this.root = root;
    this.base = base;
    this.chooseSkater = chooseSkater;
    this.helpDialog = root.querySelector(".rp-help");
    this.shown = null;
    this.wanted = null;
    this.spanOnceOpen = null; // a span that is asked for before there is a picture
    this.refused = false; // whether the page has said why there is no clip
    this.rate = 1;
    this.settings = new Settings(root.querySelector(".rp-settings"), root.querySelector(".rp-legend"), {
      onStyle: (style) => this.stage.restyle(style),
    });
    this.stage = new Stage(root.querySelector(".rp-stage"), {
      onView: (zoom) => this.#viewed(zoom),
      onPick: (x, y) => this.#picked(x, y),
      onSize: () => this.#sized(),
    });
    this.status = new Status(root, this.stage);
    this.video = root.querySelector(".rp-video");
    this.playback = new Playback(this.video, {
      onFrame: (n, picture) => this.#show(picture, n),
      onStop: (n) => this.#stopped(n),
      onState: (state, share) => this.#playbackState(state, share),
    });
    this.lanes = new Lanes(root.querySelector(".rp-timeline"), { onSeek: (stamp) => this.goTo(this.clock.frameAt(stamp)) });
    this.people = new People(root.querySelector(".rp-people"), { onTake: chooseSkater && ((id) => this.#take(id)) });
    this.history = new History((history) => this.transport?.setHistory(history));
    this.flight = new Flight(root, {
      onSet: setFlight && ((flight) => setFlight({ token: this.scene.token, run: this.scene.run, ...this.#onScreen(flight) })),
      onSeek: (stamp) => this.goTo(this.clock.frameAt(stamp)),
      history: this.history,
    });
    this.tools = new Tools(root, this.stage, {
      onNotes: setNotes && ((notes) => setNotes({ token: this.scene.token, run: this.scene.run, notes })),
      onSeek: (n) => this.goTo(n),
      onTell: (text) => this.status.tell(text, { over: true }),
      history: this.history,
    });
    this.mark = new Mark(root, this.stage, {
      onMark: mark && ((box) => this.#marked(mark, box)),
      onTell: (text) => this.status.tell(text, { over: true }),
    });
    this.transport = new Transport(root, {
      act: (action) => this.act(action),
      onGoTo: (n) => this.goTo(n),
      onRate: (rate) => this.#setRate(rate),
    });
    this.loop = new Loop({
      onChange: (loop) => {
        this.playback.loop = loop.on ? loop.span : null;
        this.transport.setLoop(loop);
      },
      onMark: (loop) => this.#say("points", this.#points(loop)),
    });
    root.addEventListener("rinkside:put", ({ detail }) => this.#putPoints(detail));
    root.addEventListener("rinkside:play", ({ detail }) => this.#playSpan(detail));
    root.addEventListener("rinkside:seek", ({ detail }) => this.#seekTo(detail));
    listenToKeys(root, { act: (action, key) => this.act(action, key), everywhere: () => this.settings.keysEverywhere });
  }

  /** Gradio's value changed: another clip, or news of this one. */
  async follow(value) {
    const asked = JSON.parse(value || "{}");
    const { token, run, revision, frame, message } = asked;
    const opened = performance.now();
    if (!token) return this.#empty(message);
    if (this.asked && token !== this.asked.token) this.spanOnceOpen = null;
    this.asked = asked;
    this.refused = false;
    const other = token !== this.scene?.token;
    if (!other && revision === this.revision) return frame === null || this.goTo(frame);
    if (other) this.status.tell(this.scene ? this.word("loading") : "", { over: this.shown !== null });
    const url = `${this.base}clips/${token}`;
    // The first picture does not wait for the scene.
    const first = other ? fetch(`${url}/frame/${frame ?? 0}`) : null;
    const response = await fetch(run ? `${url}/scene/${run}` : `${url}/scene`).catch(() => null);
    if (asked !== this.asked) return;
    if (!response?.ok) return this.#empty((await response?.text()) ?? message);
    this.revision = revision;
    this.#open(await response.json(), url, { other, frame, first, opened });
  }

  word(key, values = {}) {
    const text = this.scene?.words[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  goTo(n) {
    if (!this.scene || n === null) return;
    n = this.clock.clamp(n);
    if (!this.clock.within(n)) this.#look(null);
    if (this.playback.playing) this.#play(n);
    if (this.playback.running) return;
    this.wanted = n;
    this.stills.moveTo(n);
    this.#showStill();
  }

  act(action, key) {
    if (action === "help") return this.helpDialog.showModal();
    if (!this.scene) return;
    if (action.startsWith("layer:")) return this.settings.toggle(action.slice(6));
    if (action.startsWith("tool:")) this.mark.leave();
    if (action.startsWith("tool:")) return this.tools.choose(action.slice(5));
    this.#actions[action]?.(key);
  }

  #actions = {
    play: () => this.#playOrPause(),
    back: () => this.#step(-1),
    forward: () => this.#step(1),
    backTen: () => this.#step(-10),
    forwardTen: () => this.#step(10),
    first: () => this.goTo(this.clock.view.from),
    last: () => this.goTo(this.clock.view.to),
    wholeFile: () => this.#look(this.clock.whole ? this.scene.span : null),
    previousMark: () => this.goTo(this.lanes.edge(this.wanted, -1, this.tools.frames)),
    nextMark: () => this.goTo(this.lanes.edge(this.wanted, 1, this.tools.frames)),
    goto: () => this.transport.goTo.focus(),
    slower: () => this.#setRate(RATES[Math.max(0, RATES.indexOf(this.rate) - 1)]),
    faster: () => this.#setRate(RATES[Math.min(RATES.length - 1, RATES.indexOf(this.rate) + 1)]),
    markA: () => this.loop.mark("a", this.wanted),
    markB: () => this.loop.mark("b", this.wanted),
    loop: () => this.loop.toggle(),
    clearLoop: () => this.loop.clear(),
    setTakeoff: () => this.flight.setHere("takeoff", this.wanted),
    setLanding: () => this.flight.setHere("landing", this.wanted),
    flightBack: () => this.flight.restore(),
    dropNote: () => this.tools.drop(),
    mark: () => this.#beginMark(),
    undo: () => this.history.undo(),
    redo: () => this.history.redo(),
    zoomIn: () => this.stage.zoomBy(ZOOM),
    zoomOut: () => this.stage.zoomBy(1 / ZOOM),
    zoomReset: () => this.stage.whole(),
    panLeft: () => this.stage.panBy(PAN, 0),
    panRight: () => this.stage.panBy(-PAN, 0),
    panUp: () => this.stage.panBy(0, PAN),
    panDown: () => this.stage.panBy(0, -PAN),
    overlays: () => this.settings.toggleAll(),
    person: (key) => this.#take(Number(key)),
    settings: () => this.#toggleSettings(),
    mute: () => this.#mute(),
    fullscreen: () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()),
  };

  #open(scene, url, { other, frame, first, opened }) {
    const known = this.scene;
    const clock = new Clock(scene);
    const same = !other && known.pts.length === scene.pts.length;
    const sameSpan = same && String(known.span) === String(scene.span);
    if (sameSpan) clock.view = this.clock.view;
    else clock.look(scene.span);
    this.scene = placed(scene);
    this.clock = clock;
    const say = (key, values) => this.word(key, values);
    this.root.setAttribute("aria-label", say("player"));
    this.stage.root.setAttribute("aria-label", say("stage"));
    this.stage.open(scene);
    this.transport.open(scene, clock, say);
    this.people.open(scene, say);
    this.mark.open(scene, say);
    if (known?.run !== scene.run) this.history.clear();
    this.#openLanes();
    this.status.open(scene, clock, say);
    if (known?.language !== scene.language) {
      this.settings.build(scene, say);
      buildHelp(this.helpDialog, say, this.settings);
    }
    this.root.dataset.state = scene.done ? "done" : "open";
    this.root.dataset.revision = String(this.revision);
    this.status.tell("");
    if (same) {
      if (!sameSpan) this.#looked();
      if (this.shown !== null) this.stage.restyle(this.settings.style), this.#tell(this.shown);
      if (!clock.within(this.wanted)) this.goTo(frame ?? clock.view.from);
      return frame === null || this.goTo(frame);
    }
    const from = frame ?? clock.view.from;
    if (!clock.within(from)) clock.look(null);
    this.#openPictures(url, from, from === (frame ?? 0) ? first : null, opened);
  }

  #openPictures(url, frame, first, opened) {
    this.#dropPictures();
    this.loop.open(this.clock);
    this.stills = new Stills(url, this.scene, {
      onReady: (n) => this.#ready(n),
      onError: (text, status) => this.#picturesFailed(text, status),
    });
    this.stills.fit(...this.stage.fitted);
    this.onFirst = () => {
      // Everything else waits until there is something to see.
      this.firstPictureMs = performance.now() - opened;
      this.playback.load(url, this.scene, this.clock);
      this.playback.end = this.clock.view.to;
      this.stills.moveTo(this.wanted);
      const span = this.spanOnceOpen;
      this.spanOnceOpen = null;
      if (span) this.#playSpan(span);
    };
    this.wanted = this.clock.clamp(frame);
    this.stills.first(this.wanted, first);
    this.#say("opened", {});
  }

  #openLanes() {
    const say = (key, values) => this.word(key, values);
    this.lanes.open(this.scene, this.clock, say);
    this.flight.open(this.scene, this.clock, say);
    this.tools.open(this.scene, this.clock, say);
  }

  /** A flight in seconds since the file's first frame, as the page counts. */
  #onScreen(flight) {
    const seconds = (stamp) => Number((stamp - this.clock.origin).toFixed(3));
    return flight ? { takeoff: seconds(flight.takeoff), landing: seconds(flight.landing) } : { takeoff: null, landing: null };
  }

  /** Let the time line show a span, or the whole file. */
  #look(span) {
    this.clock.look(span);
    this.#looked();
    if (!this.clock.within(this.wanted)) this.goTo(this.clock.view.from);
    else if (this.shown !== null) this.#tell(this.shown);
  }

  #looked() {
    const say = (key, values) => this.word(key, values);
    this.playback.end = this.clock.view.to;
    this.transport.look(this.scene, this.clock, say);
    this.#openLanes();
    this.loop.clock = this.clock;
    this.playback.loop = this.loop.on ? this.loop.span : null;
    this.transport.setLoop(this.loop);
  }

  /** Tell the page: an event on the player's root. */
  #say(name, detail) {
    this.root.dispatchEvent(new CustomEvent(`rinkside:${name}`, { bubbles: true, detail }));
  }

  /** A and B as the in and the out point that the page takes: the out point is B's last moment. */
  #points({ a, b }) {
    const { clock } = this;
    return {
      start: a === null ? "" : pointBefore(clock.seconds(a)),
      end: b === null ? "" : pointBefore(clock.endOf(b) - clock.origin),
    };
  }

  #putPoints({ start, end }) {
    if (!this.scene) return;
    const seconds = [start, end].map((text) => parseSeconds(text ?? ""));
    const a = seconds[0] === null ? null : this.clock.firstFrom(seconds[0]);
    const b = seconds[1] === null ? null : this.clock.lastBefore(seconds[1]);
    if (a === null || b === null || a <= b) this.loop.put(a, b);
  }

  /** Play a span once, from its first frame to its last; the time line shows it alone. */
  #playSpan({ start, end }) {
    if (this.asked?.token !== this.scene?.token || this.shown === null) {
      // Its first picture is still to come, unless the page has said why there is none.
      if (!this.refused) this.spanOnceOpen = { start, end };
      return;
    }
    const span = [this.clock.firstFrom(start), this.clock.lastBefore(end)];
    if (span[0] > span[1]) return;
    this.loop.clear();
    this.scene.span = span;
    this.#look(span);
    this.goTo(span[0]);
    if (!this.playback.playing) this.#play(span[0]);
  }

  #seekTo({ seconds }) {
    if (this.scene) this.goTo(this.clock.frameAt(this.clock.origin + seconds));
  }

  /** The clip on show goes: of its pictures and its video nothing may come any more. */
  #dropPictures() {
    this.playback.unload();
    this.transport.setPlaying(false);
    this.stills?.close();
    this.stage.wipe();
    this.status.clear();
    this.onFirst = null;
    this.shown = null;
    delete this.root.dataset.playback;
  }

  #ready(n) {
    if (n !== this.wanted || this.playback.running || this.shown === n) return;
    this.#showStill();
    const first = this.onFirst;
    this.onFirst = null;
    first?.();
  }

  #showStill() {
    const bitmap = this.stills.get(this.wanted);
    if (bitmap) this.#show(bitmap, this.wanted);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#sharpen(), REST_MS);
  }

  #show(source, n) {
    this.stage.show(source, n, this.settings.style);
    this.stills.onShow = source;
    this.shown = n;
    if (this.playback.running) this.wanted = n;
    this.#tell(n);
  }

  /** Everything that follows the frame on show. */
  #tell(n) {
    this.root.dataset.frame = String(n);
    this.transport.moveTo(n);
    this.lanes.moveTo(n);
    this.people.moveTo(n);
    this.tools.moveTo(n);
    this.status.moveTo(n, this.transport.describe(n), this.playback.running);
    this.#say("at", { seconds: this.clock.seconds(n), playing: this.playback.running });
  }

  /** A closer look deserves the full picture. */
  async #sharpen() {
    if (!this.scene) return;
    const { stills, shown: n } = this;
    const [width] = this.scene.stills.size;
    const small = width < this.scene.width && this.stage.scale * this.scene.width > 1.05 * width;
    const rests = () => stills === this.stills && !this.playback.running && n !== null && n === this.wanted && n === this.shown;
    if (!small || !rests()) return;
    const bitmap = await stills.full(n);
    if (bitmap && rests()) this.stage.show(bitmap, n, this.settings.style);
    else bitmap?.close();
  }

  #step(by) {
    if (this.playback.playing) this.#pause();
    this.goTo(this.wanted + by);
  }

  #startFrame() {
    if (this.loop.on) {
      const { from, to } = this.loop.span;
      return this.wanted >= from && this.wanted < to ? this.wanted : from;
    }
    return this.wanted >= this.clock.view.to ? this.clock.view.from : this.wanted;
  }

  #playOrPause() {
    if (this.playback.playing) return this.#pause();
    if (this.shown !== null) this.#play(this.#startFrame()); // before the first picture there is no video
  }

  #play(from) {
    if (this.playback.state === "none") return this.#playbackState("none");
    this.transport.setPlaying(true);
    this.playback.play(from);
  }

  #pause() {
    this.playback.pause();
    this.#stopped(this.shown);
  }

  #stopped(n) {
    this.transport.setPlaying(false);
    this.wanted = n;
    this.stills.moveTo(n);
    this.#showStill();
  }

  #setRate(rate) {
    this.rate = rate;
    this.transport.setRate(rate);
    this.playback.setRate(rate);
  }

  #mute() {
    const off = !this.video.muted;
    this.playback.muted = off;
    this.transport.setPressed("mute", off);
  }

  #toggleSettings() {
    const panel = this.settings.panel;
    panel.hidden = !panel.hidden;
    this.transport.buttons.settings.setAttribute("aria-expanded", String(!panel.hidden));
  }

  #viewed(zoom) {
    this.transport.setZoom(zoom);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#sharpen(), REST_MS);
  }

  #sized() {
    clearTimeout(this.sizing);
    this.sizing = setTimeout(() => this.scene && this.stills?.fit(...this.stage.fitted), 200);
  }

  #picked(x, y) {
    this.stage.root.focus({ preventScroll: true });
    if (this.shown === null) return;
    const id = this.people.at(this.shown, x, y);
    if (id !== null) this.#take(id);
  }

  #take(id) {
    if (!this.chooseSkater || !this.people.has(id) || id === this.scene.main || !this.scene.done) return;
    this.status.tell(this.word("choosing_skater", { id }), { over: true });
    this.chooseSkater({ token: this.scene.token, run: this.scene.run, person: id });
  }

  #beginMark() {
    if (this.shown === null) return;
    this.tools.leave();
    if (this.playback.playing) this.#pause();
    this.mark.toggle();
    if (this.mark.on) this.stage.root.focus({ preventScroll: true });
  }

  #marked(mark, box) {
    this.status.tell(this.word("marking"), { over: true });
    mark({ token: this.scene.token, run: this.scene.run, frame: this.shown, box });
  }

  #playbackState(state, share) {
    this.root.dataset.playback = state;
    const words = { copying: this.word("copying", { percent: Math.round(100 * share) }), none: this.word("no_playback") };
    this.status.tell(words[state] ?? "", { over: true });
  }

  #picturesFailed(text, status) {
    if (status === 409) {
      this.#dropPictures(); // frames were lost: the clip has another table by now
      this.scene = null;
      return this.follow(JSON.stringify({ ...this.asked, frame: null }));
    }
    this.status.tell(status === 404 ? this.word("gone") : text, { over: this.shown !== null });
  }

  #empty(message) {
    this.asked = null;
    this.refused = Boolean(message);
    this.spanOnceOpen = null;
    this.#dropPictures();
    this.scene = null;
    this.stills = null;
    this.stage.clear();
    this.root.dataset.state = "empty";
    delete this.root.dataset.frame;
    this.status.tell(message ?? "");
  }
}

/** What was found in a span, at the places that its frames have in the file. */
function placed(scene) {
  const from = scene.span?.[0] ?? 0;
  if (from === 0) return scene;
  const moved = (rows) => {
    const all = Array(scene.pts.length).fill(null);
    rows.forEach((row, i) => (all[from + i] = row));
    return all;
  };
  scene.people = scene.people.map((one) => ({ ...one, boxes: moved(one.boxes), scores: moved(one.scores) }));
  if (scene.pose) scene.pose = { ...scene.pose, joints: moved(scene.pose.joints), scores: moved(scene.pose.scores) };
  return scene;
}
