/**
 * The signal by which a browser says that its user wants no sale and sharing (Global Privacy Control).
 *
 * It is an event, never an override: a refusal by the browser, which a later acceptance may answer if it was given with
 * the signal in view. The end of the signal says nothing.
 */
import type { RegionSettings } from "./Region.ts"
import type { LoaderType } from "./LoaderConfiguration.ts"
import type { DecisionSnapshot } from "./Snapshot.ts"

/** Whether the signal declines a type in a region of these settings. */
export const covers = (
  { gpc, gpcCovers }: Pick<RegionSettings, "gpc" | "gpcCovers">,
  { triple }: Pick<LoaderType, "triple">,
): boolean =>
  gpc &&
  // The first two are what the signal is about in itself.
  ["do_not_sell", "global_privacy_control", ...gpcCovers].some((name) => triple.startsWith(`privacy_setting/${name}/`))

/**
 * The part of a snapshot that counts while the signal is on. What was permitted before the signal came is not, until
 * the client has decided: only what was confirmed in its presence is.
 */
export const remaining = (
  snapshot: DecisionSnapshot,
  settings: Pick<RegionSettings, "gpc" | "gpcCovers">,
  types: ReadonlyArray<Pick<LoaderType, "name" | "triple">>,
): DecisionSnapshot => {
  if (snapshot.gpc) return snapshot
  const covered = new Set(types.filter((type) => covers(settings, type)).map(({ name }) => name))
  return { ...snapshot, answers: new Map([...snapshot.answers].filter(([name]) => !covered.has(name))) }
}
