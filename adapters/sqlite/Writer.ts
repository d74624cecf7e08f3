/**
 * The one writer of a SQLite ledger. It runs in a thread of its own, so that syncing to the disk holds nobody up.
 *
 * A command checks everything before it writes anything; a group of commands is one transaction, and is answered only
 * after its commit. When a transaction fails, the connection is closed and opened anew, and the commands of the group
 * are tried once more, each by itself: one that cannot be kept does not take the others with it.
 */
import { statSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import * as AliasWriter from "./AliasWriter.ts"
import type { Command, Outcome, Results } from "./Command.ts"
import * as EventWriter from "./EventWriter.ts"
import * as PeopleWriter from "./PeopleWriter.ts"
import * as ReceiptWriter from "./ReceiptWriter.ts"
import * as SetupWriter from "./SetupWriter.ts"
import * as Tables from "./Tables.ts"

/** The writer of one file. */
export interface Writer {
  readonly write: (commands: ReadonlyArray<Command>) => ReadonlyArray<Outcome>
  readonly close: () => void
}

const prepareStatements = (db: DatabaseSync) => {
  const receipts = ReceiptWriter.make(db)
  const aliases = AliasWriter.make(db)
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    append: EventWriter.make(db, aliases, receipts),
    people: PeopleWriter.make(db, aliases, receipts),
    setup: SetupWriter.make(db, receipts),
  }
}

type Statements = ReturnType<typeof prepareStatements>

const apply = ({ append, people, setup }: Statements, command: Command, isRetry: boolean): Results[keyof Results] => {
  switch (command._tag) {
    case "Append":
      return append(command.request, isRetry)
    case "ChangePeople":
      return people.change(command.change)
    case "KeepProfile":
      return people.keepProfile(command.organization, command.concordId, command.profile, command.receipt)
    case "ExtendSession":
      return people.extendSession(command.tokenHash, command.seen, command.expiresAt)
    case "Configure":
      return setup.configure(command.change)
    case "UseKey":
      return setup.useKey(command.id, command.at)
    case "Check":
      return "kept"
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

/** Opens the writer of a file, making its tables where it is empty. Throws where the file cannot be used. */
export const open = (path: string): Writer => {
  const connect = () => {
    const db = Tables.open(path)
    Tables.prepare(db)
    return { db, statements: prepareStatements(db) }
  }
  let connection = connect()
  const identity = identityOf(path)

  const transaction = (commands: ReadonlyArray<Command>, isRetry: boolean): ReadonlyArray<Outcome> => {
    const { statements } = connection
    statements.begin.run()
    const outcomes = commands.map((command): Outcome => ({ _tag: "Done", value: apply(statements, command, isRetry) }))
    statements.commit.run()
    return outcomes
  }

  /** Where it fails, the next transaction fails too, and it is tried again. */
  const reconnect = (): void => {
    try {
      if (connection.db.isOpen) connection.db.close()
      connection = connect()
    } catch {
      // The connection stays closed.
    }
  }

  const alone = (command: Command): Outcome => {
    try {
      return transaction([command], true)[0]!
    } catch (error) {
      reconnect()
      return { _tag: "Unavailable", reason: error instanceof Error ? error.message : "the disk failed" }
    }
  }

  return {
    write: (commands) => {
      if (identityOf(path) !== identity) {
        return commands.map(() => ({ _tag: "Unavailable", reason: "the ledger's file was removed or replaced" }))
      }
      try {
        return transaction(commands, false)
      } catch {
        reconnect()
        return commands.map(alone)
      }
    },
    close: () => {
      if (connection.db.isOpen) connection.db.close()
    },
  }
}
