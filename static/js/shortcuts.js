// Single keys, never while typing and never with a modifier.
const help = document.getElementById("shortcuts-dialog");

const openHelp = () => {
  document.getElementById("user-menu")?.hidePopover?.();
  if (help && !help.open) help.showModal();
};
const typing = (element) =>
  element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], [role=combobox]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (typing(event.target) || document.querySelector("dialog:modal")) return;
  if (event.key === "?") {
    event.preventDefault();
    openHelp();
    return;
  }
  const target = [...document.querySelectorAll("[data-shortcut]")].find((one) => one.dataset.shortcut === event.key);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input")) {
    target.focus();
    target.select();
  } else target.click();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-shortcuts-open]")) openHelp();
});
