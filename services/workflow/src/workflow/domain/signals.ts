import type { WorkflowEvent } from '@countersign/contracts';
import {
  type Actor,
  derivedId,
  forbidden,
  invalid,
  isSystemId,
  notFound,
  rule,
} from '@countersign/kernel';
import { type CompiledDefinition, maySend } from '@countersign/state-machine';

import { advance } from './advance.js';
import { mustOperate } from './authority.js';
import { type Cause, Draft } from './draft.js';
import { raiseIncident } from './incidents.js';
import { mustBeSmall } from './move.js';
import {
  existing,
  type ExistingWorkflow,
  isEngines,
  running,
  type Signal,
  type WorkflowState,
} from './state.js';

type Events = readonly WorkflowEvent[];
type ChildEnded = Extract<WorkflowEvent, { type: 'workflow.child-ended' }>['data'];

/** Code of the incident of an instance whose invoked workflow could not be started. */
export const CHILD_NOT_STARTED = 'workflow.child-not-started';

/** Signals that may wait for an instance, or for a business key; and those of one sender. The product's own count as a whole. */
const MAX_SIGNALS = 100;
const MAX_OF_A_SENDER = 10;
/** How long the end of an invoked workflow waits to be looked at. */
const CHILD_END_TTL_MS = 3_650 * 86_400_000;

/**
 * Takes a signal in, and a transition that waits for it. Otherwise it is kept until one does or its time is over.
 *
 * @throws AppError `workflow.ended`, as `mustTakeSignal`, `signal.too-many`, `workflow.too-large`
 */
export function receiveSignal(
  state: WorkflowState,
  signal: Signal,
  definition: CompiledDefinition,
  cause: Cause,
): Events {
  const current = running(state);
  mustTakeSignal(definition, signal);
  mustHaveRoom(current.signals, signal, cause.now);
  const draft = new Draft(current, definition, cause);
  draft.add(received(current, signal));
  advance(draft);
  return draft.events;
}

/**
 * Takes a signal back that no transition has taken yet: by whoever sent it, or who may operate the instance.
 *
 * @throws AppError `workflow.ended`; `not-found` `signal.not-waiting`; `workflow.operators-only`
 */
export function withdrawSignal(
  state: WorkflowState,
  signalId: string,
  definition: CompiledDefinition,
  actor: Actor,
  { organisation }: Cause,
): Events {
  const current = running(state);
  const signal = current.signals.find((kept) => kept.signalId === signalId);
  if (!signal)
    throw notFound('signal.not-waiting', 'no such signal waits: it was taken, or never sent');
  const sender = signal.sender && organisation.personOf(signal.sender.id);
  if (sender !== organisation.personOf(actor.id)) {
    mustOperate(current, definition, actor, organisation);
  }
  const data = { ...current.identity, signalId, name: signal.name };
  return [{ type: 'workflow.signal-withdrawn', data }];
}

/** What became of a signal, by the events that its arrival led to. */
export function fateOf(
  signalId: string,
  state: WorkflowState,
  events: readonly { readonly data: object }[],
): 'taken' | 'kept' | 'failed' {
  if (existing(state).signals.some((kept) => kept.signalId === signalId)) return 'kept';
  const isTaken = events.some(
    ({ data }) => 'signalId' in data && data.signalId === signalId && 'sequence' in data,
  );
  return isTaken ? 'taken' : 'failed';
}

/** @throws AppError `signal.reserved-name` */
export function mustBeUnreserved(name: string): void {
  if (!isEngines(name)) return;
  throw invalid('signal.reserved-name', `signals called workflow.… come from workflows only`);
}

/** The event that a signal has come. */
export function received(
  { identity }: Pick<ExistingWorkflow, 'identity'>,
  { signalId, name, payload, sentAt, expiresAt, editors = [], sender }: Signal,
): WorkflowEvent {
  return {
    type: 'workflow.signal-received',
    data: {
      ...identity,
      signalId,
      name,
      payload,
      ...(sentAt === undefined ? {} : { sentAt }),
      expiresAt,
      editors: [...editors],
      ...(sender === undefined ? {} : { sender }),
    },
  };
}

/**
 * Whether a definition has a use for a signal, from whoever sent it.
 *
 * @throws AppError `workflow.unknown-signal`; `forbidden` `signal.sender-not-permitted`; `workflow.too-large`
 */
export function mustTakeSignal(
  { definition }: Pick<CompiledDefinition, 'definition'>,
  { name, payload, sender }: Pick<Signal, 'name' | 'payload' | 'sender'>,
): void {
  const waiting = definition.transitions.filter(
    ({ trigger }) => typeof trigger === 'object' && 'signal' in trigger && trigger.signal === name,
  );
  if (waiting.length === 0) {
    throw rule('workflow.unknown-signal', `no transition waits for a signal ${name}`);
  }
  if (!waiting.some((transition) => maySend(transition, sender))) {
    const senders = [...new Set(waiting.flatMap(({ trigger }) => sendersOf(trigger)))];
    const missing = sender !== undefined && isSystemId(sender.id) ? sender.id : undefined;
    const why =
      missing === undefined
        ? `${name} is not yours to send: its senders are ${senders.join(', ')}`
        : `${missing} is not among the senders of ${name}, which are ${senders.join(', ')}`;
    throw forbidden('signal.sender-not-permitted', why, {
      details: { senders, ...(missing === undefined ? {} : { missing }) },
    });
  }
  mustBeSmall(payload);
}

function sendersOf(trigger: unknown): readonly string[] {
  return (trigger as { readonly senders?: readonly string[] }).senders ?? [];
}

/**
 * Whether one more signal may wait beside those that do.
 *
 * @throws AppError `signal.too-many`, with `details.limit` and, when it is the sender's own, `details.sender`
 */
export function mustHaveRoom(
  waiting: readonly Signal[],
  { sender }: Pick<Signal, 'sender'>,
  now: Date,
): void {
  const live = waiting.filter(({ expiresAt }) => expiresAt > now.toISOString());
  if (live.length >= MAX_SIGNALS) {
    throw rule('signal.too-many', `${MAX_SIGNALS} signals wait already`, {
      details: { limit: MAX_SIGNALS },
    });
  }
  const id = sender?.id;
  if (id === undefined || isSystemId(id)) return;
  if (live.filter((signal) => signal.sender?.id === id).length < MAX_OF_A_SENDER) return;
  throw rule('signal.too-many', `${MAX_OF_A_SENDER} signals of ${id} wait already`, {
    details: { limit: MAX_OF_A_SENDER, sender: id },
  });
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
      sentAt: cause.now.toISOString(),
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
