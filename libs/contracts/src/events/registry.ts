import type { EventType } from '../event-type.js';
import { approvalEvents } from './approval.events.js';
import { bulkJobEvents } from './bulk-job.events.js';
import { businessKeyEvents } from './business-key.events.js';
import { decisionJobEvents } from './decision-job.events.js';
import { definitionEvents } from './definition.events.js';
import { directoryEvents } from './directory.events.js';
import { incidentEvents } from './incident.events.js';
import { templateEvents } from './template.events.js';
import { triggerEvents } from './trigger.events.js';
import { workflowEvents } from './workflow.events.js';

/** Every event type that the product writes. */
export const eventTypes: readonly EventType[] = [
  ...workflowEvents,
  ...approvalEvents,
  ...templateEvents,
  ...definitionEvents,
  ...businessKeyEvents,
  ...triggerEvents,
  ...incidentEvents,
  ...bulkJobEvents,
  ...directoryEvents,
  ...decisionJobEvents,
];

/** Every stream category, and the service that owns, appends to and relays it. */
export const categoryOwners = {
  workflow: 'workflow',
  definition: 'workflow',
  businesskey: 'workflow',
  trigger: 'workflow',
  triggerfiring: 'workflow',
  triggerschedule: 'workflow',
  thresholdwindow: 'workflow',
  incident: 'workflow',
  bulkjob: 'workflow',
  approval: 'approval',
  directory: 'approval',
  decisionjob: 'approval',
  template: 'template',
} as const;

/** The categories that a service owns. */
export function categoriesOf(service: string): string[] {
  return Object.entries(categoryOwners)
    .filter(([, owner]) => owner === service)
    .map(([category]) => category);
}

/** All categories of the product. */
export const allCategories: readonly string[] = Object.keys(categoryOwners);
