"use strict";
/* The mapping editor: line numbers beside the text, a fault leads to its line, a session that ended takes no text away.
   Without it the editor works as an ordinary form. */
(() => {
  const text = document.getElementById("text");
  const gutter = document.getElementById("gutter");
  const form = document.getElementById("draft");
  if (!text || !gutter || !form) return;
  const began = text.value;
  let drawn = 0;
  let leaving = false;

  function drawNumbers() {
    const count = text.value.split("\n").length;
    if (count !== drawn) {
      drawn = count;
      gutter.textContent = Array.from({ length: count }, (_, index) => index + 1).join("\n");
    }
    followScroll();
  }

  function followScroll() {
    gutter.scrollTop = text.scrollTop;
  }

  function goToLine(line) {
    const lines = text.value.split("\n");
    const index = Math.min(Math.max(line, 1), lines.length) - 1;
    const start = lines.slice(0, index).reduce((sum, one) => sum + one.length + 1, 0);
    const height = parseFloat(getComputedStyle(text).lineHeight) || 20;
    text.focus();
    text.setSelectionRange(start, start + lines[index].length);
    text.scrollTop = Math.max(0, index * height - text.clientHeight / 3);
    text.scrollLeft = 0;
    followScroll();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    goToLine(Number(link.dataset.line));
  });
  document.body.addEventListener("htmx:beforeOnLoad", (event) => {
    if (!event.detail.xhr.getResponseHeader("HX-Redirect")) return;
    event.preventDefault();
    document.getElementById("signed-out").hidden = false;
  });
  form.addEventListener("submit", () => { leaving = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && text.value !== began) event.preventDefault();
  });
  text.addEventListener("input", drawNumbers);
  text.addEventListener("scroll", followScroll);
  window.addEventListener("resize", followScroll);
  drawNumbers();
})();
