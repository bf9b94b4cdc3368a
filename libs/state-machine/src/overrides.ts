import { invalid, parseInput, rule } from '@countersign/kernel';

import type { ApprovalPolicy } from './approval-policy.js';
import { type TransitionDefinition, WorkflowDefinition } from './definition.js';
import { type ApprovalOverride, DefinitionOverrides } from './definition-overrides.js';
import type { Finding } from './finding.js';
import { changeRound, type RoundChange, type RoundTerms, weakening } from './override-round.js';
import type { Organisation } from './organisation.js';
import { validateApprovals } from './validate.js';
import { unmetApprovals } from './validation/quorums.js';

/** Moves tried in the proof: this is done when an instance is started, and must not take long. */
const PROOF_BOUND = 20_000;

/**
 * A definition with overrides applied: the same arguments give an equal result, so that its content hash
 * pins it.
 *
 * Overrides only tighten, round by round: they never ask for a lower level or fewer approvals, never let somebody
 * approve who could not before (`within` holds them to the definition's own approvers), and never leave nobody who
 * can reject. Where that depends on who is in a group or a role, they are refused: other approvers for a quorum in
 * percent, say. A policy with `mayBeWeakened` takes all of it, but for its own `within`, which stays, and AUTO.
 *
 * @throws AppError `rule` `overrides.weaken` with `details.event`, `details.stage` and `details.reason`
 * @throws AppError `invalid` `overrides.malformed`; `overrides.unknown-approval` when no transition of that
 *   event requires an approval, or it has no such stage; `overrides.unsound` with `details.problems` or
 *   `details.findings` (places in the resulting definition) when that is not well-formed or has errors of its own
 */
export function applyOverrides(
  definition: WorkflowDefinition,
  overrides: unknown,
): WorkflowDefinition {
  const { approvals } = parseInput(DefinitionOverrides, overrides, 'overrides.malformed');
  const byEvent = new Map(Object.entries(approvals));
  for (const event of byEvent.keys()) {
    const applies = definition.transitions.some(
      (transition) => transition.event === event && transition.requiresApproval !== undefined,
    );
    if (applies) continue;
    throw invalid('overrides.unknown-approval', `no transition ${event} requires an approval`);
  }
  const transitions = definition.transitions.map((transition) => {
    const override = byEvent.get(transition.event);
    return override === undefined ? transition : overridden(transition, override);
  });
  const changed = { ...definition, transitions };
  const result = parseInput(WorkflowDefinition, changed, 'overrides.unsound');
  const findings = newErrors(definition, result);
  if (findings.length === 0) return result;
  const [first] = findings;
  throw invalid('overrides.unsound', `${first?.path ?? ''}: ${first?.message ?? ''}`, {
    details: { findings },
  });
}

/**
 * Refuses overrides under which nobody could ever approve, in an organisation as it is. One that knows nobody cannot say.
 *
 * @param definition with the overrides applied
 * @param without people who never decide on the instance: whoever starts it
 * @throws AppError `rule` `overrides.quorum-unreachable` with the unmet rules and their places in `details.findings`
 */
export function mustBeReachable(
  definition: WorkflowDefinition,
  { approvals }: DefinitionOverrides,
  organisation: Organisation,
  without: readonly string[],
): void {
  if (organisation.isEmpty) return;
  const events = new Set(Object.keys(approvals));
  const findings = unmetApprovals(definition, events, organisation, without);
  const [first] = findings;
  if (!first) return;
  throw rule('overrides.quorum-unreachable', `${first.path}: ${first.message}`, {
    details: { findings },
  });
}

/** What a definition published under older checks had already is not the overrides' fault. */
function newErrors(before: WorkflowDefinition, after: WorkflowDefinition): Finding[] {
  const options = { bound: PROOF_BOUND };
  const known = new Set(
    validateApprovals(before, options).map(({ code, path }) => `${code} ${path}`),
  );
  return validateApprovals(after, options).filter(
    ({ severity, code, path }) => severity === 'error' && !known.has(`${code} ${path}`),
  );
}

function overridden(
  transition: TransitionDefinition,
  { stages = {}, ...own }: ApprovalOverride,
): TransitionDefinition {
  const { event, requiresApproval: policy } = transition;
  if (policy === undefined) return transition;
  const byName = new Map(Object.entries(stages));
  const known = new Set(policy.stages?.map(({ name }) => name));
  for (const stage of byName.keys()) {
    if (known.has(stage)) continue;
    throw invalid('overrides.unknown-approval', `${event} has no stage ${stage}`);
  }
  const staged = policy.stages?.map((stage) => {
    const change = byName.get(stage.name);
    if (change === undefined) return stage;
    return { name: stage.name, ...defined(changed(event, policy, stage, change, stage.name)) };
  });
  // What is said about the whole of a staged policy is refused with the result, which has both.
  const whole =
    policy.level === undefined
      ? own
      : defined(changed(event, policy, { ...policy, level: policy.level }, own));
  const { quorum: _quorum, ...rest } = policy;
  return {
    ...transition,
    requiresApproval: {
      ...rest,
      ...whole,
      ...(staged === undefined ? {} : { stages: staged }),
    } as ApprovalPolicy,
  };
}

function changed(
  event: string,
  policy: ApprovalPolicy,
  before: RoundTerms,
  change: RoundChange,
  stage?: string,
): RoundTerms {
  const free = policy.mayBeWeakened === true;
  const after = changeRound(before, change, free);
  // A committee without a quorum is malformed, which is said elsewhere.
  const malformed = after.level === 'COMMITTEE' && after.quorum === undefined;
  const reason = free || malformed ? undefined : weakening(before, after);
  if (reason === undefined) return after;
  throw rule('overrides.weaken', `${event}: ${reason}`, {
    details: { event, reason, ...(stage === undefined ? {} : { stage }) },
  });
}

/** Without the members that are undefined. */
function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Partial<T>;
}
