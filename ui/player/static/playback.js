// Plays the video. The only clock is what was presented: the stamp of the very picture that is drawn,
// or requestVideoFrameCallback's mediaTime. What was asked for does not count, nor does currentTime.

const UNKNOWN_LIMIT = 4; // presented frames nobody knows, before a copy is asked for
const POLL_MS = 500;

export class Playback {
  /**
   * onFrame(frame, picture): this frame is presented; onStop(frame): playing ended there;
   * onState(state, share): "loading" | "ready" | "copying" | "none".
   */
  constructor(video, { onFrame, onStop, onState }) {
    this.video = video;
    this.onFrame = onFrame;
    this.onStop = onStop;
    this.onState = onState;
    this.playing = false;
    this.rate = 1;
    this.loop = null; // {from, to} frames
    this.end = 0; // last frame to play
    this.generation = 0; // of plays; a newer one ends an older one
    this.loads = 0; // a newer one ends an older one
    this.unload();
    video.addEventListener("loadeddata", () => video.videoWidth === 0 && this.#failed());
    video.addEventListener("error", () => this.#failed());
    video.addEventListener("ended", () => this.#ended());
  }

  /** Let go of the video: until the next `load` nothing plays and nothing is heard. */
  unload() {
    this.loads++;
    this.pause();
    this.clock = null;
    this.offset = null; // mediaTime = stamp + offset
    this.state = null;
    this.loading = false;
    this.seeking = false;
    this.shown = null;
    this.unknown = 0;
    this.copy = false;
    this.#drop();
  }

  load(url, scene, clock) {
    this.unload();
    this.url = url;
    this.clock = clock;
    this.end = clock.last;
    // Older browsers have no VideoFrame, or one that forgets how the picture is to be turned.
    this.exact = "VideoFrame" in window && (!scene.turned || "rotation" in VideoFrame.prototype);
    this.#become("loading");
    if (!this.video.requestVideoFrameCallback) this.#become("none"); // without it no frame is known
    else if (scene.plays) this.#take(`${url}/video`);
    else this.#useCopy();
  }

  get ready() {
    return this.offset !== null;
  }

  /** Whether the video says which frame is next: it plays, or is about to. */
  get running() {
    return this.playing && this.ready;
  }

  /** Play on from a frame; as soon as the video is ready, if it is not yet. */
  async play(from) {
    this.playing = true;
    this.start = from;
    if (!this.ready) return;
    const run = ++this.generation;
    this.video.playbackRate = this.rate;
    await this.#seek(from);
    if (run !== this.generation || !this.playing) return;
    try {
      await this.video.play();
    } catch (error) {
      if (run === this.generation && error.name !== "AbortError") this.#stop(from);
    }
  }

  pause() {
    const was = this.playing;
    this.playing = false;
    this.generation++;
    if (!this.video.paused) this.video.pause();
    return was;
  }

  setRate(rate) {
    this.rate = rate;
    this.video.playbackRate = rate;
  }

  set muted(off) {
    this.video.muted = off;
  }

  /** The first frame that is presented is the first of the file: it tells how the clocks differ. */
  #take(source) {
    const load = ++this.loads;
    const first = this.copy ? this.clock.pts[0] : this.clock.origin;
    this.loading = true;
    this.video.requestVideoFrameCallback((_, frame) => {
      if (load !== this.loads) return;
      const [stamp, picture] = this.#look(frame);
      if (picture !== this.video) picture.close();
      this.loading = false;
      this.offset = stamp - first;
      this.#become("ready");
      this.#listen(load);
      if (this.playing) this.play(this.start);
    });
    this.video.src = source;
  }

  #listen(load) {
    this.video.requestVideoFrameCallback((_, frame) => {
      if (load !== this.loads) return;
      if (this.playing && !this.seeking) {
        const [stamp, picture] = this.#look(frame);
        const taken = this.#presented(stamp - this.offset, picture);
        if (!taken && picture !== this.video) picture.close();
      }
      this.#listen(load);
    });
  }

  /**
   * The picture on show and its stamp. The element itself may be a frame further by the time it is
   * drawn; a VideoFrame stands still and knows its own stamp.
   */
  #look(frame) {
    try {
      const picture = this.exact ? new VideoFrame(this.video) : null;
      if (picture) return [picture.timestamp / 1e6, picture];
    } catch {
      // A video whose picture may not be taken out, e.g. between two sources.
    }
    return [frame.mediaTime, this.video];
  }

  /** Whether the picture is shown, and so somebody else's to close. */
  #presented(stamp, picture) {
    const n = this.clock.frameOfStamp(stamp);
    if (n === null) return this.#strange(stamp);
    this.unknown = 0;
    const end = this.loop ? this.loop.to : this.end;
    if (n > end) return this.#atEnd(end);
    this.shown = n;
    this.onFrame(n, picture);
    if (this.loop && n === end) this.#againAfter(n);
    return true;
  }

  #strange(stamp) {
    if (stamp >= this.clock.until - this.clock.tolerance) return this.#atEnd(this.end);
    if (stamp < this.clock.pts[0]) return false; // before the span: on its way there
    if (++this.unknown >= UNKNOWN_LIMIT && !this.copy) this.#useCopy();
    return false;
  }

  /** Let the last frame of a loop stand for as long as it lasts, then begin again. */
  #againAfter(n) {
    const run = this.generation;
    const ms = (1000 * (this.clock.endOf(n) - this.clock.pts[n])) / this.rate;
    setTimeout(() => {
      if (run === this.generation && this.playing) this.#atEnd(n);
    }, 0.8 * ms);
  }

  #atEnd(n) {
    if (this.loop) this.play(this.loop.from);
    else this.#stop(n);
    return false;
  }

  #ended() {
    if (this.playing && !this.seeking) this.#atEnd(this.loop ? this.loop.to : this.clock.last);
  }

  #stop(n) {
    this.pause();
    this.onStop(n);
  }

  #seek(n) {
    const target = this.clock.middle(n) + this.offset;
    this.seeking = true;
    return new Promise((resolve) => {
      const done = () => {
        this.video.removeEventListener("seeked", done);
        this.seeking = false;
        resolve();
      };
      this.video.addEventListener("seeked", done);
      this.video.currentTime = target;
    });
  }

  #failed() {
    if (!this.loading) return;
    if (!this.copy) return void this.#useCopy();
    this.loading = false;
    this.loads++;
    this.#become("none");
    if (this.pause()) this.onStop(this.start);
  }

  /** Without `load` an element that lost its source plays on. */
  #drop() {
    this.video.removeAttribute("src");
    this.video.load();
  }

  #become(state, share) {
    this.state = state;
    this.onState(state, share);
  }

  async #useCopy() {
    const load = ++this.loads;
    const url = this.url;
    this.copy = true;
    this.offset = null;
    this.loading = true;
    this.#drop();
    this.#become("copying", 0);
    const made = await this.#untilMade(load);
    if (load !== this.loads) return;
    if (made?.ok) this.#take(`${url}/copy`);
    else this.#failed();
  }

  /** Ask for the copy until it is there: it is made behind the requests, in its turn. */
  async #untilMade(load) {
    for (;;) {
      // One byte is enough to know that the copy is complete; the video element fetches the rest.
      const asked = { headers: { Range: "bytes=0-0" } };
      const answer = await fetch(`${this.url}/copy`, asked).catch(() => null);
      if (load !== this.loads || (answer?.status !== 202 && answer?.status !== 503)) return answer;
      if (answer.status === 202) {
        const { share } = await answer.json();
        if (load !== this.loads) return null;
        this.#become("copying", share);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (load !== this.loads) return null;
    }
  }
}
