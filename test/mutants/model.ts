/** Mutants of the model: people and the admission of events. */
import type { Part } from "./Mutant.ts"

const history = "The catalog as known at an instant is the catalog as it was then"
const noHistory = "A type whose texts, status and versions were only added to has no history"
const oneWhile = "People are one exactly while the joins between them stand"
const datesLaw = "A yes is refused for the faults of its dates"
const isBelieved = "is 1990-01-01 and is itself taken"
const isConfirmed = "can be set earlier; the first two months of 1970"

export const model: Part = {
  folder: "core/model",
  tests: [
    "test/http/visitorItems.test.ts",
    "test/faults/interleavings.test.ts",
    "test/laws/catalogHistory.test.ts",
    "test/laws/joinedLedger.test.ts",
    "test/laws/joins.test.ts",
    "test/http/earliestDates.test.ts",
    "test/laws/admission.test.ts",
  ],
  mutants: [
    ["TypeHistory.ts", "if (type.dateCreated > knownAt) return undefined", "", history],
    ["TypeHistory.ts", "    before.isRemoved === next.isRemoved &&\n", "", history],
    ["TypeHistory.ts", "!differ([consentDuration, rules], [next.consentDuration, next.rules])", "true", history],
    ["TypeHistory.ts", "...(isNumberedAgain && { versions }),", "", history],
    ["TypeHistory.ts", "({ dateCreated }) => dateCreated < knownUntil", "() => true", noHistory],
    ["Catalog.ts", "knownAt >= types.learnt", "knownAt > types.learnt", noHistory],
    ["Catalog.ts", "Math.max(latest, dateUpdated, history?.at(-1)?.knownUntil ?? latest)", "latest", history],

    ["People.ts", "!undone.has(id)", "true", "Join then undo gives back both people's answers", oneWhile],
    ["People.ts", "connect(survivor, member)", "", oneWhile],

    [
      "Admission.ts",
      'return []\n  const faults: Array<AdmissionFault> = []\n  if (project.status === "archived") {',
      'void 0\n  const faults: Array<AdmissionFault> = []\n  if (project.status === "archived") {',
      "Whatever is interleaved, lost and killed",
    ],
    [
      "Admission.ts",
      "consentDate < clock - visitorMaxAgeMillis",
      "false",
      "is refused if it is older or further ahead; a refusal is as of now",
    ],
    [
      "Admission.ts",
      "isVisitors !== true || isPublished(type, version, consentDate)",
      "true",
      "The version that was shown is recorded",
    ],
    [
      "Admission.ts",
      "|| consentDate > clock || earlyFaultOf(draft, project, { clock }) !== undefined",
      "|| consentDate > clock",
      "does not put a refusal before a yes",
      datesLaw,
    ],
    [
      "Admission.ts",
      "expirationDate <= Math.max(consentDate, dateOf(draft, project, instants))",
      "expirationDate <= consentDate",
      "is no reason to keep an expiration that is before the refusal",
      datesLaw,
    ],
    [
      "EarliestDate.ts",
      "consentDate < earliestConsentDate",
      "consentDate <= earliestConsentDate",
      isBelieved,
      datesLaw,
    ],
    ["EarliestDate.ts", "consentDate >= endOfEpoch", "consentDate > endOfEpoch", isConfirmed, datesLaw],
    ["EarliestDate.ts", "allowEarly === true", "allowEarly !== undefined", isConfirmed, datesLaw],
  ],
}
