import { EVENTS_STREAM, partitionOf } from '@countersign/contracts';
import { ensureStreams } from '@countersign/messaging';
import { eventually } from '@countersign/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { nanos } from '@nats-io/transport-node';
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { EventsServer } from '../test/events-server.js';
import {
  type EventName,
  type Failure,
  outcomes,
  type PublishedEvent,
  subscribe,
  type SubscribeOptions,
  type Subscription,
} from './index.js';

const credentials = { user: 'subscriber', pass: 'subscriber' };
const DURABLE = 'subscriber';

describe('subscribe', () => {
  let server: EventsServer;
  let handled: PublishedEvent[];
  let log: string[];
  const subscriptions: Subscription[] = [];

  beforeAll(async () => {
    server = await EventsServer.start();
  }, 60_000);

  afterAll(() => server.stop(), 60_000);

  beforeEach(() => {
    handled = [];
    log = [];
  });

  afterEach(async () => {
    await Promise.all(subscriptions.splice(0).map((subscription) => subscription.stop()));
    await server.manager.consumers.delete(EVENTS_STREAM, DURABLE).catch(() => undefined);
    await server.manager.streams.purge(EVENTS_STREAM);
  });

  async function start(options: Partial<SubscribeOptions<EventName>> = {}) {
    const subscription = await subscribe({
      servers: server.address,
      credentials,
      durable: DURABLE,
      events: ['approval.granted'],
      handle: (event) => {
        handled.push(event);
      },
      log: (line) => log.push(line),
      ...options,
    });
    subscriptions.push(subscription);
    return subscription;
  }

  const until = (condition: () => boolean) => eventually(() => Promise.resolve(condition()));
  const idsHandled = () => handled.map(({ id }) => id);
  const settled = () =>
    eventually(async () => {
      const { num_ack_pending, num_pending } = await server.state(DURABLE);
      return num_ack_pending === 0 && num_pending === 0;
    });

  it('hands over what happened before and happens now, checked and typed', async () => {
    const before = await server.granted();
    await start();
    const now = await server.granted();
    await until(() => handled.length === 2);
    expect(idsHandled()).toEqual([before.id, now.id]);
    const [event] = handled;
    expect(event).toEqual({ ...before, name: 'approval.granted' });
    // By the name the data is known to the compiler.
    expect(event?.name === 'approval.granted' && event.data.approvers).toEqual(['erin']);
    await settled();
  });

  it('goes on where it was, and hands over once what was acknowledged', async () => {
    const subscription = await start();
    const first = await server.granted();
    await until(() => handled.length === 1);
    await subscription.stop();
    const second = await server.granted();
    await start();
    await until(() => handled.length === 2);
    await settled();
    expect(idsHandled()).toEqual([first.id, second.id]);
  });

  it('takes of a wider filter only what was asked for', async () => {
    await start({ events: ['approval.granted', 'approval.withdrawn'] });
    await server.rejected();
    const { id } = await server.granted();
    await until(() => handled.length === 1);
    await settled();
    expect(idsHandled()).toEqual([id]);
  });

  it('knows every outcome', async () => {
    await start({ events: outcomes });
    const common = { reason: 'because' };
    await server.granted();
    await server.rejected();
    await server.publish('approval.withdrawn', common);
    await server.publish('approval.cancelled', common);
    const deadline = new Date().toISOString();
    await server.publish('approval.timed-out', { outcome: 'reject', deadline });
    await until(() => handled.length === 5);
    expect(handled.map(({ name }) => name).sort()).toEqual([...outcomes].sort());
  });

  it('passes over what happened before a time', async () => {
    const since = new Date('2026-06-01T00:00:00.000Z');
    await server.granted({ time: '2026-05-31T23:59:59.999Z' });
    const { id } = await server.granted({ time: since.toISOString() });
    await start({ since });
    await until(() => handled.length === 1);
    await settled();
    expect(idsHandled()).toEqual([id]);
  });

  it('hands over again, later, what its handler threw on, and goes on with the others', async () => {
    const tries: number[] = [];
    const bad = await server.granted();
    const good = await server.granted();
    await start({
      handle: (event, attempt) => {
        if (event.id === bad.id) tries.push(attempt);
        if (event.id === bad.id && attempt < 3) throw new Error('not yet');
        handled.push(event);
      },
    });
    await until(() => handled.length === 2);
    await settled();
    expect(idsHandled()).toEqual([good.id, bad.id]);
    expect(tries).toEqual([1, 2, 3]);
  });

  it('gives up in the end, and says so once', async () => {
    const failures: Failure[] = [];
    const event = await server.granted();
    await start({
      maxAttempts: 2,
      handle: () => Promise.reject(new Error('never')),
      failed: (failure) => {
        failures.push(failure);
      },
    });
    await until(() => failures.length === 1);
    await settled();
    const [failure] = failures;
    expect(failure).toMatchObject({ attempts: 2, error: new Error('never') });
    expect(JSON.parse(failure?.payload ?? '')).toEqual(event);
    expect(failures).toHaveLength(1);
  });

  it('does not give up what could not be reported', async () => {
    let reports = 0;
    await server.granted();
    await start({
      maxAttempts: 1,
      handle: () => {
        throw new Error('never');
      },
      failed: async () => {
        reports += 1;
        if (reports < 2) throw new Error('the place for failures is away');
        await Promise.resolve();
      },
    });
    await until(() => reports === 2);
    await settled();
  });

  it.each([
    ['of a type that it does not know', { type: 'countersign.approval.invented.v1' }],
    ['of a version that is to come', { type: 'countersign.approval.granted.v9' }],
    ['without what belongs to it', { data: { approvalId: 'none' } }],
  ])('reports an event %s', async (_, overrides) => {
    const failures: Failure[] = [];
    await server.granted(overrides);
    await start({ maxAttempts: 1, failed: (failure) => void failures.push(failure) });
    await until(() => failures.length === 1);
    await settled();
    expect(handled).toEqual([]);
  });

  it('keeps the order of each partition, and lets others overtake it', async () => {
    const slow = await server.granted();
    const slowPartition = partitionOf(slow.subject);
    const same = await server.granted({ subject: slow.subject });
    const other = await server.granted({
      subject: Array.from({ length: 100 }, (_, n) => `approval-${n}`).find(
        (stream) => partitionOf(stream) !== slowPartition,
      ) as string,
    });
    const { promise: gate, resolve: release } = Promise.withResolvers<undefined>();
    await start({
      concurrency: 16,
      handle: async (event) => {
        if (event.id === slow.id) await gate;
        handled.push(event);
      },
    });
    await until(() => handled.length === 1);
    await sleep(200);
    expect(idsHandled()).toEqual([other.id]);
    release(undefined);
    await until(() => handled.length === 3);
    expect(idsHandled()).toEqual([other.id, slow.id, same.id]);
  });

  it('stops when the handlers that run are done, and gives back the rest', async () => {
    await (await start()).stop();
    await server.manager.consumers.update(EVENTS_STREAM, DURABLE, { ack_wait: nanos(2_000) });
    const events = [await server.granted(), await server.granted(), await server.granted()];
    let entered = false;
    const first = await start({
      handle: async (event) => {
        entered = true;
        await sleep(300);
        handled.push(event);
      },
    });
    await until(() => entered);
    await first.stop();
    expect(idsHandled()).toEqual([events[0]?.id]);
    await start();
    await until(() => new Set(idsHandled()).size === 3);
    await settled();
    expect(idsHandled().filter((id) => id === events[0]?.id)).toHaveLength(1);
  });

  it('shares the events of one durable consumer between processes', async () => {
    await Promise.all([start(), start()]);
    const events = await Promise.all(Array.from({ length: 50 }, () => server.granted()));
    await until(() => handled.length === 50);
    await settled();
    expect(new Set(idsHandled())).toEqual(new Set(events.map(({ id }) => id)));
  });

  it('hands over again what a killed process had handled and not acknowledged', async () => {
    await (await start()).stop();
    await server.manager.consumers.update(EVENTS_STREAM, DURABLE, { ack_wait: nanos(1_000) });
    const { id } = await server.granted();
    const program = fileURLToPath(new URL('../test/subscriber-that-dies.mjs', import.meta.url));
    const { signal, said } = await new Promise<{ signal: unknown; said: string }>((resolve) => {
      execFile(process.execPath, [program, server.address], (error, said) => {
        resolve({ signal: error?.signal, said });
      });
    });
    expect({ signal, said }).toEqual({ signal: 'SIGKILL', said: id });
    let attempt = 0;
    await start({
      handle: (event, which) => {
        attempt = which;
        handled.push(event);
      },
    });
    await until(() => handled.length === 1);
    await settled();
    expect({ ids: idsHandled(), attempt }).toEqual({ ids: [id], attempt: 2 });
  });

  it.each(['with', 'without'])(
    'goes on after the server was killed, %s its streams',
    async (how) => {
      await start();
      const first = await server.granted();
      await until(() => handled.length === 1);
      await server.nats.kill();
      if (how === 'without') await server.nats.wipe();
      await server.nats.up();
      const second = await eventually(async () => {
        await ensureStreams(server.manager);
        return server.granted();
      });
      await eventually(() => Promise.resolve(idsHandled().includes(second.id)), { within: 25_000 });
      expect(idsHandled()[0]).toBe(first.id);
    },
  );

  it.each([
    ['sdk.not-let-in', { credentials: { user: 'subscriber', pass: 'wrong' } }],
    ['sdk.not-your-durable', { durable: 'ledger' }],
    ['sdk.not-your-durable', { credentials: {} }],
    ['sdk.unreachable', { servers: '127.0.0.1:1' }],
  ])('says %s at once', async (code, options) => {
    await expect(start(options)).rejects.toMatchObject({ code });
  });

  it('says which durable consumers one may use', async () => {
    const refused = await start({ durable: 'ledger' }).catch(String);
    expect(refused).toMatch(/subscriber may not use ledger, .* subscriber and subscriber-1 to -4/);
    await start({ durable: 'subscriber-4' });
  });

  it('says in words what is wrong with what was asked for', async () => {
    const refused = await start({ events: ['approval.invented' as EventName] }).catch(String);
    const message = 'feed.invalid: /events/0: approval.invented is no event of this product';
    expect(refused).toBe(`CountersignError: ${message}`);
  });
});
