/**
 * What is wrong with a file that is not UTF-8, with the command that converts it.
 */

/** For a file without a byte order mark: the encoding in which Windows writes in Western Europe and America. */
export const notUtf8 =
  "not UTF-8: if Windows wrote the file, convert it with iconv -f WINDOWS-1252 -t UTF-8 FILE > CONVERTED"

/** For a file whose first bytes are those of UTF-16. */
export const utf16 = "not UTF-8 but UTF-16: convert the file with iconv -f UTF-16 -t UTF-8 FILE > CONVERTED"

/** Whether bytes, the beginning of a file, are a byte order mark of UTF-16. */
export const isUtf16 = ([first, second]: Uint8Array): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)

/** What is wrong with bytes that are not UTF-8, which may be the beginning of a file. */
export const describe = (bytes: Uint8Array): string => (isUtf16(bytes) ? utf16 : notUtf8)
