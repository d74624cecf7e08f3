/**
 * The strictest settings of all regions of a project: what the loader goes by until it knows the region of the visitor,
 * because the same loader is answered to all of them.
 */
import * as GoogleConsent from "../browser/GoogleConsent.ts"
import type { LoaderConfiguration } from "../browser/LoaderConfiguration.ts"
import type { BlockingMode, GoogleConsentMode, Region } from "../browser/Region.ts"

/** From the laxest to the strictest. */
const blockingModes: ReadonlyArray<BlockingMode> = ["disabled", "discovery", "permissive", "strict", "sealed"]

/** From the weakest to the strictest: where one region needs consent mode, everything is denied first. */
const googleModes: ReadonlyArray<GoogleConsentMode> = ["disabled", "advanced", "basic"]

const last = <Value>(order: ReadonlyArray<Value>, given: ReadonlySet<Value>): Value =>
  order.findLast((each) => given.has(each)) ?? order[0]!

/** The strictest settings of regions, of a project that has types of some subcategories. */
export const of = (
  regions: ReadonlyArray<Region>,
  has: (subcategory: string) => boolean,
): LoaderConfiguration["strictest"] => {
  const all = regions.map(({ settings }) => settings)
  const gcm = last(googleModes, new Set(all.map(({ gcm }) => gcm)))
  const microsoftUET = all.some(({ microsoftUET }) => microsoftUET)
  const maps = all.map(({ gcmMap = {} }) => gcmMap)
  return {
    blockingMode: last(blockingModes, new Set(all.map(({ blockingMode }) => blockingMode))),
    gcm,
    ...((gcm !== "disabled" || microsoftUET) && { gcmMap: GoogleConsent.mapOf(maps, has) }),
    urlPassthrough: all.every(({ urlPassthrough }) => urlPassthrough),
    microsoftUET,
    gpc: all.some(({ gpc }) => gpc),
    gpcCovers: [...new Set(all.flatMap(({ gpcCovers }) => gpcCovers))],
  }
}
