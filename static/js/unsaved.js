// form[data-guard-unsaved] asks before unsaved changes are left. "dirty" as its value: what it shows is already unsaved.
// What is typed to find a contact does not count.
const ignored = new Set(["csrfmiddlewaretoken", ...["contact", "customer"].flatMap((name) => [`${name}_q`, `${name}_in`, `${name}_how`])]);
let released = false;
const first = new WeakMap();

const state = (form) =>
  JSON.stringify([...new FormData(form)].filter(([name]) => !ignored.has(name)).map(([name, value]) => [name, String(value)]));
const guarded = () => [...document.querySelectorAll("form[data-guard-unsaved]")];
const start = () => {
  for (const form of guarded()) {
    if (!first.has(form)) first.set(form, form.dataset.guardUnsaved === "dirty" ? "" : state(form));
  }
};
const dirty = () => !released && guarded().some((form) => first.has(form) && first.get(form) !== state(form));

start();
document.addEventListener("content:added", start);
document.addEventListener("guard:release", () => {
  released = true;
});
addEventListener("submit", (event) => {
  if (!event.defaultPrevented) released = true;
});
addEventListener("pageshow", () => {
  released = false;
});
addEventListener("beforeunload", (event) => {
  if (dirty()) event.preventDefault();
});
