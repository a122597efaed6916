// What makes every page live; without it each works by reloading. A page is told by a stream that it is behind, fetches itself, and
// exchanges its marked parts (decisions 0006, 0041); where there is no stream a timer does it.
// Countdowns follow the server's clock (a demo's clock can be moved), in the words of web/console/clock_words.py.
"use strict";
(() => {
  const EVERY = 4000, SELDOM = 60000; // milliseconds between looks without a stream, and with one
  const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const page = document.querySelector("[data-desk]");
  if (!page) return;
  const words = page.dataset; // in the language of the page
  // Where the menu is one line, the place one is at is seen in it.
  document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });

  let lead = 0; // what the server's clock is ahead of ours, in milliseconds
  const told = () => document.getElementById("now").dataset;
  const readClock = () => { lead = Date.parse(told().now) - Date.now(); };

  const span = (length) => {
    if (length < MINUTE) return words.under || "under 1 min";
    const days = Math.floor(length / DAY), hours = Math.floor(length / HOUR) % 24, minutes = Math.floor(length / MINUTE) % 60;
    const [d, h, min] = (words.units || "d h min").split(" ");
    const parts = days ? [[days, d], [hours, h]] : [[hours, h], [minutes, min]];
    return parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(" ");
  };

  const toneOf = (clock, now, due) => {
    if (now > due) return "soft" in clock.dataset ? "aim" : "late";
    return now >= Date.parse(clock.dataset.soon) ? "soon" : "calm";
  };

  const tick = () => {
    const now = Date.now() + lead;
    for (const clock of page.querySelectorAll(".clock[data-due]")) {
      const due = Date.parse(clock.dataset.due), tone = toneOf(clock, now, due);
      const said = tone === "aim" ? words.aim || "past our aim" : (tone === "late" ? words.late || "late by {span}" : words.in || "due in {span}").replace("{span}", span(Math.abs(now - due)));
      if (clock.textContent !== said) clock.textContent = said;
      if (!clock.classList.contains(tone)) {
        clock.className = `clock ${tone}`;
        const row = clock.closest(".case");
        if (row) { row.classList.remove("calm", "soon", "late", "aim"); row.classList.add(tone); }
      }
    }
  };

  // What the server drew, kept apart: countdowns change the page's own copy.
  const drawn = new Map();
  const remember = (root) => root.querySelectorAll("[data-live], [data-grows] > [id]").forEach((part) => drawn.set(part.id, part.outerHTML));

  const replace = (old, fresh) => {
    const unfolded = [...old.querySelectorAll("details[open]")].map((one) => one.id);
    const checked = [...old.querySelectorAll("input[type=checkbox]:checked")].map((one) => one.id).filter(Boolean);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const address = focused && focused.getAttribute("href");
    const named = focused && focused.id;
    const pressed = focused && focused.name && focused.value;
    const within = focused && focused.closest("[id]");
    old.replaceWith(fresh);
    for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
    for (const id of checked) { const box = document.getElementById(id); if (box) box.checked = true; }
    if (named && document.getElementById(named)) document.getElementById(named).focus();
    else if (pressed) fresh.querySelector(`button[value="${CSS.escape(pressed)}"]`)?.focus();
    else if (address) fresh.querySelector(`[href="${CSS.escape(address)}"]`)?.focus();
    else if (within) document.getElementById(within.id)?.querySelector("summary")?.focus();
  };

  // A list that grows (`data-grows`: how many it has in all): what is new or other comes into its place, and what stands there already
  // is left alone, by whoever reads it with a screen reader too. False where that does not make the list whole.
  const placed = (one) => Date.parse(one.querySelector("time")?.dateTime || "");
  const grow = (old, fresh) => {
    const many = Number(fresh.dataset.grows);
    for (const one of many ? old.querySelectorAll(":scope > :not([id])") : []) one.remove();
    for (const item of fresh.querySelectorAll(":scope > [id]")) {
      const here = document.getElementById(item.id), copy = document.importNode(item, true);
      if (here && drawn.get(item.id) === item.outerHTML) continue;
      drawn.set(item.id, item.outerHTML);
      if (here) replace(here, copy);
      else old.insertBefore(copy, [...old.children].find((one) => placed(one) > placed(item)) || null);
    }
    old.dataset.grows = fresh.dataset.grows;
    return old.children.length === many;
  };

  // A page that is told of something new asks for the talk; where it was given no more than that, for the rest a moment later, once for all
  // that came meanwhile. Every minute it asks for the whole.
  const REST = 400;
  let resting = 0, stood = ""; // the moment of which it has all the talk
  const refresh = async (asked) => {
    const headers = asked ? { "Desk-Again": asked, ...(stood && { "Desk-Stood": stood }) } : {};
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store", headers });
    if (!answer.ok || answer.redirected) throw new Error("the page is not there any more");
    if (answer.headers.get("Desk-Part") === "talk" && !resting) resting = setTimeout(() => { resting = 0; look("rest"); }, REST);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const old = document.getElementById(part.id);
      if (!old || drawn.get(part.id) === part.outerHTML) continue;
      drawn.set(part.id, part.outerHTML);
      if (asked && Number(part.dataset.grows)) { if (grow(old, part)) continue; drawn.delete(part.id); return refresh(""); }
      for (const one of part.querySelectorAll(":scope > [id]")) drawn.set(one.id, one.outerHTML);
      replace(old, document.importNode(part, true));
    }
    if (!answer.headers.has("Desk-Part")) looked = performance.now();
    stood = answer.headers.get("Desk-Stood") || stood;
    readClock();
    tick();
    document.dispatchEvent(new CustomEvent("desk:fresh"));
  };

  const stale = document.createElement("p");
  stale.className = "stale";
  stale.setAttribute("role", "status");
  stale.textContent = page.dataset.stale || "This page is not being brought up to date: the desk does not answer, or you were signed out. It tries again by itself; reloading shows more.";

  // One look at a time; whoever asks during one gets another after it, no sooner than the page's pace.
  const pace = Number(page.dataset.pace || 250);
  let isLooking = false, isBehind = false, last = -Infinity;
  const look = async (asked = "") => {
    if (isLooking) { isBehind = true; return; }
    isLooking = true;
    isBehind = false;
    last = performance.now();
    try { await refresh(asked); stale.remove(); } catch { if (!stale.isConnected) page.prepend(stale); }
    isLooking = false;
    if (isBehind) soon();
  };
  let waiting = 0;
  const soon = () => {
    const rest = last + pace - performance.now();
    if (rest <= 0) look("talk");
    else if (!waiting) waiting = setTimeout(() => { waiting = 0; look("talk"); }, rest);
  };

  let stream = null, isTold = false, retry = 0;
  const follow = () => {
    if (stream || !page.dataset.stream || !window.EventSource) return;
    stream = new EventSource(`${page.dataset.stream}?from=${encodeURIComponent(told().number)}`);
    stream.addEventListener("here", () => { isTold = true; });
    stream.addEventListener("changed", () => { isTold = true; soon(); });
    stream.addEventListener("gone", () => { leave(); look(); });
    // The browser comes back by itself, with what it heard last; where it was refused we do, later.
    stream.addEventListener("error", () => {
      isTold = false;
      if (stream && stream.readyState === EventSource.CLOSED) { leave(); clearTimeout(retry); retry = setTimeout(() => { if (document.visibilityState === "visible") follow(); }, 15000); }
    });
  };
  const leave = () => { if (stream) stream.close(); stream = null; isTold = false; };

  let looked = performance.now();
  setInterval(() => {
    const every = stale.isConnected ? 3 * EVERY : isTold ? SELDOM : EVERY;
    if (document.visibilityState === "visible" && performance.now() - looked >= every) { looked = performance.now(); look(); }
  }, 1000);

  // A page that nobody sees holds no stream: browsers open few to one host.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") leave();
    else { look(); follow(); }
  });
  addEventListener("pagehide", leave);

  for (const form of document.querySelectorAll("form.composer")) {
    const button = form.querySelector("button[data-busy]");
    form.addEventListener("submit", () => {
      button.textContent = button.dataset.busy;
      button.disabled = true;
    });
    form.addEventListener("keydown", (event) => {
      if (!button.disabled && event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
  }

  // A reason that covers something goes away without moving on.
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && document.activeElement.matches(".place")) document.activeElement.blur(); });

  // Coming back by the browser's button finds the page as it was left.
  addEventListener("pageshow", (event) => {
    document.querySelectorAll("button[data-busy]").forEach((one) => { one.disabled = false; });
    if (event.persisted) { look(); follow(); }
  });

  window.desk = { look, soon };
  remember(document);
  readClock();
  tick();
  setInterval(tick, 1000);
  if (document.visibilityState === "visible") follow();
})();
