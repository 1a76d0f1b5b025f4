"use strict";

// Sort a table by the column whose head is clicked; numbers are in data-value.
function sortBy(head) {
  const table = head.closest("table");
  const upwards = head.getAttribute("aria-sort") !== "ascending";
  const of = (row) => {
    const cell = row.cells[head.cellIndex];
    return "value" in cell.dataset ? parseFloat(cell.dataset.value) : cell.textContent.trim();
  };
  const rows = [...table.tBodies[0].rows].sort((one, other) => {
    const [a, b] = [of(one), of(other)];
    if (typeof a === typeof b) {
      const order = typeof a === "number" ? a - b : a.localeCompare(b);
      return upwards ? order : -order;
    }
    return typeof a === "number" ? -1 : 1; // what is not known comes last
  });
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", upwards ? "ascending" : "descending");
  table.tBodies[0].append(...rows);
}

// Show the rows of one slice.
function choose(select) {
  for (const row of document.getElementById(select.dataset.table).tBodies[0].rows) {
    row.hidden = select.value !== "" && row.dataset.slice !== select.value;
  }
}

for (const head of document.querySelectorAll("table.sortable th")) {
  head.tabIndex = 0;
  head.addEventListener("click", () => sortBy(head));
  head.addEventListener("keydown", (event) => {
    if (event.key === "Enter") sortBy(head);
  });
}
for (const select of document.querySelectorAll("select[data-table]")) {
  select.addEventListener("change", () => choose(select));
  choose(select);
}
