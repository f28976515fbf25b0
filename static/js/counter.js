// [data-limit]: says what is left from 80 % on. Counts code points after NFC, as the server does. There is no maxlength:
// the browser would silently cut what is pasted, and count an emoji as two.
const live = document.getElementById("announcer");

const enhance = (field) => {
  const limit = Number(field.dataset.limit);
  const note = document.createElement("div");
  note.className = "counter";
  note.id = `${field.id}_counter`;
  note.hidden = true;
  field.insertAdjacentElement("afterend", note);
  const described = field.getAttribute("aria-describedby");
  field.setAttribute("aria-describedby", described ? `${described} ${note.id}` : note.id);
  let timer;

  const refresh = (event) => {
    const left = limit - [...field.value.normalize("NFC")].length;
    note.hidden = left > limit * 0.2;
    note.classList.toggle("is-over", left < 0);
    note.textContent = left < 0 ? `${-left} too many (limit ${limit})` : `${left} of ${limit} left`;
    clearTimeout(timer);
    if (!note.hidden && event && live) timer = setTimeout(() => (live.textContent = note.textContent), 900);
  };
  field.addEventListener("input", refresh);
  refresh();
};

const start = (root) => {
  for (const field of root.querySelectorAll("[data-limit]:not([data-counted])")) {
    field.dataset.counted = "";
    enhance(field);
  }
};
start(document);
document.addEventListener("content:added", (event) => start(event.target));
document.addEventListener("htmx:load", (event) => start(event.target));
