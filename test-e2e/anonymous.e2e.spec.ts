import { EVENTS_STREAM } from '@countersign/contracts';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';

import { connectAnonymously, connectAsService } from './src/bus.js';
import { Desk } from './src/desk.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';

describe('a connection to NATS without credentials', () => {
  let system: TestSystem;
  let bus: NatsConnection;
  const violations: PermissionViolationError[] = [];

  beforeAll(async () => {
    system = await TestSystem.start();
    bus = await connectAnonymously(system.nats);
    const status = bus.status();
    void (async () => {
      for await (const event of status) {
        if (event.type === 'error' && event.error instanceof PermissionViolationError) {
          violations.push(event.error);
        }
      }
    })();
  }, 120_000);

  afterAll(async () => {
    await bus.close();
    await system.stop();
  }, 120_000);

  const refused = (operation: string, subject: string) =>
    eventually(() =>
      Promise.resolve(violations.some((v) => v.operation === operation && v.subject === subject)),
    );

  it.each([
    'evt.approval.granted.1',
    'offer.workflow.approval.granted',
    'cmd.workflow.start',
    'dead.trades.executed',
    'health.workflow',
    'hint.projected',
    'trades',
    `$JS.API.STREAM.PURGE.${EVENTS_STREAM}`,
    `$JS.API.STREAM.INFO.${EVENTS_STREAM}`,
    `$JS.API.CONSUMER.CREATE.${EVENTS_STREAM}`,
    '_INBOX.whoever',
    'feed.open.subscriber',
    `feed.CONSUMER.MSG.NEXT.${EVENTS_STREAM}.subscriber`,
    `$JS.ACK.${EVENTS_STREAM}.subscriber.1.1.1.1.1`,
  ])('may not publish %s', async (subject) => {
    bus.publish(subject, '{}');
    await refused('publish', subject);
  });

  it.each(['>', 'cmd.>', 'offer.>', 'trades.>', 'dead.>', 'health.>', 'hint.>', '$JS.>', '*.>'])(
    'may not subscribe %s',
    async (subject) => {
      bus.subscribe(subject, { callback: () => undefined });
      await refused('subscription', subject);
    },
  );

  it('may publish trades and read events, and overhears nothing else', async () => {
    const heard: string[] = [];
    for (const subject of ['evt.>', '_INBOX.>', 'evt.approval.granted.>']) {
      bus.subscribe(subject, {
        callback: (_, message) => {
          heard.push(message.subject);
        },
      });
    }
    await bus.flush();
    const desk = await Desk.open(system);
    await desk.deal();
    bus.publish('trades.executed', JSON.stringify({ tradeId: 'ANONYMOUS', notional: 1 }));
    await eventually(async () => {
      const alice = await system.as('alice');
      const { body } = await alice.get<{ items: unknown[] }>('/workflows?businessKey=ANONYMOUS');
      return body.items.length === 1;
    });
    await settled(system);
    expect(heard.some((subject) => subject.startsWith('evt.approval.granted.'))).toBe(true);
    expect(heard.filter((subject) => !subject.startsWith('evt.'))).toEqual([]);
  });

  // Permissions do not cover reply subjects: it takes accounts of their own, see `natsConfig`.
  it('cannot have JetStream send its acknowledgement where it may not publish itself', async () => {
    const service = await connectAsService(system.nats);
    const overheard: string[] = [];
    service.subscribe('cmd.>', {
      callback: (_, message) => {
        overheard.push(message.subject);
      },
    });
    await service.flush();
    const manager = await jetstreamManager(service);
    const { state: before } = await manager.streams.info(EVENTS_STREAM);
    for (const reply of [`$JS.API.STREAM.PURGE.${EVENTS_STREAM}`, 'cmd.workflow.start']) {
      bus.publish('trades.elsewhere', '{}', { reply });
    }
    await bus.flush();
    await sleep(500);
    const { state: after } = await manager.streams.info(EVENTS_STREAM);
    await service.close();
    // Nothing is gone; what nobody listens to may have raised an incident, which is published.
    expect(after.messages).toBeGreaterThanOrEqual(before.messages);
    expect({ first: after.first_seq, overheard }).toEqual({
      first: before.first_seq,
      overheard: [],
    });
  });
});
