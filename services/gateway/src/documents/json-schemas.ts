import { z } from 'zod';

/** A JSON Schema of dialect 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const HOLDER = 'it';
const LOCAL = /^#\/\$defs\/(.+)$/;

/**
 * JSON Schemas of zod schemas, with the ones that have a name kept apart and referred to. They describe
 * what is on the wire, before defaults are filled in; objects that are not strict may get further
 * members in later versions, and say so by saying nothing.
 */
export class JsonSchemas {
  readonly #registry = z.registry<{ id: string }>();
  readonly #named: Record<string, JsonSchema> = {};

  /** @param names schemas that are referred to by name wherever they occur */
  constructor(
    names: Readonly<Record<string, z.ZodType>>,
    private readonly prefix = '#/components/schemas/',
  ) {
    for (const [id, schema] of Object.entries(names)) this.#registry.add(schema, { id });
  }

  /** Named schemas that were used, by name. */
  get named(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries(Object.entries(this.#named).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * @throws Error for what JSON Schema cannot say, and for a schema that contains itself and has no name
   */
  of(schema: z.ZodType): { readonly schema: JsonSchema; readonly required: boolean } {
    const whole = z.toJSONSchema(z.object({ [HOLDER]: schema }), {
      io: 'input',
      metadata: this.#registry,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => tidy(zodSchema, jsonSchema),
    });
    const { $defs: definitions = {}, properties = {}, required = [] } = whole;
    for (const [name, definition] of Object.entries(definitions)) {
      if (name.startsWith('__')) {
        throw new Error('a schema that contains itself needs a name: see named-schemas.ts');
      }
      const { id: _, ...rest } = definition;
      this.#named[name] = this.#relink(rest) as JsonSchema;
    }
    return {
      schema: this.#relink(properties[HOLDER]) as JsonSchema,
      required: required.includes(HOLDER),
    };
  }

  #relink(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((member) => this.#relink(member));
    if (value === null || typeof value !== 'object') return value;
    const { $ref: reference, ...rest } = value as Record<string, unknown>;
    const relinked = Object.fromEntries(
      Object.entries(rest).map(([key, member]) => [key, this.#relink(member)]),
    );
    if (typeof reference !== 'string') return relinked;
    const name = LOCAL.exec(reference)?.[1] ?? '';
    return { $ref: `${this.prefix}${name}`, ...relinked };
  }
}

/** What JSON Schema has no words for, unless `.meta()` gives them. */
const unsayable = new Set<string>(['custom', 'transform', 'date', 'bigint', 'map', 'set']);

/** Adds what `.meta()` and `.describe()` said, and leaves out what only repeats the format. */
function tidy(schema: z.core.$ZodType, json: z.core.JSONSchema.BaseSchema): void {
  const { id: _, ...meta } = z.globalRegistry.get(schema) ?? {};
  const { type } = schema._zod.def;
  if (unsayable.has(type) && Object.keys(meta).length === 0) {
    throw new Error(`JSON Schema cannot say what a ${type} is: give it a .meta()`);
  }
  Object.assign(json, meta);
  if (json.format === 'uuid' || json.format === 'date-time') delete json.pattern;
  if (type === 'record') delete json.propertyNames;
}
