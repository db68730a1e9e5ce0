// A button is busy while its request runs: it keeps its width and takes no second press.
function buttonOf(event) {
  const source = event.detail?.requestConfig?.triggeringEvent?.submitter ?? event.detail?.elt;
  if (!source) return null;
  if (source.matches(".btn")) return source;
  return source.matches("form") ? source.querySelector("button.btn:not([type=button])") : null;
}
document.addEventListener("htmx:beforeRequest", (event) => {
  const button = buttonOf(event);
  if (!button) return;
  if (button.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  button.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", (event) => buttonOf(event)?.removeAttribute("aria-busy"));

// An ordinary form: the page is leaving, so the button stays busy; coming back restores it, and so do
// 8 s in which the page did not leave (the answer was a file).
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.closest("[hx-post], [hx-get], [hx-put], [hx-patch], [hx-delete], [hx-boost]")) return;
  if (event.target.method === "dialog") return;
  if (event.target.dataset.sending !== undefined) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sending = "";
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(release, 8000);
});
function release() {
  document.querySelectorAll("form[data-sending]").forEach((form) => delete form.dataset.sending);
  document.querySelectorAll('.btn[aria-busy="true"]:not([data-busy])').forEach((button) => button.removeAttribute("aria-busy"));
}
window.addEventListener("pageshow", release);
