/**
 * Quotas: how much work each holder may cause in a minute, by the unit of the work.
 *
 * A quota is written as text, `600` or `requests=600 items=6000`, so that each holder needs one setting.
 */
import { Context, Option } from "effect"

/**
 * The units of work: requests; items that are recorded, asked about or imported, and rows that a question about the
 * past read; bytes of bodies; and writes. A write is a row that is kept and its index entries, up to about 2.5 KB: an
 * event, a begun KiB of a profile, an idempotency record.
 */
export const units = ["requests", "items", "bytes", "writes"] as const

/** One of the {@link units}. */
export type Unit = (typeof units)[number]

/**
 * The writes of a new session: it keeps a session and a guest, and the guest may decline each consent type even if the
 * quota is used up.
 */
export const sessionWrites = 6

/** The writes of an idempotency record that holds a session, which may be longer than other records. */
export const sessionRecordWrites = 2

/** An amount of work by its unit, in whole numbers; a unit that is left out is 0. */
export type Work = { readonly [Each in Unit]?: number }

/** The holders of quotas, each as error messages name it. */
export const holders = {
  key: "this API key",
  session: "this session",
  visitor: "this visitor",
  address: "this address",
  project: "this project",
  organization: "this organization",
} as const

/** The holder of a quota. */
export type Holder = keyof typeof holders

/** The work of a minute, in whole numbers from 1 to {@link most}; a unit that is left out has no limit. */
export type Quota = Work

/** The quota of every holder. */
export type Quotas = { readonly [Each in Holder]: Quota }

/** The largest quota of a unit. */
export const most = 999_999_999

/** The quotas that hold unless configured. */
export const byDefault: Quotas = {
  key: { requests: 60_000 },
  session: { requests: 600 },
  visitor: { items: 6_000, bytes: 10_000_000 },
  address: { writes: 400 },
  project: {},
  organization: {},
}

/** The quotas of the service. */
export const Quotas = Context.Reference<Quotas>("assent/http/Quotas", { defaultValue: () => byDefault })

const amount = (text: string): number | undefined =>
  /^[1-9]\d{0,8}$/.test(text) && Number(text) <= most ? Number(text) : undefined

const isUnit = (text: string): text is Unit => units.some((unit) => unit === text)

/** The quota that a text names: `off`, a number of requests, or `unit=number` for some units, separated by spaces. */
export const parse = (text: string): Option.Option<Quota> => {
  if (text === "off" || text === "0") return Option.some({})
  const requests = amount(text)
  if (requests !== undefined) return Option.some({ requests })
  const quota: { [Each in Unit]?: number } = {}
  for (const part of text.split(" ").filter((part) => part !== "")) {
    const [unit = "", value = "", ...rest] = part.split("=")
    const n = amount(value)
    if (!isUnit(unit) || n === undefined || rest.length > 0 || quota[unit] !== undefined) return Option.none()
    quota[unit] = n
  }
  return Object.keys(quota).length === 0 ? Option.none() : Option.some(quota)
}

/** A quota as text. */
export const write = (quota: Quota): string => {
  const limited = units.filter((unit) => quota[unit] !== undefined)
  if (limited.length === 0) return "off"
  if (limited.length === 1 && limited[0] === "requests") return String(quota.requests)
  return limited.map((unit) => `${unit}=${quota[unit]}`).join(" ")
}
