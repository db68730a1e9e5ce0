// Dialogs, sheets and drawers: native <dialog>, opened by data-opens="id", closed by data-closes,
// Esc or the backdrop. Typed text is never lost: then only the close button and Cancel close.
// The browser holds the focus inside and gives it back.

const typed = new WeakMap();

function fingerprint(dialog) {
  return [...dialog.querySelectorAll("input:not([type=hidden]), textarea, select")]
    .map((field) => (field.matches("[type=checkbox], [type=radio]") ? field.checked : field.value))
    .join("\u0000");
}

export function openOverlay(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  typed.set(dialog, fingerprint(dialog));
}

export function closeOverlay(dialog) {
  if (dialog.open) dialog.close();
}

function wouldLoseText(dialog) {
  return typed.has(dialog) && typed.get(dialog) !== fingerprint(dialog);
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens);
    if (dialog) openOverlay(dialog);
    return;
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) {
    const dialog = closer.closest("dialog");
    if (dialog) closeOverlay(dialog);
    else if (closer.closest(".panel")) closePanel(closer.closest(".panel"));
  }
});

// The backdrop belongs to the dialog: a press that starts and ends outside its box closes it.
let pressedOutside = null;
function isOutside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
document.addEventListener("pointerdown", (event) => {
  const dialog = event.target;
  pressedOutside = dialog instanceof HTMLDialogElement && isOutside(dialog, event) ? dialog : null;
});
document.addEventListener("pointerup", (event) => {
  const dialog = pressedOutside;
  pressedOutside = null;
  if (dialog && event.target === dialog && isOutside(dialog, event) && !wouldLoseText(dialog)) closeOverlay(dialog);
});
document.addEventListener(
  "cancel",
  (event) => {
    if (event.target instanceof HTMLDialogElement && wouldLoseText(event.target)) event.preventDefault();
  },
  true,
);

// The staff panel: opened by what is swapped into it, closed by its button or Esc; the focus goes back to what opened it.
let panelOpener = null;
export function closePanel(panel) {
  panel.removeAttribute("data-open");
  panel.hidden = true;
  document.querySelectorAll(".block[aria-current]").forEach((block) => block.removeAttribute("aria-current"));
  if (panelOpener?.isConnected) panelOpener.focus();
  panelOpener = null;
}
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.matches?.(".panel") && !event.detail.target.contains(event.detail.elt)) panelOpener = event.detail.elt;
});
document.addEventListener("htmx:afterSwap", (event) => {
  const panel = event.detail.target;
  if (!panel?.matches?.(".panel")) return;
  panel.hidden = false;
  panel.setAttribute("data-open", "");
  document.querySelectorAll(".block[aria-current]").forEach((block) => block.removeAttribute("aria-current"));
  if (panelOpener?.matches?.(".block")) panelOpener.setAttribute("aria-current", "true");
  panel.focus({ preventScroll: true });
});
document.addEventListener("keydown", (event) => {
  const panel = document.querySelector(".panel[data-open]");
  if (event.key === "Escape" && panel && !document.querySelector("dialog[open]")) closePanel(panel);
});

// A fragment may arrive as a dialog that wants to be open.
document.addEventListener("htmx:load", (event) => {
  const root = event.detail.elt;
  const dialogs = root.matches?.("dialog[data-open]") ? [root] : root.querySelectorAll("dialog[data-open]");
  dialogs.forEach(openOverlay);
});
document.querySelectorAll("dialog[data-open]").forEach(openOverlay);
