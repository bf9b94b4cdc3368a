import { newId } from '@countersign/kernel';
import type { Person } from '@countersign/state-machine';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ApiClient, ApiReply } from './src/api-client.js';
import { readStore } from './src/audit.js';
import { TestSystem } from './src/system.js';
import { tradeContext } from './src/trades.js';

interface DirectoryReply {
  readonly people: readonly Person[];
  readonly calendars: readonly object[];
  readonly revision: number;
}
interface Delegation {
  readonly delegationId: string;
  readonly from: string;
  readonly to: string;
  readonly status: string;
}

let system: TestSystem;
let alice: ApiClient;

beforeAll(async () => {
  system = await TestSystem.start();
  alice = await system.as('alice');
}, 120_000);
afterAll(() => system.stop(), 60_000);

const refusal = ({ status, body }: ApiReply): [number, unknown] => [status, body['code']];
const directory = () => alice.get<DirectoryReply>('/directory');
const put = (
  client: ApiClient,
  people: readonly unknown[],
  etag: string | null,
): Promise<ApiReply> => {
  const headers: Record<string, string> = etag === null ? {} : { 'if-match': etag };
  return client.call('PUT', '/directory', { body: { people }, headers });
};

/** Everybody as they are, but for what is done to one of them: undefined for whoever leaves. */
async function change(id: string, to: (person: Person) => Person | undefined, by = alice) {
  const { headers, body } = await directory();
  const people = body.people.flatMap((each) => (each.id === id ? (to(each) ?? []) : each));
  return put(by, people, headers.get('etag'));
}

/** A trade that waits for two of compliance, and the hash of what they decide about. */
async function trade(): Promise<{ approvalId: string; subjectHash: string }> {
  const tradeId = newId();
  const asked = {
    template: 'trade_approval',
    businessKey: tradeId,
    context: tradeContext(tradeId),
  };
  const { body } = await alice.post<{ approvalId: string }>('/workflows', asked);
  const requested = await eventually(async () => {
    const events = await readStore(system);
    return events.find(
      ({ type, data }) => type === 'approval.requested' && data['approvalId'] === body.approvalId,
    );
  });
  return { approvalId: body.approvalId, subjectHash: requested.data['subjectHash'] as string };
}

async function decide(
  user: string,
  { approvalId, subjectHash }: { approvalId: string; subjectHash: string },
  onBehalfOf?: string,
): Promise<ApiReply> {
  const client = await system.as(user);
  return client.post(`/approvals/${approvalId}/decisions`, {
    action: 'approve',
    reason: 'terms agree',
    subjectHash,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
  });
}

/** As soon as the gateway has heard of it, in milliseconds. */
async function isRefusedEverything(user: string): Promise<void> {
  const client = await system.as(user);
  const inactive = [403, 'auth.inactive'];
  await eventually(async () => {
    expect(refusal(await client.get('/workflows'))).toEqual(inactive);
    return true;
  });
  const asked = { template: 'trade_approval', context: tradeContext(newId()) };
  expect(refusal(await client.post('/workflows', asked))).toEqual(inactive);
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const delegate = async (by: string, body: object, key?: string) => {
  const client = await system.as(by);
  const terms = { end: inAnHour(), reason: 'away', ...body };
  return client.post<Delegation & Record<string, unknown>>(
    '/delegations',
    terms,
    key === undefined ? {} : { key },
  );
};

describe('the directory', () => {
  it('begins with the development users, under an ETag', async () => {
    const { status, headers, body } = await directory();
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe(`"${body.revision}"`);
    expect(body.people.map(({ id }) => id)).toContain('erin');
    const users = await alice.get<{ items: Person[] }>('/dev/users');
    expect(body.people).toEqual(users.body.items);
  });

  it('is changed by whoever knows how it is, once', async () => {
    const { headers, body } = await directory();
    const etag = headers.get('etag');
    const people = body.people.map((each) =>
      each.id === 'bob' ? { ...each, roles: ['trader', 'desk-head'] } : each,
    );
    expect(refusal(await put(alice, people, null))).toEqual([428, 'directory.revision-needed']);
    expect(refusal(await put(alice, people, 'W/"1"'))).toEqual([400, 'directory.bad-revision']);
    const changed = await put(alice, people, etag);
    expect([changed.status, changed.body['changed']]).toEqual([200, 1]);
    const after = await directory();
    expect(after.headers.get('etag')).toBe(changed.headers.get('etag'));
    expect(after.body.people).toEqual(people);
    expect(refusal(await put(alice, body.people, etag))).toEqual([
      412,
      'directory.revision-mismatch',
    ]);
    const recorded = (await readStore(system)).filter(({ stream }) =>
      stream.startsWith('directory-'),
    );
    expect(recorded.at(-1)).toMatchObject({
      type: 'directory.people-changed',
      data: { source: 'api', changedBy: 'alice', set: [{ id: 'bob' }] },
      metadata: { actor: 'alice' },
    });
  });

  it.each([
    ['their roles', (self: Person) => ({ ...self, roles: ['risk-officer'] })],
    ['their logins', (self: Person) => ({ ...self, logins: ['alice@elsewhere'] })],
    ['that they are there', () => undefined],
  ])('is not for somebody to say of themselves: %s', async (_, to) => {
    expect(refusal(await change('alice', to))).toEqual([403, 'directory.own-membership']);
    const { body } = await directory();
    expect(body.people.find(({ id }) => id === 'alice')?.roles).toEqual(['trader']);
  });

  it('says who is an administrator, and no token does', async () => {
    const heidi = await system.as('heidi');
    const ordinary = await change('heidi', (self) => ({ ...self, groups: ['middle-office'] }));
    expect(ordinary.status).toBe(200);
    const back = await change('bob', (bob) => ({ ...bob, roles: ['trader'] }), heidi);
    expect(refusal(back)).toEqual([403, 'directory.admins-only']);
  });

  it('takes the right to decide from whoever leaves, while their token holds', async () => {
    const deal = await trade();
    expect((await change('erin', () => undefined)).status).toBe(200);
    expect((await decide('erin', deal)).status).toBe(403);
    const inactive = await change('frank', (frank) => ({ ...frank, active: false }));
    expect(inactive.status).toBe(200);
    expect((await decide('frank', deal)).status).toBe(403);
    for (const id of ['erin', 'frank']) await isRefusedEverything(id);
    await change('frank', (frank) => ({ ...frank, active: true }));
    const next = await trade();
    await eventually(async () => (await decide('frank', next)).status === 202);
    // Called back by whoever asked for it.
    expect(refusal(await decide('frank', deal))).toEqual([422, 'approval.excluded']);
  });

  it('is the same after a restart', async () => {
    const before = await directory();
    await system.kill();
    await system.up();
    const after = await directory();
    expect(after.body).toEqual(before.body);
    expect(after.body.people.map(({ id }) => id)).not.toContain('erin');
  }, 120_000);
});

describe('a delegation', () => {
  it('lets somebody decide for another, until it is ended', async () => {
    const key = newId();
    const terms = { to: 'heidi', end: inAnHour(), reason: 'on the train', outOfOffice: true };
    const made = await delegate('frank', terms, key);
    expect([made.status, made.body]).toMatchObject([
      201,
      { from: 'frank', to: 'heidi', createdBy: 'frank', status: 'ACTIVE' },
    ]);
    const again = await delegate('frank', terms, key);
    expect([again.status, again.body.delegationId]).toEqual([201, made.body.delegationId]);

    const heidi = await system.as('heidi');
    for (const client of [heidi, await system.as('frank')]) {
      const { body } = await client.get<{ items: Delegation[] }>('/delegations?status=active');
      expect(body.items.map(({ delegationId }) => delegationId)).toEqual([made.body.delegationId]);
    }
    const deal = await trade();
    expect(refusal(await decide('heidi', deal))).toEqual([403, 'approval.not-an-approver']);
    expect(refusal(await decide('heidi', deal, 'rosa'))).toEqual([403, 'approval.not-an-approver']);
    expect((await decide('heidi', deal, 'frank')).status).toBe(202);
    const events = await readStore(system);
    expect(
      events.findLast(({ type }) => type === 'approval.decision-recorded')?.data,
    ).toMatchObject({
      approvalId: deal.approvalId,
      approver: 'heidi',
      onBehalfOf: 'frank',
      delegations: [made.body.delegationId],
    });

    const path = `/delegations/${made.body.delegationId}`;
    const sven = await system.as('sven');
    await change('sven', (self) => ({ ...self, groups: ['middle-office'] }));
    expect(refusal(await sven.call('DELETE', path, {}))).toEqual([403, 'delegation.not-yours']);
    expect((await heidi.call('DELETE', path, {})).status).toBe(200);
    expect((await heidi.call('DELETE', path, {})).status).toBe(200);
    const next = await trade();
    expect(refusal(await decide('heidi', next, 'frank'))).toEqual([
      403,
      'approval.not-an-approver',
    ]);
  });

  it('never leads back, nor through more than three', async () => {
    for (const [from, to] of [
      ['tara', 'umar'],
      ['umar', 'vera'],
      ['vera', 'wim'],
    ] as const) {
      expect((await delegate(from, { to })).status).toBe(201);
    }
    expect(refusal(await delegate('umar', { to: 'tara' }))).toEqual([422, 'delegation.cycle']);
    expect(refusal(await delegate('wim', { to: 'tara' }))).toEqual([422, 'delegation.cycle']);
    expect(refusal(await delegate('wim', { to: 'yara' }))).toEqual([422, 'delegation.too-long']);
    expect(refusal(await delegate('yara', { to: 'tara' }))).toEqual([422, 'delegation.too-long']);
    expect(refusal(await delegate('tara', { to: 'tara' }))).toEqual([422, 'delegation.to-oneself']);
  });

  it('is one of two that are made at the same moment and would lead back', async () => {
    const replies = await Promise.all([
      delegate('kim', { to: 'nadia' }),
      delegate('nadia', { to: 'kim' }),
    ]);
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 422]);
  });

  it.each([
    ['from somebody else', { from: 'grace', to: 'heidi' }, [403, 'delegation.not-yours']],
    ['entered by somebody else', { to: 'grace', createdBy: 'grace' }, [400, 'request.invalid']],
    ['to nobody', { to: 'mallory' }, [422, 'delegation.unknown-person']],
    ['to somebody who left', { to: 'erin' }, [422, 'delegation.unknown-person']],
    ['that is over', { to: 'grace', end: '2020-01-01T00:00:00Z' }, [422, 'delegation.bad-period']],
    ['for ever', { to: 'grace', end: '2999-01-01T00:00:00Z' }, [422, 'delegation.bad-period']],
  ])('is not made %s', async (_, body, refused) => {
    // Of an ordinary person: the administrators' group was taken from heidi.
    expect(refusal(await delegate('heidi', body))).toEqual(refused);
  });

  it('is entered by an administrator for somebody absent, never to themselves', async () => {
    const made = await delegate('alice', { from: 'oscar', to: 'bob' });
    expect([made.status, made.body.from]).toEqual([201, 'oscar']);
    const own = await delegate('alice', { from: 'oscar', to: 'alice' });
    expect(refusal(own)).toEqual([403, 'delegation.not-yours']);
  });
});

describe('whoever was renamed', () => {
  it('does not publish what they wrote under their former id', async () => {
    const priya = await system.as('priya');
    const draft = (name: string) => {
      const states = [{ name: 'new' }, { name: 'done', final: 'completed' }];
      const transitions = [{ event: 'finish', from: 'new', to: 'done' }];
      return priya.post('/templates', {
        definition: { name, initial: 'new', states, transitions },
      });
    };
    expect((await draft('renamed_author')).status).toBe(201);
    const path = '/templates/renamed_author/versions/1';
    expect((await priya.post(`${path}/submit`, {})).status).toBe(202);
    const renamed = await change('priya', (self) => ({
      ...self,
      id: 'priya9',
      logins: ['priya'],
    }));
    expect(renamed.status).toBe(200);
    // Not until the gateway has heard of it is it another id that publishes.
    let tries = 0;
    await eventually(async () => {
      await draft(`other_${++tries}`);
      const events = await readStore(system);
      return events.some(({ metadata }) => metadata['actor'] === 'priya9');
    });
    const publish = (by: ApiClient) => by.post(`${path}/publish`, {});
    expect(refusal(await publish(priya))).toEqual([422, 'template.second-person-needed']);
    expect((await publish(alice)).status).toBe(202);
  });
});
