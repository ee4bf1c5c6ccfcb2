// The run as it was sent: texts, and columns that are decoded when they are first asked for.
const given = JSON.parse(document.getElementById("run").textContent);
const run = given.run;
const words = given.words;
const stems = run.columns.stem;
const MISSED = -1;

const say = (key, values = {}) =>
  (words[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));

const decoded = new Map();
function column(text, Kind) {
  if (!decoded.has(text)) {
    const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    decoded.set(text, new Kind(bytes.buffer));
  }
  return decoded.get(text);
}
const labels = column(run.columns.label, Int8Array);
const saidBy = voter => column(run.columns.said[voter], Int8Array);

const OF_VOTER = ["confidence", "margin", "entropy"];
const RANGES = [...OF_VOTER, "agreement", "skater_px", "length_s", "fps", "blur", "skeleton"];
const CHOICES = ["box_source", "split", "source"];

// A column of numbers; null where the run has none.
function numbers(name, voter) {
  if (OF_VOTER.includes(name)) return column(run.columns[name][voter], Float32Array);
  const text = name === "agreement" ? run.columns.agreement : run.columns.facts[name];
  return text === undefined ? null : column(text, Float32Array);
}
