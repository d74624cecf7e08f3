/**
 * The HTML of a mail: one column of paragraphs and links, out of the same parts as its text. It has no image, script,
 * style sheet or remote part, and takes its colours from the program that shows it.
 */
import { html, type Html, trusted } from "../formats/Html.ts"

/** A part of a paragraph. `link`: an address of the web; `code`: digits to copy. */
export interface MailPart {
  readonly kind: "text" | "link" | "code"
  readonly text: string
}

/** The parts of a paragraph, in their order. */
export type MailParagraph = ReadonlyArray<MailPart>

/** A mail as it is to be shown. */
export interface MailPage {
  readonly title: string
  /** BCP 47. */
  readonly language: string
  readonly direction: "ltr" | "rtl"
  readonly body: ReadonlyArray<MailParagraph>
  readonly footer: ReadonlyArray<MailParagraph>
}

/** Other schemes do not become links. */
const isWeb = (address: string): boolean => /^https?:\/\/\S+$/i.test(address)

const lineBreak = trusted("<br>\n")

const lines = (text: string): ReadonlyArray<string | Html> =>
  text.split("\n").flatMap((line, index) => (index === 0 ? [line] : [lineBreak, line]))

const part = ({ kind, text }: MailPart): Html => {
  if (kind === "link" && isWeb(text)) return html`<a href="${text}" style="word-break:break-all">${text}</a>`
  if (kind === "code") return html`<strong style="font-size:1.75em;letter-spacing:.15em">${text}</strong>`
  return html`${lines(text)}`
}

const paragraph = (parts: MailParagraph): Html =>
  html`<p style="margin:0 0 1em;overflow-wrap:anywhere">${parts.map(part)}</p> `

const column = "max-width:36em;margin:0 auto;padding:1.5em 1em;font:1em/1.5 sans-serif"
const below = "margin-top:2em;padding-top:1em;border-top:1px solid #8888;font-size:.875em"

/** The HTML of a mail. */
export const of = ({ body, direction, footer, language, title }: MailPage): string =>
  html`<!doctype html>
    <html lang="${language}" dir="${direction}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
      </head>
      <body style="margin:0">
        <div style="${column}">
          ${body.map(paragraph)}
          <div style="${below}">${footer.map(paragraph)}</div>
        </div>
      </body>
    </html>`.html
