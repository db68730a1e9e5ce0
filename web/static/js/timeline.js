// Drawing on the timeline: a booking is dragged to another time and person or room, pulled longer or shorter, a
// free span is drawn for a new one; with mouse, pen, finger (after a moment's hold) and keys. What hangs under the
// hand says whether it fits: at once from what the page shows, then from the server, which tries the very change.
// A drop is one request with the version that was drawn on; refused, it goes back and a dialog says why.
import { toast } from "./toast.js";

const MINUTES = 5;
const STEP = 3; // rows: a quarter of an hour; with Shift one row
const HOLD = 350; // ms a finger rests before it lifts
const SLACK = 5; // px a mouse moves before it lifts
const NOBODY = "00000000-0000-0000-0000-000000000000";

let lift = null; // what hangs: {kind, timeline, block, col, row, span, from, ghost, by, grab}
let press = null; // a press that may become a lift
let dropped = 0;

export const isDrawing = () => lift !== null;

const grid = () => document.querySelector(".timeline[data-words]");
const columnsOf = (timeline) => [...timeline.querySelectorAll(".timeline-col")];
const number = (element, prefix) => Number([...element.classList].find((name) => name.startsWith(prefix))?.slice(prefix.length) ?? 0);
const rowsOf = (timeline) => number(timeline, "rows-");
const words = (timeline) => JSON.parse(timeline.dataset.words);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");

function say(text) {
  const place = document.getElementById("timeline-say");
  if (place && place.textContent !== text) place.textContent = text;
}

const moment = (col, row) => new Date(Date.parse(col.dataset.start) + row * MINUTES * 60000);

function clock(timeline, date) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: timeline.dataset.zone }).format(date);
}
const times = (timeline, col, row, span) => `${clock(timeline, moment(col, row))}–${clock(timeline, moment(col, row + span))}`;
const nameOf = (col) => document.getElementById(col.getAttribute("aria-labelledby"))?.querySelector(".title")?.textContent.trim() ?? "";
const guest = (block) => block.querySelector(".block-name")?.textContent.trim() ?? "";

// What the page itself knows against a place: someone is there, absence, the past.
function seen(col, row, span) {
  const text = words(lift.timeline);
  if (!col.dataset.start) return text.nowhere;
  if (lift.kind !== "resize" && moment(col, row) < new Date(Date.now() - 15 * 60000)) return text.past;
  for (const one of col.children) {
    if (one === lift.block || one === lift.ghost || (lift.block && one.dataset.booking === lift.block.dataset.booking)) continue;
    const first = number(one, "r-");
    if (first >= row + span || first + number(one, "span-") <= row) continue;
    if (one.matches(".block:not(.block-bad)")) return fill(text.taken, { name: guest(one) });
    if (one.matches(".away")) return one.textContent.trim();
  }
  return "";
}

// The ghost shows the place and what is known of it.
function show(state, why) {
  const { timeline, ghost, col, row, span } = lift;
  const text = words(timeline);
  const time = times(timeline, col, row, span);
  ghost.className = `ghost r-${row} span-${span}${state === "refused" ? " is-refused" : ""}`;
  ghost.dataset.state = state;
  ghost.querySelector("b").textContent = time;
  ghost.querySelector("span").textContent = state === "refused" ? why : lift.block ? guest(lift.block) : "";
  const sentence = state === "refused" ? text.refused : state === "fits" ? text.fits : text.asking;
  say(fill(sentence, { time, who: nameOf(col), why }));
}

function fields() {
  const { block, kind, col, row, span, from } = lift;
  const body = new URLSearchParams({ version: block.dataset.version });
  if (kind === "resize") {
    body.set("ends_at", moment(col, row + span).toISOString());
    return body;
  }
  if (row !== from.row || col.dataset.start !== from.col.dataset.start) body.set("starts_at", moment(col, row).toISOString());
  if (col !== from.col && col.dataset.person && col.dataset.person !== from.col.dataset.person) body.set("who", col.dataset.person);
  if (col !== from.col && col.dataset.room) body.set("room", col.dataset.room);
  return body;
}

function send(block, timeline, body) {
  const headers = { ...JSON.parse(document.body.getAttribute("hx-headers") ?? "{}"), "Content-Type": "application/x-www-form-urlencoded" };
  const url = block.dataset.place ?? timeline.dataset.place.replace(NOBODY, block.dataset.booking);
  return fetch(url, { method: "POST", headers, body, credentials: "same-origin" });
}

// The server tries it, once the hand rests; an answer that comes late says nothing of where the hand is now.
let asking;
function ask() {
  clearTimeout(asking);
  const mine = lift;
  const { col, row, span } = lift;
  const known = seen(col, row, span);
  show(known ? "refused" : "asking", known);
  if (!lift.block || !col.dataset.start) {
    if (!known) show("fits");
    return;
  }
  const key = `${col.dataset.key} ${row} ${span}`;
  const told = (answer) => answer && show(answer.fits ? "fits" : "refused", answer.words);
  if (mine.told.has(key)) {
    told(mine.told.get(key));
    return;
  }
  asking = setTimeout(async () => {
    const body = fields();
    body.set("try", "1");
    try {
      const answer = await send(mine.block, mine.timeline, body);
      if (!answer.ok) return;
      mine.told.set(key, await answer.json());
    } catch {
      return;
    }
    if (lift === mine && key === `${lift.col.dataset.key} ${lift.row} ${lift.span}`) told(mine.told.get(key));
  }, 120);
}

function put(col, row, span) {
  const rows = rowsOf(lift.timeline);
  const length = Math.max(1, Math.min(span, rows));
  const at = Math.max(0, Math.min(rows - length, row));
  if (col === lift.col && at === lift.row && length === lift.span) return;
  if (col !== lift.ghost.parentElement) col.append(lift.ghost);
  Object.assign(lift, { col, row: at, span: length });
  ask();
}

function raise(kind, timeline, col, block, row, span, by) {
  const ghost = document.createElement("div");
  ghost.setAttribute("aria-hidden", "true");
  ghost.append(document.createElement("b"), document.createElement("span"));
  lift = { kind, timeline, block, col, row, span, from: { col, row, span }, ghost, by, told: new Map(), grab: 0 };
  col.append(ghost);
  block?.classList.add("is-lifted");
  timeline.classList.add("is-drawing");
  ask();
  if (by === "keys") {
    const text = words(timeline);
    const sentence = kind === "move" ? text.picked : kind === "resize" ? text.ends : text.span;
    say(fill(sentence, { name: block ? guest(block) : "", time: times(timeline, col, row, span), who: nameOf(col) }));
  }
}

function lower() {
  clearTimeout(asking);
  const was = lift;
  lift = null;
  was.block?.classList.remove("is-lifted");
  was.timeline.classList.remove("is-drawing");
  return was;
}

function cancel() {
  const was = lower();
  was.ghost.remove();
  say(words(was.timeline).back);
  if (was.by === "keys") (was.block ?? was.timeline).focus({ preventScroll: true });
}

function drop() {
  const { col, row, span, from, block, timeline, kind } = lift;
  if (kind === "new") {
    const was = lower();
    was.ghost.remove();
    if (!col.dataset.start) return;
    const url = new URL(timeline.dataset.new, location.href);
    url.searchParams.set("on", col.dataset.start.slice(0, 10));
    url.searchParams.set("starts_at", moment(col, row).toISOString());
    url.searchParams.set("minutes", String(span * MINUTES));
    if (col.dataset.person) url.searchParams.set("practitioner", col.dataset.person);
    location.assign(url);
    return;
  }
  if (!col.dataset.start || (col === from.col && row === from.row && span === from.span)) {
    cancel();
    return;
  }
  const body = fields();
  const was = lower();
  finish(was, body);
}

async function finish(was, body) {
  const text = words(was.timeline);
  let answer;
  try {
    answer = await send(was.block, was.timeline, body);
  } catch {
    goBack(was, text.offline);
    toast(text.offline);
    return;
  }
  if (!answer.ok || answer.headers.get("X-Fragment")) {
    const html = await answer.text();
    // refused, or something is asked first
    goBack(was, (!answer.ok && was.ghost.querySelector("span").textContent) || text.back);
    if (answer.headers.get("X-Fragment")) window.htmx.swap("#overlay", html, { swapStyle: "innerHTML" });
    else location.reload();
    changed(was.block);
    return;
  }
  const { words: done, undo } = await answer.json();
  was.ghost.remove();
  say(done);
  changed(was.block, was.by === "keys");
  toast(done, { label: text.undo, act: () => takeBack(was, undo) });
}

async function takeBack(was, undo) {
  const answer = await send(was.block, was.timeline, new URLSearchParams(undo)).catch(() => null);
  if (answer?.ok) {
    const { words: done } = await answer.json();
    say(done);
    toast(done);
  } else if (answer?.headers.get("X-Fragment")) {
    window.htmx.swap("#overlay", await answer.text(), { swapStyle: "innerHTML" });
  }
  changed(was.block);
}

// Refused: the ghost returns to where it was lifted from, and goes.
function goBack(was, why) {
  was.from.col.append(was.ghost);
  was.ghost.className = `ghost r-${was.from.row} span-${was.from.span} is-refused is-back`;
  setTimeout(() => was.ghost.remove(), 220);
  say(why);
  if (was.by === "keys" && was.block.isConnected) was.block.focus({ preventScroll: true });
}

function changed(block, focus) {
  const { booking, place } = block.dataset;
  // what has a place of its own is a session: its day is read again
  document.dispatchEvent(new CustomEvent("day:changed", { detail: { id: place ? "day" : booking } }));
  if (!focus) return;
  // the block is drawn anew somewhere else: whoever moved it by keys goes with it
  const watch = new MutationObserver(() => {
    const again = document.getElementById(`block-${booking}`);
    if (!again || again.matches(".is-lifted")) return;
    watch.disconnect();
    if (document.activeElement === document.body) again.focus({ preventScroll: true });
  });
  watch.observe(document.getElementById("day"), { childList: true, subtree: true });
  setTimeout(() => watch.disconnect(), 20000);
}

// Pointers. A mouse lifts by moving, a finger by resting; whoever moves first scrolls.
function columnAt(timeline, x, fallback) {
  return columnsOf(timeline).find((col) => {
    const box = col.getBoundingClientRect();
    return x >= box.left && x < box.right;
  }) ?? fallback;
}
function rowAt(col, y) {
  const box = col.getBoundingClientRect();
  return (y - box.top) / (box.height / rowsOf(col.closest(".timeline")));
}
const stepped = (value, step) => Math.round(value / step) * step;

document.addEventListener("pointerdown", (event) => {
  if (lift || event.button !== 0 || !event.isPrimary) return;
  const timeline = event.target.closest?.(".timeline[data-words]");
  const col = event.target.closest?.(".timeline-col");
  if (!timeline || !col) return;
  const block = event.target.closest(".block");
  const row = rowAt(col, event.clientY);
  press = { timeline, col, x: event.clientX, y: event.clientY, touch: event.pointerType === "touch", id: event.pointerId };
  if (block) {
    const can = (block.dataset.can ?? "").split(" ");
    const nearEnd = block.getBoundingClientRect().bottom - event.clientY < (press.touch ? 16 : 8);
    press.kind = nearEnd && can.includes("resize") ? "resize" : can.includes("move") ? "move" : null;
    Object.assign(press, { block, row: number(block, "r-"), span: number(block, "span-"), grab: row - number(block, "r-") });
  } else if (timeline.dataset.new && col.dataset.start && !event.target.closest(".away")) {
    press.kind = "new";
    Object.assign(press, { block: null, row: Math.floor(row / STEP) * STEP, span: STEP, grab: 0 });
  }
  if (!press.kind || (press.block && !timeline.dataset.place && !press.block.dataset.place)) {
    press = null;
    return;
  }
  const mine = press;
  if (mine.touch) mine.timer = setTimeout(() => press === mine && begin(), HOLD);
});

function begin() {
  const { kind, timeline, col, block, row, span, grab } = press;
  raise(kind, timeline, col, block, row, span, press.touch ? "touch" : "mouse");
  lift.grab = grab;
}

document.addEventListener("pointermove", (event) => {
  if (press && event.pointerId !== press.id) return;
  if (press && !lift) {
    const far = Math.hypot(event.clientX - press.x, event.clientY - press.y) > SLACK;
    if (!far) return;
    if (press.touch) {
      // it moved before it rested: that is scrolling
      clearTimeout(press.timer);
      press = null;
      return;
    }
    begin();
  }
  if (!lift || lift.by === "keys" || !press) return;
  const step = event.shiftKey ? 1 : STEP;
  const col = lift.kind === "move" ? columnAt(lift.timeline, event.clientX, lift.col) : lift.col;
  const row = rowAt(col, event.clientY);
  if (lift.kind === "move") put(col, lift.from.row + stepped(row - lift.grab - lift.from.row, step), lift.from.span);
  else if (lift.kind === "resize") put(col, lift.row, lift.from.span + stepped(row - lift.from.row - lift.from.span, step));
  else put(col, lift.row, Math.max(step, stepped(row - lift.row, step)));
  scrollNear(event.clientY);
});

function scrollNear(y) {
  const box = lift.timeline.getBoundingClientRect();
  const near = y > box.bottom - 28 ? 12 : y < box.top + 76 ? -12 : 0;
  if (near) lift.timeline.scrollTop += near;
}

document.addEventListener("pointerup", (event) => {
  if (press && event.pointerId !== press.id) return;
  clearTimeout(press?.timer);
  const was = press;
  press = null;
  if (lift && lift.by !== "keys") {
    dropped = Date.now();
    drop();
  } else if (was?.kind === "new" && !lift && Math.hypot(event.clientX - was.x, event.clientY - was.y) <= SLACK) {
    // a tap on free time is a new booking there
    raise("new", was.timeline, was.col, null, was.row, was.span, "mouse");
    if (lift.ghost.dataset.state === "refused") cancel();
    else drop();
  }
});
document.addEventListener("pointercancel", () => {
  clearTimeout(press?.timer);
  press = null;
  if (lift && lift.by !== "keys") cancel();
});
// A finger that has lifted something does not scroll; nor does a drop open what it was dropped on.
document.addEventListener("touchmove", (event) => lift && lift.by === "touch" && event.preventDefault(), { passive: false });
document.addEventListener("contextmenu", (event) => (lift || press?.touch) && event.target.closest?.(".timeline") && event.preventDefault());
document.addEventListener("dragstart", (event) => event.target.closest?.(".timeline") && event.preventDefault());
document.addEventListener("click", (event) => {
  if (Date.now() - dropped < 300 && event.target.closest?.(".timeline")) {
    event.preventDefault();
    event.stopPropagation();
  }
}, true);

// Keys. Space takes the booking, E its end; on the grid itself the arrows begin a new one.
const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function beside(col, step) {
  const all = columnsOf(lift.timeline).filter((one) => one.dataset.start || one === lift.from.col);
  return all[Math.max(0, Math.min(all.length - 1, all.indexOf(col) + step))];
}

function steer(event) {
  const [across, down] = MOVES[event.key];
  const step = (event.shiftKey ? 1 : STEP) * down;
  const { col, row, span, kind } = lift;
  if (kind === "resize") put(col, row, Math.max(1, span + step));
  else if (kind === "new" && event.altKey) put(col, row, Math.max(1, span + step));
  else put(across ? beside(col, across) : col, row + step, span);
  lift.ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function keyed(event) {
  if (event.key in MOVES) steer(event);
  else if (event.key === "Enter" || event.key === " ") drop();
  else if (event.key === "Escape") cancel();
  else if (event.key === "Tab") {
    cancel();
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.isComposing) return;
  if (lift) {
    if (lift.by === "keys" || event.key === "Escape") keyed(event);
    return;
  }
  const block = event.target.closest?.(".timeline .block[data-can]");
  const can = (block?.dataset.can ?? "").split(" ");
  const kind = event.key === " " ? "move" : event.key.toLowerCase() === "e" && !event.altKey ? "resize" : null;
  if (block && kind && can.includes(kind)) {
    raise(kind, block.closest(".timeline"), block.closest(".timeline-col"), block, number(block, "r-"), number(block, "span-"), "keys");
  } else if (event.target === grid() && grid().dataset.new && event.key in MOVES && !event.altKey) {
    const timeline = grid();
    const col = columnsOf(timeline).find((one) => one.dataset.start);
    if (!col) return;
    const now = Math.ceil((Date.now() - Date.parse(col.dataset.start)) / 60000 / MINUTES / STEP) * STEP;
    raise("new", timeline, col, null, Math.max(0, Math.min(rowsOf(timeline) - 6, now)), 6, "keys");
    lift.ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
  } else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
