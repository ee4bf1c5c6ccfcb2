// Decoded frames around the cursor. The server sends JPEG pictures in chunks; those near the cursor
// are turned into bitmaps ahead of time, of the size they have on screen, off the main thread: a step
// only has to copy one.

const BACK = 12; // bitmaps kept on the side the viewer comes from
const AHEAD = 28; // and on the side the viewer goes to
const DECODERS = 3; // pictures decoded at once
const MAX_BYTES = 256 * 2 ** 20; // of JPEG kept
const RETRY_MS = 250;
const FAR_CHUNKS = 4; // from the cursor; what is asked for beyond is no longer waited for
const MAX_SIDE = 1600; // of a bitmap

export class Stills {
  constructor(url, scene, { onReady, onError }) {
    this.url = url; // .../clips/<token>
    this.frames = scene.pts.length;
    this.table = scene.stills.table;
    this.chunkSize = scene.stills.chunk;
    this.onReady = onReady;
    this.onError = onError;
    this.chunks = new Map(); // chunk -> Blob[] | "coming"
    this.coming = new Map(); // chunk -> AbortController
    this.bitmaps = new Map(); // frame -> ImageBitmap
    this.decoding = new Set();
    this.cursor = 0;
    this.direction = 1;
    this.bytes = 0;
    this.closed = false;
    this.size = {};
    this.onShow = null; // the bitmap on screen, which may be painted again
  }

  /** Say how large the picture is on screen, in pixels: bitmaps of another size are made anew. */
  fit(width, height) {
    const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
    const size = { resizeWidth: Math.round(width * scale), resizeHeight: Math.round(height * scale) };
    if (size.resizeWidth === this.size.resizeWidth && size.resizeHeight === this.size.resizeHeight) return;
    this.size = { ...size, resizeQuality: "medium" };
    this.#forget(() => true);
    this.#fill();
  }

  /** The bitmap of a frame, if it is there. */
  get(n) {
    return this.bitmaps.get(n) ?? null;
  }

  has(chunk) {
    return Array.isArray(this.chunks.get(chunk));
  }

  /** Say where the viewer is: pictures around it are fetched and decoded. */
  moveTo(n) {
    if (n !== this.cursor) this.direction = n > this.cursor ? 1 : -1;
    this.cursor = n;
    this.#forgetFar();
    this.#abortFar();
    this.#fill();
  }

  /** One picture at once, without waiting for its chunk: the first one that is seen. */
  async first(n, asked) {
    const response = await (asked ?? fetch(`${this.url}/frame/${n}`)).catch(() => null);
    if (!response) return this.moveTo(n);
    if (!response.ok) return this.#failed(response);
    this.#keep(n, await createImageBitmap(await response.blob(), this.size));
  }

  /** A picture in full size, for a closer look; null if it cannot be had. */
  async full(n) {
    const response = await fetch(`${this.url}/full/${this.table}/${n}`);
    return response.ok ? createImageBitmap(await response.blob()) : null;
  }

  close() {
    this.closed = true;
    this.#forget(() => true);
    this.chunks.clear();
  }

  #wanted() {
    const [before, after] = this.direction > 0 ? [BACK, AHEAD] : [AHEAD, BACK];
    const order = [this.cursor];
    for (let step = 1; step <= Math.max(before, after); step++) {
      const near = this.direction * step;
      if (step <= (this.direction > 0 ? after : before)) order.push(this.cursor + near);
      if (step <= (this.direction > 0 ? before : after)) order.push(this.cursor - near);
    }
    return order.filter((n) => n >= 0 && n < this.frames);
  }

  #fill() {
    if (this.closed) return;
    for (const n of this.#wanted()) {
      if (this.bitmaps.has(n) || this.decoding.has(n)) continue;
      const chunk = Math.floor(n / this.chunkSize);
      if (this.has(chunk)) {
        if (this.decoding.size >= DECODERS) return;
        this.#decode(n, this.chunks.get(chunk)[n % this.chunkSize]);
      } else this.#fetch(chunk);
    }
  }

  async #decode(n, blob) {
    this.decoding.add(n);
    const size = this.size;
    try {
      const bitmap = await createImageBitmap(blob, size);
      if (size === this.size) this.#keep(n, bitmap);
      else bitmap.close();
    } catch (error) {
      this.onError(String(error));
    } finally {
      this.decoding.delete(n);
      this.#fill();
    }
  }

  #keep(n, bitmap) {
    if (this.closed || this.bitmaps.has(n)) return bitmap.close();
    this.bitmaps.set(n, bitmap);
    this.onReady(n);
  }

  async #fetch(chunk) {
    if (this.chunks.has(chunk)) return;
    const abort = new AbortController();
    this.chunks.set(chunk, "coming");
    this.coming.set(chunk, abort);
    try {
      const response = await fetch(`${this.url}/stills/${this.table}/${chunk}`, { signal: abort.signal });
      if (response.ok) {
        const blobs = unpack(await response.arrayBuffer());
        this.bytes += blobs.reduce((sum, blob) => sum + blob.size, 0);
        this.chunks.set(chunk, blobs);
        this.#fill();
        return;
      }
      this.chunks.delete(chunk);
      if (response.status === 503) setTimeout(() => this.#fill(), RETRY_MS);
      else await this.#failed(response);
    } catch (error) {
      if (this.coming.get(chunk) === abort) this.chunks.delete(chunk);
      if (!this.closed && !abort.signal.aborted) this.onError(String(error));
    } finally {
      if (this.coming.get(chunk) === abort) this.coming.delete(chunk);
    }
  }

  /** A browser asks for a few things at a time: none of them for where the viewer is no more. */
  #abortFar() {
    const here = this.cursor / this.chunkSize;
    for (const [chunk, abort] of this.coming) {
      if (Math.abs(chunk - here) <= FAR_CHUNKS) continue;
      abort.abort();
      this.coming.delete(chunk);
      this.chunks.delete(chunk);
    }
  }

  async #failed(response) {
    if (!this.closed) this.onError(await response.text(), response.status);
  }

  #forget(which) {
    for (const [n, bitmap] of this.bitmaps) {
      if (!which(n)) continue;
      if (bitmap !== this.onShow) bitmap.close();
      this.bitmaps.delete(n);
    }
  }

  #forgetFar() {
    this.#forget((n) => Math.abs(n - this.cursor) > AHEAD + BACK);
    if (this.bytes <= MAX_BYTES) return;
    const here = Math.floor(this.cursor / this.chunkSize);
    const kept = [...this.chunks.keys()].filter((chunk) => this.has(chunk));
    kept.sort((a, b) => Math.abs(b - here) - Math.abs(a - here));
    while (this.bytes > MAX_BYTES && kept.length > 4) {
      const chunk = kept.shift();
      this.bytes -= this.chunks.get(chunk).reduce((sum, blob) => sum + blob.size, 0);
      this.chunks.delete(chunk);
    }
  }
}

/** A chunk: the number of pictures and their lengths as 32-bit numbers, then the pictures. */
function unpack(buffer) {
  const view = new DataView(buffer);
  const count = view.getUint32(0, true);
  const blobs = [];
  let start = 4 * (count + 1);
  for (let i = 1; i <= count; i++) {
    const length = view.getUint32(4 * i, true);
    blobs.push(new Blob([new Uint8Array(buffer, start, length)], { type: "image/jpeg" }));
    start += length;
  }
  return blobs;
}
