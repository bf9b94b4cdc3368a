import { indexIn, type JsonObject, segmentsOf, valueAt } from '@countersign/kernel';

import type { ApprovalPolicy } from '../approval-policy.js';
import type { Model } from '../analysis/model.js';
import type { WorkflowDefinition } from '../definition.js';
import { error, type Finding } from '../finding.js';
import { policiesIn } from './places.js';

/** What the workflow service gives those who decide to look at; below `transition/input` and `context` there is more. */
const SUBJECT = ['workflowId', 'template', 'templateVersion', 'definitionHash', 'businessKey'];
const TRANSITION = ['event', 'from', 'to', 'reason'];

/** Material fields that the subject of a workflow's approval cannot have. */
export function checkMaterial({ definition }: Model): Finding[] {
  return policiesIn(definition).flatMap(({ policy, path }) =>
    unknownMaterial(policy, path, (segments) => canOccur(segments, definition)),
  );
}

/** Material fields that a subject has not. */
export function checkMaterialOf(
  subject: Readonly<JsonObject>,
  policy: ApprovalPolicy,
  path: string,
) {
  return unknownMaterial(policy, path, (segments) => valueAt(subject, segments) !== undefined);
}

function unknownMaterial(
  { material = [] }: ApprovalPolicy,
  path: string,
  has: (segments: readonly string[]) => boolean,
): Finding[] {
  return material.flatMap((pointer, index) => {
    if (has(segmentsOf(pointer))) return [];
    const message = `what is approved has no ${pointer}`;
    return [error('approval.material-unknown', `${path}/material/${index}`, message)];
  });
}

function canOccur([first, ...rest]: readonly string[], { contextSchema }: WorkflowDefinition) {
  const [second, ...below] = rest;
  switch (first) {
    case 'context': {
      // Members that are not declared may be there all the same.
      const type = contextSchema.find(({ name }) => name === second)?.type ?? 'any';
      const [member] = below;
      if (member === undefined || type === 'object' || type === 'any') return true;
      return type === 'list' && indexIn(member) !== undefined;
    }
    case 'transition':
      if (second === undefined || second === 'input') return true;
      return TRANSITION.includes(second) && below.length === 0;
    default:
      return SUBJECT.includes(first ?? '') && second === undefined;
  }
}
