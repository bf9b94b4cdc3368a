import { describe, expect, it } from '@jest/globals';

import { type DelegatedMatter, type DelegationTerms, Organisation } from './organisation.js';
import type { Person } from './directory.js';

const person = (id: string, more: Partial<Person> = {}): Person => ({
  id,
  name: id.toUpperCase(),
  roles: [],
  groups: [],
  active: true,
  ...more,
});

const people = [
  person('alice', { roles: ['trader'], groups: ['desk'], logins: ['al-1', 'al-2'] }),
  person('bob', { roles: ['trader'] }),
  person('carol', { groups: ['desk'] }),
  person('dave', { roles: ['trader'], groups: ['desk'], active: false }),
];
const organisation = new Organisation({ people, removed: ['zoe', 'zo-1'], revision: 7 });

describe('who is who', () => {
  it('finds people by id and login', () => {
    expect(organisation.personOf('al-2')).toBe('alice');
    expect(organisation.personOf('alice')).toBe('alice');
    expect(organisation.personOf('stranger')).toBe('stranger');
    expect(organisation.person('al-1')?.name).toBe('ALICE');
    expect(organisation.person('zoe')).toBeUndefined();
    expect(organisation.revision).toBe(7);
  });

  it('takes an id for that of the person who has it, whoever has such a login', () => {
    const both = [person('ann', { logins: ['ben'] }), person('ben')];
    expect(new Organisation({ people: both }).personOf('ben')).toBe('ben');
  });

  it.each([
    ['alice', true, true],
    ['al-1', true, true],
    ['dave', true, false],
    ['zoe', true, false],
    ['zo-1', true, false],
    ['stranger', false, false],
  ])('%s: known %s, active %s', (id, known, active) => {
    expect([organisation.knows(id), organisation.isActive(id)]).toEqual([known, active]);
  });

  it('is empty when it knows nobody, nor anybody who left', () => {
    expect(new Organisation({ people: [] }).isEmpty).toBe(true);
    expect(new Organisation({ people: [], removed: ['zoe'] }).isEmpty).toBe(false);
    expect(organisation.isEmpty).toBe(false);
  });
});

describe('how a list names somebody', () => {
  const claims = { roles: ['trader'], groups: ['desk'] };
  it.each([
    ['alice', ['role:trader', 'alice'], 'role:trader'],
    ['alice', ['bob', 'alice', 'group:desk'], 'alice'],
    ['alice', ['al-1'], 'al-1'],
    ['al-1', ['alice'], 'alice'],
    ['al-1', ['group:desk'], 'group:desk'],
    ['bob', ['group:desk'], undefined],
    ['bob', ['group:trader'], undefined],
    ['carol', ['role:trader'], undefined],
    ['dave', ['dave', 'role:trader'], undefined],
    ['zoe', ['zoe', 'role:trader'], undefined],
    ['zo-1', ['zo-1', 'role:trader'], undefined],
    ['stranger', ['role:trader'], 'role:trader'],
    ['stranger', ['group:desk'], 'group:desk'],
    ['stranger', ['stranger'], 'stranger'],
    ['stranger', ['alice'], undefined],
    ['alice', [], undefined],
  ])('%s by %j: %s', (id, approvers, way) => {
    expect(organisation.qualifies(id, approvers, claims)).toBe(way);
  });

  it('asks no token about people whom the directory knows, and gives strangers nothing', () => {
    const head = { roles: ['head'], groups: [] };
    expect(organisation.qualifies('alice', ['role:head'], head)).toBeUndefined();
    expect(organisation.qualifies('stranger', ['role:trader'])).toBeUndefined();
  });

  it('says every way, in the order of the list', () => {
    const list = ['group:desk', 'bob', 'role:trader', 'alice'];
    expect(organisation.waysNamed('alice', list)).toEqual(['group:desk', 'role:trader', 'alice']);
  });

  it.each([
    [['role:trader'], undefined, ['alice', 'bob']],
    [['role:trader', 'group:desk'], undefined, ['alice', 'bob', 'carol']],
    [['role:trader', 'dave', 'stranger'], undefined, ['alice', 'bob']],
    [['al-1'], undefined, ['alice']],
    [['role:trader'], ['group:desk'], ['alice']],
    [['role:trader'], [], []],
    [[], undefined, []],
    [['group:none'], undefined, []],
  ])('%j within %j is %j', (approvers, within, ids) => {
    expect([...organisation.named(approvers, within)]).toEqual(ids);
    expect(organisation.named(approvers, within)).toEqual(organisation.named(approvers, within));
  });
});

describe('delegations', () => {
  const at = new Date('2026-11-24T12:00:00Z');
  let count = 0;
  const delegation = (
    from: string,
    to: string,
    more: Partial<DelegationTerms> = {},
  ): DelegationTerms => ({
    delegationId: `${from}-${to}-${count++}`,
    from,
    to,
    start: '2026-11-24T12:00:00Z',
    end: '2026-11-25T00:00:00Z',
    ...more,
  });
  const everybody = ['a', 'b', 'c', 'd', 'e'].map((id) => person(id));
  const among = (...delegations: DelegationTerms[]) =>
    new Organisation({ people: everybody }).withDelegations(delegations, 9);
  const matter: DelegatedMatter = { template: 'trade', qualifiedBy: 'role:head' };
  const path = (
    of: Organisation,
    from: string,
    to: string,
    about: DelegatedMatter = matter,
    when = at,
  ) => of.chain(from, to, when, about)?.map((each) => `${each.from}>${each.to}`);

  it('follow one another, three at most', () => {
    const all = among(
      delegation('a', 'b'),
      delegation('b', 'c'),
      delegation('c', 'd'),
      delegation('d', 'e'),
    );
    expect(path(all, 'a', 'b')).toEqual(['a>b']);
    expect(path(all, 'a', 'd')).toEqual(['a>b', 'b>c', 'c>d']);
    expect(path(all, 'a', 'e')).toBeUndefined();
    expect(path(all, 'b', 'a')).toBeUndefined();
    expect(path(all, 'a', 'a')).toBeUndefined();
    expect(all.revision).toBe(9);
    expect([...all.delegators('d', at, () => matter).keys()].sort()).toEqual(['a', 'b', 'c']);
    expect([...all.delegators('e', at, () => matter).keys()].sort()).toEqual(['b', 'c', 'd']);
  });

  it('are taken the shortest way', () => {
    const all = among(delegation('a', 'b'), delegation('b', 'c'), delegation('a', 'c'));
    expect(path(all, 'a', 'c')).toEqual(['a>c']);
  });

  it('begin at their start and are over at their end', () => {
    const all = among(delegation('a', 'b'));
    const when = (time: string) => path(all, 'a', 'b', matter, new Date(time));
    expect(when('2026-11-24T11:59:59.999Z')).toBeUndefined();
    expect(when('2026-11-24T12:00:00.000Z')).toEqual(['a>b']);
    expect(when('2026-11-24T23:59:59.999Z')).toEqual(['a>b']);
    expect(when('2026-11-25T00:00:00.000Z')).toBeUndefined();
    expect(all.delegators('b', new Date('2026-11-25T00:00:00Z'), () => matter).size).toBe(0);
  });

  it('cover what their scope says, each on the chain', () => {
    const trades = among(delegation('a', 'b', { scope: { templates: ['trade'] } }));
    expect(path(trades, 'a', 'b')).toEqual(['a>b']);
    expect(path(trades, 'a', 'b', { ...matter, template: 'other' })).toBeUndefined();
    expect(path(trades, 'a', 'b', { qualifiedBy: 'role:head' })).toBeUndefined();
    const heads = among(
      delegation('a', 'b'),
      delegation('b', 'c', { scope: { approvers: ['role:head', 'a'] } }),
    );
    expect(path(heads, 'a', 'c')).toEqual(['a>b', 'b>c']);
    expect(path(heads, 'a', 'c', { qualifiedBy: 'a' })).toEqual(['a>b', 'b>c']);
    expect(path(heads, 'a', 'c', { qualifiedBy: 'group:head' })).toBeUndefined();
    const none = among(delegation('a', 'b', { scope: null }));
    expect(path(none, 'a', 'b')).toEqual(['a>b']);
  });

  it('pass nobody who is not there, or may not be on the way', () => {
    const all = [delegation('a', 'b'), delegation('b', 'c')];
    const way = (...inactive: string[]) =>
      path(
        new Organisation({
          people: everybody.map((each) => ({ ...each, active: !inactive.includes(each.id) })),
          delegations: all,
        }),
        'a',
        'c',
      );
    expect(way()).toEqual(['a>b', 'b>c']);
    expect([way('a'), way('b'), way('c')]).toEqual([undefined, undefined, undefined]);
    for (const one of ['a', 'b', 'c']) {
      expect(path(among(...all), 'a', 'c', { ...matter, without: new Set([one]) })).toBeUndefined();
    }
    const around = among(...all, delegation('a', 'd'), delegation('d', 'c'));
    expect(path(around, 'a', 'c', { ...matter, without: new Set(['b']) })).toEqual(['a>d', 'd>c']);
  });

  it('are between people, not logins', () => {
    const merged = new Organisation({
      people: [person('a', { logins: ['old-a'] }), person('b', { logins: ['old-b'] })],
      delegations: [delegation('old-a', 'old-b')],
    });
    expect(path(merged, 'a', 'old-b')).toEqual(['old-a>old-b']);
    expect(path(merged, 'a', 'b', { ...matter, without: new Set(['b']) })).toBeUndefined();
  });

  it('are asked only about what somebody is named for', () => {
    const all = among(delegation('a', 'c'), delegation('b', 'c'));
    const asked = all.delegators('c', at, (id) => (id === 'a' ? matter : undefined));
    expect([...asked.keys()]).toEqual(['a']);
  });
});

describe('calendars', () => {
  it('are found by name', () => {
    const calendar = { name: 'london', timeZone: 'Europe/London', hours: [], holidays: [] };
    const one = new Organisation({ people: [], calendars: [calendar] });
    expect(one.calendar('london')).toBe(calendar);
    expect(one.calendar('paris')).toBeUndefined();
    expect(one.withDelegations([], 1).calendar('london')).toBe(calendar);
  });
});

describe('who entered a delegation', () => {
  const terms: DelegationTerms = {
    delegationId: 'd',
    from: 'alice',
    to: 'bob',
    start: '2026-11-24T08:00:00.000Z',
    end: '2026-11-25T08:00:00.000Z',
  };
  const at = new Date('2026-11-24T09:00:00.000Z');
  it.each([
    [undefined, ['alice', 'carol'], true],
    ['carol', [], true],
    ['carol', ['bob'], true],
    ['carol', ['carol'], false],
    ['al-1', ['alice'], true],
    ['al-1', ['al-2'], true],
  ])('by %s, where those entered by %j do not count: %s', (createdBy, notMadeBy, counts) => {
    const delegations = [{ ...terms, createdBy }];
    const entered = new Organisation({ people, delegations });
    const matter = { qualifiedBy: 'alice', notMadeBy: new Set(notMadeBy) };
    expect(entered.chain('alice', 'bob', at, matter) !== undefined).toBe(counts);
    expect(entered.delegators('bob', at, () => matter).size).toBe(counts ? 1 : 0);
  });
});
