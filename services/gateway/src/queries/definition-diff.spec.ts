import { parseDefinition, type WorkflowDefinitionInput } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { diffDefinitions } from './definition-diff.js';

const base: WorkflowDefinitionInput = {
  name: 'desk',
  title: 'Desk',
  initial: 'new',
  states: [
    { name: 'new' },
    { name: 'open', timeout: { after: 'P1D', to: 'done' } },
    { name: 'done', final: 'completed' },
  ],
  transitions: [
    { event: 'take', from: 'new', to: 'open', condition: 'context.a' },
    { event: 'take', from: 'new', to: 'done' },
    {
      event: 'sign',
      from: 'open',
      to: 'done',
      requiresApproval: { level: 'SINGLE', approvers: ['ann'] },
    },
  ],
  contextSchema: [{ name: 'a', type: 'boolean' }],
};

const changes = (change: Partial<WorkflowDefinitionInput>) =>
  diffDefinitions(parseDefinition(base), parseDefinition({ ...base, ...change }));
const [take, takeElse, sign] = base.transitions;
if (!take || !takeElse || !sign) throw new Error('three transitions');

describe('the difference between two definitions', () => {
  it('is nothing between equal ones', () => {
    expect(changes({})).toEqual([]);
  });

  it('names members by pointer, with what was there before and after', () => {
    expect(changes({ title: 'The desk', timeout: 'P2D' })).toEqual([
      { kind: 'changed', what: 'definition', path: '/title', before: 'Desk', after: 'The desk' },
      { kind: 'added', what: 'definition', path: '/timeout', after: 'P2D' },
    ]);
  });

  it('finds states and fields by name, wherever they stand', () => {
    const [fresh, open, done] = base.states;
    if (!fresh || !open || !done) throw new Error('three states');
    expect(
      changes({
        states: [done, { name: 'lost' }, { ...open, timeout: { after: 'P2D', to: 'done' } }],
        contextSchema: [],
      }),
    ).toEqual([
      { kind: 'removed', what: 'state', name: 'new', path: '/states/0', before: fresh },
      { kind: 'added', what: 'state', name: 'lost', path: '/states/1', after: { name: 'lost' } },
      {
        kind: 'changed',
        what: 'state',
        name: 'open',
        path: '/states/2/timeout/after',
        before: 'P1D',
        after: 'P2D',
      },
      {
        kind: 'removed',
        what: 'field',
        name: 'a',
        path: '/contextSchema/0',
        before: { name: 'a', type: 'boolean', required: false },
      },
    ]);
  });

  it('compares the approval of a transition member by member, its approvers as a whole', () => {
    const requiresApproval = { level: 'DUAL' as const, approvers: ['ann', 'group:desk'] };
    expect(changes({ transitions: [take, takeElse, { ...sign, requiresApproval }] })).toEqual([
      {
        kind: 'changed',
        what: 'transition',
        name: 'open --sign--> done',
        path: '/transitions/2/requiresApproval/level',
        before: 'SINGLE',
        after: 'DUAL',
      },
      {
        kind: 'changed',
        what: 'transition',
        name: 'open --sign--> done',
        path: '/transitions/2/requiresApproval/approvers',
        before: ['ann'],
        after: ['ann', 'group:desk'],
      },
    ]);
  });

  it('takes a transition that leads elsewhere for the same one', () => {
    expect(changes({ transitions: [take, { ...takeElse, to: 'open' }, sign] })).toMatchObject([
      { kind: 'changed', path: '/transitions/1/to', before: 'done', after: 'open' },
    ]);
  });

  it('tells that transitions stand in another order, as the first is taken', () => {
    const reordered = changes({ transitions: [takeElse, take, sign] });
    expect(reordered).toEqual([
      {
        kind: 'reordered',
        what: 'transition',
        path: '/transitions',
        before: ['new --take--> open', 'new --take--> done', 'open --sign--> done'],
        after: ['new --take--> done', 'new --take--> open', 'open --sign--> done'],
      },
    ]);
  });
});
