/* Ctrl-K: one field that finds pages, things and what can be done. All choices are links and buttons that the server has
   written (fleet/_keys.html, _options.html) or that stand on the page; typing leaves those that fit. */
const OFFERED = "main .head > .end :is(a, button), form[data-select] .selection :is(a, button)";
const dialog = document.getElementById("palette");
const field = dialog.querySelector("[role=combobox]");
const found = document.getElementById("options-found");
const here = document.getElementById("options-here");
const say = dialog.querySelector("[role=status]");
let openOther;
let hitsOf = ""; // what the hits were asked for
let taken = ""; // what an arrow has led to
let count = 0; // of the options that have an id

const wordsOf = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const shown = () => [...dialog.querySelectorAll("[role=option]:not([hidden])")];
const offered = () => [...document.querySelectorAll(OFFERED)].filter((one) => one.checkVisibility());
const active = () => document.getElementById(field.getAttribute("aria-activedescendant"));

// What can be done on this page: its own buttons, the main one of each bar first; those for the ticked rows with their number.
function offerHere() {
  const options = offered().map((original) => {
    const option = document.createElement("button");
    const ticked = original.closest(".selection")?.querySelector(".count").textContent.trim();
    option.type = "button";
    option.tabIndex = -1;
    option.setAttribute("role", "option");
    option.textContent = ticked ? `${original.textContent.trim()} (${ticked})` : original.textContent.trim();
    option.addEventListener("click", () => {
      dialog.close();
      // News may have put others in their place meanwhile.
      offered().find((one) => one.textContent === original.textContent)?.click();
    });
    return option;
  });
  here.replaceChildren(...options.reverse());
}

function choose(option) {
  active()?.removeAttribute("aria-selected");
  field.removeAttribute("aria-activedescendant");
  if (!option) return;
  option.id ||= `option-${++count}`;
  option.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

// The hits come from the server and fit by what it knows of them; all else fits by how its words begin.
function sift() {
  const asked = wordsOf(field.value);
  for (const option of dialog.querySelectorAll("[role=option]")) {
    option.hidden = !found.contains(option) && !asked.every((word) => wordsOf(option.textContent).some((one) => one.startsWith(word)));
  }
  const fitting = shown();
  if (!fitting.includes(active())) choose(fitting.find((one) => one.textContent === taken) ?? fitting[0]);
  say.textContent = fitting.length ? "" : say.dataset.none;
}

function key(event) {
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const options = shown();
  if (way) {
    choose(options.at((options.indexOf(active()) + way) % options.length));
    taken = active()?.textContent ?? "";
  } else if (event.key === "Enter") enter();
  else return;
  event.preventDefault();
}

// Whoever is quicker than the hits gets to the search: its only hit is shown at once.
function enter() {
  const option = active();
  if (option && (!found.contains(option) || hitsOf === field.value.trim())) option.click();
  else location.assign(`${new URL("../..", import.meta.url).pathname}search/?${new URLSearchParams({ q: field.value })}`);
}

/** Opens the palette. text: what was typed already, perhaps with an Enter at its end; other: opens another dialog by its id. */
export function open(text, other) {
  openOther = other;
  field.value = text.trim();
  found.replaceChildren();
  offerHere();
  dialog.showModal();
  choose(null);
  sift();
  if (text.endsWith("\n")) enter();
  else if (text) field.dispatchEvent(new Event("input"));
}

field.addEventListener("input", () => {
  if (!field.value.trim()) found.replaceChildren();
  taken = "";
  choose(null);
  sift();
});
field.addEventListener("keydown", key);
// The browser would do so with its next picture; a quick key comes before.
for (const kind of ["cancel", "close"]) dialog.addEventListener(kind, () => field.blur());
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  if (ctx?.target === found) hitsOf = new URL(ctx.request.action, location).searchParams.get("q")?.trim() ?? "";
  if (dialog.open) sift();
});
dialog.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens]");
  if (!opens) return;
  dialog.close();
  openOther(opens.dataset.opens);
});
