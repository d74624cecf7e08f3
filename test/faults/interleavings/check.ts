/** Everything that is wrong with a run, a line each. */
import { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import type { Played } from "./history.ts"
import * as Feed from "./feed.ts"
import * as Kept from "./kept.ts"
import * as Laws from "./laws.ts"
import * as People from "./people.ts"
import * as Reads from "./reads.ts"
import * as Writes from "./writes.ts"

export const check = (played: Played): ReadonlyArray<string> => {
  const kept = Kept.read(played)
  const found = [
    ...played.failures,
    ...[...Writes.checks, ...People.checks].flatMap((check) => [...check(played, kept)]),
  ]
  try {
    return [...found, ...Reads.check(played, kept), ...Laws.check(played, kept), ...Feed.check(played, kept)]
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    return [...found, `a question is not answered after the run: ${error.reason}`]
  }
}
