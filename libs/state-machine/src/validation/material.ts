import type { Model } from '../analysis/model.js';
import type { WorkflowDefinition } from '../definition.js';
import { error, type Finding } from '../finding.js';
import { policiesIn } from './places.js';

/** What the workflow service gives those who decide to look at; below `transition/input` and `context` there is more. */
const SUBJECT = ['workflowId', 'template', 'templateVersion', 'definitionHash', 'businessKey'];
const TRANSITION = ['event', 'from', 'to', 'reason'];

/** Material fields that the subject of a workflow's approval cannot have. */
export function checkMaterial({ definition }: Model): Finding[] {
  return policiesIn(definition).flatMap(({ policy: { material = [] }, path }) =>
    material.flatMap((pointer, index) => {
      if (canOccur(segmentsOf(pointer), definition)) return [];
      const message = `what is approved has no ${pointer}`;
      return [error('approval.material-unknown', `${path}/material/${index}`, message)];
    }),
  );
}

function canOccur([first, ...rest]: readonly string[], { contextSchema }: WorkflowDefinition) {
  const [second, ...below] = rest;
  switch (first) {
    case 'context': {
      // Members that are not declared may be there all the same.
      const type = contextSchema.find(({ name }) => name === second)?.type ?? 'any';
      return ['object', 'list', 'any'].includes(type) || below.length === 0;
    }
    case 'transition':
      if (second === undefined || second === 'input') return true;
      return TRANSITION.includes(second) && below.length === 0;
    default:
      return SUBJECT.includes(first ?? '') && second === undefined;
  }
}

/** The members that a JSON pointer (RFC 6901) goes through. */
const segmentsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
