// Toasts stay 6 s, and as long as they are hovered or hold the focus.
const stays = 6000;

function watch(element) {
  if (element.dataset.watched !== undefined) return;
  element.dataset.watched = "";
  let timer;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (element.matches(":hover, :focus-within")) start();
      else element.remove();
    }, stays);
  };
  element.addEventListener("pointerleave", start);
  element.addEventListener("focusout", start);
  start();
}

// `undo`: {label, act}, a way back for as long as the toast stays.
export function toast(text, undo) {
  const template = document.getElementById("toast-template");
  const place = document.getElementById("toasts");
  if (!template || !place) return;
  const element = template.content.firstElementChild.cloneNode(true);
  element.querySelector(".toast-words").textContent = text;
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-small";
    button.textContent = undo.label;
    button.addEventListener("click", () => {
      element.remove();
      undo.act();
    });
    element.querySelector(".toast-words").after(button);
  }
  place.append(element);
  watch(element);
}

const place = document.getElementById("toasts");
if (place) {
  place.querySelectorAll("[data-toast]").forEach(watch);
  new MutationObserver(() => place.querySelectorAll("[data-toast]").forEach(watch)).observe(place, {
    childList: true,
    subtree: true,
  });
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-toast-close]")) event.target.closest("[data-toast]").remove();
});
// A server may also say it with the header HX-Trigger: {"toast": {"text": "…"}}.
document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value));
