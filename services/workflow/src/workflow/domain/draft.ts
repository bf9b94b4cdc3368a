import type { WorkflowEvent } from '@countersign/contracts';
import type { CompiledDefinition, Organisation } from '@countersign/state-machine';

import { type ExistingWorkflow, workflowAggregate } from './state.js';

/** On whose account something is decided, when, and in which organisation. */
export interface Cause {
  /** Requester of the approvals that are asked for, and editor of what is assigned. */
  readonly requester: string;
  readonly now: Date;
  /** Says who is who: people are compared, not their ids and logins. */
  readonly organisation: Organisation;
}

/** A decision in the making: the events so far, and the state that they lead to. */
export class Draft {
  readonly events: WorkflowEvent[] = [];

  constructor(
    public state: ExistingWorkflow,
    /** Changes only with a migration. */
    public definition: CompiledDefinition,
    /** Changes for what is done on another's account. */
    public cause: Cause,
  ) {}

  /** Does something on another's account. */
  onAccountOf(requester: string, act: () => void): void {
    const { cause } = this;
    this.cause = { ...cause, requester };
    try {
      act();
    } finally {
      this.cause = cause;
    }
  }

  add(...events: readonly WorkflowEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      this.state = workflowAggregate.evolve(this.state, event) as ExistingWorkflow;
    }
  }
}
