// Counts down to data-until (ISO time), or for data-left seconds from now on, which a wrong clock does not
// touch. Said aloud at 2 min and 30 s by the role=status beside it;
// at zero it tells the page with the event countdown:end.
const ends = new WeakMap();
function left(element) {
  if (!ends.has(element)) {
    const given = element.dataset.left;
    ends.set(element, given ? Date.now() + Number(given) * 1000 : Date.parse(element.dataset.until));
  }
  return Math.max(0, Math.ceil((ends.get(element) - Date.now()) / 1000));
}

function show(element) {
  const seconds = left(element);
  const words = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (element.textContent !== words) element.textContent = words;
  const box = element.closest("[data-countdown-box]");
  const voice = box?.querySelector("[data-countdown-voice]");
  const said = Number(element.dataset.said ?? Infinity);
  for (const [at, text] of [[30, voice?.dataset.at30], [120, voice?.dataset.at120]]) {
    if (seconds > 0 && seconds <= at && said > at) {
      element.dataset.said = String(at);
      if (voice && text) voice.textContent = text;
      break;
    }
  }
  if (seconds === 0 && element.dataset.ended === undefined) {
    element.dataset.ended = "";
    element.dispatchEvent(new CustomEvent("countdown:end", { bubbles: true }));
  }
}

function tick() {
  document.querySelectorAll("[data-until]").forEach(show);
}
setInterval(tick, 1000);
document.addEventListener("htmx:load", tick);
tick();
