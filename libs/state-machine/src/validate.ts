import { checkBypass } from './analysis/bypass.js';
import { Model } from './analysis/model.js';
import type { WorkflowDefinition } from './definition.js';
import type { Finding } from './finding.js';
import { checkAdministrators, checkNamedPeople } from './validation/administrators.js';
import { checkApprovals } from './validation/approvals.js';
import { checkAutomaticLoops } from './validation/automatic-loops.js';
import { checkDeadlines } from './validation/deadlines.js';
import { checkExpressions } from './validation/expressions.js';
import type { ValidationOptions } from './validation/options.js';
import { checkMaterial } from './validation/material.js';
import { checkGaps, checkOverlaps } from './validation/overlaps.js';
import { checkQuorums } from './validation/quorums.js';
import { checkReachability } from './validation/reachability.js';
import { checkRejections } from './validation/rejections.js';
import { checkNames, checkStates } from './validation/structure.js';
import { checkSupport } from './validation/support.js';
import {
  checkConditions,
  checkEscalation,
  checkInvocations,
  checkOrder,
  checkTriggers,
} from './validation/transitions.js';

/** Checks that make sense only when every name stands for one thing. */
const checks: readonly ((model: Model) => Finding[])[] = [
  checkStates,
  checkReachability,
  checkAutomaticLoops,
  checkOrder,
  checkTriggers,
  checkInvocations,
  checkEscalation,
  checkConditions,
  checkExpressions,
  checkOverlaps,
  checkGaps,
  checkApprovals,
  checkSupport,
  checkDeadlines,
  checkMaterial,
  checkRejections,
  checkQuorums,
  checkAdministrators,
  checkNamedPeople,
  checkBypass,
];

/**
 * What is wrong or doubtful about a well-formed definition, in the order of the checks; empty when it
 * is sound. Errors block publishing. Pure, and the same for the same arguments.
 *
 * It takes up to some seconds for a definition at the limits of the schema: a server asks for it off its
 * event loop.
 */
export function validateDefinition(
  definition: WorkflowDefinition,
  options: ValidationOptions = {},
): Finding[] {
  return findingsOf(checks, definition, options);
}

/** The checks whose answer depends on what approvals ask for. */
const approvalChecks = [checkApprovals, checkSupport, checkRejections, checkQuorums, checkBypass];

/** The findings that a change of approval policies may bring about or take away: much less work than all of them. */
export function validateApprovals(
  definition: WorkflowDefinition,
  options: ValidationOptions = {},
): Finding[] {
  return findingsOf(approvalChecks, definition, options);
}

function findingsOf(
  wanted: readonly ((model: Model) => Finding[])[],
  definition: WorkflowDefinition,
  options: ValidationOptions,
): Finding[] {
  const names = checkNames(definition);
  if (names.length > 0) return names;
  const model = new Model(definition, options);
  return wanted.flatMap((check) => check(model));
}
