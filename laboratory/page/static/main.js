// The page: what is shown follows from the address alone, and every choice is a change of it.
const page = document.getElementById("laboratory");
let clipsShown = PAGE_OF_CLIPS;

const current = () => parsed(location.hash.slice(1));

function go(filter) {
  const query = queryOf(filter);
  if (query === location.hash.slice(1)) return;
  clipsShown = PAGE_OF_CLIPS;
  location.hash = query;  // `hashchange` draws
}

const change = what => go({ ...current().filter, ...what });
function changeView(name, value, first) {
  const { filter } = current();
  const rest = Object.fromEntries(Object.entries(filter.view).filter(([key]) => key !== name));
  go({ ...filter, view: value === first ? rest : { ...rest, [name]: value } });
}

function section(name, ...children) {
  return el("section", { id: name, "aria-labelledby": `${name}-title` },
    el("h2", { id: `${name}-title` }, say(name)), children);
}

const note = (name, text) => el("p", { id: `${name}-note`, class: "soft" }, text);

function slicesNote(filter) {
  const found = run.slices[voterOf(filter)];
  return found?.length ? note("slices", say("slices_note", { usual: percent(found[0].usual) })) : null;
}

const scrolled = (text, ...children) => el("div", { class: "wide", tabindex: 0, role: "group", "aria-label": text }, children);

function filterBar(filter, strange, count) {
  const chips = conditions(filter).map(name => el("li", {}, button(`${chipText(filter, name)} \u00d7`,
    () => go(without(filter, [name])), { "aria-label": say("remove", { name: chipText(filter, name) }), "data-chip": name })));
  const all = chips.length > 1
    ? button(say("clear"), () => go(without(filter, conditions(filter))), { class: "clear" }) : null;
  return section("filter",
    chips.length ? el("ul", { class: "chips" }, chips, all ? el("li", {}, all) : null) : el("p", {}, say("filter_none")),
    strange.length ? el("p", { role: "alert" }, say("not_understood", { parts: strange.join(", ") })) : null,
    adder(filter),
    el("p", { id: "shown", role: "status" }, say("shown", { shown: count, clips: stems.length })));
}

// A condition to add: its name, and fields as that condition has values.
function adder(filter) {
  const known = ["true", "said", "right", ...RANGES.filter(name => numbers(name, voterOf({ voter: run.voters.includes(filter.voter) ? filter.voter : "" })) !== null),
                 ...CHOICES.filter(name => name in run.columns.words), "text"];
  const fields = el("span", { class: "fields" });
  const draw = name => fields.replaceChildren(...valueFields(name));
  const pick = choice("condition", say("condition"), known.map(name => [name, say(name)]), "true", draw);
  draw("true");
  return el("form", { class: "adder", onsubmit: event => {
    event.preventDefault();
    const next = parsed(queryOf(filter)).filter;
    const name = event.target.elements.condition.value;
    for (const value of typedValues(name, event.target.elements)) take(next, name, value);
    go(next);
  } }, pick, fields, el("button", { type: "submit" }, say("add")));
}

function valueFields(name) {
  const select = options => [choice("value", say("value"), options, null, () => {})];
  if (name === "true" || name === "said") {
    return select([...run.order.map(c => [run.labels[c], run.labels[c]]), ["none", say(name === "true" ? "unknown" : "none")]]);
  }
  if (name === "right") return select([["no", say("right_no")], ["yes", say("right_yes")]]);
  if (CHOICES.includes(name)) return select(run.columns.words[name].names.map(word => [`=${word}`, word || say("unknown")]));
  const field = (id, type) => el("span", { class: "field" }, el("label", { for: id }, say(id === "value" ? "value" : id)),
    el("input", { id, type, step: "any", maxlength: type === "text" ? 200 : null }));
  return name === "text" ? [field("value", "text")] : [field("low", "number"), field("high", "number")];
}

const typedValues = (name, fields) =>
  RANGES.includes(name) ? (fields.low.value || fields.high.value ? [`${fields.low.value}..${fields.high.value}`] : [])
    : fields.value.value ? [fields.value.value] : [];

function matrixSection(filter) {
  const pick = (name, options, first) => choice(`view-${name}`, say(name), options, view(filter, name, first),
    value => changeView(name, value, first));
  const others = run.voters.filter(voter => voter !== voterOf(filter));
  return section("confusion",
    el("div", { class: "controls" },
      pick("by", ["class", "family", "kind", "turns"].map(by => [by, say(`by_${by}`)]), "class"),
      pick("unit", ["counts", "shares"].map(unit => [unit, say(unit)]), "counts"),
      pick("order", ["family", "clustered"].map(order => [order, say(`order_${order}`)]), "family"),
      pick("less", [["", say("none")], ...others.map(voter => [voter, voterName(voter)])], "")),
    note("confusion", say("confusion_caption")),
    scrolled(say("confusion"), matrixTable(filter, (truth, said) => change({ true: truth, said, right: null }))));
}

function draw() {
  const { filter, strange } = current();
  if (!run.voters.includes(voterOf(filter))) { strange.push(`voter=${filter.voter}`); filter.voter = ""; }
  const rows = rowsOf(filter);
  const count = listed(filter, rows).length;
  const focused = document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.id;
  const queue = choice("view-queue", say("queue"),
    ["stem", "confident", "disagreement", "margin", "label_errors"].map(name => [name, say(`queue_${name}`)]),
    view(filter, "queue", "stem"), value => changeView("queue", value, "stem"));
  page.replaceChildren(
    el("h1", {}, `${say("laboratory")}: ${run.title}`),
    el("p", {}, say("intro", { clips: stems.length })),
    run.simulated ? el("p", { class: "note" }, say("simulated")) : "",
    run.problems.length ? el("p", { class: "note" }, `${say("problems")}: `,
      run.problems.map(p => say(`problem_${p.reason}`, p)).join("; ")) : "",
    filterBar(filter, strange, count),
    section("overview", note("overview", say("interval_note")), scrolled(say("overview"), overviewTable(filter, voter => change({ voter }))),
      el("details", {}, el("summary", {}, say("per_class")),
        classTable(filter, c => change({ true: new Set([c]), said: new Set(), right: null })))),
    section("slices", slicesNote(filter), scrolled(say("slices"), sliceTable(filter, where => change({ ...where, voter: filter.voter, view: filter.view })))),
    el("div", { class: "pair" }, matrixSection(filter),
      section("clips", queue, clipTable(filter, rows, clipsShown, () => { clipsShown += PAGE_OF_CLIPS; draw(); }))));
  if (focused) [...page.querySelectorAll("[aria-label], [id]")]
    .find(element => element.getAttribute("aria-label") === focused || element.id === focused)?.focus({ preventScroll: true });
}

addEventListener("hashchange", draw);
draw();
