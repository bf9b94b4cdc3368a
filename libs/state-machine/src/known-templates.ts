import type { StateDefinition } from './definition.js';

/** What a definition invokes, as its states name it. */
export type InvokedReference = Pick<NonNullable<StateDefinition['invoke']>, 'template' | 'version'>;

/** What is known of a template that may be invoked. Survives structured cloning. */
export interface KnownTemplate {
  /** Why no workflow can be started from it today; undefined when one can. */
  readonly unavailable?: 'unknown' | 'not published' | 'retired' | undefined;
  /** The fields that its context has to have. */
  readonly required: readonly string[];
  /** What it invokes itself, with the states that do. */
  readonly invokes: readonly (InvokedReference & { readonly state: string })[];
}

/** Templates by `referenceKey`. What is not among them was not looked at, and nothing is said about it. */
export type KnownTemplates = Readonly<Record<string, KnownTemplate>>;

/** The same for references to the same version of a template; one without a version is to the latest published one. */
export function referenceKey({ template, version }: InvokedReference): string {
  return version === undefined ? template : `${template} version ${version}`;
}

/** The references of a definition to what it invokes, with the states that do. */
export function invokedBy(states: readonly StateDefinition[]): KnownTemplate['invokes'] {
  return states.flatMap(({ name, invoke, final }) => {
    if (invoke === undefined || final !== undefined) return [];
    const { template, version } = invoke;
    return [{ template, state: name, ...(version === undefined ? {} : { version }) }];
  });
}
