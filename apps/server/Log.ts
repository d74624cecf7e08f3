/**
 * The log: one line for each request and for whatever else is worth telling, on standard error.
 *
 * Lines of one turn of the event loop are written together. A reader of the log who stops reading holds the process up, one
 * who goes away does not.
 */
import { writeSync } from "node:fs"
import { type Cause, Context, Layer, Logger, type LogLevel, References } from "effect"
import * as Failure from "../../adapters/http/server/Failure.ts"
import * as RequestLog from "../../adapters/http/server/RequestLog.ts"

/** How much is told: that and what weighs more; `off` tells nothing. */
export const levels = ["debug", "info", "warn", "error", "off"] as const
export type Level = (typeof levels)[number]

/** `text` is for a terminal, `json` for whatever collects logs. */
export const formats = ["json", "text"] as const
export type Format = (typeof formats)[number]

interface Options {
  readonly level: Level
  readonly format: Format
}

type Fields = Readonly<Record<string, unknown>>

/** A line of JSON. `undefined` is left out. */
const jsonLine = (at: Date, level: Level, message: string, fields: Fields): string =>
  JSON.stringify({ time: at.toISOString(), level, message, ...fields })

/** What a terminal would take as a command, or as another line. */
// oxlint-disable-next-line no-control-regex -- they are what must not get through
const controls = /[\u0000-\u001f\u007f-\u009f]/g

const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value)) ?? ""

/** A line for a person: time, level, message, and the fields that are there. */
const textLine = (at: Date, level: Level, message: string, fields: Fields): string => {
  const { stack, ...rest } = fields
  const pairs = Object.entries(rest).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${written(value)}`],
  )
  const line = [at.toISOString().slice(11, 23), level.toUpperCase().padEnd(5), message, ...pairs].join(" ")
  return (
    line.replaceAll(controls, " ") + (stack === undefined ? "" : `\n    ${written(stack).replaceAll("\n", "\n    ")}`)
  )
}

/** Where lines go: standard error, those of one turn of the event loop at once. */
const lineWriter = () => {
  let lines: Array<string> = []
  const take = (): string => {
    const text = lines.join("\n") + "\n"
    lines = []
    return text
  }
  process.stderr.on("error", () => {})
  process.on("exit", () => {
    if (lines.length === 0) return
    try {
      writeSync(process.stderr.fd, take())
    } catch {
      // Nobody reads it any more.
    }
  })
  return (line: string): void => {
    if (lines.push(line) === 1) setImmediate(() => process.stderr.write(take()))
  }
}

/** How much the end of a request weighs. */
const weightOf = (status: number): Level => (status === 503 ? "warn" : status >= 500 ? "error" : "info")

const effectLevels: Readonly<Record<Level, LogLevel.LogLevel>> = {
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
  off: "None",
}

const levelOf = (level: LogLevel.LogLevel): Level =>
  level === "Fatal" || level === "Error" ? "error" : level === "Warn" ? "warn" : level === "Info" ? "info" : "debug"

/** Of what failed, only what it is called and where it came from: messages may repeat what was sent. */
const failuresOf = (cause: Cause.Cause<unknown>): Fields => {
  const [reason] = cause.reasons
  if (reason === undefined || reason._tag === "Interrupt") return {}
  return Failure.of(reason._tag === "Fail" ? reason.error : reason.defect)
}

/** The request as a line of text begins with it. */
const summary = ({ durationMs, method, route, status }: RequestLog.Entry): string =>
  `${status} ${method} ${route} ${durationMs} ms`

/** The log, and the requests told to it. */
export const layer = ({ format, level }: Options): Layer.Layer<never> => {
  const write = lineWriter()
  const isText = format === "text"
  const isTold = (weight: Level): boolean => levels.indexOf(weight) >= levels.indexOf(level)

  const tell = (told: RequestLog.Entry): void => {
    const weight = weightOf(told.status)
    if (!isTold(weight)) return
    const { caller = "none", durationMs, method, requestId, route, status, ...rest } = told
    const line = isText
      ? textLine(new Date(), weight, summary(told), { caller, ...rest, requestId })
      : jsonLine(new Date(), weight, "request", { requestId, method, route, status, durationMs, caller, ...rest })
    write(line)
  }

  const logger = Logger.make<unknown, void>(({ cause, date, fiber, logLevel, message }) => {
    const [text, ...more] = Array.isArray(message) ? message : [message]
    const fields = Object.assign({}, fiber.getRef(References.CurrentLogAnnotations), ...more, failuresOf(cause))
    write((isText ? textLine : jsonLine)(date, levelOf(logLevel), written(text), fields))
  })

  return Layer.mergeAll(
    Logger.layer([logger]),
    Layer.succeed(References.MinimumLogLevel, effectLevels[level]),
    Layer.succeedContext(Context.make(RequestLog.Sink, level === "off" ? () => {} : tell)),
  )
}
