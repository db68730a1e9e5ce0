// The one search box: results as one types, arrows into them, Esc out of them.
const box = () => document.getElementById("found");

function close() {
  box()?.replaceChildren();
}
document.addEventListener("keydown", (event) => {
  const finder = event.target.closest?.("[data-finder]");
  if (!finder) return;
  const links = [...finder.querySelectorAll("#found a")];
  if (event.key === "Escape") {
    event.preventDefault();
    close();
    document.getElementById("finder").blur();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && links.length) {
    event.preventDefault();
    const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (links[at] ?? document.getElementById("finder")).focus();
  }
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-finder]")) close();
  else if (event.target.closest("#found a[hx-get]")) setTimeout(close);
});
document.addEventListener("input", (event) => {
  if (event.target.id === "finder" && !event.target.value.trim()) close();
});
