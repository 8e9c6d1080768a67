// One box that ticks all boxes of a channel, and shows whether all, some or none of them are ticked.
(() => {
  "use strict";

  const boxesOf = (scope) => [...document.querySelectorAll(`input[data-place="${CSS.escape(scope)}"]`)];

  function show(all) {
    const boxes = boxesOf(all.dataset.allOf);
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = boxes.length > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    all.closest("[data-all]").hidden = boxes.length === 0;
  }

  function showAll() {
    for (const all of document.querySelectorAll("[data-all-of]")) show(all);
  }

  document.addEventListener("change", ({ target }) => {
    if (target.dataset.allOf) for (const box of boxesOf(target.dataset.allOf)) box.checked = target.checked;
    showAll();
  });
  document.addEventListener("htmx:after:swap", showAll);
  showAll();
})();
