// The confusion matrix: a cell tells its two classes, and the table becomes a PNG.

const SCALE = 2; // of the picture, so that it stays sharp in print
const MARGIN = 12;
const TITLE = 44;

function drawCell(context, cell, origin) {
  const box = cell.getBoundingClientRect();
  const [x, y] = [box.x - origin.x, box.y - origin.y];
  const button = cell.querySelector("button");
  if (button) {
    context.fillStyle = getComputedStyle(button).backgroundColor;
    context.fillRect(x, y, box.width, box.height);
  }
  context.strokeStyle = "#cbd5e1";
  context.strokeRect(x, y, box.width, box.height);
  context.fillStyle = "#111827";
  context.save();
  context.translate(x + box.width / 2, y + box.height / 2);
  if (cell.querySelector("span") && cell.parentElement.firstElementChild !== cell) context.rotate(-Math.PI / 2);
  context.fillText(cell.textContent.trim(), 0, 0);
  context.restore();
}

function picture(table, title) {
  table.parentElement.scrollLeft = 0; // the names of the rows stick to the left
  const cells = [...table.querySelectorAll("th, td")];
  const first = cells[0].getBoundingClientRect();
  const last = cells.at(-1).getBoundingClientRect();
  const canvas = document.createElement("canvas");
  canvas.width = SCALE * (last.right - first.left + 2 * MARGIN);
  canvas.height = SCALE * (last.bottom - first.top + 2 * MARGIN + TITLE);
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";
  context.fillStyle = "#111827";
  context.font = "600 14px system-ui, sans-serif";
  context.fillText(title, MARGIN, MARGIN + TITLE / 5);
  context.font = "12px system-ui, sans-serif";
  context.fillText(table.caption.textContent, MARGIN, MARGIN + (TITLE * 3) / 5);
  context.translate(MARGIN, MARGIN + TITLE);
  context.textAlign = "center";
  for (const cell of cells) drawCell(context, cell, first);
  return canvas;
}

element.addEventListener("click", (event) => {
  const cell = event.target.closest("button[data-true]");
  if (cell) {
    element.querySelector("td [aria-pressed]")?.removeAttribute("aria-pressed");
    cell.setAttribute("aria-pressed", "true");
    trigger("click", { true_class: Number(cell.dataset.true), said: Number(cell.dataset.said) });
    const list = document.querySelector("#clips-note");
    const { top, bottom } = list.getBoundingClientRect();
    if (top > innerHeight || bottom < 0) list.scrollIntoView({ block: "start" }); // on a phone
  }
  const unit = event.target.closest("button[data-unit]");
  if (unit) trigger("click", { unit: unit.dataset.unit });
  const png = event.target.closest("button[data-png]");
  if (!png) return;
  const link = document.createElement("a");
  link.download = `${png.dataset.png} confusion.png`;
  link.href = picture(element.querySelector("table"), png.dataset.png).toDataURL("image/png");
  link.click();
});
