/** Mutants of data systems and their attributes: links, what is read only, and how contacts are reached. */
import type { Part } from "./Mutant.ts"

const directions = "Both directions of links agree after any changes"
const archived = "keeps an attribute that was archived after it was linked"
const wrong = "is refused with everything that is wrong at once"
const named = "has a name of its own, and one that comes with Assent is only linked"
const linked = "is created, changed, listed and deleted, and its links are those of systems"
const ledger = "of the ledger is in every list, is described, and cannot be changed"
const personal = "is changed member by member, is not kept in the catalog, and is gone with the contact"
const seen = "is answered to those that handle what is personal"
const conflict = "Of concurrent changes of an entry one is made"
const key = "has a key of fideslang that no other has"
const members = "Members of one family are refused in another"

export const dataSystems: Part = {
  folder: ".",
  tests: ["test/http/dataSystems.test.ts", "test/laws/systemLinks.test.ts"],
  mutants: [
    [
      "core/catalog/SystemLinks.ts",
      "ids.length === 0 ? [] : [[family, [...new Set(ids)]]]",
      "ids.length === 0 ? [] : [[family, ids]]",
      directions,
    ],
    [
      "core/catalog/SystemLinks.ts",
      'attribute.status !== "archived" || before.includes(id)',
      'attribute.status !== "archived"',
      archived,
    ],
    ["core/catalog/SystemLinks.ts", "if (attribute.family !== family)", "if (false)", wrong],
    ["core/catalog/DataSystemAttributes.ts", "[...(isSingle ? [] : before), id]", "[...before, id]", directions],
    [
      "core/catalog/DataSystemAttributes.ts",
      "if (before.includes(id) === isWanted) return []",
      "if (isWanted) return []",
      linked,
    ],
    [
      "core/catalog/DataSystemAttributes.ts",
      'privates: own.family === "contact" ? [{ organization, entry: id, sealed: "removed" }] : [],',
      "privates: [],",
      personal,
    ],
    [
      "core/catalog/DataSystemAttributes.ts",
      "phoneNumber === undefined ? before?.phoneNumber : (phoneNumber ?? undefined)",
      "phoneNumber ?? undefined",
      personal,
    ],
    [
      "core/catalog/DataSystemAttributes.ts",
      "if (attribute === undefined || (own === undefined && !isOfLinksOnly(change)))",
      "if (attribute === undefined)",
      named,
    ],
    [
      "core/catalog/DataSystemAttributes.ts",
      "other.family === family && other.id !== id",
      "other.id !== id && !other.isReadOnly && other.family === family",
      named,
    ],
    ["core/catalog/DataSystemAttributes.ts", "fields[member] == null || membersOf[member] === family", "true", members],
    ["core/catalog/DataSystemAttributes.ts", "if (found.dataSystems.length > 0 && !isDetaching)", "if (false)", linked],
    ["core/catalog/DataSystems.ts", "if (id === LedgerSystem.id) return readOnly", "", ledger],
    [
      "core/catalog/DataSystems.ts",
      "other.fidesKey === fidesKey && other.id !== id",
      "other.fidesKey === fidesKey",
      key,
    ],
    ["core/catalog/DataSystems.ts", "if (!isUnchanged([before])) return UnchangedEntries.conflict", "", conflict],
    [
      "adapters/http/routes/DataSystemRoutes.ts",
      "contacts.length === 0 || !(yield* maySeeAddresses)",
      "contacts.length === 0",
      seen,
    ],
  ],
}
