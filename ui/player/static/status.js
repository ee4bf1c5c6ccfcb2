// What is said about the frame on show: beside the picture, in place of it, and to screen readers.

const REST_MS = 600; // a reader cannot follow every step

export class Status {
  constructor(root, stage) {
    this.stage = stage;
    this.message = root.querySelector(".rp-message");
    this.live = root.querySelector(".rp-live");
    [this.left, this.right] = root.querySelectorAll(".rp-hud");
  }

  open(scene, clock, say) {
    Object.assign(this, { scene, clock, say });
  }

  moveTo(n, words, playing) {
    const lacks = this.#lacking(n);
    this.left.textContent = `${n + 1} / ${this.clock.frames}`;
    this.right.textContent = lacks.join(", ");
    clearTimeout(this.resting);
    if (playing) return;
    const told = [words, ...lacks].join(", ");
    this.stage.overlay.setAttribute("aria-label", told);
    this.resting = setTimeout(() => (this.live.textContent = told), REST_MS);
  }

  /** Nothing is on show. */
  clear() {
    clearTimeout(this.resting);
    this.left.textContent = this.right.textContent = this.live.textContent = "";
    this.stage.overlay.removeAttribute("aria-label");
  }

  /** A sentence in the middle of the picture, or at its foot where there is something to see. */
  tell(text, { over = false } = {}) {
    this.message.textContent = text;
    this.message.dataset.over = String(over);
  }

  /** What should be there in this frame and is not. */
  #lacking(n) {
    const { people, main, pose, span } = this.scene;
    const lacks = [];
    if (span && (n < span[0] || n > span[1])) return [this.say("outside_span")];
    if (people.length && !people.find(({ id }) => id === main)?.boxes[n]) lacks.push(this.say("no_box"));
    if (pose && !pose.joints[n]) lacks.push(this.say("no_skeleton"));
    else if (pose && !pose.trained) lacks.push(this.say("untrained_skeleton"));
    return lacks;
  }
}
