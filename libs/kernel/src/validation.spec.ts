import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { parseInput } from './validation.js';

const Fire = z.union([
  z.strictObject({ input: z.record(z.string(), z.json()) }),
  z.strictObject({ context: z.record(z.string(), z.json()) }),
]);
const Body = z.strictObject({
  fire: Fire.optional(),
  level: z.union([z.number(), z.string().regex(/^\d+$/, 'must be digits')]).optional(),
  late: z
    .union([z.boolean(), z.strictObject({ to: z.string() })], { error: 'must be true, or {to}' })
    .optional(),
});

const problems = (input: unknown): unknown => {
  try {
    return parseInput(Body, input);
  } catch (error) {
    return (error as { details: { problems: unknown } }).details.problems;
  }
};

describe('parseInput', () => {
  it('names what each alternative of a union expects', () => {
    expect(problems({ fire: {} })).toEqual([
      { at: '/fire', problem: expect.stringMatching(/^\/input: .*expected.*; or \/context: .*/) },
    ]);
    expect(problems({ level: true })).toEqual([
      { at: '/level', problem: expect.stringMatching(/expected number.*; or .*expected string/) },
    ]);
  });

  it('names what is wrong by the alternative that was meant', () => {
    expect(problems({ fire: { context: 7 } })).toEqual([
      { at: '/fire/context', problem: expect.stringContaining('expected record') },
    ]);
  });

  it('says what a schema itself says', () => {
    expect(problems({ late: 'late' })).toEqual([{ at: '/late', problem: 'must be true, or {to}' }]);
  });
});
