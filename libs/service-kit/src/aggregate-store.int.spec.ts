import type { BusinessKeyEvent } from '@countersign/contracts';
import { type EventStore, PostgresEventStore } from '@countersign/event-store';
import {
  type Aggregate,
  AppError,
  derivedId,
  hashOf,
  newId,
  rule,
  streamName,
  SystemClock,
  verifyChain,
} from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import {
  codeOfRejection,
  FakeClock,
  startTestPostgres,
  type TestDatabase,
} from '@countersign/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { LossyStore } from '../test/lossy-store.js';
import { AggregateStore, type Outcome } from './aggregate-store.js';

/** The holders of a key, first to last. */
type Holders = readonly string[];

const aggregate: Aggregate<Holders, BusinessKeyEvent> = {
  category: 'businesskey',
  initialState: [],
  evolve: (state, event) =>
    event.type === 'businesskey.reserved' ? [...state, event.data.workflowId] : state,
};

const hold = (...holders: string[]): BusinessKeyEvent[] =>
  holders.map((workflowId) => ({
    type: 'businesskey.reserved',
    data: { template: 't', businessKey: 'k', workflowId, reservedAt: '2026-01-02T03:04:05.678Z' },
  }));

const command = (name: string, body: unknown = name): CommandContext => ({
  commandId: derivedId('command', name),
  commandHash: hashOf(body),
  correlationId: name,
  causationId: name,
  actor: { id: 'alice', roles: ['trader'], groups: [], authMethod: 'test' },
});

const holder = (name: string) => derivedId('holder', name);

describe('AggregateStore on Postgres', () => {
  let database: TestDatabase;
  let postgres: PostgresEventStore;
  let stream: string;

  beforeAll(async () => {
    database = await startTestPostgres();
    postgres = await PostgresEventStore.open({ url: database.url });
  });

  afterAll(async () => {
    await postgres.close();
    await database.stop();
  });

  beforeEach(() => {
    stream = streamName('businesskey', newId());
  });

  /** As one process has it: with a memory of its own. */
  const open = (store: EventStore = postgres, clock = new SystemClock()) =>
    new AggregateStore(store, clock, aggregate);

  const take = (
    store: AggregateStore<Holders, BusinessKeyEvent>,
    name: string,
  ): Promise<Outcome<Holders>> =>
    store.execute(stream, command(name), () => hold(holder(name), holder(`${name} again`)));

  it('settles a lost reply by the very same append', async () => {
    const lossy = new LossyStore(postgres);
    const store = open(lossy);
    lossy.loseNext(2);
    const outcome = await take(store, 'a');
    expect(lossy.lost).toBe(2);
    expect(outcome.revision).toBe(1);
    await take(store, 'b');
    const stored = await postgres.readStream(stream);
    expect(stored).toHaveLength(4);
    expect(verifyChain(stored)).toBeUndefined();
  });

  it('answers from what is stored when a command comes again after its reply was lost for good', async () => {
    const lossy = new LossyStore(postgres);
    const clock = new FakeClock();
    const store = open(lossy, clock);
    await take(store, 'before');
    lossy.loseNext(100);
    expect(await codeOfRejection(take(store, 'a'))).toBe('test.lost');
    lossy.loseNext(0);
    clock.advance(60_000);
    const outcome = await take(store, 'a');
    const stored = await postgres.readStream(stream);
    expect(stored).toHaveLength(4);
    const metadata = stored.slice(2).map((event) => event.metadata);
    expect(outcome.events.map((event) => event.metadata)).toEqual(metadata);
    expect(metadata[0]?.recordedAt).toBe('2026-01-02T03:04:05.678Z');
    // The chain goes on from the stored hash, not from the one of the second try.
    await take(store, 'b');
    expect(verifyChain(await postgres.readStream(stream))).toBeUndefined();
  });

  it('records by which login somebody came, in the hash chain', async () => {
    const asked = command('by another login');
    const context = { ...asked, actor: { ...asked.actor, login: 'corp|4711' } };
    const { events } = await open().execute(stream, context, () => hold(holder('h')));
    const [stored] = await postgres.readStream(stream);
    expect(stored?.metadata).toMatchObject({ actor: 'alice', login: 'corp|4711' });
    expect(events[0]?.metadata).toEqual(stored?.metadata);
    const forged = { ...stored, metadata: { ...stored?.metadata, login: 'alice' } };
    expect(verifyChain([forged as never])).toBeDefined();
  });

  it('loses no update between two processes', async () => {
    const stores = [open(), open()];
    const names = Array.from({ length: 60 }, (_, index) => `command ${index}`);
    await Promise.all(
      names.map((name, index) => untilDecided(() => take(stores[index % 2] ?? open(), name))),
    );
    const stored = await postgres.readStream(stream);
    expect(stored).toHaveLength(120);
    expect(verifyChain(stored)).toBeUndefined();
    for (const store of stores) expect(await store.load(stream)).toHaveLength(120);
  });

  it('decides again on what is there when others were first', async () => {
    const [here, there] = [open(), open()];
    await take(here, 'a');
    await there.load(stream);
    await take(here, 'b');
    const onlyOnce = (state: Holders) => {
      if (state.includes(holder('b'))) throw rule('test.taken', 'b is there');
      return hold(holder('c'));
    };
    expect(await codeOfRejection(there.execute(stream, command('c'), onlyOnce))).toBe('test.taken');
  });

  it('refuses nothing because of a state that others have moved on from', async () => {
    const [here, there] = [open(), open()];
    await take(here, 'a');
    await there.load(stream);
    await take(here, 'b');
    const afterB = (state: Holders) => {
      if (!state.includes(holder('b'))) throw rule('test.too-early', 'b is not there');
      return hold(holder('c'));
    };
    const { revision } = await there.execute(stream, command('c'), afterB);
    expect(revision).toBe(4);
  });

  it('leaves nothing undone because of a state that others have moved on from', async () => {
    const [here, there] = [open(), open()];
    await take(here, 'a');
    await there.load(stream);
    await take(here, 'b');
    const ifB = (state: Holders) => (state.includes(holder('b')) ? hold(holder('c')) : []);
    const { revision, events } = await there.execute(stream, command('c'), ifB);
    expect({ revision, events: events.length }).toEqual({ revision: 4, events: 1 });
  });

  it('tells a repetition from another request under the same key', async () => {
    const store = open();
    const first = await take(store, 'a');
    await take(store, 'b');
    expect(await take(open(), 'a')).toEqual({ ...first, events: expect.anything() });
    const other = open().execute(stream, command('a', 'another body'), () => hold(holder('x')));
    expect(await codeOfRejection(other)).toBe('idempotency.key-reused');
    expect(await postgres.readStream(stream)).toHaveLength(4);
  });

  it('carries out each command once, in any interleaving of repetitions and lost replies', async () => {
    const attempt = fc.record({
      process: fc.nat({ max: 1 }),
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      lost: fc.boolean(),
      /** Whether the next one waits for this one. */
      awaited: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 12 }), async (attempts) => {
        stream = streamName('businesskey', newId());
        const lossy = [new LossyStore(postgres), new LossyStore(postgres)] as const;
        const stores = lossy.map((store) => open(store));
        const answers = new Map<string, Promise<Outcome<Holders>>[]>();
        for (const { process, name, lost, awaited } of attempts) {
          if (lost) lossy[process === 0 ? 0 : 1].loseNext(1);
          const answer = untilDecided(() => take(stores[process] ?? open(), name));
          answers.set(name, [...(answers.get(name) ?? []), answer]);
          if (awaited) await answer;
        }
        for (const same of answers.values()) {
          const seen = (await Promise.all(same)).map(({ state, revision, position }) => ({
            state,
            revision,
            position,
          }));
          expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1);
        }
        const stored = await postgres.readStream(stream);
        expect(verifyChain(stored)).toBeUndefined();
        expect(new Set(stored.map(({ eventId }) => eventId)).size).toBe(stored.length);
        expect(stored).toHaveLength(answers.size * 2);
      }),
      { numRuns: 40 },
    );
  });
});

/** As a careful client does: again, under the same key, while others keep winning. */
async function untilDecided<T>(run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof AppError && error.kind === 'conflict')) throw error;
    }
  }
}
