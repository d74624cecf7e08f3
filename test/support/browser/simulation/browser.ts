/**
 * A simulated browser: tabs that share storage, cookies, locks and channels, on a network that a test disturbs. What is
 * under way waits for the scheduler of fast-check, which chooses what happens next.
 */
import type * as fc from "fast-check"
import { setImmediate } from "node:timers/promises"
import * as Client from "../../../../adapters/browser/Client.ts"
import { later } from "../../../../adapters/browser/Later.ts"
import type { ConsentClient, Events } from "../../../../adapters/browser/ConsentClient.ts"
import type { Environment, Happening, Sending, Sent } from "../../../../adapters/browser/Environment.ts"
import * as Snapshot from "../../../../core/browser/Snapshot.ts"
import type { Site } from "./site.ts"

/** What becomes of a request, or of its answer. */
export type Fate = "arrives" | "late" | "lost" | "unanswered" | "repeated" | "busy" | "away for long"

/** A page of the site. */
export interface Tab {
  readonly client: ConsentClient
  /** What has started and stopped, in order; and the answer of `permits` at each start. */
  readonly log: Array<{ readonly name: string; readonly isStart: boolean; readonly permitted: boolean }>
  /** What the signals said last. */
  readonly said: Map<string, boolean>
  isOpen: boolean
  /** The browser takes no more into its storage from this page. */
  isFull: boolean
}

/** What a browser begins with. */
export interface BrowserOptions {
  readonly site: Site
  readonly scheduler: fc.Scheduler
  /** The fates of requests, one after the other; then every one arrives. */
  readonly fates?: ReadonlyArray<Fate>
  /** How far the clock of the device is ahead. */
  readonly skew?: () => number
  readonly hasLocks?: boolean
  readonly gpc?: () => boolean
  readonly refusesStorage?: boolean
}

/** A browser. */
export interface Browser {
  readonly open: () => Tab
  /** Closes a page as the process ends: without any event. */
  readonly kill: (tab: Tab) => void
  readonly storage: Map<string, string>
  readonly cookies: Map<string, string>
  readonly requests: Array<Sending>
  /** Lets everything happen that is under way. */
  readonly settle: () => Promise<void>
  /** Lets time pass, and everything happen that is due. */
  readonly pass: (millis: number) => Promise<void>
  /** From now on requests have these fates. */
  readonly disturb: (fates: ReadonlyArray<Fate>) => void
  /** From now on every request arrives. */
  readonly mend: () => void
}

/** Names that a tab watches. */
export const watched = ["analytics", "marketing", "functional"]

export const make = (options: BrowserOptions): Browser => {
  const { gpc = () => false, hasLocks = true, refusesStorage = false, scheduler, site, skew = () => 0 } = options
  const fates = [...(options.fates ?? [])]
  const storage = new Map<string, string>()
  const cookies = new Map<string, string>()
  const requests: Array<Sending> = []
  const timers = new Set<{ readonly due: number; readonly run: () => void }>()
  const lines = new Set<{ readonly run: () => void }>()
  let lock = Promise.resolve()
  let underWay = 0

  /** What another process does: when, the scheduler chooses. */
  const task = (label: string, run: () => void): void => {
    void scheduler.schedule(Promise.resolve(), label).then(run)
  }

  const arrive = async (sending: Sending): Promise<Sent> => {
    underWay++
    try {
      return await site.answer(sending)
    } finally {
      underWay--
    }
  }

  const send = async (sending: Sending): Promise<Sent> => {
    const fate = fates.shift() ?? "arrives"
    requests.push(sending)
    await scheduler.schedule(Promise.resolve(), `${fate}: ${sending.method} ${sending.body ?? ""}`)
    if (fate === "lost") throw new Error("lost")
    if (fate === "busy") return { status: 503, retryAfter: 1 }
    if (fate === "away for long") return { status: 503, retryAfter: 3_000_000 }
    if (fate === "late") site.advance(300)
    const answer = await arrive(sending)
    if (fate === "repeated") await arrive(sending)
    await scheduler.schedule(Promise.resolve(), "answer")
    if (fate === "unanswered") throw new Error("unanswered")
    return answer
  }

  const environmentOf = (tab: Pick<Tab, "isFull" | "isOpen">): Environment => {
    const listeners = new Map<Happening, Set<() => void>>()
    const told = new Map<keyof Events, Set<(detail: never) => void>>()
    const ifOpen = (run: () => void) => () => {
      if (tab.isOpen) run()
    }
    const refuse = () => {
      throw new Error("storage is refused")
    }
    return {
      now: () => site.now() + skew(),
      random: () => 0.5,
      uuid: () => crypto.randomUUID(),
      after: (millis, run) => {
        let isStopped = false
        const due = ifOpen(() => {
          if (!isStopped) run()
        })
        if (millis === 0) task("task", due)
        // As browsers do.
        const timer = { due: site.now() + (millis < 2 ** 31 ? millis : 1), run: due }
        if (millis > 0) timers.add(timer)
        return () => {
          isStopped = true
          timers.delete(timer)
        }
      },
      storage: refusesStorage
        ? { get: refuse, set: refuse, remove: refuse, keys: refuse }
        : {
            get: (key) => storage.get(key) ?? null,
            set: (key, text) => (tab.isFull ? refuse() : void storage.set(key, text)),
            remove: (key) => void storage.delete(key),
            keys: () => [...storage.keys()],
          },
      cookies: () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      setCookie: (name, value, seconds) => void (seconds > 0 ? cookies.set(name, value) : cookies.delete(name)),
      line: (_name, onPost) => {
        const own = { run: ifOpen(onPost) }
        lines.add(own)
        return {
          post: () => {
            for (const each of lines) if (each !== own) task("message", each.run)
          },
          close: () => void lines.delete(own),
        }
      },
      lock: (_name, run) => {
        // What a page has begun when it is closed does not go on, otherwise it would hold the lock for good.
        if (!tab.isOpen) return new Promise<never>(() => {})
        if (!hasLocks) return run()
        const turn = lock.then(run)
        lock = turn.catch(() => {})
        return turn
      },
      send: async (sending) => {
        const answer = await send(sending)
        // A page that was closed takes no answer.
        return tab.isOpen ? answer : new Promise<never>(() => {})
      },
      isOnline: () => true,
      isVisible: () => true,
      isPrerendered: () => false,
      listen: (happening, run) => {
        listeners.set(happening, (listeners.get(happening) ?? new Set()).add(ifOpen(run)))
      },
      reload: () => {},
      tell: (event, detail) => told.get(event)?.forEach((listener) => listener(detail as never)),
      on: (event, listener) => {
        told.set(event, (told.get(event) ?? new Set()).add(listener))
        return () => void told.get(event)?.delete(listener)
      },
    }
  }

  const open = (): Tab => {
    const state = { isOpen: true, isFull: false, log: [] as Tab["log"], said: new Map<string, boolean>() }
    const env = environmentOf(state)
    const client = Client.make(env, {
      configuration: {
        project: site.project,
        revision: 0,
        types: [],
        strictest: {
          blockingMode: "strict",
          gcm: "basic",
          urlPassthrough: false,
          microsoftUET: false,
          gpc: true,
          gpcCovers: ["marketing"],
        },
      },
      base: site.base,
      gpc: gpc(),
      snapshot: Snapshot.fromCookies(env.cookies(), site.project),
      isShowing: false,
      // A script file is requested as well, and arrives or not.
      later: async () => {
        const fate = fates.shift() ?? "arrives"
        await scheduler.schedule(Promise.resolve(), `${fate}: script file`)
        if (!state.isOpen) return new Promise<never>(() => {})
        if (fate === "arrives" || fate === "late" || fate === "repeated") return later
        throw new Error("not loaded")
      },
      signals: {
        update: (permits) => {
          for (const name of watched) state.said.set(name, permits(name))
        },
      },
    })
    const tab: Tab = Object.assign(state, { client })
    for (const name of watched) {
      const note = (isStart: boolean) => state.log.push({ name, isStart, permitted: client.permits(name) })
      client.when(name, () => note(true), { stop: () => note(false) })
    }
    return tab
  }

  const settle = async (): Promise<void> => {
    for (;;) {
      do await setImmediate()
      while (underWay > 0)
      if (scheduler.count() === 0) return
      await scheduler.waitNext(1)
    }
  }

  return {
    open,
    kill: (tab) => {
      tab.isOpen = false
      // The browser releases what a process held.
      lock = Promise.resolve()
    },
    storage,
    cookies,
    requests,
    settle,
    pass: async (millis) => {
      // A page gives a request up after 30 seconds, so none is under way for longer.
      if (millis > 30_000) await settle()
      const end = site.now() + millis
      for (;;) {
        const due = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
        if (due === undefined) break
        timers.delete(due)
        site.advance(Math.max(0, due.due - site.now()))
        due.run()
        await settle()
      }
      site.advance(end - site.now())
      await settle()
    },
    disturb: (more) => void fates.push(...more),
    mend: () => fates.splice(0),
  }
}
