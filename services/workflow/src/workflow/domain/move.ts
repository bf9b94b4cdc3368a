import type { WorkflowEvent } from '@countersign/contracts';
import { derivedId, isSystemId, type JsonObject, rule } from '@countersign/kernel';
import {
  type ActionResults,
  type CompiledAction,
  type CompiledDefinition,
  contextProblems,
  type Invocation,
  placeOfExpression,
  runActions,
} from '@countersign/state-machine';

import type { Draft } from './draft.js';
import type { ExistingWorkflow } from './state.js';

type Transitioned = Extract<WorkflowEvent, { type: 'workflow.transitioned' }>['data'];

/** A context may not grow beyond this: what approvers are shown, and more, has to fit into an event with it. */
const MAX_CONTEXT_BYTES = 128 * 1024;
/** What one `emit` may publish, and what an invoked workflow may start with. */
const MAX_PAYLOAD_BYTES = 64 * 1024;

/** A move from where the instance is to another state. */
export interface Move extends Pick<Transitioned, 'to' | 'event' | 'trigger'> {
  readonly sequence?: number;
  /** Done before the move. */
  readonly actions?: readonly CompiledAction[];
  /**
   * `all`: leaves and enters properly. `enter`: only enters. `arrive`: neither, but what the state invokes is
   * started. `none`: it is somewhere else now, and that is all.
   */
  readonly ceremony?: 'all' | 'enter' | 'arrive' | 'none';
  readonly input?: JsonObject | undefined;
  readonly reason?: string | undefined;
  readonly approvalId?: string | undefined;
  readonly approvalOutcome?: 'granted' | 'rejected' | undefined;
  /** Who asked for what took an approval, and who decided that. */
  readonly requester?: string | undefined;
  readonly decidedBy?: readonly string[] | undefined;
  readonly signalId?: string | undefined;
}

/** What a move does beside moving, worked out beforehand so that it is done as a whole or not at all. */
interface Prepared {
  readonly before: ActionResults;
  readonly after: ActionResults;
  readonly invocation: Invocation | undefined;
}

/**
 * Makes a move: exit actions, the transition's own, the move itself, entry actions, and what the new state is
 * for: its outcome, or the workflow that it invokes.
 *
 * @throws ExpressionError when an action's expression has no value
 * @throws AppError `rule` `workflow.context-invalid` when the context would no longer fit the definition. Nothing
 *   has been added to the draft then.
 */
export function move(draft: Draft, wanted: Move): void {
  const { definition, state } = draft;
  const prepared = prepare(definition, state, wanted);
  leave(draft, wanted);
  record(draft, prepared.before, state.context);
  draft.add({ type: 'workflow.transitioned', data: transitioned(draft, wanted) });
  resolveIncidents(draft);
  enter(draft, prepared);
}

/** What happens on arrival in the initial state. @throws as `move` does */
export function enterInitial(draft: Draft): void {
  const { definition, state } = draft;
  mustBeSmall(state.context, MAX_CONTEXT_BYTES, 'the context');
  const wanted = { to: state.state, event: '', trigger: 'automatic', ceremony: 'enter' } as const;
  enter(draft, prepare(definition, state, wanted));
}

function prepare(definition: CompiledDefinition, state: ExistingWorkflow, wanted: Move): Prepared {
  const { ceremony = 'all', actions = [], input, to } = wanted;
  const exit = ceremony === 'all' ? definition.exitActions(state.state) : [];
  const entry = ceremony === 'all' || ceremony === 'enter' ? definition.entryActions(to) : [];
  const before = runActions([...exit, ...actions], state.context, input);
  const after = runActions(entry, before.context, input);
  if (before.pipelines.length + after.pipelines.length > 0) {
    throw rule('workflow.action-unsupported', 'there is no pipeline service to run it');
  }
  if (after.context !== state.context) {
    mustFit(definition, after.context, [...exit, ...actions, ...entry]);
  }
  for (const { event, payload } of [...before.emitted, ...after.emitted]) {
    mustBeSmall(payload, MAX_PAYLOAD_BYTES, `the payload of ${event}`);
  }
  const invocation =
    ceremony === 'none' ? undefined : definition.invocationOf(to, after.context, input);
  if (invocation)
    mustBeSmall(invocation.context, MAX_PAYLOAD_BYTES, 'the context of what is invoked');
  return { before, after, invocation };
}

function mustFit(
  { definition }: CompiledDefinition,
  context: JsonObject,
  actions: readonly CompiledAction[],
): void {
  const [first] = contextProblems(definition.contextSchema, context);
  if (first) {
    const by = actions.flatMap((action) => (action.type === 'assign' ? action.values : []));
    const last = by.findLast(([name]) => first.at === `/${name}`)?.[1];
    const set = last ? `, set by ${placeOfExpression(definition, last.source)}` : '';
    throw rule('workflow.context-invalid', `context${first.at} ${first.problem}${set}`);
  }
  mustBeSmall(context, MAX_CONTEXT_BYTES, 'the context');
}

/** @throws AppError `rule` `workflow.too-large` */
export function mustBeSmall(
  value: JsonObject,
  bytes = MAX_PAYLOAD_BYTES,
  what = 'the input',
): void {
  if (Buffer.byteLength(JSON.stringify(value)) <= bytes) return;
  throw rule('workflow.too-large', `${what} is larger than ${bytes / 1024} KiB`);
}

/** Gives up what the old state waits for, except what this move follows from. */
function leave(draft: Draft, { event, approvalId, ceremony }: Move): void {
  const { identity, pending, childId } = draft.state;
  const reason = `left by ${event}`;
  withdrawIntervention(draft, 'stale', `the workflow has moved by ${event}`);
  if (pending && pending.approvalId !== approvalId) {
    const data = { ...identity, approvalId: pending.approvalId, reason };
    draft.add({ type: 'workflow.approval-abandoned', data });
  }
  if (childId !== undefined && ceremony !== 'none') {
    draft.add({ type: 'workflow.child-abandoned', data: { ...identity, childId, reason } });
  }
}

function transitioned({ state, cause }: Draft, wanted: Move): Transitioned {
  const { identity, state: from, sequence } = state;
  const { to, event, trigger, reason, input, approvalId, approvalOutcome, signalId } = wanted;
  const byHand = trigger === 'manual' || trigger === 'signal' ? cause.requester : undefined;
  const { decidedBy, requester = byHand } = wanted;
  return {
    ...identity,
    sequence: wanted.sequence ?? sequence + 1,
    from,
    to,
    event,
    trigger,
    ...(reason === undefined ? {} : { reason }),
    ...(input === undefined ? {} : { input }),
    ...(approvalId === undefined ? {} : { approvalId }),
    ...(approvalOutcome === undefined ? {} : { approvalOutcome }),
    ...(signalId === undefined ? {} : { signalId }),
    ...(requester === undefined ? {} : { requester }),
    ...(decidedBy === undefined ? {} : { decidedBy: [...decidedBy] }),
  };
}

function enter(draft: Draft, { after, invocation }: Prepared): void {
  record(draft, after, draft.state.context);
  const { state } = draft.state;
  const outcome = draft.definition.outcomeOf(state);
  if (outcome !== undefined) {
    end(draft, outcome);
  } else if (invocation) {
    request(draft, invocation);
  }
}

/**
 * Asks again for the workflow that the state invokes, under the same id.
 *
 * @throws ExpressionError when its context has no value
 */
export function invoke(draft: Draft): void {
  const { state, context } = draft.state;
  const invocation = draft.definition.invocationOf(state, context);
  if (invocation) request(draft, invocation);
}

function request(draft: Draft, invocation: Invocation): void {
  const { identity, enteredAt, depth, editors } = draft.state;
  const { template, version, businessKey, context } = invocation;
  draft.add({
    type: 'workflow.child-requested',
    data: {
      ...identity,
      childId: derivedId('child', identity.workflowId, enteredAt),
      childTemplate: template,
      ...(version === undefined ? {} : { childVersion: version }),
      ...(businessKey === undefined ? {} : { childBusinessKey: businessKey }),
      childContext: context,
      depth: depth + 1,
      editors: [...editors],
      requester: draft.cause.requester,
    },
  });
}

/** Adds what actions have changed and emitted. */
function record(draft: Draft, results: ActionResults, was: JsonObject): void {
  const { identity } = draft.state;
  const changed = Object.entries(results.context).filter(([name, value]) => value !== was[name]);
  if (results.context !== was && changed.length > 0) {
    const changedBy = draft.cause.requester;
    const data = { ...identity, changes: Object.fromEntries(changed), changedBy };
    draft.add({ type: 'workflow.context-changed', data });
  }
  for (const emitted of results.emitted) {
    draft.add({ type: 'workflow.emitted', data: { ...identity, ...emitted } });
  }
}

/** Ends an instance, and tells the one that waits for it. */
export function end(
  draft: Draft,
  outcome: 'completed' | 'failed' | 'cancelled',
  reason?: string,
): void {
  const { identity, state, parentId, context, pending, childId } = draft.state;
  const why = reason === undefined ? {} : { reason };
  resolveIncidents(draft);
  withdrawIntervention(draft, 'withdrawn', reason ?? `reached ${state}`);
  if (childId !== undefined) {
    const data = { ...identity, childId, reason: reason ?? `reached ${state}` };
    draft.add({ type: 'workflow.child-abandoned', data });
  }
  if (outcome === 'cancelled') {
    const approval = pending === undefined ? {} : { approvalId: pending.approvalId };
    const data = { ...identity, reason: reason ?? `reached ${state}`, ...approval };
    draft.add({ type: 'workflow.cancelled', data });
  } else {
    if (pending) {
      const { approvalId } = pending;
      const data = { ...identity, approvalId, reason: reason ?? `reached ${state}` };
      draft.add({ type: 'workflow.approval-abandoned', data });
    }
    draft.add(
      outcome === 'completed'
        ? { type: 'workflow.completed', data: { ...identity, state } }
        : { type: 'workflow.failed', data: { ...identity, state, ...why } },
    );
  }
  if (parentId === undefined) return;
  draft.add({
    type: 'workflow.child-ended',
    data: { ...identity, parentId, outcome, state, context, editors: makersOf(draft) },
  });
}

/** Everybody whose doing the end of an instance is, and what it ends with. */
function makersOf({ state: { editors, movers }, cause }: Draft): string[] {
  const people = [...movers, cause.requester].filter((id) => !isSystemId(id));
  return [...new Set([...editors, ...people])];
}

/** An intervention that was asked for where the instance is no more is not for anybody to decide. */
export function withdrawIntervention(
  draft: Draft,
  outcome: 'stale' | 'withdrawn',
  reason: string,
): void {
  const { identity, intervention } = draft.state;
  if (!intervention) return;
  const { approvalId, kind } = intervention;
  draft.add(
    { type: 'workflow.approval-abandoned', data: { ...identity, approvalId, reason } },
    {
      type: 'workflow.intervention-ended',
      data: { ...identity, kind, approvalId, outcome, reason },
    },
  );
}

/** What had stopped the instance does so no more. */
function resolveIncidents(draft: Draft): void {
  const { identity, incidents } = draft.state;
  for (const incident of incidents) {
    draft.add({ type: 'workflow.incident-resolved', data: { ...identity, ...incident } });
  }
}
