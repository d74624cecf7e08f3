/**
 * The strictest settings of all regions of a project: what the loader goes by until it knows the region of the visitor,
 * because the same loader is answered to all of them.
 */
import type { BlockingMode, GoogleConsentMode, Region, RegionSettings } from "../browser/Region.ts"
import type { LoaderConfiguration } from "../browser/LoaderConfiguration.ts"
import * as GoogleConsent from "../browser/GoogleConsent.ts"

type Strictest = LoaderConfiguration["strictest"]

/** From the laxest to the strictest. */
const blockingModes: ReadonlyArray<BlockingMode> = ["disabled", "discovery", "permissive", "strict", "sealed"]

/** From the weakest claim to the strongest: where one region needs consent mode, everything is denied first. */
const googleModes: ReadonlyArray<GoogleConsentMode> = ["disabled", "advanced", "basic"]

const last = <Value>(order: ReadonlyArray<Value>, given: ReadonlyArray<Value>): Value =>
  order.findLast((each) => given.includes(each)) ?? order[0]!

/** Each of Google's types with every subcategory that some region maps to it; ours if no region has a map. */
const mapOf = (all: ReadonlyArray<RegionSettings>): Pick<Strictest, "gcmMap"> => {
  if (all.every(({ gcmMap }) => gcmMap === undefined)) return {}
  const needs = (name: GoogleConsent.GoogleType) => [
    ...new Set(all.flatMap(({ gcmMap }) => gcmMap?.[name] ?? GoogleConsent.defaultMap[name])),
  ]
  return { gcmMap: Object.fromEntries(GoogleConsent.types.map((name) => [name, needs(name)])) }
}

/** The strictest settings of regions. */
export const of = (regions: ReadonlyArray<Region>): Strictest => {
  const all = regions.map(({ settings }) => settings)
  return {
    blockingMode: last(
      blockingModes,
      all.map(({ blockingMode }) => blockingMode),
    ),
    gcm: last(
      googleModes,
      all.map(({ gcm }) => gcm),
    ),
    ...mapOf(all),
    urlPassthrough: all.every(({ urlPassthrough }) => urlPassthrough),
    microsoftUET: all.some(({ microsoftUET }) => microsoftUET),
    gpc: all.some(({ gpc }) => gpc),
    gpcCovers: [...new Set(all.flatMap(({ gpcCovers }) => gpcCovers))],
  }
}
