// [data-columns]: [data-move] buttons move their row up or down, and the number fields follow, which say the order to the server.
const live = document.getElementById("announcer");

const follow = (list) => {
  const rows = [...list.children];
  for (const [place, row] of rows.entries()) {
    row.querySelector("[type=number]").value = place + 1;
    const [up, down] = row.querySelectorAll("[data-move]");
    up.setAttribute("aria-disabled", String(place === 0));
    down.setAttribute("aria-disabled", String(place === rows.length - 1));
  }
};
const start = () => {
  for (const list of document.querySelectorAll("[data-columns]")) follow(list);
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-columns] [data-move]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  const row = button.closest("li");
  const list = row.parentElement;
  if (button.dataset.move === "1") row.nextElementSibling.after(row);
  else row.previousElementSibling.before(row);
  follow(list);
  button.focus();
  row.scrollIntoView({ block: "nearest" });
  const name = row.querySelector("label span").firstChild.textContent.trim();
  live.textContent = `${name} is ${[...list.children].indexOf(row) + 1} of ${list.children.length}`;
});
document.addEventListener("content:added", start);
start();
