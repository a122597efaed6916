// Forms that keep what was typed, in this browser, until it was sent.
"use strict";
(() => {
  const PREFIX = "roomdesk.keep:", SENT = "roomdesk.sent";
  const forms = [...document.querySelectorAll("form[data-keep]")];
  const fields = (form) => [...form.querySelectorAll("input[name]:not([type=hidden]):not([type=file]):not([type=checkbox]), textarea[name], select[name]")];

  // What was sent and did not come back to its form is done with.
  const sent = sessionStorage.getItem(SENT);
  if (sent && !forms.some((form) => form.dataset.keep === sent)) localStorage.removeItem(PREFIX + sent);
  sessionStorage.removeItem(SENT);

  for (const form of forms) {
    const name = PREFIX + form.dataset.keep;
    let kept = {};
    try { kept = JSON.parse(localStorage.getItem(name)) || {}; } catch { /* Somebody else's. */ }
    for (const field of fields(form)) if (!field.value && kept[field.name]) field.value = kept[field.name];
    form.addEventListener("input", () => {
      const told = Object.fromEntries(fields(form).filter((field) => field.value).map((field) => [field.name, field.value]));
      localStorage.setItem(name, JSON.stringify(told));
    });
    form.addEventListener("submit", () => {
      sessionStorage.setItem(SENT, form.dataset.keep);
      const button = form.querySelector("button[data-busy]");
      if (button) { button.textContent = button.dataset.busy; button.disabled = true; }
    });
  }
})();
