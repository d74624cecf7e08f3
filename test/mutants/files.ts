/** Mutants of the readers of files and of mappings. */
import type { Part } from "./Mutant.ts"

const doubled = "in the hour that happens twice"
const skippedHour = "in the hour that is skipped"
const walls = "around every change of the clocks"

export const files: Part = {
  folder: "adapters/files",
  tests: [
    "test/files/dateFormat.test.ts",
    "test/files/timeZone.test.ts",
    "test/files/rowMapper.test.ts",
    "test/files/rowReader.test.ts",
  ],
  mutants: [
    ["JsonPointer.ts", "(!Array.isArray(from) || index.test(token))", "true", "enters lists, and finds"],
    ["JsonPointer.ts", "Object.hasOwn(from, token)", "token in from", "enters lists, and finds"],
    ["JsonPointer.ts", "if (value === notJson) return notJson", "", "goes on inside a text as JSON"],

    ["DateColumn.ts", "isRefusal || isMissing ? later : earlier", "isMissing ? later : earlier", doubled],
    ["DateColumn.ts", "isRefusal || isMissing ? later : earlier", "later", doubled],
    ["DateColumn.ts", "isMissing && !isRefusal && !isOnDay", "isMissing && !isOnDay", skippedHour],
    ["DateColumn.ts", "isMissing && !isRefusal && !isOnDay", "false", skippedHour],
    ["DateColumn.ts", "isMissing && !isRefusal && !isOnDay", "isMissing && !isRefusal", "without a time begins"],
    ["DateColumn.ts", "const isOnDay = isDay &&", "const isOnDay = isDay ||", "without a time begins"],
    ["DateColumn.ts", 'held.charAt(10) === "T" && held.endsWith("Z")', 'held.endsWith("Z")', "as databases write it"],

    ["TimeZone.ts", "begin + offset + millisPerDay", "begin + offset", walls],
    ["TimeZone.ts", "end + offset - millisPerDay", "end + offset", walls],
    ["TimeZone.ts", "at.add({ milliseconds: 1 })", "at.subtract({ milliseconds: 1 })", walls],
    ["TimeZone.ts", "/^[A-Za-z]/.test(name) &&", "", "A zone is known by its name"],

    ["DateFormat.ts", "${count}}`,\n  read: Number", "1,${count}}`,\n  read: Number", "dd.MM.yyyy reads none of"],
    ["DateFormat.ts", "Number(text) < 69", "Number(text) < 24", "M/d/yy h:mm a reads"],
    ["DateFormat.ts", "(numbers.hour % 12) + half", "numbers.hour + half", "MM/dd/yyyy hh:mm a reads"],
    ["DateFormat.ts", "new RegExp(`^${whole}$`", "new RegExp(`${whole}`", "dd.MM.yyyy reads none of"],
    ["DateFormat.ts", "day > Instant.daysInMonth(year, month)", "day > 31", "dd.MM.yyyy reads none of"],
    ["DateFormat.ts", "days < excelDays.first ||", "", "excel reads none of"],

    ["RowMapper.ts", "absent: undefined,", 'absent: "",', "that a row of JSON does not have"],
    [
      "ColumnReader.ts",
      "PhoneNumber.normalize(text, defaultCountry)",
      "PhoneNumber.normalize(text)",
      "A national phone number",
    ],

    [
      "RowMapper.ts",
      "if (held === undefined) return column.absent",
      "column.isFound = true\n    if (held === undefined) return column.absent",
      "is named after the last row of JSON",
    ],
    [
      "RowMapper.ts",
      'each.absent = each.isFound ? "" : undefined',
      "each.absent = undefined",
      "has a meaning if the mapping",
    ],
    [
      "RowMapper.ts",
      "items > 0 ? unfound(ofMapping) : []",
      "unfound(ofMapping)",
      "of rows that are left out is not missed",
    ],
    ["RowMapper.ts", "names.filter(ColumnNames.isShown)", "names", "is named before the first row if"],
    [
      "RowMapper.ts",
      "return unfound(sought.filter(({ path: [first] }) => !header.has(first)))",
      "return []",
      "without a mapped column is refused",
    ],
    ["RowMapper.ts", "if (!test(held)) return false", "if (test(held)) return true", "must hold with all others"],
    ["RowMapper.ts", "isRefusal(stateOf(row)) || fault", "fault", "of a column that is no JSON leaves out no refusal"],
    [
      "RowMapper.ts",
      "fault ??= ColumnReader",
      "return ColumnReader",
      "of a column that is no JSON leaves out no refusal",
    ],
    ["Delimiter.ts", ")\\1(", ")(", "is that of a first line sep="],
    ["RowMapper.ts", 'stated.success === "declined"', 'stated.success !== "accepted"', doubled],
    ["RowCondition.ts", "=== (is !== undefined)", "", "leaves out the rows whose column"],

    [
      "Delimiter.ts",
      "given ?? line?.[2] ?? recognize",
      "line?.[2] ?? given ?? recognize",
      "that is given is not recognized",
    ],
    ["Delimiter.ts", "read > most[0] ||", "", "is recognized: "],
    ["Delimiter.ts", "if (byte === quote) state.isQuoted = !state.isQuoted", "", "is the same for any chunks"],
    ["Delimiter.ts", "state.isDone = !separatorLine.test(line)", "state.isDone = true", "is the same for any chunks"],
    ["Delimiter.ts", "if (!state.hasText) continue", "", "is the same for any chunks"],
    [
      "RowReader.ts",
      "if (isOneLine) return linesBefore + info.lines",
      "if (isOneLine) return info.lines",
      "is that of a first line sep=",
    ],
    ["RowReader.ts", " && check.isRead(name)", "", "may name a column twice"],
  ],
}
