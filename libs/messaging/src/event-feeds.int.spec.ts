import { EVENTS_STREAM, type FeedOpened, TRADES_STREAM } from '@countersign/contracts';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AckPolicy, jetstream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError } from '@nats-io/nats-core';

import { type AccountsServer, localAccounts, productionAccounts } from '../test/accounts.js';
import { EventFeeds } from './event-feeds.js';
import { ensureStreams } from './streams.js';

const OWN = 'subscriber';
const OTHERS = 'ledger';
const SERVICES = 'workflow--approval-granted';
const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

/** Where nothing of a subscriber may arrive, neither sent nor as an answer. */
const FORBIDDEN = [
  'evt.approval.granted.9',
  'trades.executed',
  'cmd.workflow.start',
  'offer.workflow.approval.granted',
  'dead.trades.executed',
  'hint.projected',
  `$JS.API.STREAM.PURGE.${EVENTS_STREAM}`,
  `$JS.API.STREAM.DELETE.${TRADES_STREAM}`,
  `$JS.API.STREAM.MSG.GET.${TRADES_STREAM}`,
  `$JS.API.CONSUMER.DELETE.${EVENTS_STREAM}.${OTHERS}`,
  `$JS.API.CONSUMER.CREATE.${EVENTS_STREAM}.${OWN}`,
  `$JS.API.CONSUMER.CREATE.${TRADES_STREAM}.${OWN}`,
  `$JS.API.CONSUMER.DURABLE.CREATE.${EVENTS_STREAM}.${OWN}`,
  `$JS.API.CONSUMER.DELETE.${EVENTS_STREAM}.${OWN}`,
  `$JS.API.CONSUMER.MSG.NEXT.${EVENTS_STREAM}.${OTHERS}`,
  `feed.CONSUMER.MSG.NEXT.${EVENTS_STREAM}.${OTHERS}`,
  `feed.CONSUMER.MSG.NEXT.${EVENTS_STREAM}.${SERVICES}`,
  `feed.CONSUMER.MSG.NEXT.${TRADES_STREAM}.${OWN}`,
  `feed.CONSUMER.DELETE.${EVENTS_STREAM}.${OTHERS}`,
  `feed.CONSUMER.INFO.${EVENTS_STREAM}.${OTHERS}`,
  `feed.STREAM.PURGE.${EVENTS_STREAM}`,
  `feed.open.${OTHERS}`,
  `$JS.ACK.${EVENTS_STREAM}.${OTHERS}.1.1.1.1.1`,
  `$JS.ACK.${EVENTS_STREAM}.${SERVICES}.1.1.1.1.1`,
];

const variants = [
  { name: 'local', start: () => localAccounts(), bounded: true },
  { name: 'production', start: () => productionAccounts(), bounded: true },
  // What accounts alone keep apart: a permission says nothing about reply subjects.
  {
    name: 'local, without permissions',
    start: () => localAccounts({ permissions: false }),
    bounded: false,
  },
];

describe.each(variants)('durable consumers of subscribers ($name)', ({ start, bounded }) => {
  let server: AccountsServer;
  let services: NatsConnection;
  let subscriber: NatsConnection;
  let manager: JetStreamManager;
  let feeds: EventFeeds;
  const violations = new Set<string>();
  const arrived: string[] = [];

  beforeAll(async () => {
    server = await start();
    services = await server.connect('countersign');
    manager = await jetstreamManager(services);
    await ensureStreams(manager);
    feeds = new EventFeeds(services, silent);
    feeds.start();
    await services.flush();
    for (const partition of [0, 1, 2]) await publish(`evt.approval.granted.${partition}`);
    await publish('trades.executed');
    for (const durable_name of [OTHERS, SERVICES]) {
      await manager.consumers.add(EVENTS_STREAM, { durable_name, ack_policy: AckPolicy.Explicit });
    }
    subscriber = await server.connect('subscriber');
    void watch(subscriber);
  }, 60_000);

  afterAll(async () => {
    feeds.stop();
    await subscriber.close();
    await services.close();
    await server.stop();
  }, 60_000);

  const publish = (subject: string) => jetstream(services).publish(subject, '{"n":1}');

  async function watch(bus: NatsConnection) {
    for await (const event of bus.status()) {
      if (event.type === 'error' && event.error instanceof PermissionViolationError) {
        violations.add(event.error.subject);
      }
    }
  }

  async function open(body: unknown): Promise<FeedOpened> {
    const reply = await subscriber.request(`feed.open.${OWN}`, JSON.stringify(body));
    return reply.json<FeedOpened>();
  }

  const consumer = async () => {
    await open({ events: ['approval.granted'] });
    return jetstream(subscriber, { apiPrefix: 'feed' }).consumers.get(EVENTS_STREAM, OWN);
  };

  it('are made, filtered, taken from and acknowledged', async () => {
    const events = ['approval.granted'];
    expect(await open({ events })).toEqual({ durable: OWN, filter: 'evt.approval.granted.>' });
    const own = await consumer();
    const messages = await own.fetch({ max_messages: 3, expires: 5_000 });
    const subjects: string[] = [];
    for await (const message of messages) {
      subjects.push(message.subject);
      expect(await message.ackAck()).toBe(true);
    }
    expect(subjects).toEqual([0, 1, 2].map((partition) => `evt.approval.granted.${partition}`));
    expect(await own.info()).toMatchObject({ num_ack_pending: 0, num_pending: 0 });
  });

  it('are not made twice, and take another filter', async () => {
    const events = ['approval.granted', 'approval.rejected'];
    expect(await open({ events })).toEqual({ durable: OWN, filter: 'evt.approval.>' });
    await publish('evt.approval.rejected.4');
    const message = await (await consumer()).next({ expires: 2_000 });
    // The filter is that of the last who asked.
    expect(message).toBeNull();
    await open({ events });
    const { config, delivered } = await manager.consumers.info(EVENTS_STREAM, OWN);
    expect(config).toMatchObject({ filter_subject: 'evt.approval.>', max_ack_pending: 64 });
    expect(delivered.consumer_seq).toBe(3);
  });

  it.each([
    [
      { events: ['approval.granted'], deliver_subject: 'trades.executed' },
      '/: Unrecognized key: "deliver_subject"',
    ],
    [{ events: ['>'] }, '/events/0: > is no event of this product'],
    [{ events: ['approval.nothing'] }, '/events/0: approval.nothing is no event of this product'],
    [{ events: [] }, '/events: name at least one event'],
    [{ config: { deliver_subject: 'cmd.workflow.start' } }, '/events: Invalid input'],
    ['approval.granted', '/: Invalid input: expected object'],
    [null, '/: Invalid input: expected object'],
  ])('are not made of %j, and say why', async (body, message) => {
    const refused = { code: 'feed.invalid', message: expect.stringContaining(message) };
    expect(await open(body)).toEqual(refused);
  });

  if (bounded) {
    it.each(FORBIDDEN)('do not let a subscriber publish %s', async (subject) => {
      subscriber.publish(subject, '{}');
      await eventually(() => Promise.resolve(violations.has(subject)));
    });

    it.each(['>', '$JS.>', 'cmd.>', 'trades.>', 'feed.>', '_R_.>', '*.>'])(
      'do not let a subscriber subscribe %s',
      async (subject) => {
        subscriber.subscribe(subject, { callback: () => undefined });
        await eventually(() => Promise.resolve(violations.has(subject)));
      },
    );
  }

  it('let nothing arrive where it must not, neither sent nor as an answer', async () => {
    await open({ events: ['approval.granted'] });
    // So that there is something to send there.
    for (let n = 0; n < FORBIDDEN.length * 2; n++) await publish('evt.approval.granted.2');
    const before = await picture();
    // Everything in the services' account but what JetStream itself answers and says.
    services.subscribe('>', {
      callback: (_, { subject }) => {
        arrived.push(subject);
      },
    });
    await services.flush();
    const allowed = [
      [`feed.open.${OWN}`, '{"events":["approval.granted"]}'],
      [`feed.CONSUMER.INFO.${EVENTS_STREAM}.${OWN}`, ''],
      [`feed.CONSUMER.MSG.NEXT.${EVENTS_STREAM}.${OWN}`, '{"batch":1,"no_wait":true}'],
      [`$JS.ACK.${EVENTS_STREAM}.${OWN}.1.1.1.1.0`, '+NXT {"batch":1,"no_wait":true}'],
    ] as const;
    for (const reply of FORBIDDEN) {
      subscriber.publish(reply, '{}');
      for (const [subject, body] of allowed) subscriber.publish(subject, body, { reply });
    }
    await subscriber.flush();
    await services.flush();
    await subscriber.request(`feed.open.${OWN}`, '{}');
    expect(arrived).toContain(`feed.open.${OWN}`);
    const { delivered } = await manager.consumers.info(EVENTS_STREAM, OWN);
    expect(delivered.consumer_seq).toBeGreaterThan(3);
    expect(arrived.filter((subject) => FORBIDDEN.includes(subject))).toEqual([]);
    expect(await picture()).toEqual(before);
  });

  /** All that somebody could have destroyed, taken or added. */
  async function picture() {
    const streams = [EVENTS_STREAM, TRADES_STREAM, 'DEAD_LETTERS'];
    const states = streams.map(async (name) => {
      const { state } = await manager.streams.info(name);
      return { name, first: state.first_seq, last: state.last_seq, held: state.messages };
    });
    const consumers = streams.map((name) => manager.consumers.list(name).next());
    const others = [OTHERS, SERVICES].map(async (name) => {
      const { delivered, ack_floor, num_waiting } = await manager.consumers.info(
        EVENTS_STREAM,
        name,
      );
      return { delivered: delivered.consumer_seq, acked: ack_floor.consumer_seq, num_waiting };
    });
    return {
      states: await Promise.all(states),
      consumers: (await Promise.all(consumers)).map((page) => page.map(({ name }) => name)),
      others: await Promise.all(others),
    };
  }

  it('are not for those who report trades', async () => {
    const upstream = await server.connect('upstream');
    void watch(upstream);
    violations.clear();
    upstream.publish(`feed.open.${OWN}`, '{}');
    upstream.publish(`feed.CONSUMER.MSG.NEXT.${EVENTS_STREAM}.${OWN}`, '{}');
    await upstream.flush();
    if (bounded) await eventually(() => Promise.resolve(violations.size === 2));
    const { num_waiting } = await manager.consumers.info(EVENTS_STREAM, OWN);
    expect(num_waiting).toBe(0);
    await upstream.close();
  });
});
