/**
 * HTML as a tagged template that escapes every value that is not already {@link Html}.
 *
 * It is safe between tags and inside quoted attributes. It must not be used inside `<script>` or `<style>`.
 */

/** Text that is HTML, and is not escaped again. */
export interface Html {
  readonly html: string
}

/** A value in a template. A list is joined without a separator; `undefined` becomes nothing. */
export type HtmlPart = string | number | undefined | Html | ReadonlyArray<HtmlPart>

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/**
 * Control characters and noncharacters, which no HTML document may contain. They become a visible replacement
 * character.
 */
const forbidden = /[^\P{Cc}\t\n\r]|\p{Noncharacter_Code_Point}|\p{Surrogate}/gu

/**
 * Characters that change the reading direction of the text after them. They are replaced, because a type's name must
 * not rearrange the sentence around it. Source: Unicode Standard Annex 9, explicit directional formatting.
 */
const direction = /[\u202a-\u202e\u2066-\u2069]/g

/** Escapes text, so that nothing in it is markup. */
export const escape = (text: string): string =>
  text
    .replace(forbidden, "\ufffd")
    .replace(direction, "\ufffd")
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)

/** Marks text as HTML. It must never be used for text from a user. */
export const trusted = (markup: string): Html => ({ html: markup })

const render = (part: HtmlPart): string => {
  if (part === undefined) return ""
  if (typeof part === "number") return String(part)
  if (typeof part === "string") return escape(part)
  return "html" in part ? part.html : part.map(render).join("")
}

/** Replaces the indentation of the template by single line breaks. */
const compact = (markup: string): string => markup.replace(/\s*\n\s*/g, "\n")

/** The markup of templates, compacted once: a template is the same array each time. */
const compacted = new WeakMap<TemplateStringsArray, ReadonlyArray<string>>()

const markupOf = (template: TemplateStringsArray): ReadonlyArray<string> => {
  const known = compacted.get(template)
  if (known !== undefined) return known
  const made = template.map(compact)
  compacted.set(template, made)
  return made
}

/** HTML from a template: `html\`<p>${name}</p>\``. */
export const html = (template: TemplateStringsArray, ...parts: ReadonlyArray<HtmlPart>): Html => ({
  html: markupOf(template).reduce((before, text, index) => before + render(parts[index - 1]) + text),
})
