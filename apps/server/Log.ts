/**
 * Writes the log to standard error: one line for each request, and lines about the service.
 *
 * The lines of one turn of the event loop are written together. A reader of the log that stops reading blocks the
 * process; a reader that closes the pipe does not.
 */
import { writeSync } from "node:fs"
import { type Cause, Context, Layer, Logger, type LogLevel, References } from "effect"
import * as Failure from "../../adapters/http/server/Failure.ts"
import * as RequestLog from "../../adapters/http/server/RequestLog.ts"
import * as Colour from "../Colour.ts"
import * as PrettyLog from "./PrettyLog.ts"

/** The level from which on lines are logged. `off` logs nothing. */
export const levels = ["debug", "info", "warn", "error", "off"] as const
export type Level = (typeof levels)[number]

/** `pretty` is for people, `json` for a log collector; `auto` is `pretty` on a terminal, else `json`. */
export const formats = ["auto", "json", "pretty"] as const
export type Format = (typeof formats)[number]

interface Options {
  readonly level: Level
  readonly format: Format
}

type Fields = Readonly<Record<string, unknown>>

/** A line of JSON. Fields that are `undefined` are left out. */
const jsonLine = (at: Date, level: Level, message: string, fields: Fields): string =>
  JSON.stringify({ time: at.toISOString(), level, message, ...fields })

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value)) ?? ""

/** Makes a function that writes lines to standard error, those of one turn of the event loop at once. */
const lineWriter = () => {
  let lines: Array<string> = []
  const drain = (): string => {
    const text = lines.join("\n") + "\n"
    lines = []
    return text
  }
  process.stderr.on("error", () => {})
  process.on("exit", () => {
    if (lines.length === 0) return
    try {
      writeSync(process.stderr.fd, drain())
    } catch {
      // The reader has closed the pipe.
    }
  })
  return (line: string): void => {
    if (lines.push(line) === 1) setImmediate(() => process.stderr.write(drain()))
  }
}

/** The level of the line of a request, by its status. */
const levelOfStatus = (status: number): Level => (status === 503 ? "warn" : status >= 500 ? "error" : "info")

const effectLevels: Readonly<Record<Level, LogLevel.LogLevel>> = {
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
  off: "None",
}

const levelOf = (level: LogLevel.LogLevel): Level =>
  level === "Fatal" || level === "Error" ? "error" : level === "Warn" ? "warn" : level === "Info" ? "info" : "debug"

/**
 * The fields of a failure: its name and its place in the code. Its message is left out, because it may repeat what was
 * sent.
 */
const failuresOf = (cause: Cause.Cause<unknown>): Fields => {
  const [reason] = cause.reasons
  if (reason === undefined || reason._tag === "Interrupt") return {}
  return Failure.of(reason._tag === "Fail" ? reason.error : reason.defect)
}

/** The logger, and the sink for the log entries of requests. */
export const layer = ({ format, level }: Options): Layer.Layer<never> => {
  const write = lineWriter()
  const { stderr } = process
  const isPretty = format === "auto" ? stderr.isTTY : format === "pretty"
  const paint = Colour.of(stderr)
  // The size of a terminal changes.
  const style = (): PrettyLog.Style => ({ paint, columns: stderr.columns, showsIds: level === "debug" })
  const isLogged = (other: Level): boolean => levels.indexOf(other) >= levels.indexOf(level)

  const logRequest = (entry: RequestLog.LogEntry): void => {
    const entryLevel = levelOfStatus(entry.status)
    if (!isLogged(entryLevel)) return
    if (isPretty) return write(PrettyLog.request(new Date(), entry, style()))
    const { caller = "none", durationMs, method, requestId, route, status, ...rest } = entry
    const fields = { requestId, method, route, status, durationMs, caller, ...rest }
    write(jsonLine(new Date(), entryLevel, "request", fields))
  }

  const logger = Logger.make<unknown, void>(({ cause, date, fiber, logLevel, message }) => {
    const [text, ...more] = Array.isArray(message) ? message : [message]
    const fields = Object.assign({}, fiber.getRef(References.CurrentLogAnnotations), ...more, failuresOf(cause))
    const line = isPretty
      ? PrettyLog.message(date, levelOf(logLevel), asText(text), fields, style())
      : jsonLine(date, levelOf(logLevel), asText(text), fields)
    write(line)
  })

  return Layer.mergeAll(
    Logger.layer([logger]),
    Layer.succeed(References.MinimumLogLevel, effectLevels[level]),
    Layer.succeedContext(Context.make(RequestLog.Sink, level === "off" ? () => {} : logRequest)),
  )
}
