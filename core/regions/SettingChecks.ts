/**
 * What one setting of a region may be. A check answers the value that is kept, or what is wrong with it.
 */

/** The value that is kept, or why none is. */
export type CheckedSetting = { readonly value: unknown } | { readonly code: string; readonly detail: string }

/** Checks one setting. */
export type SettingCheck = (given: unknown) => CheckedSetting

const invalid = (detail: string): CheckedSetting => ({ code: "invalid", detail })

/** What no text of one line has: controls, and what changes the direction of the text around it. */
export const unwanted = /\p{Cc}|[\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]/u

/** true or false. */
export const truth: SettingCheck = (given) =>
  typeof given === "boolean" ? { value: given } : invalid("expected true or false")

/** One of some words. */
export const oneOf =
  (...words: ReadonlyArray<string>): SettingCheck =>
  (given) =>
    words.includes(given as string) ? { value: given } : invalid(`expected one of ${words.join(", ")}`)

/** A whole number from `least` to `most`. */
export const whole =
  (least: number, most: number): SettingCheck =>
  (given) =>
    Number.isInteger(given) && (given as number) >= least && (given as number) <= most
      ? { value: given }
      : invalid(`expected a whole number from ${least} to ${most}`)

/** A line of 1 to `most` characters. */
export const line =
  (most: number): SettingCheck =>
  (given) =>
    typeof given === "string" &&
    given.trim() !== "" &&
    given.length <= most &&
    given.isWellFormed() &&
    !unwanted.test(given)
      ? { value: given }
      : invalid(`expected one line of 1 to ${most} characters without control characters`)

/** A colour as `#rrggbb`. */
export const colour: SettingCheck = (given) =>
  typeof given === "string" && /^#[0-9a-f]{6}$/i.test(given)
    ? { value: given.toLowerCase() }
    : invalid("expected a colour such as #1a2b3c")

/** Names of CSS font families. They become the value of a CSS property, so nothing may be called in them. */
export const fontFamily: SettingCheck = (given) =>
  typeof given === "string" &&
  given.length <= 200 &&
  /^[\p{L}\p{N} ,'"_-]*[\p{L}\p{N}][\p{L}\p{N} ,'"_-]*$/u.test(given)
    ? { value: given }
    : invalid("expected names of CSS font families, with at most 200 characters and without url()")

/** Whether a text is an address of a page or file that is encrypted on its way, and names no user. */
export const isHttps = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.protocol === "https:" && url.username === "" && url.password === "" && !/\s/.test(text)
}

/** An https address. */
export const httpsAddress: SettingCheck = (given) =>
  typeof given === "string" && given.length <= 2048 && isHttps(given)
    ? { value: new URL(given).href }
    : { code: "not_https", detail: "expected an https address of at most 2,048 characters" }

const subcategories = (given: unknown, least: number): ReadonlyArray<string> | undefined => {
  if (!Array.isArray(given) || given.length < least || given.length > 50) return undefined
  const isWord = (each: unknown): each is string => "value" in line(128)(each)
  return given.every(isWord) ? [...new Set(given)] : undefined
}

/** A list of subcategories of consent types. */
export const subcategoryList: SettingCheck = (given) => {
  const value = subcategories(given, 0)
  return value === undefined ? invalid("expected at most 50 subcategories of 1 to 128 characters") : { value }
}

/** The consent types of Google that subcategories permit. `security_storage` is always granted. */
export const googleTypes = [
  "ad_storage",
  "ad_user_data",
  "ad_personalization",
  "analytics_storage",
  "functionality_storage",
  "personalization_storage",
] as const

/** The subcategories that permit each consent type of Google. */
export const googleMap: SettingCheck = (given) => {
  const isMap = typeof given === "object" && given !== null && !Array.isArray(given)
  const entries = isMap ? Object.entries(given).map(([name, all]) => [name, subcategories(all, 1)] as const) : undefined
  const isKnown = entries?.every(
    ([name, all]) => all !== undefined && (googleTypes as readonly string[]).includes(name),
  )
  return entries !== undefined && isKnown === true
    ? { value: Object.fromEntries(entries) }
    : invalid(`expected lists of 1 to 50 subcategories under ${googleTypes.join(", ")}`)
}

/** What a close button does; the booleans are the older spelling. */
export const closeButton: SettingCheck = (given) =>
  typeof given === "boolean" ? { value: given ? "close" : "none" } : oneOf("none", "close", "decline")(given)

/** A setting that there is in other products, and that cannot be had here. */
export const never =
  (code: string, detail: string, ...harmless: ReadonlyArray<unknown>): SettingCheck =>
  (given) =>
    harmless.some((each) => each === given) ? { value: undefined } : { code, detail }
