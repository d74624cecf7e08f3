/**
 * A page that is one file: it runs no script and loads nothing, so that it can be mailed, kept and printed.
 */
import { html, trusted, type Html } from "../../core/formats/Html.ts"

/** The parts of a page. */
export interface Page {
  readonly title: string
  /** Style sheets, which are written as they are. */
  readonly styles: ReadonlyArray<string>
  /** What stands in the body. */
  readonly content: Html
}

/** Writes a page as HTML. */
export const write = ({ content, styles, title }: Page): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <style>
          ${styles.map(trusted)}
        </style>
      </head>
      <body>
        ${content}
      </body>
    </html> `.html
