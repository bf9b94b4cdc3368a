import { describe, expect, it } from '@jest/globals';

import {
  adHocPolicyFindings,
  ApprovalPolicy,
  Organisation,
  parseDefinition,
  parseDirectory,
  validateDefinition,
  type WorkflowDefinitionInput,
} from '../index.js';

const CODE = 'approval.may-stay-undecided';
const person = (id: string, ...groups: string[]) => ({ id, name: id, groups });
const directory = parseDirectory({
  people: [
    person('ann', 'desk'),
    person('bob', 'desk'),
    person('cat', 'desk'),
    person('dan', 'desk'),
    person('eve', 'risk'),
  ],
});

type Policy = NonNullable<WorkflowDefinitionInput['transitions'][number]['requiresApproval']>;
type More = Partial<Pick<WorkflowDefinitionInput, 'timeout' | 'autoEscalate'>> & {
  readonly leaves?: boolean;
};

/** Severities and paths, from the policy on, of what is found in the only policy of a machine. */
function found(requiresApproval: Policy, people = true, { leaves, ...more }: More = {}): string[] {
  const at = '/transitions/0/requiresApproval';
  const definition = parseDefinition({
    name: 'test',
    initial: 'a',
    states: [
      { name: 'a', ...(leaves === true ? { timeout: { after: 'P1D', to: 'end' } } : {}) },
      { name: 'end', final: 'completed' },
    ],
    transitions: [{ event: 'go', from: 'a', to: 'end', requiresApproval }],
    ...more,
  });
  return validateDefinition(definition, people ? { directory } : {})
    .filter(({ code }) => code === CODE)
    .map(({ severity, path }) => `${severity} ${path.slice(at.length)}`);
}

const three = {
  level: 'COMMITTEE' as const,
  quorum: 3,
  approvers: ['ann', 'bob', 'cat', 'dan'],
};
const group = { ...three, approvers: ['group:desk'] };
const expiry = (outcome: 'reject' | 'cancel' | 'escalate') => ({ after: 'P2D', outcome }) as const;

describe('an approval that all may decide without an outcome', () => {
  it.each<[string, Policy, boolean]>([
    ['too few are left for either', { ...three, rejection: { count: 3 } }, true],
    ['one side always has enough', { ...three, rejection: { count: 2 } }, false],
    ['the first rejection rejects', three, false],
    [
      'rejections that cannot be reached are another finding',
      { ...three, rejection: { count: 5 } },
      false,
    ],
    ['all may abstain', { ...three, abstain: true }, true],
    [
      'those with a veto are fewer than the quorum',
      { ...three, rejection: { veto: ['ann'] } },
      true,
    ],
    [
      'those with a veto are the quorum',
      { ...three, rejection: { veto: ['ann', 'bob', 'cat'] } },
      false,
    ],
    ['it expires', { ...three, abstain: true, expiry: expiry('cancel') }, false],
    [
      'its expiry asks others, who may abstain as well',
      {
        ...{ ...three, abstain: true, expiry: expiry('escalate') },
        escalation: [{ after: 'P1D', approvers: ['eve'] }],
      },
      true,
    ],
    [
      'others who are asked in time are enough',
      {
        ...{ ...three, rejection: { count: 3 } },
        escalation: [{ after: 'P1D', approvers: ['eve'] }],
      },
      false,
    ],
    ['nobody is asked', { level: 'AUTO', approvers: [] }, false],
  ])('%s', (_, policy, expected) => {
    expect(found(policy)).toEqual(expected ? ['warning '] : []);
    expect(found(policy, false)).toEqual(expected ? ['warning '] : []);
  });

  it('is found for groups where a directory says who is in them', () => {
    const policy: Policy = { ...group, rejection: { count: 3 } };
    expect(found(policy)).toEqual(['warning ']);
    expect(found(policy, false)).toEqual([]);
  });

  it('is found once for each stage', () => {
    const stage = (name: string, rejection: Policy['rejection']) => ({ ...three, name, rejection });
    const stages = [stage('one', 'any'), stage('two', { count: 3 }), stage('three', { count: 3 })];
    expect(found({ stages })).toEqual(['warning /stages/1', 'warning /stages/2']);
  });

  it('is none where a timeout takes the instance on', () => {
    const policy: Policy = { ...three, abstain: true };
    expect(found(policy, true, { leaves: true })).toEqual([]);
    expect(found(policy, true, { timeout: 'P9D' })).toEqual([]);
    expect(found(policy, true, { timeout: 'P9D', autoEscalate: true })).toEqual(['warning ']);
  });

  it('counts who asks by hand out', () => {
    const policy = ApprovalPolicy.parse({ ...group, quorum: 2, rejection: { count: 3 } });
    const asked = (requester: string) =>
      adHocPolicyFindings(policy, {
        requester,
        subject: {},
        organisation: new Organisation(directory),
      });
    expect(asked('eve')).toEqual([]);
    expect(asked('ann')).toEqual([expect.objectContaining({ code: CODE, severity: 'warning' })]);
  });
});
