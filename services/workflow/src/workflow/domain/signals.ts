import type { WorkflowEvent } from '@countersign/contracts';
import { derivedId, rule } from '@countersign/kernel';
import type { CompiledDefinition } from '@countersign/state-machine';

import { advance, raiseIncident } from './advance.js';
import { type Cause, Draft } from './draft.js';
import { mustBeSmall } from './move.js';
import { running, type Signal, type WorkflowState } from './state.js';

type Events = readonly WorkflowEvent[];
type ChildEnded = Extract<WorkflowEvent, { type: 'workflow.child-ended' }>['data'];

/** Code of the incident of an instance whose invoked workflow could not be started. */
export const CHILD_NOT_STARTED = 'workflow.child-not-started';

const MAX_SIGNALS = 100;
/** How long the end of an invoked workflow waits to be looked at. */
const CHILD_END_TTL_MS = 3_650 * 86_400_000;

/**
 * Takes a signal in, and a transition that waits for it. Otherwise it is kept until one does or its time is over.
 *
 * @throws AppError `workflow.ended`, `workflow.unknown-signal`, `workflow.too-many-signals`
 */
export function receiveSignal(
  state: WorkflowState,
  signal: Signal,
  definition: CompiledDefinition,
  cause: Cause,
): Events {
  const current = running(state);
  const { signalId, name, payload, expiresAt, editors = [] } = signal;
  if (!waitsFor(definition, name)) {
    throw rule('workflow.unknown-signal', `no transition waits for a signal ${name}`);
  }
  if (current.signals.length >= MAX_SIGNALS) {
    throw rule('workflow.too-many-signals', `${MAX_SIGNALS} signals wait already`);
  }
  mustBeSmall(payload);
  const draft = new Draft(current, definition, cause);
  const data = { ...current.identity, signalId, name, payload, expiresAt, editors: [...editors] };
  draft.add({ type: 'workflow.signal-received', data });
  advance(draft);
  return draft.events;
}

/** Whether any transition of a definition waits for signals of a name. */
function waitsFor({ definition }: CompiledDefinition, name: string): boolean {
  return definition.transitions.some(
    ({ trigger }) => typeof trigger === 'object' && 'signal' in trigger && trigger.signal === name,
  );
}

/** The instance that this one has invoked has ended, which comes as a signal. */
export function childEnded(
  state: WorkflowState,
  { workflowId: childId, outcome, state: childState, context, editors = [] }: ChildEnded,
  definition: CompiledDefinition,
  cause: Cause,
): Events {
  if (state.kind !== 'existing' || state.childId !== childId) return [];
  const draft = new Draft(state, definition, cause);
  const { workflowId } = state.identity;
  draft.add({
    type: 'workflow.signal-received',
    data: {
      ...state.identity,
      signalId: derivedId('child ended', workflowId, childId),
      name: `workflow.${outcome}`,
      payload: { workflowId: childId, state: childState, context },
      editors,
      expiresAt: new Date(cause.now.getTime() + CHILD_END_TTL_MS).toISOString(),
    },
  });
  advance(draft);
  return draft.events;
}

/** The instance that this one invokes could not be started. */
export function childNotStarted(
  state: WorkflowState,
  childId: string,
  message: string,
  definition: CompiledDefinition,
  cause: Cause,
): Events {
  if (state.kind !== 'existing' || state.childId !== childId) return [];
  const draft = new Draft(state, definition, cause);
  raiseIncident(draft, CHILD_NOT_STARTED, message);
  return draft.events;
}
