// One module a behaviour; each listens on the document, so that what htmx swaps in works without wiring.
import "./busy.js";
import "./code.js";
import "./copy.js";
import "./countdown.js";
import "./keys.js";
import "./menu.js";
import "./overlay.js";
import "./refusals.js";
import "./reveal.js";
import "./spy.js";
import "./theme.js";
import "./toast.js";
