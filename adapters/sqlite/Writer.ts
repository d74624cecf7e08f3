/**
 * The one writer of a SQLite ledger. It runs in a thread of its own, so that syncing to the disk holds nobody up.
 *
 * A command checks everything before it writes anything; a group of commands is one transaction, and is answered only
 * after its commit. When a transaction fails, the connection is closed: nothing is tried again over it. The ledger is opened
 * anew, and checked if it was the disk that failed; then the commands of the group are tried once more, each by itself, so
 * that one that cannot be kept does not take the others with it.
 */
import { statSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import * as AliasWriter from "./AliasWriter.ts"
import type { Command, Outcome, Results } from "./Command.ts"
import * as EventWriter from "./EventWriter.ts"
import * as PeopleWriter from "./PeopleWriter.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as CatalogWriter from "./CatalogWriter.ts"
import * as Tables from "./Tables.ts"

/** The writer of one file. */
export interface Writer {
  readonly write: (commands: ReadonlyArray<Command>) => ReadonlyArray<Outcome>
  /** How long the last commit took, in milliseconds. */
  readonly commitMillis: () => number
  readonly close: () => void
}

const prepareStatements = (db: DatabaseSync) => {
  const idempotency = IdempotencyWriter.make(db)
  const aliases = AliasWriter.make(db)
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    turn: db.prepare("UPDATE catalog_head SET revision = ~revision"),
    append: EventWriter.make(db, aliases, idempotency),
    people: PeopleWriter.make(db, aliases, idempotency),
    setup: CatalogWriter.make(db, idempotency),
  }
}

type Statements = ReturnType<typeof prepareStatements>

/** Shows that the ledger can be written to. The same value again would not be written: it is turned and turned back. */
const check = ({ turn }: Statements): "kept" => {
  turn.run()
  turn.run()
  return "kept"
}

const apply = (statements: Statements, command: Command, isRetry: boolean): Results[keyof Results] => {
  const { append, people, setup } = statements
  switch (command._tag) {
    case "Append":
      return append(command.request, isRetry)
    case "ChangePeople":
      return people.change(command.change)
    case "KeepProfile":
      return people.keepProfile(command.organization, command.concordId, command.profile, command.idempotencyRecord)
    case "ExtendSession":
      return people.extendSession(command.tokenHash, command.seen, command.expiresAt)
    case "Configure":
      return setup.configure(command.change)
    case "UseKey":
      return setup.useKey(command.id, command.at)
    case "Check":
      return check(statements)
  }
}

/** Which file a path leads to: a file that was removed or replaced goes on being written to, and nobody finds it again. */
const identityOf = (path: string): string | undefined => {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

interface Connection {
  readonly db: DatabaseSync
  readonly statements: Statements
}

/** `isDoubtful`: a write to the disk has failed since the ledger was opened, and nobody knows what is there. */
const connect = (path: string, isDoubtful: boolean): Connection => {
  const db = Tables.open(path)
  try {
    if (isDoubtful) Tables.check(db)
    Tables.prepare(db)
    return { db, statements: prepareStatements(db) }
  } catch (error) {
    db.close()
    throw error
  }
}

/** How long a ledger that cannot be opened or written to is left alone, in milliseconds: nobody waits behind another try. */
const pauseMillis = 500

const unavailable = (error: unknown): Outcome => ({
  _tag: "Unavailable",
  reason: error instanceof Error ? error.message : "the disk failed",
})

/** Opens the writer of a file, making its tables where it is empty. Throws where the file cannot be used. */
export const open = (path: string): Writer => {
  let connection: Connection | undefined = connect(path, false)
  let isDoubtful = false
  let commitMillis = 0
  let pause: { readonly until: number; readonly outcome: Outcome } | undefined
  const identity = identityOf(path)

  const close = (): void => {
    if (connection?.db.isOpen === true) connection.db.close()
    connection = undefined
  }

  const reopen = (): Connection => {
    connection = connect(path, isDoubtful)
    isDoubtful = false
    return connection
  }

  /** Leaves a connection behind on which anything but the beginning has failed. */
  const transaction = (commands: ReadonlyArray<Command>, isRetry: boolean): ReadonlyArray<Outcome> => {
    const { statements } = connection ?? reopen()
    try {
      statements.begin.run()
      const outcomes = commands.map((command): Outcome => ({
        _tag: "Done",
        value: apply(statements, command, isRetry),
      }))
      const from = performance.now()
      statements.commit.run()
      commitMillis = performance.now() - from
      return outcomes
    } catch (error) {
      const fault = Tables.faultOf(error)
      isDoubtful ||= fault === "disk"
      if (fault !== "busy") close()
      throw error
    }
  }

  /** It is not the request that is at fault: those that follow are not tried for a while. */
  const failed = (error: unknown): Outcome => {
    const outcome = unavailable(error)
    if (Tables.faultOf(error) !== "request") pause = { until: performance.now() + pauseMillis, outcome }
    return outcome
  }

  const isPaused = (): boolean => pause !== undefined && performance.now() < pause.until

  const alone = (command: Command): Outcome => {
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
        return commands.map(() => unavailable(new Error("the ledger's file was removed or replaced")))
      }
      if (isPaused()) return commands.map(() => pause!.outcome)
      try {
        return transaction(commands, false)
      } catch (error) {
        const outcome = failed(error)
        return isPaused() ? commands.map(() => outcome) : commands.map(alone)
      }
    },
    commitMillis: () => commitMillis,
    close,
  }
}
