/* Makes the pages quicker in the hand. Nothing here is needed: every page works without it.
   All listeners sit on the document, so whatever htmx swaps in works at once. */
"use strict";
(() => {
  const lastClicked = new Map(); // id of a form -> the value of the box clicked last, where a range with shift begins
  let remembered = new Map(); // id of a form -> ids that were ticked before a swap

  /* ---- selection: form[data-select]; app.css shows and hides the bar by itself ---- */
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
    address.searchParams.delete("tick");
    for (const box of boxesOf(link.closest("form"))) if (box.checked) address.searchParams.append("tick", box.value);
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

  /* ---- a form is sent once ---- */
  function setSent(form, sent) {
    form.toggleAttribute("data-sent", sent);
    for (const button of form.elements) {
      if (button.type !== "submit") continue;
      // Not "disabled": that would drop the pressed button's own name and value.
      if (sent) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
    document.body.toggleAttribute("data-busy", document.querySelector("form[data-sent]") !== null);
  }

  function submitted(event) {
    const form = event.target;
    const method = (event.submitter?.getAttribute("formmethod") ?? form.getAttribute("method") ?? "get").toLowerCase();
    // A download (data-again) or an answer in another tab leaves this page standing: it may be asked for again.
    if (method !== "post" || form.hasAttribute("data-again") || form.getAttribute("target")) return;
    if (form.hasAttribute("data-sent")) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else setSent(form, true);
  }

  /* ---- menus, toasts ---- */
  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
  }

  function dismiss(event) {
    event.target.closest("[data-dismiss]")?.closest(".toast")?.remove();
    if (event.target.closest("[data-print]")) window.print();
  }

  // News goes by itself unless somebody is reading it; warnings and faults stay until they are dismissed.
  function letGo(toast) {
    toast.dataset.leaving = "";
    setTimeout(() => (toast.matches(":hover, :focus-within") ? letGo(toast) : toast.remove()), 10000);
  }

  function letNewsGo() {
    document.querySelectorAll(".toast:is(.good, .calm):not([data-leaving])").forEach(letGo);
  }

  function settle() {
    selectForms().forEach(refreshSelection);
    letNewsGo();
  }

  /* ---- the search in the head ("/" leads to it) and in forms: arrows walk through what it has found ---- */
  const isTyping = (element) => element.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  function walkHits(event) {
    const find = event.target.closest?.(".find, .pick");
    if (!find || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const stops = [find.querySelector("input"), ...find.querySelectorAll(".hits :is(a, button)")];
    const next = stops[stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  // A hit in a form stands for what was typed: it goes into the field, as if somebody had typed all of it.
  function fillIn(event) {
    const hit = event.target.closest("[data-fill]");
    if (!hit) return;
    const field = document.getElementById(hit.dataset.fill);
    field.value = hit.value;
    leaveSearch(event);
    document.getElementById("check")?.dispatchEvent(new Event("input"));
  }

  function leaveSearch(event) {
    const find = event.target.closest?.(".find, .pick");
    if (!find) return;
    find.querySelector(".found").replaceChildren();
    find.querySelector("input").focus();
  }

  /* ---- news of the page: what was asked for before somebody searched or sorted is no news any more ---- */
  const withoutMark = (address) => address.split("seen=")[0];

  function dropOldNews(event) {
    const { ctx } = event.detail;
    const watch = document.getElementById("watch");
    const asked = ctx?.sourceElement?.id === "watch" && ctx.request?.action;
    if (asked && watch && withoutMark(asked) !== withoutMark(watch.getAttribute("hx-get"))) event.preventDefault();
  }

  /* ---- nothing moves under a hand that is just pressing: a click whose two halves meet different rows is none ---- */
  const PRESS = 3000; // milliseconds; whoever holds longer has no click in mind, or let go outside the window
  let pressedAt = -PRESS;
  let held = false;

  function holdNews(event) {
    const polled = event.detail.ctx?.sourceElement?.matches('[hx-trigger*="every"]');
    if (!polled || performance.now() - pressedAt > PRESS) return;
    event.preventDefault();
    held = true;
  }

  function released() {
    pressedAt = -PRESS;
    if (held) document.getElementById("watch")?.dispatchEvent(new Event("again"));
    held = false;
  }

  /* ---- shortcuts, the palette and the dragging of rows come with the first key or press that may ask for them ---- */
  let come = false;
  const early = (event) => come || import("./keys.js").then(({ take }) => {
    come = true;
    take(event);
  });

  setTimeout(() => import("./over.js"), 60000); // what becomes of a page once its session is over

  document.addEventListener("pointerdown", (event) => {
    pressedAt = performance.now();
    if (event.target.closest("td")) early(event);
  });
  // Rows are carried, not the links in them; the browser would begin before the files for that have come.
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.("form[data-select] td")) event.preventDefault(); });
  for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, released);
  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));
    clickedSelection(event);
    takeTicksAlong(event);
    dismiss(event);
    fillIn(event);
  });
  function unreachable(event) {
    if (event.detail?.ctx?.sourceElement?.hasAttribute("data-quiet")) {
      document.getElementById("age")?.setAttribute("data-state", "stale"); // nobody asked; the next look may find it
      return;
    }
    const toasts = document.getElementById("toasts");
    const toast = document.createElement("div");
    toast.className = "toast bad";
    toast.setAttribute("role", "alert");
    toast.textContent = toasts.dataset.unreachable;
    toasts.replaceChildren(toast);
  }

  document.addEventListener("keydown", (event) => {
    walkHits(event);
    const held = event.ctrlKey || event.metaKey;
    const free = !held && !isTyping(event.target);
    if (held || free) early(event);
    if (held && event.key === "k") event.preventDefault(); // else the browser's own search would open
    if (event.key === "/" && free && !localStorage.keysOff) {
      event.preventDefault();
      document.getElementById("find")?.focus();
    }
    if (event.key !== "Escape") return;
    leaveSearch(event);
    const menu = document.querySelector("details.menu[open]");
    closeMenus();
    menu?.querySelector("summary").focus();
  });
  document.addEventListener("submit", submitted, true); // before htmx sees it
  document.addEventListener("htmx:before:swap", dropOldNews);
  document.addEventListener("htmx:before:swap", holdNews);
  document.addEventListener("htmx:before:swap", rememberSelection);
  document.addEventListener("htmx:before:settle", restoreSelection); // in one go with the morph: nobody sees a tick gone
  document.addEventListener("htmx:after:swap", settle);
  document.addEventListener("htmx:error", unreachable);
  document.addEventListener("htmx:before:response", (event) => {
    const { response, hx } = event.detail.ctx;
    if (response.status < 500 || hx.retarget) return; // the dashboard says where its faults go; a proxy's page would
    event.preventDefault(); // stand where ours was, and never leave
    unreachable(event);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const form = event.detail?.ctx?.sourceElement?.closest("form");
    if (form) setSent(form, false);
  });
  // Also when the browser brings the page back from its memory: sent forms open again, ticks are counted anew.
  window.addEventListener("pageshow", (event) => {
    if (sessionStorage.hands) early(event); // whoever has used keys will use them here
    for (const form of document.querySelectorAll("form[data-sent]")) setSent(form, false);
    settle();
  });
})();
