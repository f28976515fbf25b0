// The Associate Contacts pane. htmx swaps #contacts-pane; this keeps the focus, announces, and opens its dialog.
const live = document.getElementById("announcer");
let focusAfter = "";

const settle = () => {
  const pane = document.getElementById("contacts-pane");
  if (!pane) return;
  const words = pane.querySelector("[data-announce]")?.textContent.trim();
  if (words && live) live.textContent = words;
  const dialog = pane.querySelector("dialog[data-contact-dialog]");
  if (dialog && !dialog.matches(":modal")) {
    dialog.close();
    dialog.showModal();
    dialog.querySelector(".is-invalid, [autofocus], input:not([type=hidden])")?.focus();
  } else if (!dialog && focusAfter) document.querySelector(focusAfter)?.focus();
  if (!dialog) focusAfter = "";
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("#contacts-pane [data-focus-after]");
  if (button) focusAfter = button.dataset.focusAfter;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("#contacts-pane input")) return;
  event.preventDefault();
  const dialog = event.target.closest("dialog");
  const button = dialog ? dialog.querySelector("[data-dialog-default]") : document.querySelector("#contacts-pane [name=find_contacts]");
  button?.click();
});
document.addEventListener("cancel", (event) => {
  if (!event.target.matches?.("dialog[data-contact-dialog]")) return;
  event.preventDefault();
  event.target.querySelector("[data-dialog-cancel]")?.click();
}, true);
document.addEventListener("htmx:afterSettle", settle);
document.addEventListener("content:added", settle);
settle();
