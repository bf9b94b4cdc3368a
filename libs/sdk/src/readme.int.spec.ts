import { eventually } from '@countersign/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ApiServer } from '../test/api-server.js';
import { EventsServer } from '../test/events-server.js';

const ID = '6f1c1b1e-51ab-4a10-9d2f-0c9c3c0f5a10';
const DECISION = '0d4a1a9c-7c1e-4c55-8f2e-1d3a5b7c9e21';
const HASH = 'a'.repeat(64);
const quorum = { required: 2, given: 0, met: false };
const folderOf = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The approval whose stream it is. */
const idOf = (stream: string) => stream.slice('approval-'.length);

describe('the examples', () => {
  let api: ApiServer;
  let events: EventsServer;
  let examples: string[];
  let folder: string;
  const running: ChildProcessWithoutNullStreams[] = [];

  beforeAll(async () => {
    [api, events] = await Promise.all([ApiServer.start(), EventsServer.start()]);
    const readme = await readFile(folderOf('README.md'), 'utf8');
    examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
    // Below this package, so that its name means this package.
    folder = await mkdtemp(folderOf('dist/examples-'));
  }, 60_000);

  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  afterAll(async () => {
    await Promise.all([api.stop(), events.stop(), rm(folder, { recursive: true, force: true })]);
  }, 60_000);

  function run(program: string, args: string[] = []) {
    const env = { ...process.env, NATS_PORT: String(events.nats.port), NODE_OPTIONS: '' };
    const child = spawn(process.execPath, [program, ...args], { env });
    running.push(child);
    const output = { text: '' };
    const hear = (chunk: Buffer) => {
      output.text += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const says = (text: string, within = 15_000) =>
      eventually(() => Promise.resolve(output.text.includes(text)), { within }).catch(() => {
        throw new Error(`did not say ${text} but: ${output.text}`);
      });
    return { child, exit, says, output };
  }

  async function example(index: number) {
    const program = join(folder, `example-${index}.mjs`);
    const code = (examples[index] ?? '')
      .replaceAll('http://127.0.0.1:8080', api.url)
      .replaceAll('127.0.0.1:4222', events.address);
    await writeFile(program, code);
    return run(program);
  }

  it('are three, of a dozen lines at most', () => {
    const lines = examples.map((code) => code.split('\n').filter((line) => line !== '').length);
    expect(lines).toHaveLength(3);
    expect(Math.max(...lines)).toBeLessThanOrEqual(12);
  });

  it('ask for an approval', async () => {
    api.ok({ token: 'of alice' });
    const changed = { approvalId: ID, status: 'PENDING', position: '1' };
    api.ok({ ...changed, subjectHash: HASH, quorum }, 201);
    const { exit, output } = await example(0);
    expect(await exit).toBe(0);
    expect(output.text).toBe(`${ID} takes 2 approvals\n`);
    expect(api.received.at(-1)?.headers.authorization).toBe('Bearer of alice');
  });

  describe('decide on one, which they show', () => {
    const shown = { approvalId: ID, subjectHash: HASH, subject: { limit: '5' } };
    const approval = { ...shown, status: 'PENDING', requester: 'alice', quorum };
    const decision = `/api/v1/approvals/${ID}/decisions`;

    const typed = async (reason: string) => {
      const { child, exit, output } = await example(1);
      child.stdin.end(`${reason}\n`);
      return { code: await exit, text: output.text };
    };

    beforeEach(() => {
      api.received.splice(0);
      api.ok({ token: 'of erin' });
      api.ok({ items: [approval, { ...approval, approvalId: DECISION }], nextCursor: null });
    });

    it('for the reason that is typed', async () => {
      const decided = { approvalId: ID, status: 'IN_PROGRESS', position: '2' };
      api.ok({ ...decided, decisionId: DECISION, approvals: 1, required: 2, quorum });
      const { code, text } = await typed('terms agree');
      expect(text).toMatch(/^\{ limit: '5' \}\n(?=.*IN_PROGRESS\n$)/s);
      expect(code).toBe(0);
      const { path, body } = api.received.at(-1) ?? {};
      const sent = { action: 'approve', reason: 'terms agree', subjectHash: HASH };
      expect([path, body]).toEqual([decision, sent]);
    });

    it('and say why it was refused', async () => {
      api.problem(422, 'approval.stale-subject');
      const { code, text } = await typed('terms agree');
      expect([code, text]).toEqual([1, expect.stringContaining('approval.stale-subject')]);
    });

    it('unless nothing is typed', async () => {
      expect((await typed('')).code).toBe(0);
      expect(api.received.map(({ path }) => path)).not.toContain(decision);
    });
  });

  it('hear what came of it, and stop', async () => {
    const { subject } = await events.granted();
    const { child, exit, says } = await example(2);
    await says(`approval.granted ${idOf(subject)}`);
    child.kill('SIGINT');
    expect(await exit).toBe(0);
  });

  it('book each outcome once, also when killed', async () => {
    const books = join(await mkdtemp(join(tmpdir(), 'countersign-books-')), 'books.jsonl');
    const program = folderOf('examples/subscriber.mjs');
    const first = run(program, [books]);
    await first.says('Booking outcomes');
    const one = await events.granted();
    await first.says(idOf(one.subject));
    first.child.kill('SIGKILL');
    await first.exit;
    const two = await events.rejected();
    const second = run(program, [books]);
    // It may have been on its way to the one that was killed, and then comes again after half a minute.
    await second.says(`approval.rejected ${idOf(two.subject)}`, 45_000);
    second.child.kill('SIGINT');
    expect(await second.exit).toBe(0);
    const lines = (await readFile(books, 'utf8')).trim().split('\n');
    const booked = lines.map((line) => (JSON.parse(line) as { id: string }).id);
    expect(booked.filter((id) => id === one.id)).toHaveLength(1);
    expect(booked.filter((id) => id === two.id)).toHaveLength(1);
    expect(new Set(booked).size).toBe(booked.length);
  }, 90_000);
});
