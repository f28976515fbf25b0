// Dismisses messages, and says so when a request in the background fails.
const area = document.querySelector("[data-messages]");
const template = document.getElementById("message-template");

const texts = new Map([
  [0, "The server cannot be reached. What you typed is still here; try again in a moment."],
  [401, "Your session has ended. Log on again in another tab, then try again here: what you typed is still on this page."],
  [403, "You may not do this. Nothing was saved; what you typed is still on this page."],
  [404, "This is no longer there. Reload the page to see the present state."],
  [413, "That is too much at once."],
  [414, "That is too long to be searched for."],
  [429, "Too many requests. Wait a moment, then try again."],
  [503, "This takes too long now. Nothing was saved; try again in a moment, or type more of the word."],
]);

const show = (status) => {
  if (!area || !template) return;
  area.querySelector("[data-failure]")?.remove();
  const message = template.content.firstElementChild.cloneNode(true);
  message.dataset.failure = "";
  message.querySelector(".message-text").textContent =
    texts.get(status) ?? "Something went wrong on the server. Nothing was saved; try again.";
  area.append(message);
  message.scrollIntoView({ block: "nearest" });
};

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".message")?.remove();
});
document.addEventListener("request:failed", (event) => show(event.detail));
// What a page asks for by itself has words of its own, see progress.js.
const isAsked = ({ detail }) => !detail.elt.matches("[hx-trigger^=every]");
document.addEventListener("htmx:sendError", (event) => isAsked(event) && show(0));
document.addEventListener("htmx:timeout", (event) => isAsked(event) && show(0));
document.addEventListener("htmx:responseError", (event) => isAsked(event) && show(event.detail.xhr.status));
