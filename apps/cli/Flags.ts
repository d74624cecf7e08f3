/**
 * The flags that commands share: files and instants.
 */
import { Effect, Option } from "effect"
import { CliError, Flag } from "effect/cli"
import * as Source from "../../adapters/files/Source.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Overwriting from "../Overwriting.ts"

const instant = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("<date-time>"),
    Flag.withDescription(`${description}; an ISO 8601 date-time with an offset, by default now`),
    Flag.mapEffect((text) => {
      const parsed = Instant.parse(text)
      return parsed === undefined
        ? Effect.fail(
            new CliError.ValidationError({
              message: `--${name}: expected an ISO 8601 date-time with an offset, such as 2024-02-29T12:00:00.000Z`,
            }),
          )
        : Effect.succeed(parsed)
    }),
    Flag.optional,
  )

/** A flag for an input file. */
export const path = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("<file>"),
    Flag.withDescription(`${description}; - reads standard input`),
    Flag.filter(
      (value) => value !== "",
      () => "a path that is not empty",
    ),
  )

/** A flag for an output file. */
export const outputPath = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("<file>"),
    Flag.withDescription(description),
    Flag.filter(
      (value) => value !== "" && value !== Source.standardInput,
      () => "the path of a file",
    ),
  )

/** The flag `--delimiter`: what is between the fields of CSV. */
export const delimiter = Flag.String("delimiter").pipe(
  Flag.withMetavar("<character>"),
  Flag.withDescription("Between the fields of CSV; by default recognized by the header"),
  Flag.filter(
    (text) => /^[^"\r\n]$/.test(text),
    () => "one character, and no quote",
  ),
  Flag.optional,
)

/** The file that a flag names, for {@link refuseOverwriting}. */
export const named = (name: string, at: Option.Option<string>): Overwriting.NamedFile => ({
  name,
  at: Option.getOrUndefined(at),
})

/** Fails if an output would overwrite the ledger or an input. Must run before any file is opened. */
export const refuseOverwriting = (files: Overwriting.Files): Effect.Effect<void, CliError.ValidationError> =>
  Effect.suspend(() => {
    const found = Overwriting.find(files)
    return found === undefined
      ? Effect.void
      : Effect.fail(new CliError.ValidationError({ message: `${found.output}: ${found.reason}` }))
  })

/** A flag for one end of a window: a date-time with an offset, or a date, which means its first instant in UTC. */
export const windowEdge = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("<date-time>"),
    Flag.withDescription(`${description}; an ISO 8601 date (midnight UTC) or date-time with an offset`),
    Flag.mapEffect((text) => {
      const parsed = Instant.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00.000Z` : text)
      return parsed === undefined
        ? Effect.fail(
            new CliError.ValidationError({
              message: `--${name}: expected a date such as 2024-02-29, or a date-time with an offset such as 2024-02-29T12:00:00.000Z`,
            }),
          )
        : Effect.succeed(parsed)
    }),
  )

/** The flags `--events`, `--types`, `--rules` and `--known-at`: the ledger, and how much of it is known. */
export const ledger = {
  events: path("events", "events.ndjson, one consent event a line"),
  types: path("types", "types.json; without it every consent type has the default rules and version 1").pipe(
    Flag.optional,
  ),
  rules: path("rules", "rules.json, a rule set over the types' own rules").pipe(Flag.optional),
  knownAt: instant("known-at", "only what the ledger had learnt by then"),
}

/** The values of the flags {@link ledger}. */
export interface Ledger {
  readonly events: string
  readonly types: Option.Option<string>
  readonly rules: Option.Option<string>
  readonly knownAt: Option.Option<Instant.Instant>
}

/** The instant as known at which the ledger is asked; one that is ahead of the clock is read as `now`. */
export const knownAt = (flags: Pick<Ledger, "knownAt">, now: Instant.Instant): Instant.Instant =>
  Math.min(
    now,
    Option.getOrElse(flags.knownAt, () => now),
  )

/** The flag `--at`: the instant that is asked about. */
export const at = instant("at", "the instant asked about")

/** Fails if standard input would be read twice. */
export const validate = ({ events, types, rules }: Ledger): Effect.Effect<void, CliError.ValidationError> => {
  const paths = [events, ...Option.toArray(types), ...Option.toArray(rules)]
  return paths.filter((each) => each === Source.standardInput).length > 1
    ? Effect.fail(
        new CliError.ValidationError({
          message: "only one of --events, --types and --rules can be standard input (-)",
        }),
      )
    : Effect.void
}
