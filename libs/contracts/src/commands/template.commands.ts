import { WorkflowDefinition } from '@countersign/state-machine';
import { z } from 'zod';

import { Name, Position, Sha256 } from '../scalars.js';
import { defineCommand } from './command-type.js';

/** A published version of a template. */
export const TemplateVersion = z.object({
  name: Name,
  version: z.int().positive(),
  definition: WorkflowDefinition,
  definitionHash: Sha256,
  language: z.string(),
});
export type TemplateVersion = z.infer<typeof TemplateVersion>;

export const PublishTemplate = defineCommand(
  'template',
  'publish',
  z.strictObject({ definition: WorkflowDefinition }),
  z.object({ name: Name, version: z.int().positive(), definitionHash: Sha256, position: Position }),
);

/** The latest version, or the one named. */
export const ResolveTemplate = defineCommand(
  'template',
  'resolve',
  z.strictObject({ name: Name, version: z.int().positive().optional() }),
  TemplateVersion,
);
