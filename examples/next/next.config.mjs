// Next.js would put the package into its bundle, with the optional packages that are not installed.
export default { serverExternalPackages: ["assent"] }
