// Turns <select data-timezone-picker> into a type-to-find list. The select stays and is what the form submits.
const language = document.documentElement.lang || "en";

const timeIn = (zone) => {
  try {
    return new Intl.DateTimeFormat(language, { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format();
  } catch {
    return "";
  }
};
const fold = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("_", " ");
const make = (tag, attributes, text = "") => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
};

const enhance = (select) => {
  const id = select.id;
  const input = make("input", {
    type: "text", id, class: select.className.replace("form-select", "form-control").replace(/(^| )select( |$)/, " ").trim(), role: "combobox", autocomplete: "off",
    spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}_list`,
  });
  for (const name of ["aria-describedby", "aria-invalid", "required"]) {
    if (select.hasAttribute(name)) input.setAttribute(name === "required" ? "aria-required" : name, select.getAttribute(name) || "true");
  }
  const list = make("div", { id: `${id}_list`, class: "combo-list", role: "listbox", "aria-label": "Regions and cities", hidden: "" });
  const empty = make("div", { class: "combo-empty", hidden: "" }, "No time zone matches.");
  const now = make("div", { class: "form-text num", "data-zone-now": "" });
  const wrapper = make("div", { class: "combo" });
  const options = [];
  const groups = [];

  const addOption = (option, parent) => {
    if (!option.value) return;
    const row = make("div", { id: `${id}_option_${options.length}`, class: "combo-option", role: "option", "aria-selected": "false" });
    row.append(make("span", {}, option.text), make("span", { class: "combo-now" }));
    options.push({ option, row, text: fold(option.text) });
    parent.append(row);
  };
  for (const child of select.children) {
    if (child instanceof HTMLOptGroupElement) {
      const group = make("div", { role: "group", "aria-label": child.label });
      group.append(make("div", { class: "combo-group", "aria-hidden": "true" }, child.label));
      for (const option of child.children) addOption(option, group);
      groups.push(group);
      list.append(group);
    } else addOption(child, list);
  }
  list.append(empty);

  let active = null;
  const shown = () => options.filter(({ row }) => !row.hidden);
  const chosen = () => options.find(({ option }) => option.selected);
  const showNow = () => {
    const current = chosen();
    const time = current && timeIn(current.option.value);
    now.textContent = time ? `Time there now: ${time}` : "";
  };
  const activate = (entry) => {
    if (active) {
      active.row.setAttribute("aria-selected", "false");
      active.row.lastElementChild.textContent = "";
    }
    active = entry ?? null;
    if (!active) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    active.row.setAttribute("aria-selected", "true");
    active.row.lastElementChild.textContent = timeIn(active.option.value);
    input.setAttribute("aria-activedescendant", active.row.id);
    active.row.scrollIntoView({ block: "nearest" });
  };
  const filter = (typed) => {
    const words = fold(typed).split(/\s+/).filter(Boolean);
    for (const { row, text } of options) row.hidden = !words.every((word) => text.includes(word));
    for (const group of groups) group.hidden = !group.querySelector("[role=option]:not([hidden])");
    empty.hidden = shown().length > 0;
  };
  const open = () => {
    if (!list.hidden) return;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    for (const { option, row } of options) row.classList.toggle("is-chosen", option.selected);
  };
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    activate(null);
    input.value = chosen()?.option.text ?? "";
  };
  const choose = (entry) => {
    entry.option.selected = true;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    close();
    showNow();
  };
  const browse = () => {
    filter("");
    open();
    activate(chosen());
  };

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => list.hidden && browse());
  input.addEventListener("input", () => {
    filter(input.value);
    open();
    activate(shown()[0]);
  });
  input.addEventListener("keydown", (event) => {
    const entries = shown();
    const at = entries.indexOf(active);
    const moves = new Map([["ArrowDown", at + 1], ["ArrowUp", at - 1], ["PageDown", Math.min(at + 8, entries.length - 1)], ["PageUp", Math.max(at - 8, 0)]]);
    if (!list.hidden) moves.set("Home", 0).set("End", entries.length - 1);
    if (moves.has(event.key)) {
      event.preventDefault();
      if (list.hidden) browse();
      else if (entries.length) activate(entries[(moves.get(event.key) + entries.length) % entries.length]);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      if (active) choose(active);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  input.addEventListener("blur", () => list.hidden || close());
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const row = event.target.closest("[role=option]");
    const entry = options.find((one) => one.row === row);
    if (entry && event.button === 0) choose(entry);
  });

  select.id = `${id}_select`;
  select.hidden = true;
  select.before(wrapper);
  wrapper.append(input, list);
  wrapper.after(now);
  input.value = chosen()?.option.text ?? "";
  filter("");
  showNow();
};

const start = (root) => {
  for (const select of root.querySelectorAll("select[data-timezone-picker]:not([hidden])")) enhance(select);
};
start(document);
document.addEventListener("content:added", (event) => start(event.target));
