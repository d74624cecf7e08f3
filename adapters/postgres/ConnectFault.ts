/**
 * Why a database cannot be used, in words, and what to do: host, port, database, role and the code of the cause, and
 * never the password.
 *
 * The codes are those of the system (errno), of TLS in Node, and of PostgreSQL (SQLSTATE,
 * https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { NoLedger, UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as Sql from "./Sql.ts"

/** The parts of a URL that may be printed. */
interface Target {
  readonly host: string
  readonly port: string
  readonly database: string
  readonly role: string
}

/** A cause with what mends it, and whether the same attempt cannot succeed later without a change. */
interface Cause {
  readonly words: string
  readonly isLasting: boolean
}

const textOf = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const targetOf = (url: string): Target => {
  const parsed = URL.parse(url)
  const role = textOf(parsed?.username ?? "")
  return {
    host: textOf(parsed?.hostname ?? "") || "localhost",
    port: parsed?.port || "5432",
    database: textOf(parsed?.pathname.slice(1) ?? "") || role,
    role,
  }
}

/** A database as messages name it: `database "assent" on db.example:5432`. */
export const placeOf = (url: string): string => {
  const { database, host, port } = targetOf(url)
  return `database "${database}" on ${host}:${port}`
}

const passing = (words: string): Cause => ({ words, isLasting: false })
const lasting = (words: string): Cause => ({ words, isLasting: true })

/** The options that name the server for PostgreSQL's own programs. */
const at = ({ host, port }: Target): string => `-h ${host} -p ${port}`

/** What the server itself reports. It names roles, databases, schemas and tables, and no values of rows. */
const reported = (error: SqlError): string => {
  const { cause } = error.reason
  return cause instanceof Error ? cause.message : "no reason was given"
}

const ofSystem = (code: string, target: Target): Cause | undefined => {
  const server = `${target.host}:${target.port}`
  switch (code) {
    case "ECONNREFUSED":
      return passing(`nothing listens on ${server} (${code}): start PostgreSQL there, or correct host and port`)
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return passing(`the host ${target.host} is unknown (${code}): correct its name, or the DNS of this machine`)
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return passing(`there is no route to ${target.host} (${code}): correct the host, or the network`)
    case "ETIMEDOUT":
      return passing(
        `${server} does not answer in time (${code}): let this machine reach it through firewalls, and try pg_isready ${at(target)}`,
      )
    case "ECONNRESET":
    case "EPIPE":
      return passing(`${server} has closed the connection (${code}): name a port of PostgreSQL, or look into its log`)
    default:
      return undefined
  }
}

/** The codes of a certificate or a handshake that TLS refuses. */
const ofTls = /CERT|^UNABLE_TO_|^ERR_TLS_|^ERR_SSL_|^EPROTO$/

const ofCertificate = (code: string, { host }: Target): Cause =>
  code === "ERR_TLS_CERT_ALTNAME_INVALID"
    ? lasting(`the certificate is not for ${host} (${code}): name the server as its certificate does`)
    : lasting(
        `TLS refuses the certificate of ${host} (${code}): name the certificate of its authority with NODE_EXTRA_CA_CERTS=FILE`,
      )

const ofState = (code: string, target: Target, error: SqlError): Cause | undefined => {
  const { database, host, port, role } = target
  switch (code) {
    case "28P01":
      return lasting(
        `wrong password of the role "${role}", or no such role (${code}): correct the URL, or as a superuser ` +
          `CREATE ROLE ${role} LOGIN or ALTER ROLE ${role} with a PASSWORD`,
      )
    case "28000":
      return lasting(
        `${reported(error)} (${code}): as a superuser CREATE ROLE ${role} LOGIN or ALTER ROLE ${role} LOGIN, ` +
          "or let pg_hba.conf accept it; ?sslmode=require in the URL asks for TLS",
      )
    case "3D000":
      return lasting(`it does not exist (${code}): createdb ${at(target)} -O ${role} ${database}`)
    case "3F000":
      return lasting(`${reported(error)} (${code}): CREATE SCHEMA public, or set the search_path of the role "${role}"`)
    case "42501":
      return error.reason.operation !== "query"
        ? lasting(`${reported(error)} (${code}): GRANT CONNECT ON DATABASE ${database} TO ${role}`)
        : lasting(
            `${reported(error)} (${code}): make the tables with assent migrate --store ` +
              `postgres://OWNER:PASSWORD@${host}:${port}/${database}, and grant "${role}" what docs/operating.md lists`,
          )
    case "25006":
      return lasting(standby)
    case "53300":
      return passing(
        `${reported(error)} (${code}): start fewer servers, each of which takes up to 10 connections, ` +
          `or raise max_connections or the role's CONNECTION LIMIT`,
      )
    default:
      return code.startsWith("57P0") ? passing(`${reported(error)} (${code}): try again once it is up`) : undefined
  }
}

/** Why a server that records cannot use a standby. */
export const standby =
  "it is a standby, which is read-only (25006): name the primary, or only answer from it with ASSENT_REPLICA=on"

/** The causes for which the driver has no code, by its message. */
const ofMessage = (error: SqlError, target: Target): Cause | undefined => {
  const { message } = error.reason
  const { database, host, port, role } = target
  if (/timed out|in time/.test(message ?? "")) return ofSystem("ETIMEDOUT", target)
  switch (message) {
    case "PgConnection: Connection closed during startup":
      return ofSystem("ECONNRESET", target)
    case "PgConnection: Server refused TLS":
      return lasting("the server has no TLS, which sslmode asks for: set ssl = on there, or change sslmode in the URL")
    case "PgConnection: No password configured":
      return lasting(
        `the server asks for the password of "${role}": postgres://${role}:PASSWORD@${host}:${port}/${database}`,
      )
    case "PgConnection: No username configured":
      return lasting(`the URL names no role: postgres://ROLE:PASSWORD@${host}:${port}/${database}`)
    default:
      // The values that it repeats are left out, because a password may have ended up among them.
      return /^PgConnection: (Invalid|Unrecognized|Unsupported) .*URL/.test(message ?? "")
        ? lasting(`the URL cannot be read: ${message!.slice("PgConnection: ".length).replace(/: ".*$/s, "")}`)
        : undefined
  }
}

const causeOf = (error: SqlError, target: Target): Cause => {
  const code = Sql.codeOf(error)
  const known =
    code === ""
      ? ofMessage(error, target)
      : (ofSystem(code, target) ??
        ofState(code, target, error) ??
        (ofTls.test(code) ? ofCertificate(code, target) : undefined))
  return known ?? passing(`${Sql.unavailable(error).reason}${code === "" ? "" : ` (${code})`}`)
}

/** The failure of a database that cannot be opened with an error. */
export const of = (url: string, error: SqlError): StoreUnavailable => {
  const { isLasting, words } = causeOf(error, targetOf(url))
  return new StoreUnavailable({ reason: `${placeOf(url)}: ${words}`, ...(isLasting && { isLasting }) })
}

/** The failures of opening a database. */
export type Failure = SqlError | StoreUnavailable | NoLedger | UpgradeNeeded

/** Names the database in a failure that does not name it yet. */
const placed = (url: string, error: Exclude<Failure, SqlError>): Exclude<Failure, SqlError> => {
  const reason = `${placeOf(url)}: ${error.reason}`
  if (error._tag === "NoLedger") return new NoLedger({ reason })
  return error._tag === "UpgradeNeeded" ? new UpgradeNeeded({ reason }) : new StoreUnavailable({ ...error, reason })
}

/** Gives the failures of a step that opens a database its name, and what to do. */
export const placing = <A, E extends Failure, R>(
  url: string,
  step: Effect.Effect<A, E, R>,
): Effect.Effect<A, StoreUnavailable | Exclude<E, SqlError>, R> =>
  Effect.mapError(step, (error) =>
    Sql.isSqlError(error)
      ? of(url, error)
      : // The same kind of failure.
        (placed(url, error as Exclude<Failure, SqlError>) as Exclude<E, SqlError>),
  )
