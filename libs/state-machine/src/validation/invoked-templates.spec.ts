import { describe, expect, it } from '@jest/globals';

import {
  type KnownTemplates,
  parseDefinition,
  validateDefinition,
  type WorkflowDefinitionInput,
} from '../index.js';

type Invocation = NonNullable<WorkflowDefinitionInput['states'][number]['invoke']>;

function findings(invoke: Partial<Invocation>, templates?: KnownTemplates) {
  const definition = parseDefinition({
    name: 'parent',
    initial: 'a',
    states: [
      { name: 'a', invoke: { template: 'child', context: {}, ...invoke } },
      { name: 'end', final: 'completed' },
    ],
    transitions: ['completed', 'failed', 'cancelled'].map((end) => ({
      event: end,
      from: 'a',
      to: 'end',
      trigger: { signal: `workflow.${end}` },
    })),
    contextSchema: [{ name: 'trade', type: 'string', required: true }],
  });
  return validateDefinition(definition, { templates });
}
const brief = (...of: Parameters<typeof findings>) =>
  findings(...of).map(({ severity, code, path }) => `${severity} ${code} ${path}`);

describe('invoked templates', () => {
  const child = { required: ['x', 'constructor'], invokes: [] };

  it('have to be there', () => {
    const found = 'warning invoke.template-unavailable /states/0/invoke/template';
    for (const unavailable of ['unknown', 'not published', 'retired'] as const) {
      const templates = { child: { required: [], invokes: [], unavailable } };
      expect(brief({}, templates)).toEqual([found]);
    }
    const templates = { 'child version 2': { ...child, required: [] } };
    expect(brief({ version: 2 }, templates)).toEqual([]);
  });

  it('have to be given what they require', () => {
    const missing = ['error invoke.missing-context /states/0/invoke/context'];
    expect(brief({ context: { x: 'context.trade' } }, { child })).toEqual(missing);
    const context = { x: 'context.trade', constructor: '1', more: '2' };
    expect(brief({ context }, { child })).toEqual([]);
  });

  it('that lead back are shown with the way round', () => {
    const templates: KnownTemplates = {
      child: {
        required: [],
        invokes: [
          { template: 'leaf', state: 's' },
          { template: 'child', state: 'again' },
          { template: 'other', version: 3, state: 't' },
        ],
      },
      leaf: { required: [], invokes: [] },
      'other version 3': { required: [], invokes: [{ template: 'parent', state: 'u' }] },
    };
    const [loop, ...others] = findings({}, templates);
    expect(others).toEqual([]);
    expect(loop).toMatchObject({
      severity: 'warning',
      code: 'invoke.loop',
      path: '/states/0/invoke',
      counterexample: [
        { from: 'parent', to: 'child', event: 'a', by: 'invocation' },
        { from: 'child', to: 'other version 3', event: 't', by: 'invocation' },
        { from: 'other version 3', to: 'parent', event: 'u', by: 'invocation' },
      ],
    });
  });

  it('may be the definition itself, which then has to give itself what it requires', () => {
    expect(brief({ template: 'parent' }, {})).toEqual([
      'error invoke.missing-context /states/0/invoke/context',
      'warning invoke.loop /states/0/invoke',
    ]);
  });

  it('are not spoken of where nothing is known of them', () => {
    expect(brief({})).toEqual([]);
    expect(brief({}, {})).toEqual([]);
    expect(brief({ template: 'parent', version: 1 }, {})).toEqual([]);
  });
});
