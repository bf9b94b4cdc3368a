import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, isRunning, ServerError } from '@countersign/servers';
import { RunRecord } from './run-record.js';
import { claimStateFolder, readSecrets, writeWhole } from './state-folder.js';
import { unrecorded } from './unrecorded.js';

let folder: string;
let child: ChildProcess;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-state-'));
  child = spawn('sleep', ['60'], { stdio: 'ignore' });
});

afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

function childIdentity() {
  const identity = identify(child.pid ?? -1);
  if (identity === undefined) throw new Error('the child did not start');
  return identity;
}

describe('claimStateFolder', () => {
  const lock = () => join(folder, 'launcher.lock');

  it('refuses a folder whose launcher still runs', () => {
    writeWhole(lock(), childIdentity());
    expect(() => claimStateFolder(folder)).toThrow(ServerError);
    expect(existsSync(lock())).toBe(true);
  });

  it.each([
    ['has ended', { pid: 1, startedAt: 'long ago' }],
    ['left half a file', 'not a claim'],
  ])('takes over from a launcher that %s', (_, content) => {
    writeFileSync(lock(), JSON.stringify(content));
    const claimed = claimStateFolder(folder);
    expect(() => claimStateFolder(folder)).toThrow(ServerError);
    claimed.release();
    expect(readdirSync(folder)).toEqual(['logs']);
  });
});

describe('readSecrets', () => {
  it('makes them once and keeps them to the owner', () => {
    const claimed = claimStateFolder(folder);
    const first = readSecrets(claimed);
    expect(first.busKey).toMatch(/^[0-9a-f]{64}$/);
    expect(readSecrets(claimed)).toEqual(first);
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
  });
});

describe('RunRecord', () => {
  it('ends what an earlier launcher left running', async () => {
    const file = join(folder, 'run.json');
    const identity = childIdentity();
    new RunRecord(file).add({ role: 'nats', ...identity });
    expect(await new RunRecord(file).endLeftovers()).toEqual(['nats']);
    expect(isRunning(identity)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  it('ends what the launcher had no time to write down', async () => {
    const claimed = claimStateFolder(folder);
    const service = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      env: { COUNTERSIGN_STATE: folder },
      stdio: 'ignore',
    });
    await once(service, 'spawn');
    const found = unrecorded(claimed);
    expect(found.map(({ pid, role }) => ({ pid, role }))).toEqual([
      { pid: service.pid, role: 'services' },
    ]);
    expect(await new RunRecord(claimed.runRecord).endLeftovers(found)).toEqual(['services']);
    expect(unrecorded(claimed)).toEqual([]);
    claimed.release();
  });

  it('leaves a process alone that got the number of a recorded one', async () => {
    const file = join(folder, 'run.json');
    const identity = childIdentity();
    new RunRecord(file).add({ role: 'nats', pid: identity.pid, startedAt: 'an earlier start' });
    expect(await new RunRecord(file).endLeftovers()).toEqual([]);
    expect(isRunning(identity)).toBe(true);
  });
});
