// The list of clips: a head sorts, a row opens or is analysed. The marked row is the open one.

const rows = () => [...element.querySelectorAll("tbody tr")];

function valueOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
}

function sortBy(head) {
  const down = head.getAttribute("aria-sort") !== "descending";
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const order = (a, b) => {
    const [one, other] = [valueOf(a, head.cellIndex), valueOf(b, head.cellIndex)];
    return typeof one === "number" ? one - other : one.localeCompare(other);
  };
  const sorted = rows().sort((a, b) => (down ? -order(a, b) : order(a, b)));
  element.querySelector("tbody").append(...sorted);
}

function mark(row) {
  element.querySelector("[aria-current]")?.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
}

element.addEventListener("click", (event) => {
  const head = event.target.closest("th:has([data-sort])");
  if (head) sortBy(head);
  const row = event.target.closest("tr[data-stem]");
  if (!row) return;
  mark(row);
  element.dataset.from = element.offsetParent === null ? "desk" : "list";
  const ready = rows().filter((other) => other.dataset.opens === "kept");
  trigger("click", {
    stem: row.dataset.stem,
    analyse: Boolean(event.target.closest("[data-analyse]")),
    place: ready.indexOf(row) + 1,
    of: ready.length,
  });
});
