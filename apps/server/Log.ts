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

/** The level from which on lines are logged. `off` logs nothing. */
export const levels = ["debug", "info", "warn", "error", "off"] as const
export type Level = (typeof levels)[number]

/** `text` is for a terminal, `json` for a log collector. */
export const formats = ["json", "text"] as const
export type Format = (typeof formats)[number]

interface Options {
  readonly level: Level
  readonly format: Format
}

type Fields = Readonly<Record<string, unknown>>

/** A line of JSON. Fields that are `undefined` are left out. */
const jsonLine = (at: Date, level: Level, message: string, fields: Fields): string =>
  JSON.stringify({ time: at.toISOString(), level, message, ...fields })

/** Characters that a terminal would treat as a command or as the end of a line. */
// oxlint-disable-next-line no-control-regex -- they are replaced
const controls = /[\u0000-\u001f\u007f-\u009f]/g

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value)) ?? ""

/** A line for a terminal: time, level, message, and the fields that are defined. */
const textLine = (at: Date, level: Level, message: string, fields: Fields): string => {
  const { stack, ...rest } = fields
  const pairs = Object.entries(rest).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${asText(value)}`],
  )
  const line = [at.toISOString().slice(11, 23), level.toUpperCase().padEnd(5), message, ...pairs].join(" ")
  return (
    line.replaceAll(controls, " ") + (stack === undefined ? "" : `\n    ${asText(stack).replaceAll("\n", "\n    ")}`)
  )
}

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

/** The beginning of the line of a request in the format `text`. */
const summary = ({ durationMs, method, route, status }: RequestLog.LogEntry): string =>
  `${status} ${method} ${route} ${durationMs} ms`

/** The logger, and the sink for the log entries of requests. */
export const layer = ({ format, level }: Options): Layer.Layer<never> => {
  const write = lineWriter()
  const isText = format === "text"
  const isLogged = (other: Level): boolean => levels.indexOf(other) >= levels.indexOf(level)

  const logRequest = (entry: RequestLog.LogEntry): void => {
    const entryLevel = levelOfStatus(entry.status)
    if (!isLogged(entryLevel)) return
    const { caller = "none", durationMs, method, requestId, route, status, ...rest } = entry
    const line = isText
      ? textLine(new Date(), entryLevel, summary(entry), { caller, ...rest, requestId })
      : jsonLine(new Date(), entryLevel, "request", { requestId, method, route, status, durationMs, caller, ...rest })
    write(line)
  }

  const logger = Logger.make<unknown, void>(({ cause, date, fiber, logLevel, message }) => {
    const [text, ...more] = Array.isArray(message) ? message : [message]
    const fields = Object.assign({}, fiber.getRef(References.CurrentLogAnnotations), ...more, failuresOf(cause))
    write((isText ? textLine : jsonLine)(date, levelOf(logLevel), asText(text), fields))
  })

  return Layer.mergeAll(
    Logger.layer([logger]),
    Layer.succeed(References.MinimumLogLevel, effectLevels[level]),
    Layer.succeedContext(Context.make(RequestLog.Sink, level === "off" ? () => {} : logRequest)),
  )
}
