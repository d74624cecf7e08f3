/**
 * The log of erasures of a command: the one of `--erasure-log`, otherwise the one of the variable
 * `ASSENT_ERASURE_LOG`, as for the service.
 */
import { Option } from "effect"
import { Flag } from "effect/cli"
import * as ErasureLogFile from "../ErasureLogFile.ts"

/** The path of the variable. An empty value is treated as not set. */
export const fromEnvironment = (): string | undefined => process.env[ErasureLogFile.variable] || undefined

/** What names the file, for messages. */
export const name = `--erasure-log, or ${ErasureLogFile.variable}`

/** The flag `--erasure-log`; `undefined` if neither it nor the variable names a file. */
export const flag = Flag.String("erasure-log").pipe(
  Flag.withMetavar("<file>"),
  Flag.withDescription(
    `The log of erasures, kept apart from the store; by default ${ErasureLogFile.variable}, else none`,
  ),
  Flag.filterMap(ErasureLogFile.readPath, () => "the path of a file"),
  Flag.optional,
  Flag.map((given) => Option.getOrElse(given, fromEnvironment)),
)
