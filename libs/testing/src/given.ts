import { type Aggregate, AppError, fold } from '@countersign/kernel';

interface Decided<State, Event> {
  readonly events: readonly Event[];
  readonly state: State;
}

/**
 * Given a history, when something is decided: the events, and the state that they lead to.
 *
 *     const { events } = given(approvalAggregate, requested).when((state) => decide(state, ...));
 */
export function given<State, Event extends { readonly type: string }>(
  aggregate: Aggregate<State, Event>,
  ...history: readonly Event[]
): { when(decide: (state: State) => readonly Event[]): Decided<State, Event> } {
  const before = fold(aggregate, history);
  return {
    when(decide) {
      const events = decide(before);
      return { events, state: fold(aggregate, events, before) };
    },
  };
}

/** The code of the AppError that something throws; undefined when it throws none. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** The same for something asynchronous. */
export async function codeOfRejection(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}
