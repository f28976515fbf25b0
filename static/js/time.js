// <time datetime="…" data-relative>: "3 hours ago", (data-relative="short": "3 hr. ago"), with the exact time of the viewer's zone on hover.
// <time datetime="…" data-local>: "1 Jun 2026, 09:00 (UTC+02:00)" in the viewer's zone, which [data-viewer-zone] names.
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
const there = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZoneName: "longOffset",
});
const local = (instant) => {
  const part = Object.fromEntries(there.formatToParts(instant).map(({ type, value }) => [type, value]));
  const offset = part.timeZoneName.replace("GMT", "UTC");
  return `${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute} (${offset === "UTC" ? "UTC+00:00" : offset})`;
};
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
    if ("local" in element.dataset) element.textContent = local(instant);
    if ("relative" in element.dataset) element.textContent = ago((instant - Date.now()) / 1000, element.dataset.relative);
  }
};
const nameZone = (root) => {
  for (const element of root.querySelectorAll("[data-viewer-zone]")) element.textContent = `, ${there.resolvedOptions().timeZone}`;
};
const enhance = (root) => {
  refresh(root);
  nameZone(root);
};

enhance(document);
setInterval(() => document.hidden || refresh(document), 60000);
document.addEventListener("content:added", (event) => enhance(event.target));
document.addEventListener("htmx:load", (event) => enhance(event.target));
