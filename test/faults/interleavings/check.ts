/** Everything that is wrong with a run, a line each. */
import type { Played } from "./history.ts"
import * as Kept from "./kept.ts"
import * as Laws from "./laws.ts"
import * as Reads from "./reads.ts"
import * as Writes from "./writes.ts"

export const check = (played: Played): ReadonlyArray<string> => {
  const kept = Kept.read(played)
  return [
    ...played.failures,
    ...Writes.checks.flatMap((check) => [...check(played, kept)]),
    ...Reads.check(played, kept),
    ...Laws.check(played, kept),
  ]
}
