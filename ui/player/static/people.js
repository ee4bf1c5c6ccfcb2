// Who is in the picture, and who of them is the skater.

import { element } from "./lanes.js";

const MOST = 12; // buttons; everybody else can be clicked in the picture

export class People {
  constructor(root, { onTake }) {
    this.root = root;
    this.onTake = onTake; // person id; null: there is nothing to choose, and nobody is listed
    root.addEventListener("click", (event) => {
      const id = event.target.closest("button")?.dataset.person;
      if (id !== undefined) onTake(Number(id));
    });
  }

  open(scene, say) {
    this.scene = scene;
    this.root.setAttribute("aria-label", say("people"));
    const seen = (person) => person.boxes.filter(Boolean).length;
    const people = this.onTake ? scene.people : [];
    const listed = [...people].sort((a, b) => seen(b) - seen(a)).slice(0, MOST);
    listed.sort((a, b) => a.id - b.id);
    const buttons = listed.map((person) => this.#button(person, scene.main, say));
    this.root.replaceChildren(...(buttons.length ? [element("span", "rp-people-name", say("people")), ...buttons] : []));
  }

  has(id) {
    return this.scene?.people.some((person) => person.id === id) ?? false;
  }

  /** Who is under a place of the picture: the smallest box there is meant. */
  at(n, x, y) {
    const hit = this.scene.people
      .filter(({ boxes }) => boxes[n] && x >= boxes[n][0] && x <= boxes[n][2] && y >= boxes[n][1] && y <= boxes[n][3])
      .sort((a, b) => area(a.boxes[n]) - area(b.boxes[n]));
    return hit[0]?.id ?? null;
  }

  /** Show who is in this frame. */
  moveTo(n) {
    for (const button of this.root.querySelectorAll("button")) {
      const person = this.scene.people.find(({ id }) => id === Number(button.dataset.person));
      button.dataset.here = String(Boolean(person?.boxes[n]));
    }
  }

  #button(person, main, say) {
    const button = element("button", "rp-person", String(person.id));
    const locked = person.id === main;
    button.type = "button";
    button.dataset.person = person.id;
    button.setAttribute("aria-pressed", String(locked));
    const words = say(locked ? "skater_is" : "take_person", { id: person.id });
    button.title = words;
    button.setAttribute("aria-label", words);
    return button;
  }
}

const area = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);
