import { describe, expect, it } from '@jest/globals';
import { hashOf } from '@countersign/kernel';

import {
  applyOverrides,
  DefinitionOverrides,
  mustBeReachable,
  Organisation,
  parseDefinition,
  parseDirectory,
  type WorkflowDefinitionInput,
} from './index.js';

type ApprovalPolicyInput = NonNullable<
  WorkflowDefinitionInput['transitions'][number]['requiresApproval']
>;

const definition = parseDefinition({
  name: 'trade',
  initial: 'open',
  states: [
    { name: 'open' },
    { name: 'checked' },
    { name: 'done', final: 'completed' },
    { name: 'refused', final: 'failed' },
  ],
  transitions: [
    {
      event: 'approve',
      from: 'open',
      to: 'checked',
      requiresApproval: { level: 'DUAL', approvers: ['role:checker'], onRejected: 'refused' },
    },
    {
      event: 'release',
      from: 'checked',
      to: 'done',
      requiresApproval: { level: 'COMMITTEE', quorum: 3, approvers: ['group:risk'] },
    },
    { event: 'drop', from: 'open', to: 'refused' },
  ],
});

const policies = (overrides: unknown): unknown =>
  applyOverrides(definition, overrides).transitions.map((t) => t.requiresApproval);

const refusal = (overrides: unknown): string => {
  try {
    applyOverrides(definition, overrides);
    return 'none';
  } catch (error) {
    expect(error).toMatchObject({ kind: 'invalid' });
    return (error as { code: string }).code;
  }
};

describe('overrides', () => {
  it('change level and approvers, who stay within the definition, and leave the rest', () => {
    const approve = { level: 'COMMITTEE', quorum: 3, approvers: ['alice', 'bob', 'carol'] };
    expect(policies({ approvals: { approve } })).toEqual([
      { ...approve, within: ['role:checker'], onRejected: 'refused' },
      definition.transitions[1]?.requiresApproval,
      undefined,
    ]);
  });

  it.each([
    { approve: { level: 'SINGLE' } },
    { approve: { level: 'COMMITTEE', quorum: 1 } },
    { release: { level: 'DUAL' } },
    { release: { quorum: 2 } },
  ])('take no signature away: %j', (approvals) => {
    expect(() => applyOverrides(definition, { approvals })).toThrow(
      expect.objectContaining({ kind: 'rule', code: 'overrides.weaken' }),
    );
  });

  const staged = parseDefinition({
    name: 'staged',
    initial: 'open',
    states: [{ name: 'open' }, { name: 'done', final: 'completed' }],
    transitions: [
      {
        event: 'release',
        from: 'open',
        to: 'done',
        requiresApproval: {
          stages: [
            { name: 'desk', level: 'SINGLE', approvers: ['role:desk-head'] },
            {
              name: 'risk',
              level: 'COMMITTEE',
              quorum: { percent: 50 },
              approvers: ['ann', 'bob', 'cid', 'dee'],
              rejection: { count: 2 },
            },
          ],
          signature: { meaning: 'released' },
        },
      },
    ],
  });
  const stages = (change: unknown): unknown =>
    applyOverrides(staged, { approvals: { release: { stages: change } } }).transitions[0]
      ?.requiresApproval;

  it('change one stage by its name', () => {
    const [desk, risk] = staged.transitions[0]?.requiresApproval?.stages ?? [];
    expect(
      stages({
        desk: { level: 'DUAL', approvers: ['eve', 'fay'] },
        risk: { quorum: { percent: 75 } },
      }),
    ).toEqual({
      approvers: [],
      signature: { meaning: 'released' },
      stages: [
        { ...desk, level: 'DUAL', approvers: ['eve', 'fay'], within: ['role:desk-head'] },
        { ...risk, quorum: { percent: 75 } },
      ],
    });
  });

  it.each([
    [{ risk: { quorum: { percent: 49 } } }],
    [{ risk: { quorum: 1 } }],
    [{ risk: { level: 'DUAL' } }],
    // Half of them is then one person, where it was two.
    [{ risk: { approvers: ['ann', 'bob'] } }],
    // One alone can no longer reject, and two are needed.
    [{ risk: { quorum: 2, approvers: ['ann', 'role:x'] } }],
  ])('take nothing away from a stage: %j', (change) => {
    expect(() => stages(change)).toThrow(
      expect.objectContaining({
        code: 'overrides.weaken',
        details: expect.objectContaining({ stage: 'risk', event: 'release' }),
      }),
    );
  });

  it('turn a part into a number that is at least as large', () => {
    expect(stages({ risk: { quorum: 2, approvers: ['ann', 'dee'] } })).toBeDefined();
  });

  const with_ = (requiresApproval: ApprovalPolicyInput, override: unknown): unknown => {
    const [transition] = staged.transitions;
    const changed = parseDefinition({
      ...staged,
      transitions: [{ ...transition, requiresApproval }],
    });
    return applyOverrides(changed, { approvals: { release: override } }).transitions[0]
      ?.requiresApproval;
  };

  it('stay within what the definition says about approvers and `within` together', () => {
    const policy = { level: 'SINGLE' as const, approvers: ['role:risk'], within: ['group:london'] };
    const weaken = expect.objectContaining({ code: 'overrides.weaken' });
    // Whoever is in London need not be of risk.
    expect(() => with_(policy, { approvers: ['group:london'] })).toThrow(weaken);
    expect(() => with_(policy, { approvers: ['ann'] })).toThrow(weaken);
    expect(with_(policy, { level: 'DUAL' })).toMatchObject({ within: ['group:london'] });
    const two = { ...policy, approvers: ['role:risk', 'role:credit'] };
    expect(with_(two, { approvers: ['role:risk'] })).toMatchObject({ within: ['group:london'] });
    const pinned = { ...policy, within: ['role:risk'] };
    expect(with_(pinned, { approvers: ['ann'] })).toMatchObject({ within: ['role:risk'] });
  });

  it('leave a veto to those who have it', () => {
    const policy = {
      level: 'SINGLE' as const,
      approvers: ['role:risk'],
      rejection: { veto: ['cid'] },
    };
    expect(() => with_(policy, { approvers: ['ann', 'bob'] })).toThrow(
      expect.objectContaining({ code: 'overrides.weaken' }),
    );
    expect(with_(policy, { approvers: ['ann', 'cid'] })).toBeDefined();
  });

  it('put people where nobody was asked, but keep a rule that was', () => {
    const override = { level: 'SINGLE', approvers: ['ann'] };
    expect(with_({ level: 'AUTO' }, override)).toEqual(override);
    expect(() => with_({ level: 'AUTO', rule: 'subject.x > 1' }, override)).toThrow(
      expect.objectContaining({ code: 'overrides.unsound' }),
    );
  });

  it('may ask for less where the policy says so, but not for nothing', () => {
    const policy: ApprovalPolicyInput = {
      level: 'COMMITTEE',
      quorum: 3,
      approvers: ['role:risk'],
      mayBeWeakened: true,
    };
    const { quorum: _quorum, ...rest } = policy;
    expect(with_(policy, { level: 'SINGLE', approvers: ['zoe'] })).toEqual({
      ...rest,
      level: 'SINGLE',
      approvers: ['zoe'],
    });
    expect(with_({ ...policy, within: ['role:risk'] }, { approvers: ['role:z'] })).toMatchObject({
      within: ['role:risk'],
    });
    expect(() => with_(policy, { level: 'AUTO' })).toThrow(
      expect.objectContaining({ code: 'overrides.malformed' }),
    );
    expect(() => with_(policy, { mayBeWeakened: true })).toThrow(
      expect.objectContaining({ code: 'overrides.malformed' }),
    );
  });

  it('give equal results for equal arguments, and none for none', () => {
    const a = {
      approvals: { approve: { level: 'DUAL', approvers: ['bob', 'ed'] }, release: { quorum: 4 } },
    };
    const b = {
      approvals: { release: { quorum: 4 }, approve: { approvers: ['bob', 'ed'], level: 'DUAL' } },
    };
    expect(hashOf(applyOverrides(definition, a))).toBe(hashOf(applyOverrides(definition, b)));
    expect(hashOf(applyOverrides(definition, {}))).toBe(hashOf(definition));
    expect(hashOf(applyOverrides(definition, a))).not.toBe(hashOf(definition));
  });

  it('do not change the definition', () => {
    const before = hashOf(definition);
    applyOverrides(definition, { approvals: { approve: { approvers: ['x', 'y'] } } });
    expect(hashOf(definition)).toBe(before);
  });

  it.each([
    [
      'taking an approval away',
      { approvals: { approve: { level: 'AUTO' } } },
      'overrides.malformed',
    ],
    ['nobody', { approvals: { approve: { approvers: [] } } }, 'overrides.malformed'],
    ['another member', { states: [] }, 'overrides.malformed'],
    [
      'another member of an approval',
      { approvals: { approve: { onRejected: 'done' } } },
      'overrides.malformed',
    ],
    ['a list', [], 'overrides.malformed'],
    [
      'an event without an approval',
      { approvals: { drop: { level: 'DUAL' } } },
      'overrides.unknown-approval',
    ],
    [
      'an unknown event',
      { approvals: { constructor: { level: 'DUAL' } } },
      'overrides.unknown-approval',
    ],
    [
      'an unknown stage',
      { approvals: { approve: { stages: { first: { level: 'DUAL' } } } } },
      'overrides.unknown-approval',
    ],
    [
      'a quorum without a committee',
      { approvals: { approve: { quorum: 2 } } },
      'overrides.unsound',
    ],
    [
      'a committee without a quorum',
      { approvals: { approve: { level: 'COMMITTEE' } } },
      'overrides.unsound',
    ],
    ['too few people', { approvals: { approve: { approvers: ['alice'] } } }, 'overrides.unsound'],
  ])('refuse %s', (_name, overrides, code) => {
    expect(refusal(overrides)).toBe(code);
  });

  it('blame nobody for what the definition had already', () => {
    const old = structuredClone(definition);
    old.states.push({ name: 'island' });
    expect(
      applyOverrides(old, { approvals: { approve: { approvers: ['alice', 'bob'] } } }).states,
    ).toHaveLength(5);
  });

  it('do nothing under a prototype key', () => {
    const overrides = JSON.parse('{"approvals": {"__proto__": {"level": "SINGLE"}}}') as unknown;
    expect(applyOverrides(definition, overrides)).toEqual(definition);
  });
});

describe('overrides in an organisation', () => {
  const person = (id: string, ...roles: string[]) => ({ id, name: id, roles });
  const { people } = parseDirectory({
    people: [
      ...['ann', 'bob', 'cat'].map((id) => person(id, 'checker')),
      ...['erin', 'frank', 'grace'].map((id) => person(id, 'other')),
    ],
  });
  const organisation = new Organisation({ people });

  /** The code and the first finding of the refusal; undefined when there is none. */
  const refused = (approve: unknown, starter = 'erin', known = organisation): unknown => {
    const overrides = DefinitionOverrides.parse({ approvals: { approve } });
    try {
      mustBeReachable(applyOverrides(definition, overrides), overrides, known, [starter]);
      return undefined;
    } catch (error) {
      const { kind, code, details } = error as {
        kind: string;
        code: string;
        details: { findings: { path: string; message: string }[] };
      };
      return [kind, code, details.findings[0]?.path, details.findings[0]?.message];
    }
  };
  const unmet = (message: string) => [
    'rule',
    'overrides.quorum-unreachable',
    '/transitions/0/requiresApproval',
    message,
  ];

  it.each<[string[], number]>([
    [['erin', 'frank'], 0],
    [['group:nope'], 0],
    [['ann', 'frank', 'role:other'], 1],
  ])('are refused when too few of %j are whom the definition names', (approvers, there) => {
    expect(refused({ approvers })).toEqual(
      unmet(`takes two different people, and those named are ${there}`),
    );
  });

  it('are refused when the quorum is larger than the organisation', () => {
    expect(refused({ level: 'COMMITTEE', quorum: 4 })).toEqual(
      unmet('takes 4 different people, and those named are 3'),
    );
  });

  it('count without whoever starts the instance, who never decides', () => {
    expect(refused({ approvers: ['ann', 'bob'] })).toBeUndefined();
    expect(refused({ approvers: ['ann', 'bob'] }, 'ann')).toEqual(
      unmet('takes two different people, and those named are 1'),
    );
    expect(refused({ level: 'COMMITTEE', quorum: 3 }, 'bob')).toEqual(
      unmet('takes 3 different people, and those named are 2'),
    );
  });

  it('are taken when there are enough, and where nobody is known', () => {
    expect(refused({ level: 'COMMITTEE', quorum: 3 })).toBeUndefined();
    expect(refused({ approvers: ['ann', 'erin', 'role:checker'] })).toBeUndefined();
    const nobody = new Organisation({ people: [] });
    expect(refused({ approvers: ['erin', 'frank'] }, 'x', nobody)).toBeUndefined();
  });
});
