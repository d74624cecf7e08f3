/**
 * What the script files of a page give each other: one object a document, under `Symbol.for("assent.parts")`.
 *
 * The loader makes it and adds the client file; the client file adds `client`; the files of the banner and of the
 * preference centre add what they show. Every file is an immutable script that is checked by its hash.
 */
import type { LoaderConfiguration } from "../../core/browser/LoaderConfiguration.ts"
import type { DecisionSnapshot } from "../../core/browser/Snapshot.ts"
import type { ScriptFiles } from "../../core/browser/VisitAnswer.ts"
import type { ConsentClient, Events, Name, Surface } from "./ConsentClient.ts"
import type { Later } from "./Later.ts"

/** The attributes of the script element of the loader. */
export interface LoaderAttributes {
  /** BCP 47; `auto`, empty or left out: that of the page. */
  readonly language?: string
  /** `none`: the page shows nothing by itself. */
  readonly widget?: string
  /** `own`: the widget is shown in a frame, too. */
  readonly frame?: string
}

/** What blocks elements, made by the loader. */
export interface Blocker {
  /**
   * Lets go, in document order, the elements whose names are all permitted; `permits` is asked before each, from now on
   * also for elements that are added. Resolves when those of now have started.
   */
  readonly release: (permits: (name: Name) => boolean) => Promise<void>
  /** Blocks elements that are added from now on by these answers, and puts frames back to their placeholders. */
  readonly block: (permits: (name: Name) => boolean) => void
  /** How many elements are blocked. */
  readonly count: () => number
}

/** What tells others, such as Google, what is permitted. */
export interface SignalSender {
  /** Called with each change, before anything is released. */
  readonly update: (permits: (name: Name) => boolean) => void
}

/**
 * A banner or a preference centre. It tells `shown` and `hidden` itself, because it can be closed in itself. To show
 * what is shown, or to hide what is not, does nothing.
 */
export interface Shown {
  readonly show: (client: ConsentClient, surface: Surface) => void
  readonly hide: () => void
}

/** What the file of the banner adds. */
export interface BannerPart extends Shown {
  /** Shows the button that opens the preference centre: called once a page, in a region with `floatingButton`. */
  readonly showSettingsButton: (client: ConsentClient) => void
}

/** What the file of the preference centre adds. */
export interface PreferencesPart extends Shown {
  /** Asks whether to load the page again, because a script ran whose type was withdrawn: `afterWithdrawal: "ask"`. */
  readonly askReload: (client: ConsentClient) => void
}

/** A call that was made before the client was there: the name of a command, and its arguments. */
export type QueuedCall = readonly [command: string, ...args: ReadonlyArray<unknown>]

/** The parts of a page. */
export interface Parts {
  readonly configuration: LoaderConfiguration
  /** The address of the project's Site API, without a slash at its end. */
  readonly base: string
  readonly attributes: LoaderAttributes
  /** Whether the browser says that its user wants no sale and sharing. */
  readonly gpc: boolean
  /** The snapshot that the loader found, if its configuration still counts. */
  readonly snapshot: DecisionSnapshot | undefined
  readonly blocker: Blocker
  readonly signals: SignalSender
  /** The calls of `assent(…)` until the client replays them. */
  readonly queue: Array<QueuedCall>
  /** Adds a script file to the page, once; resolves when it has run, rejects where it cannot be had. */
  readonly load: (file: keyof ScriptFiles) => Promise<void>
  /** Dispatches `assent:<name>` on the document. */
  readonly tell: <Each extends keyof Events>(event: Each, detail: Events[Each]) => void
  client?: ConsentClient
  banner?: BannerPart
  preferences?: PreferencesPart
  /** What the file `later` adds for the client. */
  later?: Later
}

/** Where a document keeps its parts. */
export const key = Symbol.for("assent.parts")

/** The parts of this document; `undefined` before the loader ran. */
export const ofDocument = (): Parts | undefined => (document as unknown as { readonly [key]?: Parts })[key]
