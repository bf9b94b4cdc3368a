import { describe, expect, it } from '@jest/globals';
import { hashOf } from '@countersign/kernel';

import { applyOverrides, parseDefinition } from './index.js';

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
