import type { z } from 'zod';

import { invalid } from './errors.js';

/** Where a zod issue lies, as `/field/0/name`. */
function pointer(path: readonly PropertyKey[]): string {
  return `/${path.map(String).join('/')}`;
}

/**
 * Parses outside input.
 *
 * @throws AppError `invalid` with the given code, naming every offending place in `details.problems`.
 */
export function parseInput<T extends z.ZodType>(
  schema: T,
  input: unknown,
  code = 'request.invalid',
): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues
    .slice(0, 20)
    .map((issue) => ({ at: pointer(issue.path), problem: issue.message }));
  const first = problems[0];
  throw invalid(code, first ? `${first.at}: ${first.problem}` : 'invalid input', {
    details: { problems },
  });
}
