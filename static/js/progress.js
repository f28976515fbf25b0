// How far a batch is: #progress-pane asks every second. Where there is no answer it says why, once, and asks again later if that helps.
const AGAIN_MILLISECONDS = 10_000;
const live = document.getElementById("announcer");

const texts = new Map([
  [401, "Your session has ended. It goes on; log on again to see how far it is."],
  [403, "You may not see this any more."],
  [404, "This is not kept any longer."],
]);

const rest = ({ detail }) => {
  const pane = detail.elt;
  if (pane.id !== "progress-pane" || !pane.isConnected) return;
  const text = texts.get(detail.xhr.status) ?? "The server cannot be reached at the moment. Asking again in a few seconds.";
  const still = pane.cloneNode(true);
  for (const name of ["hx-get", "hx-trigger", "hx-target", "hx-swap"]) still.removeAttribute(name);
  still.querySelector(".progress-words").textContent = text;
  if (live) live.textContent = text;
  const next = pane.cloneNode(true);
  pane.replaceWith(still);
  if (texts.has(detail.xhr.status)) return;
  setTimeout(() => {
    still.replaceWith(next);
    htmx.process(next);
  }, AGAIN_MILLISECONDS);
};

document.addEventListener("htmx:responseError", rest);
document.addEventListener("htmx:sendError", rest);
