// Writing: drafts that survive a reload in the place where they were written, sends that show what becomes of them and can be tried
// again without being said twice, and who else writes just now. Without it the same forms post and reload.
"use strict";
(() => {
  const write = document.querySelector("[data-draft]");
  if (!write) return;
  const PREFIX = `roomdesk.draft:${write.dataset.draft}`;
  const forms = [...write.querySelectorAll("form.composer")];
  const areaOf = (form) => form.querySelector("textarea");
  const keyOf = (form) => `${PREFIX}:${form.closest("details")?.id || form.id}`;

  // ---- Drafts, and which of the two places was open: never the other one after a reload.
  for (const form of forms) {
    const area = areaOf(form), kept = localStorage.getItem(keyOf(form));
    if (kept && !area.value) area.value = kept;
    area.addEventListener("input", () => { if (area.value) localStorage.setItem(keyOf(form), area.value); else localStorage.removeItem(keyOf(form)); });
  }
  const places = [...write.querySelectorAll("details.writing")];
  const wasOpen = sessionStorage.getItem(`${PREFIX}:open`);
  if (wasOpen && !write.querySelector("[role=alert]") && !location.hash.startsWith("#act-")) for (const one of places) one.open = one.id === wasOpen;
  for (const one of places) one.addEventListener("toggle", () => { if (one.open) sessionStorage.setItem(`${PREFIX}:open`, one.id); });

  // ---- Sends. The form's key says it once, however often it is tried.
  const timeline = () => document.getElementById("timeline") || document.getElementById("talk");
  const pendingOf = (form, text) => {
    const item = document.createElement("li");
    item.className = form.closest(".note") ? "entry line staff pending inside" : "entry line staff pending";
    const state = document.createElement("p"), words = document.createElement("div");
    state.className = "by quiet-text";
    words.className = "text";
    words.textContent = text;
    item.append(state, words);
    item.tell = (sentence, again) => {
      state.textContent = sentence;
      item.querySelector("button")?.remove();
      if (!again) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = write.dataset.retry || "Try again";
      button.addEventListener("click", again);
      item.append(button);
    };
    return item;
  };

  const send = async (form, body, item, button) => {
    item.tell(write.dataset.sending || "sending …");
    let answer, page;
    try {
      answer = await fetch(form.action.split("#")[0], { method: "POST", body, credentials: "same-origin" });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      item.tell(write.dataset.unsent || "not sent: the desk does not answer. Your text is kept.", () => send(form, body, item, button));
      settle(form, button);
      return;
    }
    const fresh = [...page.querySelectorAll("[data-draft] form.composer")].find((one) => keyOf(one) === keyOf(form));
    if (fresh) form.elements.key.value = fresh.elements.key.value;
    form.querySelector("[role=alert]")?.remove();
    if (answer.ok && fresh) {
      item.remove();
      // What was typed meanwhile is the next message.
      const area = areaOf(form), said = String(body.get("text")).replace(/\r\n/g, "\n");
      if (area.value.startsWith(said)) area.value = area.value.slice(said.length).trimStart();
      area.dispatchEvent(new Event("input"));
      form.dispatchEvent(new CustomEvent("desk:sent"));
      window.desk?.look();
    } else {
      const alert = fresh?.querySelector("[role=alert]");
      if (alert) { form.prepend(document.importNode(alert, true)); item.remove(); }
      else item.tell(write.dataset.refused || "not sent: you were signed out, or may not write here any more. Your text is kept; reload the page.");
    }
    settle(form, button);
  };
  const settle = (form, button) => {
    button.disabled = false;
    if (button.dataset.words) button.textContent = button.dataset.words;
  };
  for (const form of forms) {
    form.addEventListener("submit", (event) => {
      if (!timeline()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const button = form.querySelector("button[data-busy]"), files = [...(form.elements.files?.files || [])];
      const text = [areaOf(form).value.trim(), ...files.map((one) => one.name)].filter(Boolean).join("\n");
      if (button.disabled || !text) return;
      const body = new FormData(form);
      if (event.submitter?.name) body.set(event.submitter.name, event.submitter.value);
      button.dataset.words = button.textContent;
      button.textContent = button.dataset.busy;
      button.disabled = true;
      // Now, not when the desk has answered: by then somebody may be writing elsewhere, and their words would go to the customer.
      areaOf(form).focus();
      const item = pendingOf(form, text);
      timeline().after(item);
      send(form, body, item, button);
    }, { capture: true });
  }

  // ---- Who else is here. Told while the page is seen; somebody who writes is told at once.
  const reply = forms.find((one) => one.dataset.presence);
  if (!reply) return;
  const token = reply.elements.csrfmiddlewaretoken.value;
  let said = "", at = -Infinity;
  const tell = (word) => {
    const now = performance.now();
    if (word === said && now - at < (word === "writing" ? 5000 : 12000)) return;
    said = word;
    at = now;
    fetch(reply.dataset.presence, { method: "POST", credentials: "same-origin", keepalive: true, body: new URLSearchParams({ is: word, csrfmiddlewaretoken: token }) }).catch(() => {});
  };
  const beat = () => { if (document.visibilityState === "visible") tell("here"); };
  areaOf(reply).addEventListener("input", () => { if (areaOf(reply).value.trim()) tell("writing"); });
  setInterval(() => { if (performance.now() - at > 12000) beat(); }, 3000);
  addEventListener("pagehide", () => tell("gone"));
  addEventListener("pageshow", (event) => { if (event.persisted) beat(); });
  beat();
})();
