/**
 * The ledger that a command works on: the one of `--store`, otherwise the one of the variable `ASSENT_STORE` (as for
 * the service), otherwise the default of the command, if it has one.
 */
import { Effect, Option } from "effect"
import { CliError, Flag } from "effect/cli"
import * as Store from "../Store.ts"
import * as Output from "./Output.ts"

/** An empty value is treated as not set. */
const { variable } = Store

/** A ledger, and the flag or variable that names it, for messages. */
export interface ChosenStore {
  readonly url: string
  readonly name: "--store" | typeof Store.variable
}

/** The kind of ledgers that a command can work on. */
export interface StoreKind {
  readonly accepts: (url: string) => boolean
  /** The form of their URLs, for messages. */
  readonly form: string
  readonly byDefault?: string
}

/** Any store, which is made if it does not exist. */
export const any: StoreKind = { accepts: Store.isUrl, form: Store.form, byDefault: Store.defaultUrl }

/** A store that outlives its process. There is no default, so that the ledger is always named. */
export const kept: StoreKind = { accepts: Store.isKept, form: `${Store.keptForm}: a ledger that is kept` }

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

/** The ledger that the variable names, if it is set. */
export const fromEnvironment = ({
  form,
  accepts: is,
}: StoreKind): Effect.Effect<Option.Option<ChosenStore>, CliError.ValidationError> =>
  Effect.suspend(() => {
    const url = process.env[variable] ?? ""
    if (url === "") return Effect.succeed(Option.none())
    return is(url) ? Effect.succeed(Option.some({ url, name: variable })) : refuse(`${variable}: expected ${form}`)
  })

/** The ledger of the variable, otherwise the default. */
const fromEnvironmentOrDefault = Effect.fnUntraced(function* (kind: StoreKind) {
  const named = yield* fromEnvironment(kind)
  if (Option.isSome(named)) return named.value
  if (kind.byDefault === undefined) return yield* refuse(`--store, or ${variable}: expected ${kind.form}`)
  const chosen: ChosenStore = { url: kind.byDefault, name: "--store" }
  return chosen
})

/** Prints which ledger will be written to, if the command line does not name it. */
export const printIfFromEnvironment = ({ name, url }: ChosenStore): Effect.Effect<void> =>
  name === variable ? Output.info(`${variable} names the ledger: ${Store.redact(url)}`) : Effect.void

/** A flag that names a ledger. Messages do not repeat its value, because it may contain a password. */
export const url = (name: string, description: string, { form, accepts: is }: StoreKind) =>
  Flag.String(name).pipe(
    Flag.withMetavar("<url>"),
    Flag.withDescription(description),
    Flag.mapEffect((url) => (is(url) ? Effect.succeed(url) : refuse(`--${name}: expected ${form}`))),
  )

/** The flag `--store`, `None` if it is left out. */
export const optional = (description: string, kind: StoreKind) =>
  url("store", description, kind).pipe(
    Flag.map((url): ChosenStore => ({ url, name: "--store" })),
    Flag.optional,
  )

/** The flag `--store`, with the variable and the default if it is left out. */
export const flag = (description: string, kind: StoreKind) => {
  const byDefault = kind.byDefault === undefined ? variable : `${variable}, else ${kind.byDefault}`
  return optional(`${description}; by default ${byDefault}`, kind).pipe(
    Flag.mapEffect(Option.match({ onNone: () => fromEnvironmentOrDefault(kind), onSome: Effect.succeed })),
  )
}
