// Copy buttons and keys, on every page. No request is ever made.
"use strict";
(() => {
  const said = document.createElement("span");
  said.className = "hidden";
  said.setAttribute("role", "status");
  document.body.append(said);

  function copyText(text) {
    if (navigator.clipboard && window.isSecureContext) {
      return navigator.clipboard.writeText(text);
    }
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("copy"));
  }

  for (const button of document.querySelectorAll("button.copy")) {
    const name = button.dataset.copy;
    const label = button.textContent;
    button.setAttribute("aria-label", `copy ${name.replace(/-[0-9-]*$/, "").replace("-", " ")}`);
    button.addEventListener("click", () => {
      const raw = document.getElementById(`${name}-raw`);
      const text = raw ? raw.value : document.getElementById(name).textContent;
      copyText(text).then(
        () => { button.textContent = "copied"; said.textContent = "copied"; },
        () => { button.textContent = "not copied"; },
      ).then(() => setTimeout(() => { button.textContent = label; said.textContent = ""; }, 1500));
    });
  }

  const typing = (target) => target.closest("input, select, textarea, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const scrolls = event.target.closest && event.target.closest("pre, .scroll");
    const go = (id) => { const link = document.getElementById(id); if (link && link.href) link.click(); };
    if (event.key === "n" || (event.key === "ArrowRight" && !scrolls)) go("next");
    else if (event.key === "p" || (event.key === "ArrowLeft" && !scrolls)) go("previous");
    else if (event.key === "i") go("up");
  });
})();
