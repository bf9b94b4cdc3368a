import type { z } from 'zod';

import { invalid } from './errors.js';

/** One place in an input, and what is wrong there. */
interface Problem {
  readonly path: readonly PropertyKey[];
  readonly problem: string;
}

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
    .flatMap(problemsIn)
    .slice(0, 20)
    .map(({ path, problem }) => ({ at: pointer(path), problem }));
  const first = problems[0];
  throw invalid(code, first ? `${first.at}: ${first.problem}` : 'invalid input', {
    details: { problems },
  });
}

/**
 * Of a union, which by itself says no more than that none of its alternatives fits: what is wrong by the only
 * one whose shape the input has; when it has that of none or of several, what each of them expects.
 */
function problemsIn(issue: z.core.$ZodIssue): readonly Problem[] {
  const { path, message } = issue;
  const alternatives = issue.code === 'invalid_union' ? issue.errors : [];
  // A schema that says what it expects knows better.
  if (alternatives.length === 0 || message !== UNNAMED) return [{ path, problem: message }];
  const near = alternatives.filter((issues) => issues.every((each) => each.path.length > 0));
  const [only] = near;
  if (only !== undefined && near.length === 1) {
    return only
      .flatMap(problemsIn)
      .map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
  }
  const expected = (near.length > 0 ? near : alternatives).flatMap((issues) =>
    issues
      .flatMap(problemsIn)
      .slice(0, 1)
      .map((each) =>
        each.path.length === 0 ? each.problem : `${pointer(each.path)}: ${each.problem}`,
      ),
  );
  return [{ path, problem: [...new Set(expected)].join('; or ') }];
}

/** The message of a union that has none of its own. */
const UNNAMED = 'Invalid input';
