// What is chosen in a row that scrolls sideways is brought into view, without moving the page.
function reveal(root) {
  root.querySelectorAll(".days, .chips-scroll").forEach((row) => {
    const chosen = row.querySelector(":checked, [aria-current]")?.closest(".day, .chip");
    if (chosen) row.scrollLeft = chosen.offsetLeft - row.offsetLeft - (row.clientWidth - chosen.clientWidth) / 2;
  });
}
document.addEventListener("htmx:load", (event) => reveal(event.detail.elt));
reveal(document);
