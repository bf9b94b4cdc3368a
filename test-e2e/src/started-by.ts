import type { StoredEvent } from '@countersign/kernel';

/** A workflow that a trigger has started. */
export interface StartedByTrigger {
  readonly workflowId: string;
  readonly businessKey: string;
  /** What fired the trigger. */
  readonly messageId: string;
}

/** The workflows that a trigger has started, in the order of their starts. */
export function startedBy(stored: readonly StoredEvent[], trigger: string): StartedByTrigger[] {
  return stored.flatMap(({ type, data }) => {
    const started = data as unknown as StartedByTrigger & {
      readonly trigger?: { readonly name: string; readonly messageId: string };
    };
    if (type !== 'workflow.started' || started.trigger?.name !== trigger) return [];
    const { workflowId, businessKey } = started;
    return [{ workflowId, businessKey, messageId: started.trigger.messageId }];
  });
}

/**
 * The times at which a schedule has started workflows, in seconds since the epoch and in order.
 */
export function secondsOf(stored: readonly StoredEvent[], trigger: string): number[] {
  return startedBy(stored, trigger)
    .map(({ messageId }) => Date.parse(messageId.replace('schedule:', '')) / 1_000)
    .sort((a, b) => a - b);
}
