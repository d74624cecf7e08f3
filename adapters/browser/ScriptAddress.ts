/**
 * The addresses of our script files as a page may set them under `require-trusted-types-for 'script'`: the policy
 * `assent` lets nothing else through.
 */

/** The part of Trusted Types that is used. */
interface TrustedTypes {
  readonly createPolicy: (
    name: string,
    rules: { readonly createScriptURL: (address: string) => string },
  ) => { readonly createScriptURL: (address: string) => string }
}

/** Makes the function from a path below the address of the Site API to what `src` of a script takes. */
export const make = (base: string): ((path: string) => string) => {
  const createScriptURL = (address: string): string => {
    if (!address.startsWith(`${base}/site-client/`)) throw new TypeError("no script file of Assent")
    return address
  }
  let policy: { readonly createScriptURL: (address: string) => string } = { createScriptURL }
  try {
    policy =
      (window as { readonly trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("assent", { createScriptURL }) ??
      policy
  } catch {
    // A page that names other policies: it takes a plain address, unless it requires types as well.
  }
  return (path) => policy.createScriptURL(base + path)
}
