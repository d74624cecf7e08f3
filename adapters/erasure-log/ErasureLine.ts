/**
 * The lines of an erasure log: `{"hash":"…","entry":{…}}`: one when an erasure begins, one when its transaction is
 * kept, and one when the files of the store are scrubbed too.
 *
 * An erasure that keeps identifiers has another first line than one of everything, so that a version which knows only
 * the latter refuses the log instead of erasing too much.
 *
 * The hash is the SHA-256 of the hash of the line before, a line feed and the text of the entry, in lower-case
 * hexadecimal; before the first line stand 64 zeros. So a line that was changed, or is missing before another one, does
 * not agree with its hash.
 */
import { hash } from "node:crypto"
import { Option, Schema } from "effect"
import * as Instant from "../../core/engine/Instant.ts"
import { Uuid } from "../../core/formats/Fields.ts"
import type { LoggedErasure } from "../../core/ports/ErasureLog.ts"
import { erasureReasons } from "../../core/ports/PersonalStore.ts"

/** The beginning of an erasure, or how far the one with this id went. */
export type Entry =
  | { readonly kind: "begun"; readonly erasure: LoggedErasure }
  | { readonly kind: "kept" | "done"; readonly id: string }

/** The hash before the first line. */
export const firstHash = "0".repeat(64)

const Begun = Schema.Struct({
  kind: Schema.Literals(["begun", "held_begun"]),
  id: Uuid,
  organization: Uuid,
  members: Schema.NonEmptyArray(Uuid),
  recordedAt: Schema.String,
  submitter: Schema.String,
  reason: Schema.Literals(erasureReasons),
})

const Reached = Schema.Struct({ kind: Schema.Literals(["kept", "done"]), id: Uuid })

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Union([Begun, Reached])))

const hashOf = (before: string, entry: string): string => hash("sha256", `${before}\n${entry}`)

const begunJson = ({ id, members, organization, reason, recordedAt, scope, submitter }: LoggedErasure) => ({
  kind: scope === undefined ? "begun" : `${scope}_begun`,
  id,
  organization,
  members,
  recordedAt: Instant.format(recordedAt),
  submitter,
  reason,
})

/** The line of an entry after the line with the hash `before`, with its line feed; and its own hash. */
export const write = (before: string, entry: Entry): { readonly line: string; readonly hash: string } => {
  const text = JSON.stringify(entry.kind === "begun" ? begunJson(entry.erasure) : { kind: entry.kind, id: entry.id })
  const own = hashOf(before, text)
  return { line: `{"hash":"${own}","entry":${text}}\n`, hash: own }
}

const form = /^\{"hash":"([0-9a-f]{64})","entry":(\{.*\})\}$/

const toEntry = (read: typeof Begun.Type | typeof Reached.Type): Entry | undefined => {
  if (!("members" in read)) return read
  const { kind, recordedAt: text, ...erasure } = read
  const recordedAt = Instant.parse(text)
  if (recordedAt === undefined) return undefined
  return { kind: "begun", erasure: { ...erasure, recordedAt, ...(kind === "held_begun" && { scope: "held" }) } }
}

/** Reads a line without its line feed; `undefined` if it does not agree with its hash or is of another form. */
export const read = (before: string, line: string): { readonly entry: Entry; readonly hash: string } | undefined => {
  const [, own, text] = form.exec(line) ?? []
  if (own === undefined || text === undefined || hashOf(before, text) !== own) return undefined
  const entry = Option.getOrUndefined(Option.map(decode(text), toEntry))
  return entry === undefined ? undefined : { entry, hash: own }
}
