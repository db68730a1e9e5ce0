// The office: copy a week's first day, print, copy and share an address. Without script the forms work as they are.

function show(root = document) {
  root.querySelectorAll("[data-week-copy], [data-print]").forEach((button) => (button.hidden = false));
  if (navigator.share) root.querySelectorAll("[data-share]").forEach((button) => (button.hidden = false));
}

function copyWeek(week) {
  const [first, ...others] = week.querySelectorAll("[data-week-row]");
  const from = [...first.querySelectorAll("input")];
  for (const row of others) {
    [...row.querySelectorAll("input")].forEach((field, place) => {
      if (field.type === "checkbox") field.checked = from[place].checked;
      else field.value = from[place].value;
    });
    row.querySelector("details").open = first.querySelector("details").open;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches("[data-week-copy]")) copyWeek(button.closest("[data-week]"));
  if (button.matches("[data-print]")) window.print();
  if (button.matches("[data-share]")) await navigator.share({ url: button.dataset.share }).catch(() => {});
});

// A form that asks what it would change is asked again as it is filled in; the answer never moves the focus.
document.addEventListener("htmx:load", (event) => show(event.detail.elt.parentElement ?? document));
show();
