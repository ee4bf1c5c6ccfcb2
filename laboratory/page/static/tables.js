// Tables of figures, slices and clips.
function countedFigures(rows, voter) {
  const K = run.labels.length;
  const said = saidBy(voter);
  const [all, right, claimed] = [new Int32Array(K), new Int32Array(K), new Int32Array(K)];
  for (let i = 0; i < rows.length; i++) {
    if (!rows[i] || labels[i] < 0) continue;
    all[labels[i]]++;
    if (said[i] >= 0) claimed[said[i]]++;
    if (said[i] === labels[i]) right[labels[i]]++;
  }
  const occurs = [...all.keys()].filter(c => all[c]);
  const mean = values => (values.length ? values.reduce((sum, x) => sum + x, 0) / values.length : NaN);
  const sum = values => values.reduce((total, x) => total + x, 0);
  return {
    mean_class_accuracy: mean(occurs.map(c => right[c] / all[c])),
    top1: sum(right) / sum(all),
    macro_f1: mean(occurs.map(c => (2 * right[c]) / (all[c] + claimed[c]))),
    all, right, occurs,
  };
}

const FIGURES = ["mean_class_accuracy", "top1", "macro_f1"];

function overviewTable(filter, onvoter) {
  const narrow = without(filter, ["said", "right"]);
  const narrowed = conditions(narrow).length > 0;
  const row = voter => {
    const sent = run.figures[voter];
    const found = narrowed ? countedFigures(rowsOf({ ...narrow, voter }), voter) : null;
    const cells = FIGURES.map(name => el("td", {}, found ? percent(found[name]) : withInterval(sent[name])));
    const ece = el("td", {}, found ? "" : withInterval(sent.ece));
    const paper = el("td", {}, run.paper[voter]?.toFixed(2) ?? "");
    const pick = button(voterName(voter), () => onvoter(voter), { "aria-pressed": String(voter === voterOf(filter)) });
    return el("tr", {}, el("th", { scope: "row" }, pick), cells, ece, paper);
  };
  const heads = ["voter", ...FIGURES, "ece", "paper"].map(name => el("th", { scope: "col" }, say(name)));
  return el("table", { class: "figures", "aria-describedby": "overview-note" },
    el("thead", {}, el("tr", {}, heads)), el("tbody", {}, run.voters.map(row)));
}

const withInterval = ([value, low, high]) =>
  value === null ? "" : `${percent(value)} [${percent(low)}, ${percent(high)}]`;

function classTable(filter, onclass) {
  const narrow = without(filter, ["true", "said", "right"]);
  const narrowed = conditions(narrow).length > 0;
  const voter = voterOf(filter);
  const found = countedFigures(rowsOf(narrow), voter);
  const sent = run.figures[voter];
  const share = c => found.right[c] / found.all[c];
  const order = [...found.occurs].sort((a, b) => share(a) - share(b));
  const row = c => {
    const edges = narrowed ? "" : `[${percent(sent.low[c])}, ${percent(sent.high[c])}]`;
    const bar = el("span", { class: "bar", style: `--share:${share(c)}`, "aria-hidden": "true" });
    return el("tr", {}, el("th", { scope: "row" }, button(run.labels[c], () => onclass(c))),
      el("td", {}, String(found.all[c])), el("td", {}, `${percent(share(c))} ${edges}`, bar));
  };
  const heads = ["true", "clips", "accuracy"].map(name => el("th", { scope: "col" }, say(name)));
  return el("table", { class: "classes" }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, order.map(row)));
}

function sliceTable(filter, onslice) {
  const found = run.slices[voterOf(filter)] ?? [];
  if (!found.length) return el("p", {}, say("slices_none"));
  const row = slice => {
    const { filter: where } = parsed(slice.query);
    const name = conditions(where).map(condition => chipText(where, condition)).join("; ");
    return el("tr", {}, el("th", { scope: "row" }, button(name, () => onslice(where))),
      el("td", {}, String(slice.clips)), el("td", {}, withInterval(slice.heldOut)));
  };
  const heads = ["slice", "clips", "error"].map(name => el("th", { scope: "col" }, say(name)));
  return el("table", { class: "slices", "aria-describedby": "slices-note" },
    el("thead", {}, el("tr", {}, heads)), el("tbody", {}, found.map(row)));
}

const PAGE_OF_CLIPS = 60;

function listed(filter, rows) {
  const queue = run.queues[voterOf(filter)]?.[view(filter, "queue", "stem")];
  if (queue) return queue.filter(i => rows[i]);
  const found = [];
  for (let i = 0; i < rows.length; i++) if (rows[i]) found.push(i);
  return found;
}

function clipTable(filter, rows, shown, onmore) {
  const found = listed(filter, rows);
  if (!found.length) return el("p", {}, say("nothing"));
  const voter = voterOf(filter);
  const [confidence, margin] = [numbers("confidence", voter), numbers("margin", voter)];
  const others = run.voters.filter(name => name !== voter).slice(0, 4);
  const answer = (name, i) => {
    const given = saidBy(name)[i];
    return el("td", { class: given === labels[i] || labels[i] < 0 ? null : "wrong" }, classText(given));
  };
  const row = i => el("tr", {}, el("th", { scope: "row" }, stems[i]),
    el("td", {}, labels[i] < 0 ? say("unknown") : run.labels[labels[i]]), answer(voter, i),
    el("td", {}, percent(confidence[i], 0)), el("td", {}, percent(margin[i], 0)),
    others.map(name => answer(name, i)));
  const heads = [say("clip"), say("true"), voterName(voter), `${say("confidence")} %`, `${say("margin")} %`,
                 ...others.map(voterName)].map(text => el("th", { scope: "col" }, text));
  return el("div", {}, el("div", { class: "wide", tabindex: 0, role: "group", "aria-label": say("clips") },
    el("table", { class: "clips" }, el("thead", {}, el("tr", {}, heads)),
      el("tbody", {}, found.slice(0, shown).map(row)))),
    found.length > shown ? button(say("more"), onmore, { class: "more" }) : null);
}
