/**
 * The settings of the service: one table of variables, which is read at the start, printed by `--help`, and compared
 * with the documentation by a test.
 *
 * All faults are reported at once. Messages repeat a value, except where it may contain a secret.
 *
 * The file is longer than others because every variable of the service is in this one table.
 */
import { Option, Schema } from "effect"
import * as SmtpServer from "../../adapters/mail/SmtpServer.ts"
import * as ClamdScanner from "../../adapters/clamd/ClamdScanner.ts"
import * as Allowance from "../../adapters/webhooks/Allowance.ts"
import * as OpenLimits from "../../adapters/http/server/OpenLimits.ts"
import * as Quotas from "../../adapters/http/server/Quotas.ts"
import * as Period from "../../core/engine/Period.ts"
import * as Spelling from "../../core/formats/Spelling.ts"
import * as SchedulerLoop from "../../core/feed/SchedulerLoop.ts"
import * as KeyEpochs from "../../core/ledger/KeyEpochs.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import * as MailAddress from "../../core/mail/MailAddress.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as Keys from "../Keys.ts"
import * as ErasureLogFile from "../ErasureLogFile.ts"
import * as Store from "../Store.ts"
import * as WholeNumber from "../WholeNumber.ts"
import * as Log from "./Log.ts"

/** A variable of the environment. */
export interface Setting<Value> {
  readonly variable: string
  readonly sets: string
  /** The default as text; `undefined` if the variable has no default. */
  readonly byDefault: string | undefined
  readonly expected: string
  readonly isSecret: boolean
  /** Parses a text; `None` if it is invalid. */
  readonly read: (text: string) => Option.Option<Value>
}

/** The fault of one variable. */
export interface SettingFault {
  readonly variable: string
  readonly expected: string
  /** The value as it may be printed. */
  readonly given: string
}

const reader = <Value>(schema: Schema.Codec<Value, string>) => Schema.decodeOption(schema)

const setting = <Value>(
  variable: string,
  sets: string,
  byDefault: string | undefined,
  expected: string,
  read: (text: string) => Option.Option<Value>,
): Setting<Value> => ({ variable, sets, byDefault, expected, read, isSecret: false })

const secret = <Value>(setting: Setting<Value>): Setting<Value> => ({ ...setting, isSecret: true })

const address = reader(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9.:_-]+$/)))
const port = WholeNumber.between(0, 65_535).read
const lanes = WholeNumber.between(1, Lane.newMaxCount)
const rate = WholeNumber.between(1, 1_000_000)
const anyPort = "0 to 65535; 0 takes any free port"

const url = (text: string): Option.Option<string> =>
  URL.canParse(text) && /^https?:/.test(text) ? Option.some(text) : Option.none()

const anyQuota = `requests a minute, from 1 to ${Quotas.most}, or amounts such as requests=600 items=6000 bytes=10000000 writes=400; 0 or off sets no limit`

/** The quota of a holder. */
const quota = (holder: Quotas.Holder, variable: string, of: string): Setting<Quotas.Quota> =>
  setting(variable, `the work a minute of ${of}`, Quotas.write(Quotas.byDefault[holder]), anyQuota, Quotas.parse)

/** A proxy speaks HTTP, and needs no path. */
const proxy = (text: string): Option.Option<URL> =>
  Option.filter(
    Option.map(url(text), (found) => new URL(found)),
    ({ protocol }) => protocol === "http:",
  )

/** The period in milliseconds; a month has 31 days. */
const webhookDisable = (text: string): Option.Option<number> => {
  const period = Period.parse(text)
  if (period === undefined) return Option.none()
  const millis = Period.add(0, period)
  return millis >= 3_600_000 && millis <= 90 * 86_400_000 ? Option.some(millis) : Option.none()
}

const clamd = (text: string) => Option.fromUndefinedOr(ClamdScanner.parse(text))

const smtpUrl = (text: string) => Option.fromUndefinedOr(SmtpServer.parse(text))
const mailFrom = (text: string) => Option.fromUndefinedOr(MailAddress.parseSender(text))
const mailAddress = (text: string) => Option.fromUndefinedOr(MailAddress.parse(text))
const publicUrl = (text: string) => Option.fromUndefinedOr(MailSettings.parsePublicUrl(text))

const headerName = reader(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9-]+$/)))

/** Every variable, in the order of `--help`. */
export const table = {
  host: setting("HOST", "the address to listen on", "127.0.0.1", "an address, such as 0.0.0.0", address),
  port: setting("PORT", "the port; `0` takes any free one", "4000", anyPort, port),
  store: secret(
    setting(
      Store.variable,
      "`sqlite:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE`; `memory:` forgets it",
      Store.defaultUrl,
      `${Store.form} (no ~ or $ at the beginning of PATH, and # in a password as %23)`,
      reader(Store.Url),
    ),
  ),
  keys: setting(
    Keys.variable,
    "the key file, kept apart from the store; left out: `PATH.keys` next to SQLite's file",
    undefined,
    "the path of a file",
    Keys.readPath,
  ),
  erasureLog: setting(
    ErasureLogFile.variable,
    "the log of erasures, kept apart from the store: a restored backup erases again what it has",
    undefined,
    "the path of a file",
    ErasureLogFile.readPath,
  ),
  scriptFolder: setting(
    "ASSENT_SCRIPT_FOLDER",
    "where replaced script files of pages are kept for two years; servers may share it",
    undefined,
    "the path of a folder",
    Keys.readPath,
  ),
  keysKept: setting(
    Keys.keptVariable,
    "how long the key of an epoch is kept after its end",
    Period.format(KeyEpochs.keptByDefault),
    Keys.expectedKept,
    Keys.readKept,
  ),
  replica: setting(
    "ASSENT_REPLICA",
    "`on`: the store is a replica, from which the service answers; it records nothing",
    "off",
    "on or off",
    reader(Schema.Literals(["on", "off"])),
  ),
  demonstration: setting(
    Store.demonstrationVariable,
    "`off`: a store without a ledger ends the start, instead of being set up as a demonstration",
    "on",
    "on or off",
    reader(Schema.Literals(["on", "off"])),
  ),
  lanes: setting(
    "ASSENT_LANES",
    "how many lanes a new organization or project gets, for ever",
    String(Lane.defaultCount),
    lanes.expected,
    lanes.read,
  ),
  reevaluationRate: setting(
    "ASSENT_REEVALUATION_RATE",
    "how many people a second are decided again for the change feed, after versions and rules change",
    String(SchedulerLoop.defaultRate),
    rate.expected,
    rate.read,
  ),
  webhookAllow: setting(
    "ASSENT_WEBHOOK_ALLOW",
    "what webhooks may reach besides public addresses over `https`",
    undefined,
    Allowance.expected,
    Allowance.parse,
  ),
  webhookProxy: secret(
    setting(
      "ASSENT_WEBHOOK_PROXY",
      "a proxy that all webhooks are sent through, which then decides about addresses",
      undefined,
      "a URL, such as http://proxy.internal:3128",
      proxy,
    ),
  ),
  webhookDisable: setting(
    "ASSENT_WEBHOOK_DISABLE",
    "after how long without a success a webhook is disabled",
    "P5D",
    "a period from PT1H to P90D (ISO 8601), such as P5D",
    webhookDisable,
  ),
  smtpUrl: secret(
    setting(
      "ASSENT_SMTP_URL",
      "the mail server that mails are handed to; left out: mails wait in the outbox",
      undefined,
      SmtpServer.expected,
      smtpUrl,
    ),
  ),
  mailFrom: setting(
    "ASSENT_MAIL_FROM",
    "the sender of mails; needed with a mail server",
    undefined,
    "an address, such as privacy@example.com or Example <privacy@example.com>",
    mailFrom,
  ),
  mailReturnPath: setting(
    "ASSENT_MAIL_RETURN_PATH",
    "the address that mails which cannot be delivered come back to; left out: that of the sender",
    undefined,
    "an address, such as bounces@example.com",
    mailAddress,
  ),
  publicUrl: setting(
    "ASSENT_PUBLIC_URL",
    "the address of the service as visitors see it; left out: mails have no links",
    undefined,
    "a URL without a query, such as https://privacy.example.com",
    publicUrl,
  ),
  clamd: setting(
    "ASSENT_CLAMD",
    "the `clamd` of ClamAV that scans files of compliance requests; left out: files are not scanned",
    undefined,
    "host:port, such as 127.0.0.1:3310",
    clamd,
  ),
  stateMaxAge: setting(
    "ASSENT_STATE_MAX_AGE",
    "seconds a browser may take a consent state for what it is",
    "0",
    "whole seconds from 0 to 86400",
    WholeNumber.between(0, 86_400).read,
  ),
  geographyHeader: setting(
    "ASSENT_GEOGRAPHY_HEADER",
    "the header in which your proxy tells the visitor's region (ISO 3166-2)",
    undefined,
    "the name of a header, such as cf-region-code",
    headerName,
  ),
  addressHeader: setting(
    "ASSENT_ADDRESS_HEADER",
    "the header in which your proxy tells the visitor's address; of a list, the last one counts",
    undefined,
    "the name of a header, such as x-forwarded-for",
    headerName,
  ),
  keyQuota: quota("key", "ASSENT_RATE_LIMIT_KEY", "each API key"),
  sessionQuota: quota("session", "ASSENT_RATE_LIMIT_SESSION", "each session"),
  visitorQuota: quota("visitor", "ASSENT_RATE_LIMIT_VISITOR", "each visitor, in all sessions"),
  addressQuota: quota("address", "ASSENT_RATE_LIMIT_ADDRESS", "all visitors of one shortened address"),
  projectQuota: quota("project", "ASSENT_RATE_LIMIT_PROJECT", "each project"),
  organizationQuota: quota("organization", "ASSENT_RATE_LIMIT_ORGANIZATION", "each organization"),
  visitLimit: setting(
    "ASSENT_RATE_LIMIT_VISIT",
    "visits that act, and opened sessions, a minute of each network; ten times that number may read",
    String(OpenLimits.byDefault.acting),
    `a number from 1 to ${OpenLimits.most}; 0 or off sets no limit`,
    OpenLimits.parse,
  ),
  logLevel: setting(
    "ASSENT_LOG_LEVEL",
    "how much is logged on standard error; `warn` leaves out requests that went well",
    "info",
    `one of ${Log.levels.join(", ")}`,
    reader(Schema.Literals(Log.levels)),
  ),
  logFormat: setting(
    "ASSENT_LOG_FORMAT",
    "`json`, or `pretty` for people; `auto` is `pretty` on a terminal, else `json`",
    "auto",
    `one of ${Log.formats.join(", ")}`,
    reader(Schema.Literals(Log.formats)),
  ),
  metricsPort: setting(
    "ASSENT_METRICS_PORT",
    "the port of `GET /metrics`, a server of its own; without it no metrics are served",
    undefined,
    anyPort,
    port,
  ),
  metricsHost: setting(
    "ASSENT_METRICS_HOST",
    "the address that `GET /metrics` listens on",
    "127.0.0.1",
    "an address, such as 0.0.0.0",
    address,
  ),
  otlpEndpoint: secret(
    setting(
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "where traces and metrics are sent (OTLP over HTTP); left out: nowhere",
      undefined,
      "a URL, such as http://127.0.0.1:4318",
      url,
    ),
  ),
  otlpProtocol: setting(
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "how they are written",
    "http/protobuf",
    "http/protobuf or http/json",
    reader(Schema.Literals(["http/protobuf", "http/json"])),
  ),
  traceShare: setting(
    "OTEL_TRACES_SAMPLER_ARG",
    "the share of requests without a `traceparent` that are traced",
    "1",
    "a number from 0 to 1",
    reader(Schema.NumberFromString.check(Schema.makeFilter((n) => n >= 0 && n <= 1))),
  ),
}

type Table = typeof table

/** The values; `undefined` if a variable is not set and has no default. */
export type Settings = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value | undefined : never
}

/** The settings, their faults, and the names of variables that begin with `ASSENT_` but are not settings. */
export interface Read {
  readonly settings: Settings
  readonly faults: ReadonlyArray<SettingFault>
  readonly unknown: ReadonlyArray<string>
}

const longestShown = 80

/** A value as it may be printed; of a secret only the scheme of its URL. */
const shown = (text: string, isSecret: boolean): string => {
  if (!isSecret) return JSON.stringify(text.slice(0, longestShown))
  const scheme = /^[a-z]{1,12}:(?=\/\/)/i.exec(text)?.[0]
  return scheme === undefined ? "something that is not shown" : `${scheme} and more that is not shown`
}

/** The text of a variable. An empty variable is treated as not set. */
const textOf = (environment: NodeJS.ProcessEnv, variable: string): string | undefined =>
  environment[variable] === "" ? undefined : environment[variable]

/** A fault if the service and its metrics would listen at the same address and port. */
const clash = ({ host, metricsHost, metricsPort, port }: Settings): ReadonlyArray<SettingFault> =>
  metricsPort !== undefined && metricsPort !== 0 && metricsPort === port && metricsHost === host
    ? [{ variable: "ASSENT_METRICS_PORT", expected: "another port than PORT", given: `"${metricsPort}"` }]
    : []

/** A fault if mails are to be sent without a sender. */
const senderless = ({ mailFrom, smtpUrl }: Settings, given: boolean): ReadonlyArray<SettingFault> =>
  smtpUrl !== undefined && mailFrom === undefined && !given
    ? [
        {
          variable: "ASSENT_MAIL_FROM",
          expected: "the sender of mails, because ASSENT_SMTP_URL is set",
          given: "nothing",
        },
      ]
    : []

/** Reads the settings from the environment. */
export const read = (environment: NodeJS.ProcessEnv): Read => {
  const faults: Array<SettingFault> = []
  const valueOf = ({ byDefault, expected, isSecret, read, variable }: Setting<unknown>): unknown => {
    const given = textOf(environment, variable)
    const text = given ?? byDefault
    if (text === undefined) return undefined
    const value = read(text)
    if (Option.isNone(value)) faults.push({ variable, expected, given: shown(given ?? text, isSecret) })
    return Option.getOrUndefined(value)
  }
  const entries = Object.entries(table).map(([name, each]) => [name, valueOf(each)])
  // Each value was read by the setting of the same name.
  const settings = Object.fromEntries(entries) as Settings
  const known = new Set(Object.values(table).map(({ variable }) => variable))
  const unknown = Object.keys(environment).filter((name) => name.startsWith("ASSENT_") && !known.has(name))
  const hasSender = textOf(environment, table.mailFrom.variable) !== undefined
  return { settings, faults: [...faults, ...clash(settings), ...senderless(settings, hasSender)], unknown }
}

/** The greatest distance at which a variable is suggested. */
const maxDistance = 4

/** The variable that is most similar to an unknown name, if any is similar. */
export const suggest = (name: string): string | undefined =>
  Object.values(table)
    .map(({ variable }) => ({ variable, letters: Spelling.distance(name, variable) }))
    .filter(({ letters }) => letters <= maxDistance)
    .toSorted((a, b) => a.letters - b.letters)[0]?.variable

/** How `--help` is asked for from where this program is; `npm start --help` would show the help of npm. */
const how = import.meta.filename.endsWith(".ts") ? "npm start -- --help" : "--help"

/** A message with all faults. */
export const report = (faults: ReadonlyArray<SettingFault>): string => {
  const lines = faults.map(({ expected, given, variable }) => `  ${variable}: expected ${expected}; given ${given}`)
  const count = faults.length === 1 ? "1 setting" : `${faults.length} settings`
  return [`assent: cannot serve: ${count} cannot be used`, ...lines, `Every setting: ${how}`].join("\n")
}

/** The text of `--help`. */
export const help = (): string => {
  const lines = Object.values(table).map(
    ({ byDefault, sets, variable }) =>
      `  ${variable.padEnd(28)}  ${sets.replaceAll("`", "")}${byDefault === undefined ? "" : ` (${byDefault})`}`,
  )
  return [
    "Serves consent over HTTP. It takes no arguments; these variables set it, each with its default:",
    ...lines,
  ].join("\n")
}
