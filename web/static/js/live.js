// The day keeps itself true. One stream a browser: the tab that holds the lock has it and tells the others by
// BroadcastChannel; when it closes, the next one takes over. Where locks are not to be had (no https), each
// tab has its own. An event is a hint: what changed is read again. After a reconnect the whole day is.
import { chosen as chosenBooking } from "./panel.js";
import { isDrawing } from "./timeline.js";

const dot = document.getElementById("live");
const pause = { first: 1000, most: 30000 };

function state(name) {
  if (!dot) return;
  const words = { live: dot.dataset.wordLive, waiting: dot.dataset.wordWaiting, off: dot.dataset.wordOff };
  dot.classList.toggle("is-off", name !== "live");
  dot.classList.toggle("is-waiting", name === "waiting");
  dot.dataset.state = name;
  if (dot.textContent !== words[name]) dot.textContent = words[name];
  const bar = document.getElementById("offline");
  if (bar) bar.hidden = name !== "off";
  document.querySelectorAll("[data-needs-net]").forEach((one) => one.toggleAttribute("disabled", name === "off"));
}

const day = () => document.getElementById("day");

// What changed, read again: one request for one booking, one for the day when there were many.
const waiting = new Set();
let timer;
let reading = false;

function place(part) {
  const list = document.querySelector("[data-list]");
  const old = document.getElementById(part.id);
  if (!list) return false;
  const at = Date.parse(part.dataset.at);
  old?.remove();
  const next = [...list.querySelectorAll(".day-row")].find((row) => Date.parse(row.dataset.at) > at);
  list.insertBefore(part, next ?? null);
  // the now-line stays between what has begun and what has not
  const now = document.getElementById("now-row");
  if (now) list.insertBefore(now, [...list.querySelectorAll(".day-row")].find((row) => Date.parse(row.dataset.at) > Date.now()) ?? null);
  return true;
}

function flash(element) {
  element?.classList.remove("changed");
  void element?.offsetWidth;
  element?.classList.add("changed");
}

function keepFocus(act) {
  const id = document.activeElement?.closest?.("[id]")?.id;
  const inLink = document.activeElement?.matches?.(".row-link");
  act();
  if (!id || document.activeElement !== document.body) return;
  const again = document.getElementById(id);
  (inLink ? again?.querySelector(".row-link") : again)?.focus({ preventScroll: true });
}

const blocksOf = (booking) => document.querySelectorAll(`.timeline .block[data-booking="${CSS.escape(booking)}"]`);

// The columns it stands in now: what it leaves there has to go too.
function changedUrl(booking) {
  const url = day().dataset.changed.replace("00000000-0000-0000-0000-000000000000", booking);
  const from = [...blocksOf(booking)].map((block) => `&from=${encodeURIComponent(block.closest(".timeline-col").dataset.key)}`);
  return url + [...new Set(from)].join("");
}

function put(html, booking) {
  const found = new DOMParser().parseFromString(html, "text/html");
  keepFocus(() => {
    const row = found.querySelector(".day-row");
    const chosen = chosenBooking();
    if (row) {
      const fresh = document.adoptNode(row);
      if (!place(fresh)) {
        // the list was empty: the whole day is needed
        readDay();
        return;
      }
      window.htmx.process(fresh);
      flash(fresh);
    } else {
      document.getElementById(`row-${booking}`)?.remove();
    }
    for (const block of blocksOf(booking)) block.remove();
    for (const column of found.querySelectorAll(".timeline-col")) {
      const old = document.querySelector(`.timeline-col[data-key="${CSS.escape(column.dataset.key)}"]`);
      if (!old) {
        if (document.querySelector(".timeline")) readDay();
        continue;
      }
      column.setAttribute("aria-labelledby", old.getAttribute("aria-labelledby"));
      const fresh = document.adoptNode(column);
      old.replaceWith(fresh);
      window.htmx.process(fresh);
      flash(document.getElementById(`block-${booking}`));
    }
    for (const id of ["attention", "summary"]) {
      const part = found.getElementById(id);
      const old = document.getElementById(id);
      if (!part || !old) continue;
      const open = old.querySelector("[data-rest]")?.open;
      const fresh = document.adoptNode(part);
      if (open) fresh.querySelector("[data-rest]")?.setAttribute("open", "");
      old.replaceWith(fresh);
      window.htmx.process(fresh);
    }
    if (chosen) {
      document.querySelector(`#row-${CSS.escape(chosen)} .row-open`)?.setAttribute("aria-current", "true");
      document.getElementById(`block-${chosen}`)?.setAttribute("aria-current", "true");
    }
  });
}

async function get(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  if (answer.headers.get("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

async function readDay() {
  const element = day();
  if (!element) return;
  const html = await get(element.dataset.url);
  keepFocus(() => {
    const { scrollLeft: left = 0, scrollTop: top = 0 } = document.querySelector(".timeline") ?? {};
    const open = element.querySelector("[data-rest]")?.open;
    window.htmx.swap(element, html, { swapStyle: "innerHTML" });
    const timeline = document.querySelector(".timeline");
    if (timeline) timeline.scrollTo(left, top);
    if (open) element.querySelector("[data-rest]")?.setAttribute("open", "");
    const chosen = chosenBooking();
    if (chosen) {
      document.querySelector(`#row-${CSS.escape(chosen)} .row-open`)?.setAttribute("aria-current", "true");
      document.getElementById(`block-${chosen}`)?.setAttribute("aria-current", "true");
    }
  });
}

async function readPanel(changed) {
  const shown = chosenBooking();
  if (!shown) return;
  const head = document.querySelector("#panel [data-booking]");
  const { url, kind, mark } = head.dataset;
  if (kind === "session") {
    // any seat of it may have changed; while somebody is being added nothing typed is lost
    if (document.querySelector("#panel [data-add][open]")) return;
    const found = new DOMParser().parseFromString(await get(url), "text/html").querySelector("[data-booking]");
    if (found?.dataset.mark === mark || chosenBooking() !== shown) return;
  } else if (!changed.includes(shown)) return;
  window.htmx.ajax("GET", url, { source: "#panel", target: "#panel", swap: "innerHTML" });
}

async function read() {
  if (reading || !day()) return;
  if (isDrawing()) {
    // under a hand that draws nothing moves; it is read when the hand lets go
    timer = setTimeout(read, 400);
    return;
  }
  reading = true;
  try {
    while (waiting.size) {
      const changed = [...waiting];
      waiting.clear();
      // a week knows only its days: what moved into it or out of it is read with all of it
      if (changed.length > 3 || changed.includes("day") || day().dataset.view === "week") {
        await readDay();
      } else {
        for (const booking of changed) {
          put(await get(changedUrl(booking)), booking);
        }
      }
      await readPanel(changed);
    }
  } catch {
    if (!navigator.onLine) state("off");
  } finally {
    reading = false;
  }
}

export function changed(key) {
  waiting.add(key);
  clearTimeout(timer);
  timer = setTimeout(read, 30);
}

function hear(message) {
  if (message.state) state(message.state);
  else if (message.again) changed("day");
  else if (message.event) changed(/^booking/.test(message.event.kind) ? message.event.id : "day");
}

// The stream itself.
function stream(tell) {
  let source;
  let failed = 0;
  let closed = false;
  async function open() {
    if (closed) return;
    try {
      const answer = await fetch(dot.dataset.live, {
        method: "POST",
        headers: { ...JSON.parse(document.body.getAttribute("hx-headers") ?? "{}"), "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ store: dot.dataset.store }),
        credentials: "same-origin",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const { stream_url: url } = await answer.json();
      source = new EventSource(url);
    } catch {
      again();
      return;
    }
    source.addEventListener("open", () => {
      // what happened between two streams was told to nobody
      if (failed) tell({ again: true });
      failed = 0;
      tell({ state: "live" });
    });
    source.addEventListener("changed", (event) => tell({ event: JSON.parse(event.data) }));
    // the ticket is used up, so the browser's own reconnect would be refused
    source.addEventListener("error", again);
  }
  function again() {
    source?.close();
    if (closed) return;
    failed += 1;
    tell({ state: navigator.onLine ? "waiting" : "off" });
    setTimeout(open, Math.min(pause.most, pause.first * 2 ** Math.min(failed - 1, 5)) * (0.8 + Math.random() * 0.4));
  }
  window.addEventListener("online", () => {
    failed = Math.max(failed, 1);
  });
  open();
  return () => {
    closed = true;
    source?.close();
  };
}

function start() {
  const name = `live:${dot.dataset.store}`;
  window.addEventListener("offline", () => state("off"));
  if (!navigator.locks || typeof BroadcastChannel === "undefined") {
    const stop = stream(hear);
    window.addEventListener("pagehide", stop);
    return;
  }
  const channel = new BroadcastChannel(name);
  let leading = false;
  let last = null;
  channel.addEventListener("message", ({ data }) => {
    if (data.ask) {
      if (leading && last) channel.postMessage(last);
    } else {
      hear(data);
    }
  });
  channel.postMessage({ ask: true });
  navigator.locks.request(name, () => {
    leading = true;
    const tell = (message) => {
      if (message.state) last = message;
      channel.postMessage(message);
      hear(message);
    };
    // whoever takes over has missed what the one before was told last
    changed("day");
    stream(tell);
    return new Promise(() => {});
  });
}

if (dot) start();

// The grid opens where the day is.
{
  const timeline = document.querySelector(".timeline");
  const now = timeline?.querySelector(".now-chip");
  if (now) timeline.scrollTop = Math.max(0, now.offsetTop - timeline.clientHeight / 3);
}

// What this very page has done need not wait for the stream.
document.addEventListener("day:changed", (event) => changed(event.detail.id ?? event.detail.value ?? "day"));
// Lateness and holds move with the clock; the now-line too.
setInterval(() => {
  if (day()?.dataset.today && document.visibilityState === "visible" && dot?.dataset.state !== "off") changed("day");
}, 60000);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && day()?.dataset.today) changed("day");
});
document.addEventListener("countdown:end", () => changed("day"));
