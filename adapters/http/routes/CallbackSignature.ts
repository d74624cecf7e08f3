/**
 * The signature of an OpenDSR callback: RSA with SHA-256 over the bytes of its body, in base64. The header was renamed
 * with the specification, so all of its names are read.
 */
import { verify, X509Certificate } from "node:crypto"

const headerNames = ["x-opendsr-signature", "x-opencompliance-signature", "x-opengdpr-signature"]

/** Whether a body is signed with the key of a certificate in PEM. */
export const isSigned = (
  headers: Readonly<Record<string, string | undefined>>,
  body: Uint8Array,
  certificate: string,
): boolean => {
  const signature = headerNames.map((name) => headers[name]).find((value) => value !== undefined)
  if (signature === undefined) return false
  try {
    return verify("sha256", body, new X509Certificate(certificate).publicKey, Buffer.from(signature, "base64"))
  } catch {
    // A certificate or signature of another kind shows nothing.
    return false
  }
}
