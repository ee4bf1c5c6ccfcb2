// The picture and, over it, the overlays: two canvases that are always painted together, so that
// no screen ever shows the boxes of one frame over the picture of another.

import { drawOverlay } from "./overlay.js";

const MAX_ZOOM = 12;

/** A whole number of pixels; all there are if only a black line would be left. */
const nearly = (size, all) => (Math.abs(size - all) < 2.5 ? all : Math.round(size));

export class Stage {
  constructor(root, { onView, onPick, onSize }) {
    this.root = root;
    this.picture = root.querySelector(".rp-picture");
    this.overlay = root.querySelector(".rp-overlay");
    this.pictureContext = this.picture.getContext("2d", { alpha: false });
    this.overlayContext = this.overlay.getContext("2d");
    this.onView = onView;
    this.onPick = onPick; // (x, y) in source pixels
    this.onSize = onSize; // the picture takes up another space on screen
    this.layers = []; // what else is drawn over the picture: (context, frame, view, unit) => void
    this.source = null;
    this.frame = null;
    this.scene = null;
    this.zoom = 1;
    this.centre = [0.5, 0.5]; // of the view, as a share of the picture
    new ResizeObserver(() => this.#resize()).observe(root);
    this.#listen();
  }

  open(scene) {
    const same = this.scene?.width === scene.width && this.scene?.height === scene.height;
    this.scene = scene;
    this.root.style.setProperty("--rp-aspect", String(scene.width / scene.height));
    if (!same) {
      this.zoom = 1;
      this.centre = [0.5, 0.5];
    }
  }

  /** Show a frame: `source` is a bitmap or VideoFrame, or else the video that presents the frame. */
  show(source, frame, style) {
    this.#release();
    this.source = source;
    this.frame = frame;
    this.style = style;
    this.#paintPicture();
    this.#paintOverlay();
  }

  /** Paint the overlays anew, over the picture that is there. */
  restyle(style) {
    this.style = style;
    if (this.frame !== null) this.#paintOverlay();
  }

  /** Paint what lies over the picture anew. */
  repaint() {
    if (this.frame !== null && this.scene) this.#paintOverlay();
  }

  /** Forget the frame: its picture stays until the next one, but nothing is drawn over it. */
  wipe() {
    this.frame = null;
    this.overlayContext.clearRect(0, 0, this.overlay.width, this.overlay.height);
  }

  clear() {
    this.wipe();
    this.#release();
    this.source = null;
    this.pictureContext.fillRect(0, 0, this.picture.width, this.picture.height);
  }

  zoomBy(factor, at = null) {
    if (!this.scene) return;
    const zoom = Math.min(MAX_ZOOM, Math.max(1, this.zoom * factor));
    if (at) {
      // What lies under the pointer stays under it.
      const before = this.toSource(...at);
      this.zoom = zoom;
      const after = this.toSource(...at);
      this.centre[0] += (before[0] - after[0]) / this.scene.width;
      this.centre[1] += (before[1] - after[1]) / this.scene.height;
    } else this.zoom = zoom;
    this.#changed();
  }

  panBy(dx, dy) {
    if (!this.scene || this.zoom === 1) return;
    const view = this.#view();
    const unit = this.#unit();
    this.centre[0] -= (dx * unit) / view.scale / this.scene.width;
    this.centre[1] -= (dy * unit) / view.scale / this.scene.height;
    this.#changed();
  }

  whole() {
    this.zoom = 1;
    this.#changed();
  }

  /** From CSS pixels within the stage to source pixels. */
  toSource(x, y) {
    const view = this.#view();
    const unit = this.#unit();
    return [(x * unit - view.x) / view.scale, (y * unit - view.y) / view.scale];
  }

  /** Canvas pixels that a source pixel takes up. */
  get scale() {
    return this.#view().scale;
  }

  /** Width and height of the whole picture on screen, in canvas pixels. */
  get fitted() {
    const scale = this.scale / this.zoom;
    const { width, height } = this.picture;
    return [nearly(this.scene.width * scale, width), nearly(this.scene.height * scale, height)];
  }

  /** A decoder lends out only so many pictures. */
  #release() {
    if ("VideoFrame" in window && this.source instanceof VideoFrame) this.source.close();
  }

  #changed() {
    const half = 0.5 / this.zoom;
    this.centre = this.centre.map((c) => Math.min(1 - half, Math.max(half, c)));
    if (this.frame !== null) {
      // A video that plays on may present another frame by now; its next one is soon here.
      if (!(this.source instanceof HTMLVideoElement)) this.#paintPicture(), this.#paintOverlay();
    }
    this.onView(this.zoom);
  }

  #unit() {
    return this.picture.width / Math.max(1, this.root.clientWidth);
  }

  #view() {
    const { width, height } = this.picture;
    const scale = Math.min(width / this.scene.width, height / this.scene.height) * this.zoom;
    return {
      scale,
      x: width / 2 - this.centre[0] * this.scene.width * scale,
      y: height / 2 - this.centre[1] * this.scene.height * scale,
    };
  }

  #paintPicture() {
    const context = this.pictureContext;
    const view = this.#view();
    context.fillStyle = "#000";
    context.fillRect(0, 0, this.picture.width, this.picture.height);
    // At its own size and on whole pixels a bitmap is copied, not scaled: by far the faster.
    if (this.zoom === 1) {
      const [width, height] = this.fitted;
      const place = [(this.picture.width - width) >> 1, (this.picture.height - height) >> 1];
      context.drawImage(this.source, ...place, width, height);
    } else {
      context.drawImage(this.source, view.x, view.y, this.scene.width * view.scale, this.scene.height * view.scale);
    }
  }

  #paintOverlay() {
    const context = this.overlayContext;
    context.clearRect(0, 0, this.overlay.width, this.overlay.height);
    drawOverlay(context, this.scene, this.frame, this.style, this.#view(), this.#unit());
    for (const draw of this.layers) draw(context, this.frame, this.#view(), this.#unit());
  }

  #resize() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.root.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.root.clientHeight * ratio));
    if (this.picture.width === width && this.picture.height === height) return;
    for (const canvas of [this.picture, this.overlay]) Object.assign(canvas, { width, height });
    if (this.source && this.frame !== null) this.#paintPicture(), this.#paintOverlay();
    if (this.scene) this.onSize();
  }

  #listen() {
    const pointers = new Map();
    let moved = 0;
    const local = (event) => {
      const box = this.root.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.root.addEventListener(
      "wheel",
      (event) => {
        if (!this.scene || (!event.ctrlKey && this.zoom === 1 && event.deltaY > 0)) return;
        event.preventDefault();
        this.zoomBy(Math.exp(-event.deltaY / 400), local(event));
      },
      { passive: false }
    );
    this.root.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, local(event));
      moved = 0;
      if (this.zoom > 1 || pointers.size > 1) this.root.setPointerCapture(event.pointerId);
    });
    this.root.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before || !this.scene) return;
      const now = local(event);
      const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      if (others.length) {
        const [other] = others;
        const spread = (at) => Math.max(10, Math.hypot(at[0] - other[0], at[1] - other[1]));
        this.zoomBy(spread(now) / spread(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
      }
      this.panBy((now[0] - before[0]) / (others.length + 1), (now[1] - before[1]) / (others.length + 1));
      pointers.set(event.pointerId, now);
    });
    const up = (event) => {
      const single = pointers.size === 1;
      if (pointers.delete(event.pointerId) && event.type === "pointerup" && single && moved < 5 && this.scene) {
        this.onPick(...this.toSource(...local(event)));
      }
    };
    this.root.addEventListener("pointerup", up);
    this.root.addEventListener("pointercancel", up);
  }
}
