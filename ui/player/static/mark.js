// A box drawn around the skater: with the pointer from corner to corner, or by keys. Places are
// source pixels of the frame on show.

const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SHARES = [0.4, 0.2, 0.6, 0.9]; // of the picture: where the box of the keys begins
const LEAST = 8; // source pixels; a smaller box is a click

export class Mark {
  /** onMark(box): it is drawn; null where nobody can be marked. */
  constructor(root, stage, { onMark, onTell }) {
    this.root = root;
    this.stage = stage;
    this.onMark = onMark;
    this.onTell = onTell;
    this.group = root.querySelector(".rp-by-hand");
    this.button = this.group.querySelector("button");
    this.on = false;
    stage.layers.push((context, _, view, unit) => this.on && this.#draw(context, view, unit));
    this.#listen();
  }

  open(scene, say) {
    Object.assign(this, { scene, say });
    this.group.hidden = !this.onMark || !scene.markable;
    if (this.group.hidden) this.leave();
  }

  /** Take the box in hand, or put it away. */
  toggle() {
    if (this.on || this.group.hidden) return this.leave();
    const { width, height } = this.scene;
    this.on = true;
    this.box = SHARES.map((share, side) => share * (side % 2 ? height : width));
    this.#show();
    this.onTell(this.say("mark_how"));
  }

  leave() {
    if (!this.on) return;
    this.on = false;
    this.#show();
    this.onTell("");
  }

  #show() {
    if (this.on) this.root.dataset.tool = "mark";
    else delete this.root.dataset.tool;
    this.button.setAttribute("aria-pressed", String(this.on));
    this.stage.repaint();
  }

  #listen() {
    const { root: surface } = this.stage;
    let corner = null;
    const at = (event) => {
      const box = surface.getBoundingClientRect();
      return this.#inside(this.stage.toSource(event.clientX - box.left, event.clientY - box.top));
    };
    const listen = (name, act) =>
      surface.addEventListener(
        name,
        (event) => {
          if (!this.on) return;
          event.preventDefault();
          event.stopPropagation();
          act(event);
        },
        true
      );
    const draw = (event) => {
      if (!corner) return;
      const other = at(event);
      const [low, high] = [Math.min, Math.max].map((pick) => corner.map((place, axis) => pick(place, other[axis])));
      this.box = [...low, ...high];
      this.stage.repaint();
    };
    listen("pointerdown", (event) => {
      surface.setPointerCapture(event.pointerId);
      corner = at(event);
      this.onTell(""); // it would hide the feet
    });
    listen("pointermove", draw);
    listen("pointerup", (event) => {
      const begun = corner;
      draw(event);
      corner = null;
      if (begun && this.#large) this.#confirm();
    });
    listen("pointercancel", () => (corner = null));
    document.addEventListener("keydown", (event) => this.#key(event), true);
  }

  /** The arrows move the box, with Shift its lower right corner. */
  #key(event) {
    if (!this.on || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("input, textarea, select")) return;
    const by = STEP[event.key];
    if (by) this.#moveBy(by.map((step) => (step * 6) / Math.max(0.1, this.stage.scale)), event.shiftKey);
    else if (event.key === "Enter" && this.#large) this.#confirm();
    else if (event.key === "Escape") this.leave();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #moveBy([dx, dy], cornerOnly) {
    const [x1, y1, x2, y2] = this.box;
    const { width, height } = this.scene;
    if (cornerOnly) {
      this.box = [x1, y1, Math.min(width, Math.max(x1 + LEAST, x2 + dx)), Math.min(height, Math.max(y1 + LEAST, y2 + dy))];
    } else {
      const right = Math.min(width - x2, Math.max(-x1, dx));
      const down = Math.min(height - y2, Math.max(-y1, dy));
      this.box = [x1 + right, y1 + down, x2 + right, y2 + down];
    }
    this.stage.repaint();
  }

  get #large() {
    const [x1, y1, x2, y2] = this.box;
    return x2 - x1 >= LEAST && y2 - y1 >= LEAST;
  }

  #confirm() {
    const box = this.box.map((value) => Math.round(10 * value) / 10);
    this.leave();
    this.onMark(box);
  }

  #inside([x, y]) {
    const { width, height } = this.scene;
    return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
  }

  /** Yellow with a dark seam, as the skater's box. */
  #draw(context, view, unit) {
    const [x1, y1, x2, y2] = this.box;
    for (const [colour, width] of [["rgba(0, 0, 0, 0.6)", 5], ["#f0e442", 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * unit;
      context.strokeRect(view.x + x1 * view.scale, view.y + y1 * view.scale, (x2 - x1) * view.scale, (y2 - y1) * view.scale);
    }
  }
}
