import type { JsonObject } from '@countersign/kernel';
import {
  type CompiledDefinition,
  compileDefinition,
  parseDefinition,
  runActions,
} from '@countersign/state-machine';
import { assign, initialTransition, setup, transition } from 'xstate';

import { median, options } from './closed-loop.js';

/** What happens in one round; two of the twelve are refused by a guard. */
const ROUND: readonly { readonly type: string; readonly by: string; readonly amount: number }[] = [
  { type: 'submit', by: 'author', amount: 900 },
  { type: 'assign', by: 'r1', amount: 0 },
  { type: 'approve', by: 'author', amount: 0 }, // refused: the author
  { type: 'approve', by: 'r1', amount: 0 },
  { type: 'requestChanges', by: 'r2', amount: 0 },
  { type: 'submit', by: 'author', amount: 800 },
  { type: 'assign', by: 'r1', amount: 0 },
  { type: 'approve', by: 'r1', amount: 0 },
  { type: 'approve', by: 'r1', amount: 0 }, // refused: has approved already
  { type: 'approve', by: 'r2', amount: 0 },
  { type: 'execute', by: 'author', amount: 0 },
  { type: 'reset', by: 'author', amount: 0 },
];

type Input = (typeof ROUND)[number];

interface Context {
  readonly author: string;
  readonly amount: number;
  readonly votes: readonly string[];
  readonly needed: number;
  readonly round: number;
}

const START: Context = { author: 'author', amount: 0, votes: [], needed: 2, round: 0 };

/** One machine in one library: takes an event, and tells where it is. */
interface Machine {
  step(input: Input): void;
  end(): readonly [state: unknown, context: unknown];
}

const mayVote = (c: Context, by: string): boolean => by !== c.author && !c.votes.includes(by);
const isLast = (c: Context, by: string): boolean =>
  mayVote(c, by) && c.votes.length + 1 >= c.needed;

const MAY_VOTE = 'input.by != context.author && !(input.by in context.votes)';
const clear = { type: 'assign', values: { votes: '[]' } };
const vote = { type: 'assign', values: { votes: 'context.votes + [input.by]' } };
const submit = {
  type: 'assign',
  values: { amount: 'input.amount', votes: '[]', round: 'context.round + 1' },
};

/** The machine as data, interpreted by the library: conditions and assignments are expressions. */
function ours(): Machine {
  const definition: CompiledDefinition = compileDefinition(
    parseDefinition({
      name: 'approval',
      initial: 'draft',
      states: ['draft', 'submitted', 'inReview', 'approved', 'rejected', 'executed'].map(
        (name) => ({ name }),
      ),
      transitions: [
        { event: 'submit', from: 'draft', to: 'submitted', action: submit },
        { event: 'assign', from: 'submitted', to: 'inReview' },
        {
          event: 'approve',
          from: 'inReview',
          to: 'approved',
          condition: `${MAY_VOTE} && size(context.votes) + 1 >= context.needed`,
          action: vote,
        },
        { event: 'approve', from: 'inReview', to: 'inReview', condition: MAY_VOTE, action: vote },
        { event: 'requestChanges', from: 'inReview', to: 'draft', condition: MAY_VOTE },
        { event: 'reject', from: 'inReview', to: 'rejected', condition: MAY_VOTE },
        { event: 'execute', from: 'approved', to: 'executed' },
        { event: 'reset', from: 'rejected', to: 'draft', action: clear },
        { event: 'reset', from: 'executed', to: 'draft', action: clear },
      ],
    }),
  );
  let state = 'draft';
  let context = { ...START } as unknown as JsonObject;
  return {
    step: (input) => {
      const sent = input as unknown as JsonObject;
      const choice = definition.byEvent(state, input.type, context, sent);
      if (!('transition' in choice)) return;
      ({ context } = runActions(choice.transition.actions, context, sent));
      state = choice.transition.to;
    },
    end: () => [state, context],
  };
}

/** The same in XState, by its pure `transition`. */
function xstate(): Machine {
  const machine = setup({
    types: { context: {} as Context, events: {} as Input },
    guards: {
      mayVote: ({ context, event }) => mayVote(context, event.by),
      isLast: ({ context, event }) => isLast(context, event.by),
    },
    actions: {
      submit: assign({
        amount: ({ event }) => event.amount,
        votes: () => [],
        round: ({ context }) => context.round + 1,
      }),
      vote: assign({ votes: ({ context, event }) => [...context.votes, event.by] }),
      clear: assign({ votes: () => [] }),
    },
  }).createMachine({
    id: 'approval',
    initial: 'draft',
    context: START,
    states: {
      draft: { on: { submit: { target: 'submitted', actions: 'submit' } } },
      submitted: { on: { assign: 'inReview' } },
      inReview: {
        on: {
          approve: [
            { guard: 'isLast', target: 'approved', actions: 'vote' },
            { guard: 'mayVote', actions: 'vote' },
          ],
          requestChanges: { guard: 'mayVote', target: 'draft' },
          reject: { guard: 'mayVote', target: 'rejected' },
        },
      },
      approved: { on: { execute: 'executed' } },
      rejected: { on: { reset: { target: 'draft', actions: 'clear' } } },
      executed: { on: { reset: { target: 'draft', actions: 'clear' } } },
    },
  });
  let [snapshot] = initialTransition(machine);
  return {
    step: (input) => {
      [snapshot] = transition(machine, snapshot, input);
    },
    end: () => [snapshot.value, snapshot.context],
  };
}

type Row = readonly [
  holds: (context: Context, input: Input) => boolean,
  to: string,
  next: (context: Context, input: Input) => Context,
];

/** The least that can be done: a table and functions of JavaScript. */
function table(): Machine {
  const yes = () => true;
  const same = (c: Context) => c;
  const may = (c: Context, i: Input) => mayVote(c, i.by);
  const voted = (c: Context, i: Input) => ({ ...c, votes: [...c.votes, i.by] });
  const cleared = (c: Context) => ({ ...c, votes: [] });
  const rows: Readonly<Record<string, Readonly<Record<string, readonly Row[]>>>> = {
    draft: {
      submit: [
        [yes, 'submitted', (c, i) => ({ ...c, amount: i.amount, votes: [], round: c.round + 1 })],
      ],
    },
    submitted: { assign: [[yes, 'inReview', same]] },
    inReview: {
      approve: [
        [(c, i) => isLast(c, i.by), 'approved', voted],
        [may, 'inReview', voted],
      ],
      requestChanges: [[may, 'draft', same]],
      reject: [[may, 'rejected', same]],
    },
    approved: { execute: [[yes, 'executed', same]] },
    rejected: { reset: [[yes, 'draft', cleared]] },
    executed: { reset: [[yes, 'draft', cleared]] },
  };
  let state = 'draft';
  let context = START;
  return {
    step: (input) => {
      const row = rows[state]?.[input.type]?.find(([holds]) => holds(context, input));
      if (!row) return;
      context = row[2](context, input);
      state = row[1];
    },
    end: () => [state, context],
  };
}

const machines: readonly (readonly [peer: string, make: () => Machine])[] = [
  ['countersign', ours],
  ['xstate', xstate],
  ['table', table],
];

/**
 * Transitions a second of one guarded machine of six states, on one thread, in this library, in XState and as a
 * bare table. The runs of the three alternate, so that what else the machine does hits all of them; the ratios are
 * of the medians of this one run.
 */
export function stateMachine(): void {
  const ends = machines.map(([, make]) => {
    const machine = make();
    for (const input of ROUND) machine.step(input);
    return JSON.stringify(machine.end());
  });
  if (new Set(ends).size !== 1) throw new Error(`the machines disagree: ${ends.join(' | ')}`);

  const rates = new Map<string, number[]>();
  for (const [, make] of machines) rate(make, options.warmUpSeconds);
  for (let run = 0; run < options.runs; run++) {
    for (const [peer, make] of machines) {
      rates.set(peer, [...(rates.get(peer) ?? []), rate(make, options.runSeconds)]);
    }
  }
  const xstateRate = median(rates.get('xstate') ?? []);
  for (const [peer, values] of rates) {
    const line = {
      peer,
      workload: 'state-machine',
      concurrency: 1,
      ops_per_s: Math.round(median(values)),
      min: Math.round(Math.min(...values)),
      max: Math.round(Math.max(...values)),
      runs: values.length,
      times_xstate: Math.round((median(values) / xstateRate) * 100) / 100,
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

function rate(make: () => Machine, seconds: number): number {
  const machine = make();
  const start = performance.now();
  const end = start + seconds * 1_000;
  let steps = 0;
  while (performance.now() < end) {
    for (let i = 0; i < 100; i++) for (const input of ROUND) machine.step(input);
    steps += 100 * ROUND.length;
  }
  return steps / ((performance.now() - start) / 1_000);
}
