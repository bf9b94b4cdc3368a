/**
 * What an expression may cost. Sources over a static cap are refused when they are compiled;
 * evaluations over a dynamic one fail. All are far above what a guard or a mapping needs and low
 * enough that the worst expression on the worst data holds the event loop for some milliseconds.
 */
export const LIMITS = Object.freeze({
  /** Characters of source text. */
  sourceLength: 8_192,
  /** Nodes of the syntax tree. */
  nodes: 1_000,
  /** Nesting of calls, selections, indexes and brackets, as the parser counts it. */
  depth: 64,
  /** Elements of one list or map literal. */
  literalElements: 200,
  /** Macros with a loop (`all`, `exists`, `exists_one`, `map`, `filter`) inside one another. */
  loopNesting: 3,
  /** Steps of one evaluation; a step is roughly one node visited or 16 characters read. */
  steps: 100_000,
  /** Characters of one text that an operator or function takes or makes. */
  textLength: 100_000,
  /** Elements of one list that an operator makes. */
  listLength: 50_000,
  /** Characters of a `duration()` text. */
  durationLength: 32,
  /** Characters of a `re2()` pattern. */
  patternLength: 500,
  /** Instructions of a compiled `re2()` pattern. */
  patternInstructions: 2_000,
  /** Digits of a decimal, before and behind the point together. */
  decimalDigits: 1_000,
  /** Characters of a result, taken together and in their JSON form. */
  resultSize: 4_194_304,
  /** Nesting of a result. */
  resultDepth: 100,
});
