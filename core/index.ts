/**
 * Assent, the engine: `events + types + rules + instant → answer`.
 *
 * Plain data and pure, total functions: no clock, no randomness, no input or output, no dependency. Each file of
 * `engine/` is one namespace; `Comparison.ts` is published under the name `Simulation`.
 */
export * as Because from "./engine/Because.ts"
export * as ConsentEvent from "./engine/ConsentEvent.ts"
export * as ConsentState from "./engine/ConsentState.ts"
export * as ConsentType from "./engine/ConsentType.ts"
export * as Decision from "./engine/Decision.ts"
export * as Heads from "./engine/Heads.ts"
export * as Instant from "./engine/Instant.ts"
export * as Lapse from "./engine/Lapse.ts"
export * as Order from "./engine/Order.ts"
export * as Outcome from "./engine/Outcome.ts"
export * as Period from "./engine/Period.ts"
export * as Rules from "./engine/Rules.ts"
export * as Simulation from "./engine/Comparison.ts"
export * as Terms from "./engine/Terms.ts"
export * as Timeline from "./engine/Timeline.ts"
