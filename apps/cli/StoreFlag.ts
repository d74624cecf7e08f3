/**
 * Which ledger a command works on: the one that `--store` names, else `ASSENT_STORE`, as for the service; else the one that the
 * command has by default, if it has one.
 */
import { Effect, Option } from "effect"
import { CliError, Flag } from "effect/cli"
import * as Store from "../Store.ts"
import * as Output from "./Output.ts"

/** A variable that is empty is one that is not set. */
const variable = "ASSENT_STORE"

/** A ledger, and what has named it, for messages. */
export interface ChosenStore {
  readonly url: string
  readonly name: "--store" | typeof variable
}

/** What a command can work on. */
export interface StoreKind {
  readonly accepts: (url: string) => boolean
  /** What is expected, for messages. */
  readonly form: string
  readonly byDefault?: string
}

/** Any store, made where there is none. */
export const any: StoreKind = { accepts: Store.isUrl, form: Store.form, byDefault: Store.defaultUrl }

/** A store that is there and keeps its ledger; never a guess. */
export const kept: StoreKind = { accepts: Store.isKept, form: `${Store.keptForm}: a ledger that is kept` }

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

/** The ledger that the environment names. */
export const fromEnvironment = ({
  form,
  accepts: is,
}: StoreKind): Effect.Effect<Option.Option<ChosenStore>, CliError.ValidationError> =>
  Effect.suspend(() => {
    const url = process.env[variable] ?? ""
    if (url === "") return Effect.succeed(Option.none())
    return is(url) ? Effect.succeed(Option.some({ url, name: variable })) : refuse(`${variable}: expected ${form}`)
  })

/** The ledger where no flag names one. */
const otherwise = Effect.fnUntraced(function* (kind: StoreKind) {
  const named = yield* fromEnvironment(kind)
  if (Option.isSome(named)) return named.value
  if (kind.byDefault === undefined) return yield* refuse(`--store, or ${variable}: expected ${kind.form}`)
  return { url: kind.byDefault, name: "--store" } satisfies ChosenStore
})

/** Says which ledger is written to before it is, where the command line does not say it. */
export const printIfFromEnvironment = ({ name, url }: ChosenStore): Effect.Effect<void> =>
  name === variable ? Output.info(`${variable} names the ledger: ${Store.redact(url)}`) : Effect.void

/** A flag that names a ledger. What is wrong with it is not repeated: it may hold a password. */
export const url = (name: string, description: string, { form, accepts: is }: StoreKind) =>
  Flag.String(name).pipe(
    Flag.withMetavar("<url>"),
    Flag.withDescription(description),
    Flag.mapEffect((url) => (is(url) ? Effect.succeed(url) : refuse(`--${name}: expected ${form}`))),
  )

/** `--store`, which may be left out. */
export const optional = (description: string, kind: StoreKind) =>
  url("store", description, kind).pipe(
    Flag.map((url): ChosenStore => ({ url, name: "--store" })),
    Flag.optional,
  )

/** `--store`. */
export const flag = (description: string, kind: StoreKind) => {
  const byDefault = kind.byDefault === undefined ? variable : `${variable}, else ${kind.byDefault}`
  return optional(`${description}; by default ${byDefault}`, kind).pipe(
    Flag.mapEffect(Option.match({ onNone: () => otherwise(kind), onSome: Effect.succeed })),
  )
}
