/**
 * Spellings of the names of columns. Systems write one name as `expirationDate`, `expiration_date` or
 * `Expiration Date`.
 */

/** The name in lower case, without white space, underscores and hyphens. */
export const withoutSeparators = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, "")
