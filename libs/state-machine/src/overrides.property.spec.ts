import { describe, expect, it } from '@jest/globals';
import { AppError } from '@countersign/kernel';
import fc from 'fast-check';

import {
  type ApprovalPolicy,
  applyOverrides,
  approvalsNeeded,
  type Directory,
  Organisation,
  parseDefinition,
  type Round,
  roundsOf,
} from './index.js';

const PEOPLE = ['p0', 'p1', 'p2', 'p3'];
const approver = fc.constantFrom(...PEOPLE, 'group:g0', 'group:g1', 'role:r0');
const approvers = fc.uniqueArray(approver, { minLength: 1, maxLength: 4 });
const quorum = fc.oneof(
  fc.integer({ min: 1, max: 4 }),
  fc.record({ percent: fc.constantFrom(1, 25, 34, 50, 75, 100) }),
);
const rejection = fc.oneof(
  fc.constant('any' as const),
  fc.record({ count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ veto: approvers }),
);

const terms = fc
  .record({
    level: fc.constantFrom('SINGLE', 'DUAL', 'COMMITTEE'),
    quorum,
    approvers,
    within: fc.option(approvers, { nil: undefined }),
    rejection: fc.option(rejection, { nil: undefined }),
  })
  .map((each) => (each.level === 'COMMITTEE' ? each : { ...each, quorum: undefined }));

const policy = fc.oneof(
  terms,
  fc
    .tuple(
      fc.array(terms, { minLength: 1, maxLength: 3 }),
      fc.option(approvers, { nil: undefined }),
    )
    .map(([stages, within]) => ({
      stages: stages.map((stage, index) => ({ ...stage, name: `s${index}` })),
      within,
    })),
);

const change = fc
  .record(
    { level: fc.constantFrom('SINGLE', 'DUAL', 'COMMITTEE'), quorum, approvers },
    { requiredKeys: [] },
  )
  // Otherwise nearly all are refused for a quorum that belongs to no committee.
  .map((each) => (each.quorum === undefined ? each : { ...each, level: 'COMMITTEE' }));

const override = fc.oneof(
  change,
  fc
    .dictionary(fc.constantFrom('s0', 's1', 's2'), change, { minKeys: 1 })
    .map((stages) => ({ stages })),
);

const directory: fc.Arbitrary<Directory> = fc
  .tuple(
    ...PEOPLE.map((id) =>
      fc.record({
        id: fc.constant(id),
        name: fc.constant(id),
        roles: fc.subarray(['r0']),
        groups: fc.subarray(['g0', 'g1']),
        active: fc.boolean(),
      }),
    ),
  )
  .map((people) => ({ people }));

/** Who may approve in a round: named, within the round's own limits, and within the policy's. */
function mayApprove(people: Directory, { within: all }: ApprovalPolicy, round: Round): Set<string> {
  const organisation = new Organisation(people);
  const named = (list: readonly string[]): string[] => [...organisation.named(list)];
  const limits = [round.within, all].filter((each) => each !== undefined).map(named);
  return new Set(named(round.approvers).filter((id) => limits.every((each) => each.includes(id))));
}

describe('an override that is taken', () => {
  it('never lets fewer people do, nor other people, whoever the directory knows', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        policy,
        override,
        fc.array(directory, { minLength: 3, maxLength: 3 }),
        (requiresApproval, given, directories) => {
          const before = parseDefinition({
            name: 'random',
            initial: 'a',
            states: [{ name: 'a' }, { name: 'b', final: 'completed' }],
            transitions: [{ event: 'go', from: 'a', to: 'b', requiresApproval }],
          });
          let after;
          try {
            after = applyOverrides(before, { approvals: { go: given } });
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
            return;
          }
          taken++;
          const [old, next] = [before, after].map((each) => each.transitions[0]?.requiresApproval);
          if (old === undefined || next === undefined) throw new Error('no policy');
          expect(roundsOf(next)).toHaveLength(roundsOf(old).length);
          for (const [index, round] of roundsOf(next).entries()) {
            const was = roundsOf(old)[index];
            if (was === undefined) throw new Error('no round');
            expect(round.rejection).toEqual(was.rejection);
            for (const people of directories) {
              const could = mayApprove(people, old, was);
              const can = mayApprove(people, next, round);
              for (const id of can) expect(could).toContain(id);
              expect(approvalsNeeded(round, can.size)).toBeGreaterThanOrEqual(
                approvalsNeeded(was, could.size),
              );
              const named = (each: Round): number =>
                new Organisation(people).named(each.approvers).size;
              expect(approvalsNeeded(round, named(round))).toBeGreaterThanOrEqual(
                approvalsNeeded(was, named(was)),
              );
            }
          }
        },
      ),
      { numRuns: 3_000 },
    );
    // Not because nothing is ever taken.
    expect(taken).toBeGreaterThan(40);
  });

  it('leaves whoever is named able to reject', () => {
    fc.assert(
      fc.property(terms, change, (requiresApproval, given) => {
        const before = parseDefinition({
          name: 'random',
          initial: 'a',
          states: [{ name: 'a' }, { name: 'b', final: 'completed' }],
          transitions: [{ event: 'go', from: 'a', to: 'b', requiresApproval }],
        });
        let after;
        try {
          after = applyOverrides(before, { approvals: { go: given } });
        } catch {
          return;
        }
        const { approvers: names = [], rejection: when } =
          after.transitions[0]?.requiresApproval ?? {};
        const changed =
          names.length !== requiresApproval.approvers.length ||
          names.some((name) => !requiresApproval.approvers.includes(name));
        if (!changed || typeof when !== 'object') return;
        if ('veto' in when) for (const holder of when.veto) expect(names).toContain(holder);
        else expect(names.length).toBeGreaterThanOrEqual(when.count);
      }),
      { numRuns: 1_000 },
    );
  });
});
