/**
 * The addresses of our script files as a page may set them under `require-trusted-types-for 'script'`: the policy
 * `assent` lets nothing else through.
 */

/** The rules of a policy; a policy has the same member. */
interface Policy {
  readonly createScriptURL: (address: string) => string
}

/** The part of Trusted Types that is used. */
interface TrustedTypes {
  readonly createPolicy: (name: string, rules: Policy) => Policy
}

/** Makes the function from a path below the address of the Site API to what `src` of a script takes. */
export const make = (base: string): ((path: string) => string) => {
  let policy: Policy = {
    createScriptURL: (address) => {
      if (address.startsWith(`${base}/site-client/`)) return address
      throw new Error(address)
    },
  }
  try {
    policy = (window as { readonly trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("assent", policy) ?? policy
  } catch {
    // A page that names other policies: it takes a plain address, unless it requires types as well.
  }
  return (path) => policy.createScriptURL(base + path)
}
