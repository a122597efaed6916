// What the console has beyond reading and posting: the command bar, single keys, choosing several, the list beside a case.
// Everything here is a shorter way to what the page offers anyway.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const bar = byId("bar"), sheet = byId("keys");
  if (!bar) return;

  // ---- The command bar: pages and views, acts of this case, and cases found while one types.
  const input = byId("bar-text"), list = byId("bar-list");
  let chosen = -1, asked = 0;
  const commands = () => {
    const links = [...document.querySelectorAll("#bar-commands a")].map((one) => ({ words: one.textContent, go: () => location.assign(one.href) }));
    const kept = [...document.querySelectorAll("#views a")].map((one) => ({ words: one.firstChild.textContent.trim(), go: () => location.assign(one.href) }));
    const acts = [...document.querySelectorAll("#acts .act > summary, #acts .act-form > button, #write .writing > summary")]
      .filter((one) => !one.closest("details:not([open]) .act-form"))
      .map((one) => ({ words: one.textContent.trim(), go: () => act(one) }));
    const seen = new Set();
    return [...acts, ...kept, ...links].filter((one) => !seen.has(one.words) && seen.add(one.words));
  };
  const act = (one) => {
    const details = one.closest("details");
    if (details) { details.open = true; (details.querySelector("textarea, select, input:not([type=hidden]), button") || one).focus(); }
    else one.focus();
    one.scrollIntoView({ block: "nearest" });
  };
  const option = (words, go) => {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.textContent = words;
    item.id = `bar-${list.children.length}`;
    item.addEventListener("click", () => { bar.close(); go(); });
    item.go = go;
    return item;
  };
  const choose = (place) => {
    const all = [...list.children];
    chosen = all.length ? (place + all.length) % all.length : -1;
    all.forEach((one, at) => one.setAttribute("aria-selected", at === chosen ? "true" : "false"));
    if (chosen >= 0) { all[chosen].scrollIntoView({ block: "nearest" }); input.setAttribute("aria-activedescendant", all[chosen].id); }
    else input.removeAttribute("aria-activedescendant");
  };
  const fill = async () => {
    const text = input.value.trim(), words = text.toLowerCase(), number = ++asked;
    const found = commands().filter((one) => one.words.toLowerCase().includes(words)).slice(0, 12);
    list.replaceChildren(...found.map((one) => option(one.words, one.go)));
    for (const [at, item] of [...list.children].entries()) item.id = `bar-${at}`;
    if (text) list.append(option(`Search the record for “${text}”`, () => location.assign(`/console/search?q=${encodeURIComponent(text)}`)));
    choose(0);
    if (text.length < 2) return;
    try {
      const answer = await fetch(`${input.dataset.find}?q=${encodeURIComponent(text)}`, { credentials: "same-origin" });
      if (!answer.ok || number !== asked) return;
      const part = new DOMParser().parseFromString(await answer.text(), "text/html");
      const cases = [...part.querySelectorAll("li")].map((one) => {
        const link = one.querySelector("a"), item = document.importNode(one, true);
        item.go = () => location.assign(link.href);
        item.addEventListener("click", () => { bar.close(); item.go(); });
        return item;
      });
      list.prepend(...cases);
      choose(0);
    } catch { /* The pages and acts are there anyway. */ }
  };
  input.addEventListener("input", fill);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter" && chosen >= 0) { const item = list.children[chosen]; bar.close(); item.go(); }
    else return;
    event.preventDefault();
  });
  const openBar = () => { if (bar.open) return; input.value = ""; fill(); bar.showModal(); input.focus(); };
  for (const one of document.querySelectorAll("[data-opens=bar]")) { one.hidden = false; one.addEventListener("click", openBar); }
  for (const one of [bar, sheet]) one.addEventListener("click", (event) => { if (event.target === one) one.close(); });

  // ---- Single keys, with a switch (WCAG 2.1.4).
  const SWITCH = "roomdesk.keys";
  const box = byId("keys-on");
  const areOn = () => localStorage.getItem(SWITCH) !== "off";
  box.checked = areOn();
  box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "on" : "off"));

  const rows = () => [...document.querySelectorAll("#cases .case .title, #beside .case .title")];
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const here = all.findIndex((one) => one === document.activeElement || one.getAttribute("aria-current") === "page");
    const next = all[Math.min(Math.max(here + step, 0), all.length - 1)];
    if (next.closest("#beside")) location.assign(next.href);
    else { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  };
  const open = (id) => () => {
    const part = byId(id);
    if (!part) return;
    if (part.tagName === "DETAILS") part.open = true;
    const field = part.querySelector("textarea, select, input:not([type=hidden]), button");
    if (field) { field.focus(); field.scrollIntoView({ block: "nearest" }); }
  };
  const pick = () => {
    const row = document.activeElement.closest(".case");
    const one = row && row.querySelector("input[name=refs]");
    if (one) { one.checked = !one.checked; count(); }
  };
  const KEYS = {
    j: () => move(1), k: () => move(-1), x: pick,
    r: open("reply"), n: open("act-note"), a: open("act-assign"), s: open("act-severity"), e: open("act-escalate"),
    w: open("act-waiting_customer"), d: open("act-resolved"),
    z: () => byId("undo")?.requestSubmit(),
    u: () => document.querySelector("[data-key=u]")?.click(),
    "/": () => { const field = byId("q"); if (field) field.focus(); else location.assign("/console/search"); },
    "?": () => sheet.showModal(),
  };
  const isWriting = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") { event.preventDefault(); openBar(); return; }
    if (event.key === "Escape" && isWriting(event.target) && !event.target.closest("dialog")) { event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isWriting(event.target) || bar.open || sheet.open) return;
    const does = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (does && (areOn() || event.key === "?")) { event.preventDefault(); does(); }
  });

  // ---- Choosing several: the bar of what can be done stands where it is seen.
  const bulk = byId("bulk"), none = byId("bulk-count")?.textContent;
  const count = () => {
    if (!bulk) return;
    const many = document.querySelectorAll("#cases input[name=refs]:checked").length;
    bulk.classList.toggle("some", many > 0);
    byId("bulk-count").textContent = many ? byId("bulk-count").dataset.chosen.replace("{many}", many) : none;
  };
  document.addEventListener("change", (event) => { if (event.target.name === "refs") count(); });
  document.addEventListener("desk:fresh", count);
  if (bulk) { bulk.classList.add("scripted"); count(); }

  // ---- On a wide screen the list stands beside its case.
  const beside = byId("beside"), isWide = matchMedia("(min-width: 90rem)");
  const fillBeside = async () => {
    if (!beside || !isWide.matches) return;
    try {
      const answer = await fetch(beside.dataset.list, { credentials: "same-origin", cache: "no-store" });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const cases = page.querySelector("#cases .cases"), head = page.querySelector(".list-head h1");
      if (!cases) { beside.hidden = true; return; }
      for (const one of cases.querySelectorAll(".pick-one, .place, .tip, .due")) one.remove();
      for (const link of cases.querySelectorAll(".title")) {
        const isHere = link.querySelector(".ref").textContent === beside.dataset.ref;
        if (isHere) { link.setAttribute("aria-current", "page"); link.closest(".case").classList.add("here"); }
      }
      const title = document.createElement("h2");
      title.textContent = head ? head.textContent : "";
      title.className = "first";
      const top = beside.scrollTop;
      beside.replaceChildren(title, document.importNode(cases, true));
      beside.hidden = false;
      document.querySelector(".console").classList.add("wide");
      beside.scrollTop = top;
    } catch { /* The case is there without it. */ }
  };
  fillBeside();
  isWide.addEventListener("change", fillBeside);
  let besideAt = performance.now();
  document.addEventListener("desk:fresh", () => { if (performance.now() - besideAt > 5000) { besideAt = performance.now(); fillBeside(); } });
})();
