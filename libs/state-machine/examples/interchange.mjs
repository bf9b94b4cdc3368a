// Diagrams and machines of other tools, in and out. Run: node examples/interchange.mjs (Node 22 or later, after the build).
import {
  definitionJsonSchema,
  fromMermaid,
  parseDefinition,
  toXState,
  validateDefinition,
} from '@countersign/state-machine';

const { definition, unmapped } = fromMermaid(`---
title: leave
---
stateDiagram-v2
  [*] --> Asked
  Asked --> Granted : grant [context.days <= 5]
  Asked --> Discussed : discuss / send mail
  Discussed --> Granted : grant [manager agrees]
  Asked --> Lapsed : lapse (after P14D)
  Granted --> [*]
  Lapsed --> [*] : failed
`);
console.log('not read:', JSON.stringify(unmapped, undefined, 2));

// What a diagram cannot say is written by hand.
const [, , discussed] = definition.transitions;
Object.assign(discussed, {
  condition: undefined,
  requiresApproval: { level: 'SINGLE', approvers: ['role:manager'] },
});
const leave = parseDefinition(JSON.parse(JSON.stringify(definition)));
const errors = validateDefinition(leave).filter(({ severity }) => severity === 'error');
console.log('errors:', JSON.stringify(errors));

const { config, unmapped: lost } = toXState(leave);
console.log('as XState:', JSON.stringify(config.states.Asked.on));
console.log('not written:', JSON.stringify(lost));
console.log('schema:', definitionJsonSchema().$id);
