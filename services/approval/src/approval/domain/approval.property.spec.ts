import { AppError } from '@countersign/kernel';
import { faultsInApproval, type RecordedApprovalEvent } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { overrideApproval } from './break-glass.js';
import { fireDeadlines, freezeDeadlines, resumeDeadlines } from './deadlines.js';
import { cancelApproval, revokeDecision, withdrawApproval } from './ending.js';
import { escalateApproval } from './escalate.js';
import { checkQuorum } from './reachability.js';
import { people, TestApproval } from './test-approval.js';

import { changeSubject } from './subject.js';

const PEOPLE = people().map(({ id }) => id);
const NAMES = ['group:desk', 'group:risk', 'role:head', ...PEOPLE];

const person = fc.constantFrom(...PEOPLE);
const some = (min = 1) =>
  fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: min, maxLength: 4 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const seldom = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const rejection = fc.oneof(
  fc.constant('any' as const),
  fc.record({ count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ veto: some() }),
);
const round = fc.oneof(
  fc.record({
    level: fc.constantFrom('SINGLE', 'DUAL'),
    approvers: some(),
    rejection: maybe(rejection),
  }),
  fc.record({
    level: fc.constant('COMMITTEE'),
    quorum: fc.oneof(
      fc.integer({ min: 1, max: 4 }),
      fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
    ),
    approvers: some(),
    rejection: maybe(rejection),
  }),
);
const stage = fc.tuple(round, maybe(some())).map(([one, within]) => ({ ...one, within }));
const shape = fc.oneof(
  { weight: 2, arbitrary: round },
  fc.array(stage, { minLength: 1, maxLength: 3 }).map((stages) => ({
    stages: stages.map((one, index) => ({ ...one, name: `s${index}` })),
  })),
);
const options = fc.record({
  within: maybe(some(2)),
  abstain: maybe(fc.boolean()),
  material: maybe(fc.constant(['/notional'])),
  expiry: maybe(
    fc.record({
      after: fc.constantFrom('PT1H', 'PT4H'),
      outcome: fc.constantFrom('reject', 'cancel', 'escalate'),
    }),
  ),
  escalation: maybe(
    fc.array(fc.record({ after: fc.constant('PT2H'), approvers: some() }), { maxLength: 2 }),
  ),
  reminders: maybe(fc.constant(['PT30M'])),
  breakGlass: maybe(some()),
});
const policy = fc.tuple(shape, options).map(([one, more]) => ({ ...one, ...more }));

type Step = (approval: TestApproval) => unknown;

const decide = fc
  .record({
    who: person,
    action: fc.constantFrom('approve', 'approve', 'approve', 'reject', 'abstain'),
    onBehalfOf: seldom(person),
    stale: seldom(fc.constant('f'.repeat(64))),
  })
  .map(
    ({ who, action, onBehalfOf, stale }): Step =>
      (approval) =>
        approval.decide(who, {
          action: action as 'approve',
          onBehalfOf,
          ...(stale === undefined ? {} : { subjectHash: stale }),
        }),
  );
/** Somebody decides for one who has delegated to them, or to one who has. */
const standIn = fc.tuple(fc.nat(20), fc.nat(20)).map(([one, other]): Step => (it) => {
  const first = it.delegations[one % Math.max(1, it.delegations.length)];
  if (!first) return;
  const onwards = it.delegations.filter(({ from }) => from === first.to);
  const next = onwards[other % (onwards.length + 1)];
  it.decide(next?.to ?? first.to, { onBehalfOf: first.from });
});
const delegations = fc.array(fc.tuple(person, person), { maxLength: 6 });
const world = fc.oneof(
  fc.tuple(person, fc.boolean()).map(
    ([id, active]): Step =>
      (it) =>
        it.change(id, { active }),
  ),
  fc.tuple(person, fc.subarray(['desk', 'risk']), fc.subarray(['head'])).map(
    ([id, groups, roles]): Step =>
      (it) =>
        it.change(id, { groups, roles }),
  ),
  // Who asked or edited makes somebody an administrator, who makes somebody an approver, who decides.
  fc
    .tuple(fc.constantFrom('alice', 'ivan'), person, person)
    .map(([by, middle, end]): Step => (it) => {
      const give = (author: string, id: string, group: string) => {
        const known = it.people.find((each) => each.id === id);
        if (known) it.changeBy(author, [{ ...known, groups: [...known.groups, group] }]);
      };
      give(by, middle, 'workflow-admins');
      give(middle, end, 'risk');
      it.decide(end);
    }),
  // An administrator, or who knows who, gives and takes.
  fc
    .tuple(
      fc.option(person, { nil: undefined, freq: 10 }),
      person,
      fc.boolean(),
      fc.subarray(['desk', 'risk', 'workflow-admins']),
      fc.subarray(['head']),
    )
    .map(([by, id, there, groups, roles]): Step => (it) => {
      const known = it.people.find((each) => each.id === id);
      const more = { name: id, logins: [], ...known, id, groups, roles, active: true };
      if (there) it.changeBy(by, [more]);
      else if (id !== 'alice') it.changeBy(by, [], [id]);
    }),
  fc
    .tuple(
      person,
      person,
      fc.constantFrom(undefined, { templates: ['other'] }, { approvers: ['role:head'] }),
    )
    .map(
      ([from, to, scope]): Step =>
        (it) =>
          it.delegate(from, to, { scope }),
    ),
  fc.nat(5).map(
    (index): Step =>
      (it) =>
        it.delegations.splice(index, 1),
  ),
);
const others = fc.oneof(
  person.map(
    (who): Step =>
      (it) =>
        it.do((state, cause) => revokeDecision(state, { reason: 'hm' }, cause), who),
  ),
  fc.integer({ min: 1, max: 3 }).map(
    (notional): Step =>
      (it) =>
        it.do(
          (state, cause) =>
            changeSubject(state, { subject: { notional, note: it.events.length } }, cause),
          'alice',
        ),
  ),
  fc.tuple(person, maybe(some())).map(
    ([who, approvers]): Step =>
      (it) =>
        it.do((state, cause) => escalateApproval(state, { approvers, reason: 'r' }, cause), who),
  ),
  fc.constantFrom<Step>(
    (it) => it.do(checkQuorum),
    (it) => it.do((state, { now }) => freezeDeadlines(state, now)),
    (it) => it.do((state, { now }) => resumeDeadlines(state, now)),
  ),
  {
    weight: 1,
    arbitrary: fc.oneof(
      person.map(
        (who): Step =>
          (it) =>
            it.do((state, cause) => withdrawApproval(state, 'r', cause), who),
      ),
      fc.constant<Step>((it) => it.do((state) => cancelApproval(state, 'r'))),
      person.map(
        (who): Step =>
          (it) =>
            it.do((state, cause) => {
              const { subjectHash } = it.state;
              return overrideApproval(state, { reason: 'r', subjectHash }, cause);
            }, who),
      ),
    ),
  },
);
const time = fc.oneof(
  fc.integer({ min: 10, max: 120 }).map(
    (minutes): Step =>
      (it) =>
        it.pass(minutes * 60_000),
  ),
  fc.constant<Step>((it) => it.do(fireDeadlines)),
);
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: decide },
    { weight: 3, arbitrary: standIn },
    { weight: 2, arbitrary: world },
    { weight: 2, arbitrary: time },
    others,
  ),
  { minLength: 25, maxLength: 60 },
);

/** Everything that was recorded, each with the world at that moment. */
class Journal {
  readonly record: RecordedApprovalEvent[] = [];
  refused = 0;

  constructor(readonly approval: TestApproval) {
    this.#write();
  }

  step(step: Step): void {
    try {
      step(this.approval);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.refused += 1;
    }
    this.#write();
  }

  #write(): void {
    const { events, now, people: present, changes, delegations } = this.approval;
    for (const event of events.slice(this.record.length)) {
      const world = { people: present, changes: [...changes], delegations: [...delegations] };
      this.record.push({ event, now, ...world });
    }
  }
}

describe('whatever the policy, and in whatever order things happen', () => {
  it('no approval is completed against its policy', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(policy, fc.boolean(), delegations, steps, (asked, adHoc, given, happenings) => {
        let approval: TestApproval;
        try {
          approval = adHoc ? TestApproval.adHoc({ policy: asked }) : TestApproval.ofWorkflow(asked);
        } catch (error) {
          if (error instanceof AppError) return;
          throw error;
        }
        for (const [from, to] of given) approval.delegate(from, to);
        const journal = new Journal(approval);
        for (const step of happenings) journal.step(step);
        const { status } = approval.state;
        outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
        expect(faultsInApproval(journal.record)).toEqual([]);
      }),
      { numRuns: 800 },
    );
    // The property says nothing when nothing is ever completed.
    for (const status of ['APPROVED', 'REJECTED', 'TIMED_OUT']) {
      expect(outcomes.get(status) ?? 0).toBeGreaterThan(5);
    }
  });

  it('the oracle notices by whom an approver was made one', () => {
    const faults = (...changes: [by: string | undefined, id: string, groups: string[]][]) => {
      const approval = TestApproval.ofWorkflow({ level: 'SINGLE', approvers: ['group:risk'] });
      const journal = new Journal(approval);
      approval.change('bob', { groups: ['risk'] });
      journal.step((it) => it.decide('bob'));
      const [asked, ...decided] = journal.record;
      if (!asked || decided.length === 0) throw new Error('nothing was recorded');
      const known = [...asked.changes];
      for (const [by, id, groups] of changes) {
        const before = known.at(-1)?.people ?? [];
        const after = before.map((each) => (each.id === id ? { ...each, groups } : each));
        known.push({ by, people: after });
      }
      return faultsInApproval([asked, ...decided.map((each) => ({ ...each, changes: known }))]);
    };
    expect(faults([undefined, 'bob', ['risk']])).toEqual([]);
    expect(faults(['heidi', 'bob', ['risk']])).toEqual([]);
    expect(faults(['alice', 'bob', ['risk']])).toContain('bob is not asked');
    expect(faults(['ivan', 'bob', ['risk']])).toContain('bob is not asked');
    const twice = faults(['ivan', 'frank', ['workflow-admins']], ['frank', 'bob', ['risk']]);
    expect(twice).toContain('bob is not asked');
  });

  it('the oracle notices what is wrong', () => {
    const approval = TestApproval.ofWorkflow({ level: 'DUAL', approvers: ['group:risk'] });
    const journal = new Journal(approval);
    journal.step((it) => it.decide('erin'));
    journal.step((it) => it.decide('frank'));
    expect(faultsInApproval(journal.record)).toEqual([]);
    const without = (index: number) => journal.record.filter((_, at) => at !== index);
    expect(faultsInApproval(without(1))).toContain('stage 0 is short');
    const [first, ...rest] = journal.record;
    if (!first) throw new Error('nothing was recorded');
    const changed = (data: object) =>
      faultsInApproval([
        { ...first, event: { ...first.event, data: { ...first.event.data, ...data } } as never },
        ...rest,
      ]);
    expect(changed({ requester: 'erin' })).toContain('erin may never decide');
    expect(changed({ subject: { other: 1 } })).toContain('a decision about another subject');
    expect(changed({ policy: { level: 'DUAL', approvers: ['erin'] } })).toContain(
      'frank is not asked',
    );
    const twice = journal.record.map((entry, at) =>
      at === 2 ? { ...(journal.record[1] ?? entry) } : entry,
    );
    expect(faultsInApproval(twice)).toContain('erin decides twice');
  });
});
