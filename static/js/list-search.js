// Results of a list follow what is typed in #list-search. htmx asks for them and swaps #results; this keeps requests short, says how
// many there are once typing pauses, marks filters that cannot be read, shows why there is no answer, and closes menus.
//   [data-announce] on #results: what is read out
//   details[data-menu]: closes on Esc, on a click beside it, and when the focus leaves it
const form = document.getElementById("list-search");
const live = document.getElementById("announcer");
const PAUSE_MILLISECONDS = 700;
const TOO_SLOW = 503;
let timer = 0;

const results = () => document.getElementById("results");
const isOurs = ({ detail }) => form?.contains(detail.requestConfig?.elt ?? detail.elt);
const settle = () => {
  for (const field of form.elements) {
    const error = field.name && document.getElementById(`error_${field.name}`);
    if (!field.matches(".form-control")) continue;
    field.classList.toggle("is-invalid", Boolean(error));
    if (error) {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", error.id);
    } else {
      field.removeAttribute("aria-invalid");
      if (field.getAttribute("aria-describedby") === `error_${field.name}`) field.removeAttribute("aria-describedby");
    }
  }
  clearTimeout(timer);
  timer = setTimeout(() => (live.textContent = results().dataset.announce), PAUSE_MILLISECONDS);
};

if (form) {
  // A fragment leads to the field after a criterion was added; it is no part of what one shares.
  if (location.hash === "#id_q") {
    history.replaceState(history.state, "", location.pathname + location.search);
    form.elements.q.focus();
  }
  // What adds a criterion changes the form, too: the whole page comes anew.
  document.addEventListener("submit", (event) => {
    if (event.target === form && event.submitter?.name === "add") event.stopImmediatePropagation();
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if (!isOurs(event)) return;
    const { parameters } = event.detail;
    for (const [name, value] of [...Object.entries(parameters)]) if (value === "") delete parameters[name];
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isOurs(event)) return;
    clearTimeout(timer);
    results().setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => isOurs(event) && results().removeAttribute("aria-busy"));
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isOurs(event) || event.detail.xhr.status !== TOO_SLOW) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt !== results()) return;
    event.detail.elt.dispatchEvent(new CustomEvent("content:added", { bubbles: true }));
    settle();
  });
}

const menus = () => document.querySelectorAll("details[data-menu][open]");
document.addEventListener("pointerdown", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("focusin", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
