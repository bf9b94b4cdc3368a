import { packDirectory } from '@countersign/contracts';
import { PostgresEventStore } from '@countersign/event-store';
import { derivedId, hashOf, newId, SystemClock } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { devDirectory, DirectoryReader, type Log, type Platform } from '@countersign/service-kit';
import type { Directory } from '@countersign/state-machine';
import {
  codeOfRejection,
  eventually,
  startTestPostgres,
  type TestDatabase,
} from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { administrator, caller, person } from '../../test/people.js';
import { Directories } from './directories.js';
import { DirectoryFeed } from './directory.feed.js';
import { DirectoryHandler } from './directory.handler.js';

let database: TestDatabase;
let store: PostgresEventStore;
let reader: DirectoryReader;
let folder: string;
let path: string;
const feeds: DirectoryFeed[] = [];
const logged: object[] = [];
const note = (fields: object) => void logged.push(fields);
const log: Log = { error: note, warn: note, info: note, debug: note };

beforeEach(async () => {
  database = await startTestPostgres();
  store = await PostgresEventStore.open({ url: database.url });
  reader = await DirectoryReader.open(store, log);
  folder = await mkdtemp(join(tmpdir(), 'directory-'));
  path = join(folder, 'people.json');
  logged.length = 0;
});
afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.onApplicationShutdown()));
  await reader.close();
  await store.close();
  await database.stop();
  await rm(folder, { recursive: true });
});

/** The approval service's own part, anew. */
async function feed(file?: string, NODE_ENV = 'development'): Promise<Directories> {
  const directories = new Directories(store, new SystemClock());
  const config = { NODE_ENV, COUNTERSIGN_DIRECTORY: file };
  const one = new DirectoryFeed(directories, { config, log } as unknown as Platform);
  feeds.push(one);
  await one.onModuleInit();
  return directories;
}

const context = (by: string, commandId = newId()): CommandContext => ({
  commandId,
  commandHash: hashOf(by),
  correlationId: commandId,
  causationId: commandId,
  actor: caller(by),
});
const handlerOf = (directories: Directories) =>
  new DirectoryHandler(directories, new SystemClock());
const ids = async () => {
  await reader.load();
  return [...reader.state.people.keys()];
};
const write = (directory: Directory) => writeFile(path, JSON.stringify(directory));
const hourFromNow = () => new Date(Date.now() + 3_600_000).toISOString();

describe('the directory', () => {
  it('begins with the people of the development issuer, and in production with nobody', async () => {
    await feed(undefined, 'production');
    expect((await reader.load()).isEmpty).toBe(true);
    await feed();
    expect(await ids()).toEqual(devDirectory.people.map(({ id }) => id));
    const { revision } = await reader.load();
    await feed();
    expect((await reader.load()).revision).toBe(revision);
  });

  it('is followed by those who read it', async () => {
    const handler = handlerOf(await feed());
    const body = { to: 'bob', end: hourFromNow(), outOfOffice: false, reason: 'away' };
    const { delegationId } = await handler.delegate(body, context('alice'));
    const chain = await eventually(() =>
      Promise.resolve(reader.current.chain('alice', 'bob', new Date(), { qualifiedBy: 'alice' })),
    );
    expect(chain.map((each) => each.delegationId)).toEqual([delegationId]);
    // A reader that comes later knows the same.
    const other = await DirectoryReader.open(store, log);
    expect(other.state).toEqual(reader.state);
    await other.close();
  });

  it('answers a command that is repeated as it did first', async () => {
    const handler = handlerOf(await feed());
    const once = context('alice', derivedId('once'));
    const body = { to: 'bob', end: hourFromNow(), outOfOffice: true, reason: 'away' };
    const first = await handler.delegate(body, once);
    expect(await handlerOf(await feed()).delegate(body, once)).toEqual(first);
    await handler.endDelegation({ delegationId: first.delegationId }, context('bob'));
    await reader.load();
    expect([...reader.state.delegations.values()]).toMatchObject([{ endedBy: 'bob' }]);
  });

  it('is changed by one of two who change the same', async () => {
    const [one, two] = [handlerOf(await feed()), handlerOf(await feed())];
    await reader.load();
    const { documentRevision: expectedRevision } = reader.state;
    // Neither of the two changes their own name.
    const changed = (name: string) =>
      packDirectory({
        people: devDirectory.people.map((each) =>
          ['alice', 'bob'].includes(each.id) ? each : { ...each, name },
        ),
      });
    const results = await Promise.all([
      codeOfRejection(one.replace({ packed: changed('x'), expectedRevision }, context('alice'))),
      codeOfRejection(two.replace({ packed: changed('y'), expectedRevision }, context('bob'))),
    ]);
    expect(results.filter((code) => code === undefined)).toHaveLength(1);
    expect(results).toContain('directory.revision-mismatch');
  });

  it('refuses what it cannot unpack', async () => {
    const handler = handlerOf(await feed());
    for (const packed of ['', 'bm90IGd6aXA=', packDirectory({ people: [{}] } as never)]) {
      const refused = handler.replace({ packed, expectedRevision: 1 }, context('alice'));
      expect(await codeOfRejection(refused)).toBe('directory.malformed');
    }
  });

  it('is changed in parts when the change is large, and goes on where it was stopped', async () => {
    const handler = handlerOf(await feed());
    await reader.load();
    const { documentRevision: expectedRevision } = reader.state;
    const many = Array.from({ length: 5_000 }, (_, index) =>
      person(`p${index}`, { name: 'x'.repeat(100) }),
    );
    const people = [...devDirectory.people, ...many];
    const change = { packed: packDirectory({ people }), expectedRevision };
    const once = context('alice');
    const append = store.append.bind(store);
    let appends = 0;
    store.append = async (...asked) => {
      if (++appends === 2) throw new Error('killed');
      return append(...asked);
    };
    await expect(handler.replace(change, once)).rejects.toThrow('killed');
    await reader.load();
    expect(reader.state.people.size).toBeLessThan(people.length);
    const again = handlerOf(await feed());
    const replaced = await again.replace(change, once);
    expect(replaced).toMatchObject({ changed: 5_000, removed: 0 });
    expect(await ids()).toHaveLength(people.length);
    expect(reader.state.documentRevision).toBe(replaced.revision);
    expect(appends).toBeGreaterThan(3);
    expect(await again.replace(change, once)).toEqual(replaced);
    const late = again.replace(change, context('alice'));
    expect(await codeOfRejection(late)).toBe('directory.revision-mismatch');
  });

  it('may have 50,000 people, all of them in memory, however much that is', async () => {
    const many = Array.from({ length: 49_999 }, (_, index) =>
      person(`p${index}`, {
        name: 'x'.repeat(100),
        roles: ['trader', `desk-${index % 500}`],
        groups: ['everybody'],
      }),
    );
    const people = [administrator('root'), ...many];
    await write({ people });
    const directories = await feed(path, 'production');
    expect((await reader.load()).named(['group:everybody']).size).toBe(49_999);
    const read: number[] = [];
    const readStream = store.readStream.bind(store);
    store.readStream = async (...asked) => {
      const events = await readStream(...asked);
      read.push(events.length);
      return events;
    };
    const body = { to: 'p2', end: hourFromNow(), outOfOffice: false, reason: 'away' };
    await handlerOf(directories).delegate(body, context('p1'));
    const packed = packDirectory({ people: people.slice(0, -1) });
    const expectedRevision = reader.state.documentRevision;
    const replaced = await handlerOf(directories).replace(
      { packed, expectedRevision },
      context('root'),
    );
    expect(replaced).toMatchObject({ changed: 0, removed: 1 });
    expect((await reader.load()).isActive('p49998')).toBe(false);
    // Not the whole stream, for either.
    expect(Math.max(0, ...read)).toBeLessThan(3);
  }, 120_000);
});

describe('a file', () => {
  const ann = person('ann', { groups: ['desk'] });
  const ben = person('ben');

  it('is taken in at the start, and again when it changes or is replaced', async () => {
    await write({ people: [ann] });
    await feed(path, 'production');
    expect(await ids()).toEqual(['ann']);
    await write({ people: [ann, ben] });
    await eventually(async () => (await ids()).includes('ben'));
    const other = join(folder, 'other.json');
    await writeFile(other, JSON.stringify({ people: [person('cat')] }));
    await rename(other, path);
    await eventually(async () => (await ids()).includes('cat'));
    expect(reader.current.knows('ann')).toBe(true);
    expect(reader.current.isActive('ann')).toBe(false);
  });

  it('does not undo what was changed later, when it is the same at the next start', async () => {
    const root = administrator('root');
    await write({ people: [root, ann] });
    const handler = handlerOf(await feed(path));
    await reader.load();
    const packed = packDirectory({ people: [root, ann, ben] });
    const { documentRevision: expectedRevision } = reader.state;
    await handler.replace({ packed, expectedRevision }, context('root'));
    await feed(path);
    expect(await ids()).toEqual(['root', 'ann', 'ben']);
  });

  it('leaves everything as it was while it is malformed', async () => {
    await write({ people: [ann] });
    await feed(path);
    await write({ people: [ann, ann] });
    await eventually(() => Promise.resolve(logged.some((each) => 'reason' in each)));
    expect(await ids()).toEqual(['ann']);
    await write({ people: [ben] });
    await eventually(async () => (await ids()).includes('ben'));
  });

  it("leaves everything as it was when it gives somebody's id to another, and says so once", async () => {
    await write({ people: [{ ...ann, logins: ['ann-1'] }] });
    await feed(path);
    const moved = { people: [{ ...ben, logins: ['ann-1'] }] };
    await write(moved);
    const said = () => logged.filter((each) => 'reason' in each);
    await eventually(() => Promise.resolve(said().length > 0));
    expect(said()).toMatchObject([{ reason: expect.stringContaining('ann-1 belongs to ann') }]);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect([said().length, await ids()]).toEqual([1, ['ann']]);
    const again = feed(path);
    expect(await codeOfRejection(again)).toBe('directory.identity-moved');
    await write({ people: [{ ...ben, logins: ['ann', 'ann-1'] }] });
    await eventually(async () => (await ids()).includes('ben'));
  }, 20_000);

  it.each([
    ['{', /COUNTERSIGN_DIRECTORY .*people\.json/],
    ['{"people": [{"id": "ann", "name": "Ann", "boss": true}]}', /people\/0/],
    ['{"people": [{"id": "ann", "name": "A"}, {"id": "ann", "name": "B"}]}', /people\/1\/id/],
    ['{"people": [{"id": "system:x", "name": "A"}]}', /people\/0\/id/],
    ['{"people": [{"id": "a", "name": "A", "logins": ["role:x"]}]}', /people\/0\/logins\/0/],
  ])('is refused in one sentence that names file and place: %s', async (content, sentence) => {
    await writeFile(path, content);
    await expect(feed(path)).rejects.toThrow(sentence);
    await expect(feed(join(folder, 'none.json'))).rejects.toThrow(/none\.json/);
  });
});
