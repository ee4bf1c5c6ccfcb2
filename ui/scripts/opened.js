// Previous, next and back for a clip of an evaluation that is on the desk; also by keys.

const list = () => document.querySelector("#evaluation-clips");

function go(step) {
  const bar = element.querySelector(".rs-opened");
  const rows = [...list().querySelectorAll("tr[data-opens=kept]")];
  const here = rows.findIndex((row) => row.dataset.stem === bar.dataset.stem);
  const there = rows[here + step];
  if (there) there.querySelector("[data-open]").click();
  else if (here < 0) trigger("click", {}); // the list has changed meanwhile: back to it
}

element.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) go(Number(step.dataset.step));
  if (event.target.closest("[data-back]")) trigger("click", {});
});

const STEPS = { ArrowUp: "[data-step='-1']", ArrowDown: "[data-step='1']", KeyL: "[data-back]" };
document.addEventListener("keydown", (event) => {
  const wanted = event.altKey && !event.ctrlKey && !event.metaKey && STEPS[event.code];
  const button = wanted && element.offsetParent !== null && element.querySelector(wanted);
  if (!button || event.target.matches("input:not([type=range], [type=checkbox], [type=radio]), textarea, select")) return;
  event.preventDefault();
  button.click();
});
