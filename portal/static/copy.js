// A button that copies the text of an element; where the browser does not allow it, it selects the text.
// <button hidden data-copy="id" data-copied="Copied" data-selected="Selected: press Ctrl+C">Copy</button>
(() => {
  "use strict";

  const SHOWN = 3000;

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      say(button, button.dataset.copied);
      report(button);
    } catch {
      window.getSelection().selectAllChildren(source);
      say(button, button.dataset.selected);
    }
  }

  // A copied secret is noted in the account's history.
  function report({ dataset }) {
    if (!dataset.report) return;
    const body = new FormData();
    body.set("csrf_token", dataset.token);
    fetch(dataset.report, { method: "POST", body, credentials: "same-origin", keepalive: true }).catch(() => {});
  }

  function say(button, words) {
    const label = (button.dataset.label ??= button.textContent);
    button.textContent = words;
    clearTimeout(button.timer);
    button.timer = setTimeout(() => (button.textContent = label), SHOWN);
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => copy(button));
  }
})();
