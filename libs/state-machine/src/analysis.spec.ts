import { describe, expect, it } from '@jest/globals';

import {
  fewestPeople,
  levelToEnter,
  parseDefinition,
  parseDirectory,
  type ValidationOptions,
  validateDefinition,
  type WorkflowDefinition,
  type WorkflowDefinitionInput,
} from './index.js';

type Transition = WorkflowDefinitionInput['transitions'][number];

const define = (transitions: Transition[], rest: Partial<WorkflowDefinitionInput> = {}) =>
  parseDefinition({
    name: 'test',
    initial: 'a',
    states: [{ name: 'a' }, { name: 'b' }, { name: 'end', final: 'completed' }],
    transitions,
    ...rest,
  });
const found = (definition: WorkflowDefinition, options?: ValidationOptions): string[] =>
  validateDefinition(definition, options).map((f) => `${f.severity} ${f.code} ${f.path}`);
const of = (code: string, definition: WorkflowDefinition, options?: ValidationOptions) =>
  validateDefinition(definition, options).filter((finding) => finding.code.startsWith(code));
const go = (from: string, to: string, more: Partial<Transition> = {}): Transition => ({
  event: `${from}-${to}`,
  from,
  to,
  ...more,
});
const dual = { level: 'DUAL' as const, approvers: ['group:desk'] };
const guarded = { protected: [{ state: 'end', level: 'DUAL' as const }] };

describe('the approval-bypass proof', () => {
  it('proves a state that every way asks an approval for', () => {
    const rejected = { requiresApproval: { ...dual, onRejected: 'a' } };
    expect(of('approval', define([go('a', 'b'), go('b', 'end', rejected)], guarded))).toEqual([]);
  });

  it.each([
    ['a transition', [go('b', 'end', { event: 'skip' })], {}, 'transition', 'skip'],
    ['a signal', [go('b', 'end', { event: 's', trigger: { signal: 'x' } })], {}, 'transition', 's'],
    ['a time', [go('b', 'end', { event: 't', trigger: { after: 'PT1H' } })], {}, 'transition', 't'],
    [
      'a lesser approval',
      [go('b', 'end', { event: 'one', requiresApproval: { ...dual, level: 'SINGLE' as const } })],
      {},
      'transition',
      'one',
    ],
    [
      'a committee of one',
      [
        go('b', 'end', {
          event: 'one',
          requiresApproval: { ...dual, level: 'COMMITTEE' as const, quorum: 1 },
        }),
      ],
      {},
      'transition',
      'one',
    ],
    [
      'a part of a committee, the rest of which may have left',
      [
        go('b', 'end', {
          event: 'some',
          requiresApproval: {
            level: 'COMMITTEE' as const,
            quorum: { percent: 100 },
            approvers: ['ann', 'bob'],
          },
        }),
      ],
      {},
      'transition',
      'some',
    ],
    [
      'an approval that nobody gives',
      [go('b', 'end', { event: 'auto', requiresApproval: { level: 'AUTO' as const } })],
      {},
      'transition',
      'auto',
    ],
    [
      'a rule',
      [
        go('b', 'end', {
          event: 'auto',
          requiresApproval: { level: 'AUTO' as const, rule: 'subject.context.amount < 5' },
        }),
      ],
      {},
      'transition',
      'auto',
    ],
    [
      'a rule that does not hold',
      [
        go('b', 'a', {
          event: 'auto',
          requiresApproval: { level: 'AUTO' as const, rule: 'false', onRejected: 'end' },
        }),
      ],
      {},
      'rejection',
      'auto',
    ],
    [
      'a rejection',
      [go('b', 'a', { event: 'no', requiresApproval: { ...dual, onRejected: 'end' } })],
      {},
      'rejection',
      'no',
    ],
    [
      'escalation',
      [],
      { timeout: 'P1D', autoEscalate: { to: 'end' } },
      'escalation',
      'autoEscalate',
    ],
    [
      'a timeout',
      [],
      {
        states: [
          { name: 'a' },
          { name: 'b', timeout: { after: 'PT1H', to: 'end' } },
          { name: 'end', final: 'completed' as const },
        ],
      },
      'timeout',
      'timeout',
    ],
  ])('finds a way around by %s', (_name, extra, rest, by, event) => {
    const approved = go('b', 'end', { event: 'approve', requiresApproval: dual });
    const definition = define([go('a', 'b'), approved, ...extra], { ...rest, ...guarded });
    const [finding, ...others] = of('approval.bypass', definition);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'error', path: '/protected/0' });
    expect(finding?.counterexample?.at(-1)).toMatchObject({ to: 'end', by, event });
  });

  it('warns about a state that only an approval suggests to be protected', () => {
    const approved = go('b', 'end', { event: 'approve', requiresApproval: dual });
    const definition = define([go('a', 'b'), approved, go('a', 'end')]);
    expect(of('approval.bypass', definition)).toMatchObject([
      { severity: 'warning', path: '/states/2', counterexample: [{ event: 'a-end' }] },
    ]);
  });

  const twice = (assign?: string) =>
    define(
      [
        go('a', 'b', {
          condition: 'context.amount < 100',
          ...(assign === undefined
            ? {}
            : { action: { type: 'assign' as const, values: { [assign]: '500' } } }),
        }),
        go('b', 'end', { condition: 'context.amount >= 100' }),
        go('b', 'end', { event: 'approve', requiresApproval: dual }),
      ],
      guarded,
    );

  it('follows conditions, until what they ask about may have changed', () => {
    expect(of('approval', twice())).toEqual([]);
    expect(of('approval', twice('other'))).toEqual([]);
    expect(of('approval', twice('amount'))).toMatchObject([{ code: 'approval.bypass' }]);
  });

  it('answers "not proven" beyond the bound', () => {
    expect(of('approval', twice(), { bound: 1 })).toMatchObject([
      { code: 'approval.not-proven', severity: 'error', path: '/protected/0' },
    ]);
  });

  it('says which approval entering a state by force takes', () => {
    const definition = define([go('a', 'b', { requiresApproval: dual }), go('b', 'end')]);
    expect(['a', 'b', 'end'].map((state) => levelToEnter(definition, state))).toEqual([
      'SINGLE',
      'DUAL',
      'SINGLE',
    ]);
    const sealed = define([go('a', 'b'), go('b', 'end')], guarded);
    expect(['a', 'b', 'end'].map((state) => levelToEnter(sealed, state))).toEqual([
      'DUAL',
      'DUAL',
      'DUAL',
    ]);
  });
});

describe('quorums over the directory', () => {
  const directory = parseDirectory({
    people: [
      { id: 'ann', name: 'Ann', groups: ['desk', 'workflow-admins'], roles: ['trader'] },
      { id: 'bob', name: 'Bob', groups: ['desk', 'workflow-admins', 'trio'], roles: [] },
      { id: 'cat', name: 'Cat', groups: ['workflow-admins', 'trio'], roles: [] },
      { id: 'dan', name: 'Dan', groups: ['trio', 'desk'], roles: [], active: false },
      { id: 'eve', name: 'Eve', groups: ['trio'], roles: [] },
      { id: 'fay', name: 'Fay', groups: ['workflow-admins'], roles: [] },
    ],
  });
  const asking = (requiresApproval: Transition['requiresApproval'], more = {}) =>
    found(define([go('a', 'b', { requiresApproval, ...more }), go('b', 'end')]), { directory });
  const at = '/transitions/0/requiresApproval';

  it.each([
    ['enough people', { level: 'DUAL', approvers: ['group:trio', 'ann'] }, []],
    [
      'a group of two of whom one may ask',
      { level: 'DUAL', approvers: ['group:desk'] },
      [`warning approval.quorum-unreachable ${at}`],
    ],
    [
      'too few who are still there',
      { level: 'COMMITTEE', quorum: 3, approvers: ['group:desk'] },
      [`error approval.quorum-unreachable ${at}`],
    ],
    [
      'too few within the approvers of the template',
      { level: 'DUAL', approvers: ['group:trio'], within: ['group:desk'] },
      [`error approval.quorum-unreachable ${at}`],
    ],
    [
      'a name that nobody has',
      { level: 'DUAL', approvers: ['group:trio', 'role:nobody', 'ann'] },
      [`warning approval.unknown-approver ${at}/approvers/1`],
    ],
    [
      'names that nobody has in a stage',
      {
        stages: [
          {
            name: 'one',
            level: 'SINGLE',
            approvers: ['group:trio'],
            within: ['group:trio', 'group:gone'],
            rejection: { veto: ['role:nobody', 'ann'] },
          },
        ],
      },
      [
        `error approval.rejection-unreachable ${at}/stages/0/rejection`,
        `warning approval.unknown-approver ${at}/stages/0/within/1`,
        `warning approval.unknown-approver ${at}/stages/0/rejection/veto/0`,
      ],
    ],
    [
      'stages that take the same people',
      {
        stages: [
          { name: 'one', level: 'DUAL', approvers: ['group:desk'] },
          { name: 'two', level: 'SINGLE', approvers: ['ann', 'bob'] },
        ],
      },
      [`error approval.quorum-unreachable ${at}`],
    ],
    [
      'all of a group, of whom one may ask',
      { level: 'COMMITTEE', quorum: { percent: 100 }, approvers: ['group:trio'] },
      [`warning approval.quorum-unreachable ${at}`],
    ],
  ] as [string, Transition['requiresApproval'], string[]][])('%s', (_name, policy, expected) => {
    expect(asking(policy)).toEqual(expected);
  });

  it('are not enough for roles that nobody has', () => {
    expect(asking(undefined, { roles: ['trader', 'nobody'] })).toEqual([
      'warning transition.unknown-role /transitions/0/roles/1',
    ]);
  });

  it('is an error when whoever may ask cannot be done without', () => {
    expect(asking({ level: 'DUAL', approvers: ['group:desk'] }, { roles: ['trader'] })).toEqual([
      `error approval.quorum-unreachable ${at}`,
    ]);
  });

  it('wants as many administrators as several approvals in a row take', () => {
    const signed: Partial<Transition> = {
      requiresApproval: { level: 'SINGLE', approvers: ['group:trio'] },
    };
    const row = define(
      [go('a', 'b', signed), go('b', 'c', signed), go('c', 'd', signed), go('d', 'end', signed)],
      {
        administrators: ['ann', 'bob'],
        states: [
          ...['a', 'b', 'c', 'd'].map((name) => ({ name })),
          { name: 'end', final: 'completed' },
        ],
      },
    );
    expect(['b', 'c', 'd', 'end'].map((state) => fewestPeople(row, 'a', state))).toEqual([
      1, 2, 3, 3,
    ]);
    expect(fewestPeople(row, 'b', 'a')).toBeUndefined();
    expect(found(row, { directory })).toContain(
      'error approval.quorum-unreachable /administrators',
    );
  });

  it('looks at the administrators as well', () => {
    const definition = define([go('a', 'b'), go('b', 'end', { requiresApproval: dual })], {
      administrators: ['ann'],
    });
    expect(found(definition)).toContain('error approval.quorum-unreachable /administrators');
  });
});

describe('triggers, actions and conditions', () => {
  it('finds what cannot come about', () => {
    const definition = define(
      [
        go('a', 'b', { trigger: { after: 'PT2H' }, event: 'late' }),
        go('a', 'b', { trigger: { signal: 'workflow.completed' }, roles: ['r'] }),
        go('a', 'b', { trigger: { signal: 'workflow.other' } }),
        go('b', 'end', { condition: 'context.x < 1 && context.x > 2', event: 'never' }),
        go('b', 'end', { condition: 'context.x < 5', event: 'go' }),
        go('b', 'end', { condition: 'context.x < 3', event: 'go' }),
        go('b', 'end', { condition: 'size(context.l) > 3', event: 'go' }),
        go('b', 'end', { event: 'last', action: { type: 'assign', values: { y: 'context.' } } }),
      ],
      {
        states: [
          { name: 'a', timeout: { after: 'PT2H', to: 'b' } },
          { name: 'b', invoke: { template: 'other', context: {} } },
          { name: 'end', final: 'completed' },
        ],
      },
    );
    expect(found(definition)).toEqual([
      'warning condition.never /transitions/3/condition',
      'error transition.shadowed /transitions/5',
      'error transition.after-timeout /transitions/0/trigger/after',
      'error transition.roles-unused /transitions/1/roles',
      'error signal.without-invoke /transitions/1/trigger/signal',
      'error signal.reserved /transitions/2/trigger/signal',
      'warning invoke.outcome-ignored /states/1/invoke',
      'error expression.invalid /transitions/7/action/values/y',
      'info condition.overlap /transitions/5/condition',
      'info condition.overlap-not-proven /transitions/6/condition',
    ]);
  });

  it('finds states that conditions leave an instance stuck in', () => {
    const automatic = { trigger: 'automatic' as const };
    const leaving = (...conditions: string[]) =>
      found(
        define([
          go('a', 'b'),
          ...conditions.map((condition) => go('b', 'end', { ...automatic, condition })),
        ]),
      );
    expect(leaving('context.x < 5', 'context.x > 5')).toEqual(['warning condition.gap /states/1']);
    expect(leaving('context.x < 5', 'context.x >= 5')).toEqual([]);
    expect(leaving('has(context.x)')).toEqual(['info condition.gap-not-proven /states/1']);
  });

  it('finds names of states wherever they are written', () => {
    const definition = define([go('a', 'b'), go('b', 'end')], {
      states: [
        { name: 'a', timeout: { after: 'PT1H', to: 'x' } },
        { name: 'b' },
        { name: 'end', final: 'completed' },
      ],
      protected: [{ state: 'y', level: 'SINGLE' }],
      timeout: 'P1D',
      autoEscalate: { to: 'z' },
    });
    expect(found(definition)).toEqual([
      'error state.unknown /states/0/timeout/to',
      'error state.unknown /protected/0/state',
      'error state.unknown /autoEscalate/to',
      'warning analysis.incomplete ',
    ]);
  });
});
