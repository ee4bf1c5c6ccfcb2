// The confusion matrix: counted from the columns, walked by arrow keys, a cell filters what is below.
const view = (filter, name, first) => filter.view[name] ?? first;

function counted(rows, voter, grouping) {
  const G = grouping.names.length;
  const said = saidBy(voter);
  const counts = new Int32Array(G * (G + 1));
  for (let i = 0; i < rows.length; i++) {
    if (!rows[i] || labels[i] < 0) continue;
    const given = said[i] < 0 ? G : grouping.ofClass[said[i]];
    counts[grouping.ofClass[labels[i]] * (G + 1) + given]++;
  }
  return counts;
}

// Shares of a row's clips, those without an answer among them.
function shared(counts, G) {
  const shares = new Float64Array(counts.length);
  for (let row = 0; row < G; row++) {
    let clips = 0;
    for (let j = 0; j <= G; j++) clips += counts[row * (G + 1) + j];
    for (let j = 0; j <= G; j++) shares[row * (G + 1) + j] = clips ? counts[row * (G + 1) + j] / clips : 0;
  }
  return shares;
}

function matrixOf(filter) {
  const by = view(filter, "by", "class");
  const grouping = run.groupings[by] ?? run.groupings.class;
  const G = grouping.names.length;
  const rows = rowsOf(without(filter, ["true", "said", "right"]));
  const counts = counted(rows, voterOf(filter), grouping);
  const less = view(filter, "less", "");
  const other = run.voters.includes(less) ? counted(rows, less, grouping) : null;
  const used = [...Array(G).keys()].filter(g => {
    for (let j = 0; j <= G; j++) {
      if (counts[g * (G + 1) + j] || (j < G && counts[j * (G + 1) + g])) return true;
      if (other && (other[g * (G + 1) + j] || (j < G && other[j * (G + 1) + g]))) return true;
    }
    return false;
  });
  if (by === "class" && view(filter, "order", "family") === "clustered") {
    const place = new Map(run.clustered[voterOf(filter)].map((g, index) => [g, index]));
    used.sort((a, b) => (place.get(a) ?? G + a) - (place.get(b) ?? G + b));
  }
  return { grouping, G, counts, other, used };
}

function matrixTable(filter, onpick) {
  const { grouping, G, counts, other, used } = matrixOf(filter);
  const shares = shared(counts, G);
  const minus = other && shared(other, G);
  const asShares = Boolean(other) || view(filter, "unit", "counts") === "shares";
  const names = grouping.names.map(groupText);
  const classes = g => classesIn(grouping, g);
  const chosen = (row, g) => same(filter.true, classes(row)) && same(filter.said, classes(g));
  const cell = (row, g) => {
    const at = row * (G + 1) + g;
    const value = minus ? shares[at] - minus[at] : asShares ? shares[at] : counts[at];
    const shown = asShares ? (100 * value).toFixed(0) : String(value);
    const strength = Math.abs(minus ? value : shares[at]);
    const good = row === g ? !minus || value >= 0 : Boolean(minus) && value < 0;
    const told = say("cell", { true: names[row], said: names[g], value: asShares ? `${shown} %` : shown });
    return el("td", {}, button(value ? shown : "", () => onpick(classes(row), classes(g)), {
      class: value ? (good ? "good" : "bad") : "empty", style: `--strength:${value ? 0.12 + 0.5 * strength : 0}`,
      "aria-label": told, title: told, tabindex: -1, "aria-pressed": String(chosen(row, g)),
    }));
  };
  const head = el("tr", {}, el("th", { scope: "col" }, say("true")),
    used.map(g => el("th", { scope: "col" }, el("span", {}, names[g]))));
  const body = used.map(row => el("tr", {}, el("th", { scope: "row" }, names[row]), used.map(g => cell(row, g))));
  const table = el("table", { class: "matrix", "aria-describedby": "confusion-note" },
    el("thead", {}, head), el("tbody", { onkeydown: walk }, body));
  const first = table.querySelector('[aria-pressed="true"]') ?? table.querySelector("td button");
  first?.setAttribute("tabindex", "0");
  return table;
}

// Arrow keys, Home and End: one cell of the matrix is in the order of the tab key, as in a grid.
function walk(event) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
                  Home: [0, -Infinity], End: [0, Infinity] };
  const step = steps[event.key];
  const at = event.target.closest("td");
  if (!step || !at || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const rows = [...event.currentTarget.rows];
  const within = (index, most) => Math.min(Math.max(index, 0), most);
  const row = rows[within(rows.indexOf(at.parentElement) + step[0], rows.length - 1)];
  const to = row.cells[within(at.cellIndex - 1 + step[1], row.cells.length - 2) + 1].firstElementChild;
  at.firstElementChild.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}
