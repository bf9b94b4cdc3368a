import { freeTextProblem } from '@countersign/kernel';

import type { ApprovalPolicy } from '../approval-policy.js';
import type { Model } from '../analysis/model.js';
import { error, type Finding } from '../finding.js';
import { policiesIn } from './places.js';

/** Signatures whose meaning nobody could read, or would read as something else. */
export function checkSignatures({ definition }: Model): Finding[] {
  return policiesIn(definition).flatMap(({ policy, path }) => checkSignatureOf(policy, path));
}

export function checkSignatureOf({ signature }: ApprovalPolicy, path: string): Finding[] {
  const problem = signature && freeTextProblem(signature.meaning);
  if (problem === undefined) return [];
  return [error('approval.unreadable-meaning', `${path}/signature/meaning`, `it ${problem}`)];
}
