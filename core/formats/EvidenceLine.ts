/**
 * How a choice came about, as requests and files hold it: a few members that say nothing about the person, because an
 * erasure leaves them. A member that is not known is passed over, so that a newer page can send more to an older
 * server.
 */
import { Schema } from "effect"
import type { Evidence } from "../browser/VisitAnswer.ts"
import * as Fields from "./Fields.ts"

const { orNull } = Fields

/** The evidence of an event. With all of its members it is shorter than 2 KiB. */
export const EvidenceLine = Schema.Struct({
  surface: orNull(
    Schema.Literals(["banner", "preferences", "history", "embed", "page", "signal", "time", "adopted"]).annotate({
      description: "Where the choice was made",
    }),
  ),
  layout: orNull(Schema.Literals(["bar", "box", "inline"]).annotate({ description: "How the banner was laid out" })),
  textHash: orNull(
    Schema.String.check(
      Schema.isPattern(/^[0-9a-f]{64}$/, { message: "expected SHA-256 in 64 lower-case hexadecimal digits" }),
    ).annotate({ description: "SHA-256 of the texts that were shown, lower-case hexadecimal" }),
  ),
  gpc: orNull(
    Schema.Boolean.annotate({
      description: "Whether the browser's Global Privacy Control was on when an acceptance was confirmed",
    }),
  ),
  signal: orNull(Schema.Literal("gpc").annotate({ description: "The signal of the browser that made the choice" })),
  region: orNull(Fields.Uuid.annotate({ description: "The region under whose settings the person was asked" })),
}).annotate({ identifier: "Evidence", description: "How the choice came about. It changes no answer" })

/** Evidence as it is kept, its members in one order; `undefined` if it has none. */
export const toEvidence = (line: typeof EvidenceLine.Type | null | undefined): Evidence | undefined => {
  const { gpc, layout, region, signal, surface, textHash } = line ?? {}
  const evidence: Evidence = {
    ...(surface != null && { surface }),
    ...(layout != null && { layout }),
    ...(textHash != null && { textHash }),
    ...(gpc != null && { gpc }),
    ...(signal != null && { signal }),
    ...(region != null && { region: region.toLowerCase() }),
  }
  return Object.keys(evidence).length === 0 ? undefined : evidence
}

const isLine = Schema.is(EvidenceLine)

/** Whether a value is evidence as {@link toEvidence} makes it. */
export const isKept = (value: unknown): boolean =>
  isLine(value) && JSON.stringify(value) === JSON.stringify(toEvidence(value))
