import type { WorkflowEvent } from '@countersign/contracts';

import { type ExistingWorkflow, workflowAggregate } from './state.js';

/** A decision in the making: the events so far, and the state that they lead to. */
export class Draft {
  readonly events: WorkflowEvent[] = [];

  constructor(public state: ExistingWorkflow) {}

  add(...events: readonly WorkflowEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      this.state = workflowAggregate.evolve(this.state, event) as ExistingWorkflow;
    }
  }
}
