/**
 * An aggregate as three values. `decide` is a plain function per command that a handler calls; it is
 * not part of this type because each command has its own arguments.
 */
export interface Aggregate<State, Event extends { readonly type: string }> {
  /** First part of its stream names; holds no dash. */
  readonly category: string;
  readonly initialState: State;
  /** Pure, and never throws on valid history. */
  readonly evolve: (state: State, event: Event) => State;
  /** The same for many events at once, where copying the state for each would cost too much. */
  readonly evolveAll?: (state: State, events: readonly Event[]) => State;
}

/** Folds events into a state. */
export function fold<State, Event extends { readonly type: string }>(
  aggregate: Aggregate<State, Event>,
  events: readonly Event[],
  from: State = aggregate.initialState,
): State {
  return aggregate.evolveAll?.(from, events) ?? events.reduce(aggregate.evolve, from);
}
