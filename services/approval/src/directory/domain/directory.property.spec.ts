import { directoryAggregate, type DirectoryState, organisationOf } from '@countersign/contracts';
import { type Actor, AppError, derivedId, fold } from '@countersign/kernel';
import { MAX_DELEGATION_CHAIN, type Person } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { administrator, caller, fed, person } from '../../../test/people.js';
import { replaceDirectory } from './change.js';
import { createDelegation, endDelegation } from './delegations.js';

const START = Date.parse('2026-11-24T00:00:00Z');
const hour = (at: number): Date => new Date(START + at * 3_600_000);
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

type Command =
  | { kind: 'delegate'; by: string; from: string | undefined; to: string; in: number; for: number }
  | { kind: 'end'; by: string; which: number }
  | { kind: 'replace'; by: string; leaves: string; inactive: string }
  | { kind: 'wait'; hours: number };

const anybody = fc.constantFrom(...IDS, 'root');
const delegate = fc.record({
  kind: fc.constant('delegate' as const),
  by: anybody,
  from: fc.option(fc.constantFrom(...IDS), { nil: undefined, freq: 1 }),
  to: fc.constantFrom(...IDS),
  in: fc.integer({ min: 0, max: 4 }),
  for: fc.integer({ min: 1, max: 6 }),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: delegate },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('end' as const), by: anybody, which: fc.nat(20) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('replace' as const),
      by: anybody,
      leaves: fc.constantFrom(...IDS, 'nobody'),
      inactive: fc.constantFrom(...IDS, 'nobody'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.nat(2) }),
  },
);

const everybody: Person[] = [
  administrator('root'),
  administrator('boss'),
  ...IDS.map((id) => person(id)),
];

function decide(state: DirectoryState, asked: Command, actor: Actor, now: Date, id: string) {
  switch (asked.kind) {
    case 'delegate': {
      const start = new Date(now.getTime() + asked.in * 3_600_000);
      const end = new Date(start.getTime() + asked.for * 3_600_000).toISOString();
      const { from, to } = asked;
      const terms = { from, to, start: start.toISOString(), end };
      const request = { delegationId: id, ...terms, outOfOffice: false, reason: 'away' };
      return createDelegation(state, request, actor, now);
    }
    case 'end': {
      const delegationId = [...state.delegations.keys()][asked.which] ?? id;
      return endDelegation(state, { delegationId }, actor, now);
    }
    case 'replace': {
      const people = everybody
        .filter((each) => each.id !== asked.leaves)
        .map((each) => ({ ...each, active: each.id !== asked.inactive }));
      const expectedRevision = state.documentRevision;
      return replaceDirectory(state, { directory: { people }, expectedRevision }, actor);
    }
    case 'wait':
      return [];
  }
}

/** The longest way along delegations that hold at a moment; infinite when one leads back. */
function longest(state: DirectoryState, at: Date): number {
  const now = at.toISOString();
  const links = [...state.delegations.values()].filter(
    ({ start, end, endedBy }) => endedBy === null && start <= now && now < end,
  );
  const from = (who: string, way: readonly string[]): number =>
    way.includes(who)
      ? Infinity
      : Math.max(
          0,
          ...links.filter((each) => each.from === who).map(({ to }) => 1 + from(to, [...way, who])),
        );
  return Math.max(...IDS.map((id) => from(id, [])));
}

describe('whatever is asked of the directory, in whatever order', () => {
  it('delegations never lead back, nor follow one another too long, at any moment', () => {
    let cycles = 0;
    let tooLong = 0;
    let deepest = 0;
    fc.assert(
      fc.property(fc.array(command, { minLength: 10, maxLength: 30 }), (commands) => {
        let state = fed({ people: everybody });
        let now = 0;
        for (const [index, asked] of commands.entries()) {
          if (asked.kind === 'wait') now += asked.hours;
          const by = caller('by' in asked ? asked.by : 'root');
          try {
            const events = decide(state, asked, by, hour(now), derivedId('test', index));
            state = fold(directoryAggregate, events, state);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            if (error.code === 'delegation.cycle') cycles++;
            if (error.code === 'delegation.too-long') tooLong++;
          }
          for (let at = now; at < now + 12; at++) {
            const length = longest(state, hour(at));
            expect(length).toBeLessThanOrEqual(MAX_DELEGATION_CHAIN);
            deepest = Math.max(deepest, length);
          }
        }
        const admins = organisationOf(state).named(['group:workflow-admins']);
        expect(admins.size).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
    // Not because nothing ever happens.
    expect(deepest).toBe(MAX_DELEGATION_CHAIN);
    expect(Math.min(cycles, tooLong)).toBeGreaterThan(20);
  });
});
