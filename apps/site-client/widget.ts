/**
 * The banner and the preference centre in one file, for pages that add them by themselves.
 */
import "./banner.ts"
import "./preferences.ts"
