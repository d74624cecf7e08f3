/**
 * Elements, without HTML: texts become text nodes, so that none of them can become markup or a script.
 */

/** The link of a text: `[label](https://…)`. */
const link = /\[([^\]]+)\]\((https:\/\/[^\s)]+)\)/

/** Makes an element. An attribute that is `undefined` is left out. */
export const element = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[Tag] => {
  const made = document.createElement(tag)
  for (const name in attributes) {
    const value = attributes[name]
    if (value !== undefined) made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

/** Makes a button with a class and a part of the same name. */
export const button = (name: string, label: string, run: () => void): HTMLButtonElement => {
  const made = element("button", { type: "button", class: name, part: name }, label)
  made.addEventListener("click", run)
  return made
}

/** The nodes of a plain text with links. */
export const rich = (text: string): ReadonlyArray<Node | string> =>
  // Splitting by an expression with two groups gives text, label, address, text, label, address, … text.
  text.split(link).flatMap((part, at, parts) => {
    if (at % 3 === 0) return part
    return at % 3 === 1 ? element("a", { href: parts[at + 1] }, part) : []
  })

/** The element that has the focus, also in shadow roots. */
export const focused = (): Element | null => {
  let active = document.activeElement
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement
  return active
}

/** Gives the focus to an element, or, where it is gone, to the start of the page: the next tab stop is its first. */
export const focusOn = (target: Element | null | undefined): void => {
  const isThere = target instanceof HTMLElement && target.isConnected && target !== document.body
  if (isThere) return target.focus({ preventScroll: true })
  const { body } = document
  const had = body.getAttribute("tabindex")
  body.tabIndex = -1
  body.focus({ preventScroll: true })
  if (had === null) body.removeAttribute("tabindex")
  else body.setAttribute("tabindex", had)
}
