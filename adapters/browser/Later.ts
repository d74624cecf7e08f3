/**
 * What few pages need of the client: the history, and signing in. The script file of the preference centre has it, so
 * that every other page loads less.
 */
import * as History from "./History.ts"
import * as Identifying from "./Identifying.ts"

/** The part of the client that is loaded when it is first called. */
export interface Later {
  readonly history: typeof History.read
  readonly identify: typeof Identifying.identify
}

export const later: Later = { history: History.read, identify: Identifying.identify }
