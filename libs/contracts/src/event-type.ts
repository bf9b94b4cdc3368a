import type { JsonObject } from '@countersign/kernel';
import { z } from 'zod';

/** An event type of the published language: its name, the version written today, and its data. */
export interface EventType<Type extends string = string, Data extends z.ZodObject = z.ZodObject> {
  /** `context.past-tense`. */
  readonly type: Type;
  readonly version: number;
  /** Tolerant: used on reading, drops members it does not know. */
  readonly schema: Data;
  /** The same, refusing members it does not know: used on appending. */
  readonly strict: z.ZodObject;
  /** Lifts data of version n to n + 1; `upcasters[0]` lifts version 1. */
  readonly upcasters: readonly ((data: JsonObject) => JsonObject)[];
}

/** An event as aggregates see it. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** The events of a set of types, as a discriminated union. */
export type EventOf<Types extends readonly EventType[]> = {
  [K in keyof Types]: Types[K] extends EventType<infer Type, infer Data>
    ? DomainEvent<Type, z.output<Data>>
    : never;
}[number];

/** Declares an event type. */
export function defineEvent<Type extends string, Shape extends z.core.$ZodLooseShape>(
  type: Type,
  shape: Shape,
): EventType<Type, z.ZodObject<Shape>> {
  const schema = z.object(shape);
  return { type, version: 1, schema, strict: schema.strict(), upcasters: [] };
}
