/**
 * The host of a URL. `URL` has turned every spelling of an IPv4 address into the usual one, such as `0x7f.1`.
 */
import * as AddressCheck from "./AddressCheck.ts"

/** The host of a URL, without the brackets of an IPv6 address. */
export const of = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, "$1")

/** Whether the host of a URL is an address. */
export const isAddress = (url: URL): boolean => AddressCheck.parse(of(url))._tag === "Some"

/** The port of a URL, the usual one of its scheme if it names none. */
export const portOf = ({ port, protocol }: URL): number => Number(port || (protocol === "http:" ? 80 : 443))
