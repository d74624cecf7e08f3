/**
 * What is permitted and until when, in a cookie: the decisions of the engine in the page, kept for the loader of the
 * next page and for the servers of the site. It is a cache, and never read back as an event.
 *
 * The loader needs no engine, because of two laws of semantics, section 6: an answer is constant until `nextChangeAt`
 * (law 6), and time alone never grants (law 5). So a permission counts before its `until`, and a "no" counts until the
 * engine has decided again.
 *
 * The form needs no escaping in a cookie: `1~{region}~{revision}~{answer}~…`, where an answer is `{name}` if it is
 * refused, `{name}.` if it is permitted without end, and `{name}.{until}` otherwise. Numbers are written in base 36. It
 * begins with `1g` if it was made while the browser's Global Privacy Control was on.
 */
import type { Instant } from "../engine/Instant.ts"
import type { LoaderType } from "./LoaderConfiguration.ts"
import * as Names from "./Names.ts"

/** The answer under one name: a subcategory of `privacy_setting`, or a short name of one type. */
export interface SnapshotAnswer {
  readonly permitted: boolean
  /** The first instant at which a permission no longer counts; left out: it has no end. */
  readonly until?: Instant
}

/** A snapshot. */
export interface DecisionSnapshot {
  /** The id of the region. */
  readonly region: string | undefined
  /** The revision of the configuration that was decided under. */
  readonly revision: number
  /** Whether the browser's Global Privacy Control was on: what it covers and is permitted was then confirmed. */
  readonly gpc: boolean
  readonly answers: ReadonlyMap<string, SnapshotAnswer>
}

/** The length that a snapshot never exceeds, in bytes. With up to 60 names it holds them all. */
export const maxLength = 1500

/** The name of the cookie of a project. */
export const cookieName = (project: string): string => `assent-${project}`

/**
 * The name under which snapshots hold the answer about a type: its subcategory where that is short, because several
 * types of a subcategory are released together, else the end of its id. Where types share a name, all must permit.
 */
export const nameOf = ({ id, triple }: Names.NamedInPage): string => {
  const [category, subcategory = ""] = triple.split("/")
  return category === "privacy_setting" && /^[\w-]{1,12}$/.test(subcategory) ? subcategory : id.slice(-8)
}

const fromAnswer = ([name, { permitted, until }]: readonly [string, SnapshotAnswer]): string =>
  permitted ? `${name}.${until === undefined ? "" : until.toString(36)}` : name

/** The text of a snapshot. What does not fit is left out, refusals first, because what is left out is not permitted. */
export const encode = ({ answers, gpc, region = "", revision }: DecisionSnapshot): string => {
  const write = (some: ReadonlyArray<readonly [string, SnapshotAnswer]>) =>
    [gpc ? "1g" : "1", region, revision.toString(36), ...some.map(fromAnswer)].join("~")
  let some = [...answers]
  if (write(some).length > maxLength) some = some.filter(([, { permitted }]) => permitted)
  while (write(some).length > maxLength) some.pop()
  return write(some)
}

/** Reads what `toString(36)` writes; `undefined` for any other text. */
const toNumber = (text: string): number | undefined => {
  const number = Number.parseInt(text, 36)
  return Number.isSafeInteger(number) && number >= 0 && number.toString(36) === text ? number : undefined
}

/** Reads a snapshot; `undefined` for any text that {@link encode} does not write. Never throws. */
export const decode = (text: string): DecisionSnapshot | undefined => {
  const [form, region = "", count = "", ...rest] = text.split("~")
  const revision = toNumber(count)
  const gpc = form === "1g"
  if ((form !== "1" && !gpc) || revision === undefined || !/^[0-9a-f-]*$/.test(region)) return undefined
  const answers = new Map<string, SnapshotAnswer>()
  for (const each of rest) {
    const [, name, dot, end] = /^([\w-]{1,12})(?:(\.)(\w*))?$/.exec(each) ?? []
    const until = end ? toNumber(end) : undefined
    if (!name || answers.has(name) || (end && until === undefined)) return undefined
    answers.set(name, { permitted: dot !== undefined, ...(until !== undefined && { until }) })
  }
  return { region: region || undefined, revision, gpc, answers }
}

/** The snapshot of a project in a `Cookie` header or `document.cookie`; `undefined` if none can be read. */
export const fromCookies = (cookies: string, project: string): DecisionSnapshot | undefined => {
  const start = `${cookieName(project)}=`
  const cookie = cookies.split("; ").find((each) => each.startsWith(start))
  return cookie === undefined ? undefined : decode(cookie.slice(start.length))
}

/**
 * Whether a type is permitted at an instant, as far as a snapshot tells. Without one, and by one that was made under a
 * revision before the type's `since`, only what is always permitted is.
 */
export const permits = (
  snapshot: DecisionSnapshot | undefined,
  type: Pick<LoaderType, "name" | "required" | "since" | "triple">,
  at: Instant,
): boolean => {
  if (Names.isAlwaysPermitted(type)) return true
  const answer = snapshot?.answers.get(type.name)
  return answer?.permitted === true && snapshot!.revision >= type.since && at < (answer.until ?? Infinity)
}
