import { eventually } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';

import type { Log } from '../log.js';
import { devDirectory } from './dev-directory.js';
import { People } from './people.js';

const POLL_MS = 20;
const one = { id: 'ann', name: 'Ann', groups: ['desk'] };

describe('the directory', () => {
  let folder: string;
  let path: string;
  let people: People | undefined;
  const log = pino({ level: 'silent' }) as unknown as Log;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'directory-'));
    path = join(folder, 'people.json');
  });
  afterEach(async () => {
    people?.close();
    people = undefined;
    await rm(folder, { recursive: true });
  });

  const open = async (file?: string, NODE_ENV = 'development') =>
    (people = await People.open({ NODE_ENV, COUNTERSIGN_DIRECTORY: file }, log, POLL_MS));
  const ids = () => people?.directory?.people.map(({ id }) => id);
  const write = (content: unknown) => writeFile(path, JSON.stringify(content));

  it('is that of the development issuer, and in production nobody, without a file', async () => {
    expect((await open()).directory).toBe(devDirectory);
    expect((await open(undefined, 'production')).directory).toBeUndefined();
  });

  it('is read from the file, and again when that changes or is replaced', async () => {
    await write({ people: [one] });
    await open(path, 'production');
    expect(people?.directory?.people).toEqual([{ ...one, roles: [], active: true }]);
    await write({ people: [one, { ...one, id: 'ben' }] });
    await eventually(() => Promise.resolve(ids()?.includes('ben')));
    const other = join(folder, 'other.json');
    await writeFile(other, JSON.stringify({ people: [{ ...one, id: 'cat' }] }));
    await rename(other, path);
    await eventually(() => Promise.resolve(ids()?.includes('cat')));
  });

  it('stays as it was while the file is malformed', async () => {
    await write({ people: [one] });
    await open(path);
    const before = people?.directory;
    await write({ people: [one, one] });
    await eventually(async () => {
      await write({ people: [one, { ...one, id: 'ben' }] });
      return ids()?.includes('ben');
    });
    expect(before?.people).toHaveLength(1);
  });

  it.each([
    ['{', /COUNTERSIGN_DIRECTORY .*people\.json/],
    ['{"people": [{"id": "ann", "name": "Ann", "boss": true}]}', /people\/0/],
    ['{"people": [{"id": "ann", "name": "A"}, {"id": "ann", "name": "B"}]}', /people\/1\/id/],
  ])('is refused in one sentence that names file and place: %s', async (content, sentence) => {
    await writeFile(path, content);
    await expect(open(path)).rejects.toThrow(sentence);
    await expect(open(join(folder, 'none.json'))).rejects.toThrow(/none\.json/);
  });
});
