import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';

import type { ApiClient } from './src/api-client.js';
import { readStore } from './src/audit.js';
import { connectAnonymously } from './src/bus.js';
import { TestSystem } from './src/system.js';
import { tradeMapping } from './src/trades.js';

interface Firing {
  readonly outcome: string;
  readonly workflowId: string | null;
  readonly reason: string | null;
  readonly businessKey: string | null;
  readonly scheduledFor?: string;
}
interface Incident {
  readonly incidentId: string;
  readonly code: string;
  readonly status: string;
  readonly resolvedBy: string | null;
  readonly source: { readonly subject?: string };
}
interface Problem {
  readonly code: string;
  readonly problems?: readonly { readonly at: string }[];
}

/** The event store may hold what earlier runs left: this run's names and keys are its own. */
const run = randomUUID().slice(0, 8);
const own = (name: string) => `${name}_${run}`;

describe('triggers', () => {
  let system: TestSystem;
  let alice: ApiClient;
  let upstream: NatsConnection;

  beforeAll(async () => {
    system = await TestSystem.start();
    alice = await system.as('alice');
    upstream = await connectAnonymously(system.nats);
  }, 120_000);

  afterAll(async () => {
    await upstream.close();
    await system.stop();
  }, 120_000);

  const event = (name: string, more: object = {}) => ({
    name: own(name),
    type: 'EVENT',
    subject: `trades.${own(name)}`,
    businessKey: `message.id + "-${run}"`,
    mapping: tradeMapping('message'),
    template: 'trade_approval',
    ...more,
  });
  const create = async (trigger: object) => {
    const created = await alice.post('/triggers', trigger);
    expect([created.status, created.body]).toEqual([201, expect.anything()]);
    return created;
  };
  const publish = async (name: string, ...messages: object[]) => {
    const subject = `trades.${own(name)}`;
    for (const message of messages) upstream.publish(subject, JSON.stringify(message));
    await upstream.flush();
  };
  const firings = async (name: string, count: number): Promise<Firing[]> =>
    eventually(async () => {
      const { body } = await alice.get<{ items: Firing[] }>(`/triggers/${own(name)}/firings`);
      return body.items.length >= count && body.items;
    });
  const incident = (code: string, name: string, status = 'open'): Promise<Incident> =>
    eventually(async () => {
      const { body } = await alice.get<{ items: Incident[] }>(`/incidents?status=${status}`);
      const subject = `trades.${own(name)}`;
      return body.items.find((each) => each.code === code && each.source.subject === subject);
    });

  it.each<[string, number, string, string | undefined, object]>([
    ['an unknown member', 400, 'request.invalid', undefined, { surprise: 1 }],
    [
      'a subject elsewhere',
      400,
      'request.invalid',
      '/subject',
      { subject: 'evt.workflow.started' },
    ],
    [
      'a key that does not compile',
      400,
      'expression.invalid',
      '/businessKey',
      { businessKey: '1 +' },
    ],
    [
      'a mapping that does not compile',
      400,
      'expression.invalid',
      '/mapping/tradeId',
      { mapping: { tradeId: 'messages.id' } },
    ],
    ['a condition that is none', 400, 'expression.invalid', '/condition', { condition: '"text"' }],
    ['a template that is not there', 404, 'template.not-found', undefined, { template: 'nothing' }],
    ['a name that is taken', 422, 'trigger.name-taken', undefined, { name: 'trade_executed' }],
  ])('refuses %s and saves nothing', async (_, status, code, at, wrong) => {
    const reply = await alice.post<Problem>('/triggers', { ...event('refused'), ...wrong });
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    if (at !== undefined) expect(reply.body.problems?.map((each) => each.at)).toContain(at);
    expect((await alice.get(`/triggers/${own('refused')}`)).status).toBe(404);
  });

  it.each([
    ['/cron', 'trigger.cron-invalid', { cron: '60 * * * *' }],
    ['/cron', 'trigger.cron-invalid', { cron: '0 0 30 2 *' }],
    ['/timeZone', 'trigger.time-zone-invalid', { timeZone: 'Europe/Nowhere' }],
    ['/context/tradeId', 'expression.invalid', { context: { tradeId: 'message.id' } }],
  ])('refuses a schedule and names %s', async (at, code, wrong) => {
    const schedule = { name: own('refused'), type: 'SCHEDULED', template: 'trade_approval' };
    const times = { cron: '* * * * *', timeZone: 'UTC', missed: 'skip' };
    const reply = await alice.post<Problem>('/triggers', { ...schedule, ...times, ...wrong });
    expect([reply.status, reply.body.code]).toEqual([400, code]);
    expect(reply.body.problems?.map((each) => each.at)).toEqual([at]);
  });

  it('fires by hand, as whoever asks', async () => {
    await create({
      name: own('by_hand'),
      type: 'MANUAL',
      template: 'trade_approval',
      businessKey: `input.id + "-${run}"`,
      mapping: tradeMapping('input'),
    });
    const fired = await alice.post(`/triggers/${own('by_hand')}/fire`, {
      input: { id: 'H-1', notional: 7 },
    });
    expect(fired.status).toBe(201);
    const path = `/workflows/${String(fired.body['workflowId'])}`;
    const workflow = await alice.get(path, String(fired.body['position']));
    expect(workflow.body).toMatchObject({ businessKey: `H-1-${run}`, startedBy: 'alice' });
    expect(await firings('by_hand', 1)).toMatchObject([
      { outcome: 'started', businessKey: `H-1-${run}` },
    ]);
    const again = await alice.post(`/triggers/${own('by_hand')}/fire`, {
      input: { id: 'H-1', notional: 8 },
    });
    expect([again.status, again.body['code']]).toEqual([422, 'workflow.business-key-taken']);
    expect((await firings('by_hand', 2))[0]).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('workflow.business-key-taken'),
    });
    const other = await alice.post('/triggers/trade_executed/fire', { input: {} });
    expect([other.status, other.body['code']]).toEqual([422, 'trigger.not-manual']);
  });

  it('fires by messages; passes over what comes while it is paused', async () => {
    await create(event('amended', { condition: 'message.notional > 5' }));
    await publish('amended', { id: 'A-1', notional: 7 }, { id: 'A-2', notional: 3 });
    await publish('amended', { id: 'A-1', notional: 9 });
    await firings('amended', 2);
    const paused = await alice.post(`/triggers/${own('amended')}/pause`, {
      reason: 'replay upstream',
    });
    expect([paused.status, paused.body['status']]).toEqual([202, 'PAUSED']);
    await publish('amended', { id: 'A-3', notional: 7 });
    const found = await firings('amended', 3);
    expect(found.map(({ outcome }) => outcome)).toEqual(['paused', 'ignored', 'started']);
    await alice.post(`/triggers/${own('amended')}/resume`, { reason: 'done' });
    await publish('amended', { id: 'A-3', notional: 7 });
    expect((await firings('amended', 4))[0]).toMatchObject({
      outcome: 'started',
      businessKey: `A-3-${run}`,
    });
  });

  it('leaves a trace of a subject that nobody listens to, once', async () => {
    await publish('unheard', { id: 'U-1', notional: 1 }, { id: 'U-2', notional: 1 });
    const { incidentId } = await incident('trigger.none-listens', 'unheard');
    const early = await alice.post(`/incidents/${incidentId}/retry`, {});
    expect([early.status, early.body['code']]).toEqual([422, 'trigger.none-listens']);
    await create(event('unheard'));
    const retried = await alice.post(`/incidents/${incidentId}/retry`, {});
    expect([retried.status, retried.body['outcomes']]).toEqual([
      202,
      [{ trigger: own('unheard'), outcome: 'started', workflowId: expect.any(String) }],
    ]);
    const resolved = await incident('trigger.none-listens', 'unheard', 'resolved');
    expect(resolved).toMatchObject({ incidentId, status: 'RESOLVED', resolvedBy: 'alice' });
  });

  it('has a firing that failed tried again, which starts once', async () => {
    await create(event('picky', { whenRunning: 'incident' }));
    await publish('picky', { id: 'P-1', notional: 1 });
    const [first] = await firings('picky', 1);
    await publish('picky', { id: 'P-1', notional: 2 });
    const { incidentId } = await incident('workflow.business-key-taken', 'picky');
    const retry = () => alice.post(`/incidents/${incidentId}/retry`, {});
    const early = await retry();
    expect([early.status, early.body['code']]).toEqual([422, 'workflow.business-key-taken']);
    await alice.post(`/workflows/${first?.workflowId ?? ''}/cancel`, { reason: 'superseded' });
    expect((await retry()).status).toBe(202);
    const again = await retry();
    expect([again.status, again.body['code']]).toEqual([422, 'incident.resolved']);
    const found = await eventually(async () => {
      const each = await firings('picky', 2);
      return each.every(({ outcome }) => outcome === 'started') && each;
    });
    expect(found).toHaveLength(2);
  });

  it('tells the workflow that runs under the key', async () => {
    const definition = {
      name: own('listening'),
      initial: 'open',
      states: [{ name: 'open' }, { name: 'done', final: 'completed' }],
      transitions: [{ event: 'amend', from: 'open', to: 'done', trigger: { signal: 'amended' } }],
    };
    await alice.post('/templates', { definition });
    await alice.post(`/templates/${own('listening')}/versions/1/submit`, {});
    const bob = await system.as('bob');
    const published = await bob.post(`/templates/${own('listening')}/versions/1/publish`, {});
    expect([published.status, published.body]).toEqual([202, expect.anything()]);
    const signal = { name: 'amended', payload: { notional: 'message.notional' } };
    await create(event('telling', { template: own('listening'), whenRunning: 'signal', signal }));
    await publish('telling', { id: 'S-1', notional: 1 });
    await firings('telling', 1);
    await publish('telling', { id: 'S-1', notional: 2 });
    const [told, started] = await firings('telling', 2);
    expect(told).toMatchObject({ outcome: 'signalled', workflowId: started?.workflowId });
    const received = await eventually(async () => {
      const stored = await readStore(system);
      const found = stored.filter(
        ({ type, data }) =>
          type === 'workflow.signal-received' && data['template'] === own('listening'),
      );
      return found.length > 0 && found;
    });
    expect(received.map(({ data }) => data)).toMatchObject([
      { workflowId: started?.workflowId, name: 'amended', payload: { notional: 2 } },
    ]);
    for (const [name, status, code] of [
      ['workflow.completed', 400, 'signal.reserved-name'],
      ['unheard-of', 422, 'workflow.unknown-signal'],
    ] as const) {
      const untold = { template: own('listening'), whenRunning: 'signal', signal: { name } };
      const refused = await alice.post('/triggers', event('untold', untold));
      expect([refused.status, refused.body['code']]).toEqual([status, code]);
    }
    const wrong = await alice.post('/triggers', event('untold', { whenRunning: 'signal' }));
    expect([wrong.status, wrong.body['code']]).toEqual([400, 'request.invalid']);
  });

  it('starts another beside the one that runs; signals of the key reach both, or wait for the first', async () => {
    const template = own('listening');
    await create(event('beside', { template, whenRunning: 'start-another' }));
    const key = (id: string) => ({ template, businessKey: `${id}-${run}` });
    const signal = (id: string) =>
      alice.post('/signals', { ...key(id), name: 'amended', payload: { by: 'hand' } });
    await publish('beside', { id: 'B-1', notional: 1 }, { id: 'B-1', notional: 2 });
    const both = (await firings('beside', 2)).map(({ workflowId }) => workflowId);
    const told = await signal('B-1');
    expect(told.status).toBe(202);
    const position = String(told.body['position']);
    for (const workflowId of both) {
      const { body } = await alice.get(`/workflows/${workflowId ?? ''}`, position);
      expect(body).toMatchObject({ status: 'COMPLETED' });
    }
    expect(new Set(told.body['workflowIds'] as string[])).toEqual(new Set(both));

    const early = await signal('B-2');
    expect([early.status, early.body['workflowId']]).toEqual([202, undefined]);
    await publish('beside', { id: 'B-2', notional: 1 });
    const [late] = await firings('beside', 3);
    const { body } = await alice.get(`/workflows/${late?.workflowId ?? ''}`);
    expect(body).toMatchObject({ status: 'COMPLETED' });
  });

  it('fires by the clock, and makes up for what it missed as it was told', async () => {
    const times = { cron: '* * * * * *', timeZone: 'Europe/Zurich', missed: 'once' };
    const context = tradeMapping('{"id": schedule.time, "notional": schedule.sequence}');
    await create({
      name: own('tick'),
      type: 'SCHEDULED',
      template: 'trade_approval',
      ...times,
      context,
    });
    await firings('tick', 3);
    const paused = await alice.post(`/triggers/${own('tick')}/pause`, { reason: 'too many' });
    const { body } = await alice.get(`/triggers/${own('tick')}`, String(paused.body['position']));
    expect(body).toMatchObject({ status: 'PAUSED', nextDue: null });
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    const before = await firings('tick', 3);
    const resumed = await alice.post(`/triggers/${own('tick')}/resume`, { reason: 'again' });
    const found = await firings('tick', before.length + 3);
    const gone = await alice.call<{ position: string }>(
      'DELETE',
      `/triggers/${own('tick')}?reason=enough`,
      {},
    );
    expect(gone.status).toBe(202);
    const seconds = found
      .filter(({ outcome }) => outcome === 'started')
      .map(({ scheduledFor = '' }) => new Date(scheduledFor).getTime() / 1_000)
      .sort((a, b) => a - b);
    expect(new Set(seconds).size).toBe(seconds.length);
    // A gap for the pause, at the end of which one time stands for all.
    const gaps = seconds.slice(1).map((second, index) => second - (seconds[index] ?? 0));
    expect(gaps.filter((gap) => gap !== 1)).toHaveLength(1);
    expect(found.filter(({ outcome }) => outcome === 'skipped')).toHaveLength(1);
    expect(resumed.status).toBe(202);
    const deleted = await alice.get(`/triggers/${own('tick')}`, gone.body.position);
    expect(deleted.body).toMatchObject({ status: 'DELETED', reason: 'enough' });
  });

  it('fires when an aggregate crosses its level, once until it is armed again', async () => {
    await create({
      name: own('exposure'),
      type: 'THRESHOLD',
      subject: `trades.${own('exposure')}`,
      group: 'message.desk',
      value: 'message.notional',
      aggregate: 'sum',
      window: 'PT1H',
      above: '10.5',
      rearmBelow: 5,
      businessKey: `group + " " + message.id + "-${run}"`,
      mapping: tradeMapping('{"id": message.id, "notional": aggregate}'),
      template: 'trade_approval',
    });
    const trade = (id: string, notional: unknown) => ({ id, desk: 'rates', notional });
    const rates = [trade('1', '10.4'), trade('2', 0.1), trade('3', '0.000000001'), trade('4', 90)];
    await publish('exposure', ...rates, trade('5', -97), trade('6', 20));
    await publish('exposure', { ...trade('7', 9), desk: 'credit' });
    const found = await firings('exposure', 2);
    expect(found.map(({ businessKey }) => businessKey)).toEqual([
      `rates 6-${run}`,
      `rates 3-${run}`,
    ]);
    const path = `/workflows/${found[1]?.workflowId ?? ''}`;
    const { body } = await alice.get<{ context: object }>(path);
    expect(body.context).toMatchObject({ notional: '10.500000001' });
    const dry = await alice.post<{ items: { outcome: string }[] }>(
      `/triggers/${own('exposure')}/dry-run`,
      {
        last: 10,
      },
    );
    const fired = dry.body.items.filter(({ outcome }) => outcome === 'key-running');
    expect([dry.status, dry.body.items.length, fired.length]).toEqual([200, 7, 2]);
  });

  it('says what it would do', async () => {
    const dry = async (trigger: string, sample: object) => {
      const { body } = await alice.post<{ items: object[] }>(`/triggers/${own(trigger)}/dry-run`, {
        sample,
      });
      return body.items;
    };
    expect(await dry('amended', { id: 'D-1', notional: 7 })).toMatchObject([
      { outcome: 'would-start', condition: true, businessKey: `D-1-${run}`, errors: [] },
    ]);
    expect(await dry('amended', { id: 'D-1', notional: 1 })).toMatchObject([
      { outcome: 'would-not-fire', condition: false },
    ]);
    expect(await dry('amended', { notional: 7 })).toMatchObject([
      { outcome: 'would-fail', errors: [{ at: '/businessKey' }, { at: '/mapping/tradeId' }] },
    ]);
    expect(await dry('amended', { id: 'A-3', notional: 7 })).toMatchObject([
      { outcome: 'key-running', runningWorkflowId: expect.any(String) },
    ]);
    expect(await dry('by_hand', { id: 'D-2', notional: { not: 'money' } })).toMatchObject([
      { outcome: 'would-fail', templateProblems: [{ at: '/notional' }] },
    ]);
    const stored = await readStore(system);
    expect(stored.filter(({ data }) => JSON.stringify(data).includes(`D-1-${run}`))).toEqual([]);
  });
});
