/* The keys that "?" lists. app.js loads this file when the first key is pressed outside of a field, or a row is pressed,
   and hands it that event. Keys are shortcuts: whatever they do is a link or a button of the page, too. */
const OFF = "keysOff"; // remembered in this browser; app.js asks for it before it takes "/"
const PATIENCE = 1500; // milliseconds between "g" and the key behind it
const TYPED = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const WAYS = { ArrowDown: "down", j: "down", ArrowUp: "up", k: "up", Home: "first", End: "last" };
const HOME = new URL("../..", import.meta.url).pathname; // below which the dashboard is reached: "/" or "/flinkey/"
let waiting = 0; // until when a key behind "g" says where to
let ahead = null; // what was typed while the palette was being fetched

const isOn = () => !localStorage[OFF];
const isShown = (element) => element?.checkVisibility();

/* ---- what the server says in words comes when it is first asked for ---- */
async function bring(address, id) {
  if (!document.getElementById(id)) await htmx.ajax("GET", HOME + address, { target: "body", swap: "beforeend" });
  const link = document.querySelector(`#${id} link`);
  if (link && !link.sheet) await new Promise((done) => { link.onload = link.onerror = done; });
  return document.getElementById(id); // null when there was no answer: a toast says so
}

async function open(id) {
  if (!(await bring("keys/", "hands"))) return;
  showSwitch();
  document.getElementById(id).showModal();
}

async function openPalette() {
  ahead ??= "";
  if (await bring("keys/", "hands")) (await import("./palette.js")).open(ahead, open);
  ahead = null;
}

async function leadTo(key) {
  if (!(await bring("keys/", "hands"))) return;
  const link = document.querySelector(`#shortcuts [data-key="${CSS.escape(key)}"]`);
  if (link) location.assign(link.href);
}

/* ---- rows ---- */
const ROW = "tbody tr, .choices.framed > .choice"; // where there is a group to choose, the choices are the rows
const rows = () => [...document.querySelectorAll(`main :is(${ROW})`)].filter((row) => isShown(row) && stopOf(row));
// Where a row has the focus: on what leads to the thing, else on its box.
const stopOf = (row) => ["a.name", "a[href]", "input:enabled"].map((one) => row.querySelector(one)).find(Boolean);

function walk(event) {
  const way = WAYS[event.key];
  const all = rows();
  const at = all.indexOf(event.target.closest(ROW));
  // From anywhere but the page itself the arrows do what they always do.
  if (at < 0 && (event.target !== document.body && event.target.id !== "main" || way === "first" || way === "last")) return;
  const seen = all.findIndex((row) => row.getBoundingClientRect().top >= 0);
  const next = { first: 0, last: all.length - 1, down: at < 0 ? seen : at + 1, up: at < 0 ? seen : at - 1 }[way];
  if (!all[next]) return;
  event.preventDefault();
  const stop = stopOf(all[next]);
  stop.focus();
  if (stop.type === "radio") stop.click(); // as the arrows do from here on
}

const boxOf = (row) => row?.querySelector('input[name="id"]:enabled');
const press = (box, shiftKey) => box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));

function move(event) {
  const button = moverOf(document.querySelector("form[data-select]"));
  if (!button) return;
  if (!button.form.querySelector('input[name="id"]:checked')) press(boxOf(event.target.closest("tr")));
  if (isShown(button)) button.click();
}

const moverOf = (form) => form?.querySelector('.selection [formaction$="/move/"]');

/* ---- the timeline: bars are links ---- */
function walkBars(event) {
  const bar = event.target.closest(".lane a, table.rows th a");
  const row = bar?.closest("tr");
  if (!row || bar.matches("th a") && event.key !== "ArrowRight") return false;
  const next = { ArrowLeft: () => beside(row, bar, -1), ArrowRight: () => beside(row, bar, 1), ArrowUp: () => nearest(row, bar, "previous"), ArrowDown: () => nearest(row, bar, "next") }[event.key]?.();
  if (!next) return false;
  event.preventDefault();
  next.focus();
  return true;
}

const placeOf = (bar) => bar.getBoundingClientRect();
const middleOf = (bar) => placeOf(bar).left + placeOf(bar).width / 2;
const barsOf = (row) => [...row.querySelectorAll(".lane a")].sort((one, other) => placeOf(one).left - placeOf(other).left);

// The name of the row comes before its first bar.
function beside(row, bar, way) {
  const stops = [row.querySelector("th a"), ...barsOf(row)];
  return stops[stops.indexOf(bar) + way];
}

function nearest(row, bar, way) {
  for (let other = row[`${way}ElementSibling`]; other; other = other[`${way}ElementSibling`]) {
    const far = (one) => Math.abs(middleOf(one) - middleOf(bar));
    const [best] = barsOf(other).sort((one, two) => far(one) - far(two));
    if (best) return best;
  }
  return null;
}

/* ---- which key is what ---- */
const KEYS = {
  "?": () => open("shortcuts"),
  g: (event) => { waiting = event.timeStamp + PATIENCE; },
  x: (event) => press(boxOf(event.target.closest("tr")), event.shiftKey),
  m: move,
};

const isForPalette = (event) => (event.ctrlKey || event.metaKey) && event.key === "k" && !event.altKey;

function withControl(event) {
  if (event.key === "Enter" && (event.target === document.body || event.target.closest("main"))) {
    const button = [event.target.form ?? document, document].map((place) => place.querySelector("form .button.main, .actions .button.main")).find(isShown);
    if (!button?.closest("main")) return;
    event.preventDefault();
    button.click();
  }
}

function key(event) {
  const dialog = document.querySelector("dialog[open]");
  if (isForPalette(event)) {
    if (dialog) dialog.close();
    else openPalette();
  }
  if (event.defaultPrevented || event.isComposing || dialog || event.key === "Shift") return;
  if (event.ctrlKey || event.metaKey) return withControl(event);
  if (ahead !== null && (event.key.length === 1 || event.key === "Enter")) {
    event.preventDefault();
    ahead += event.key === "Enter" ? "\n" : event.key;
    return;
  }
  if (event.altKey || event.target.matches(TYPED) || !isOn()) return;
  const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (waiting > event.timeStamp) {
    waiting = 0;
    event.preventDefault();
    leadTo(letter);
  } else if (Object.hasOwn(KEYS, letter) && !event.repeat) {
    if (letter !== "m" || !event.target.closest(".lane")) KEYS[letter](event);
  } else if (!event.target.matches("[type=radio]") && !walkBars(event) && Object.hasOwn(WAYS, event.key)) walk(event);
}

/* ---- the mouse: a row that is pressed may be carried ---- */
async function pressed(event) {
  const row = event.target.closest?.("form[data-select] tr[data-id]");
  if (!row || event.pointerType !== "mouse" || event.button !== 0 || !moverOf(row.closest("form"))) return;
  (await import("./carry.js")).press(event, row, moverOf(row.closest("form")), bring);
}

/* ---- the switch: whoever speaks to the computer, or hits keys by chance, turns single keys off ---- */
function showSwitch() {
  for (const box of document.querySelectorAll("[data-keys-switch]")) box.checked = isOn();
}

function switched(event) {
  if (!event.target.matches("[data-keys-switch]")) return;
  localStorage[OFF] = event.target.checked ? "" : "off";
  showSwitch();
}

/** Takes an event that came before this file did. */
export const take = (event) => (event.type === "keydown" ? key(event) : pressed(event));

document.addEventListener("keydown", key);
document.addEventListener("pointerdown", pressed);
document.addEventListener("change", switched);
// A click beside a dialog closes it.
document.addEventListener("click", (event) => { if (event.target.matches("dialog.hand")) event.target.close(); });
showSwitch();
sessionStorage.hands = "used"; // app.js loads this file at once on the pages to come
