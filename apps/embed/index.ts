/**
 * `assent/open`: a ledger for programs without Effect. It takes and gives plain values, and promises.
 */
export { Closed, MarkLost, OpenError, type OpenErrorCode, Refusal, Unavailable, type Violation } from "./Errors.ts"
export { open } from "./Open.ts"
export type {
  Category,
  Change,
  ChangeBatch,
  ChangeOptions,
  ConsentAction,
  ConsentState,
  ConsentType,
  Decision,
  Event,
  FoundPerson,
  HttpOptions,
  Instant,
  Item,
  LogEntry,
  LostEvent,
  MailOptions,
  NewType,
  OpenLedger,
  OpenOptions,
  Person,
  Question,
  RecordedEvent,
  RecordOptions,
  Rules,
  State,
  Status,
  TypeMatch,
} from "./OpenLedger.ts"
