// Panes of a form: sections whose id ends in "-pane". htmx swaps them; this announces what happened in them ([data-announce]), keeps the
// focus ([data-focus-after] on a button names what has it next), presses Find on Enter in a .find-line, and opens a pane's dialog.
//   [data-shapes] on a pane: what is sent to the page when it was swapped, for others that follow from it
//   [data-instead-of] on a check box: the id of the date that it makes needless, which is then not posted
const PANE = "[id$='-pane']";
const live = document.getElementById("announcer");

const settle = (event) => {
  for (const words of document.querySelectorAll(`${PANE} > [data-announce]`)) {
    if (words.textContent.trim() && live) live.textContent = words.textContent.trim();
    words.textContent = "";
  }
  for (const box of document.querySelectorAll("[data-instead-of]:checked")) {
    const date = document.getElementById(box.dataset.insteadOf);
    if (date && !date.value) date.disabled = true;
  }
  const shaping = document.getElementById(event?.detail?.target?.id)?.dataset.shapes;
  if (shaping && event.detail.requestConfig.target.id === event.detail.target.id) htmx.trigger(document.body, shaping);
  const dialog = document.querySelector(`${PANE} dialog[open]`);
  if (dialog && !dialog.matches(":modal")) {
    dialog.close();
    dialog.showModal();
    dialog.querySelector(".is-invalid, [autofocus], input:not([type=hidden])")?.focus();
  } else if (!dialog) {
    const next = event?.detail?.requestConfig?.elt.dataset.focusAfter;
    if (next) document.querySelector(next)?.focus();
  }
};
// What a browser cannot read of a date it does not post, and the answer would take it away.
const halfTyped = (form, button) =>
  [...form.elements].find((field) => field.validity?.badInput && !(button.name.startsWith("remove") && field.closest("tr")?.contains(button)));

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[type=submit]");
  const form = button?.form;
  if (!form?.querySelector(PANE)) return;
  const field = halfTyped(form, button);
  if (field) {
    event.preventDefault();
    event.stopImmediatePropagation();
    field.reportValidity();
  }
}, true);
document.addEventListener("change", (event) => {
  const date = document.getElementById(event.target.dataset?.insteadOf);
  if (date) date.disabled = event.target.checked;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.(`${PANE} :is(.find-line, dialog) input`)) return;
  event.preventDefault();
  const dialog = event.target.closest("dialog");
  const button = dialog ? dialog.querySelector("[data-dialog-default]") : event.target.closest(".find-line").querySelector("button");
  button?.click();
});
document.addEventListener("cancel", (event) => {
  if (!event.target.matches?.(`${PANE} dialog`)) return;
  event.preventDefault();
  event.target.querySelector("[data-dialog-cancel]")?.click();
}, true);
document.addEventListener("htmx:afterSettle", settle);
document.addEventListener("content:added", settle);
settle();
