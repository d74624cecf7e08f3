/**
 * The flags that name a person by one identifier. A value of `-` is read from standard input, so that it is not left in
 * the history of the shell.
 */
import { Effect, Option, Schema } from "effect"
import { CliError, Flag } from "effect/cli"
import * as Source from "../../adapters/files/Source.ts"
import { Uuid } from "../../core/formats/Fields.ts"
import { Ledger } from "../../core/Ledger.ts"
import type { PersonReference } from "../../core/ledger/Reading.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { type IdentifierKind, releasableKinds } from "../../core/model/People.ts"
import * as InputLine from "./InputLine.ts"

/** A flag whose value is a UUID. */
export const uuid = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("<uuid>"),
    Flag.withDescription(description),
    Flag.filter(Schema.is(Uuid), () => "a UUID"),
    Flag.optional,
  )

const identifier = (name: string, what: string) =>
  Flag.String(name).pipe(Flag.withMetavar("<value>"), Flag.withDescription(what), Flag.optional)

/** The identifiers that a company knows a person by. */
export const identifiers = {
  userId: identifier("user-id", "The identifier; - reads it from standard input"),
  projectUserId: identifier("project-user-id", "The same, of the project"),
  email: identifier("email", "The same"),
  phoneNumber: identifier("phone-number", "The same"),
}

/** These, or the person's own id. */
export const flags = { ...identifiers, concordId: uuid("concord-id", "The person's own id, in place of an identifier") }

type Given<Kind extends IdentifierKind> = { readonly [Each in Kind]: Option.Option<string> }

const nameOf: { readonly [Kind in IdentifierKind]: string } = {
  concordId: "--concord-id",
  userId: "--user-id",
  projectUserId: "--project-user-id",
  email: "--email",
  phoneNumber: "--phone-number",
}

/** The flags and what was given with them. */
export const named = (given: Given<IdentifierKind>) =>
  [...releasableKinds, "concordId" as const].map((kind) => [nameOf[kind], given[kind]] as const)

/** The identifier of some kinds that is given; fails unless exactly one is. */
export const oneOf = Effect.fnUntraced(function* <Kind extends IdentifierKind>(
  kinds: ReadonlyArray<Kind>,
  given: Given<Kind>,
) {
  const all = kinds.flatMap((kind) => {
    const value: Option.Option<string> = given[kind]
    return Option.isSome(value) ? [{ kind, value: value.value }] : []
  })
  const [first] = all
  if (first === undefined || all.length > 1) {
    const names = kinds.map((kind) => nameOf[kind])
    const message = `give exactly one of ${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
    return yield* new CliError.ValidationError({ message })
  }
  return first.value === Source.standardInput ? { ...first, value: yield* InputLine.read } : first
})

/** The identifier that the flags give, and what it refers to. */
export const refer = Effect.fnUntraced(function* (scope: ProjectScope, given: Given<IdentifierKind>) {
  const { kind, value } = yield* oneOf([...releasableKinds, "concordId"], given)
  const named = (reference: PersonReference) => ({ kind, value, reference })
  if (kind === "concordId") return named({ concordId: value.toLowerCase() })
  const ledger = yield* Ledger
  const found = yield* ledger.find(scope, { [kind]: value })
  // Of the spellings of an identifier that were kept apart before, one that names a person counts.
  if (found._tag === "Found") {
    return named([found, ...(found.further ?? [])].find(({ concordId }) => concordId !== undefined) ?? found)
  }
  const message = `the identifier cannot be read: ${found.faults.map(({ detail }) => detail).join("; ")}`
  return yield* new CliError.ValidationError({ message })
})

/** The person that the flags name; `undefined` for an identifier that names no one. */
export const find = (scope: ProjectScope, given: Given<IdentifierKind>) =>
  Effect.map(refer(scope, given), ({ reference }) => reference.concordId)
