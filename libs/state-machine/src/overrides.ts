import { invalid, parseInput, rule } from '@countersign/kernel';
import { z } from 'zod';

import { ApprovalPolicyShape, approvalsNeeded, levelOf, type Quorum } from './approval-policy.js';
import type { ApprovalLevel } from './enums.js';
import { type TransitionDefinition, WorkflowDefinition } from './definition.js';
import type { Finding } from './finding.js';
import { Name } from './names.js';
import { validateDefinition } from './validate.js';

/** What may be said differently about one approval. AUTO is not offered: it would take the approval away. */
export const ApprovalOverride = z.strictObject({
  level: z.enum(['SINGLE', 'DUAL', 'COMMITTEE']).optional(),
  quorum: ApprovalPolicyShape.shape.quorum,
  approvers: ApprovalPolicyShape.shape.approvers.unwrap().min(1).optional(),
});
export type ApprovalOverride = z.infer<typeof ApprovalOverride>;

/** What may be said differently about a definition when an instance of it is started. */
export const DefinitionOverrides = z.strictObject({
  /** By event: holds for every transition of that event that requires an approval. */
  approvals: z.record(Name, ApprovalOverride).default({}),
});
export type DefinitionOverrides = z.infer<typeof DefinitionOverrides>;

/**
 * A definition with overrides applied: the same arguments give an equal result, so that its content hash
 * pins it. Overrides only tighten: they cannot ask for fewer approvals than the definition does, and whoever
 * they name as approver must be one by the definition as well (`within`).
 *
 * @throws AppError `rule` `overrides.weaken` when fewer people would have to approve
 * @throws AppError `invalid` `overrides.malformed`; `overrides.unknown-approval` when no transition of that
 *   event requires an approval; `overrides.unsound` with `details.problems` or `details.findings`
 *   (places in the resulting definition) when that is not well-formed or has errors of its own
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

/** What a definition published under older checks had already is not the overrides' fault. */
function newErrors(before: WorkflowDefinition, after: WorkflowDefinition): Finding[] {
  const known = new Set(validateDefinition(before).map(({ code, path }) => `${code} ${path}`));
  return validateDefinition(after).filter(
    ({ severity, code, path }) => severity === 'error' && !known.has(`${code} ${path}`),
  );
}

function overridden(
  transition: TransitionDefinition,
  override: ApprovalOverride,
): TransitionDefinition {
  const policy = transition.requiresApproval;
  if (policy === undefined) return transition;
  const { quorum, ...rest } = policy;
  const level = override.level ?? levelOf(policy);
  // A quorum belongs to a committee: with another level the definition's own falls away.
  const count = override.quorum ?? (level === 'COMMITTEE' ? quorum : undefined);
  const { approvers } = override;
  const needed = neededBy(levelOf(policy), quorum);
  // A committee without a quorum is malformed, which is said elsewhere.
  const asked = level === 'COMMITTEE' && count === undefined ? needed : neededBy(level, count);
  if (asked < needed) {
    throw rule('overrides.weaken', `${transition.event} takes ${needed} approvals, not ${asked}`, {
      details: { event: transition.event, needed, asked },
    });
  }
  return {
    ...transition,
    requiresApproval: {
      ...rest,
      level,
      ...(count === undefined ? {} : { quorum: count }),
      ...(approvers === undefined ? {} : { approvers, within: policy.within ?? policy.approvers }),
    },
  };
}

/** A part of those who are named counts as all that may be named: what is asked instead is compared with the most. */
function neededBy(level: ApprovalLevel, quorum: Quorum | undefined): number {
  return approvalsNeeded({ level, quorum }, 100);
}
