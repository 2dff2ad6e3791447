// Sorts and filters the table of submissions. Without it, the page reads as it stands.
(() => {
  const table = document.getElementById("rows"), body = table.tBodies[0], lines = [...body.rows];
  const form = document.getElementById("filter"), shown = form.querySelector("output");
  const texts = new Map(lines.map(line => [line, line.innerText.toLowerCase()]));
  const flags = table.tHead.rows[0].cells.length - 1;

  function filter() {
    const { text, status, flagged } = form.elements, wanted = text.value.trim().toLowerCase();
    for (const line of lines) line.hidden = !(
      texts.get(line).includes(wanted)
      && (!status.value || line.dataset.status === status.value)
      && (!flagged.checked || line.cells[flags].innerText.trim())
    );
    shown.value = `顯示 ${lines.filter(line => !line.hidden).length} / ${lines.length} 份`;
  }

  function sort(head, column) {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const value = line => line.cells[column].dataset.sort ?? line.cells[column].innerText;
    const compare = new Intl.Collator("zh-Hant", { numeric: true }).compare;
    lines.sort((a, b) => (up ? 1 : -1) * compare(value(a), value(b)));
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...lines);
  }

  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head, column));
    head.replaceChildren(button);
  });
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  form.hidden = false;
  filter();
})();
