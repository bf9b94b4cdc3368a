import {
  freeTextProblem,
  isJson,
  isJsonObject,
  type Json,
  type JsonObject,
} from '@countersign/kernel';
import { z } from 'zod';

/** Template, trigger and event names: lower case words joined by `_`, `-` or `.`. */
export const Name = z
  .string()
  .max(100)
  .regex(/^[a-z][a-z0-9]*([_.-][a-z0-9]+)*$/, 'lower case words joined by _ - or .');

/** The caller's own name for what a workflow is about, e.g. a trade identifier. */
export const BusinessKey = z.string().max(200).regex(/\S/, 'must not be blank');

/** What a person writes for others to read. */
export const FreeText = z
  .string()
  .trim()
  .min(1)
  .superRefine((text, context) => {
    const problem = freeTextProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** Why somebody did something. */
export const Reason = FreeText.max(2000);

/** A `Reason` as events hold it: earlier ones may have what is refused by now. */
export const RecordedReason = z.string().trim().min(1).max(2000);

/** Lower-case hex SHA-256. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a lower-case hex SHA-256');

/** Identifier of an aggregate: a UUID, in lower case however it was written. */
export const Id = z.uuid().toLowerCase();

/** A place in the event store's global order: opaque. */
export const Position = z
  .string()
  .regex(/^[0-9A-Za-z_:/-]{1,64}$/, 'a position as a reply gave it');

/** Any JSON value. A plain walk over the value: `z.json()` takes six times as long, at every event and command. */
export const JsonValue = z
  .custom<Json>(isJson, 'must be JSON')
  .register(z.globalRegistry, { description: 'any JSON value' });

/** Any JSON object. */
export const JsonRecord = z
  .custom<JsonObject>(isJsonObject, 'must be a JSON object')
  .register(z.globalRegistry, { type: 'object', additionalProperties: {} });
