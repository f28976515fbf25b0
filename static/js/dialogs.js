// Shows a confirmation page's [data-dialog-body] in a native <dialog>. Without it, links and forms lead to that page.
//   a[data-dialog]              fetches its href
//   button[data-dialog]         posts its form to its formaction and shows the answer
//   form[data-dialog-answer]    posts itself; an answer with a dialog body opens, any other 200, 409 or 422 replaces the page's content
//   [data-done-url] on a form, or on the opener: where to go after a redirect (else there, from a dialog to this page again)
const dialog = document.querySelector("[data-page-dialog]");
const content = dialog?.querySelector("[data-dialog-content]");
let opener = null;
let address = location.href;
let stale = false;
const ANSWERS = new Set([200, 409, 422]);
const STRANGERS = new Set([401, 403]);

const announceContent = (element) => {
  globalThis.htmx?.process(element);
  element.dispatchEvent(new CustomEvent("content:added", { bubbles: true }));
};
const leave = (url) => {
  document.dispatchEvent(new CustomEvent("guard:release"));
  const target = new URL(url || location.href, location.href);
  if (target.pathname + target.search === location.pathname + location.search) location.reload();
  else location.assign(target);
};
const parse = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");

const show = (body, url) => {
  address = url;
  content.replaceChildren(document.adoptNode(body));
  dialog.classList.toggle("dialog-wide", body.dataset.dialogBody === "wide");
  const heading = content.querySelector("h1, h2");
  if (heading) {
    heading.id ||= "page-dialog-title";
    heading.tabIndex = -1;
    dialog.setAttribute("aria-labelledby", heading.id);
  }
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  const first = content.querySelector("[autofocus], .is-invalid, input:not([type=hidden], [hidden]), select, textarea");
  (first ?? heading ?? dialog).focus();
  announceContent(content);
};
const showPage = (page) => {
  const main = document.querySelector("main");
  const fresh = page.querySelector("main");
  if (!main || !fresh) return false;
  if (dialog.open) dialog.close();
  document.title = page.title;
  main.replaceChildren(...document.adoptNode(fresh).childNodes);
  announceContent(main);
  (main.querySelector("[data-error-summary]") ?? main).focus();
  scrollTo({ top: 0 });
  return true;
};
const take = async (response, url, form) => {
  if (response.status === 204) {
    const told = form?.matches("[data-dialog-answer]") ? response.headers.get("X-Location") : "";
    return leave(form?.dataset.doneUrl || opener?.dataset.doneUrl || told);
  }
  const page = await parse(response);
  const body = page.querySelector("[data-dialog-body]");
  if (body) return show(body, url);
  if (ANSWERS.has(response.status) && showPage(page)) return undefined;
  stale = STRANGERS.has(response.status);
  document.dispatchEvent(new CustomEvent("request:failed", { detail: response.status }));
  return dialog.close();
};
// Whoever logged on again in another tab has a new form token.
const renewToken = async (form) => {
  const page = await parse(await fetch(location.href, { headers: { Accept: "text/html" } }));
  const token = page.querySelector("main [name=csrfmiddlewaretoken], form [name=csrfmiddlewaretoken]");
  const own = form.elements.namedItem("csrfmiddlewaretoken");
  if (token && own) own.value = token.value;
  stale = false;
};
const post = async (form, submitter) => {
  const url = new URL(
    submitter?.getAttribute("formaction") || form.getAttribute("action") || (dialog.contains(form) ? address : location.href),
    location.href,
  ).href;
  submitter?.setAttribute("aria-busy", "true");
  try {
    if (stale) await renewToken(form);
    const data = new FormData(form, submitter);
    const headers = { Accept: "text/html", "X-Dialog": "1" };
    await take(await fetch(url, { method: "POST", body: data, redirect: "manual", headers }), url, form);
  } catch {
    document.dispatchEvent(new CustomEvent("request:failed", { detail: 0 }));
    if (dialog.open) dialog.close();
  } finally {
    submitter?.removeAttribute("aria-busy");
  }
};
const follow = async (link) => {
  link.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(link.href, { headers: { Accept: "text/html" } });
    const body = response.redirected ? null : (await parse(response)).querySelector("[data-dialog-body]");
    if (body) show(body, link.href);
    else location.assign(link.href);
  } catch {
    location.assign(link.href);
  } finally {
    link.removeAttribute("aria-busy");
  }
};

if (dialog && content) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link && !event.defaultPrevented && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      opener = dialog.contains(link) ? opener : link;
      follow(link);
    }
    if (event.target.closest("[data-dialog-close]") && dialog.contains(event.target)) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const submitter = event.submitter;
    const inside = dialog.contains(form);
    const wanted = inside || form.matches("[data-dialog-answer]") || submitter?.matches("[data-dialog]");
    if (!wanted || event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
    if (submitter?.matches("[data-plain]")) return;
    event.preventDefault();
    if (submitter?.getAttribute("aria-busy") === "true") return;
    if (!inside) opener = submitter;
    post(form, submitter);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) {
      const box = dialog.getBoundingClientRect();
      const within = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!within) dialog.close();
    }
  });
  dialog.addEventListener("close", () => {
    content.replaceChildren();
    if (opener?.isConnected) opener.focus();
    opener = null;
  });
}
