import { describe, expect, it } from '@jest/globals';
import { createMachine, initialTransition, transition } from 'xstate';

import { fromMermaid, fromXState, parseDefinition, toXState } from '../index.js';

const places = (unmapped: readonly { path: string }[]): string[] =>
  unmapped.map(({ path }) => path).sort();

describe('a machine from XState', () => {
  it('is read as far as it maps, and the rest is named', () => {
    const { definition, unmapped } = fromXState({
      id: 'order',
      initial: 'idle',
      context: { retries: 0 },
      states: {
        idle: { on: { START: 'working', '*': 'idle', PING: { actions: 'ping' } } },
        working: {
          invoke: { src: 'job' },
          entry: ['log', { type: 'assign', params: { values: { a: '1' } } }],
          on: {
            done: { target: 'finished', guard: 'allDone' },
            stop: {
              target: 'finished',
              guard: { type: 'cel', params: { expression: 'context.ok' } },
            },
            odd: {
              target: 'finished',
              guard: { type: 'cel', params: { expression: 'not cel (' } },
            },
            away: { target: 'history.deep' },
          },
          after: { 5000: 'idle', someDelay: 'idle' },
          always: { target: 'both', cond: 'x' },
        },
        both: { type: 'parallel', states: { a: {}, b: {} } },
        past: { type: 'history' },
        finished: { type: 'final', output: { x: 1 } },
      },
    });
    expect(definition).toEqual({
      name: 'order',
      initial: 'idle',
      states: [
        { name: 'idle' },
        { name: 'working', onEntry: [{ type: 'assign', values: { a: '1' } }] },
        { name: 'both' },
        { name: 'past' },
        { name: 'finished', final: 'completed' },
      ],
      transitions: [
        { event: 'START', from: 'idle', to: 'working', trigger: 'manual' },
        { event: 'PING', from: 'idle', to: 'idle', trigger: 'manual' },
        { event: 'done', from: 'working', to: 'finished', trigger: 'manual', condition: 'false' },
        {
          event: 'stop',
          from: 'working',
          to: 'finished',
          trigger: 'manual',
          condition: 'context.ok',
        },
        { event: 'odd', from: 'working', to: 'finished', trigger: 'manual', condition: 'false' },
        { event: 'to-both', from: 'working', to: 'both', trigger: 'automatic', condition: 'false' },
        { event: 'after-5000', from: 'working', to: 'idle', trigger: { after: 'PT5S' } },
      ],
    });
    expect(places(unmapped)).toEqual([
      '/context',
      '/states/both/states',
      '/states/both/type',
      '/states/finished/output',
      '/states/idle/on/*',
      '/states/idle/on/PING',
      '/states/idle/on/PING/actions',
      '/states/past/type',
      '/states/working/after/someDelay',
      '/states/working/always/cond',
      '/states/working/entry/0',
      '/states/working/invoke',
      '/states/working/on/away/target',
      '/states/working/on/done/guard',
      '/states/working/on/odd/guard',
    ]);
  });

  it.each([
    ['no object', [], ''],
    ['no states', { id: 'x' }, '/states'],
    ['states that are none', { states: { a: 1 } }, '/states/a'],
    [
      'a target that is none',
      { states: { a: { on: { go: { target: 7 } } } } },
      '/states/a/on/go/target',
    ],
    ['an empty machine', { states: {} }, '/states'],
    ['names that fall together', { states: { 'a b': {}, 'a-b': {} } }, '/states/a-b'],
    [
      'too many states',
      { states: Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`s${n}`, {}])) },
      '/states',
    ],
  ])('is refused with its place: %s', (_name, json, at) => {
    expect(() => fromXState(json)).toThrow(
      expect.objectContaining({ code: 'xstate.malformed', details: { at } }),
    );
  });

  it('runs in XState as it does here', () => {
    const definition = parseDefinition({
      name: 'order',
      initial: 'a.b',
      states: [{ name: 'a.b' }, { name: 'c', final: 'completed' }],
      transitions: [
        { event: 'go', from: 'a.b', to: 'c', condition: 'context.never' },
        { event: 'go', from: 'a.b', to: 'a.b' },
        { event: 'end', from: 'a.b', to: 'c' },
      ],
    });
    const { config } = toXState(definition);
    const asked: unknown[] = [];
    const machine = createMachine(config as never, {
      guards: {
        cel: (_, params: unknown) => {
          asked.push(params);
          return false;
        },
      },
    });
    let [snapshot] = initialTransition(machine);
    expect(snapshot.value).toBe('a.b');
    [snapshot] = transition(machine, snapshot, { type: 'go' });
    expect(snapshot.value).toBe('a.b');
    expect(asked).toEqual([{ expression: 'context.never' }]);
    [snapshot] = transition(machine, snapshot, { type: 'end' });
    expect([snapshot.value, snapshot.status]).toEqual(['c', 'done']);
  });
});

describe('a diagram from Mermaid', () => {
  it('is read as far as it maps, and the rest is named', () => {
    const { definition, unmapped } = fromMermaid(
      [
        '%%{init: {}}%%',
        'stateDiagram-v2',
        '  direction LR',
        '  state "Waiting for review" as w',
        '  [*] --> w',
        '  w --> Done:::ok : user clicks ok [context.a > 1] / log it',
        '  w --> f : [is it fine?]',
        '  state f <<choice>>',
        '  f --> Done : later (after PT1H)',
        '  state Nested {',
        '    [*] --> inner',
        '    state deeper {',
        '      x --> y',
        '    }',
        '  }',
        '  Done --> Nested',
        '  note right of w',
        '    anything --> at all',
        '  end note',
        '  note left of f : short',
        '  Nested --> [*] : bad',
        '  Done : It is done',
        '  classDef ok fill:#0f0',
        '  class w ok',
      ].join('\n'),
    );
    expect(definition).toEqual({
      name: 'imported',
      initial: 'Waiting-for-review',
      states: [
        { name: 'Waiting-for-review' },
        { name: 'f' },
        { name: 'Nested', final: 'completed' },
        { name: 'Done', description: 'It is done' },
      ],
      transitions: [
        {
          event: 'user-clicks-ok',
          from: 'Waiting-for-review',
          to: 'Done',
          trigger: 'manual',
          condition: 'context.a > 1',
        },
        {
          event: 'to-f',
          from: 'Waiting-for-review',
          to: 'f',
          trigger: 'manual',
          condition: 'false',
        },
        { event: 'later', from: 'f', to: 'Done', trigger: { after: 'PT1H' } },
        { event: 'to-Nested', from: 'Done', to: 'Nested', trigger: 'manual' },
      ],
    });
    expect(unmapped.map(({ path }) => Number(path.slice(5))).sort((a, b) => a - b)).toEqual([
      1, 1, 3, 4, 6, 6, 7, 8, 10, 17, 20, 21, 23, 24,
    ]);
  });

  it.each([
    ['nothing', '', 1],
    ['another diagram', 'graph TD\n a --> b', 1],
    ['a line that says nothing', 'stateDiagram-v2\n  a --> b\n  a ==> b', 3],
    ['a block that does not end', 'stateDiagram-v2\n  state a {\n  x --> y', 3],
    ['too many lines', `stateDiagram-v2${'\n'.repeat(30_000)}`, 1],
  ])('is refused with its line: %s', (_name, text, line) => {
    expect(() => fromMermaid(text)).toThrow(
      expect.objectContaining({ code: 'mermaid.malformed', details: { line } }),
    );
  });

  it('takes no longer for hostile lines than for others', () => {
    const start = performance.now();
    for (const line of [
      '-'.repeat(500_000),
      `a --> b : ${'('.repeat(500_000)}`,
      ' '.repeat(900_000),
    ]) {
      try {
        fromMermaid(`stateDiagram-v2\na --> b\n${line}x`);
      } catch (error) {
        expect(error).toMatchObject({ code: 'mermaid.malformed' });
      }
    }
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
