// Small helpers for every page. They work with htmx and without it, when its CDN cannot be reached.
(() => {
  "use strict";

  const SLOWEST = 30000;
  const PATIENCE = 30000;
  const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "X-Portal-Poll": "true" };

  // --- nothing is replaced while it is pressed ------------------------------------------------------
  // A link or button that goes between press and release is never told that it was clicked. And what a click
  // has asked for comes next: nothing that was asked before it takes its place.

  const PRESSED = 2000; // milliseconds: whoever presses for longer does not click
  const CLICK = 50; // from the release to its click, which touch screens send later
  const pressing = { over: null, end: null, timer: 0 };
  const answering = new Set(); // htmx's requests under way

  function press(event) {
    if (event.type === "keydown" ? event.key !== " " : event.button !== 0) return;
    if (!event.target.closest?.("a, button, summary, label, input")) return;
    pressing.over ||= new Promise((resolve) => (pressing.end = resolve));
    endPressing(PRESSED);
  }

  function release(event) {
    if (!pressing.over || (event.type === "keyup" && event.key !== " ")) return;
    endPressing(event.type === "click" ? 0 : CLICK);
  }

  function endPressing(wait) {
    clearTimeout(pressing.timer);
    pressing.timer = setTimeout(() => {
      pressing.end();
      pressing.over = null;
    }, wait);
  }

  const released = async () => pressing.over;
  const isAnswering = (element) => [...answering].some((ctx) => element.contains(ctx.target));

  for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, press, true);
  for (const type of ["pointerup", "pointercancel", "keyup", "click"]) document.addEventListener(type, release, true);

  document.addEventListener("htmx:before:request", ({ detail }) => answering.add(detail.ctx));
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    answering.delete(detail.ctx);
    polled().forEach(arm); // whose answers were dropped meanwhile
  });
  document.addEventListener("htmx:before:swap", (event) => {
    if (!pressing.over) return;
    const { ctx } = event.detail;
    event.preventDefault();
    event.stopImmediatePropagation();
    released().then(() => isAnswering(ctx.target) || window.htmx.swap(ctx));
  });

  // --- parts of a page that ask for their own next state ------------------------------------------
  // <section id="x" data-poll="/address" data-poll-seconds="2">: the answer replaces the element, and says
  // itself whether to ask again. Failures slow it down; a hidden tab does not ask at all.

  const loops = new Map(); // by the element's id: { timer, failures, asked, shown }

  function loopOf(element) {
    if (!loops.has(element.id)) loops.set(element.id, { failures: 0, asked: 0 });
    return loops.get(element.id);
  }

  function arm(element) {
    const loop = loopOf(element);
    clearTimeout(loop.timer);
    if (!element.dataset.poll) return;
    const wait = Math.min(Number(element.dataset.pollSeconds) * 1000 * 2 ** loop.failures, SLOWEST);
    loop.timer = setTimeout(() => document.hidden || refresh(element), wait);
  }

  function polled() {
    return document.querySelectorAll("[data-poll]");
  }

  // Ask for an element's next state. An answer that a later question has overtaken is dropped.
  async function refresh(element, address = element.dataset.poll) {
    const loop = loopOf(element);
    clearTimeout(loop.timer);
    const number = ++loop.asked;
    const answer = await get(address);
    await released();
    if (number !== loop.asked || !element.isConnected || isAnswering(element)) return;
    if (answer && goElsewhere(answer.response)) return;
    if (answer?.response.ok) {
      loop.failures = 0;
      replace(element, answer.text);
    } else {
      loop.failures += 1;
      arm(element);
    }
  }

  async function get(address) {
    const signal = AbortSignal.timeout(PATIENCE);
    try {
      const response = await fetch(address, { headers, credentials: "same-origin", cache: "no-store", signal });
      return { response, text: await response.text() };
    } catch {
      return null;
    }
  }

  // Whether this page is over: the log-in comes next, or another page does.
  function goElsewhere(response) {
    const address = response.headers.get("HX-Redirect");
    if (response.status === 401 || response.redirected) window.location.reload();
    else if (address) window.location.assign(address);
    else return false;
    return true;
  }

  // Put the new state in place of the old one, keeping the keyboard where it was. What did not change stays,
  // so that a screen reader is not told the same thing again and again.
  function replace(element, html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById(element.id);
    const loop = loopOf(element);
    if (!fresh || loop.shown === comparable(fresh)) {
      if (fresh) updateTimes(element, fresh);
      arm(element);
      return;
    }
    loop.shown = comparable(fresh);
    const findFocus = element.contains(document.activeElement) ? describe(document.activeElement) : null;
    const adopted = document.adoptNode(fresh);
    element.replaceWith(adopted);
    window.htmx?.process(adopted);
    arm(adopted);
    if (findFocus) (findFocus(adopted) || adopted.querySelector("a, button") || landing(adopted)).focus();
    adopted.dispatchEvent(new CustomEvent("portal:replaced", { bubbles: true }));
  }

  // What a person would notice: neither a form's token, which is new in every answer, nor "3 seconds ago".
  function comparable(element) {
    const copy = element.cloneNode(true);
    for (const input of copy.querySelectorAll("input[name=csrf_token]")) input.removeAttribute("value");
    for (const time of copy.querySelectorAll("time")) time.textContent = "";
    return copy.outerHTML;
  }

  function updateTimes(element, fresh) {
    const times = fresh.querySelectorAll("time");
    element.querySelectorAll("time").forEach((time, index) => {
      if (!times[index] || time.textContent === times[index].textContent) return;
      time.ariaLive = "off";
      time.textContent = times[index].textContent;
    });
  }

  function describe(element) {
    const { id, tagName, textContent } = element;
    return (root) =>
      (id && root.querySelector(`#${CSS.escape(id)}`)) ||
      [...root.querySelectorAll(tagName)].find((other) => other.textContent === textContent);
  }

  function landing(element) {
    element.tabIndex = -1;
    return element;
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) polled().forEach((element) => refresh(element));
  });

  // htmx keeps the keyboard where it was only if that has an id; of a link or button its words say which it is.
  let pressed = null;

  document.addEventListener("htmx:before:swap", () => {
    const at = document.activeElement;
    pressed = at?.matches("a, button, summary") ? { at, find: describe(at) } : null;
  });

  // htmx put something in place by itself: what was shown there before is no longer known.
  document.addEventListener("htmx:after:swap", () => {
    const isLost = pressed && !pressed.at.isConnected && document.activeElement === document.body;
    if (isLost) pressed.find(document)?.focus();
    pressed = null;
    for (const element of polled()) {
      loopOf(element).shown = undefined;
      arm(element);
    }
  });

  // --- forms whose token is over get one that counts, so that nothing typed is lost ---------------
  // <div data-token="…"> in the answer that refused the old one

  document.addEventListener("htmx:after:swap", () => {
    const fresh = document.querySelector("#messages [data-token]");
    for (const input of fresh ? document.querySelectorAll("input[name=csrf_token]") : []) {
      input.value = fresh.dataset.token;
    }
  });

  // --- a refusal goes as soon as it is not true any more ------------------------------------------
  // <div id="still-refused" data-refusals='{"field": ["sentence"]}'> in an answer that came while somebody typed

  function dropOldRefusals() {
    const now = document.getElementById("still-refused");
    const form = now?.closest("form");
    if (!form || !now.dataset.refusals) return;
    const refusals = JSON.parse(now.dataset.refusals);
    delete now.dataset.refusals;
    for (const said of form.querySelectorAll(".invalid-feedback[id$=-error]")) {
      const id = said.id.replace(/-error$/, "");
      const kept = (refusals[id] || []).filter((sentence) => said.textContent.includes(sentence));
      if (kept.length) said.textContent = kept.join(" ");
      else putRight(form, said, document.getElementById(id));
    }
  }

  function putRight(form, said, field) {
    const described = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id !== said.id);
    field.setAttribute("aria-describedby", described.join(" "));
    if (!described.length) field.removeAttribute("aria-describedby");
    field.removeAttribute("aria-invalid");
    field.classList.remove("is-invalid");
    said.remove();
    const summary = form.querySelector(".error-summary");
    summary?.querySelector(`a[href="#${CSS.escape(field.id)}"]`)?.closest("li").remove();
    if (summary && !summary.querySelector("li")) summary.remove();
    const status = form.querySelector("[data-put-right]");
    const name = field.labels?.[0] || field.querySelector("legend");
    if (status && name) status.textContent = status.dataset.putRight.replace("{field}", name.textContent.trim());
  }

  document.addEventListener("htmx:after:swap", dropOldRefusals);

  // --- a request that nobody answered: the line is down, or the portal is ---------------------------

  document.addEventListener("htmx:error", ({ target, detail }) => {
    const place = document.getElementById("messages");
    if (!detail.ctx || detail.ctx.response || !place) return;
    const said = document.createElement("div");
    said.className = "alert alert-danger unanswered";
    said.role = "alert";
    said.tabIndex = -1;
    said.textContent = target.dataset.unanswered || document.documentElement.dataset.unanswered;
    place.replaceChildren(said);
    if (target.matches("form, button")) said.focus(); // whoever still types goes on typing
  });

  document.addEventListener("htmx:after:request", () => document.querySelector(".unanswered")?.remove());

  // --- the buttons that take htmx's place, where its CDN cannot be reached -------------------------

  function standIn() {
    if (window.htmx) return;
    for (const unused of document.body.querySelectorAll("noscript")) unused.outerHTML = unused.textContent;
  }
  window.addEventListener("load", standIn);
  setTimeout(standIn, PATIENCE / 10); // a CDN that hangs keeps the page from ever being loaded

  // --- a field whose Enter presses its own button, and not the form's first ------------------------
  // <input data-enter="id-of-the-button">

  document.addEventListener("keydown", (event) => {
    const button = event.target.dataset?.enter && document.getElementById(event.target.dataset.enter);
    if (!button || event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    button.click();
  });

  // --- the browser's time zone, where a form asks for one -----------------------------------------

  function guessTimeZone() {
    for (const input of document.querySelectorAll("[data-guess=time-zone]")) {
      const zone = input.value ? null : timeZone();
      if (zone?.includes("/")) input.value = zone;
    }
  }

  // Temporal knows it at once. The first use of Intl reads the formats of dates, which a phone needs 0.1 s for.
  function timeZone() {
    return window.Temporal?.Now.timeZoneId() || Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  // --- start ----------------------------------------------------------------------------------------

  for (const element of polled()) {
    loopOf(element).shown = comparable(element);
    arm(element);
  }
  guessTimeZone();
  window.portal = { refresh, goElsewhere };
})();
