// Has axe measure the contrast of each look of a text once: what the contrast depends on is the text's own style and
// all that is painted behind it. `known` are the looks that passed before; returned is a set of all that pass.
(known) => {
  const passed = new Set(known), grounds = new Map()
  const rule = axe._audit.rules.find(({ id }) => id === "color-contrast"), check = axe._audit.checks["color-contrast"]
  const matches = (rule.ownMatches ??= rule.matches), evaluate = (check.ownEvaluate ??= check.evaluate)
  // Undefined where something else may lie behind it than the elements that it is in.
  const ground = (element) => {
    if (!element) return ""
    if (!grounds.has(element)) {
      const { backgroundColor, backgroundImage, opacity, filter, mixBlendMode, position } = getComputedStyle(element)
      const own = [backgroundColor, backgroundImage, opacity, filter, mixBlendMode].join(" ")
      const behind = ["absolute", "fixed"].includes(position) ? undefined : ground(element.parentElement)
      const isClear = own === "rgba(0, 0, 0, 0) none 1 none normal"
      grounds.set(element, behind === undefined || isClear ? behind : `${own} / ${behind}`)
    }
    return grounds.get(element)
  }
  const look = (element) => {
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(element), behind = ground(element)
    return behind === undefined ? undefined : [color, fontSize, fontWeight, textShadow, behind].join(" / ")
  }
  rule.matches = function (element, ...more) {
    return !passed.has(look(element)) && matches.call(this, element, ...more)
  }
  check.evaluate = function (element, ...more) {
    const name = look(element), hasPassed = passed.has(name) || evaluate.call(this, element, ...more)
    // What cannot be seen passes without being measured.
    if (hasPassed === true && name !== undefined && axe.commons.dom.isVisibleOnScreen(element)) passed.add(name)
    return hasPassed
  }
  return passed
}
