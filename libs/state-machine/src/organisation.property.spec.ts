import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Person } from './directory.js';
import { type DelegationTerms, MAX_DELEGATION_CHAIN, Organisation } from './organisation.js';

const IDS = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'];
const ROLES = ['r0', 'r1'];
const NOON = Date.parse('2026-11-24T12:00:00Z');
const hour = (at: number): Date => new Date(NOON + at * 3_600_000);

const people: fc.Arbitrary<Person[]> = fc.tuple(
  ...IDS.map((id) =>
    fc.record({
      id: fc.constant(id),
      name: fc.constant(id),
      roles: fc.subarray(ROLES),
      groups: fc.subarray(['g0']),
      active: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
      logins: fc.constant<string[]>([`login-${id}`]),
    }),
  ),
);
const anybody = fc.constantFrom(...IDS, 'login-p0', 'gone', 'stranger');
const approver = fc.constantFrom(...IDS, 'login-p1', 'gone', 'role:r0', 'role:r1', 'group:g0');
const approvers = fc.uniqueArray(approver, { maxLength: 4 });
const template = fc.constantFrom('t0', 't1');

const delegation: fc.Arbitrary<DelegationTerms> = fc
  .record({
    delegationId: fc.uuid(),
    from: fc.constantFrom(...IDS),
    to: fc.constantFrom(...IDS),
    start: fc.integer({ min: 0, max: 3 }),
    hours: fc.integer({ min: 1, max: 4 }),
    scope: fc.option(
      fc.record(
        {
          templates: fc.uniqueArray(template, { minLength: 1 }),
          approvers: fc.uniqueArray(approver, { minLength: 1 }),
        },
        { requiredKeys: [] },
      ),
      { freq: 2 },
    ),
  })
  .map(({ start, hours, ...rest }) => ({
    ...rest,
    start: hour(start).toISOString(),
    end: hour(start + hours).toISOString(),
  }));

/** By hand, from the lists as they are. */
function isNamed(all: readonly Person[], id: string, list: readonly string[]): boolean {
  const person = all.find((each) => each.id === id);
  return (
    person?.active === true &&
    list.some((name) => {
      const [kind, rest] = name.split(':');
      if (kind === 'role') return person.roles.includes(rest ?? '');
      if (kind === 'group') return person.groups.includes(rest ?? '');
      return name === id || name === `login-${id}`;
    })
  );
}

describe('an organisation', () => {
  it('names the same people whichever way it is asked', () => {
    fc.assert(
      fc.property(people, approvers, fc.option(approvers), anybody, (all, list, within, id) => {
        const organisation = new Organisation({ people: all, removed: ['gone'] });
        const named = organisation.named(list, within ?? undefined);
        const expected = IDS.filter(
          (each) => isNamed(all, each, list) && (within === null || isNamed(all, each, within)),
        );
        expect([...named].sort()).toEqual(expected);
        const person = organisation.personOf(id);
        const way = organisation.qualifies(id, list, { roles: ROLES, groups: ['g0'] });
        if (organisation.knows(id)) {
          expect(way !== undefined).toBe(organisation.named(list).has(person));
        } else {
          expect(way).toBe(list.find((each) => each.includes(':') || each === id));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds a chain if and only if there is one, the shortest, of people and delegations that count', () => {
    let found = 0;
    fc.assert(
      fc.property(
        people,
        fc.array(delegation, { minLength: 6, maxLength: 16 }),
        fc.constantFrom(...IDS),
        fc.constantFrom(...IDS),
        fc.integer({ min: 0, max: 5 }),
        fc.record({
          template: fc.option(template, { nil: undefined }),
          qualifiedBy: fc.constantFrom('role:r0', 'p1', 'group:g0'),
          without: fc
            .uniqueArray(fc.constantFrom(...IDS), { maxLength: 2 })
            .map((ids) => new Set(ids)),
        }),
        (all, delegations, from, to, at, matter) => {
          const organisation = new Organisation({ people: all, delegations });
          const fit = (id: string) =>
            all.some((each) => each.id === id && each.active) && !matter.without.has(id);
          const counts = ({ start, end, scope, ...ends }: DelegationTerms) =>
            fit(ends.from) &&
            fit(ends.to) &&
            hour(at) >= new Date(start) &&
            hour(at) < new Date(end) &&
            (scope?.templates?.includes(matter.template ?? '') ?? true) &&
            (scope?.approvers?.some((each) => each.replace('login-', '') === matter.qualifiedBy) ??
              true);
          const shortest = (who: string, left: number, seen: readonly string[]): number =>
            Math.min(
              ...delegations.map((each) => {
                if (left === 0 || each.from !== who || !counts(each)) return Infinity;
                if (seen.includes(each.to)) return Infinity;
                return each.to === to ? 1 : 1 + shortest(each.to, left - 1, [...seen, each.to]);
              }),
              Infinity,
            );
          const length = shortest(from, MAX_DELEGATION_CHAIN, [from]);
          const chain = organisation.chain(from, to, hour(at), matter);
          expect(chain?.length ?? Infinity).toBe(length);
          const [first] = chain ?? [];
          if (chain && first) {
            found++;
            expect(chain.every(counts)).toBe(true);
            expect(first.from).toBe(from);
            expect(chain.at(-1)?.to).toBe(to);
            expect(chain.slice(1).map((each) => each.from)).toEqual(
              chain.slice(0, -1).map((each) => each.to),
            );
          }
          const whole = organisation.delegators(to, hour(at), () => matter);
          expect(whole.has(from)).toBe(chain !== undefined);
        },
      ),
      { numRuns: 4_000 },
    );
    expect(found).toBeGreaterThan(100);
  });
});
