import { WorkflowDefinition } from '@countersign/state-machine';
import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { Name, Sha256 } from '../scalars.js';

/** An immutable version of a template may be started from now on. */
export const TemplateVersionPublished = defineEvent('template.version-published', {
  name: Name,
  version: z.int().positive(),
  definition: WorkflowDefinition,
  definitionHash: Sha256,
  /** Expression language that the definition was checked with. */
  language: z.string(),
});

export const templateEvents = [TemplateVersionPublished] as const;
export type TemplateEvent = EventOf<typeof templateEvents>;
