/** `assent import` over refusals, with further files. */
import "./importRefusals.test.ts"
