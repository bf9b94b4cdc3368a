import { describe, expect, it } from '@jest/globals';

import { parseDefinition, validateDefinition, type WorkflowDefinitionInput } from '../index.js';

type Transition = WorkflowDefinitionInput['transitions'][number];

const contextSchema: WorkflowDefinitionInput['contextSchema'] = [
  { name: 'notional', type: 'decimal', required: true },
  { name: 'desk', type: 'string' },
  { name: 'count', type: 'number' },
  { name: 'urgent', type: 'boolean' },
  { name: 'note/1', type: 'any' },
];

function findings(
  transition: Partial<Transition>,
  rest: Partial<WorkflowDefinitionInput> = { contextSchema },
): string[] {
  const definition = parseDefinition({
    name: 'test',
    initial: 'a',
    states: [{ name: 'a' }, { name: 'end', final: 'completed' }],
    transitions: [{ event: 'go', from: 'a', to: 'end', ...transition }],
    ...rest,
  });
  return validateDefinition(definition).map(
    ({ severity, code, path }) => `${severity} ${code} ${path}`,
  );
}
const condition = '/transitions/0/condition';

describe('expressions and the declared fields of the context', () => {
  it.each([
    ['context.notional > 1000000', 'warning expression.decimal-as-text'],
    ['context.desk > 5', 'error expression.type-mismatch'],
    ['context.desk', 'error expression.type-mismatch'],
    ['context.count == "1"', 'warning expression.never-equal'],
    ['context.notoinal == 1', 'warning expression.unknown-field'],
    ['has(context.whatever)', 'warning expression.unknown-field'],
  ])('a condition that does not go with them: %s', (source, found) => {
    expect(findings({ condition: source })).toEqual([`${found} ${condition}`]);
  });

  it.each([
    'decimal(context.notional) > decimal(1000000) && context.desk in ["fx", "rates"]',
    'context.urgent && context.count > 5 && context["note/1"] == 1 && input.x > 5',
  ])('a condition that does: %s', (source) => {
    expect(findings({ condition: source })).toEqual([]);
  });

  it('says nothing where none is declared', () => {
    expect(findings({ condition: 'context.x > "a"' }, {})).toEqual([]);
  });

  it('knows fields that an action sets', () => {
    const action = { type: 'assign' as const, values: { seen: 'true', again: 'context.seen' } };
    expect(findings({ condition: 'context.seen == true', action })).toEqual([]);
  });

  it('looks at what actions compute and assign', () => {
    const values = {
      desk: '"fx"',
      count: '"many"',
      urgent: 'context.count > 1',
      notional: 'decimal(context.notional) + 1',
      'note/1': 'context.desk - 1',
      other: 'context.typo',
    };
    expect(findings({ action: [{ type: 'assign', values }] })).toEqual([
      'error expression.type-mismatch /transitions/0/action/0/values/count',
      'error expression.type-mismatch /transitions/0/action/0/values/note~11',
      'warning expression.unknown-field /transitions/0/action/0/values/other',
    ]);
  });
});
