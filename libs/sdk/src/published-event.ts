import {
  type ApprovalEvent,
  type BulkJobEvent,
  CloudEvent,
  decodeEvent,
  type DecisionJobEvent,
  type DirectoryEvent,
  type IncidentEvent,
  parseCloudEventType,
  type TemplateEvent,
  type TriggerEvent,
  type WorkflowEvent,
} from '@countersign/contracts';

type Known =
  | ApprovalEvent
  | BulkJobEvent
  | DecisionJobEvent
  | DirectoryEvent
  | IncidentEvent
  | TemplateEvent
  | TriggerEvent
  | WorkflowEvent;

/** What happened, such as `approval.granted`. */
export type EventName = Known['type'];

/**
 * A CloudEvent of the product: `name` is its `type` without the prefix and the version, `data` has been checked
 * and lifted to today's version. Compare `id` to know one again that comes twice.
 */
export type PublishedEvent<Name extends EventName = EventName> = {
  [Each in Name]: Omit<CloudEvent, 'data'> & {
    readonly name: Each;
    readonly data: Extract<Known, { type: Each }>['data'];
  };
}[Name];

/** What can become of an approval. */
export const outcomes = [
  'approval.granted',
  'approval.rejected',
  'approval.timed-out',
  'approval.withdrawn',
  'approval.cancelled',
] as const satisfies EventName[];

/** @throws Error when it is no event that this version of the library knows. */
export function parsePublished(payload: string): PublishedEvent {
  const event = CloudEvent.parse(JSON.parse(payload));
  const { type, schemaVersion } = parseCloudEventType(event.type);
  const revision = Number(event.sequence);
  const stored = { stream: event.subject, revision, type, schemaVersion, data: event.data };
  const { data } = decodeEvent(stored);
  return { ...event, name: type, data } as PublishedEvent;
}
