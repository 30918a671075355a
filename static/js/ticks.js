/* Rows to tick: form[data-select]. app.css shows and hides the bar of those that are by itself.
   All listeners sit on the document, so whatever htmx swaps in works at once. */
const lastClicked = new Map(); // id of a form -> the value of the box clicked last, where a range with shift begins
let remembered = new Map(); // id of a form -> ids that were ticked before a swap

// Never form.id: boxes named "id" hide it.
const selectForms = () => document.querySelectorAll("form[data-select]");
const isBox = (element) => element.matches?.('input[type="checkbox"][name="id"]') && !element.disabled;
const boxesOf = (form) => [...form.elements].filter(isBox);

function refreshSelection(form) {
  const boxes = boxesOf(form);
  const count = boxes.filter((box) => box.checked).length;
  for (const place of form.querySelectorAll("[data-selected-count]")) place.textContent = count;
  for (const head of form.querySelectorAll('input[type="checkbox"][data-select-all]')) {
    head.checked = count > 0 && count === boxes.length;
    head.indeterminate = count > 0 && count < boxes.length;
  }
}

function tickAll(form, checked) {
  for (const box of boxesOf(form)) box.checked = checked;
  refreshSelection(form);
}

function tickRange(form, box) {
  const boxes = boxesOf(form);
  const last = boxes.findIndex((one) => one.value === lastClicked.get(form.getAttribute("id")));
  const [from, to] = [last, boxes.indexOf(box)].sort((one, other) => one - other);
  if (from >= 0) for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
}

function clickedSelection(event) {
  const target = event.target;
  const form = (target.closest("input, button")?.form ?? target.closest("form"));
  if (!form?.matches("form[data-select]")) return;
  const all = target.closest("[data-select-all]");
  if (all) tickAll(form, all.type === "checkbox" ? all.checked : true);
  else if (target.closest("[data-select-none]")) tickAll(form, false);
  else if (target.matches("td.tick")) target.querySelector('input[type="checkbox"]')?.click();
  else if (isBox(target)) {
    if (event.shiftKey) tickRange(form, target);
    lastClicked.set(form.getAttribute("id"), target.value);
    refreshSelection(form);
  }
}

// Sorting and turning the page are links: what is ticked goes along in the address.
function takeTicksAlong(event) {
  const link = event.target.closest("form[data-select] :is(th, .pages) a");
  if (!link) return;
  const address = new URL(link.href);
  const ids = boxesOf(link.closest("form")).filter((box) => box.checked).map((box) => box.value);
  address.searchParams.set("tick", ids.join("-")); // short, for an address has an end
  link.href = address;
}

function rememberSelection() {
  remembered = new Map();
  for (const form of selectForms()) {
    const ids = boxesOf(form).filter((box) => box.checked).map((box) => box.value);
    remembered.set(form.getAttribute("id"), new Set(ids));
  }
}

// Only a row that is still in the list stays ticked: what is counted is what is seen.
function restoreSelection() {
  for (const form of selectForms()) {
    const ids = remembered.get(form.getAttribute("id"));
    for (const box of boxesOf(form)) if (ids?.has(box.value)) box.checked = true;
    refreshSelection(form);
  }
}

const refreshAll = () => selectForms().forEach(refreshSelection);

document.addEventListener("click", (event) => {
  clickedSelection(event);
  takeTicksAlong(event);
});
document.addEventListener("htmx:before:swap", rememberSelection);
document.addEventListener("htmx:before:settle", restoreSelection); // in one go with the morph: nobody sees a tick gone
document.addEventListener("htmx:after:swap", refreshAll);
window.addEventListener("pageshow", refreshAll); // also when the browser brings the page back from its memory
