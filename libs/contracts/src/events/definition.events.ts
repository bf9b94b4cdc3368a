import { WorkflowDefinition } from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { Sha256 } from '../scalars.js';

/** A definition that instances are pinned to, kept once under its content hash. */
export const DefinitionStored = defineEvent('definition.stored', {
  hash: Sha256,
  definition: WorkflowDefinition,
  language: z.string(),
});

export const definitionEvents = [DefinitionStored] as const;
export type DefinitionEvent = EventOf<typeof definitionEvents>;
