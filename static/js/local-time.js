// Fills in the portal's [data-viewer] rows: instants as the clock of whoever looks at them shows them.
const language = document.documentElement.lang || "en";
const day = new Intl.DateTimeFormat(language, { dateStyle: "long" });
const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

for (const row of document.querySelectorAll("[data-viewer]")) {
  row.querySelector("[data-viewer-zone]").textContent = day.resolvedOptions().timeZone;
  for (const element of row.querySelectorAll("time")) {
    const instant = new Date(element.dateTime);
    element.textContent = `${day.format(instant)}, ${time.format(instant)}`;
  }
  row.hidden = false;
}
