/**
 * Bytes of texts and texts of bytes, for the hashes of identifiers: faster than the general functions, because every
 * identifier that is recorded or asked for is hashed.
 */

const encoder = new TextEncoder()

/** How many bytes are allocated at once. */
const pageBytes = 8192

/** Makes an encoder into UTF-8. It cuts its results from pages, because an array for each text costs much more. */
export const makeEncoder = () => {
  let page = new Uint8Array(pageBytes)
  let used = 0
  return (text: string): Uint8Array => {
    const most = text.length * 3
    if (most > pageBytes) return encoder.encode(text)
    if (used + most > pageBytes) {
      page = new Uint8Array(pageBytes)
      used = 0
    }
    const from = used
    used += encoder.encodeInto(text, page.subarray(from)).written
    return page.subarray(from, used)
  }
}

const decoder = new TextDecoder()
const digits = encoder.encode("0123456789abcdef")
const hashBytes = 32
const codes = new Uint8Array(hashBytes * 2)

/**
 * The 32 bytes of a hash as lower-case hexadecimal, made in one piece. A text that is added up from parts is put
 * together only when it is first looked up, which costs more than making it.
 */
export const hexOfHash = (hash: Uint8Array): string => {
  for (let index = 0; index < hashBytes; index++) {
    codes[index * 2] = digits[hash[index]! >> 4]!
    codes[index * 2 + 1] = digits[hash[index]! & 15]!
  }
  return decoder.decode(codes)
}
