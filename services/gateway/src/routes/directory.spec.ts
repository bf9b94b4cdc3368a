import {
  DIRECTORY_STREAM,
  type DirectoryEvent,
  encodeEvent,
  unpackDirectory,
} from '@countersign/contracts';
import { conflict, derivedId, newId } from '@countersign/kernel';
import { devDirectory } from '@countersign/service-kit';
import type { Person } from '@countersign/state-machine';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { TestGateway } from '../../test/test-gateway.js';

const URL = '/api/v1/directory';
const ID = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const alice = devDirectory.people[0] as Person;
const zed: Person = {
  id: 'zed',
  name: 'Zed',
  roles: [],
  groups: [],
  active: true,
  logins: ['bob'],
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.fake.sent.length = 0;
});

/** What the approval service decided. */
async function happened(...events: DirectoryEvent[]): Promise<void> {
  const { store, directory } = gateway.fake;
  await directory.load();
  const { revision } = directory.state;
  const metadata = {
    correlationId: ID,
    causationId: ID,
    commandId: ID,
    commandHash: '',
    actor: 'system:approval',
    roles: '',
    authMethod: 'service',
    recordedAt: '2026-11-24T09:00:00.000Z',
    prevHash: '',
    hash: '',
  };
  const stored = events.map((event) => ({ ...encodeEvent(event), eventId: newId(), metadata }));
  await store.append(DIRECTORY_STREAM, revision === 0 ? 'none' : revision - 1, stored);
  await directory.load();
}
const people = (set: Person[], removed: string[] = []): DirectoryEvent => ({
  type: 'directory.people-changed',
  data: { source: 'api', set, removed },
});

describe('GET /directory', () => {
  it('answers what there is, under its revision', async () => {
    const none = await gateway.ask('GET', URL, { as: 'alice' });
    expect([none.status, none.headers['etag'], none.body]).toEqual([
      200,
      '"0"',
      { people: [], calendars: [], revision: 0 },
    ]);
    const yan = { ...alice, id: 'yan' };
    await happened(people([yan, alice]), people([alice], ['yan']));
    const { headers, body } = await gateway.ask('GET', URL, { as: 'alice' });
    expect([headers['etag'], body]).toEqual([
      '"2"',
      { people: [alice], calendars: [], revision: 2 },
    ]);
  });
});

describe('PUT /directory', () => {
  const put = (headers: Record<string, string>, body: object = { people: [alice, zed] }) =>
    gateway.ask('PUT', URL, { as: 'alice', body, headers });

  it('needs to be told what was changed', async () => {
    const { status, body } = await put({});
    expect([status, body.code]).toEqual([428, 'directory.revision-needed']);
  });

  it.each(['7', '*', 'W/"7"', '"7", "8"', '"x"', '""', '"-1"', '"07"', '"1e3"'])(
    'takes no If-Match: %s',
    async (etag) => {
      const { status, body } = await put({ 'if-match': etag });
      expect([status, body.code]).toEqual([400, 'directory.bad-revision']);
    },
  );

  it('sends the whole as one command', async () => {
    gateway.fake.answer = () => ({ revision: 8, changed: 2, removed: 0, position: '9' });
    const { status, headers } = await put({ 'if-match': '"7"', 'idempotency-key': 'k' });
    expect([status, headers['etag']]).toEqual([200, '"8"']);
    const [sent] = gateway.fake.sent;
    const { packed, expectedRevision } = sent?.body as { packed: string; expectedRevision: number };
    expect(sent?.subject).toBe('cmd.approval.replace-directory');
    expect(unpackDirectory(packed)).toEqual({ people: [alice, zed] });
    expect(expectedRevision).toBe(7);
    expect(sent?.context.actor).toMatchObject({
      id: 'alice',
      authenticatedAt: '2026-11-24T09:00:00.000Z',
    });
  });

  it('takes what GET gave, and If-Match for its revision', async () => {
    gateway.fake.answer = () => ({ revision: 8, changed: 2, removed: 0, position: '9' });
    const got = await gateway.ask('GET', URL, { as: 'alice' });
    expect(got.body.revision).toBeDefined();
    expect((await put({ 'if-match': '"7"' }, got.body)).status).toBe(200);
    const { packed, expectedRevision } = gateway.fake.sent[0]?.body as {
      packed: string;
      expectedRevision: number;
    };
    const { revision: _, ...directory } = got.body;
    expect([unpackDirectory(packed), expectedRevision]).toEqual([directory, 7]);
  });

  it('is refused when others were first', async () => {
    gateway.fake.answer = () => {
      throw conflict('directory.revision-mismatch', 'it is at 8', { details: { revision: 8 } });
    };
    const { status, body } = await put({ 'if-match': '"7"' });
    expect([status, body.code, body.revision]).toEqual([412, 'directory.revision-mismatch', 8]);
  });

  it.each([
    [{ people: [alice, alice] }, '/people/1/id'],
    [{ people: [{ ...alice, boss: 'bob' }] }, '/people/0'],
    [{ people: [zed, { ...alice, id: 'bob' }] }, '/people/0/logins/0'],
    [{ people: [{ ...alice, id: 'system:x' }] }, '/people/0/id'],
    [{ people: [{ ...alice, id: 'ali\u200bce' }] }, '/people/0/id'],
    [{ people: [{ ...alice, logins: ['a\u0007'] }] }, '/people/0/logins/0'],
    [{ people: [{ ...alice, name: 'Al\u001bice' }] }, '/people/0/name'],
    [{ people: [{ ...alice, name: 'Alice ' }] }, '/people/0/name'],
    [{ people: [zed, { ...alice, groups: ['desk', 'legal '] }] }, '/people/1/groups/1'],
    [{ people: [{ ...alice, roles: ['legal\ufe0f'] }] }, '/people/0/roles/0'],
    [[], '/'],
  ])('takes no malformed one: %j', async (body, place) => {
    const refused = await put({ 'if-match': '"0"' }, body);
    expect([refused.status, refused.body.code]).toEqual([400, 'directory.malformed']);
    expect(refused.body.problems).toMatchObject([{ at: place }]);
    expect(gateway.fake.sent).toEqual([]);
  });

  it('takes more people than other bodies may have values', async () => {
    gateway.fake.answer = () => ({ revision: 1, changed: 5_000, removed: 0, position: '9' });
    const many = Array.from({ length: 5_000 }, (_, index) => ({ id: `p${index}`, name: 'P' }));
    expect((await put({ 'if-match': '"0"' }, { people: many })).status).toBe(200);
  });
});

describe('the caller', () => {
  const start = (as: string) =>
    gateway.ask('POST', '/api/v1/workflows', { as, body: { template: 't', context: {} } });
  const actorOf = async (as: string) => {
    gateway.fake.answer = () => ({ workflowId: ID, status: 'ACTIVE', state: 's', position: '7' });
    await start(as);
    return gateway.fake.sent.at(-1)?.context.actor;
  };

  it('is whom the directory knows, with what it says', async () => {
    expect(await actorOf('bob')).toMatchObject({ id: 'bob', roles: ['trader'] });
    await happened(people([zed, { ...alice, roles: ['head'], groups: [] }]));
    expect(await actorOf('bob')).toMatchObject({ id: 'zed', roles: [], groups: [] });
    expect(await actorOf('alice')).toMatchObject({ id: 'alice', roles: ['head'], groups: [] });
    expect(await actorOf('carol')).toMatchObject({ id: 'carol', roles: ['trader', 'desk-head'] });
    await happened(people([{ ...alice, active: false }], ['zed']));
    for (const as of ['bob', 'alice']) {
      const refused = await start(as);
      expect([refused.status, refused.body.code]).toEqual([403, 'auth.inactive']);
      const looking = await gateway.ask('GET', URL, { as });
      expect([looking.status, looking.body.code]).toEqual([403, 'auth.inactive']);
    }
    await happened(people([alice]));
  });
});

describe('delegations', () => {
  const delegations = '/api/v1/delegations';
  const made = (from: string, to: string, more: object = {}): DirectoryEvent => ({
    type: 'directory.delegation-created',
    data: {
      delegationId: derivedId(from, to),
      from,
      to,
      createdAt: '2026-11-24T08:00:00.000Z',
      start: '2026-11-24T08:00:00.000Z',
      end: '2026-11-25T08:00:00.000Z',
      outOfOffice: true,
      reason: 'away',
      createdBy: from,
      ...more,
    },
  });
  const list = async (as: string, query = '') => {
    const { status, body } = await gateway.ask('GET', `${delegations}${query}`, { as });
    const items = (body.items ?? []) as { from: string; to: string; status: string }[];
    return status === 200
      ? items.map(({ from, to, status: is }) => `${from}>${to} ${is}`)
      : [status, body.code];
  };

  it('are listed to those who gave or got them, and to administrators', async () => {
    await happened(
      people([alice, ...['bob', 'carol'].map((id) => ({ ...alice, id, groups: [] }))]),
      made('alice', 'bob', { start: '2026-11-24T10:00:00.000Z' }),
      made('bob', 'carol', { end: '2026-11-24T09:00:00.000Z' }),
      made('carol', 'alice'),
    );
    expect(await list('bob')).toEqual(['bob>carol ENDED', 'alice>bob PLANNED']);
    expect(await list('bob', '?status=planned')).toEqual(['alice>bob PLANNED']);
    expect(await list('bob', '?person=bob')).toHaveLength(2);
    expect(await list('alice', '?person=carol')).toEqual(['carol>alice ACTIVE', 'bob>carol ENDED']);
    expect(await list('bob', '?person=carol')).toEqual([403, 'delegation.not-yours']);
    expect(await list('bob', '?status=never')).toEqual([400, 'query.invalid']);
    const ended = { delegationId: derivedId('carol', 'alice'), endedBy: 'carol' };
    await happened({ type: 'directory.delegation-ended', data: ended });
    expect(await list('alice')).toEqual(['carol>alice ENDED', 'alice>bob PLANNED']);
  });

  it('are made and ended as the caller, never as somebody named in the body', async () => {
    const reply = {
      delegationId: ID,
      from: 'alice',
      to: 'bob',
      start: '2026-11-24T09:00:00.000Z',
      end: '2026-11-25T09:00:00.000Z',
      scope: null,
      outOfOffice: false,
      reason: 'away',
      createdBy: 'alice',
      status: 'ACTIVE',
      endedBy: null,
      position: '7',
    };
    gateway.fake.answer = () => reply;
    const body = { to: 'bob', end: '2026-11-25T10:00:00+01:00', reason: 'away' };
    const asked = await gateway.ask('POST', delegations, { as: 'alice', body });
    expect([asked.status, asked.body]).toEqual([201, reply]);
    for (const forged of [{ createdBy: 'bob' }, { delegationId: ID }, { actor: 'bob' }]) {
      const refused = await gateway.ask('POST', delegations, {
        as: 'alice',
        body: { ...body, ...forged },
      });
      expect([refused.status, refused.body.code]).toEqual([400, 'request.invalid']);
    }
    gateway.fake.answer = () => ({ delegationId: ID, position: '8' });
    const ended = await gateway.ask('DELETE', `${delegations}/${ID}?reason=back`, { as: 'alice' });
    expect([ended.status, ended.body]).toEqual([200, { delegationId: ID, position: '8' }]);
    await gateway.ask('DELETE', `${delegations}/${ID}`, { as: 'alice' });
    expect(gateway.fake.sent.map((each) => [each.subject, each.body])).toEqual([
      ['cmd.approval.create-delegation', { ...body, outOfOffice: false }],
      ['cmd.approval.end-delegation', { delegationId: ID, reason: 'back' }],
      ['cmd.approval.end-delegation', { delegationId: ID }],
    ]);
    const none = await gateway.ask('DELETE', `${delegations}/none`, { as: 'alice' });
    expect([none.status, none.body.code]).toEqual([404, 'delegation.not-found']);
  });
});
