import type { ApprovalEvent } from '@countersign/contracts';
import type { Actor } from '@countersign/kernel';
import type { Organisation } from '@countersign/state-machine';

import { approvalAggregate, type ExistingApproval } from './state.js';

/** When something is decided, and in which organisation. */
export interface Moment {
  readonly now: Date;
  /** As the directory has it at this moment. */
  readonly organisation: Organisation;
}

/** On whose account something is decided. */
export interface Cause extends Moment {
  readonly actor: Actor;
}

export type Events = readonly ApprovalEvent[];

/** A decision in the making: the events so far, and the state that they lead to. */
export class Draft {
  readonly events: ApprovalEvent[] = [];

  constructor(
    public state: ExistingApproval,
    readonly moment: Moment,
  ) {}

  add(...events: Events): void {
    for (const event of events) {
      this.events.push(event);
      this.state = approvalAggregate.evolve(this.state, event) as ExistingApproval;
    }
  }
}
