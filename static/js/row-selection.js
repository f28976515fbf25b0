// Ticked rows bring the bulk bar. Inside form[data-row-selection]: input[data-select-all], input[data-select-row],
// [data-bulk-bar] with [data-bulk-text] and [data-bulk-clear].
const number = new Intl.NumberFormat(document.documentElement.lang || "en");

const enhance = (form) => {
  const bar = form.querySelector("[data-bulk-bar]");
  const all = form.querySelector("[data-select-all]");
  const rows = [...form.querySelectorAll("[data-select-row]")];
  if (!bar || !rows.length) return;
  const text = bar.querySelector("[data-bulk-text]");
  let last = null;

  const refresh = () => {
    const count = rows.filter((row) => row.checked).length;
    const whole = count === rows.length;
    for (const row of rows) row.closest("tr")?.classList.toggle("is-selected", row.checked);
    if (all) {
      all.checked = whole;
      all.indeterminate = count > 0 && !whole;
    }
    bar.hidden = count === 0;
    const words = `${number.format(count)} selected`;
    if (text && text.textContent !== words) text.textContent = words;
  };

  form.addEventListener("click", (event) => {
    const row = event.target.closest("[data-select-row]");
    if (row) {
      if (event.shiftKey && last) {
        const [from, to] = [rows.indexOf(last), rows.indexOf(row)].sort((a, b) => a - b);
        for (const between of rows.slice(from, to + 1)) between.checked = row.checked;
      }
      last = row;
    }
    if (event.target.closest("[data-bulk-clear]")) {
      for (const one of rows) one.checked = false;
      refresh();
      all?.focus();
    }
  });
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const row of rows) row.checked = all.checked;
    refresh();
  });
  addEventListener("pageshow", refresh);
  refresh();
};

const start = (root) => {
  for (const form of root.querySelectorAll("form[data-row-selection]:not([data-ready])")) {
    form.dataset.ready = "";
    enhance(form);
  }
};
start(document);
document.addEventListener("content:added", (event) => start(event.target));
