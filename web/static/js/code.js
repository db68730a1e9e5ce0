// Six boxes drawn over one real input, so that pasting and the phone's own suggestion work.
function draw(field) {
  const input = field.querySelector("input");
  const boxes = [...field.querySelectorAll(".code-box")];
  const digits = input.value.replace(/\D/g, "").slice(0, boxes.length);
  if (input.value !== digits) input.value = digits;
  boxes.forEach((box, at) => {
    box.textContent = digits[at] ?? "";
    box.classList.toggle("is-next", at === Math.min(digits.length, boxes.length - 1));
  });
}

function prepare(root) {
  const fields = root.matches?.("[data-code]") ? [root] : root.querySelectorAll("[data-code]");
  fields.forEach((field) => {
    field.classList.add("is-boxed");
    // A pasted "482 015" is longer than six signs; what is drawn and kept is its digits.
    field.querySelector("input").removeAttribute("maxlength");
    draw(field);
  });
}

document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-code]");
  if (!field) return;
  draw(field);
  const input = field.querySelector("input");
  if (input.value.length === 6) field.dispatchEvent(new CustomEvent("code:full", { bubbles: true }));
});
// The caret is not drawn, so a click must not leave it between two digits.
document.addEventListener("click", (event) => {
  const input = event.target.closest("[data-code] input");
  if (input && input.selectionStart === input.selectionEnd) input.setSelectionRange(input.value.length, input.value.length);
});
document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
prepare(document);
