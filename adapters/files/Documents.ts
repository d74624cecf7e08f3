/**
 * Reads JSON documents, such as types.json and rules.json (semantics, section 7), each as a whole and up to
 * {@link maxBytes}.
 */
import { isUtf8 } from "node:buffer"
import { createHash } from "node:crypto"
import { Effect, Result, Stream } from "effect"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as NewTypes from "../../core/formats/NewTypes.ts"
import type { RuleSet } from "../../core/engine/Rules.ts"
import { BadInput, type InputProblem, problemFromViolation, type Unreadable } from "./BadInput.ts"
import * as JsonSyntax from "./JsonSyntax.ts"
import * as RulesFile from "./RulesFile.ts"
import type { Source } from "./Source.ts"
import * as Encoding from "../support/Encoding.ts"

/** The most bytes of a document: 64 MiB. */
export const maxBytes = 64 * 1024 * 1024

/** A document that has been read. */
export interface Document<A> {
  readonly value: A
  /** Its JSON before it is decoded. */
  readonly written: unknown
  /** The hash of its text without a byte order mark. */
  readonly sha256: string
}

/** Reads a types.json. Fails if an id occurs twice, or a version number occurs twice in one type. */
export const types = Effect.fnUntraced(function* (
  source: Source,
): Effect.fn.Return<Document<ReadonlyArray<ConsentType>>, BadInput | Unreadable> {
  const document = yield* read(source, decodeTypes)
  const problems = [...repetitions(document.value)]
  if (problems.length > 0) return yield* refuse(source, problems)
  return { ...document, value: Exchange.typesFromFile(document.value) }
})

/** Reads a types.json that an empty ledger is to be set up with. Fails if a member is misspelt. */
export const newTypes = Effect.fnUntraced(function* (
  source: Source,
): Effect.fn.Return<ReturnType<typeof NewTypes.toNewTypes>, BadInput | Unreadable> {
  const { value, written } = yield* read(source, Exchange.decoder(NewTypes.NewTypes))
  const misspelt = NewTypes.misspelt(written)
  if (misspelt.length > 0)
    return yield* refuse(
      source,
      misspelt.map((violation) => problemFromViolation("", violation)),
    )
  return NewTypes.toNewTypes(value)
})

/** Reads a rules.json, in either of its forms. */
export const rules = (source: Source): Effect.Effect<RulesFile.RulesFile & Document<RuleSet>, BadInput | Unreadable> =>
  Effect.map(read(source, RulesFile.decode), ({ value, sha256 }) => ({ ...value, sha256 }))

/** Reads the consent types of a types.json. */
export const readTypes = (source: Source): Effect.Effect<ReadonlyArray<ConsentType>, BadInput | Unreadable> =>
  Effect.map(types(source), ({ value }) => value)

/** Reads the rule set of a rules.json. */
export const readRules = (source: Source): Effect.Effect<RuleSet, BadInput | Unreadable> =>
  Effect.map(rules(source), ({ value }) => value)

/** Reads the text of a document, without a byte order mark. */
const readText = Effect.fnUntraced(function* (source: Source) {
  const chunks: Array<Uint8Array> = []
  let size = 0
  yield* Stream.runForEach(source.bytes, (chunk) => {
    chunks.push(chunk)
    size += chunk.length
    return size > maxBytes ? refuse(source, [{ where: "", reason: "longer than 64 MiB" }]) : Effect.void
  })
  const bytes = Buffer.concat(chunks)
  if (!isUtf8(bytes)) return yield* refuse(source, [{ where: "", reason: Encoding.describe(bytes) }])
  return bytes.toString("utf8").replace(/^\uFEFF/, "")
})

const decodeTypes = Exchange.decoder(Exchange.Types)

/** Reads a document that is decoded, or refused with what is wrong with it. */
export const read = Effect.fnUntraced(function* <A>(
  source: Source,
  decode: (value: unknown) => Result.Result<A, ReadonlyArray<Exchange.Violation>>,
) {
  const text = yield* readText(source)
  const value = yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => badInput(source, [{ where: "", reason: JsonSyntax.describe(text) }]),
  })
  const decoded = decode(value)
  return Result.isFailure(decoded)
    ? yield* refuse(
        source,
        decoded.failure.map((violation) => problemFromViolation("", violation)),
      )
    : { value: decoded.success, written: value, sha256: createHash("sha256").update(text).digest("hex") }
})

const badInput = (source: Source, problems: ReadonlyArray<InputProblem>): BadInput =>
  new BadInput({ file: source.name, problems, isCutShort: false })

const refuse = (source: Source, problems: ReadonlyArray<InputProblem>) => Effect.fail(badInput(source, problems))

/** A problem for each id, and each version number of a type, that occurred before; its place is a JSON Pointer. */
function* repetitions(file: typeof Exchange.Types.Type): Generator<InputProblem> {
  yield* repeated(
    file.items.map(({ id }) => id),
    (index) => ({ where: `/items/${index}/id`, reason: "this id is there already; a consent type has one entry" }),
  )
  for (const [item, { versions }] of file.items.entries()) {
    yield* repeated(
      (versions ?? []).map(({ version }) => version),
      (index) => ({
        where: `/items/${item}/versions/${index}/version`,
        reason: "this version number is there already; a version has one entry",
      }),
    )
  }
}

function* repeated<A>(values: ReadonlyArray<A>, problem: (index: number) => InputProblem) {
  const seen = new Set<A>()
  for (const [index, value] of values.entries()) {
    if (seen.has(value)) yield problem(index)
    seen.add(value)
  }
}
