"use strict";
/* The counter by the keyboard, and files beside the checklist. Every page works without it. */
(() => {
  const KEPT = "guitai.single-keys";
  const box = document.getElementById("f-keys");
  const read = () => { try { return localStorage.getItem(KEPT) !== "off"; } catch { return true; } };
  let single = read();
  if (box) {
    box.checked = single;
    box.addEventListener("change", () => {
      single = box.checked;
      try { localStorage.setItem(KEPT, single ? "on" : "off"); } catch { /* kept for this page alone */ }
    });
  }

  const cases = () => Array.from(document.querySelectorAll(".queue a.case"));
  function step(by) {
    const links = cases();
    if (!links.length) return;
    const row = document.activeElement && document.activeElement.closest("tr");
    const here = row ? links.indexOf(row.querySelector("a.case")) : -1;
    const next = here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + by, 0), links.length - 1);
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  }
  function select() {
    const row = document.activeElement && document.activeElement.closest("tr");
    const tick = row && row.querySelector('input[type="checkbox"]');
    if (tick) tick.checked = !tick.checked;
  }
  const DOES = {
    j: () => step(1),
    k: () => step(-1),
    x: select,
    "/": () => { const field = document.getElementById("f-find"); if (field) { field.focus(); field.select(); } },
  };
  document.addEventListener("keydown", (event) => {
    if (!single || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const typing = event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select");
    if (typing || !DOES[event.key]) return;
    event.preventDefault();
    DOES[event.key]();
  });

  const viewer = document.getElementById("viewer");
  function show(link) {
    const shown = document.createElement(link.dataset.view === "pdf" ? "iframe" : "img");
    shown.src = link.href;
    shown[shown.tagName === "IMG" ? "alt" : "title"] = link.textContent.trim();
    viewer.querySelector("[data-shown]").replaceChildren(shown);
    viewer.querySelector("h2 small").textContent = link.textContent.trim();
    viewer.hidden = false;
    document.querySelectorAll("a[data-view]").forEach((one) => one.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "true");
  }
  /* What is to be checked next lies beside the checklist by itself: nobody judges what they have not seen. */
  function showNext() {
    const open = Array.from(document.querySelectorAll(".material.standing-unchecked")).find((one) => {
      const judged = one.querySelector('.judge input[type="radio"]:checked');
      return one.querySelector("a[data-view]") && judged && judged.value === "";
    });
    if (open && viewer) show(open.querySelector("a[data-view]"));
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-view]");
    if (!link || !viewer || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link);
  });
  document.addEventListener("change", (event) => { if (event.target.closest(".judge")) showNext(); });
  showNext();

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
    button.focus();
  });
})();
