import type { Model } from '../analysis/model.js';
import { type Assumption, satisfiable } from '../analysis/satisfiable.js';
import { triggerKind } from '../definition.js';
import { durationMs } from '../duration.js';
import { error, type Finding, warning } from '../finding.js';

/** Conditions that do not compile. */
export function checkConditions({ broken }: Model): Finding[] {
  return [...broken].map(([index, why]) =>
    error('condition.invalid', `/transitions/${index}/condition`, why),
  );
}

/** Earlier competitors whose conditions are looked at together. */
const MOST_TOGETHER = 8;

/**
 * Transitions that can never be taken: because one before them always is, because those before them are whenever their own
 * condition holds, or because that never holds.
 */
export function checkOrder(model: Model): Finding[] {
  const findings = new Map<number, Finding>();
  for (const group of model.competitions) {
    const always = group.find((index) => model.unconditional(index));
    for (const [place, index] of group.entries()) {
      const finding =
        always !== undefined && place > group.indexOf(always)
          ? shadowed(index, `/transitions/${always} comes first and has no condition`)
          : neverTaken(model, index, group.slice(Math.max(0, place - MOST_TOGETHER), place));
      if (finding) findings.set(index, finding);
    }
  }
  for (const [index, by] of overtaken(model)) {
    if (!findings.has(index)) {
      findings.set(
        index,
        shadowed(index, `/transitions/${by} is due earlier and has no condition`),
      );
    }
  }
  return [...findings].sort(([a], [b]) => a - b).map(([, finding]) => finding);
}

const shadowed = (index: number, why: string): Finding =>
  error('transition.shadowed', `/transitions/${index}`, `never taken: ${why}`);

function neverTaken(model: Model, index: number, earlier: readonly number[]): Finding | undefined {
  const condition = model.conditions[index];
  if (condition === undefined && !model.unconditional(index)) return undefined;
  const own: Assumption[] = condition === undefined ? [] : [[condition, true]];
  const independent = (cells: Iterable<number>): boolean => model.cells.independent(cells);
  if (condition !== undefined && satisfiable(own, independent) === 'no') {
    return warning('condition.never', `/transitions/${index}/condition`, 'never holds');
  }
  if (earlier.length === 0) return undefined;
  if (satisfiable(model.taken(index, earlier), independent) !== 'no') return undefined;
  return shadowed(index, 'whenever its condition holds, that of one before it does');
}

/** Transitions after a duration in whose state a shorter one is taken in any case. */
function overtaken(model: Model): Map<number, number> {
  const { transitions } = model.definition;
  const found = new Map<number, number>();
  for (const indexes of model.byFrom.values()) {
    const timed = indexes.flatMap((index) => {
      const transition = transitions[index];
      if (transition === undefined) return [];
      const { trigger, requiresApproval } = transition;
      if (typeof trigger !== 'object' || !('after' in trigger)) return [];
      const moves = requiresApproval === undefined && model.unconditional(index);
      return [{ index, ms: durationMs(trigger.after), moves }];
    });
    const first = timed.filter(({ moves }) => moves).sort((a, b) => a.ms - b.ms)[0];
    if (first === undefined) continue;
    for (const { index, ms } of timed) if (ms > first.ms) found.set(index, first.index);
  }
  return found;
}

/** Members of a transition that make no sense with its trigger, or in its state. */
export function checkTriggers({ definition }: Model): Finding[] {
  const states = new Map(definition.states.map((state) => [state.name, state]));
  return definition.transitions.flatMap(({ from, trigger, roles }, index) => {
    const findings: Finding[] = [];
    const path = `/transitions/${index}`;
    const kind = triggerKind(trigger);
    if (kind !== 'manual' && roles !== undefined) {
      const message = 'nobody asks for it: only manual transitions have roles';
      findings.push(error('transition.roles-unused', `${path}/roles`, message));
    }
    if (typeof trigger !== 'object') return findings;
    const state = states.get(from);
    if ('after' in trigger) {
      const { timeout } = state ?? {};
      if (timeout && durationMs(trigger.after) >= durationMs(timeout.after)) {
        const message = `never taken: the timeout of ${from} comes first, after ${timeout.after}`;
        findings.push(error('transition.after-timeout', `${path}/trigger/after`, message));
      }
    } else if (trigger.signal.startsWith(RESERVED)) {
      if (trigger.senders !== undefined) {
        const message = 'nobody sends it: it is how an invoked workflow ends';
        findings.push(error('signal.senders-unused', `${path}/trigger/senders`, message));
      }
      const at = `${path}/trigger/signal`;
      if (!OUTCOMES.includes(trigger.signal)) {
        const message = `nobody can send it: of the names with ${RESERVED} there are only ${OUTCOMES.join(', ')}`;
        findings.push(error('signal.reserved', at, message));
      } else if (state?.invoke === undefined) {
        const message = `nobody sends it: ${from} invokes no workflow`;
        findings.push(error('signal.without-invoke', at, message));
      }
    }
    return findings;
  });
}

const RESERVED = 'workflow.';
/** How an invoked workflow ends. */
const OUTCOMES = ['workflow.completed', 'workflow.failed', 'workflow.cancelled'];

/** Invoked workflows whose end nothing waits for. */
export function checkInvocations({ definition, byFrom }: Model): Finding[] {
  return definition.states.flatMap(({ name, invoke, timeout, final }, index) => {
    if (invoke === undefined || final !== undefined) return [];
    const path = `/states/${index}/invoke`;
    const signals = (byFrom.get(name) ?? []).flatMap((transition) => {
      const trigger = definition.transitions[transition]?.trigger;
      return typeof trigger === 'object' && 'signal' in trigger ? [trigger.signal] : [];
    });
    if (!OUTCOMES.some((outcome) => signals.includes(outcome))) {
      return [warning('invoke.outcome-ignored', path, `nothing in ${name} waits for its end`)];
    }
    const missing = OUTCOMES.filter((outcome) => !signals.includes(outcome));
    if (missing.length === 0 || timeout !== undefined) return [];
    const message = `nothing in ${name} waits for ${missing.join(' or ')}, and it has no timeout`;
    return [warning('invoke.outcome-unhandled', path, message)];
  });
}

/** An escalation that never comes. */
export function checkEscalation({ definition: { autoEscalate, timeout } }: Model): Finding[] {
  if (autoEscalate === undefined || autoEscalate === false || timeout !== undefined) return [];
  const message = 'nothing is escalated: the definition has no timeout';
  return [warning('escalation.unused', '/autoEscalate', message)];
}
