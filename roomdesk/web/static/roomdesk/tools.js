// What helps while one writes: files by drop and paste, people called by @, macros put in. Without it files are chosen by the field,
// and names are typed out.
"use strict";
(() => {
  for (const form of document.querySelectorAll("form.composer")) {
    const area = form.querySelector("textarea"), input = form.elements.files;
    if (!area || !input) continue;

    // ---- Files: what is dropped or pasted is put to those that were chosen; each can be left out again.
    const chosen = document.getElementById(`${area.id}-chosen`);
    const put = (files) => {
      const all = new DataTransfer();
      for (const one of files) all.items.add(one);
      input.files = all.files;
      draw();
    };
    const draw = () => {
      const files = [...input.files];
      chosen.hidden = !files.length;
      chosen.replaceChildren(...files.map((file, at) => {
        const item = document.createElement("li"), out = document.createElement("button");
        item.textContent = `${file.name} (${Math.max(1, Math.round(file.size / 1000)).toLocaleString(document.documentElement.lang)} kB) `;
        out.type = "button";
        out.className = "quiet";
        out.textContent = chosen.dataset.out;
        out.setAttribute("aria-label", chosen.dataset.outNamed.replace("{name}", () => file.name));
        out.addEventListener("click", () => { put(files.filter((_, place) => place !== at)); area.focus(); });
        item.append(out);
        return item;
      }));
    };
    const take = (event, given) => {
      const files = [...(given?.files || [])];
      if (!files.length) return;
      event.preventDefault();
      form.classList.remove("dropping");
      put([...input.files, ...files]);
    };
    form.addEventListener("dragover", (event) => { if ([...event.dataTransfer.types].includes("Files")) { event.preventDefault(); form.classList.add("dropping"); } });
    form.addEventListener("dragleave", () => form.classList.remove("dropping"));
    form.addEventListener("drop", (event) => take(event, event.dataTransfer));
    // Office programs put a picture of the text beside it: then the text is meant.
    area.addEventListener("paste", (event) => { if (![...event.clipboardData.types].includes("text/plain")) take(event, event.clipboardData); });
    input.addEventListener("change", draw);
    form.addEventListener("desk:sent", () => put([]));

    // ---- Text put where the writing mark stands; the draft hears of it.
    const write = (from, to, text) => {
      area.setRangeText(text, from, to, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
      area.focus();
    };

    // ---- Macros.
    const canned = form.querySelector("[data-canned]");
    if (canned) {
      canned.closest("[data-scripted]").hidden = false;
      canned.addEventListener("change", () => {
        if (!canned.value) return;
        write(area.selectionStart, area.selectionEnd, canned.value);
        canned.value = "";
      });
    }

    // ---- People: the list follows what stands after the @.
    const list = document.getElementById(`${area.id}-people`), people = [...list.children];
    if (!people.length) continue;
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", list.id);
    const names = people.map((one) => one.dataset.name.toLowerCase());
    const handle = (one) => (one.dataset.name && names.filter((name) => name === one.dataset.name.toLowerCase()).length === 1 ? one.dataset.name : one.dataset.id);
    let at = -1, shown = [], here = 0;
    const close = () => { at = -1; list.hidden = true; area.removeAttribute("aria-activedescendant"); };
    const mark = (place) => {
      here = (place + shown.length) % shown.length;
      for (const one of people) one.setAttribute("aria-selected", one === shown[here] ? "true" : "false");
      area.setAttribute("aria-activedescendant", shown[here].id);
    };
    const follow = () => {
      const before = area.value.slice(0, area.selectionStart), found = /(?:^|[^\w@.])@([^@\n]{0,40})$/.exec(before);
      const words = found ? found[1].toLowerCase() : "";
      shown = found ? people.filter((one) => one.dataset.name.toLowerCase().startsWith(words) || one.dataset.id.toLowerCase().startsWith(words)).slice(0, 8) : [];
      for (const one of people) one.hidden = !shown.includes(one);
      if (!shown.length) return close();
      at = before.length - found[1].length;
      list.hidden = false;
      mark(0);
    };
    const call = (one) => { const from = at; close(); write(from, area.selectionStart, `${handle(one)} `); close(); };
    area.addEventListener("input", follow);
    area.addEventListener("blur", close);
    area.addEventListener("keydown", (event) => {
      if (at < 0 || event.ctrlKey || event.metaKey || event.isComposing) return;
      if (event.key === "ArrowDown") mark(here + 1);
      else if (event.key === "ArrowUp") mark(here - 1);
      else if (event.key === "Enter" || event.key === "Tab") call(shown[here]);
      else if (event.key === "Escape") { event.stopPropagation(); close(); }
      else return;
      event.preventDefault();
    });
    for (const one of people) one.addEventListener("mousedown", (event) => { event.preventDefault(); call(one); });
  }
})();
