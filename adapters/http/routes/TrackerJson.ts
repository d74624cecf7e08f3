/**
 * Trackers as JSON.
 */
import type { Tracker } from "../../../core/model/Tracker.ts"
import type { ScannedDay } from "../../../core/trackers/ScanHistory.ts"

/** A tracker, for servers. */
export const write = (tracker: Tracker): string => JSON.stringify({ ...tracker, isRemoved: undefined })

/** Trackers that were created. */
export const writeAll = (trackers: ReadonlyArray<Tracker>): string => `[${trackers.map(write).join(",")}]`

/** A tracker, for pages: what they need to hold and clean. */
export const writeForPage = ({ category, consentTypes, domain, id, pattern, type }: Tracker): string =>
  JSON.stringify({ id, type, pattern, domain, category, consentTypes })

/** When trackers were found. */
export const writeHistory = (days: ReadonlyArray<ScannedDay>): string =>
  JSON.stringify({ scheduledScanEnabled: false, count: days.length, items: days })
