import { eventHash, GENESIS_HASH } from '@countersign/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../examples/verify-chain.mjs', import.meta.url));

/** A stream as `GET /events` shows it. */
function streamOf(stream: string, reasons: readonly string[]) {
  let prevHash = GENESIS_HASH;
  return reasons.map((reason, revision) => {
    const metadata = { actor: 'erin', recordedAt: '2026-11-24T09:00:00.000Z', prevHash };
    const rest = { type: 'approval.reminded', schemaVersion: 1, data: { reason } };
    const event = { eventId: `${stream} ${revision}`, ...rest, metadata };
    const hash = eventHash(stream, revision, event as unknown as Parameters<typeof eventHash>[2]);
    prevHash = hash;
    return { stream, revision, ...event, metadata: { ...metadata, hash } };
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-verify-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, content: unknown): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const verify = (...args: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
const verdict = ({ out }: { out: string }) => out.trimEnd().split('\n').at(-1);

describe('verify-chain.mjs', () => {
  const one = streamOf('approval-1', ['a', 'b', 'c']);
  const two = streamOf('approval-2', ['x']);
  let whole: string;
  beforeEach(async () => {
    whole = await file('whole.json', { items: [...one, ...two], nextCursor: null });
  });

  it('finds that chains hold, also over pages', async () => {
    const first = await file('1.json', { items: one.slice(0, 2) });
    const second = await file('2.json', { items: [...two, ...one.slice(2)] });
    const found = await verify(first, second);
    expect([found.code, verdict(found)]).toEqual([0, 'every chain holds']);
    expect(found.out).toContain(`approval-1: 3 events, the last has ${one[2]?.metadata.hash}`);
  });

  it('finds what was changed or left out', async () => {
    const [a, b, c] = one;
    for (const items of [[a, { ...b, data: { reason: 'B' } }, c], [a, c], [b]]) {
      const found = await verify(await file('changed.json', { items }));
      expect([found.code, verdict(found)]).toEqual([1, 'BROKEN']);
    }
  });

  it.each<[string, unknown, string]>([
    [
      'a problem document',
      { status: 401, code: 'auth.token-expired', detail: 'expired' },
      'expired',
    ],
    ['an empty file', '', 'not a page of events'],
    ['no JSON', '<html>', 'not a page of events'],
    ['another list', { items: [{ approvalId: 'x' }], nextCursor: null }, 'not a page of events'],
    ['null', 'null', 'not a page of events'],
    ['a page of nothing', { items: [], nextCursor: null }, 'no events'],
  ])('says in one sentence that it was given %s', async (_, content, sentence) => {
    const { code, out, err } = await verify(await file('wrong.json', content));
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(sentence);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says which file is not there', async () => {
    const { code, err } = await verify(join(folder, 'none.json'));
    expect([code, err.trimEnd().split('\n').length]).toEqual([1, 1]);
    expect(err).toContain('none.json');
  });

  describe('against kept heads', () => {
    const kept = async (items: readonly object[]): Promise<string> => {
      const { out } = await verify(await file('then.json', { items }));
      return file('heads.txt', out);
    };

    it('lets streams grow and come', async () => {
      const found = await verify('--heads', await kept(one.slice(0, 2)), whole);
      expect([found.code, verdict(found)]).toEqual([0, 'every chain holds']);
    });

    it.each([
      ['rewritten, hashes and all', streamOf('approval-1', ['a', 'B', 'c'])],
      ['cut off', one.slice(0, 2)],
      ['taken away', []],
    ])('finds a stream that was %s', async (_, now) => {
      const heads = await kept([...one, ...two]);
      const found = await verify(
        '--heads',
        heads,
        await file('now.json', { items: [...now, ...two] }),
      );
      expect([found.code, verdict(found)]).toEqual([1, 'BROKEN']);
      expect(found.out).toContain(
        'approval-1: BROKEN, the kept head at event 3 is another or gone',
      );
    });

    it('refuses a file that holds none', async () => {
      const { code, err } = await verify('--heads', await file('none.txt', 'nothing'), whole);
      expect([code, err]).toEqual([1, expect.stringContaining('no heads')]);
    });
  });
});
