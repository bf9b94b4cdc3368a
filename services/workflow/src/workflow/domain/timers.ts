import type { CompiledDefinition } from '@countersign/state-machine';

import type { Draft } from './draft.js';
import type { ExistingWorkflow, Timer } from './state.js';

/**
 * Sets the timers that should run now, when they are not the ones that do: those of a state that the instance has
 * come to, and those that a pause had stopped, with what was left of them. The instance's own is set once.
 */
export function armTimers(draft: Draft): void {
  const { state, definition } = draft;
  if (state.status !== 'ACTIVE') return;
  const thawed = state.frozen.map(({ remainingMs, ...timer }) => ({
    ...timer,
    dueAt: later(draft, remainingMs),
  }));
  const live = [...state.timers, ...thawed];
  if (state.timersOf === state.enteredAt) {
    if (thawed.length > 0) setTimers(draft, live);
    return;
  }
  const overall = state.timersOf < 0 ? overallTimer(draft, definition) : live.filter(isOverall);
  const timers = [...overall, ...stateTimers(draft, definition)];
  if (timers.length > 0 || live.length > 0) setTimers(draft, timers);
}

/** Takes a timer away that has done its work. */
export function removeTimer(draft: Draft, timer: Timer): void {
  setTimers(
    draft,
    draft.state.timers.filter(
      ({ kind, transition }) => kind !== timer.kind || transition !== timer.transition,
    ),
  );
}

/**
 * The timer that is due, the earliest first. While an approval is open, transitions wait for its outcome; timeouts
 * do not.
 */
export function dueTimer(
  { state, cause }: Draft,
  onlyTimeouts = state.pending !== undefined,
): Timer | undefined {
  const now = cause.now.toISOString();
  return state.timers
    .filter(
      ({ kind, dueAt }) => dueAt <= now && (kind !== 'after' || !(onlyTimeouts || state.pending)),
    )
    .toSorted((a, b) => (a.dueAt < b.dueAt ? -1 : 1))[0];
}

/** What is left of each timer at a moment. */
export function freeze({ timers }: ExistingWorkflow, now: Date) {
  return timers.map(({ dueAt, ...timer }) => ({
    ...timer,
    remainingMs: Math.max(0, Date.parse(dueAt) - now.getTime()),
  }));
}

const isOverall = ({ kind }: Timer): boolean => kind === 'overall';

function overallTimer(draft: Draft, { overallTimeout }: CompiledDefinition): Timer[] {
  if (!overallTimeout) return [];
  return [{ kind: 'overall', dueAt: later(draft, overallTimeout.afterMs) }];
}

function stateTimers(draft: Draft, definition: CompiledDefinition): Timer[] {
  const { state } = draft.state;
  const timeout = definition.timeoutOf(state);
  return [
    ...(timeout ? [{ kind: 'state' as const, dueAt: later(draft, timeout.afterMs) }] : []),
    ...definition.afterTransitions(state).map(({ transition, afterMs }) => ({
      kind: 'after' as const,
      transition: transition.index,
      dueAt: later(draft, afterMs),
    })),
  ];
}

function later({ cause }: Draft, ms: number): string {
  return new Date(cause.now.getTime() + ms).toISOString();
}

function setTimers(draft: Draft, timers: readonly Timer[]): void {
  const data = { ...draft.state.identity, timers: [...timers] };
  draft.add({ type: 'workflow.timers-set', data });
}
