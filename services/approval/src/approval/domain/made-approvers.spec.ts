import { directoryAggregate, type DirectoryEvent, organisationOf } from '@countersign/contracts';
import { fold } from '@countersign/kernel';
import type { Person } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { closeReview, overrideApproval } from './break-glass.js';
import { escalateApproval } from './escalate.js';
import { explainApproval } from './explain.js';
import { checkQuorum } from './reachability.js';
import { TestApproval } from './test-approval.js';

const ADMINS = 'workflow-admins';

/** alice asked for it, ivan edited it; heidi is an administrator who has nothing to do with it. */
const open = (policy: object = {}) =>
  TestApproval.ofWorkflow({ level: 'SINGLE', approvers: ['group:risk'], ...policy }, (it) => {
    for (const id of ['alice', 'ivan']) it.change(id, { groups: ['desk', ADMINS] });
  });
const known = (it: TestApproval, id: string): Person => {
  const person = it.people.find((each) => each.id === id);
  return { roles: [], groups: [], active: true, ...person, id, name: id };
};
const give = (it: TestApproval, by: string | undefined, id: string, more: Partial<Person>) => {
  it.changeBy(by, [{ ...known(it, id), ...more }]);
};
const decision = (it: TestApproval, as: string, onBehalfOf?: string) =>
  it.refusal(() => it.decide(as, { onBehalfOf }));

describe('who may not decide makes nobody an approver', () => {
  it.each(['alice', 'ivan', undefined])('by a group, when %s gave it after the request', (by) => {
    const approval = open();
    give(approval, by, 'bob', { groups: ['risk'] });
    expect(decision(approval, 'bob')).toBe('approval.excluded');
    expect(decision(approval, 'erin')).toBeUndefined();
  });

  it('counts what somebody else gave, the operator fed, or was there before', () => {
    const approval = open();
    give(approval, 'heidi', 'bob', { groups: ['risk'] });
    expect(decision(approval, 'bob')).toBeUndefined();
    approval.people = [...approval.people, { ...known(approval, 'kim'), groups: ['risk'] }];
    expect(decision(approval, 'kim')).toBeUndefined();
    const later = TestApproval.ofWorkflow({ level: 'SINGLE', approvers: ['group:risk'] }, (it) => {
      give(it, 'alice', 'bob', { groups: ['risk'] });
    });
    expect(decision(later, 'bob')).toBeUndefined();
  });

  it.each<[string, (it: TestApproval) => void, Partial<Person>['id']]>([
    [
      'with a new person',
      (it) => {
        give(it, 'alice', 'kim', { groups: ['risk'] });
      },
      'kim',
    ],
    [
      'with a person of the name that is asked',
      (it) => {
        give(it, 'alice', 'lee', {});
      },
      'lee',
    ],
    [
      'with a login of the name that is asked',
      (it) => {
        give(it, 'alice', 'bob', { logins: ['lee'] });
      },
      'bob',
    ],
    [
      'with another login of an approver',
      (it) => {
        give(it, 'alice', 'erin', { logins: ['eve'] });
      },
      'erin',
    ],
    [
      'by calling somebody back',
      (it) => {
        it.change('erin', { active: false });
        give(it, 'alice', 'erin', { active: true });
      },
      'erin',
    ],
    [
      'by taking away and giving anew',
      (it) => {
        give(it, 'alice', 'erin', { groups: [] });
        give(it, 'alice', 'erin', { groups: ['risk'] });
      },
      'erin',
    ],
    [
      'by a rename',
      (it) => {
        it.changeBy('alice', [{ ...known(it, 'erin'), id: 'erin-2', logins: ['erin'] }], ['erin']);
      },
      'erin-2',
    ],
    [
      'by joining two people',
      (it) => {
        it.changeBy('alice', [{ ...known(it, 'erin'), logins: ['bob'] }], ['bob']);
      },
      'erin',
    ],
    [
      'through somebody whom they made an administrator',
      (it) => {
        give(it, 'alice', 'frank', { groups: [ADMINS] });
        give(it, 'frank', 'bob', { groups: ['risk'] });
        give(it, 'heidi', 'frank', { groups: [] });
      },
      'bob',
    ],
    [
      'through a login of another administrator',
      (it) => {
        give(it, 'alice', 'heidi', { logins: ['heidi-2'] });
        give(it, 'heidi', 'bob', { groups: ['risk'] });
      },
      'bob',
    ],
  ])('%s', (_, change, as = '') => {
    const approval = open({ approvers: ['group:risk', 'lee'] });
    change(approval);
    expect(decision(approval, as)).toBe('approval.excluded');
    approval.pass(1);
    expect(decision(approval, 'grace')).toBeUndefined();
  });

  it('nor within what limits them, nor for others, nor for a later stage', () => {
    const limited = open({ approvers: ['bob'], within: ['role:officer'] });
    give(limited, 'alice', 'bob', { roles: ['officer'] });
    expect(decision(limited, 'bob')).toBe('approval.excluded');

    const approval = open();
    give(approval, 'alice', 'bob', { groups: ['risk'] });
    approval.delegate('bob', 'heidi');
    expect(decision(approval, 'heidi', 'bob')).toBe('approval.excluded');

    const staged = open({
      level: undefined,
      approvers: undefined,
      stages: [
        { name: 'risk', level: 'SINGLE', approvers: ['group:risk'] },
        { name: 'head', level: 'SINGLE', approvers: ['role:head'] },
      ],
    });
    give(staged, 'erin', 'frank', { roles: ['head'] });
    staged.approve('erin');
    expect(decision(staged, 'frank')).toBe('approval.excluded');
    expect(decision(staged, 'bob')).toBeUndefined();
  });

  it('nor after having decided the same stage', () => {
    const approval = open({ level: 'DUAL' });
    approval.approve('erin');
    give(approval, 'erin', 'bob', { groups: ['risk'] });
    expect(decision(approval, 'bob')).toBe('approval.excluded');
    expect(decision(approval, 'frank')).toBeUndefined();
  });

  it('nor whose delegate is another person by a change of theirs', () => {
    const approval = open();
    approval.delegate('erin', 'heidi');
    expect(decision(approval, 'heidi', 'erin')).toBeUndefined();
    approval.changeBy('ivan', [{ ...known(approval, 'bob'), logins: ['heidi'] }], ['heidi']);
    expect(decision(approval, 'bob', 'erin')).toBe('approval.excluded');
  });

  it('nor a break-glass holder, a reviewer, or an administrator who escalates', () => {
    const approval = open({ breakGlass: ['role:guard', 'grace'] });
    const { subjectHash } = approval.state;
    const override = (as: string) =>
      approval.do(
        (state, cause) => overrideApproval(state, { reason: 'x', subjectHash }, cause),
        as,
      );
    give(approval, 'alice', 'bob', { roles: ['guard'] });
    expect(approval.refusal(() => override('bob'))).toBe('approval.excluded');
    give(approval, 'alice', 'bob', { groups: [ADMINS] });
    override('grace');
    const close = (as: string) => () =>
      approval.do(
        (state, cause) => closeReview(state, { verdict: 'justified', reason: 'x' }, cause),
        as,
      );
    expect(approval.refusal(close('bob'))).toBe('approval.not-an-approver');
    expect(approval.refusal(close('heidi'))).toBeUndefined();

    const asked = TestApproval.adHoc({ level: 'SINGLE', approvers: ['group:risk'] });
    give(asked, 'alice', 'bob', { groups: [ADMINS] });
    const escalate = (as: string) => () =>
      asked.do(
        (state, cause) => escalateApproval(state, { approvers: ['ivan'], reason: 'x' }, cause),
        as,
      );
    expect(asked.refusal(escalate('bob'))).toBe('approval.not-an-approver');
    expect(asked.refusal(escalate('heidi'))).toBeUndefined();
  });

  it('is said to them, and to whoever asks whom it waits on', () => {
    const approval = open({ level: 'DUAL' });
    give(approval, 'alice', 'bob', { groups: ['risk'] });
    for (const id of ['erin', 'frank']) give(approval, 'heidi', id, { groups: [] });
    approval.do(checkQuorum);
    expect(approval.last('approval.incident-raised').code).toBe('approval.quorum-unreachable');
    const why = explainApproval(approval.any, approval.cause('bob'));
    expect(why.waitingOn.map(({ person }) => person)).toEqual(['grace']);
    expect(why.you).toMatchObject({ mayDecide: false, code: 'approval.excluded' });
    const { person, reason } = why.barred.find(({ code }) => code === 'approval.excluded') ?? {};
    expect([person, reason]).toEqual(['bob', why.you.reason]);
    expect(reason).toContain('what alice changed in the directory after it was asked for');
    give(approval, 'heidi', 'bob', { groups: [] });
    give(approval, 'heidi', 'bob', { groups: ['risk'] });
    approval.do(checkQuorum);
    expect(approval.types.at(-1)).toBe('approval.incident-resolved');
  });

  it('leaves decisions as they were', () => {
    const approval = open({ level: 'DUAL' });
    give(approval, 'heidi', 'bob', { groups: ['risk'] });
    approval.approve('bob');
    give(approval, 'alice', 'bob', { groups: [] });
    give(approval, 'alice', 'bob', { groups: ['risk'] });
    approval.approve('erin');
    expect(approval.state.status).toBe('APPROVED');
  });
});

describe('a delegation that an administrator enters', () => {
  const made = { start: '2026-11-01T00:00:00.000Z', end: '2026-12-31T00:00:00.000Z' };
  const entered = (createdBy: string): DirectoryEvent => ({
    type: 'directory.delegation-created',
    data: {
      delegationId: '0e3f6f0a-1b2c-5d3e-8f40-123456789abd',
      ...{ from: 'erin', to: 'bob', createdBy, createdAt: made.start, ...made },
      ...{ outOfOffice: false, reason: 'x' },
    },
  });

  it.each([true, false])('does not count when who may not decide made them one', (atOnce) => {
    const approval = open();
    const before = approval.directory;
    give(approval, 'alice', 'frank', { groups: [ADMINS] });
    const frank = known(approval, 'frank');
    const change = (changedBy: string, groups: string[]): DirectoryEvent => ({
      type: 'directory.people-changed',
      data: { source: 'api', changedBy, set: [{ ...frank, groups }], removed: [] },
    });
    const events = [change('alice', [ADMINS]), entered('frank'), change('heidi', [])];
    const directory = atOnce
      ? fold(directoryAggregate, events, before)
      : events.reduce(directoryAggregate.evolve, before);
    const organisation = organisationOf(directory);
    const chain = (since: number) =>
      organisation
        .without({ since, of: new Set(['alice']) })
        .chain('erin', 'bob', approval.now, { qualifiedBy: 'group:risk' });
    expect(chain(before.revision)).toBeUndefined();
    expect(chain(directory.revision)).toHaveLength(1);
  });
});
