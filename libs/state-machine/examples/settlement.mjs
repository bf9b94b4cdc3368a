// A definition as data, compiled once and interpreted: what a workflow service does, without the service.
// Run: node examples/settlement.mjs (Node 22 or later, after the build).
import { compileDefinition, parseDefinition, runActions } from '@countersign/state-machine';

const compiled = compileDefinition(
  parseDefinition({
    name: 'settlement',
    states: [
      { name: 'instructed', onEntry: { type: 'assign', values: { reminders: '0' } } },
      { name: 'matched', timeout: { after: 'P2D', to: 'failed' } },
      {
        name: 'settled',
        final: 'completed',
        onEntry: { type: 'emit', event: 'settled', payload: { trade: 'context.tradeId' } },
      },
      { name: 'failed', final: 'failed' },
    ],
    initial: 'instructed',
    transitions: [
      {
        event: 'remind',
        from: 'instructed',
        to: 'instructed',
        trigger: { after: 'PT4H' },
        condition: 'context.reminders < 3',
      },
      {
        event: 'match',
        from: 'instructed',
        to: 'matched',
        trigger: { signal: 'counterparty-confirmed' },
        condition: 'decimal(input.amount) == decimal(context.amount)',
        action: { type: 'assign', values: { confirmedBy: 'input.by' } },
      },
      { event: 'settle', from: 'matched', to: 'settled' },
    ],
  }),
);

let state = 'instructed';
let context = runActions(compiled.entryActions(state), {
  tradeId: 'T-1',
  amount: '1000.00',
}).context;

function move(transition, input) {
  const actions = [
    ...transition.actions,
    ...compiled.exitActions(state),
    ...compiled.entryActions(transition.to),
  ];
  const results = runActions(actions, context, input);
  ({ context } = results);
  console.log(
    `${state} -> ${transition.to} (${transition.event})`,
    JSON.stringify(results.emitted),
  );
  state = transition.to;
}

for (const { transition, afterMs } of compiled.afterTransitions(state)) {
  console.log(`${transition.event} is due after ${afterMs / 3_600_000} hours`);
}

const wrong = compiled.bySignal(state, 'counterparty-confirmed', context, { amount: '999.99' });
console.log('a wrong amount:', wrong.refused);

const input = { amount: '1000', by: 'bank-b' };
const right = compiled.bySignal(state, 'counterparty-confirmed', context, input);
move(right.transition, input);
console.log('gives up:', JSON.stringify(compiled.timeoutOf(state)));
move(compiled.byEvent(state, 'settle', context).transition);
console.log('outcome:', compiled.outcomeOf(state), JSON.stringify(context));
