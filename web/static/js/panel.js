// The panel of the chosen booking: beside the day on a desk, a sheet over it on a phone. The same <dialog>.
const desk = matchMedia("(min-width: 1024px)");
const panel = () => document.getElementById("panel");

function show(element) {
  if (desk.matches) {
    if (element.matches(":modal")) element.close();
    if (!element.open) element.show();
  } else if (!element.matches(":modal")) {
    if (element.open) element.close();
    element.showModal();
  }
}

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
  if (booking) url.searchParams.set("booking", booking);
  else url.searchParams.delete("booking");
  history.replaceState(null, "", url);
}

export function closePanel() {
  const element = panel();
  if (!element?.open) return;
  const booking = element.dataset.booking;
  element.close();
  element.replaceChildren();
  delete element.dataset.booking;
  mark(null);
  address(null);
  const back = document.getElementById(`block-${booking}`);
  (back?.offsetParent ? back : document.querySelector(`#row-${CSS.escape(booking ?? "")} .row-link`))?.focus();
}

document.addEventListener("htmx:afterSwap", (event) => {
  const element = panel();
  if (!element || event.detail.target !== element) return;
  const card = element.querySelector("[data-booking]");
  if (!card) return;
  const fresh = element.dataset.booking !== card.dataset.booking;
  element.dataset.booking = card.dataset.booking;
  show(element);
  mark(card.dataset.booking);
  address(card.dataset.booking);
  if (fresh) element.querySelector("[data-panel-focus]")?.focus();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-panel-close]")) closePanel();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog:modal")) return;
  if (event.target.closest?.("details[open], .finder")) return;
  closePanel();
});
// As a sheet, Esc and the backdrop close the native dialog: the day's marks follow.
document.addEventListener("close", (event) => {
  if (event.target.id === "panel" && event.target.childElementCount && !desk.matches) {
    event.target.replaceChildren();
    delete event.target.dataset.booking;
    mark(null);
    address(null);
  }
}, true);
desk.addEventListener("change", () => {
  const element = panel();
  if (element?.open) show(element);
});
{
  const element = panel();
  if (element?.open) {
    if (!desk.matches) show(element);
    mark(element.dataset.booking);
  }
}

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
