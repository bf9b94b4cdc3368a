import { RE2JS } from 're2js';

import { LimitExceeded, Refusal } from './errors.js';
import { LIMITS } from './limits.js';
import { spend } from './meter.js';
import { Recent } from './recent.js';

const compiled = new Recent<RE2JS>(200);

/**
 * Compiles an RE2 pattern, or takes it from the last ones compiled.
 *
 * @throws Refusal for a pattern that is not RE2 (backreferences, lookarounds) or is malformed.
 * @throws LimitExceeded for one that is too long or too large.
 */
export function compilePattern(pattern: string): RE2JS {
  if (pattern.length > LIMITS.patternLength) {
    throw new LimitExceeded(`a pattern of more than ${LIMITS.patternLength} characters`);
  }
  return compiled.get(pattern, () => {
    let regex: RE2JS;
    try {
      regex = RE2JS.compile(pattern);
    } catch (error) {
      throw new Refusal('invalid_pattern', error instanceof Error ? error.message : 'bad pattern');
    }
    if (regex.programSize() > LIMITS.patternInstructions) {
      throw new LimitExceeded(`a pattern of more than ${LIMITS.patternInstructions} steps`);
    }
    return regex;
  });
}

/**
 * `re2(text, pattern)`: whether the pattern occurs anywhere in the text, in time linear in both.
 * It stands in for CEL's `matches`, whose engine here would be JavaScript's backtracking one.
 */
export function re2(text: string, pattern: string): boolean {
  const regex = compilePattern(pattern);
  spend((text.length * regex.programSize()) / 64);
  return regex.test(text);
}
