// What makes the console live. Without it every page works by reloading.
// Countdowns follow the server's clock (a demo's clock can be moved), in the words of web/console/clock_words.py.
"use strict";
(() => {
  const EVERY = 4000;
  const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const page = document.querySelector("[data-desk]");
  if (!page) return;

  let lead = 0; // what the server's clock is ahead of ours, in milliseconds
  const readClock = () => { lead = Date.parse(document.getElementById("now").dataset.now) - Date.now(); };

  const span = (length) => {
    if (length < MINUTE) return "under 1 min";
    const days = Math.floor(length / DAY), hours = Math.floor(length / HOUR) % 24, minutes = Math.floor(length / MINUTE) % 60;
    const parts = days ? [[days, "d"], [hours, "h"]] : [[hours, "h"], [minutes, "min"]];
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
      const words = { aim: "past our aim", late: `late by ${span(now - due)}` }[tone] || `due in ${span(due - now)}`;
      if (clock.textContent !== words) clock.textContent = words;
      if (!clock.classList.contains(tone)) {
        clock.className = `clock ${tone}`;
        const row = clock.closest(".case");
        if (row) row.className = `case ${tone}`;
      }
    }
  };

  // What the server drew, kept apart: countdowns change the page's own copy.
  const drawn = new Map();
  const remember = (root) => root.querySelectorAll("[data-live]").forEach((part) => drawn.set(part.id, part.outerHTML));

  const replace = (old, fresh) => {
    const unfolded = [...old.querySelectorAll("details[open]")].map((one) => one.id);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const address = focused && focused.getAttribute("href");
    const named = focused && focused.id;
    const pressed = focused && focused.name && focused.value;
    const within = focused && focused.closest("[id]");
    old.replaceWith(fresh);
    for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
    if (named && document.getElementById(named)) document.getElementById(named).focus();
    else if (pressed) fresh.querySelector(`button[value="${CSS.escape(pressed)}"]`)?.focus();
    else if (address) fresh.querySelector(`[href="${CSS.escape(address)}"]`)?.focus();
    else if (within) document.getElementById(within.id)?.querySelector("summary")?.focus();
  };

  const refresh = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new Error("the page is not there any more");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const old = document.getElementById(part.id);
      if (!old || drawn.get(part.id) === part.outerHTML) continue;
      drawn.set(part.id, part.outerHTML);
      replace(old, document.importNode(part, true));
    }
    readClock();
    tick();
  };

  const stale = document.createElement("p");
  stale.className = "stale";
  stale.setAttribute("role", "status");
  stale.textContent = "This page is not being brought up to date: the desk does not answer, or you were signed out. It tries again by itself; reloading shows more.";
  const keepFresh = async () => {
    if (document.visibilityState === "visible") {
      try { await refresh(); stale.remove(); } catch { if (!stale.isConnected) page.prepend(stale); }
    }
    setTimeout(keepFresh, stale.isConnected ? 3 * EVERY : EVERY);
  };

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
  addEventListener("pageshow", () => document.querySelectorAll("button[data-busy]").forEach((one) => { one.disabled = false; }));

  remember(document);
  readClock();
  tick();
  setInterval(tick, 1000);
  setTimeout(keepFresh, EVERY);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh().catch(() => {}); });
})();
