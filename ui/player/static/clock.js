// Which frame is shown at a time: looked up in the decoder's own table, never computed from a rate.

export class Clock {
  constructor(scene) {
    this.pts = scene.pts; // seconds, increasing; one entry a frame
    this.until = scene.until;
    this.origin = scene.origin; // stamp of the file's first frame: time 0 on screen
    let gap = Infinity;
    for (let i = 1; i < this.pts.length; i++) gap = Math.min(gap, this.pts[i] - this.pts[i - 1]);
    this.tolerance = Math.min(0.002, gap / 4);
    this.view = { from: 0, to: this.last }; // frames that the time line shows
  }

  /** Let the time line show the frames of a span, or of the whole file. */
  look(span) {
    this.view = span ? { from: span[0], to: span[1] } : { from: 0, to: this.last };
  }

  within(n) {
    return n >= this.view.from && n <= this.view.to;
  }

  get whole() {
    return this.view.from === 0 && this.view.to === this.last;
  }

  get frames() {
    return this.pts.length;
  }

  get last() {
    return this.pts.length - 1;
  }

  /** The frame whose stamp this is; null if it is nobody's. */
  frameOfStamp(stamp) {
    const after = this.#firstAfter(stamp);
    let best = null;
    for (const n of [after - 1, after]) {
      if (n < 0 || n > this.last) continue;
      const distance = Math.abs(this.pts[n] - stamp);
      if (distance <= this.tolerance && (best === null || distance < Math.abs(this.pts[best] - stamp))) best = n;
    }
    return best;
  }

  /** The frame on screen at a stamp: the last that began by then, to the millisecond. */
  frameAt(stamp) {
    return this.clamp(this.#firstAfter(stamp + Math.min(this.tolerance, 0.0005)) - 1);
  }

  /** A moment safely within a frame's showing. */
  middle(n) {
    return (this.pts[n] + this.endOf(n)) / 2;
  }

  endOf(n) {
    return n < this.last ? this.pts[n + 1] : this.until;
  }

  /** Seconds since the file's first frame. */
  seconds(n) {
    return this.pts[n] - this.origin;
  }

  /** Place of a stamp along the lanes: 0..1, beyond them where the time line does not show it. */
  place(stamp) {
    const from = this.pts[this.view.from];
    return (stamp - from) / (this.endOf(this.view.to) - from);
  }

  /** The same, no further than the ends. */
  share(stamp) {
    return Math.min(1, Math.max(0, this.place(stamp)));
  }

  stampAt(share) {
    const from = this.pts[this.view.from];
    return from + share * (this.endOf(this.view.to) - from);
  }

  /** First frame of a span that begins with an in point, as `frames_between` in pipeline finds it. */
  firstFrom(seconds) {
    return this.clamp(this.#firstAfter(this.origin + seconds - 0.0005 - 1e-9));
  }

  /** Last frame of a span that ends with an out point. */
  lastBefore(seconds) {
    return this.clamp(this.#firstAfter(this.origin + seconds - 0.0005 - 1e-9) - 1);
  }

  clamp(n) {
    return Math.min(this.last, Math.max(0, n));
  }

  #firstAfter(stamp) {
    let low = 0;
    let high = this.pts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.pts[middle] > stamp) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export function formatSeconds(seconds) {
  const sign = seconds < 0 ? "-" : "";
  const ms = Math.round(Math.abs(seconds) * 1000);
  const minutes = Math.floor(ms / 60000);
  const rest = ((ms % 60000) / 1000).toFixed(3).padStart(6, "0");
  return `${sign}${minutes}:${rest}`;
}

/** A moment for the in and out fields, rounded so that the frame which begins then is still met. */
export function pointBefore(seconds) {
  return formatSeconds(Math.floor(1000 * seconds + 1e-6) / 1000);
}

/** A frame as the box to type a place into tells it: its number and its time. */
export function formatPlace(n, clock) {
  return `${n + 1}   ${formatSeconds(clock.seconds(n))}`;
}

/**
 * What was typed: a frame number (from 1), whatever time `formatPlace` wrote after it, or a time with
 * a point, an s or a colon; null: neither.
 */
export function parsePlace(text, clock) {
  const whole = /^#?\s*(\d{1,7})(?:\s+-?\d+:\d\d\.\d{3})?$/.exec(text.normalize("NFKC").trim());
  if (whole) return clock.clamp(Number(whole[1]) - 1);
  const seconds = parseSeconds(text);
  return seconds === null ? null : clock.frameAt(clock.origin + seconds);
}

const MOMENT = /^(-?)(?:(\d{1,3}):(?=\d{1,2}:))?(?:(\d{1,4}):)?(\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})\s*s?$/i;

/** Seconds from `75.2`, `1:15,2` or `0:01:15`; null: no time. The counterpart of `pipeline.moments`. */
export function parseSeconds(text) {
  const found = MOMENT.exec(text.normalize("NFKC").trim().replaceAll(",", ".").replaceAll("\u2212", "-"));
  if (!found) return null;
  const [, sign, hours, minutes, rest] = found;
  const seconds = Number(rest);
  if ((hours !== undefined && Number(minutes) >= 60) || (minutes !== undefined && seconds >= 60)) return null;
  const value = 3600 * Number(hours ?? 0) + 60 * Number(minutes ?? 0) + seconds;
  return sign ? -value : value;
}
