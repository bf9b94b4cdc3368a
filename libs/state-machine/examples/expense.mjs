// A machine built and asked step by step. Run: node examples/expense.mjs (Node 22 or later, after the build).
import { StateMachine } from '@countersign/state-machine';

const machine = new StateMachine('expense')
  .addState({ name: 'submitted' })
  .addState({ name: 'in-review' })
  .addState({ name: 'paid', final: 'completed' })
  .addState({ name: 'refused', final: 'failed' })
  .addTransition({
    event: 'pay',
    from: 'submitted',
    to: 'paid',
    trigger: 'automatic',
    condition: 'decimal(context.amount) < 100',
  })
  .addTransition({ event: 'review', from: 'submitted', to: 'in-review', trigger: 'automatic' })
  .addTransition({
    event: 'approve',
    from: 'in-review',
    to: 'paid',
    requiresApproval: { level: 'DUAL', approvers: ['role:manager'], onRejected: 'refused' },
  });

const small = { amount: '99.95' };
const large = { amount: '250.00' };

console.log('small is paid at once:', machine.transition('submitted', 'paid', small));
console.log('large is paid at once:', machine.transition('submitted', 'paid', large));
console.log('large without approval:', machine.transition('in-review', 'paid', large));
console.log(
  'large with approval:',
  machine.transition('in-review', 'paid', large, { approved: ['approve'] }),
);
const errors = machine.validateWorkflow().filter(({ severity }) => severity === 'error');
console.log('errors:', errors.length);
console.log(machine.visualize().mermaid);
