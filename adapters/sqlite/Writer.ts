/**
 * The one writer of a SQLite ledger. It runs in a thread of its own, so that a sync to the disk does not block the
 * main thread.
 *
 * A command checks everything before it writes anything. A group of commands is one transaction, and is answered only
 * after its commit. After a transaction has failed, its connection is closed and not used again. The ledger is opened
 * again, and checked if the disk was the cause. Then each command of the group is tried once more, in a transaction
 * of its own, so that a command that cannot be kept does not make the others fail.
 */
import { statSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import * as AliasWriter from "./AliasWriter.ts"
import * as CatalogWriter from "./CatalogWriter.ts"
import * as ComplianceWriter from "./ComplianceWriter.ts"
import type { Command, CommandName, Commands, Input, Outcome, Result } from "./Command.ts"
import * as Connection from "./Connection.ts"
import * as ErasureWriter from "./ErasureWriter.ts"
import * as EventWriter from "./EventWriter.ts"
import * as FeedWriter from "./FeedWriter.ts"
import * as FileFault from "./FileFault.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as Integrity from "./Integrity.ts"
import * as JoinedWriter from "./JoinedWriter.ts"
import * as Migrations from "./Migrations.ts"
import * as MetricsWriter from "./MetricsWriter.ts"
import * as OutboxWriter from "./OutboxWriter.ts"
import * as PeopleWriter from "./PeopleWriter.ts"
import * as PersonalWriter from "./PersonalWriter.ts"
import * as RequestFileWriter from "./RequestFileWriter.ts"
import * as SessionWriter from "./SessionWriter.ts"
import * as WebhookWriter from "./WebhookWriter.ts"

/** The writer of one file. */
export interface Writer {
  readonly write: (commands: ReadonlyArray<Command>) => ReadonlyArray<Outcome>
  /** How long the last commit took, in milliseconds. */
  readonly commitMillis: () => number
  readonly close: () => void
}

/** The commands, each called with its input. `isRetry`: an earlier attempt may have been committed. */
type Calls = {
  readonly [Name in CommandName]: (input: Input<Name>, isRetry: boolean) => Result<Name>
}

/** A connection, with its statements prepared. */
interface OpenLedger {
  readonly db: DatabaseSync
  readonly begin: () => void
  readonly commit: () => void
  readonly calls: Calls
}

const prepareCommands = (db: DatabaseSync): Commands => {
  const idempotency = IdempotencyWriter.make(db)
  const aliases = AliasWriter.make(db)
  const people = PersonWriter.make(db)
  const joined = JoinedWriter.make(db)
  const sessions = SessionWriter.make(db)
  const personal = PersonalWriter.make(db)
  const outbox = OutboxWriter.make(db)
  const files = RequestFileWriter.make(db)
  const compliance = ComplianceWriter.make(db, outbox, files, idempotency)
  const invertRevision = db.prepare("UPDATE catalog_head SET revision = ~revision")
  return {
    ...EventWriter.make(db, aliases, people, joined, personal, compliance, idempotency),
    ...PeopleWriter.make(db, aliases, people, joined, sessions, personal, idempotency),
    ...ErasureWriter.make(db, people, personal, compliance, idempotency),
    ...personal,
    ...compliance,
    ...outbox,
    ...files,
    ...FeedWriter.make(db, people),
    ...CatalogWriter.make(db, idempotency),
    ...sessions,
    ...WebhookWriter.make(db),
    ...MetricsWriter.make(db),
    check: () => {
      // SQLite does not write a value that is the same, so the revision is inverted twice.
      invertRevision.run()
      invertRevision.run()
      return "kept"
    },
    // Carried out after the transaction.
    scrub: () => false,
  }
}

/** How long a scrub waits for readers that still need the write-ahead log, in milliseconds: writes wait meanwhile. */
const scrubTimeoutMillis = 200

/** Copies the whole write-ahead log into the file and empties it; `false` if a reader still needs it. */
const emptyLog = (db: DatabaseSync): boolean => {
  db.exec(`PRAGMA busy_timeout = ${scrubTimeoutMillis}`)
  try {
    return db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 0
  } finally {
    db.exec(`PRAGMA busy_timeout = ${Connection.lockTimeoutMillis}`)
  }
}

const apply = <Name extends CommandName>(
  calls: Calls,
  { input, name }: Command<Name>,
  isRetry: boolean,
): Result<Name> => calls[name](input, isRetry)

/**
 * The file that a path leads to. A file that was removed or replaced could still be written to, but would never be
 * read again.
 */
const identityOf = (path: string): string | undefined => {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** `isDoubtful`: a write to the disk has failed since the ledger was opened, so it must be checked. */
const connect = (path: string, isDoubtful: boolean): OpenLedger => {
  const db = Connection.open(path)
  try {
    if (isDoubtful) Integrity.check(db)
    Migrations.run(db)
    const begin = db.prepare("BEGIN IMMEDIATE")
    const commit = db.prepare("COMMIT")
    return { db, begin: () => begin.run(), commit: () => commit.run(), calls: prepareCommands(db) }
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * How long a ledger that cannot be opened or written to is not tried again, in milliseconds: commands of that time
 * are refused at once, because each would have to wait for another attempt.
 */
const pauseMillis = 500

const unavailable = (error: unknown, path: string): Outcome => ({
  _tag: "Unavailable",
  reason: FileFault.isReadOnly(error)
    ? FileFault.of(path, error).reason
    : error instanceof Error
      ? error.message
      : "the disk failed",
})

/** Opens the writer of a file, and makes the tables of an empty one. Throws if the file cannot be used. */
export const open = (path: string): Writer => {
  Connection.protect(path)
  let ledger: OpenLedger | undefined = connect(path, false)
  let isDoubtful = false
  let commitMillis = 0
  let pause: { readonly until: number; readonly outcome: Outcome } | undefined
  const identity = identityOf(path)

  const close = (): void => {
    if (ledger?.db.isOpen === true) ledger.db.close()
    ledger = undefined
  }

  const reopen = (): OpenLedger => {
    ledger = connect(path, isDoubtful)
    isDoubtful = false
    return ledger
  }

  /** Closes the connection if the transaction fails, unless it failed because another connection held the ledger. */
  const transaction = (commands: ReadonlyArray<Command>, isRetry: boolean): ReadonlyArray<Outcome> => {
    const { begin, calls, commit, db } = ledger ?? reopen()
    try {
      begin()
      const outcomes = commands.map((command): Outcome => ({ _tag: "Done", value: apply(calls, command, isRetry) }))
      const startedAt = performance.now()
      commit()
      commitMillis = performance.now() - startedAt
      if (!commands.some(({ name }) => name === "scrub")) return outcomes
      const scrubbed: Outcome = { _tag: "Done", value: emptyLog(db) }
      return outcomes.map((outcome, index) => (commands[index]!.name === "scrub" ? scrubbed : outcome))
    } catch (error) {
      const cause = Integrity.causeOf(error)
      isDoubtful ||= cause === "disk"
      if (cause !== "busy") close()
      throw error
    }
  }

  /** The outcome of a failed transaction. Later commands are refused for a while, unless the request was the cause. */
  const failed = (error: unknown): Outcome => {
    const outcome = unavailable(error, path)
    if (Integrity.causeOf(error) !== "request") pause = { until: performance.now() + pauseMillis, outcome }
    return outcome
  }

  const isPaused = (): boolean => pause !== undefined && performance.now() < pause.until

  const retryAlone = (command: Command): Outcome => {
    if (isPaused()) return pause!.outcome
    try {
      return transaction([command], true)[0]!
    } catch (error) {
      return failed(error)
    }
  }

  return {
    write: (commands) => {
      if (identityOf(path) !== identity) {
        return commands.map(() => unavailable(new Error("the ledger's file was removed or replaced"), path))
      }
      if (isPaused()) return commands.map(() => pause!.outcome)
      try {
        return transaction(commands, false)
      } catch (error) {
        const outcome = failed(error)
        return isPaused() ? commands.map(() => outcome) : commands.map(retryAlone)
      }
    },
    commitMillis: () => commitMillis,
    close,
  }
}
