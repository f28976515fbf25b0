// <time datetime="…" data-relative>: "3 hours ago", (data-relative="short": "3 hr. ago"), with the exact time of the viewer's zone on hover.
const units = [
  ["year", 31557600],
  ["month", 2629800],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const language = document.documentElement.lang || "en";
const formats = new Map(["long", "short"].map((style) => [style, new Intl.RelativeTimeFormat(language, { numeric: "auto", style })]));
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });

const ago = (seconds, style) => {
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return (formats.get(style) ?? formats.get("long")).format(Math.trunc(seconds / size), unit);
  }
  return "just now";
};
const refresh = (root) => {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const instant = new Date(element.dateTime);
    if (Number.isNaN(instant.getTime()) || !element.dateTime.includes("T")) continue;
    element.title = exact.format(instant);
    if ("relative" in element.dataset) element.textContent = ago((instant - Date.now()) / 1000, element.dataset.relative);
  }
};

refresh(document);
setInterval(() => document.hidden || refresh(document), 60000);
document.addEventListener("content:added", (event) => refresh(event.target));
document.addEventListener("htmx:load", (event) => refresh(event.target));
