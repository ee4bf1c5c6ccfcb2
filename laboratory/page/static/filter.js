// Which clips are shown: the same conditions as laboratory/table/filters.py, from the same address.
const emptyFilter = () =>
  ({ voter: "", true: new Set(), said: new Set(), right: null, ranges: {}, words: {}, text: "", view: {} });

const folded = text => text.replace(/\s/g, "").toLowerCase();
const classOf = new Map(run.labels.map((label, index) => [folded(label), index]));

// A filter from an address, and the parts of it that mean nothing.
function parsed(query) {
  const filter = emptyFilter();
  const strange = [];
  for (const [name, value] of new URLSearchParams(query)) {
    if (!take(filter, name, value)) strange.push(`${name}=${value}`);
  }
  return { filter, strange };
}

function take(filter, name, value) {
  if (name === "voter") filter.voter = value;
  else if (name === "true" || name === "said") {
    const index = value === "none" ? MISSED : classOf.get(folded(value));
    if (index === undefined) return false;
    filter[name].add(index);
  } else if (name === "right" && (value === "yes" || value === "no")) filter.right = value === "yes";
  else if (RANGES.includes(name)) {
    const range = rangeOf(value);
    if (range === null) return false;
    filter.ranges[name] = range;
  } else if (CHOICES.includes(name) && value.startsWith("=")) {
    (filter.words[name] ??= new Set()).add(value.slice(1));
  } else if (name === "text" && value.length <= 200) filter.text = value;
  else if (name.startsWith("view.")) filter.view[name.slice(5)] = value;
  else return false;
  return true;
}

function rangeOf(text) {
  const place = text.indexOf("..");
  if (place < 0) return null;
  const [from, to] = [text.slice(0, place), text.slice(place + 2)];
  const low = from === "" ? -Infinity : Number(from);
  const high = to === "" ? Infinity : Number(to);
  return low <= high ? [low, high] : null;
}

function queryOf(filter) {
  const pairs = new URLSearchParams();
  if (filter.voter) pairs.append("voter", filter.voter);
  for (const name of ["true", "said"]) {
    for (const index of [...filter[name]].sort((a, b) => a - b)) {
      pairs.append(name, index < 0 ? "none" : run.labels[index]);
    }
  }
  if (filter.right !== null) pairs.append("right", filter.right ? "yes" : "no");
  for (const name of RANGES) {
    if (!(name in filter.ranges)) continue;
    const [low, high] = filter.ranges[name].map(edge => (Number.isFinite(edge) ? String(edge) : ""));
    pairs.append(name, `${low}..${high}`);
  }
  for (const name of CHOICES) for (const word of [...(filter.words[name] ?? [])].sort()) pairs.append(name, `=${word}`);
  if (filter.text) pairs.append("text", filter.text);
  for (const [name, value] of Object.entries(filter.view)) pairs.append(`view.${name}`, value);
  return pairs.toString();
}

const voterOf = filter => filter.voter || run.voters[0];

// A byte a clip: 1 where it is shown. A voter or column that the run lacks fits no clip.
function rowsOf(filter) {
  const N = stems.length;
  const voter = voterOf(filter);
  if (!run.voters.includes(voter)) return new Uint8Array(N);
  const rows = new Uint8Array(N).fill(1);
  const said = saidBy(voter);
  keepClasses(rows, labels, filter.true);
  keepClasses(rows, said, filter.said);
  if (filter.right !== null) {
    for (let i = 0; i < N; i++) if (labels[i] < 0 || (said[i] === labels[i]) !== filter.right) rows[i] = 0;
  }
  for (const [name, edges] of Object.entries(filter.ranges)) keepRange(rows, numbers(name, voter), edges);
  for (const [name, chosen] of Object.entries(filter.words)) keepWords(rows, run.columns.words[name], chosen);
  keepText(rows, filter.text);
  return rows;
}

function keepClasses(rows, values, classes) {
  if (!classes.size) return;
  const shown = new Uint8Array(run.labels.length + 1);
  for (const index of classes) shown[index + 1] = 1;
  for (let i = 0; i < rows.length; i++) rows[i] &= shown[values[i] + 1];
}

function keepRange(rows, values, edges) {
  if (values === null) return void rows.fill(0);
  const [low, high] = edges.map(Math.fround);
  for (let i = 0; i < rows.length; i++) if (!(values[i] >= low && values[i] <= high)) rows[i] = 0;
}

function keepWords(rows, found, chosen) {
  if (found === undefined) return void rows.fill(0);
  const shown = found.names.map(name => chosen.has(name));
  const place = column(found.place, Int32Array);
  for (let i = 0; i < rows.length; i++) if (!shown[place[i]]) rows[i] = 0;
}

let lowered = null;
function keepText(rows, text) {
  const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!parts.length) return;
  lowered ??= stems.map(stem => stem.toLowerCase());
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] && !parts.every(part => lowered[i].includes(part))) rows[i] = 0;
  }
}
