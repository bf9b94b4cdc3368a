import { relative } from 'node:path';

/** The parts of Jest's JSON report that count. */
export interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that could not even be loaded; they have no tests that could fail. */
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly TestFile[];
}

/** One file of tests in Jest's JSON report; times are milliseconds since 1970. */
export interface TestFile {
  readonly name: string;
  readonly startTime: number;
  readonly endTime: number;
}

/** What the run came to. */
export interface TestOutcome {
  /** `N passed, N failed`, with `, N skipped` only when there are some. */
  readonly line: string;
  readonly succeeded: boolean;
  /** Why something counts as failed that no test reported. */
  readonly remark?: string;
}

/**
 * Counts a Jest run. Whatever went wrong beside the tests counts as one failure more, so that a
 * crash or an empty run never looks like success.
 *
 * @param report undefined when Jest wrote none.
 * @param exitCode null when Jest was ended by a signal.
 */
export function summarize(report: JestReport | undefined, exitCode: number | null): TestOutcome {
  const passed = report?.numPassedTests ?? 0;
  const failed = (report?.numFailedTests ?? 0) + (report?.numRuntimeErrorTestSuites ?? 0);
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const remark = remarkOn(report, exitCode, passed, failed);
  const total = failed + (remark === undefined ? 0 : 1);
  return {
    line: `${passed} passed, ${total} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    succeeded: total === 0,
    ...(remark === undefined ? {} : { remark }),
  };
}

/** The files that took longest, as lines to print, the slowest first. */
export function slowest(files: readonly TestFile[], folder: string, most = 10): string[] {
  return files
    .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1_000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, most)
    .map(({ name, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${relative(folder, name)}`);
}

function remarkOn(
  report: JestReport | undefined,
  exitCode: number | null,
  passed: number,
  failed: number,
): string | undefined {
  if (report === undefined) return 'Jest ended without a report, which counts as one failure.';
  if (failed > 0) return undefined;
  if (exitCode === null) return 'Jest was ended before it was done, which counts as one failure.';
  if (exitCode !== 0) return `Jest ended with exit code ${exitCode}, which counts as one failure.`;
  return passed === 0 ? 'No test was run, which counts as one failure.' : undefined;
}
