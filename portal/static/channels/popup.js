// Connecting a channel through Connexease's dialog, in a popup.
//
// The attempt lives on the server; what happens here are hints to it. The popup is opened empty inside the
// click, because a browser blocks one that is opened later, and is sent to the dialog when its address is there.
(() => {
  "use strict";

  const PATIENCE = 90000; // our server itself waits for Connexease, and gives up well before this
  const REPORT_PATIENCE = 10000;
  const json = { Accept: "application/json" };

  // An attempt: { id, page, report, token, popup, origin, watch, heard, reports }
  let current = null; // the one that this page follows
  let asking = null; // the one whose dialog address is being asked for
  let said = null;

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-connect]");
    if (!form) return;
    event.preventDefault();
    event.stopPropagation();
    if (asking && !asking.popup?.closed) return; // a double click
    connect(form);
  }, true);

  // The link that stands in for a blocked popup: try once more, now that it is a click of its own.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const attempt = attemptOf(link);
    if (!isOpen(attempt.popup)) attempt.popup = openWindow(link.href);
    if (!attempt.popup) return; // let the link itself open a tab
    event.preventDefault();
    attempt.popup.focus();
    if (attempt !== current) leave(current);
    current = attempt;
    opened(attempt, link.href);
  });

  // Whoever stops waiting does not want its window any more.
  document.addEventListener("submit", (event) => {
    if (!event.target.closest("form[data-stop]")) return;
    leave(current);
    current = null;
  }, true);

  // Only from the window that we opened, and only while that window shows a page of the dialog's origin.
  window.addEventListener("message", ({ origin, source, data }) => {
    const attempt = current;
    if (!attempt?.popup || origin !== attempt.origin || source !== attempt.popup) return;
    if (typeof data?.status !== "string" || !data.status || attempt.heard === "ok") return;
    attempt.heard = data.status;
    clearInterval(attempt.watch);
    const channel = typeof data.channel_uuid === "string" ? data.channel_uuid : "";
    tell(attempt, { event: "message", status: data.status, channel_uuid: channel });
    attempt.popup.close();
  });

  document.addEventListener("portal:replaced", ({ target }) => {
    if (target.id !== "attempt" || target.dataset.state !== "confirmed") return;
    const list = document.getElementById("channels");
    if (list) window.portal.refresh(list, window.location.pathname);
    if (current?.id !== target.dataset.attempt) return;
    clearInterval(current.watch);
    current.popup?.close();
  });

  async function connect(form) {
    const attempt = { popup: openWindow(""), token: form.elements.csrf_token.value, reports: Promise.resolve() };
    if (attempt.popup) furnish(attempt.popup.document);
    leave(current);
    current = null;
    asking = attempt;
    said?.remove();
    const button = form.querySelector("button[type=submit]");
    wait(button, true);
    const answer = await askForDialog(form);
    wait(button, false);
    if (asking !== attempt) return; // its window was closed and the button pressed again
    asking = null;
    if (answer) follow(attempt, answer);
    else attempt.popup?.close();
  }

  async function askForDialog(form) {
    const answer = await ask(form.action, new FormData(form));
    if (!answer || answer.dialog) return answer;
    const token = new FormData(); // its token had run out before we got it
    token.set("csrf_token", form.elements.csrf_token.value);
    return ask(`${answer.page}/dialog`, token);
  }

  function follow(attempt, { page, report, dialog }) {
    current = Object.assign(attempt, { id: page.split("/").pop(), page, report });
    if (dialog && isOpen(attempt.popup)) {
      attempt.popup.location.replace(dialog);
      opened(attempt, dialog);
      return;
    }
    attempt.popup?.close();
    attempt.popup = null;
    if (dialog) tell(attempt, { event: "blocked" });
    else show(attempt); // there is none to be had; the server says so in its words
  }

  function opened(attempt, address) {
    attempt.origin = new URL(address).origin;
    clearInterval(attempt.watch);
    attempt.watch = setInterval(() => {
      if (isOpen(attempt.popup)) return;
      // Only a hint: a page of another origin can make an open window look closed. Messages still count.
      clearInterval(attempt.watch);
      tell(attempt, { event: "closed" });
    }, 400);
    tell(attempt, { event: "opened" });
  }

  // Another attempt takes this one's place, or none.
  function leave(attempt) {
    if (!attempt) return;
    clearInterval(attempt.watch);
    if (!isOpen(attempt.popup)) return;
    attempt.popup.close();
    tell(attempt, { event: "closed" });
  }

  // The attempt that a link belongs to; after a reload only the page knows it.
  function attemptOf(link) {
    const panel = link.closest("[data-attempt]");
    if (current?.id === panel.dataset.attempt) return current;
    const page = panel.dataset.poll;
    const token = panel.querySelector("input[name=csrf_token]").value;
    return { id: panel.dataset.attempt, page, report: `${page}/report`, token, reports: Promise.resolve() };
  }

  async function ask(address, body) {
    let response;
    const signal = AbortSignal.timeout(PATIENCE);
    try {
      response = await fetch(address, { method: "POST", body, headers: json, credentials: "same-origin", signal });
    } catch {
      say(document.documentElement.dataset.offline);
      return null;
    }
    if (window.portal.goElsewhere(response)) return null;
    if (response.status === 400) {
      window.location.reload(); // this page belongs to a session that is over
      return null;
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok && answer.page) return answer;
    say(answer.message);
    return null;
  }

  // Hints reach the server in their order, and the page then shows where the attempt stands.
  function tell(attempt, fields) {
    attempt.reports = attempt.reports.then(() => report(attempt, fields)).then(() => show(attempt));
  }

  // The server finds out without them: three tries are enough.
  async function report(attempt, fields) {
    const body = new FormData();
    body.set("csrf_token", attempt.token);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    for (const pause of [0, 500, 2000]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const signal = AbortSignal.timeout(REPORT_PATIENCE);
      const options = { method: "POST", body, credentials: "same-origin", keepalive: true, signal };
      const response = await fetch(attempt.report, options).catch(() => null);
      if (response && response.status < 500) return;
    }
  }

  function show(attempt) {
    if (attempt !== current) return;
    const element = document.getElementById("attempt") || emptyPanel();
    element.dataset.poll = attempt.page;
    element.dataset.pollSeconds = "2";
    window.portal.refresh(element);
  }

  function emptyPanel() {
    const panel = document.createElement("section");
    panel.id = "attempt";
    document.getElementById("onboarding").replaceChildren(panel);
    return panel;
  }

  function isOpen(popup) {
    return Boolean(popup) && !popup.closed;
  }

  // As the vendor's guide sizes and places it. Without a name: an older window can never be taken for this one.
  function openWindow(address) {
    const width = 570;
    const height = Math.min(720, Math.round(screen.availHeight * 0.85));
    const left = Math.round(window.screenX + (window.outerWidth - width) / 2);
    const top = Math.round(window.screenY + (window.outerHeight - height) / 2);
    const features = `width=${width},height=${height},left=${left},top=${top},resizable=yes,scrollbars=yes`;
    try {
      const popup = window.open(address, "_blank", features);
      return isOpen(popup) ? popup : null;
    } catch {
      return null;
    }
  }

  // What the window shows until it is sent to the dialog, which may take as long as Connexease takes to answer.
  function furnish(page) {
    page.documentElement.lang = document.documentElement.lang;
    page.documentElement.style.colorScheme = "light dark";
    page.title = document.title;
    Object.assign(page.body.style, { font: "1rem/1.5 system-ui, sans-serif", margin: "3rem 2rem" });
    page.body.textContent = document.documentElement.dataset.asking;
  }

  // Not `disabled`, which would take the keyboard away from the button.
  function wait(button, waiting) {
    button.classList.toggle("disabled", waiting);
    button.ariaDisabled = waiting ? "true" : null;
  }

  function say(sentence) {
    said = document.createElement("div");
    said.className = "alert alert-danger";
    said.setAttribute("role", "alert");
    said.textContent = sentence || document.documentElement.dataset.failed;
    document.getElementById("messages").replaceChildren(said);
    said.scrollIntoView({ block: "nearest" });
  }
})();
