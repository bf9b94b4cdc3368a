import { describe, expect, it } from '@jest/globals';

import {
  approvalsNeeded,
  approverSets,
  contextProblems,
  parseDefinition,
  type WorkflowDefinitionInput,
} from './index.js';

const smallest: WorkflowDefinitionInput = {
  name: 'note',
  initial: 'open',
  states: [{ name: 'open' }, { name: 'closed', final: 'completed' }],
  transitions: [{ event: 'close', from: 'open', to: 'closed' }],
};

const withApproval = (requiresApproval: unknown): unknown => ({
  ...smallest,
  transitions: [{ event: 'close', from: 'open', to: 'closed', requiresApproval }],
});

const stage = { name: 'first', level: 'SINGLE', approvers: ['role:risk'] };

const problems = (input: unknown): unknown => {
  try {
    parseDefinition(input);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ kind: 'invalid', code: 'definition.malformed' });
    const { details } = error as { details: { problems: { at: string }[] } };
    return details.problems.map(({ at }) => at);
  }
};

describe('a definition', () => {
  it('takes the smallest form and fills in defaults', () => {
    expect(parseDefinition(smallest)).toEqual({
      ...smallest,
      contextSchema: [],
      transitions: [{ event: 'close', from: 'open', to: 'closed', trigger: 'manual' }],
    });
  });

  it('parses to the same again', () => {
    const once = parseDefinition(withApproval({ level: 'DUAL', approvers: ['role:checker'] }));
    expect(parseDefinition(structuredClone(once))).toEqual(once);
  });

  it.each([
    ['an unknown member', { ...smallest, guarded: [] }],
    ['an unknown member of a state', { ...smallest, states: [{ name: 'open', colour: 1 }] }],
    [
      'an unknown trigger',
      {
        ...smallest,
        transitions: [{ event: 'close', from: 'open', to: 'closed', trigger: 'never' }],
      },
    ],
    ['a name in upper case', { ...smallest, name: 'Note' }],
    ['a name with spaces', { ...smallest, initial: 'an open one' }],
    ['a prototype key', { ...smallest, initial: '__proto__' }],
    ['no states', { ...smallest, states: [] }],
    ['an unknown outcome', { ...smallest, states: [{ name: 'open', final: 'done' }] }],
    ['an array', [smallest]],
    ['nothing', null],
    ['a duration of months', { ...smallest, timeout: 'P1M' }],
    ['a duration of nothing', { ...smallest, timeout: 'PT0S' }],
    [
      'a level that protects nothing',
      { ...smallest, protected: [{ state: 'open', level: 'AUTO' }] },
    ],
  ])('refuses %s', (_name, input) => {
    expect(problems(input)).toHaveLength(1);
  });

  it.each([
    ['a committee without a quorum', { level: 'COMMITTEE', approvers: ['role:risk'] }, 'quorum'],
    [
      'a quorum without a committee',
      { level: 'DUAL', quorum: 2, approvers: ['role:risk'] },
      'quorum',
    ],
    ['nobody to ask', { level: 'SINGLE' }, 'approvers'],
    ['a quorum of none', { level: 'COMMITTEE', quorum: 0, approvers: ['role:risk'] }, 'quorum'],
    ['an approver of no kind', { level: 'SINGLE', approvers: ['team:risk'] }, 'approvers/0'],
    ['a level beside stages', { level: 'DUAL', stages: [stage] }, 'level'],
    ['a role without a name', { level: 'SINGLE', approvers: ['role:'] }, 'approvers/0'],
  ])('refuses %s', (_name, approval, field) => {
    expect(problems(withApproval(approval))).toEqual([`/transitions/0/requiresApproval/${field}`]);
  });
});

describe('an approval policy', () => {
  it('says how many people it takes', () => {
    expect(approvalsNeeded({ level: 'AUTO' })).toBe(0);
    expect(approvalsNeeded({ level: 'SINGLE' })).toBe(1);
    expect(approvalsNeeded({ level: 'DUAL' })).toBe(2);
    expect(approvalsNeeded({ level: 'COMMITTEE', quorum: 3 })).toBe(3);
  });

  it('names people, groups and roles in one list', () => {
    expect(
      approverSets(['alice', 'group:desk', 'role:risk', 'bob@example.com', 'alice', 'role:risk']),
    ).toEqual({ people: ['alice', 'bob@example.com'], groups: ['desk'], roles: ['risk'] });
  });
});

describe('a context', () => {
  const { contextSchema } = parseDefinition({
    ...smallest,
    contextSchema: [
      { name: 'tradeId', type: 'string', required: true },
      { name: 'notional', type: 'decimal', required: true },
      { name: 'legs', type: 'list' },
      { name: 'a/b', type: 'object' },
      { name: 'constructor', type: 'any', required: true },
    ],
  });

  it.each([1e7, '10000000', '-10000000.50'])('takes a notional of %j', (notional) => {
    const context = { tradeId: 'T1', notional, constructor: null, more: true };
    expect(contextProblems(contextSchema, context)).toEqual([]);
  });

  it('names every field that does not fit', () => {
    const context = { tradeId: 7, notional: '1e7', legs: {}, 'a/b': [] };
    expect(contextProblems(contextSchema, context).map(({ at }) => at)).toEqual([
      '/tradeId',
      '/notional',
      '/legs',
      '/a~1b',
      '/constructor',
    ]);
  });
});
