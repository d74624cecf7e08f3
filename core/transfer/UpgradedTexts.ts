/**
 * The texts of a ledger of migration 7 in the form that is stored since then: each personal member is taken out, and a
 * commitment stands in its place. Pure: the commitments are made elsewhere.
 */
import type { PersonalKind } from "../ports/PersonalStore.ts"

/** Personal data that were taken out of a text. */
export interface Taken {
  readonly kind: PersonalKind
  /** The id of the session, event or fact that they belong to; empty for a profile. */
  readonly id: string
  /** The exact text that is committed to. */
  readonly json: string
}

/** A text without its personal data. */
export interface Parted {
  readonly taken: ReadonlyArray<Taken>
  /** The stored text, with the commitments in the order of what was taken. */
  readonly write: (commitments: ReadonlyArray<string>) => string
}

/** The members of a JSON object. */
export type Members = Readonly<Record<string, unknown>>

/** The same members in the order of their names. */
export const sorted = (members: Members): Members =>
  Object.fromEntries(Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1)))

const parse = (text: string): Members | undefined => {
  const value: unknown = JSON.parse(text)
  return typeof value === "object" && value !== null ? (value as Members) : undefined
}

/** A text that has nothing personal. */
const unchanged = (text: string): Parted => ({ taken: [], write: () => text })

/** The personal data of a session, as they are committed to: in this order, without a browser that is not known. */
const sessionJson = ({ ipAddress, userAgent }: Members): string => JSON.stringify({ ipAddress, userAgent })

const sessionWithout = ({ ipAddress: _address, userAgent: _agent, ...kept }: Members, commitment: string) => ({
  ...kept,
  commitment,
})

/** Replaces members where they stand, so that all others stay in their order. */
const replaced = (members: Members, replace: (name: string, value: unknown) => readonly [string, unknown]) =>
  JSON.stringify(Object.fromEntries(Object.entries(members).map(([name, value]) => replace(name, value))))

/** The body of an event. */
export const event = (body: string): Parted => {
  if (!body.includes('"session":') && !body.includes('"externalId":')) return unchanged(body)
  const members = parse(body)!
  const session = members["session"] as Members | undefined
  const { externalId } = members
  const taken: Array<Taken> = []
  if (session !== undefined) taken.push({ kind: "session", id: String(session["id"]), json: sessionJson(session) })
  if (externalId !== undefined) {
    taken.push({ kind: "event", id: String(members["id"]), json: JSON.stringify({ externalId }) })
  }
  return {
    taken,
    write: (commitments) =>
      replaced(members, (name, value) => {
        if (name === "session") return [name, sessionWithout(session!, commitments[0]!)]
        return name === "externalId" ? ["commitment", commitments.at(-1)] : [name, value]
      }),
  }
}

/** The external id in the body of an event. */
export const externalIdOf = ({ taken }: Parted): string | undefined => {
  const own = taken.find(({ kind }) => kind === "event")
  return own === undefined ? undefined : String(parse(own.json)!["externalId"])
}

/** The body of a session. */
export const session = (body: string): Parted => {
  const members = parse(body)!
  return {
    taken: [{ kind: "session", id: String(members["id"]), json: sessionJson(members) }],
    write: ([commitment]) => JSON.stringify(sessionWithout(members, commitment!)),
  }
}

/** The personal members of a fact. */
const ofFact = ["alias", "evidence", "renamedTo", "reason"]

/** The body of a fact. */
export const fact = (body: string): Parted => {
  const members = parse(body)!
  const personal = Object.fromEntries(ofFact.flatMap((name) => (name in members ? [[name, members[name]]] : [])))
  if (Object.keys(personal).length === 0) return unchanged(body)
  const kept = Object.fromEntries(Object.entries(members).filter(([name]) => !ofFact.includes(name)))
  return {
    taken: [{ kind: "fact", id: String(members["id"]), json: JSON.stringify(personal) }],
    write: ([commitment]) => JSON.stringify({ ...kept, commitment }),
  }
}

/** The answer in an idempotency record: that of the opening of a session holds the session, and any other no such. */
export const answer = (text: string): Parted & { readonly session?: Members } => {
  if (!text.startsWith('{"session":{"tokenHash":')) return unchanged(text)
  const { context: _context, ...members } = parse(text)!["session"] as Members
  const { taken, write } = session(JSON.stringify(members))
  return { taken, write: (commitments) => `{"session":${write(commitments)}}`, session: members }
}
