// Ticked rows bring the bulk bar. Inside form[data-row-selection]: input[data-select-all], input[data-select-row],
// [data-bulk-bar] with [data-bulk-text] and [data-bulk-clear]. Where more rows match than the page has:
//   [data-select-matching]   offered once all rows of the page are ticked, or where rows are cards, without a box for that;
//                            its data-matching-words are said when it was pressed
//   [data-bulk-matching]     what can be done to all that match, shown then instead of [data-bulk-ticked]
const number = new Intl.NumberFormat(document.documentElement.lang || "en");

const cards = matchMedia("(max-width: 767px)");

const enhance = (form) => {
  const bar = form.querySelector("[data-bulk-bar]");
  const all = form.querySelector("[data-select-all]");
  const rows = [...form.querySelectorAll("[data-select-row]")];
  if (!bar || !rows.length) return;
  const part = (name) => bar.querySelector(`[data-${name}]`);
  const [text, offer, ticked, matching] = ["bulk-text", "select-matching", "bulk-ticked", "bulk-matching"].map(part);
  let last = null;
  let isMatching = false;

  const refresh = () => {
    const count = rows.filter((row) => row.checked).length;
    const whole = count === rows.length;
    isMatching &&= whole;
    for (const row of rows) row.closest("tr")?.classList.toggle("is-selected", row.checked);
    if (all) {
      all.checked = whole;
      all.indeterminate = count > 0 && !whole;
    }
    bar.hidden = count === 0;
    if (offer) offer.hidden = isMatching || !(whole || cards.matches);
    if (ticked) ticked.hidden = isMatching;
    if (matching) matching.hidden = !isMatching;
    const words = isMatching ? offer.dataset.matchingWords : `${number.format(count)} selected`;
    if (text && text.textContent !== words) text.textContent = words;
  };
  const tick = (checked) => {
    for (const row of rows) row.checked = checked;
    refresh();
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
    if (event.target.closest("[data-select-matching]")) {
      isMatching = true;
      tick(true);
      matching?.querySelector("button")?.focus({ preventScroll: true });
    }
    if (event.target.closest("[data-bulk-clear]")) {
      tick(false);
      all?.focus();
    }
  });
  form.addEventListener("change", (event) => {
    if (event.target === all) tick(all.checked);
    else refresh();
  });
  form.addEventListener("page:shown", refresh);
  refresh();
};

const start = (root) => {
  for (const form of root.querySelectorAll("form[data-row-selection]:not([data-ready])")) {
    form.dataset.ready = "";
    enhance(form);
  }
};
start(document);
for (const added of ["content:added", "htmx:load"]) {
  document.addEventListener(added, (event) => start(event.target.parentElement ?? document));
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-row-selection]")) form.dispatchEvent(new Event("page:shown"));
});
