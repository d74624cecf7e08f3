/**
 * The header `Retry-After` of an answer (RFC 9110, section 10.2.3): seconds, or a date.
 */

/** The months and days of a date stand in English, whatever the locale, so that `Date.parse` reads them. */
const httpDate = /^[A-Z][a-z]+, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/

/** Milliseconds from `now` on, from 0; `undefined` for what is neither seconds nor a date. */
export const parse = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  const date = httpDate.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
