import { TRADES_STREAM } from '@countersign/contracts';
import { eventually, TestNats } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { setTimeout as sleep } from 'node:timers/promises';

import { connectBus } from './bus.js';
import { StreamConsumer } from './stream-consumer.js';
import { ensureStreams } from './streams.js';

const DURABLE = 'test--trades';
const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

describe('StreamConsumer', () => {
  let nats: TestNats;
  let bus: NatsConnection;
  let consumer: StreamConsumer | undefined;
  let handled: string[];

  beforeEach(async () => {
    nats = await TestNats.start();
    bus = await connectBus(nats.url, 'test');
    handled = [];
  });

  afterEach(async () => {
    await consumer?.stop();
    await bus.close();
    await nats.stop();
  });

  const start = async (handle: (text: string) => Promise<void> = () => Promise.resolve()) => {
    const options = {
      stream: TRADES_STREAM,
      durable: DURABLE,
      subject: 'trades.>',
      concurrency: 4,
    };
    const started = new StreamConsumer(bus, silent, options, async (message) => {
      const text = message.string();
      await handle(text);
      handled.push(text);
    });
    consumer = started;
    started.start();
    await eventually(() => Promise.resolve(started.ready));
  };

  const publish = async (...texts: string[]) => {
    for (const text of texts) await jetstream(bus).publish('trades.executed', text);
  };

  const untilHandled = (...texts: string[]) =>
    eventually(() => Promise.resolve(texts.every((text) => handled.includes(text))), {
      within: 25_000,
    });

  const unacknowledged = async (): Promise<number> => {
    const manager = await jetstreamManager(bus);
    const { num_ack_pending } = await manager.consumers.info(TRADES_STREAM, DURABLE);
    return num_ack_pending;
  };

  it('stops at once while the server is away', async () => {
    await nats.down();
    const options = { stream: TRADES_STREAM, durable: DURABLE, subject: 'trades.>' };
    const handle = () => Promise.resolve();
    consumer = new StreamConsumer(bus, silent, { ...options, concurrency: 4 }, handle);
    consumer.start();
    await sleep(200);
    const asked = Date.now();
    await consumer.stop();
    expect(Date.now() - asked).toBeLessThan(1_000);
  });

  it('delivers again what its handler threw on, and goes on with the others meanwhile', async () => {
    const tries = new Map<string, number>();
    await start(async (text) => {
      const count = (tries.get(text) ?? 0) + 1;
      tries.set(text, count);
      if (text === 'bad' && count < 4) throw new Error('not yet');
      await Promise.resolve();
    });
    await publish('bad', 'good 1', 'good 2');
    await untilHandled('bad', 'good 1', 'good 2');
    expect(tries.get('bad')).toBe(4);
    expect(handled.at(-1)).toBe('bad');
    await eventually(async () => (await unacknowledged()) === 0);
    expect(handled).toHaveLength(3);
  });

  it('hands over at most so many at a time', async () => {
    let atOnce = 0;
    let most = 0;
    await start(async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 20));
      atOnce--;
    });
    const texts = Array.from({ length: 40 }, (_, index) => `trade ${index}`);
    await publish(...texts);
    await untilHandled(...texts);
    expect(most).toBe(4);
  });

  it('takes what was published while it was away, and not again what it has acknowledged', async () => {
    await start();
    await publish('one');
    await untilHandled('one');
    await eventually(async () => (await unacknowledged()) === 0);
    await consumer?.stop();
    await publish('two');
    await start();
    await untilHandled('two');
    expect(handled).toEqual(['one', 'two']);
  });

  it('survives the deletion of its consumer', async () => {
    await start();
    await publish('one');
    await untilHandled('one');
    const manager = await jetstreamManager(bus);
    await manager.consumers.delete(TRADES_STREAM, DURABLE);
    await publish('two');
    await untilHandled('two');
  });

  it('survives the deletion of its stream', async () => {
    await start();
    await publish('one');
    await untilHandled('one');
    const manager = await jetstreamManager(bus);
    await manager.streams.delete(TRADES_STREAM);
    await eventually(async () => {
      await ensureStreams(manager);
      await publish('two');
      return true;
    });
    await untilHandled('two');
  });

  it.each(['with', 'without'])('survives a restart of the server %s its streams', async (what) => {
    await start();
    await publish('one');
    await untilHandled('one');
    await nats.down();
    if (what === 'without') await nats.wipe();
    await nats.up();
    await eventually(async () => (await bus.rtt()) >= 0);
    await eventually(async () => {
      await ensureStreams(await jetstreamManager(bus));
      await publish('two');
      return true;
    });
    await untilHandled('two');
  });
});
