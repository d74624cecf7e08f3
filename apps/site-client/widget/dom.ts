/**
 * Elements, without HTML: texts become text nodes, so that none of them can become markup or a script.
 */

/** The link of a text: `[label](https://…)`. */
const link = /\[([^\]]+)\]\((https:\/\/[^\s)]+)\)/

/** Makes an element of a class, which is also its part: what a site's own style may select. */
export const element = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[Tag] => {
  const made = document.createElement(tag)
  made.className = name
  made.setAttribute("part", name)
  made.append(...children)
  return made
}

/** Makes a button. */
export const button = (name: string, label: string, run: () => void): HTMLButtonElement => {
  const made = element("button", name, label)
  made.addEventListener("click", run)
  return made
}

/** The nodes of a plain text with links. */
export const rich = (text: string): ReadonlyArray<Node | string> =>
  // Splitting by an expression with two groups gives text, label, address, text, label, address, … text.
  text.split(link).flatMap((part, at, parts) => {
    if (at % 3 === 0) return part
    if (at % 3 === 2) return []
    const made = element("a", "", part)
    made.href = parts[at + 1]!
    return made
  })
