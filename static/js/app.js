/* Makes the pages quicker in the hand. Nothing here is needed: every page works without it.
   All listeners sit on the document, so whatever htmx swaps in works at once. */
"use strict";
(() => {
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
    document.getElementById("check")?.dispatchEvent(new Event("chosen"));
  }

  function leaveSearch(event) {
    const find = event.target.closest?.(".find, .pick");
    if (!find) return;
    find.querySelector(".found").replaceChildren();
    find.querySelector("input").focus();
  }

  /* ---- news of the page: what was asked for before somebody searched or sorted is no news any more ---- */
  const withoutMark = (address) => address.split("seen=")[0];
  window.htmx?.config.morphIgnore.push("open"); // what somebody has unfolded stays so

  function dropOldNews(event) {
    const { ctx } = event.detail;
    // Nor does what was typed before somebody walks through the hits change these.
    if (ctx?.target?.matches?.(".found") && ctx.target.contains(document.activeElement)) event.preventDefault();
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

  /* ---- what comes with the first event that may ask for it, and takes that one ---- */
  const late = (load) => {
    let file = null; // one promise, so that events are taken in their order
    let come = false;
    return (event) => come || (file ??= load()).then(({ take }) => {
      come = true;
      take(event, pressedAt > 0);
    });
  };
  const early = late(() => import("./keys.js")); // shortcuts, the palette and the dragging of rows
  const near = late(() => import("./timeline.js")); // the dragging of bars

  const timeline = document.querySelector("[data-timeline]");
  for (const kind of ["pointerdown", "pointermove", "focusin", "keydown", "change"]) timeline?.addEventListener(kind, near);
  // A browser asks who listens when the finger comes down, so this cannot wait.
  timeline?.addEventListener("touchmove", (event) => { if (document.body.dataset.dragging) event.preventDefault(); }, { passive: false });

  function beginTimeline(event) {
    const plan = timeline.querySelector(".plan");
    const now = timeline.querySelector(".line");
    if (now) plan.scrollLeft = now.offsetLeft - plan.clientWidth / 3;
    if ("timeline-fixed" in localStorage) near(event); // turned off in this browser
  }

  setTimeout(() => import("./over.js"), 60000); // what becomes of a page once its session is over

  document.addEventListener("pointerdown", (event) => {
    pressedAt = performance.now();
    if (event.target.closest("td")) early(event);
  });
  // Rows and bars are carried, not the links in them; the browser would begin before the files for that have come.
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.("form[data-select] td, .win")) event.preventDefault(); });
  for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, released);
  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));
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
  document.addEventListener("htmx:after:swap", letNewsGo);
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
  // Also when the browser brings the page back from its memory: sent forms open again.
  window.addEventListener("pageshow", (event) => {
    if (sessionStorage.hands) early(event); // whoever has used keys will use them here
    if (timeline) beginTimeline(event);
    for (const form of document.querySelectorAll("form[data-sent]")) setSent(form, false);
    letNewsGo();
  });
})();
