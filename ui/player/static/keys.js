// Every key of the player, once: the handler, the help and the button's tooltips read this table.

export const KEYS = [
  { keys: [" ", "k"], action: "play", word: "play" },
  { keys: ["ArrowLeft", ","], action: "back", word: "back" },
  { keys: ["ArrowRight", "."], action: "forward", word: "forward" },
  { keys: ["PageUp"], action: "backTen", word: "back_ten" },
  { keys: ["PageDown"], action: "forwardTen", word: "forward_ten" },
  { keys: ["Home"], action: "first", word: "first" },
  { keys: ["End"], action: "last", word: "last" },
  { keys: ["["], action: "previousMark", word: "previous_mark" },
  { keys: ["]"], action: "nextMark", word: "next_mark" },
  { keys: ["g"], action: "goto", word: "goto" },
  { keys: ["ArrowDown", "<"], action: "slower", word: "slower" },
  { keys: ["ArrowUp", ">"], action: "faster", word: "faster" },
  { keys: ["a"], action: "markA", word: "mark_a" },
  { keys: ["b"], action: "markB", word: "mark_b" },
  { keys: ["l"], action: "loop", word: "loop" },
  { keys: ["x"], action: "clearLoop", word: "clear_loop" },
  { keys: ["w"], action: "wholeFile", word: "whole_file" },
  { keys: ["t"], action: "setTakeoff", word: "set_takeoff" },
  { keys: ["y"], action: "setLanding", word: "set_landing" },
  { keys: ["i"], action: "tool:line", word: "tool_line" },
  { keys: ["q"], action: "tool:angle", word: "tool_angle" },
  { keys: ["c"], action: "tool:stopwatch", word: "tool_stopwatch" },
  { keys: ["e"], action: "tool:text", word: "tool_text" },
  { keys: ["j"], action: "mark", word: "mark" },
  { keys: ["Delete"], action: "dropNote", word: "drop_note" },
  { keys: ["Ctrl+z"], action: "undo", word: "undo" },
  { keys: ["Ctrl+Shift+z", "Ctrl+y"], action: "redo", word: "redo" },
  { keys: ["+", "="], action: "zoomIn", word: "zoom_in" },
  { keys: ["-", "_"], action: "zoomOut", word: "zoom_out" },
  { keys: ["z"], action: "zoomReset", word: "zoom_reset" },
  { keys: ["Shift+ArrowLeft"], action: "panLeft", word: "pan" },
  { keys: ["Shift+ArrowRight"], action: "panRight", word: "pan" },
  { keys: ["Shift+ArrowUp"], action: "panUp", word: "pan" },
  { keys: ["Shift+ArrowDown"], action: "panDown", word: "pan" },
  { keys: ["o"], action: "overlays", word: "overlays" },
  { keys: ["v"], action: "layer:skater", word: "layer_skater" },
  { keys: ["s"], action: "layer:skeleton", word: "layer_skeleton" },
  { keys: ["p"], action: "layer:others", word: "layer_others" },
  { keys: ["r"], action: "layer:region", word: "layer_region" },
  { keys: ["n"], action: "layer:labels", word: "layer_labels" },
  { keys: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], action: "person", word: "person_key" },
  { keys: ["d"], action: "settings", word: "settings" },
  { keys: ["m"], action: "mute", word: "mute" },
  { keys: ["f"], action: "fullscreen", word: "fullscreen" },
  { keys: ["?"], action: "help", word: "help" },
];

const NAMES = {
  " ": "Space",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  "Ctrl+z": "Ctrl Z",
  "Ctrl+Shift+z": "Ctrl Shift Z",
  "Ctrl+y": "Ctrl Y",
  "Shift+ArrowLeft": "Shift ←",
  "Shift+ArrowRight": "Shift →",
  "Shift+ArrowUp": "Shift ↑",
  "Shift+ArrowDown": "Shift ↓",
};

const byKey = new Map(KEYS.flatMap((entry) => entry.keys.map((key) => [key, entry.action])));
const STEPPING = new Set(["back", "forward", "backTen", "forwardTen", "panLeft", "panRight", "panUp", "panDown"]);
const REPEATING = new Set([...STEPPING, "slower", "faster", "zoomIn", "zoomOut"]);

export function keyName(key) {
  return NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/** The key that a button's tooltip names; empty without one. */
export function keyOf(action) {
  const entry = KEYS.find((candidate) => candidate.action === action);
  return entry ? keyName(entry.keys[0]) : "";
}

// What was pressed with mouse or finger and still has the focus: its keys are the player's, unlike
// those of a control that somebody went to by Tab.
let pressed = null;
const CONTROLS = "button, summary, a[href], [role=tab], [role=button], [type=checkbox], [type=radio]";

let latest = null; // of several players on a page, the one that was used last has the page's keys

/** Call `act(action, key)` for key presses that are meant for the player. */
export function listenToKeys(root, { act, everywhere }) {
  latest ??= root;
  document.addEventListener("pointerdown", ({ target }) => (pressed = target.closest?.(`${CONTROLS}, label`)), true);
  document.addEventListener("keydown", ({ key }) => key === "Tab" && (pressed = null), true);
  for (const use of ["pointerdown", "focusin"]) root.addEventListener(use, () => (latest = root));
  document.addEventListener("keydown", (event) => {
    const ctrl = event.ctrlKey || event.metaKey;
    if (event.altKey || event.defaultPrevented) return;
    if (root.offsetParent === null && !document.fullscreenElement) return; // another tab is open
    if (document.querySelector("dialog[open]")) return;
    const target = event.target;
    const inside = root.contains(target);
    const ours = root === latest || !latest.isConnected || latest.offsetParent === null;
    if (!inside && !(everywhere() && ours)) return;
    const shift = event.shiftKey && (ctrl || event.key.startsWith("Arrow")) ? "Shift+" : "";
    const key = (ctrl ? "Ctrl+" : "") + shift + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
    const action = byKey.get(key);
    if (!action || (event.repeat && !REPEATING.has(action))) return;
    if (isTyping(target) || needs(target, event.key)) return;
    event.preventDefault();
    act(action, event.key);
  });
  // A button that has the key pressed down on it is pressed when it comes up: also that is ours.
  document.addEventListener("keyup", (event) => {
    if (event.key === " " && isPressed(event.target) && root === latest && root.offsetParent) event.preventDefault();
  });
}

function isTyping(target) {
  return target.matches(
    "textarea, [contenteditable=true], [role=textbox], [role=combobox], " +
      "input:not([type=range], [type=checkbox], [type=radio], [type=button])"
  );
}

const isPressed = (target) => pressed !== null && (target === pressed || pressed?.contains?.(target) || target.closest?.("label") === pressed);

/** Whether a control that has the focus does something of its own with a key. */
function needs(target, key) {
  const named = key.length > 1; // arrows, Home, Page Down ...
  if (target.closest(".rp-scrub")) return false;
  if (target.matches("input[type=range], [role=slider]")) return named;
  if (target.closest("select, [role=listbox], [role=grid], td, th")) return named || key === " ";
  const control = target.closest(CONTROLS);
  if (!control || isPressed(target)) return false;
  if (control.matches("[role=tab], [type=radio]")) return named || key === " ";
  return key === " ";
}
