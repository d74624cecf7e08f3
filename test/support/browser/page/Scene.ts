/**
 * What a page of the tests of the banner is made of: what the server answered, the events of the person, and how the
 * network behaves. It is plain JSON, because the page is given it in its markup.
 */
import type { Visit, VisitEvent } from "../../../../core/browser/VisitAnswer.ts"

/** A scene. */
export interface Scene {
  readonly visit: Visit
  readonly events: ReadonlyArray<VisitEvent>
  /** The instant of the page; it does not pass. */
  readonly at: string
  readonly gpc: boolean
  /** `online`: the server has a choice at once. `offline`: choices stay on the device. `failing`: also the history. */
  readonly network: "online" | "offline" | "failing"
}
