import type { WorkflowDefinition } from './definition.js';
import type { Finding } from './finding.js';
import { checkApprovals } from './validation/approvals.js';
import type { ValidationOptions } from './validation/options.js';
import { checkQuorums } from './validation/quorums.js';
import { checkAutomaticLoops, checkReachability } from './validation/reachability.js';
import { checkNames, checkStates } from './validation/structure.js';
import { checkSupport } from './validation/support.js';
import { checkConditions, checkOrder, checkTriggers } from './validation/transitions.js';

type Check = (definition: WorkflowDefinition, options: ValidationOptions) => Finding[];

/** Checks that make sense only when every name stands for one thing. */
const checks: readonly Check[] = [
  checkStates,
  checkReachability,
  checkAutomaticLoops,
  checkOrder,
  checkTriggers,
  checkConditions,
  checkApprovals,
  checkSupport,
  checkQuorums,
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
  const names = checkNames(definition);
  return names.length > 0 ? names : checks.flatMap((check) => check(definition, options));
}
