// The clerk's pages: the panel, the finder, the day that keeps itself true, and the scan page.
import "./live.js";
import "./panel.js";
import "./timeline.js";
import "./finder.js";
import "./redeem.js";
import "./booking.js";
