// A button that copies an address and says so; where the browser cannot copy, it does not appear.
function show(root) {
  if (navigator.clipboard) root.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.querySelector("span").textContent = button.dataset.copied;
});
document.addEventListener("htmx:load", (event) => show(event.detail.elt.parentElement ?? document));
show(document);
