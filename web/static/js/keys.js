// One-letter keys for staff: data-key on a link, button or field. Never while typing or with a modifier.
// Arrow keys walk through a timeline: up and down in a column, left and right to the nearest in the next.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.matches?.("input, textarea, select, [contenteditable]")) return;
  if (document.querySelector("dialog:modal")) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input")) target.focus();
  else target.click();
});

document.addEventListener("keydown", (event) => {
  const block = event.target.closest?.(".timeline .block");
  if (!block || !event.key.startsWith("Arrow")) return;
  const column = block.closest(".timeline-col");
  const columns = [...column.parentElement.querySelectorAll(".timeline-col")];
  const inColumn = (one) => [...one.querySelectorAll(".block")].sort((a, b) => a.offsetTop - b.offsetTop);
  let next;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const blocks = inColumn(column);
    next = blocks[blocks.indexOf(block) + (event.key === "ArrowDown" ? 1 : -1)];
  } else {
    const step = event.key === "ArrowRight" ? 1 : -1;
    for (let at = columns.indexOf(column) + step; columns[at] && !next; at += step) {
      next = inColumn(columns[at]).sort(
        (a, b) => Math.abs(a.offsetTop - block.offsetTop) - Math.abs(b.offsetTop - block.offsetTop),
      )[0];
    }
  }
  event.preventDefault();
  next?.focus();
});
