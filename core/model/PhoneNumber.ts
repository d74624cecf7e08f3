/**
 * Phone numbers in E.164, the form in which they are compared (semantics, section 5).
 */
import { isSupportedCountry, parsePhoneNumberFromString } from "libphonenumber-js/min"
import * as VisibleCharacters from "./VisibleCharacters.ts"

/** A number without white space and `tel:` (RFC 3966) around it, however often these stand around each other. */
const unwrap = (text: string): string => {
  const inner = VisibleCharacters.trim(text).replace(/^tel:/i, "")
  return inner === text ? text : unwrap(inner)
}

/** Whether a text is an ISO 3166-1 alpha-2 code, in upper case, of a country with phone numbers. */
export const isCountry = (code: string): boolean => isSupportedCountry(code)

/**
 * A phone number as E.164, such as `+4915112345678`; `undefined` for a text that is not one. A number without its
 * country code is one of `defaultCountry` (ISO 3166-1 alpha-2, upper case); without that it is refused.
 */
export const normalize = (value: string, defaultCountry?: string): string | undefined => {
  const isNational = defaultCountry !== undefined && isSupportedCountry(defaultCountry)
  // The whole text must be a number without an extension, because an extension is another person at the same number.
  const options = { extract: false, ...(isNational && { defaultCountry }) }
  const number = parsePhoneNumberFromString(unwrap(value), options)
  return number?.isPossible() === true && number.ext === undefined ? number.number : undefined
}
