/**
 * What a page keeps on the device, from the first act on: in the browser's storage, or in memory where the browser
 * refuses. What cannot be read is absent. Nothing here throws.
 *
 * Each choice that is not sent has a key of its own, so that two tabs that write at once lose none.
 */
import type { Visit, VisitEvent, VisitItem } from "../../core/browser/VisitAnswer.ts"
import type { Status } from "./ConsentClient.ts"
import type { ClockState } from "./Clock.ts"
import type { KeyStore } from "./Environment.ts"

/** A session: its token, and the end that the server answered. */
export interface LocalSession {
  readonly token: string
  readonly expiresAt: string
}

/** By what a person is known to the server. */
export interface Identity {
  readonly contextId?: string
  readonly session?: LocalSession
}

/** What is known of the person. */
export interface LocalState extends Identity {
  /** Rises when the device is another person's, so that a tab with older knowledge does not mix both. */
  readonly generation: number
  /** The person that the server answered. */
  readonly concordId?: string
  /** What the server has acknowledged. */
  readonly events: ReadonlyArray<VisitEvent>
  readonly clock: ClockState
}

/** A choice that the server does not have yet. */
export interface Unsent {
  readonly item: VisitItem
  /** The person of the device when it was chosen, where it is not that of today. */
  readonly of?: Identity
}

/** The local data of a project. */
export interface LocalStore {
  readonly state: () => LocalState | undefined
  readonly setState: (state: LocalState) => void
  readonly visit: () => Visit | undefined
  readonly setVisit: (visit: Visit) => void
  readonly unsent: () => ReadonlyArray<Unsent>
  readonly setUnsent: (unsent: Unsent) => void
  readonly removeUnsent: (externalId: string) => void
  /** Removes all but what is not sent. */
  readonly clear: () => void
  readonly kind: () => Status["storage"]
}

/** The version of the form of what is stored. Another one is absent. */
const form = 1

export const make = (browser: KeyStore, project: string): LocalStore => {
  /** What the browser did not take, and what it had in its place: another tab may have stored more since. */
  const memory = new Map<string, { readonly text: string; readonly over: string | null }>()
  let kind: Status["storage"] = "none"
  const prefix = `assent-${project}-`

  const tried = <A>(run: () => A): A | undefined => {
    try {
      return run()
    } catch {
      return undefined
    }
  }
  const stored = (key: string): string | null => tried(() => browser.get(key)) ?? null
  const read = (key: string): unknown =>
    tried(() => {
      const there = stored(key)
      const own = memory.get(key)
      const { form: written, value } = JSON.parse((own?.over === there ? own.text : there) ?? "{}")
      if (written !== form) return undefined
      if (kind === "none") kind = "local"
      return value
    })
  const write = (key: string, value: unknown): void => {
    const text = JSON.stringify({ form, value })
    try {
      browser.set(key, text)
      memory.delete(key)
      if (memory.size === 0) kind = "local"
    } catch {
      memory.set(key, { text, over: stored(key) })
      kind = "memory"
    }
  }
  const remove = (key: string): void => {
    memory.delete(key)
    tried(() => browser.remove(key))
  }
  const [stateKey, visitKey, unsentPrefix] = [`${prefix}state`, `${prefix}visit`, `${prefix}unsent-`]
  return {
    state: () => read(stateKey) as LocalState | undefined,
    setState: (state) => write(stateKey, state),
    visit: () => read(visitKey) as Visit | undefined,
    setVisit: (visit) => write(visitKey, visit),
    unsent: () => {
      const keys = new Set([...(tried(browser.keys) ?? []), ...memory.keys()])
      return [...keys]
        .filter((key) => key.startsWith(unsentPrefix))
        .flatMap((key) => (read(key) as Unsent | undefined) ?? [])
        .sort((a, b) => (a.item.consentDate < b.item.consentDate ? -1 : 1))
    },
    setUnsent: (unsent) => write(unsentPrefix + unsent.item.externalId, unsent),
    removeUnsent: (externalId) => remove(unsentPrefix + externalId),
    clear: () => {
      remove(stateKey)
      remove(visitKey)
      if (memory.size === 0) kind = "none"
    },
    kind: () => kind,
  }
}
