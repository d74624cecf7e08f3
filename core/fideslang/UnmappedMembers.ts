/**
 * What a manifest of fideslang says and an import does not take over, by the name of the member, and how often.
 */
import * as FidesManifest from "../formats/FidesManifest.ts"

/** Counts members by their names. */
export interface UnmappedMembers {
  /** A member, and why it was not taken over if that is not that it has no place here. */
  readonly note: (member: string, because?: string) => void
  /** Sorted by name. */
  readonly all: () => ReadonlyArray<UnmappedMember>
}

/** A member that was not taken over. */
export interface UnmappedMember {
  readonly member: string
  readonly because: string
  readonly count: number
}

/** The most different members that are counted, because a manifest may have any names. */
const maxTold = 200

const noPlace = "has no place here"

/** Makes a counter. */
export const make = (): UnmappedMembers => {
  const counts = new Map<string, UnmappedMember>()
  const note = (member: string, because = noPlace): void => {
    const name = counts.size < maxTold || counts.has(`${member} ${because}`) ? member : "others"
    const key = `${name} ${because}`
    counts.set(key, { member: name, because, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  const all = () => [...counts.values()].toSorted((a, b) => (a.member < b.member ? -1 : a.member > b.member ? 1 : 0))
  return { note, all }
}

/** The name of a member as it is answered: names come from a file, so that only those of usual form are repeated. */
const nameOf = (name: string): string => (/^[A-Za-z0-9_-]{1,64}$/.test(name) ? name : "others")

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The members of an object that say something. */
const said = (value: unknown): ReadonlyArray<string> =>
  isObject(value)
    ? Object.keys(value).filter(
        (name) => value[name] != null && !(Array.isArray(value[name]) && value[name].length === 0),
      )
    : []

const listIn = (value: unknown, name: string): ReadonlyArray<unknown> => {
  const list = isObject(value) ? value[name] : undefined
  return Array.isArray(list) ? list : []
}

/** Notes the members of a manifest that an import does not read. */
export const noteUnread = (manifest: unknown, { note }: UnmappedMembers): void => {
  const { members } = FidesManifest
  const unread = (value: unknown, known: ReadonlySet<string>, prefix: string): void => {
    for (const name of said(value)) if (!known.has(name)) note(prefix + nameOf(name))
  }
  unread(manifest, members.manifest, "")
  for (const system of listIn(manifest, "system")) {
    unread(system, members.system, "system.")
    for (const flow of ["ingress", "egress"])
      for (const each of listIn(system, flow)) unread(each, members.flow, `system.${flow}.`)
    for (const each of listIn(system, "privacy_declarations"))
      unread(each, members.declaration, "system.privacy_declarations.")
  }
}
