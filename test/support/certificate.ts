/** A certificate for tests, made by `openssl` for the names and addresses that it is asked for. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A key and its certificate, in PEM. A client trusts the certificate if it is given it as `ca`. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** Signs a certificate by its own key. `names`: such as `DNS:hooks.test` and `IP:127.0.0.1`. */
export const certificate = (...names: ReadonlyArray<string>): Certificate => {
  const folder = mkdtempSync(join(tmpdir(), "assent-tls-"))
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")]
  const newKey = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
  const subject = ["-subj", "/CN=Assent's tests", "-addext", `subjectAltName=${names.join(",")}`]
  execFileSync("openssl", [...newKey, ...subject, "-keyout", key, "-out", cert], { stdio: "pipe" })
  const made = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") }
  rmSync(folder, { recursive: true })
  return made
}
