// The key map, as a dialog.

import { KEYS, keyName } from "./keys.js";
import { element } from "./lanes.js";

export function buildHelp(dialog, say, settings) {
  const title = element("h3", "", say("help"));
  title.id = "rp-help-title";
  dialog.setAttribute("aria-labelledby", title.id);
  const close = element("button", "rp-close", "✕");
  close.type = "button";
  close.setAttribute("aria-label", say("close"));
  close.title = say("close");
  close.addEventListener("click", () => dialog.close());
  const everywhere = element("label", "rp-check");
  const input = element("input");
  input.type = "checkbox";
  input.checked = settings.keysEverywhere;
  input.addEventListener("change", () => settings.setKeysEverywhere(input.checked));
  everywhere.append(input, element("span", "", say("keys_on")));
  dialog.replaceChildren(
    close,
    title,
    keyList(say),
    element("p", "", say("pointer")),
    everywhere,
    element("p", "rp-note", say("keys_note"))
  );
}

function keyList(say) {
  const lines = new Map(); // what it does -> keys
  for (const { keys, word } of KEYS) lines.set(word, [...(lines.get(word) ?? []), ...keys]);
  const list = element("dl", "rp-keys");
  for (const [word, keys] of lines) {
    const names = element("dt");
    const shown = keys.length > 9 ? ["0", "–", "9"] : keys.map(keyName);
    for (const name of shown) names.append(element(name === "–" ? "span" : "kbd", "", name));
    const line = element("div");
    line.append(names, element("dd", "", say(word)));
    list.append(line);
  }
  return list;
}
