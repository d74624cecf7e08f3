/**
 * The eight statuses in plain words, and the colour that each has in a chart.
 */
import type { Status } from "../../core/engine/Outcome.ts"

/** Every status in the order of charts and tables: those of a yes, those that are open, and those of a no. */
export const all: ReadonlyArray<Status> = [
  "given",
  "implied",
  "requested",
  "expired",
  "invalidated",
  "unknown",
  "refused",
  "withdrawn",
]

/** The meaning of a status for the person. */
export const meaning: { readonly [S in Status]: string } = {
  given: "The person said yes, and the yes still counts.",
  implied: "The person did not say yes, but did something that stands for it, such as buying or carrying on.",
  requested: "The person has seen the question and has not answered it.",
  expired: "There was an answer, and its time has run out. The person can be asked again.",
  invalidated: "There was an answer to an older text, and the newer text must be agreed to anew.",
  unknown: "Nothing is recorded. The person has not been asked.",
  refused: "The person said no, and had never said yes.",
  withdrawn: "The person said yes once, and later said no.",
}

/** The name of a status at the beginning of a line. */
export const label = (status: Status): string => status.charAt(0).toUpperCase() + status.slice(1)

/** Whether a status is a yes, a no or neither (`open`), which is its colour in a chart. */
export const kind = (status: Status): "yes" | "open" | "no" => {
  switch (status) {
    case "given":
    case "implied":
      return "yes"
    case "requested":
    case "expired":
    case "invalidated":
    case "unknown":
      return "open"
    case "refused":
    case "withdrawn":
      return "no"
  }
}
