/**
 * HTML as a tagged template that escapes: whatever is put into it becomes text, unless it is HTML itself.
 *
 * Safe between tags and inside quoted attributes. Not for the inside of `<script>` or `<style>`.
 */

/** Text that is HTML already. */
export interface Html {
  readonly html: string
}

/** What a template takes. A list is joined without a separator, `undefined` is nothing. */
export type HtmlPart = string | number | undefined | Html | ReadonlyArray<HtmlPart>

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** Control characters, and code points that are no characters, which HTML allows in no document; they become a visible replacement character. */
const forbidden = /[^\P{Cc}\t\n\r]|\p{Noncharacter_Code_Point}|\p{Surrogate}/gu

/**
 * Characters that turn the reading direction of what follows. A type's name must not rearrange the sentence it stands
 * in. Source: Unicode Standard Annex 9, explicit directional formatting.
 */
const direction = /[\u202a-\u202e\u2066-\u2069]/g

/** Text as HTML: nothing in it is markup any more. */
export const escape = (text: string): string =>
  text
    .replace(forbidden, "\ufffd")
    .replace(direction, "\ufffd")
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)

/** HTML that was made elsewhere. Never for anything a user wrote. */
export const trusted = (markup: string): Html => ({ html: markup })

const render = (part: HtmlPart): string => {
  if (part === undefined) return ""
  if (typeof part === "number") return String(part)
  if (typeof part === "string") return escape(part)
  return "html" in part ? part.html : part.map(render).join("")
}

/** The line breaks and indentation of the template itself are for those who read the source; a line break is left. */
const compact = (markup: string): string => markup.replace(/\s*\n\s*/g, "\n")

/** HTML from a template: `html\`<p>${name}</p>\``. */
export const html = (markup: TemplateStringsArray, ...parts: ReadonlyArray<HtmlPart>): Html => ({
  html: markup.map(compact).reduce((before, text, index) => before + render(parts[index - 1]) + text),
})
