// Where a loop begins and ends; a missing mark is the clip's own end.

export class Loop {
  constructor(onChange) {
    this.onChange = onChange;
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
  }

  toggle() {
    this.#set(this.a, this.b, !this.on);
  }

  /** First and last frame. */
  get span() {
    return { from: this.a ?? 0, to: this.b ?? this.clock.last };
  }

  #set(a, b, on) {
    Object.assign(this, { a, b, on });
    this.onChange(this);
  }
}
