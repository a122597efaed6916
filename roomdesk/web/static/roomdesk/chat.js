// The room in the browser. The page always holds one window of the talk, drawn by the server at the address in the bar: whoever scrolls
// near an end of it moves the window by half (live.js fetches and exchanges it), and what they look at stays where it is. So a room of
// any length is as light as a short one, and every place in it has an address. Without this the same pages are turned by links.
"use strict";
(() => {
  const NEAR = 160, AHEAD = 900; // pixels from the end that count as being there; from an edge of the window at which it moves
  const TELL = 4000; // milliseconds between two words that somebody writes
  const desk = document.querySelector("[data-desk]"), signs = document.getElementById("signs");
  const talk = () => document.getElementById("talk");
  if (!talk() || !signs) return;
  const room = new URL(signs.action).pathname.replace(/\/signs$/, "");

  // ---- Where the reader is: at the end, or at a message that stays in its place.
  let atEnd = false, anchor = null, before = scrollY;
  const height = () => document.documentElement.scrollHeight;
  const toEnd = () => { scrollTo({ top: height() }); before = scrollY; };
  const look = () => {
    atEnd = !talk().dataset.down && innerHeight + scrollY >= height() - NEAR;
    for (const entry of talk().querySelectorAll("[data-entry]")) {
      const place = entry.getBoundingClientRect();
      if (place.bottom > 0) { anchor = { id: entry.id, top: place.top }; return; }
    }
    anchor = null;
  };
  const keep = () => {
    const entry = anchor && document.getElementById(anchor.id);
    if (entry) scrollBy({ top: entry.getBoundingClientRect().top - anchor.top, behavior: "instant" });
    before = scrollY;
  };

  // ---- The window moves.
  let moving = "";
  const move = (address) => {
    if (!address || moving === address) return;
    moving = address;
    history.replaceState(history.state, "", `${room}${address}`);
    window.desk?.look();
  };
  // Only the way that the reader goes: on a tall screen both ends of a short window may be near.
  const turn = () => {
    const { up, down } = talk().dataset, place = talk().getBoundingClientRect(), way = scrollY - before;
    before = scrollY;
    if (up && way < 0 && place.top > -AHEAD) move(up);
    else if (down && way > 0 && place.bottom < innerHeight + AHEAD) move(down);
    else if (atEnd && /[?&](before|after|at)=/.test(location.search) && !location.hash) { history.replaceState(history.state, "", room); }
  };
  let waits = false;
  addEventListener("scroll", () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; look(); turn(); seen(); });
  }, { passive: true });

  // ---- What was read is told once it was seen.
  let read = 0;
  const tell = (words) => {
    const body = new URLSearchParams({ ...words, csrfmiddlewaretoken: signs.elements.csrfmiddlewaretoken.value });
    return fetch(signs.action, { method: "POST", credentials: "same-origin", keepalive: true, body }).catch(() => {});
  };
  const seen = () => {
    const newest = Number(talk().dataset.newest);
    if (!atEnd || newest <= read || document.visibilityState !== "visible") return;
    read = newest;
    tell({ read: newest });
  };

  new MutationObserver((changes) => {
    if (!changes.some((change) => [...change.addedNodes].some((node) => node.id === "talk"))) return;
    moving = "";
    if (atEnd && !talk().dataset.down) toEnd();
    else keep();
    look();
    seen();
  }).observe(desk, { childList: true });
  document.addEventListener("visibilitychange", seen);
  document.addEventListener("desk:fresh", () => { moving = ""; });

  // ---- Writing: a draft that survives a reload, files by drop and paste, sends that can be tried again and are said once.
  const composer = () => document.getElementById("composer");
  const area = () => composer().elements.text;
  const draft = () => `roomdesk.chat:${composer().dataset.room}:${composer().elements.thread?.value || ""}`;
  const isPlain = () => !composer().elements.edit;
  const recall = () => { if (isPlain() && !area().value) area().value = localStorage.getItem(draft()) || ""; };
  let told = -Infinity;
  const writes = (isWriting) => {
    if (isWriting && performance.now() - told < TELL) return;
    if (!isWriting && told === -Infinity) return;
    told = isWriting ? performance.now() : -Infinity;
    tell({ is: isWriting ? "writing" : "idle" });
  };
  document.addEventListener("input", (event) => {
    if (event.target !== area()) return;
    if (isPlain()) { if (area().value) localStorage.setItem(draft(), area().value); else localStorage.removeItem(draft()); }
    writes(area().value.trim() !== "");
  });
  addEventListener("pagehide", () => writes(false));

  const alarm = (sentence) => {
    const told = document.createElement("div");
    told.className = "error";
    told.setAttribute("role", "alert");
    told.textContent = sentence;
    composer().querySelector("[role=alert]")?.remove();
    composer().prepend(told);
  };
  const send = async (form, button) => {
    const words = button.textContent, body = new FormData(form), thread = form.elements.thread?.value, said = area().value;
    button.textContent = button.dataset.busy;
    button.disabled = true;
    // Now, not when the desk has answered: by then somebody may be elsewhere.
    area().focus();
    let answer, page;
    try {
      answer = await fetch(form.action.split("#")[0], { method: "POST", body, credentials: "same-origin" });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { /* Told below. */ }
    const fresh = page && page.getElementById("composer");
    if (!fresh) {
      // The form and its key stay: pressed again, it is said once.
      alarm(form.dataset.unsent);
      button.textContent = words;
      button.disabled = false;
      return;
    }
    if (answer.ok) { localStorage.removeItem(draft()); told = -Infinity; }
    const isHere = form.contains(document.activeElement), typed = area().value;
    form.replaceWith(document.importNode(fresh, true));
    // What was typed meanwhile is the next message.
    const more = answer.ok && typed.startsWith(said) ? typed.slice(said.length).trimStart() : typed;
    if (more || !answer.ok) { area().value = more; area().dispatchEvent(new Event("input", { bubbles: true })); }
    if (isHere) area().focus();
    if (!answer.ok) return;
    history.replaceState(history.state, "", thread ? `${room}?thread=${thread}` : room);
    atEnd = true;
    window.desk?.look();
    tell({ is: "idle" });
  };
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "composer") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const form = event.target, button = form.querySelector("button[data-busy]");
    if (!button.disabled && (area().value.trim() || form.elements.files?.files.length)) send(form, button);
  }, { capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "text" || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    composer().requestSubmit();
  }, { capture: true });

  const attach = (given) => {
    const field = composer().elements.files;
    if (!field || !given.length) return false;
    const all = new DataTransfer();
    for (const file of [...field.files, ...given]) all.items.add(file);
    field.files = all.files;
    return true;
  };
  const isFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  document.addEventListener("dragover", (event) => { if (isFiles(event)) { event.preventDefault(); composer().classList.add("over"); } });
  document.addEventListener("dragleave", () => composer().classList.remove("over"));
  document.addEventListener("drop", (event) => {
    composer().classList.remove("over");
    if (isFiles(event)) { event.preventDefault(); attach([...event.dataTransfer.files]); }
  });
  document.addEventListener("paste", (event) => {
    if (event.target.id === "text" && attach([...(event.clipboardData?.files || [])])) event.preventDefault();
  });

  // ---- Reactions, without leaving the place.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.reaction");
    if (!button) return;
    event.preventDefault();
    const body = new FormData(button.form);
    body.set("react", button.value);
    button.disabled = true;
    button.closest("details")?.removeAttribute("open");
    await fetch(button.form.action, { method: "POST", body, credentials: "same-origin" }).catch(() => {});
    button.disabled = false;
    window.desk?.look();
  });

  recall();
  if (!talk().dataset.down && !/[?&]at=/.test(location.search) && (!location.hash || location.hash === "#composer")) toEnd();
  look();
  seen();
})();
