import {
  CancelWorkflow,
  type CloudEvent,
  EVENTS_STREAM,
  eventSubject,
  offerSubject,
  PauseWorkflow,
  toCloudEvent,
} from '@countersign/contracts';
import { newId, type StoredEvent, streamName, SystemClock } from '@countersign/kernel';
import { BusSigner, CommandClient, connectBus } from '@countersign/messaging';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers as natsHeaders, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { createHmac } from 'node:crypto';

import type { ApiClient } from './src/api-client.js';
import { faultsInPublished, readPublished, readStore } from './src/audit.js';
import { connectAsService } from './src/bus.js';
import { Desk } from './src/desk.js';
import { settled } from './src/settled.js';
import { BUS_KEY } from './src/services-process.js';
import { TestSystem } from './src/system.js';

const SIGNATURE = 'Countersign-Signature';

const asAlice = () => ({
  commandId: newId(),
  correlationId: 'from-elsewhere',
  causationId: 'from-elsewhere',
  actor: { id: 'alice', roles: ['trader'], groups: [], authMethod: 'dev-token' },
});

describe('messages of somebody with the credentials of the services, but without their key', () => {
  let system: TestSystem;
  let alice: ApiClient;
  let intruder: NatsConnection;
  let elsewhere: NatsConnection;
  /** What a gateway in another process sends goes over the bus. */
  let fromElsewhere: CommandClient;
  let desk: Desk;
  let pending: { workflowId: string; approvalId: string };
  let before: string[];

  beforeAll(async () => {
    system = await TestSystem.start();
    alice = await system.as('alice');
    intruder = await connectAsService(system.nats);
    elsewhere = await connectBus(system.nats.url, 'another process');
    const signer = new BusSigner(BUS_KEY);
    fromElsewhere = new CommandClient(elsewhere, signer, new SystemClock());
    desk = await Desk.open(system);
  }, 120_000);

  afterAll(async () => {
    await intruder.close();
    await elsewhere.close();
    await system.stop();
  }, 120_000);

  const record = async () =>
    (await readStore(system)).map(({ stream, revision, type }) => `${stream}@${revision} ${type}`);

  beforeEach(async () => {
    pending = await desk.start();
    await settled(system);
    before = await record();
  });

  const nothingHappened = async () => {
    await settled(system);
    expect(await record()).toEqual(before);
    const { body } = await alice.get(`/workflows/${pending.workflowId}`);
    expect(body).toMatchObject({ status: 'ACTIVE', state: 'pending_approval' });
  };

  /** An outcome that nobody decided, as the approval service would publish it. */
  const forgedOutcome = async (): Promise<CloudEvent> => {
    const stored = await readStore(system);
    const stream = streamName('approval', pending.approvalId);
    const requested = stored.find((event) => event.stream === stream);
    if (!requested) throw new Error('no approval is open');
    const { approvalId, workflowId, template, businessKey, scope, subjectHash } = requested.data;
    const granted: StoredEvent = {
      ...requested,
      eventId: newId(),
      type: 'approval.granted',
      revision: 3,
      data: {
        ...{ approvalId, workflowId, template, businessKey, scope, subjectHash },
        approvers: ['erin', 'frank'],
        level: 'DUAL',
      } as StoredEvent['data'],
    };
    return toCloudEvent(granted);
  };

  /** Without a signature, with one under a key of their own, and with none at all. */
  const signatures = (subject: string, payload: string) => {
    const hmac = createHmac('sha256', Buffer.alloc(32)).update(`${subject}\n${payload}`);
    return [undefined, hmac.digest('base64url'), ''];
  };

  /** The code of the error that is answered; undefined when none is. */
  const codeOf = async (subject: string, payload: string | Uint8Array, signature?: string) => {
    const headers = withSignature(signature);
    const reply = await intruder.request(subject, payload, { headers, timeout: 5_000 });
    return reply.json<{ error?: { code: string } }>().error?.code;
  };

  const withSignature = (signature: string | undefined) => {
    const headers = natsHeaders();
    if (signature !== undefined) headers.set(SIGNATURE, signature);
    return headers;
  };

  it('are no events', async () => {
    const event = await forgedOutcome();
    const subject = eventSubject('approval.granted', event.subject);
    const payload = JSON.stringify(event);
    for (const signature of signatures(subject, payload)) {
      await jetstream(intruder).publish(subject, payload, { headers: withSignature(signature) });
    }
    await nothingHappened();
    // What the services publish goes on behind them.
    await desk.deal();
    await settled(system);
    const published = await readPublished(system);
    const genuine = published.filter(({ event: { id } }) => id !== event.id);
    expect(published.length - genuine.length).toBe(3);
    expect(faultsInPublished(await readStore(system), genuine)).toEqual([]);
  });

  it('are no offers', async () => {
    const event = await forgedOutcome();
    const subject = offerSubject('workflow', 'approval.granted');
    const payload = JSON.stringify(event);
    for (const signature of signatures(subject, payload)) {
      expect(await codeOf(subject, payload, signature)).toBe('bus.bad-signature');
    }
    await nothingHappened();
  });

  it('are no offers, even with what was published about another event and its signature', async () => {
    await desk.deal();
    await settled(system);
    before = await record();
    const manager = await jetstreamManager(intruder);
    const genuine = await manager.streams.getMessage(EVENTS_STREAM, {
      last_by_subj: 'evt.approval.granted.*',
    });
    if (!genuine) throw new Error('nothing was granted');
    const subject = offerSubject('workflow', 'approval.granted');
    const signature = genuine.header.get(SIGNATURE);
    expect(await codeOf(subject, genuine.data, signature)).toBe('bus.bad-signature');
    await nothingHappened();
  });

  it('are no commands', async () => {
    const payload = JSON.stringify({
      commandId: newId(),
      correlationId: 'forged',
      causationId: 'forged',
      actor: { id: 'alice', roles: ['trader'], groups: [], authMethod: 'dev-token' },
      sentAt: Date.now(),
      body: { workflowId: pending.workflowId, reason: 'because we can' },
    });
    for (const signature of signatures(CancelWorkflow.subject, payload)) {
      expect(await codeOf(CancelWorkflow.subject, payload, signature)).toBe('bus.bad-signature');
    }
    await nothingHappened();
  });

  it('are no other commands when they are overheard and changed, and no second one unchanged', async () => {
    const overheard: Msg[] = [];
    const listening = intruder.subscribe('cmd.workflow.pause', {
      callback: (_, message) => {
        overheard.push(message);
      },
    });
    await intruder.flush();
    const workflow = `/workflows/${pending.workflowId}`;
    const { workflowId } = pending;
    await fromElsewhere.send(PauseWorkflow, { workflowId, reason: 'to be overheard' }, asAlice());
    const [command] = await eventually(() => Promise.resolve(overheard.length > 0 && overheard));
    listening.unsubscribe();
    expect((await alice.post(`${workflow}/resume`, { reason: 'go on' })).status).toBe(202);
    await settled(system);
    before = await record();

    const signature = command?.headers?.get(SIGNATURE);
    const text = command?.string() ?? '';
    const changed = text.replace('to be overheard', 'to be forged');
    expect(await codeOf('cmd.workflow.pause', changed, signature)).toBe('bus.bad-signature');
    expect(await codeOf('cmd.workflow.cancel', text, signature)).toBe('bus.bad-signature');
    expect(await codeOf('cmd.workflow.pause', text, signature)).toBeUndefined();
    await nothingHappened();
  });
});
