// Search over everything: "/" or [data-search-open] and Ctrl-K (Cmd-K) open [data-search-dialog], results come as one types.
// The arrow keys choose, Enter opens. What is not there yet, or nothing chosen: Enter leads to the page of results.
const dialog = document.querySelector("[data-search-dialog]");
const PAUSE_MILLISECONDS = 150;
const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

const failures = new Map([
  [0, "The server cannot be reached. Type on to try again."],
  [401, "Your session has ended. Log on again, then search again."],
  [403, "You may not search any more."],
  [503, "This takes too long. Type more of the name."],
]);

const enhance = () => {
  const form = dialog.querySelector("form");
  const input = dialog.querySelector("[role=combobox]");
  const list = dialog.querySelector("[data-search-results]");
  const note = dialog.querySelector("[data-search-note]");
  const status = dialog.querySelector("[data-search-status]");
  const hint = note.textContent;
  let active = null;
  let asked = null;
  let timer = 0;
  let answered = "";
  let pressed = null;

  const typed = () => input.value.trim();
  const options = () => [...list.querySelectorAll("[role=option]")];
  const activate = (option) => {
    active?.setAttribute("aria-selected", "false");
    active = option ?? null;
    active?.setAttribute("aria-selected", "true");
    if (active) input.setAttribute("aria-activedescendant", active.id);
    else input.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  };
  const show = (groups, words, spoken) => {
    list.replaceChildren(...groups);
    list.hidden = !groups.length;
    input.setAttribute("aria-expanded", String(groups.length > 0));
    note.textContent = words;
    note.hidden = !words;
    status.textContent = spoken;
    activate(options()[0]);
    list.parentElement.scrollTop = 0;
  };
  const fail = (code) => {
    const words = failures.get(code) ?? "Something went wrong on the server. Type on to try again.";
    answered = "";
    show([], words, words);
  };
  const take = (page, text) => {
    const part = page.querySelector("[data-search-part]");
    if (!part) return fail(401);
    answered = text;
    const { announce, empty } = part.dataset;
    return show([...document.adoptNode(part).children], empty ?? "", announce);
  };
  const stop = () => {
    clearTimeout(timer);
    asked?.abort();
    asked = null;
    list.removeAttribute("aria-busy");
  };
  const ask = async (text) => {
    const mine = new AbortController();
    asked = mine;
    list.setAttribute("aria-busy", "true");
    const url = new URL(form.action);
    url.search = new URLSearchParams({ q: text, part: "1" });
    try {
      const response = await fetch(url, { headers: { Accept: "text/html", "HX-Request": "true" }, signal: mine.signal });
      const page = response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
      // Whoever was asked later answers instead.
      if (asked !== mine) return;
      if (page) take(page, text);
      else fail(response.status);
    } catch {
      if (asked === mine) fail(0);
    } finally {
      if (asked === mine) list.removeAttribute("aria-busy");
    }
  };
  const refresh = (pause) => {
    stop();
    const text = typed();
    if (!text) {
      answered = "";
      show([], hint, "");
    } else if (text !== answered) timer = setTimeout(ask, pause, text);
  };
  const open = () => {
    if (!dialog.open && document.querySelector("dialog:modal")) return;
    if (!dialog.open) dialog.showModal();
    input.focus();
    input.select();
    answered = "";
    refresh(0);
  };

  input.addEventListener("input", () => refresh(PAUSE_MILLISECONDS));
  input.addEventListener("keydown", (event) => {
    const found = options();
    const at = found.indexOf(active);
    const places = new Map([["ArrowDown", at + 1], ["ArrowUp", at < 0 ? -1 : at - 1], ["Home", 0], ["End", -1]]);
    if (places.has(event.key) && found.length && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      activate(found[(places.get(event.key) + found.length) % found.length]);
    }
  });
  form.addEventListener("submit", (event) => {
    if (!typed()) event.preventDefault();
    else if (active && answered === typed()) {
      event.preventDefault();
      active.click();
    }
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== active) activate(option);
  });
  // The focus stays in the field, where the keys are.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  dialog.addEventListener("pointerdown", (event) => (pressed = event.target));
  dialog.addEventListener("click", (event) => {
    const beside = event.target === dialog && pressed === dialog;
    if (beside || event.target.closest("[data-search-close]")) dialog.close();
  });
  dialog.addEventListener("close", stop);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-search-open]")) open();
  });
  document.addEventListener("keydown", (event) => {
    const modifier = IS_MAC ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    if (event.key?.toLowerCase() !== "k" || !modifier || event.altKey || event.shiftKey || event.repeat) return;
    event.preventDefault();
    open();
  });
};
if (dialog) enhance();
