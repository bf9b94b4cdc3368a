import { describe, expect, it } from '@jest/globals';
import { slowest, summarize } from './test-report.js';

const good = {
  numPassedTests: 12,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  testResults: [],
};

describe('summarize', () => {
  it('counts a good run', () => {
    expect(summarize(good, 0)).toEqual({ line: '12 passed, 0 failed', succeeded: true });
  });

  it('names skipped tests only when there are some', () => {
    expect(summarize({ ...good, numPendingTests: 1, numTodoTests: 2 }, 0).line).toBe(
      '12 passed, 0 failed, 3 skipped',
    );
  });

  it('counts a file that could not be loaded', () => {
    const outcome = summarize({ ...good, numFailedTests: 1, numRuntimeErrorTestSuites: 1 }, 1);
    expect(outcome).toEqual({ line: '12 passed, 2 failed', succeeded: false });
  });

  it.each([
    ['crashed', undefined, 1],
    ['was killed', good, null],
    ['failed beside its tests', good, 1],
    ['ran nothing', { ...good, numPassedTests: 0 }, 0],
  ])('counts a run that %s as failed', (_, report, exitCode) => {
    const outcome = summarize(report, exitCode);
    expect(outcome.succeeded).toBe(false);
    expect(outcome.line).toMatch(/passed, 1 failed$/);
    expect(outcome.remark).toBeDefined();
  });
});

describe('slowest', () => {
  it('names the files that took longest, in seconds', () => {
    const took = (name: string, endTime: number) => ({
      name: `/repository/${name}`,
      startTime: 500,
      endTime,
    });
    const files = [
      took('a.spec.ts', 1_000),
      took('b/b.spec.ts', 120_540),
      took('c.spec.ts', 9_999),
    ];
    expect(slowest(files, '/repository', 2)).toEqual([
      ' 120.0 s  b/b.spec.ts',
      '   9.5 s  c.spec.ts',
    ]);
    expect(slowest([], '/repository')).toEqual([]);
  });
});
