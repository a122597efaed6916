// Follows the talk: whoever is at its end stays there when something new comes; whoever reads further up is left alone.
"use strict";
(() => {
  const NEAR = 160;
  let atEnd = false;
  const isNewest = !location.search.includes("before=");
  const look = () => { atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR; };
  const toEnd = () => scrollTo({ top: document.documentElement.scrollHeight });
  if (isNewest && (!location.hash || location.hash === "#composer")) toEnd();
  look();
  addEventListener("scroll", look, { passive: true });
  new MutationObserver((changes) => {
    const isTalk = changes.some((change) => [...change.addedNodes].some((node) => node.id === "talk"));
    if (isTalk && atEnd) toEnd();
  }).observe(document.querySelector("[data-desk]"), { childList: true });
})();
