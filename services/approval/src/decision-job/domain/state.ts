import type { DecisionJobEvent } from '@countersign/contracts';
import type { Aggregate } from '@countersign/kernel';

type DataOf<Type extends DecisionJobEvent['type']> = Extract<
  DecisionJobEvent,
  { type: Type }
>['data'];

/** What became of one approval. */
export type ItemResult = DataOf<'decisionjob.items-processed'>['results'][number];

export interface ExistingDecisionJob extends DataOf<'decisionjob.created'> {
  readonly exists: true;
  readonly ended: boolean;
  readonly results: ReadonlyMap<string, ItemResult>;
}

export type DecisionJobState = { readonly exists: false } | ExistingDecisionJob;

/** One decision about many approvals, carried out one after the other. */
export const decisionJobAggregate: Aggregate<DecisionJobState, DecisionJobEvent> = {
  category: 'decisionjob',
  initialState: { exists: false },
  evolve(state, event) {
    switch (event.type) {
      case 'decisionjob.created':
        return { exists: true, ...event.data, ended: false, results: new Map() };
      case 'decisionjob.items-processed': {
        if (!state.exists) return state;
        const entries = event.data.results.map((result) => [result.approvalId, result] as const);
        return { ...state, results: new Map([...state.results, ...entries]) };
      }
      case 'decisionjob.ended':
        return state.exists ? { ...state, ended: true } : state;
    }
  },
};

/** The approvals whose result is not known yet, in order. */
export function remainingItems({ items, results }: ExistingDecisionJob) {
  return items.filter(({ approvalId }) => !results.has(approvalId));
}
