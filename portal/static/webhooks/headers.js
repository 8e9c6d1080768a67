// A header whose name says that it carries a secret is ticked as one while it is typed.
(() => {
  "use strict";

  document.addEventListener("input", ({ target }) => {
    const names = target.closest("[data-secret-names]")?.dataset.secretNames;
    if (!names || !target.name.endsWith("-name") || !new RegExp(names, "i").test(target.value)) return;
    document.getElementById(target.id.replace(/-name$/, "-is_secret")).checked = true;
  });
})();
