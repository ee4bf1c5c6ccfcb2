// Draws what the models saw over the picture: the same shapes and colours as `overlay.mp4`.

export const LAYERS = ["skater", "skeleton", "others", "region", "labels"];

export const DEFAULT_STYLE = {
  skater: true,
  skeleton: true,
  others: true,
  region: true,
  labels: true,
  minScore: 0.2,
  width: 1,
  opacity: 1,
};

/**
 * Paint one frame's overlays. `view` turns source pixels into canvas pixels: {scale, x, y};
 * `unit` is the canvas pixels of a CSS pixel.
 */
export function drawOverlay(context, scene, n, style, view, unit) {
  const pen = new Pen(context, style, view, unit);
  context.globalAlpha = style.opacity;
  if (style.region && scene.region) pen.dashed(scene.region, scene.colours.region);
  if (style.others) {
    for (const person of scene.people) {
      const box = person.boxes[n];
      if (box && person.id !== scene.main) pen.box(box, scene.colours.others, pen.name(person, n, ""));
    }
  }
  const main = scene.people.find((person) => person.id === scene.main);
  if (style.skater && main?.boxes[n]) {
    pen.box(main.boxes[n], scene.colours.skater, pen.name(main, n, scene.words.skater + " "));
  }
  if (style.skeleton && scene.pose) drawSkeleton(pen, scene, n, style);
  context.globalAlpha = 1;
}

function drawSkeleton(pen, scene, n, style) {
  const joints = scene.pose.joints[n];
  const known = scene.pose.scores[n];
  if (!joints || !known) return;
  // The scores of an untrained network mean nothing: its skeleton is drawn whole.
  const scores = scene.pose.trained ? known : known.map(() => 1);
  const point = (which) => [
    which.reduce((sum, j) => sum + joints[2 * j], 0) / which.length,
    which.reduce((sum, j) => sum + joints[2 * j + 1], 0) / which.length,
  ];
  const certainty = (which) => Math.min(...which.map((j) => scores[j]));
  const solid = (score) => {
    const share = (score - style.minScore) / Math.max(0.01, 1 - style.minScore);
    return style.opacity * Math.min(1, Math.max(0, 0.35 + 0.65 * share));
  };
  for (const [start, end, side] of scene.lines) {
    const score = certainty([...start, ...end]);
    if (score < style.minScore) continue;
    pen.bone(point(start), point(end), scene.colours[side], solid(score));
  }
  const sides = jointSides(scene.lines);
  for (let j = 0; j < scores.length; j++) {
    if (scores[j] >= style.minScore) pen.dot(point([j]), scene.colours[sides[j] ?? "middle"], solid(scores[j]));
  }
}

const sidesOf = new WeakMap();

/** Which side every joint belongs to, from the lines that end in it. */
function jointSides(lines) {
  if (!sidesOf.has(lines)) {
    const sides = {};
    for (const [start, end, side] of lines) {
      if (side !== "middle") for (const ends of [start, end]) if (ends.length === 1) sides[ends[0]] ??= side;
    }
    sides[0] = "middle"; // the nose
    sidesOf.set(lines, sides);
  }
  return sidesOf.get(lines);
}

class Pen {
  constructor(context, style, view, unit) {
    this.context = context;
    this.view = view;
    this.opacity = style.opacity;
    this.labels = style.labels;
    this.unit = unit;
    // Thinner lines over a small picture, as on a phone; a CSS pixel at least.
    const size = Math.min(1.25, Math.max(0.55, context.canvas.width / unit / 900));
    this.line = Math.max(unit, 2 * style.width * size * unit);
    context.lineJoin = "round";
    context.lineCap = "round";
    this.letter = 12 * Math.max(0.8, Math.min(1, size)) * unit;
    context.font = `600 ${this.letter}px system-ui, sans-serif`;
    context.textBaseline = "middle";
  }

  name(person, n, before) {
    const score = person.scores[n]?.[0];
    return `${before}${person.id}${score === undefined ? "" : " · " + score.toFixed(2)}`;
  }

  place([x, y]) {
    return [this.view.x + x * this.view.scale, this.view.y + y * this.view.scale];
  }

  box([x1, y1, x2, y2], colour, label) {
    const [left, top] = this.place([x1, y1]);
    const [right, bottom] = this.place([x2, y2]);
    this.#outlined(colour, this.line, this.opacity, () => this.context.rect(left, top, right - left, bottom - top));
    if (this.labels) this.#label(label, left, top, colour);
  }

  dashed([x1, y1, x2, y2], colour) {
    const inset = this.line / 2;
    const [left, top] = this.place([x1, y1]);
    const [right, bottom] = this.place([x2, y2]);
    this.context.setLineDash([6 * this.unit, 5 * this.unit]);
    this.#outlined(colour, Math.max(1, 0.75 * this.line), this.opacity, () =>
      this.context.rect(left + inset, top + inset, right - left - 2 * inset, bottom - top - 2 * inset)
    );
    this.context.setLineDash([]);
  }

  bone(start, end, colour, opacity) {
    this.#outlined(colour, 1.4 * this.line, opacity, () => {
      this.context.moveTo(...this.place(start));
      this.context.lineTo(...this.place(end));
    });
  }

  dot(centre, colour, opacity) {
    const context = this.context;
    context.globalAlpha = opacity;
    context.beginPath();
    context.arc(...this.place(centre), 1.35 * this.line, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = Math.max(1, 0.4 * this.line);
    context.strokeStyle = "rgba(0, 0, 0, 0.55)";
    context.stroke();
    context.globalAlpha = this.opacity;
  }

  /** A line with a dark seam: visible on white ice and on a dark stand. */
  #outlined(colour, width, opacity, trace) {
    const context = this.context;
    context.beginPath();
    trace();
    context.globalAlpha = opacity * 0.45;
    context.strokeStyle = "#000";
    context.lineWidth = width + 1.6 * this.unit;
    context.stroke();
    context.globalAlpha = opacity;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
    context.globalAlpha = this.opacity;
  }

  #label(words, x, y, colour) {
    const context = this.context;
    const pad = 4 * this.unit;
    const height = 1.4 * this.letter;
    const width = context.measureText(words).width + 2 * pad;
    const left = Math.max(0, Math.min(x, context.canvas.width - width));
    const top = y >= height ? y - height : y;
    context.fillStyle = colour;
    context.fillRect(left, top, width, height);
    context.fillStyle = "#000";
    context.fillText(words, left + pad, top + height / 2 + this.unit * 0.5);
  }
}
