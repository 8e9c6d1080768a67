// Turns the words of the page into a language that nobody speaks, and the page around where that is written so.
// Letter by letter, so that a name that holds another goes on holding it. "own" turns them back.
(language) => {
  const long = { a: "áá", e: "éé", i: "íi", o: "óó", u: "úú", A: "Áá", E: "Éé", I: "Íi", O: "Óó", U: "Úú", n: "ñ", s: "š" }
  const hebrew = [..."אבגדהוזחטיכלמנסעפצקרשת"]
  const mirrored = (letter) => /[a-z]/i.test(letter) ? hebrew[letter.toLowerCase().charCodeAt(0) % hebrew.length] : letter
  const turn = { long: (letter) => long[letter] ?? letter, mirrored, own: (letter) => letter }[language]
  const say = (text) => [...text].map(turn).join("")
  window.__dir ??= document.documentElement.dir
  window.__originals ??= new WeakMap()
  const kept = (node, name, now) => {
    if (!window.__originals.has(node)) window.__originals.set(node, {})
    return (window.__originals.get(node)[name] ??= now)
  }
  const alone = "script, style, code, pre, textarea, [translate=no], datalist, svg"
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (node.textContent.trim() && !node.parentElement.closest(alone)) node.textContent = say(kept(node, "text", node.textContent))
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const element of document.querySelectorAll(`body [${name}]`))
      if (!element.closest("[translate=no]")) element.setAttribute(name, say(kept(element, name, element.getAttribute(name))))
  document.documentElement.dir = language === "own" ? window.__dir : language === "mirrored" ? "rtl" : "ltr"
  if (language === "own") window.__originals = undefined
}
