import type { WorkflowEvent } from '@countersign/contracts';
import { fold, type JsonObject } from '@countersign/kernel';
import {
  type CompiledDefinition,
  compileDefinition,
  Organisation,
  parseDefinition,
  type WorkflowDefinitionInput,
} from '@countersign/state-machine';

import {
  applyOutcome,
  cancelWorkflow,
  failWorkflow,
  fireTimers,
  pauseWorkflow,
  resumeWorkflow,
  retryWorkflow,
  startWorkflow,
  transitionWorkflow,
} from '../src/workflow/domain/decider.js';
import { requestIntervention } from '../src/workflow/domain/interventions.js';
import { receiveSignal, withdrawSignal } from '../src/workflow/domain/signals.js';
import {
  existing,
  type ExistingWorkflow,
  type Signal,
  workflowAggregate,
  type WorkflowState,
} from '../src/workflow/domain/state.js';

type Events = readonly WorkflowEvent[];

const WORKFLOW_ID = '0e3f6f0a-1b2c-5d3e-8f40-123456789abc';
const HASH = 'a'.repeat(64);

export function compile(definition: WorkflowDefinitionInput): CompiledDefinition {
  return compileDefinition(parseDefinition(definition));
}

/** One instance under test: commands are decided and their events kept, at a time that the test moves. */
export class TestInstance {
  readonly events: WorkflowEvent[] = [];
  groups: readonly string[] = [];
  organisation = new Organisation({ people: [] });
  now = new Date('2026-01-02T03:04:05.000Z');
  #count = 0;

  constructor(
    public definition: CompiledDefinition,
    public actor = 'alice',
  ) {}

  static started(
    definition: WorkflowDefinitionInput,
    context: JsonObject = {},
    more: Partial<Parameters<typeof startWorkflow>[1]> = {},
  ): TestInstance {
    const instance = new TestInstance(compile(definition));
    instance.start(context, more);
    return instance;
  }

  get folded(): WorkflowState {
    return fold(workflowAggregate, this.events);
  }

  get state(): ExistingWorkflow {
    return existing(this.folded);
  }

  /** Types of the events since a number of them. */
  typesSince(count: number): string[] {
    return this.events.slice(count).map(({ type }) => type.replace('workflow.', ''));
  }

  start(
    context: JsonObject,
    more: Partial<Parameters<typeof startWorkflow>[1]> = {},
    signals: readonly Signal[] = [],
  ): void {
    const start = {
      workflowId: WORKFLOW_ID,
      template: this.definition.definition.name,
      templateVersion: 1,
      definitionHash: HASH,
      state: this.definition.definition.initial,
      context,
      draft: false,
      startedBy: this.actor,
      ...more,
    };
    this.#keep(startWorkflow(this.folded, start, this.definition, this.#cause(), signals));
  }

  fire(event: string, input?: JsonObject, roles: readonly string[] = []): void {
    const request = { event, input };
    const actor = { roles: [...roles] };
    this.#keep(transitionWorkflow(this.folded, request, this.definition, actor, this.#cause()));
  }

  settle(
    outcome: 'granted' | 'rejected' | 'withdrawn',
    target?: CompiledDefinition,
    decidedBy: readonly string[] = ['erin'],
  ): void {
    const { pending, intervention } = this.state;
    const approvalId = intervention?.approvalId ?? pending?.approvalId ?? '';
    const how = { approvalId, outcome, reason: 'looked at', decidedBy };
    this.#keep(applyOutcome(this.folded, how, this.definition, this.#cause(), target));
    if (target && this.state.definitionHash !== HASH) this.definition = target;
  }

  signal(name: string, payload: JsonObject = {}, ttlMs = 60_000, sender?: Signal['sender']): void {
    const expiresAt = new Date(this.now.getTime() + ttlMs).toISOString();
    const signalId = `00000000-0000-4000-8000-${String(++this.#count).padStart(12, '0')}`;
    const signal = { signalId, name, payload, expiresAt, sender };
    this.#keep(receiveSignal(this.folded, signal, this.definition, this.#cause()));
  }

  withdraw(signalId: string): void {
    this.#keep(withdrawSignal(this.folded, signalId, this.definition, this.#by, this.#cause()));
  }

  /** Lets time pass, and the timers that are due fire. */
  wait(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
    this.#keep(fireTimers(this.folded, this.definition, this.#cause()));
  }

  pause(): void {
    this.#keep(pauseWorkflow(this.folded, 'holiday', this.definition, this.#by, this.#cause()));
  }

  resume(): void {
    this.#keep(resumeWorkflow(this.folded, 'back', this.definition, this.#by, this.#cause()));
  }

  cancel(): void {
    this.#keep(
      cancelWorkflow(this.folded, 'entered twice', this.definition, this.#by, this.#cause()),
    );
  }

  fail(): void {
    this.#keep(
      failWorkflow(this.folded, 'beyond repair', this.definition, this.#by, this.#cause()),
    );
  }

  retry(): void {
    this.#keep(retryWorkflow(this.folded, this.definition, this.#by, this.#cause()));
  }

  intervene(
    request: Omit<Parameters<typeof requestIntervention>[1], 'approvalId' | 'reason'>,
  ): void {
    const approvalId = `11111111-0000-4000-8000-${String(++this.#count).padStart(12, '0')}`;
    const asked = { ...request, approvalId, reason: 'it is stuck' };
    this.#keep(requestIntervention(this.folded, asked, this.definition, this.#by, this.#cause()));
  }

  apply(decide: (state: WorkflowState, definition: CompiledDefinition) => Events): void {
    this.#keep(decide(this.folded, this.definition));
  }

  get #by() {
    return { id: this.actor, roles: [], groups: [...this.groups], authMethod: 'test' };
  }

  #cause() {
    return { requester: this.actor, now: this.now, organisation: this.organisation };
  }

  #keep(events: Events): void {
    this.events.push(...events);
  }
}
