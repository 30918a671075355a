/* Lets a bar of the timeline be moved, stretched and put into another row: by mouse, by finger (press, wait, move) and by
   keyboard (M, arrows, Enter). All it does is open the form of that window filled in; nothing is sent before a yes there.
   The form gets minutes, not times: the server knows the window to the second, and the clocks of its zone.
   app.js loads this file when a hand first comes near the bars, and hands over what that hand has done meanwhile. */
const STEP = { fine: 15, coarse: 60 }; // minutes; coarse where more than a week is shown
const START = 5; // pixels that a mouse moves before it drags
const PATIENCE = 400; // milliseconds that a finger rests before it drags
const EDGE = 8; // pixels at either end of a bar that stretch it
const OFF = "timeline-fixed"; // remembered in this browser; app.js asks for it, too
let drag = null;
let waiting = 0;

const table = () => document.querySelector("table.rows");
const isOn = () => localStorage.getItem(OFF) === null;
const canMove = (bar) => isOn() && bar?.matches('.win[data-id][data-state="confirmed"]:not(.past)');
const rowOf = (element) => element?.closest?.("table.rows tr[data-id]");
const sum = (style, prefix) =>
  Number(style.getPropertyValue(`--${prefix}d`)) * 1440 +
  Number(style.getPropertyValue(`--${prefix}h`)) * 60 +
  Number(style.getPropertyValue(`--${prefix}m`));

// The classes that place a bar (minutes.css).
const marks = (prefix, minutes) =>
  `${prefix}d${Math.floor(minutes / 1440)} ${prefix}h${Math.floor(minutes / 60) % 24} ${prefix}m${minutes % 60}`;

/* ---- one drag, however it is steered: `by` are minutes at both ends ---- */
function begin(bar, how) {
  const style = getComputedStyle(bar);
  const field = getComputedStyle(table());
  const total = sum(field, "");
  const left = sum(style, "");
  drag = { bar, how, total, left, right: left + sum(style, "w"), row: rowOf(bar), by: [0, 0], step: total > 11000 ? STEP.coarse : STEP.fine };
  drag.ghost = document.createElement("i");
  document.body.dataset.dragging = how;
  show();
}

// How far both ends go for so many minutes: whole steps, counted so that the moved end stands on one.
function go(minutes, how = drag.how) {
  const end = how === "end" ? drag.right : drag.left;
  const at = Math.round((end + minutes) / drag.step) * drag.step;
  const by = minutes === 0 ? 0 : at - end;
  const least = drag.step - (drag.right - drag.left);
  if (how === "start") drag.by = [Math.min(by, -least), 0];
  else if (how === "end") drag.by = [0, Math.max(by, least)];
  else drag.by = [by, by];
  show();
}

function show() {
  const { ghost, row, total, by, bar } = drag;
  const [left, right] = [drag.left + by[0], bar.classList.contains("open") ? total : drag.right + by[1]].map((at) => Math.min(total, Math.max(0, at)));
  ghost.className = `ghost ${marks("", left)} ${marks("w", Math.max(1, right - left))}`;
  row.querySelector(".lane").append(ghost);
  say(`${row.querySelector(".name").textContent.trim()}: ${moment(drag.left + by[0], "before")} – ${moment(drag.right + by[1], "after")}`);
}

// A time on the clocks of the fleet's zone; an end that lies outside of what is shown has none here.
function moment(minute, cut) {
  if (drag.bar.classList.contains(cut)) return "…";
  const { start, zone } = table().dataset;
  const form = { timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(document.documentElement.lang, form).format(new Date(Date.parse(start) + minute * 60000));
}

function say(text) {
  const note = document.getElementById("drag-note");
  note.hidden = text === "";
  note.querySelector("b").textContent = text;
}

function stop() {
  letGo();
  drag?.ghost.remove();
  delete document.body.dataset.dragging;
  say("");
  drag = null;
}

function finish() {
  const { bar, by, row } = drag;
  const address = new URL(bar.href);
  const other = row !== rowOf(bar);
  stop();
  if (!other && by[0] === 0 && by[1] === 0) return;
  if (by[0]) address.searchParams.set("start_by", by[0]);
  if (by[1] && !bar.classList.contains("open")) address.searchParams.set("end_by", by[1]);
  if (other) address.searchParams.set(table().dataset.kind, row.dataset.id);
  location.assign(address);
}

/* ---- mouse and finger ---- */
function partOf(bar, x) {
  const box = bar.getBoundingClientRect();
  if (box.width < 4 * EDGE) return "move";
  if (x - box.left < EDGE && !bar.classList.contains("before")) return "start";
  if (box.right - x < EDGE && !bar.classList.contains("after")) return "end";
  return "move";
}

let press = null; // a button or a finger is down on a bar and has not begun to drag

function pressed(event) {
  const bar = event.target.closest?.(".win");
  if (drag || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || !canMove(bar)) return;
  press = { bar, x: event.clientX, y: event.clientY, how: partOf(bar, event.clientX) };
  if (event.pointerType !== "touch") return;
  clearTimeout(waiting);
  waiting = setTimeout(() => press && begin(press.bar, press.how), PATIENCE - performance.now() + event.timeStamp);
}

function moved(event) {
  if (!press) return;
  if (event.pointerType === "mouse" && !(event.buttons & 1)) return stop(); // let go outside of the window
  const far = Math.hypot(event.clientX - press.x, event.clientY - press.y) > START;
  if (!drag && far && event.pointerType === "touch") return letGo(); // it scrolls
  if (!drag && far) begin(press.bar, press.how);
  if (!drag) return;
  const lane = press.bar.closest(".lane").getBoundingClientRect();
  const row = drag.how === "move" ? rowOf(document.elementFromPoint(event.clientX, event.clientY)) : null;
  if (row) drag.row = row;
  go(((event.clientX - press.x) / lane.width) * drag.total);
}

function released() {
  if (press && drag) {
    // The click that follows would open the form as it is.
    const swallow = (click) => click.preventDefault();
    document.addEventListener("click", swallow, true);
    setTimeout(() => document.removeEventListener("click", swallow, true));
    finish();
  }
  letGo();
}

function letGo() {
  clearTimeout(waiting);
  press = null;
}

/* ---- keyboard ---- */
const ARROWS = { ArrowLeft: -1, ArrowRight: 1 };

function key(event) {
  if (event.key === "Escape") {
    document.querySelector(".field")?.classList.add("hush"); // the caption goes as well
    return stop();
  }
  const bar = event.target.closest?.(".win");
  if (!drag && event.key.toLowerCase() === "m" && !event.ctrlKey && !event.metaKey && !event.altKey && canMove(bar)) {
    event.preventDefault();
    begin(bar, "move");
    drag.keys = { move: 0, end: 0 };
  } else if (drag?.keys) steer(event);
}

function steer(event) {
  const way = ARROWS[event.key];
  const beside = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
  if (way) {
    const end = event.shiftKey && !drag.bar.classList.contains("after");
    drag.by = end ? [drag.by[0], Math.max(drag.by[1] + way * drag.step, drag.by[0] + drag.step - (drag.right - drag.left))] : drag.by.map((by) => by + way * drag.step);
    show();
  } else if (beside && drag.row[beside]) {
    drag.row = drag.row[beside];
    drag.row.scrollIntoView({ block: "nearest" });
    show();
  } else if (event.key === "Enter") finish();
  else if (event.key === "Tab") return stop();
  else if (!beside) return;
  event.preventDefault();
}

/* ---- the switch ---- */
function refresh() {
  if (!isOn()) document.querySelector("[data-drag-switch]").checked = false; // it comes ticked
  document.querySelector(".field").dataset.drag = isOn() ? "on" : "off";
}

function switched(event) {
  if (!event.target.matches("[data-drag-switch]")) return;
  if (event.target.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "");
  refresh();
}

/** Takes an event that came before this file did. isDown: whether the button or finger of a press is still down. */
export function take(event, isDown) {
  if (event.type === "keydown") key(event);
  else if (event.type === "change") switched(event);
  else if (event.type === "pointerdown" && isDown) pressed(event);
  else if (event.type === "pointermove") moved(event);
}

document.addEventListener("pointerdown", pressed);
document.addEventListener("pointermove", moved);
document.addEventListener("pointerup", released);
document.addEventListener("pointercancel", () => { if (press) stop(); });
document.addEventListener("contextmenu", (event) => { if (drag) event.preventDefault(); });
document.addEventListener("keydown", key, true); // before keys.js, which would walk on to the next bar
document.addEventListener("change", switched);
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, () => document.querySelector(".field.hush")?.classList.remove("hush"));
}
// News that would put other bars under the hand waits for the next look.
document.addEventListener("htmx:before:swap", (event) => { if (drag) event.preventDefault(); });
window.addEventListener("pageshow", () => { stop(); refresh(); }); // also when the browser brings the page back

const styles = document.createElement("link");
styles.rel = "stylesheet";
styles.href = document.getElementById("drag-note").dataset.styles;
document.head.append(styles);
refresh();
