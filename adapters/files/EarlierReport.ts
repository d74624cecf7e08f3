/**
 * Reads a report that `assent verify --json` wrote earlier: the lanes of the log, with which a later log must begin.
 * All else that a report has may have changed since, and is not read.
 */
import { Effect, Schema } from "effect"
import * as Exchange from "../../core/formats/Exchange.ts"
import type { LaneDigest } from "../../core/transfer/TableReader.ts"
import type { BadInput, Unreadable } from "./BadInput.ts"
import * as Documents from "./Documents.ts"
import type { Source } from "./Source.ts"

const Lane = Schema.Struct({
  lane: Schema.Int,
  events: Schema.Int,
  digest: Schema.String,
})

const decode = Exchange.decoder(Schema.Struct({ lanes: Schema.Array(Lane) }))

/** Reads the lanes of a report. */
export const read = (source: Source): Effect.Effect<ReadonlyArray<LaneDigest>, BadInput | Unreadable> =>
  Effect.map(Documents.read(source, decode), ({ value }) => value.lanes)
