/**
 * A table that is shown at once, with many figures in a row. On a phone it scrolls in its own frame if it must.
 */
import type { Html } from "../../../core/formats/Html.ts"
import { html } from "../../../core/formats/Html.ts"
import * as Table from "../Table.ts"

/** Writes the table. */
export const write = (content: Table.Table): Html =>
  html`<div class="totals" role="region" tabindex="0" aria-label="${content.caption}">${Table.table(content)}</div>`
