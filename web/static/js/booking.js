// A new booking: what is chosen stands beside the button that books it.
document.addEventListener("change", (event) => {
  if (event.target.name !== "starts_at") return;
  const words = event.target.form?.querySelector("[data-chosen] time");
  const time = event.target.closest(".slot")?.querySelector(".slot-time")?.textContent;
  if (!words || !time) return;
  words.textContent = words.textContent.replace(/\d\d:\d\d$/, time);
  words.dateTime = event.target.value;
});
