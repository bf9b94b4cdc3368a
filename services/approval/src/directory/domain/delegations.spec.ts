import { directoryAggregate, type DirectoryEvent, organisationOf } from '@countersign/contracts';
import { type Actor, derivedId, fold } from '@countersign/kernel';
import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { administrator, caller, fed, person } from '../../../test/people.js';
import { createDelegation, type DelegationRequest, endDelegation } from './delegations.js';

const NOW = new Date('2026-11-24T12:00:00.000Z');
const day = (at: number, milliseconds = 0): string =>
  new Date(NOW.getTime() + at * 86_400_000 + milliseconds).toISOString();

const state = fed({
  people: [
    administrator('root'),
    ...['a', 'b', 'c', 'd', 'e'].map((id) => person(id, { logins: [`${id}-1`] })),
    person('off', { active: false }),
  ],
});

let count = 0;
const request = (to: string, more: Partial<DelegationRequest> = {}): DelegationRequest => ({
  delegationId: derivedId('test', count++),
  to,
  end: day(7),
  outOfOffice: false,
  reason: 'away',
  ...more,
});

/** What is made of some requests, one after another, by whoever gives. */
function made(...asked: readonly (readonly [from: string, DelegationRequest])[]) {
  const events: DirectoryEvent[] = [];
  for (const [from, each] of asked) {
    const before = fold(directoryAggregate, events, state);
    events.push(...createDelegation(before, each, caller(from), NOW));
  }
  return fold(directoryAggregate, events, state);
}

const refusal = (
  by: Actor | string,
  asked: DelegationRequest,
  before = state,
): string | undefined =>
  codeOf(() => createDelegation(before, asked, typeof by === 'string' ? caller(by) : by, NOW));

describe('a delegation', () => {
  it('is from the caller and from now on', () => {
    const asked = request('b-1', { scope: { templates: ['trade'] }, outOfOffice: true });
    expect(createDelegation(state, asked, caller('a-1'), NOW)).toEqual([
      {
        type: 'directory.delegation-created',
        data: {
          delegationId: asked.delegationId,
          from: 'a',
          to: 'b',
          createdAt: day(0),
          start: day(0),
          end: day(7),
          scope: { templates: ['trade'] },
          outOfOffice: true,
          reason: 'away',
          createdBy: 'a',
        },
      },
    ]);
  });

  it('is reckoned in UTC', () => {
    const asked = request('b', {
      start: '2026-11-25T01:00:00+02:00',
      end: '2026-11-25T02:00:00+02:00',
    });
    const [event] = createDelegation(state, asked, caller('a'), NOW);
    expect(event?.data).toMatchObject({
      start: '2026-11-24T23:00:00.000Z',
      end: '2026-11-25T00:00:00.000Z',
    });
  });

  it('is what an organisation goes by, until somebody ends it', () => {
    const asked = request('b');
    const one = made(['a', asked]);
    const matter = { qualifiedBy: 'a' };
    expect(organisationOf(one).chain('a', 'b', NOW, matter)).toHaveLength(1);
    const ended = endDelegation(one, { ...asked, reason: 'back' }, caller('b'), NOW);
    const after = fold(directoryAggregate, ended, one);
    expect(organisationOf(after).chain('a', 'b', NOW, matter)).toBeUndefined();
    expect(after.delegations.get(asked.delegationId)?.endedBy).toBe('b');
    expect(endDelegation(after, asked, caller('a'), NOW)).toEqual([]);
  });

  it.each([
    ['from somebody else', 'a', request('b', { from: 'c' }), 'delegation.not-yours'],
    [
      'to an administrator by themselves',
      'root',
      request('root', { from: 'c' }),
      'delegation.not-yours',
    ],
    ['by an administrator for somebody', 'root', request('b', { from: 'c' }), undefined],
    ['by an administrator of their own', 'root', request('b'), undefined],
    [
      'from somebody else, with a token that says more than the directory',
      caller('a', { groups: ['workflow-admins'] }),
      request('b', { from: 'c' }),
      'delegation.not-yours',
    ],
    ['to a stranger', 'a', request('zed'), 'delegation.unknown-person'],
    ['from a stranger', 'zed', request('a'), 'delegation.unknown-person'],
    ['to somebody inactive', 'a', request('off'), 'delegation.unknown-person'],
    ['from somebody inactive', 'off', request('a'), 'delegation.unknown-person'],
    ['for somebody inactive', 'root', request('a', { from: 'off' }), 'delegation.unknown-person'],
    ['to oneself', 'a', request('a'), 'delegation.to-oneself'],
    ['to a login of oneself', 'a', request('a-1'), 'delegation.to-oneself'],
    [
      'that ends as it begins',
      'a',
      request('b', { start: day(1), end: day(1) }),
      'delegation.bad-period',
    ],
    [
      'that ends before',
      'a',
      request('b', { start: day(2), end: day(1) }),
      'delegation.bad-period',
    ],
    ['that is over', 'a', request('b', { end: day(0) }), 'delegation.bad-period'],
    ['of yesterday', 'a', request('b', { start: day(-1) }), 'delegation.bad-period'],
    ['of a minute ago', 'a', request('b', { start: day(0, -60_000) }), undefined],
    ['of 366 days', 'a', request('b', { start: day(1), end: day(367) }), undefined],
    ['of more', 'a', request('b', { start: day(1), end: day(367, 1) }), 'delegation.bad-period'],
  ])('%s', (_, by, asked, code) => {
    expect(refusal(by, asked)).toBe(code);
  });

  it('is one of fifty at most that somebody has given', () => {
    const fifty = Array.from({ length: 50 }, (_, at): [string, DelegationRequest] => [
      'a',
      request('b', { start: day(at), end: day(at + 1) }),
    ]);
    const full = made(...fifty);
    expect(refusal('a', request('c'), full)).toBe('delegation.too-many');
    expect(refusal('c', request('b'), full)).toBeUndefined();
    const later = new Date(day(1));
    expect(createDelegation(full, request('c'), caller('a'), later)).toHaveLength(1);
  });
});

describe('delegations that follow one another', () => {
  const three = made(['a', request('b')], ['b', request('c')], ['c', request('d')]);

  it.each([
    ['back at once', 'b', request('a'), made(['a', request('b')]), 'delegation.cycle'],
    ['back in the end', 'c', request('a'), three, 'delegation.cycle'],
    ['all the way back', 'd', request('a'), three, 'delegation.cycle'],
    ['a fourth behind', 'd', request('e'), three, 'delegation.too-long'],
    ['a fourth before', 'e', request('a'), three, 'delegation.too-long'],
    [
      'one that joins two and one',
      'b',
      request('c'),
      made(['a', request('b')], ['c', request('d')], ['d', request('e')]),
      'delegation.too-long',
    ],
    ['another way', 'a', request('c'), three, undefined],
    [
      'later',
      'b',
      request('a', { start: day(7), end: day(8) }),
      made(['a', request('b')]),
      undefined,
    ],
    [
      'at a moment only',
      'b',
      request('a', { start: day(7, -1), end: day(8) }),
      made(['a', request('b')]),
      'delegation.cycle',
    ],
    [
      'when those on the way are never there together',
      'c',
      request('a'),
      made(
        ['a', request('b', { end: day(1) })],
        ['b', request('c', { start: day(1), end: day(2) })],
      ),
      undefined,
    ],
  ])('%s', (_, by, asked, before, code) => {
    expect(refusal(by, asked, before)).toBe(code);
  });

  it('are no more in the way when they were ended', () => {
    const first = request('b');
    const one = made(['a', first]);
    const ended = endDelegation(one, first, caller('a'), NOW);
    expect(refusal('b', request('a'), fold(directoryAggregate, ended, one))).toBeUndefined();
  });
});

describe('what an administrator enters for somebody', () => {
  const forC = (to: string, more: Partial<DelegationRequest> = {}) =>
    request(to, { from: 'c', ...more });
  it.each([
    ['leads to others', made(['a', request('b')]), undefined],
    ['never to themselves', made(['a', request('root')]), 'delegation.not-yours'],
    ['nor after others', made(['a', request('b')], ['b', request('root')]), 'delegation.not-yours'],
    ['but at other times', made(['a', request('root', { start: day(7), end: day(8) })]), undefined],
  ])('%s', (_, before, code) => {
    expect(refusal('root', forC('a'), before)).toBe(code);
  });
});

describe('ending', () => {
  const asked = request('b', { from: 'a' });
  const event = createDelegation(state, asked, caller('root'), NOW);
  const before = fold(directoryAggregate, event, state);
  const end = (by: string, more: Partial<Actor> = {}) =>
    codeOf(() => endDelegation(before, asked, caller(by, more), NOW));

  it.each([
    ['a', undefined],
    ['a-1', undefined],
    ['b', undefined],
    ['root', undefined],
    ['c', 'delegation.not-yours'],
  ])('by %s: %s', (by, code) => {
    expect(end(by)).toBe(code);
    expect(end(by, { groups: ['workflow-admins'] })).toBe(code);
  });

  it('is of something', () => {
    const none = { delegationId: derivedId('none') };
    expect(codeOf(() => endDelegation(before, none, caller('a'), NOW))).toBe(
      'delegation.not-found',
    );
  });

  it('changes nothing when it is over', () => {
    expect(endDelegation(before, asked, caller('a'), new Date(day(7)))).toEqual([]);
  });
});

describe('whoever leaves', () => {
  it('does not have their delegations again when they come back', () => {
    const given = made(['a', request('b')], ['c', request('a')], ['d', request('e')]);
    const change = (set: string[], removed: string[]): DirectoryEvent => ({
      type: 'directory.people-changed',
      data: { source: 'api', set: set.map((id) => person(id)), removed },
    });
    const back = fold(directoryAggregate, [change([], ['a']), change(['a'], [])], given);
    const chain = (from: string, to: string) =>
      organisationOf(back).chain(from, to, NOW, { qualifiedBy: from });
    expect(chain('a', 'b')).toBeUndefined();
    expect(chain('c', 'a')).toBeUndefined();
    expect(chain('d', 'e')).toHaveLength(1);
    const again = fold(
      directoryAggregate,
      createDelegation(back, request('b'), caller('a'), NOW),
      back,
    );
    expect(organisationOf(again).chain('a', 'b', NOW, { qualifiedBy: 'a' })).toHaveLength(1);
  });
});
