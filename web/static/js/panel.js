// The panel of the chosen booking (the design system opens and closes it): the day marks which one it is, and
// so does the address, so that a reload shows the same.
import { closePanel } from "./overlay.js";

const panel = () => document.getElementById("panel");

function mark(booking) {
  document.querySelectorAll(".row-open[aria-current], .block[aria-current]").forEach((one) => one.removeAttribute("aria-current"));
  if (!booking) return;
  document.querySelector(`#row-${CSS.escape(booking)} .row-open`)?.setAttribute("aria-current", "true");
  document.getElementById(`block-${booking}`)?.setAttribute("aria-current", "true");
}

function address(booking) {
  const url = new URL(location.href);
  const day = document.getElementById("day");
  if (!day) return;
  url.pathname = day.dataset.page;
  url.searchParams.set("on", day.dataset.day);
  url.searchParams.delete("booking");
  url.searchParams.delete("session");
  if (booking) url.searchParams.set(panel().querySelector("[data-booking]").dataset.kind ?? "booking", booking);
  history.replaceState(null, "", url);
}

export function chosen() {
  const element = panel();
  return element && !element.hidden ? (element.querySelector("[data-booking]")?.dataset.booking ?? null) : null;
}

const desk = matchMedia("(min-width: 1024px)");
// As a sheet it lies over the day, which waits under it.
function cover() {
  const covered = !desk.matches && chosen() !== null;
  document.querySelectorAll(".staff-main, .staff > .topbar, .staff > .tabbar").forEach((one) => {
    one.inert = covered;
  });
}
desk.addEventListener("change", cover);

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== panel()) return;
  cover();
  mark(chosen());
  address(chosen());
});
if (panel()) {
  new MutationObserver(() => {
    if (!panel().hidden) return;
    panel().replaceChildren();
    cover();
    mark(null);
    address(null);
  }).observe(panel(), { attributes: true, attributeFilter: ["hidden"] });
  mark(chosen());
  cover();
}
// A press beside the sheet closes it.
document.addEventListener("pointerdown", (event) => {
  const element = panel();
  if (desk.matches || !element?.matches("[data-open]")) return;
  if (event.target.closest("#panel, dialog, .toasts")) return;
  event.preventDefault();
  closePanel(element);
});

// Arrow keys walk the list as they walk the timeline.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...document.querySelectorAll("[data-list] .row-link")];
  if (!links.length || document.querySelector("dialog:modal")) return;
  const at = links.indexOf(document.activeElement);
  if (at < 0 && document.activeElement !== document.body) return;
  if (!links[0].offsetParent) return;
  event.preventDefault();
  links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
});

// A refusal comes with its own status and its own words: show them where the answer would have gone.
document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status >= 400 && status < 500 && event.detail.xhr.getResponseHeader("X-Fragment")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
// A dialog in #overlay goes when it is closed, by the person or because its work is done.
document.addEventListener("over:close", () => {
  document.querySelectorAll("#overlay dialog[open]").forEach((dialog) => dialog.close());
});
document.addEventListener("close", (event) => {
  if (event.target.closest?.("#overlay")) event.target.remove();
}, true);
