// Which frame is shown at a time: looked up in the decoder's own table, never computed from a rate.

export class Clock {
  constructor(scene) {
    this.pts = scene.pts; // seconds, increasing; one entry a frame
    this.until = scene.until;
    this.origin = scene.origin; // stamp of the file's first frame: time 0 on screen
    let gap = Infinity;
    for (let i = 1; i < this.pts.length; i++) gap = Math.min(gap, this.pts[i] - this.pts[i - 1]);
    this.tolerance = Math.min(0.002, gap / 4);
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

  /** Place of a stamp along the lanes, 0..1. */
  share(stamp) {
    const from = this.pts[0];
    return Math.min(1, Math.max(0, (stamp - from) / (this.until - from)));
  }

  stampAt(share) {
    return this.pts[0] + share * (this.until - this.pts[0]);
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

/** A frame as the box to type a place into tells it: its number and its time. */
export function formatPlace(n, clock) {
  return `${n + 1}   ${formatSeconds(clock.seconds(n))}`;
}

/**
 * What was typed: a frame number (from 1), whatever time `formatPlace` wrote after it, or a time with
 * a point, an s or a colon; null: neither.
 */
export function parsePlace(text, clock) {
  const typed = text.trim().replace(",", ".");
  const whole = /^#?\s*(\d{1,7})(?:\s+-?\d+:\d\d\.\d{3})?$/.exec(typed);
  if (whole) return clock.clamp(Number(whole[1]) - 1);
  const time = /^(?:(\d{1,3}):)?(\d{1,4}(?:\.\d*)?|\.\d+)\s*s?$/.exec(typed);
  if (!time) return null;
  return clock.frameAt(clock.origin + 60 * Number(time[1] || 0) + Number(time[2]));
}
