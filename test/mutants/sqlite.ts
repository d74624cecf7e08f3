/** Mutants of the store in SQLite. */
import type { Part } from "./Mutant.ts"

export const sqlite: Part = {
  folder: "adapters/sqlite",
  tests: [
    "test/cli/rights.test.ts",
    "test/contract/contract.test.ts",
    "test/contract/deepPages.test.ts",
    "test/contract/sqlite.test.ts",
    "test/faults/disk.long.test.ts",
    "test/faults/disk.test.ts",
    "test/faults/sync.test.ts",
    "test/http/cursors.test.ts",
    "test/http/eventLists.test.ts",
  ],
  mutants: [
    ["EventWriter.ts", "(first === 0 && joined.hasAny(organization))", "false", "an event of a project that is made"],
    ["EventWriter.ts", "if (hasJoined) {", "if (false) {", "joined people have one set"],
    [
      "EventWriter.ts",
      "!people.areAsSeen(organization, seen) ||\n      claims",
      "claims",
      "an append is stale if a person",
      "of appends that give one person",
      "of an append that gives a person",
    ],
    [
      "EventWriter.ts",
      "for (const { concordId } of seen) people.raise(organization, concordId)",
      "",
      "of appends that give one person",
    ],
    [
      "EventWriter.ts",
      "if (facts.length > 0) people.count(PeopleLanes.ofAppends([request]))",
      "",
      "an append keeps facts",
    ],
    [
      "AliasWriter.ts",
      "return releasedAt === undefined ||",
      "return true ||",
      "an alias that was released since it was",
    ],
    ["AliasWriter.ts", "WHERE alias.kind IS NULL", "", "the kind of an alias that"],
    ["AliasReader.ts", "AND f.hash = ?2)", "AND f.hash = ?2 AND NOT is_renamed)", "an alias keeps its kind"],
    ["AliasReader.ts", "released_at NULLS LAST", "released_at", "the aliases that people have"],
    [
      "AliasReader.ts",
      " AND lane BETWEEN ?2 AND ?3 AND kind IS NOT",
      " AND kind IS NOT",
      "the aliases that people have",
    ],

    ["EventWriter.ts", "isAboutErased(request, lanes, heads) ||\n", "", "an append about a person that was"],
    [
      "EventWriter.ts",
      "(first === 0 && personal.hasErased(organization))",
      "false",
      "an append about a person that was",
    ],
    ["EventWriter.ts", "others.some((person) =>", "[].some((person) =>", "an append about a person that was"],
    ["PeopleWriter.ts", "isAboutErased(change) || ", "", "an identity change about a person"],
    ["PersonalWriter.ts", "row === undefined || isSame", "true || isSame", "a write with another key"],
    ["PersonalWriter.ts", "WHERE personal_data.kind = 'profile'", "", "personal data that is there stays"],
    ["PersonalWriter.ts", " AND epoch = ? AND wrapped = ?", "", "the keys of all organizations"],
    [
      "ErasureWriter.ts",
      "members.some((member) => personal.isErased",
      "[].some((member) => personal.isErased",
      "an erasure that",
    ],
    ["ErasureWriter.ts", "!people.areAsSeen(organization, seen) ||", "", "an erasure that was prepared"],
    ["ErasureWriter.ts", "has_erased = 1\n", "has_erased = 0\n", "an append about a person that was"],
    ["PersonalStore.ts", "GROUP BY recorded_at, erasure_id ", "", "erasures are listed in pages"],
    ["Connection.ts", " PRAGMA secure_delete = ON;", "", "an erasure leaves nothing", "overwrites what"],
    ["Writer.ts", "value: emptyLog(db)", "value: true", "an erasure leaves nothing"],
    ["JoinedWriter.ts", "joined_head.consent_date, joined_head.recorded_at", "0, 0", "joined people have one set"],
    ["EventStore.ts", "WHERE h.place = 1", "WHERE h.place > 0", "joined people have one set"],

    [
      "Connection.ts",
      'openSync(path, "a", 0o600)',
      'openSync(path, "a", 0o666)',
      "makes its ledger for its owner alone",
    ],
    [
      "Connection.ts",
      "mkdirSync(folder, { mode: 0o700 })",
      "mkdirSync(folder)",
      "makes its ledger for its owner alone",
    ],
    [
      "Connection.ts",
      "chmodSync(file, mode & 0o777 & ~others)",
      "void 0",
      "takes the rights of other users from a ledger",
    ],
    ["EventWriter.ts", "isEarly || ", "", "a request that comes after an event", "of requests that each come after"],

    [
      "EventList.ts",
      "place?.bounds ?? boundsOf(project)",
      "boundsOf(project)",
      "neither skip nor repeat while 8 writers append",
    ],
    ["EventList.ts", "    if (skipped >= total) return { total, events: [], bounds }\n", "", "offset 9007199254740991"],
    ["EventList.ts", "if (passed === n)", "if (passed > n)", "a page at an offset is the part"],
    [
      "EventList.ts",
      "(skipped === 0 ? undefined : keyAt(lanes, page, skipped))",
      "undefined",
      "a page at an offset is the part",
    ],
    ["EventList.ts", "e.consent_date < ?", "e.consent_date <= ?", "takes startDate in and leaves endDate out"],

    [
      "Connection.ts",
      "PRAGMA synchronous = FULL",
      "PRAGMA synchronous = NORMAL",
      "was synced before, and so were the folder",
    ],
    ["Connection.ts", "  sync(dirname(folder))\n", "", "was synced before, and so were the folder"],

    [
      "Writer.ts",
      "performance.now() + pauseMillis",
      "Infinity",
      "a disk that is full takes no writes",
      "a disk that fails with I/O errors at each sync",
      "a disk that fails with I/O errors now and then",
    ],

    ["GroupCommit.ts", "if (isOverdue(each)) each.answer(overdue)", "", "a disk that hangs"],

    [
      "Reader.ts",
      "keys.length === 1 ? [one(keys[0]!)] : inSnapshot(db, () => keys.map(one))",
      "keys.map(one)",
      "aliases that are claimed together",
    ],
  ],
}
