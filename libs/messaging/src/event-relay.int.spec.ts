import { CloudEvent, EVENTS_STREAM, eventSubject, partitionOf } from '@countersign/contracts';
import { InMemoryEventStore } from '@countersign/event-store';
import { derivedId, type NewEvent, streamName } from '@countersign/kernel';
import { eventually, TestNats } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, nanos, type NatsConnection } from '@nats-io/nats-core';
import { setTimeout as sleep } from 'node:timers/promises';

import { BusSigner, SIGNATURE_HEADER } from './bus-signer.js';
import { connectBus } from './bus.js';
import { Freezing, MemoryCheckpoints, Unrivalled } from '../test/relay-fakes.js';
import { EventRelay, type Leadership, POSITION_HEADER } from './event-relay.js';
import { ensureStreams } from './streams.js';

const signer = new BusSigner('5e'.repeat(32));
const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};
const A = streamName('approval', derivedId('a'));
const B = streamName('approval', derivedId('b'));

describe('EventRelay', () => {
  let nats: TestNats;
  let bus: NatsConnection;
  let store: InMemoryEventStore;
  let checkpoints: MemoryCheckpoints;
  const relays: EventRelay[] = [];

  beforeEach(async () => {
    nats = await TestNats.start();
    bus = await connectBus(nats.url, 'test');
    store = new InMemoryEventStore();
    checkpoints = new MemoryCheckpoints();
  });

  afterEach(async () => {
    await stopAll();
    await bus.close();
    await store.close();
    await nats.stop();
  });

  const start = (leadership: Leadership = new Unrivalled()): EventRelay => {
    const options = { name: 'relay.approval', categories: ['approval'] };
    const relay = new EventRelay(store, bus, signer, leadership, checkpoints, silent, options);
    relays.push(relay);
    relay.start();
    return relay;
  };

  /** What is asked before is lost, and waits for its time limit. */
  const reconnected = () => eventually(async () => (await bus.rtt()) >= 0);

  const stopAll = () => Promise.all(relays.splice(0).map((relay) => relay.stop()));

  const append = async (stream: string, from: number, count: number, type = 'approval.granted') => {
    const events = Array.from({ length: count }, (_, at) => event(stream, from + at, type));
    await store.append(stream, from === 0 ? 'none' : from - 1, events);
  };

  /** Ids of all that the stream holds, in its order. */
  const published = async (): Promise<string[]> => {
    const manager = await jetstreamManager(bus);
    const { state } = await manager.streams.info(EVENTS_STREAM);
    if (state.messages === 0) return [];
    const consumer = await jetstream(bus).consumers.get(EVENTS_STREAM);
    const messages = await consumer.fetch({ max_messages: state.messages, expires: 5_000 });
    const ids: string[] = [];
    for await (const message of messages) ids.push(CloudEvent.parse(message.json()).id);
    return ids;
  };

  const stored = async (): Promise<string[]> => {
    const { events } = await store.readAll(undefined, { categories: ['approval'] }, 10_000);
    return events.map(({ eventId }) => eventId);
  };

  const untilLevel = () =>
    eventually(async () => {
      const [inStream, inStore] = await Promise.all([published(), stored()]);
      return new Set(inStream).size === inStore.length && inStream;
    });

  /** A stream that recognises a repetition for a moment only, so that nothing but the relay prevents one. */
  const forgetfulStream = async () => {
    const manager = await jetstreamManager(bus);
    const window = nanos(100);
    await manager.streams.add({
      name: EVENTS_STREAM,
      subjects: ['evt.>'],
      duplicate_window: window,
      allow_direct: true,
    });
    return manager;
  };

  it('stops at once while the server is away, and publishes the rest later', async () => {
    await append(A, 0, 3);
    const relay = start();
    await untilLevel();
    await nats.down();
    await append(A, 3, 3);
    await sleep(200);
    const asked = Date.now();
    await relay.stop();
    expect(Date.now() - asked).toBeLessThan(2_000);
    await nats.up();
    await reconnected();
    start();
    expect(await untilLevel()).toEqual(await stored());
  });

  it('publishes what is stored, signed and in order, and nothing of other categories', async () => {
    await append(A, 0, 300);
    await store.append(streamName('template', derivedId('t')), 'none', [
      event('t', 0, 'template.x'),
    ]);
    start();
    await append(B, 0, 3);
    expect(await untilLevel()).toEqual(await stored());
    const manager = await jetstreamManager(bus);
    const subject = eventSubject('approval.granted', A);
    const message = await manager.streams.getMessage(EVENTS_STREAM, { last_by_subj: subject });
    expect(message?.subject).toBe(`evt.approval.granted.${partitionOf(A)}`);
    const signature = message?.header.get(SIGNATURE_HEADER) ?? '';
    expect(signer.verify(subject, message?.string() ?? '', signature)).toBe(true);
  });

  it('goes on at the first event that the stream does not hold', async () => {
    await forgetfulStream();
    await append(A, 0, 40);
    start();
    await untilLevel();
    await stopAll();
    await append(A, 40, 10);
    // The server lost the last ten, which it had acknowledged but not yet written.
    const saved = await checkpoints.load('relay.approval');
    const position = await store.head();
    await checkpoints.save('relay.approval', {
      position: position ?? '',
      streamCreated: saved?.streamCreated ?? '',
    });
    start();
    await append(A, 50, 10);
    expect(await untilLevel()).toEqual(await stored());
  });

  it('goes on at the checkpoint where the stream may have gaps behind it', async () => {
    const manager = await forgetfulStream();
    await append(A, 0, 10);
    start();
    await untilLevel();
    await stopAll();
    const saved = await checkpoints.load('relay.approval');
    const { events } = await store.readAll(undefined, {}, 8);
    await checkpoints.save('relay.approval', {
      position: events.at(-1)?.position ?? '',
      streamCreated: saved?.streamCreated ?? '',
    });
    await manager.streams.deleteMessage(EVENTS_STREAM, 9);
    await sleep(300);
    start();
    const ids = await untilLevel();
    expect(ids.slice(0, 8)).toEqual((await stored()).slice(0, 8));
    expect(new Set(ids)).toEqual(new Set(await stored()));
  });

  it('outlives the server, in the middle of a long way to go', async () => {
    await append(A, 0, 3_000);
    start();
    const manager = await jetstreamManager(bus);
    await eventually(async () => (await manager.streams.info(EVENTS_STREAM)).state.messages > 200, {
      every: 5,
    });
    await nats.down();
    await append(B, 0, 10);
    await nats.up();
    await reconnected();
    expect(await untilLevel()).toEqual(await stored());
  });

  it('fills a stream that was wiped with its server', async () => {
    await append(A, 0, 20);
    start();
    await untilLevel();
    await nats.down();
    await nats.wipe();
    await nats.up();
    await reconnected();
    expect(await untilLevel()).toEqual(await stored());
  });

  it('fills a stream that was deleted and made anew by somebody else', async () => {
    await append(A, 0, 20);
    start();
    await untilLevel();
    const manager = await jetstreamManager(bus);
    await manager.streams.delete(EVENTS_STREAM);
    await ensureStreams(manager);
    // A subject that was never used before: no fence tells that the stream is another one.
    await append(B, 0, 1, 'approval.rejected');
    expect(new Set(await untilLevel())).toEqual(new Set(await stored()));
  });

  it('does not let a leader that was frozen publish again what its successor has', async () => {
    await forgetfulStream();
    const frozen = new Freezing();
    await append(A, 0, 10);
    start(frozen);
    await frozen.reached;
    start();
    await untilLevel();
    await sleep(300);
    frozen.thaw();
    await sleep(300);
    await append(A, 10, 5);
    expect(await untilLevel()).toEqual(await stored());
  });

  it('publishes once with two leaders at a time', async () => {
    start();
    start();
    for (let from = 0; from < 200; from += 20) await append(A, from, 20);
    await untilLevel();
    expect(await published()).toEqual(await stored());
  });

  it.each([{}, { position: '0' }, { position: 'nonsense' }, { position: '999999999' }])(
    'is not led astray by a forged message with %p',
    async ({ position }) => {
      await append(A, 0, 20);
      start();
      await untilLevel();
      await stopAll();
      const head = headers();
      if (position !== undefined) head.set(POSITION_HEADER, position);
      const subject = eventSubject('approval.granted', A);
      await jetstream(bus).publish(subject, '{"forged": true}', { headers: head });
      await append(A, 20, 5);
      start();
      const manager = await jetstreamManager(bus);
      await eventually(async () => {
        const { state } = await manager.streams.info(EVENTS_STREAM);
        return state.messages === 26;
      });
    },
  );
});

function event(stream: string, revision: number, type: string): NewEvent {
  return {
    eventId: derivedId(stream, revision),
    type,
    schemaVersion: 1,
    data: { revision },
    metadata: {
      correlationId: 'c',
      causationId: 'c',
      commandId: derivedId(stream, revision, 'command'),
      commandHash: '0'.repeat(64),
      actor: 'alice',
      roles: '',
      authMethod: 'test',
      recordedAt: '2026-01-02T03:04:05.678Z',
      prevHash: '0'.repeat(64),
      hash: '0'.repeat(64),
    },
  };
}
