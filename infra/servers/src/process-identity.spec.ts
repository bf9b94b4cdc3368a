import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endProcess, identify, isRunning } from './process-identity.js';

describe('process identity', () => {
  it('is the same for the same process', () => {
    expect(identify(process.pid)).toEqual(identify(process.pid));
  });

  it('does not take a later process with the same number for the recorded one', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const pid = child.pid ?? -1;
    const recycled = { pid, startedAt: 'an earlier start' };
    expect(isRunning(recycled)).toBe(false);
    await endProcess(recycled, [{ signal: 'SIGKILL', graceMs: 100 }]);
    const real = identify(pid);
    expect(real).toBeDefined();
    if (real === undefined) return;
    const ended = once(child, 'exit');
    expect(await endProcess(real, [{ signal: 'SIGTERM', graceMs: 5_000 }])).toBe(true);
    await ended;
    expect(isRunning(real)).toBe(false);
  });
});
