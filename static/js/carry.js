/* Rows are dragged onto a group in a side list, by mouse: the same form is sent as its button "Move to" sends, with the
   group already chosen, and the review comes. The button is the way for keyboard and fingers. */
const START = 6; // pixels that a mouse moves before it drags
const NAMES = 4; // of so many rows are called by name
const EDGE = 48; // pixels from the top and the bottom of the side list within which it scrolls by itself
const COPIED = ".plate, .second, input, button"; // text that people mark to copy it, and what is pressed
let carried = null; // { row, mover, from, at, rows, side }

/** A row was pressed. mover: the button of its form that moves; bring: fetches a part of the page, by its address below the start. */
export function press(event, row, mover, bring) {
  if (carried || event.target.closest(COPIED)) return;
  const at = { x: event.clientX, y: event.clientY };
  carried = { row, mover, bring, at, from: at };
}

// All that is ticked if this row is; else this row alone, as in every list of files.
function rowsOf(row) {
  const box = row.querySelector('input[name="id"]');
  return box?.checked ? [...row.parentElement.querySelectorAll('tr:has(> .tick :checked)')] : [row];
}

async function begin() {
  const { row, mover, bring } = carried;
  carried.rows = rowsOf(row);
  for (const one of carried.rows) one.dataset.carried = "";
  document.body.dataset.carrying = "";
  getSelection().removeAllRanges();
  const [, group] = new URL(mover.formAction).pathname.match(/groups\/(\d+)\//) ?? [];
  const side = await bring(`keys/groups/${group ? `?not=${group}` : ""}`, "targets");
  if (!carried?.rows) return side?.remove(); // let go before the list came
  carried.side = side;
  requestAnimationFrame(scroll);
  const names = carried.rows.map((one) => one.querySelector(".name").textContent);
  const more = mover.form.querySelectorAll('input[name="id"]:checked').length - NAMES;
  side.querySelector("[data-carried]").textContent = names.length > NAMES ? `${names.slice(0, NAMES).join(", ")} + ${more}` : names.join(", ");
}

const targetAt = ({ x, y }) => carried.side && document.elementFromPoint(x, y)?.closest("#targets [data-group]");

function mark() {
  const target = targetAt(carried.at);
  for (const one of carried.side.querySelectorAll("[data-group]")) one.toggleAttribute("data-over", one === target);
}

// A list that is longer than the window goes on while a row is held at its end, the quicker the nearer.
function scroll() {
  if (!carried?.side) return;
  const { side, at } = carried;
  const place = side.getBoundingClientRect();
  const [above, below] = [place.top + EDGE - at.y, at.y - place.bottom + EDGE].map((far) => Math.min(Math.max(far, 0), EDGE) / 4);
  if (at.x >= place.left && above !== below) {
    side.scrollTop += below - above;
    mark();
  }
  requestAnimationFrame(scroll);
}

function moved(event) {
  if (!carried) return;
  if (!(event.buttons & 1)) return stop(); // let go before this file came, or outside of the window
  if (!carried.rows && Math.hypot(event.clientX - carried.from.x, event.clientY - carried.from.y) > START) begin();
  carried.at = { x: event.clientX, y: event.clientY };
  if (carried.side) mark();
}

function stop() {
  for (const one of carried?.rows ?? []) delete one.dataset.carried;
  carried?.side?.remove();
  delete document.body.dataset.carrying;
  carried = null;
}

function released(event) {
  if (!carried?.rows) return stop();
  // The click that follows would open the thing.
  const swallow = (click) => { click.preventDefault(); click.stopPropagation(); };
  document.addEventListener("click", swallow, true);
  setTimeout(() => document.removeEventListener("click", swallow, true));
  const { row, mover } = carried;
  const group = targetAt({ x: event.clientX, y: event.clientY })?.dataset.group;
  stop();
  if (group) send(row, mover, group);
}

function send(row, mover, group) {
  const box = row.querySelector('input[name="id"]');
  if (!box.checked) {
    for (const other of mover.form.querySelectorAll('input[name="id"]')) other.checked = other === box;
  }
  const to = document.createElement("input");
  to.type = "hidden";
  to.name = "to";
  to.value = group;
  mover.form.append(to);
  mover.form.requestSubmit(mover);
  to.remove(); // the browser has read the form; whoever comes back finds it as it was
}

document.addEventListener("pointermove", moved);
document.addEventListener("pointerup", released);
document.addEventListener("pointercancel", stop);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") stop(); });
// News that would put other rows under the hand wait for the next look.
document.addEventListener("htmx:before:swap", (event) => { if (carried?.rows && event.detail.ctx.sourceElement.id === "watch") event.preventDefault(); });
