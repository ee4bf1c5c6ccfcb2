// The form of the chosen element and the bar: every button and field says one correction.

const form = () => one("#programme-editor form");
const keyOf = () => form()?.dataset.key ?? desk.chosen;
const here = () => Number(desk.now.toFixed(3));

/** What stands in the field beside a button, which is told now. */
function taken(button) {
  const field = button.parentElement.querySelector("input");
  typed.delete(field.name);
  return field.value;
}

const ACTS = {
  undo: () => tell("undo"),
  redo: () => tell("redo"),
  insert: (button) => tell("insert", { at: here(), code: taken(button).trim() }),
  confirm: (button) => tell("confirm", { name: taken(button) }),
  open: () => open(keyOf()),
  play: () => play(keyOf()),
  mark: (button) => tell("mark", { key: keyOf(), review: button.getAttribute("aria-pressed") !== "true" }),
  split: () => tell("split", { key: keyOf(), at: here() }),
  merge: () => tell("merge", { key: keyOf() }),
  delete: () => tell("delete", { key: keyOf() }),
  start_here: () => edgeHere("start"),
  end_here: () => edgeHere("end"),
  takeoff_here: (button) => putHere(button.closest("[data-jump]"), "takeoff"),
  landing_here: (button) => putHere(button.closest("[data-jump]"), "landing"),
};

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button && !button.disabled) ACTS[button.dataset.act]?.(button);
});

const FIELDS = {
  code: (value) => tell("relabel", { key: keyOf(), code: value }),
  note: (value) => tell("note", { key: keyOf(), text: value }),
  start: (value) => tell("span", { key: keyOf(), ...span(option(keyOf())), start: value }),
  end: (value) => tell("span", { key: keyOf(), ...span(option(keyOf())), end: value }),
};

/** Once for each new text: browsers say a change again when the field is left. */
function say(field) {
  const value = field.value.trim();
  const flight = field.closest("[data-jump]");
  const tellField = flight ? () => tellFlight(flight) : FIELDS[field.name];
  if (!tellField || value === (field.dataset.said ?? field.defaultValue)) return;
  field.dataset.said = value;
  if (!flight) typed.delete(field.name);
  tellField(value);
}

const END_FIELDS = ["takeoff", "landing"];
const fieldOf = (flight, end) => flight.querySelector(`[name^=${end}]`);

/** Take-off and landing of a jump are told together; of one that had none, once both are there. */
function tellFlight(flight) {
  const [takeoff, landing] = END_FIELDS.map((end) => fieldOf(flight, end).value.trim());
  if (flight.dataset.takeoff === undefined && !(takeoff && landing)) return;
  for (const end of END_FIELDS) typed.delete(fieldOf(flight, end).name);
  tell("flight", { key: keyOf(), jump: Number(flight.dataset.jump), takeoff, landing });
}

/** A jump takes off, or lands, where the player stands. */
function putHere(flight, end) {
  const field = fieldOf(flight, end);
  field.value = clockAt(here());
  typed.set(field.name, { key: keyOf(), value: field.value });
  say(field);
}

const clockAt = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(3).padStart(6, "0")}`;

/** By key: of the jump that nobody has timed yet, else of the one nearest to the cursor. */
function flightHere(end) {
  if (form()?.dataset.key !== desk.chosen) return;
  const away = ({ dataset }) =>
    dataset.takeoff === undefined ? -1 : Math.max(dataset.takeoff - desk.now, desk.now - dataset.landing, 0);
  const nearest = every("#programme-editor [data-jump]").sort((a, b) => away(a) - away(b))[0];
  if (nearest) putHere(nearest, end);
}

// What is being typed stays when the server draws the same form anew.
const typed = new Map(); // name of a field -> whose form it is in, and what stands in it
const FORMS = "#programme-editor input, #programme-bar input";
const ownerOf = (field) => field.closest("#programme-editor") && keyOf();

page.addEventListener("input", ({ target }) => {
  if (target.matches(FORMS)) typed.set(target.name, { key: ownerOf(target), value: target.value });
});

function keepTyped() {
  for (const field of every(FORMS)) {
    const kept = typed.get(field.name);
    if (!kept || field.value === kept.value || field.dataset.said) continue;
    if (kept.key === ownerOf(field)) field.value = kept.value;
    else typed.delete(field.name);
  }
}

const backToList = () => one("#programme-list [data-elements]")?.focus({ preventScroll: true });

page.addEventListener("change", ({ target }) => target.matches("#programme-editor input") && say(target));
page.addEventListener("submit", (event) => event.preventDefault());

const FIELD_KEYS = {
  Escape(field) {
    if (closeCodes(field)) return;
    field.value = field.defaultValue;
    typed.delete(field.name);
    backToList();
  },
  Enter(field) {
    takeActive(field);
    if (field.name === "insert") return field.closest(".pg-put-in").querySelector("button").click();
    if (field.name === "name") return field.parentElement.querySelector("button").click();
    say(field);
    closeCodes(field);
    backToList();
  },
  ArrowDown: (field) => moveActive(field, 1),
  ArrowUp: (field) => moveActive(field, -1),
};

page.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.matches?.("#programme-editor input, #programme-bar input") || event.isComposing) return;
  if (!FIELD_KEYS[event.key] || (event.key.startsWith("Arrow") && !codesOf(field))) return;
  event.preventDefault();
  event.stopPropagation();
  FIELD_KEYS[event.key](field);
});

// Completion from the element table, which came with the page.
const codesOf = (field) => field.closest(".pg-code-field")?.querySelector(".pg-codes");

function completed(typed) {
  const text = typed.replace(/\s+/g, "");
  const cut = text.lastIndexOf("+") + 1;
  const [head, last] = [text.slice(0, cut), text.slice(cut).toLowerCase()];
  const { solo, following, levels } = JSON.parse(one("#programme-table [data-codes]").dataset.codes);
  const own = cut ? null : Object.keys(levels).find((code) => code.toLowerCase() === last);
  const found = (cut ? following : solo).filter((code) => code.toLowerCase().startsWith(last));
  return [...new Set([...found, ...(own ? levels[own] : [])])].slice(0, 8).map((code) => head + code);
}

function showCodes(field) {
  const box = codesOf(field);
  const found = field.value.trim() ? completed(field.value) : [];
  box.replaceChildren(
    ...found.map((code, i) => {
      const entry = document.createElement("span");
      Object.assign(entry, { id: `${box.id}-${i}`, textContent: code });
      entry.setAttribute("role", "option");
      entry.setAttribute("aria-selected", "false");
      entry.dataset.code = code;
      return entry;
    })
  );
  box.hidden = !found.length;
  field.setAttribute("aria-expanded", String(found.length > 0));
  field.removeAttribute("aria-activedescendant");
}

/** Whether it was open. */
function closeCodes(field) {
  const box = codesOf(field);
  const was = Boolean(box && !box.hidden);
  if (was) box.hidden = true;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
  return was;
}

function moveActive(field, by) {
  if (codesOf(field).hidden) showCodes(field);
  const all = [...codesOf(field).children];
  if (!all.length) return;
  const at = all.findIndex((entry) => entry.getAttribute("aria-selected") === "true");
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
  for (const entry of all) entry.setAttribute("aria-selected", String(entry === next));
  field.setAttribute("aria-activedescendant", next.id);
}

/** The marked completion into the field. */
function takeActive(field) {
  const entry = codesOf(field)?.querySelector("[aria-selected=true]");
  if (entry && !codesOf(field).hidden) field.value = entry.dataset.code;
  closeCodes(field);
}

const completes = (target) => target.matches?.("#programme input[data-completes]");
page.addEventListener("input", ({ target }) => completes(target) && showCodes(target));
page.addEventListener("focusout", ({ target }) => completes(target) && closeCodes(target));
page.addEventListener("pointerdown", (event) => {
  const entry = event.target.closest(".pg-codes [data-code]");
  if (!entry) return;
  event.preventDefault(); // the field keeps the focus
  const field = entry.closest(".pg-code-field").querySelector("input");
  field.value = entry.dataset.code;
  closeCodes(field);
  if (field.name === "code") say(field);
});
