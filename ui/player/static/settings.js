// What is drawn, and how: kept in the browser, never sent anywhere.

import { DEFAULT_STYLE, LAYERS } from "./overlay.js";
import { element } from "./lanes.js";
import { keyOf } from "./keys.js";

const STORED = "rinkside-player";

export class Settings {
  constructor(panel, legend, { onStyle }) {
    this.panel = panel;
    this.legend = legend;
    this.onStyle = onStyle;
    this.style = { ...DEFAULT_STYLE };
    this.keysEverywhere = true;
    this.#recall();
    this.hidden = null; // layers to bring back after "all off"
  }

  build(scene, say) {
    this.inputs = {};
    const layers = element("div", "rp-layers");
    for (const layer of LAYERS) layers.append(this.#check(layer, say(`layer_${layer}`), scene.colours));
    const sliders = element("div", "rp-sliders");
    sliders.append(
      this.#slider("minScore", say("style_confidence"), 0, 0.95, 0.05),
      this.#slider("width", say("style_width"), 0.5, 3, 0.25),
      this.#slider("opacity", say("style_opacity"), 0.1, 1, 0.05)
    );
    this.panel.replaceChildren(layers, sliders);
    this.legend.replaceChildren(...legendOf(scene.colours, say));
    this.panel.setAttribute("aria-label", say("settings"));
  }

  set(name, value) {
    this.style = { ...this.style, [name]: value };
    const input = this.inputs?.[name];
    if (input) input.type === "checkbox" ? (input.checked = value) : (input.value = value);
    this.#store();
    this.onStyle(this.style);
  }

  toggle(layer) {
    this.set(layer, !this.style[layer]);
  }

  /** All layers off, or back to what they were. */
  toggleAll() {
    const shown = LAYERS.filter((layer) => this.style[layer]);
    const back = shown.length ? [] : this.hidden ?? LAYERS;
    this.hidden = shown.length ? shown : null;
    for (const layer of LAYERS) this.set(layer, back.includes(layer));
  }

  setKeysEverywhere(on) {
    this.keysEverywhere = on;
    this.#store();
  }

  #check(layer, text, colours) {
    const label = element("label", "rp-check");
    const input = element("input");
    input.type = "checkbox";
    input.checked = this.style[layer];
    input.addEventListener("change", () => this.set(layer, input.checked));
    this.inputs[layer] = input;
    const words = element("span", "", text);
    const colour = colours[layer];
    if (colour) {
      words.className = "rp-key";
      words.style.setProperty("--rp-key", colour);
    }
    label.append(input, words, element("kbd", "", keyOf(`layer:${layer}`)));
    return label;
  }

  #slider(name, text, min, max, step) {
    const label = element("label", "rp-slider");
    const input = element("input");
    Object.assign(input, { type: "range", min, max, step, value: this.style[name] });
    const value = element("output", "", String(this.style[name]));
    input.addEventListener("input", () => {
      value.textContent = input.value;
      this.set(name, Number(input.value));
    });
    this.inputs[name] = input;
    label.append(element("span", "", text), input, value);
    return label;
  }

  #recall() {
    try {
      const stored = JSON.parse(localStorage.getItem(STORED) ?? "{}");
      for (const [name, initial] of Object.entries(DEFAULT_STYLE)) {
        const value = stored.style?.[name];
        if (typeof value === typeof initial && !(typeof value === "number" && !Number.isFinite(value))) this.style[name] = value;
      }
      if (typeof stored.keysEverywhere === "boolean") this.keysEverywhere = stored.keysEverywhere;
    } catch {
      // Storage may be off, or hold what another version wrote: the defaults serve.
    }
  }

  #store() {
    try {
      localStorage.setItem(STORED, JSON.stringify({ style: this.style, keysEverywhere: this.keysEverywhere }));
    } catch {
      // As above.
    }
  }
}

/** What the colours mean, always in sight. */
function legendOf(colours, say) {
  const words = {
    skater: say("layer_skater"),
    others: say("layer_others"),
    region: say("layer_region"),
    left: say("legend_left"),
    right: say("legend_right"),
  };
  const keys = Object.entries(words).map(([name, text]) => {
    const key = element("span", "rp-key", text);
    key.style.setProperty("--rp-key", colours[name]);
    return key;
  });
  return [...keys, element("span", "", say("legend_faint"))];
}
