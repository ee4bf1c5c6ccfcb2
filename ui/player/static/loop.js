// Where a loop begins and ends; a missing mark is the end of what the time line shows. The same two
// marks are the in and the out point of the next analysis.

export class Loop {
  /** onChange(loop): anything changed; onMark(loop): the viewer set or took away a mark. */
  constructor({ onChange, onMark }) {
    this.onChange = onChange;
    this.onMark = onMark;
    this.a = this.b = null;
    this.on = false;
  }

  open(clock) {
    this.clock = clock;
    this.#set(null, null, false);
  }

  /** Set an end ("a" or "b") to a frame; the other end goes if the loop would run backwards. */
  mark(end, frame) {
    let { a, b } = { a: this.a, b: this.b, [end]: frame };
    if (a !== null && b !== null && b <= a) [a, b] = end === "a" ? [a, null] : [null, b];
    this.#set(a, b, true);
    this.onMark(this);
  }

  clear() {
    this.#set(null, null, false);
    this.onMark(this);
  }

  /** Both marks, as they were set elsewhere. */
  put(a, b) {
    if (a === this.a && b === this.b) return;
    this.#set(a, b, this.on && (a !== null || b !== null));
  }

  toggle() {
    this.#set(this.a, this.b, !this.on);
  }

  /** First and last frame. */
  get span() {
    const { from, to } = this.clock.view;
    return { from: this.a ?? Math.min(from, this.b ?? from), to: this.b ?? Math.max(to, this.a ?? to) };
  }

  #set(a, b, on) {
    Object.assign(this, { a, b, on });
    this.onChange(this);
  }
}
