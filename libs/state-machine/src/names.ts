import { z } from 'zod';

/** Name of a definition: lower case, in kebab or snake case. */
export const DefinitionName = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/, 'must be lower case, in kebab or snake case');

/** Name of a state or an event. */
export const Name = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, 'must be a letter, then letters, digits, "_", "-" or "."');

/** Name of a field of the context: what CEL can write behind a dot, or a key such as `@data`. */
export const FieldName = z
  .string()
  .min(1)
  .max(100)
  .refine((name) => name !== '__proto__', 'is not a name');
