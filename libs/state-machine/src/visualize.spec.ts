import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { parseDefinition, visualize, type WorkflowDefinition } from './index.js';

const definition = parseDefinition({
  name: 'order',
  initial: 'open',
  timeout: 'P30D',
  autoEscalate: { to: 'stuck' },
  protected: [{ state: 'paid', level: 'DUAL' }],
  states: [
    { name: 'paid', final: 'completed' },
    {
      name: 'open',
      description: 'Waits: for "all"; [of] it\n{now}',
      timeout: { after: 'PT2H', to: 'stuck' },
    },
    { name: 'check', invoke: { template: 'screening', context: {} } },
    { name: 'stuck', final: 'failed' },
    { name: 'island' },
  ],
  transitions: [
    { event: 'start', from: 'open', to: 'check', trigger: { signal: 'ordered' } },
    {
      event: 'pay',
      from: 'check',
      to: 'paid',
      condition: 'context.x > 1',
      requiresApproval: { level: 'DUAL', approvers: ['role:a'], onRejected: 'open' },
    },
    { event: 'wait', from: 'check', to: 'check', trigger: { after: 'P1D' } },
  ],
});

describe('a drawing', () => {
  const { nodes, edges, mermaid } = visualize(definition);

  it('places every state, from the initial one on', () => {
    expect(nodes).toEqual([
      {
        id: 'paid',
        label: 'paid',
        kind: 'final',
        outcome: 'completed',
        protectedLevel: 'DUAL',
        layer: 2,
        order: 0,
      },
      { id: 'open', label: 'open', kind: 'initial', layer: 0, order: 0 },
      { id: 'check', label: 'check', kind: 'state', invokes: 'screening', layer: 1, order: 0 },
      {
        id: 'stuck',
        label: 'stuck',
        kind: 'final',
        outcome: 'failed',
        escalation: true,
        layer: 1,
        order: 1,
      },
      { id: 'island', label: 'island', kind: 'state', layer: 0, order: 1 },
    ]);
  });

  it('has an edge for every way', () => {
    expect(edges).toEqual([
      {
        id: 't0',
        from: 'open',
        to: 'check',
        label: 'start (signal ordered)',
        kind: 'transition',
        trigger: 'signal',
        back: false,
      },
      {
        id: 't1',
        from: 'check',
        to: 'paid',
        label: 'pay',
        kind: 'transition',
        trigger: 'manual',
        approval: 'DUAL',
        condition: 'context.x > 1',
        back: false,
      },
      {
        id: 't1-rejection',
        from: 'check',
        to: 'open',
        label: 'pay rejected',
        kind: 'rejection',
        back: true,
      },
      {
        id: 't2',
        from: 'check',
        to: 'check',
        label: 'wait (after P1D)',
        kind: 'transition',
        trigger: 'after',
        back: true,
      },
      {
        id: 's1-timeout',
        from: 'open',
        to: 'stuck',
        label: 'timeout PT2H',
        kind: 'timeout',
        back: false,
      },
    ]);
  });

  it('says in Mermaid what there is', () => {
    expect(mermaid.split('\n')).toEqual([
      'stateDiagram-v2',
      '  state "paid" as s0',
      '  s0: (protected DUAL)',
      '  state "open" as s1',
      '  s1: #34;Waits#58; for #34;all#34;#59; #91;of#93; it#10;#123;now#125;#34;',
      '  state "check" as s2',
      '  s2: (starts screening)',
      '  state "stuck" as s3',
      '  s3: (overall timeout P30D)',
      '  state "island" as s4',
      '  [*] --> s1',
      '  s1 --> s2: start (signal ordered)',
      '  s2 --> s0: pay [context.x #62; 1] / DUAL',
      '  s2 --> s1: (pay rejected)',
      '  s2 --> s2: wait (after P1D)',
      '  s0 --> [*]: completed',
      '  s1 --> s3: (timeout PT2H)',
      '  s3 --> [*]: failed',
      '',
    ]);
  });

  it('is not broken by a name, whatever it is', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 });
    fc.assert(
      fc.property(text, text, text, text, (a, b, event, condition) => {
        const hostile: WorkflowDefinition = {
          ...definition,
          initial: a,
          states: [{ name: a, description: condition }, { name: `${b}2` }],
          transitions: [{ event, from: a, to: b, trigger: 'manual', condition }],
        };
        const lines = visualize(hostile).mermaid.split('\n');
        const safe = String.raw`(?:[A-Za-z0-9 _.,()=!+*?@$…-]|#\d+;)*`;
        const allowed = new RegExp(
          `^(stateDiagram-v2||  state "${safe}" as s\\d+|  s\\d+: ${safe}|  (\\[\\*\\]|s\\d) --> s\\d(: ${safe} \\[${safe}\\])?)$`,
          'u',
        );
        for (const line of lines) expect(line).toMatch(allowed);
      }),
    );
  });

  it('keeps words that would turn the drawing from doing so', () => {
    const turned = {
      ...definition,
      states: [{ name: 'open', description: 'in Direction  lr of' }],
    };
    expect(visualize(turned).mermaid).toContain('#34;in #68;irection  lr of#34;');
  });

  it('leads every edge but the back ones to a later layer, and puts no two states in one place', () => {
    const arrow = fc.record({ from: fc.nat(7), to: fc.nat(7) });
    fc.assert(
      fc.property(fc.array(arrow, { maxLength: 25 }), (arrows) => {
        const random = parseDefinition({
          name: 'random',
          initial: 's0',
          states: Array.from({ length: 8 }, (_, n) => ({ name: `s${n}` })),
          transitions: arrows.map(({ from, to }) => ({
            event: 'e',
            from: `s${from}`,
            to: `s${to}`,
          })),
        });
        const drawn = visualize(random);
        const layer = new Map(drawn.nodes.map((node) => [node.id, node.layer]));
        for (const { from, to, back } of drawn.edges) {
          if (!back) expect(layer.get(to)).toBeGreaterThan(layer.get(from) ?? 0);
        }
        expect(layer.get('s0')).toBe(0);
        const placed = new Set(drawn.nodes.map((node) => `${node.layer} ${node.order}`));
        expect(placed.size).toBe(8);
        // No layer is empty.
        const used = [...new Set(layer.values())].sort((x, y) => x - y);
        expect(used).toEqual(used.map((_, index) => index));
        expect(visualize(random)).toEqual(drawn);
      }),
    );
  });
});
