import { describe, expect, it } from '@jest/globals';

import { compileDefinition } from '../compile.js';
import { parseDefinition, type WorkflowDefinitionInput } from '../definition.js';
import { toMermaid } from '../interchange/mermaid-export.js';
import { validateDefinition } from '../validate.js';

const screening = (
  senders: string[] | undefined,
  more: Partial<WorkflowDefinitionInput> = {},
): WorkflowDefinitionInput => ({
  name: 'screening',
  initial: 'open',
  states: [
    { name: 'open' },
    { name: 'clear', final: 'completed' },
    { name: 'hit', final: 'failed' },
  ],
  transitions: [
    {
      event: 'clear',
      from: 'open',
      to: 'clear',
      trigger: { signal: 'screened', ...(senders && { senders }) },
    },
    {
      event: 'hit',
      from: 'open',
      to: 'hit',
      trigger: { signal: 'screened', senders: ['role:officer'] },
    },
  ],
  ...more,
});
const directory = {
  people: [{ id: 'ann', name: 'Ann', roles: ['officer'], groups: [], active: true }],
};
const found = (input: WorkflowDefinitionInput) =>
  validateDefinition(parseDefinition(input), { directory }).map(
    ({ severity, code, path }) => `${severity} ${code} ${path}`,
  );

describe('senders of a signal', () => {
  it('are whom the directory knows, or services of which somebody is told', () => {
    expect(found(screening(['ann']))).not.toContainEqual(expect.stringContaining('sender'));
    expect(found(screening(['system:trigger']))).not.toContainEqual(
      expect.stringContaining('sender'),
    );
    expect(found(screening(['role:scanner']))).toContain(
      'info signal.unknown-sender /transitions/0/trigger/senders',
    );
  });

  it('keep transitions apart that wait for the same signal', () => {
    expect(found(screening(['ann']))).not.toContain('error transition.shadowed /transitions/1');
    expect(found(screening(['role:officer']))).toContain(
      'error transition.shadowed /transitions/1',
    );
    const compiled = compileDefinition(parseDefinition(screening(['bob'])));
    const target = (id: string, roles: string[] = []) => {
      const choice = compiled.bySignal('open', 'screened', {}, {}, { id, roles, groups: [] });
      return 'transition' in choice ? choice.transition.to : choice.refused;
    };
    expect([target('bob'), target('eve', ['officer']), target('eve')]).toEqual([
      'clear',
      'hit',
      'no-transition',
    ]);
    expect(compiled.bySignal('open', 'screened', {})).toEqual({ refused: 'no-transition' });
  });

  it('are of no use where only the engine sends', () => {
    const transitions = [
      {
        event: 'clear',
        from: 'open',
        to: 'clear',
        trigger: { signal: 'workflow.completed', senders: ['ann'] },
      },
    ];
    expect(found(screening(undefined, { transitions }))).toContain(
      'error signal.senders-unused /transitions/0/trigger/senders',
    );
  });

  it.each([[[]], [['role:']], [['two words']], [['user:ann']]])(
    'are well-formed: %j',
    (senders) => {
      expect(() => parseDefinition(screening(senders))).toThrow();
    },
  );

  it('are named where a notation has no word for them, as operators are', () => {
    const definition = parseDefinition(screening(['ann'], { operators: ['role:nobody'] }));
    const { unmapped } = toMermaid(definition);
    expect(unmapped.map(({ path }) => path)).toEqual([
      '/operators',
      '/transitions/0/trigger/senders',
      '/transitions/1/trigger/senders',
    ]);
    expect(found(screening(['ann'], { operators: ['role:nobody'] }))).toContain(
      'warning approval.unknown-approver /operators/0',
    );
  });
});
