// Elements of the page. Texts are set as texts, never as markup: a stem may be any string.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined));
  return made;
}

const button = (text, onclick, attributes = {}) => el("button", { type: "button", onclick, ...attributes }, text);

// A select with its label. `options`: [value, text] pairs.
function choice(id, text, options, chosen, onpick) {
  const select = el("select", { id, onchange: event => onpick(event.target.value) },
    options.map(([value, name]) => el("option", { value, selected: value === chosen }, name)));
  return el("span", { class: "field" }, el("label", { for: id }, text), select);
}

const voterName = voter => words[`voter_${voter}`] ?? voter;
const percent = (share, digits = 1) => (share === null || Number.isNaN(share) ? "" : (100 * share).toFixed(digits));
const classText = index => (index < 0 ? say("none") : run.labels[index]);
const isGroupName = name => `group_${name}` in words;
const groupText = name => (isGroupName(name) ? say(`group_${name}`) : name);

// Classes in words: a whole kind, family or number of turns by its name, else one by one.
function classesText(classes) {
  for (const by of ["kind", "turns", "family"]) {
    const { names, ofClass } = run.groupings[by];
    const group = ofClass[[...classes][0]];
    if (classes.size > 1 && group !== undefined && same(classes, classesIn(run.groupings[by], group))) {
      return by === "turns" && !isGroupName(names[group]) ? say("turns", { turns: names[group] }) : groupText(names[group]);
    }
  }
  return [...classes].map(classText).join(", ");
}

const classesIn = (grouping, group) => new Set([...run.labels.keys()].filter(c => grouping.ofClass[c] === group));
const same = (one, other) => one.size === other.size && [...one].every(item => other.has(item));

// What a condition is called on its chip.
function chipText(filter, name) {
  if (name === "true" || name === "said") return `${say(name)}: ${classesText(filter[name])}`;
  if (name === "right") return `${say("right")}: ${say(filter.right ? "right_yes" : "right_no")}`;
  if (name === "text") return `${say("text")}: ${filter.text}`;
  if (name in filter.ranges) {
    const [low, high] = filter.ranges[name].map(edge => (Number.isFinite(edge) ? Number(edge.toPrecision(4)) : ""));
    return `${say(name)}: ${low} - ${high}`;
  }
  return `${say(name)}: ${[...filter.words[name]].map(word => word || say("unknown")).join(", ")}`;
}

function conditions(filter) {
  return [
    ...["true", "said"].filter(name => filter[name].size),
    ...(filter.right === null ? [] : ["right"]),
    ...RANGES.filter(name => name in filter.ranges),
    ...CHOICES.filter(name => name in filter.words),
    ...(filter.text ? ["text"] : []),
  ];
}

function without(filter, names) {
  const left = { ...filter, ranges: { ...filter.ranges }, words: { ...filter.words } };
  for (const name of names) {
    if (name in left.ranges) delete left.ranges[name];
    else if (name in left.words) delete left.words[name];
    else left[name] = emptyFilter()[name];
  }
  return left;
}
