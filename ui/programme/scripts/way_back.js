// Above the desk's views: the element before and after, the jumps of a combination, and the way back.

const bar = () => element.querySelector(".rs-opened");
const ask = (more) => trigger("go", { job: bar().dataset.job, key: bar().dataset.key, ...more });

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || button.disabled) return;
  if (button.dataset.step) ask({ step: Number(button.dataset.step) });
  if (button.dataset.folder) ask({ folder: button.dataset.folder });
  if (button.matches("[data-back]")) trigger("back", {});
});

const TYPING = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable=true]";
const STEPS = { ArrowUp: "[data-step='-1']", ArrowDown: "[data-step='1']" };
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || element.offsetParent === null || !bar()) return;
  if (event.target.matches(TYPING) || document.fullscreenElement || document.querySelector("dialog[open]")) return;
  const wanted = event.altKey ? STEPS[event.code] : event.key === "Escape" ? "[data-back]" : null;
  const button = wanted && element.querySelector(wanted);
  if (!button) return;
  event.preventDefault();
  button.click();
});
