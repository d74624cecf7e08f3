/**
 * The ledger of a store, composed as the service composes it, and run for programs without Effect: the keys of its
 * epochs are kept while it is open, and what an operator should know is given to a function instead of being logged.
 */
import { existsSync, realpathSync } from "node:fs"
import { resolve } from "node:path"
import { Array as Arrays, Deferred, Effect, Exit, Layer, Logger, ManagedRuntime, Option, Scope } from "effect"
import type { Digest } from "effect/crypto"
import * as MissingPackage from "../../adapters/support/MissingPackage.ts"
import type { Handler } from "../../adapters/http/Server.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as SchedulerLoop from "../../core/feed/SchedulerLoop.ts"
import * as KeyEpochs from "../../core/ledger/KeyEpochs.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import * as Crypto from "../Crypto.ts"
import * as ErasureLogFile from "../ErasureLogFile.ts"
import * as Keys from "../Keys.ts"
import * as OneServer from "../OneServer.ts"
import * as KeyTending from "../server/KeyTending.ts"
import * as MailSending from "../server/MailSending.ts"
import * as MetricsCounting from "../server/MetricsCounting.ts"
import * as PackageBuilding from "../server/PackageBuilding.ts"
import * as RetentionSweeping from "../server/RetentionSweeping.ts"
import * as Scheduling from "../server/Scheduling.ts"
import * as Store from "../Store.ts"
import { Closed, OpenError, type OpenErrorCode, Refusal, Unavailable } from "./Errors.ts"
import * as MailOption from "./MailOption.ts"
import * as Sharing from "./Sharing.ts"
import type { HttpOptions, OpenOptions } from "./OpenLedger.ts"

/** Runs effects over an open ledger. */
export interface Runtime {
  /** Rejects with the errors of `assent/open`. */
  readonly run: <A>(effect: Effect.Effect<A, unknown, Ledger.Ledger>) => Promise<A>
  readonly handler: Handler
  /** Done when the ledger is being closed: a call that waits ends then. */
  readonly closing: Effect.Effect<void>
  readonly close: () => Promise<void>
}

/** Gives warnings to a function. Other lines are left out, because a library does not write to its program's output. */
const logger = (onWarning: (message: string) => void) =>
  Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn" || logLevel === "Error" || logLevel === "Fatal") {
      onWarning(
        Arrays.ensure(message)
          .filter((part) => typeof part === "string")
          .join(" "),
      )
    }
  })

const replay = (url: string) =>
  Effect.gen(function* () {
    const ledger = yield* Ledger.Ledger
    const replayed = Option.getOrUndefined(yield* ledger.replayErasures)
    if (replayed !== undefined && replayed.erased > 0) {
      yield* Effect.logWarning(`${url}: people were erased again, because the store lacked erasures of the log`)
    }
  })

/** The files of a ledger, as paths; by default those of the variables. */
const filesOf = ({ erasureLog, keys }: OpenOptions) => ({
  keys: keys ?? (process.env[Keys.variable] || undefined),
  logPath: erasureLog ?? (process.env[ErasureLogFile.variable] || undefined),
})

/** The store. No other process may serve or open the file, because two do not know of each other's pending events. */
const storeOf = (url: string) => {
  const path = Store.pathOf(url)
  const store = Store.layer(url)
  return path === undefined ? store : Layer.provide(store, Layer.effectDiscard(OneServer.hold(path)))
}

/** Warns of mails that wait because there is no mail server. */
const warnOfMails = Effect.gen(function* () {
  const { waiting } = yield* (yield* Ledger.Ledger).mails.counts
  if (waiting > 0) yield* Effect.logWarning(`mails wait, because the option mail is not set: ${waiting}`)
})

const layerOf = (url: string, options: OpenOptions, onWarning: (message: string) => void) => {
  const { erasureLog } = options
  const mail = options.mail && MailOption.read(options.mail)
  const { keys, logPath } = filesOf(options)
  const reportKeys = (path: string) =>
    Effect.logWarning(`${path}: a key file was made: keep a copy of it apart from the ledger and its backups`)
  const ledger = Ledger.layer.pipe(
    Layer.provide(Keys.withStore({ store: url, keys }, reportKeys, storeOf(url))),
    Layer.provide(ErasureLogFile.layer(logPath, erasureLog === undefined ? ErasureLogFile.variable : "erasureLog")),
    Layer.provide(Layer.succeed(MailSettings.Current, mail?.settings ?? {})),
    Layer.provideMerge(Crypto.layer),
  )
  return Layer.effectDiscard(Effect.flatMap(KeyEpochs.Kept, KeyTending.watch)).pipe(
    Layer.merge(Layer.effectDiscard(PackageBuilding.watch)),
    Layer.merge(Layer.effectDiscard(Scheduling.watch(url, SchedulerLoop.defaultRate))),
    Layer.merge(Layer.effectDiscard(MetricsCounting.watch(url))),
    Layer.merge(Layer.effectDiscard(RetentionSweeping.watch)),
    Layer.merge(Layer.effectDiscard(mail === undefined ? warnOfMails : MailSending.send)),
    Layer.merge(Layer.effectDiscard(replay(Store.redact(url)))),
    Layer.provideMerge(ledger),
    // The handler mails codes to senders by it as well.
    Layer.provideMerge(mail === undefined ? Layer.empty : MailSending.transport(mail.server)),
    Layer.provide(Logger.layer([logger(onWarning)])),
  )
}

const codes: Readonly<Record<string, OpenErrorCode>> = {
  KeysNeeded: "keys",
  KeysUnavailable: "keys",
  BadErasureLogPath: "erasure-log",
  ErasureLogUnavailable: "erasure-log",
  UpgradeNeeded: "upgrade",
  StoreUnavailable: "store",
}

const tagOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : ""

const asOpenError = (url: string, error: unknown): unknown => {
  const code = codes[tagOf(error)]
  if (code === undefined || !(error instanceof Error)) return error
  const place = Store.redact(url)
  const isNamed = error.message.includes(Store.pathOf(url) ?? place)
  const option = code === "keys" && error.message.includes(Keys.variable) ? " (or by the option keys)" : ""
  const message = (isNamed ? error.message : `${place}: ${error.message}`) + option
  return new OpenError(code, message, { cause: error })
}

const asError = (error: unknown): unknown =>
  error instanceof Refusal || !(error instanceof Error) || !(tagOf(error) in codes)
    ? error
    : new Unavailable(error.message, { cause: error })

const loadServer = async () => {
  try {
    return await Promise.all([
      import("../../adapters/http/Server.ts"),
      import("../../adapters/http/server/RequestLog.ts"),
    ])
  } catch (error) {
    const missing = MissingPackage.missingOf(["@effect/platform-node", "csv-parse", "jose", "temporal-polyfill"])
    if (missing.length === 0) throw error
    throw new OpenError("package", `the handler ${MissingPackage.reason(missing)}`, { cause: error })
  }
}

/** Makes the handler at its first request, because most programs that record and ask do not serve. */
const makeHandler = (
  runtime: ManagedRuntime.ManagedRuntime<Ledger.Ledger | Digest.Digest, unknown>,
  { log, ...options }: HttpOptions,
  warn: (message: string) => void,
) => {
  const scope = Scope.makeUnsafe()
  let made: Promise<Handler> | undefined
  const make = async () => {
    const [Server, RequestLog] = await loadServer()
    const handler = Server.makeHandler(options).pipe(Scope.provide(scope))
    return runtime.runPromise(log === undefined ? handler : Effect.provideService(handler, RequestLog.Sink, log))
  }
  const load = () => {
    made ??= make()
    // The packages may be installed meanwhile, in development.
    made.catch((error: unknown) => {
      made = undefined
      // Servers answer 500 without a word of the error.
      if (error instanceof OpenError) warn(error.message)
    })
    return made
  }
  return {
    handler: async (request: Request) => (await load())(request),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}

/** Receives what an operator should know. */
export const warningOf = ({ onWarning }: OpenOptions): ((message: string) => void) =>
  onWarning ?? ((message) => process.emitWarning(message, "AssentWarning"))

/** Opens the store, with a runtime that is closed with it. */
const openStore = async (url: string, options: OpenOptions) => {
  const missing = options.mail === undefined ? [] : MissingPackage.missingOf(["nodemailer"])
  if (missing.length > 0) throw new OpenError("package", `the option mail ${MissingPackage.reason(missing)}`)
  const runtime = ManagedRuntime.make(layerOf(url, options, warningOf(options)))
  await runtime.context().catch(async (error: unknown) => {
    await runtime.dispose()
    throw asOpenError(url, error)
  })
  return { runtime, close: () => runtime.dispose() }
}

let opened = 0

/** What openings share: a file of SQLite with the same keys, log and mail server. Any other has a store of its own. */
const keyOf = (url: string, options: OpenOptions): string => {
  const path = Store.pathOf(url)
  if (path === undefined) return String(opened++)
  return JSON.stringify([existsSync(path) ? realpathSync(path) : resolve(path), filesOf(options), options.mail])
}

/** Opens a ledger. Rejects with an `OpenError`. */
export const open = async (url: string, options: OpenOptions): Promise<Runtime> => {
  const { release, value } = await Sharing.take(keyOf(url, options), () => openStore(url, options))
  const { runtime } = value
  const { close: closeHandler, handler } = makeHandler(runtime, options.http ?? {}, warningOf(options))
  const underWay = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined
  const closing = Deferred.makeUnsafe<void>()
  const tracked = <A>(call: Promise<A>): Promise<A> => {
    const settled = call.then(
      () => {},
      () => {},
    )
    underWay.add(settled)
    void settled.then(() => underWay.delete(settled))
    return call
  }
  const stop = async () => {
    Deferred.doneUnsafe(closing, Effect.void)
    await Promise.all([...underWay])
    await closeHandler()
    await release()
  }
  return {
    run: (effect) =>
      closed === undefined
        ? tracked(runtime.runPromise(effect).catch((error: unknown) => Promise.reject(asError(error))))
        : Promise.reject(new Closed()),
    handler: (request) =>
      closed === undefined ? handler(request) : Promise.resolve(new Response(null, { status: 503 })),
    closing: Deferred.await(closing),
    close: () => (closed ??= stop()),
  }
}
