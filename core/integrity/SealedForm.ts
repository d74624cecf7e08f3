/**
 * The form of what was encrypted, as rows hold it in hexadecimal. What is encrypted is not opened.
 */

/** The lengths of bytes as hexadecimal digits. */
export const digits = { hash: 64, nonce: 24, tag: 32, wrapped: 80 } as const

/** Whether a nonce and a ciphertext with its tag have their form, or both are missing. */
export const isWhole = ({ encrypted, nonce }: { readonly nonce: string | null; readonly encrypted: string | null }) =>
  nonce === null ? encrypted === null : nonce.length === digits.nonce && (encrypted?.length ?? 0) >= digits.tag

/** Whether a hash has its form, or is missing. */
export const isHash = (hash: string | null): boolean => hash === null || hash.length === digits.hash
