/**
 * What the own texts of a region may be: plain, with `[label](https://…)` as their only markup.
 */
import type { OwnTexts } from "../browser/Region.ts"
import { en } from "../browser/texts/en.ts"
import type { CatalogFault } from "../catalog/CatalogChange.ts"
import * as SettingChecks from "./SettingChecks.ts"

/** The parts of a page whose texts a project may write. */
export const parts = ["consentBanner", "privacyCenter"] as const

type Texts = Readonly<Record<string, string>>

/** The texts that were read, with everything that is wrong with them. */
export interface ReadTexts {
  readonly texts: OwnTexts
  readonly faults: ReadonlyArray<CatalogFault>
}

/** The most violations that are answered. */
const maxFaults = 100

/** The most characters of a text, so that it fits where it is shown. A link has its address besides its label. */
export const maxLengthOf = (name: string): number => {
  if (name.endsWith("Button")) return 40
  if (name === "title" || name.endsWith("Title")) return 100
  return name === "link" ? 1000 : 300
}

const link = /\[[^\]]*\]\(([^)]*)\)/g
const placeholder = /\{\w+\}/g

const placeholdersOf = (text: string): string => (text.match(placeholder) ?? []).toSorted().join()

const faultOf = (name: string, ours: string, given: unknown): Omit<CatalogFault, "field"> | undefined => {
  const most = maxLengthOf(name)
  const isEmptyLink = name === "link" && given === ""
  if (typeof given !== "string" || !given.isWellFormed() || (given.trim() === "" && !isEmptyLink)) {
    return { code: "invalid", detail: `expected a text of 1 to ${most} characters` }
  }
  if (given.length > most) return { code: "too_long", detail: `expected a text of 1 to ${most} characters` }
  if (SettingChecks.unwanted.test(given)) {
    return { code: "invalid", detail: "expected one line of text without control characters" }
  }
  if ([...given.matchAll(link)].some(([, address]) => !SettingChecks.isHttps(address!))) {
    return { code: "not_https", detail: "links must be https addresses: [label](https://…)" }
  }
  const wanted = placeholdersOf(ours)
  if (placeholdersOf(given) === wanted) return undefined
  const detail =
    wanted === "" ? "takes no placeholders in braces" : `must have the placeholders ${wanted}, and no other`
  return { code: "placeholder_missing", detail }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1")

/**
 * Lays the texts of a request over those before; `null` removes one, so that ours is shown.
 *
 * @param given The members of a request, of which nothing is known but that it is an object.
 */
export const read = (given: Readonly<Record<string, unknown>>, before: OwnTexts): ReadTexts => {
  const faults: Array<CatalogFault> = []
  const own = Object.fromEntries(
    parts.map((part) => {
      const texts = new Map(Object.entries<string>((before[part] ?? {}) as Texts))
      const ours: Texts = { ...en[part] }
      const change = given[part]
      if (change === null) texts.clear()
      else if (isObject(change)) {
        for (const [name, text] of Object.entries(change)) {
          if (faults.length >= maxFaults) break
          const field = `${part}/${escaped(name)}`
          if (!Object.hasOwn(ours, name)) {
            faults.push({ field, code: "unknown_setting", detail: "there is no such text" })
            continue
          }
          const fault = text === null ? undefined : faultOf(name, ours[name]!, text)
          if (text === null) texts.delete(name)
          else if (fault === undefined) texts.set(name, text as string)
          else faults.push({ field, ...fault })
        }
      } else if (change !== undefined) {
        faults.push({ field: part, code: "invalid", detail: "expected an object of texts" })
      }
      return [part, Object.fromEntries(texts)] as const
    }),
  )
  const texts: OwnTexts = Object.fromEntries(Object.entries(own).filter(([, all]) => Object.keys(all).length > 0))
  return { texts, faults }
}
