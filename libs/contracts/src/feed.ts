import { z } from 'zod';

import { eventTypes } from './events/registry.js';

/** What all subjects of a subscriber's own begin with; in its account also JetStream's interface to it. */
export const FEED_PREFIX = 'feed';

/** A subscriber's durable consumer on the stream of events. Two hyphens together are the services'. */
export const DurableName = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower case words and numbers, joined by one hyphen');

/** Where a subscriber has its durable consumer made, or its filter changed. */
export const openFeedSubject = (durable: string): string => `${FEED_PREFIX}.open.${durable}`;

const names = new Set(eventTypes.map(({ type }) => type));

/** What a subscriber asks for. */
export const OpenFeed = z.strictObject({
  events: z
    .array(
      z
        .string()
        .max(100)
        .refine((name) => names.has(name), {
          error: ({ input }) => `${String(input)} is no event of this product`,
        }),
    )
    .min(1, 'name at least one event')
    .max(200),
});

/** What it is answered. */
export const FeedOpened = z.union([
  z.object({ durable: DurableName, filter: z.string() }),
  z.object({ code: z.enum(['feed.invalid', 'feed.unavailable']), message: z.string() }),
]);
export type FeedOpened = z.infer<typeof FeedOpened>;

/**
 * The narrowest one subject that covers all of the events: servers before 2.10 know no lists. It may cover
 * more than was asked for.
 */
export function feedFilter(events: readonly string[]): string {
  const [event, ...others] = new Set(events);
  if (event !== undefined && others.length === 0) return `evt.${event}.>`;
  const [category, ...otherCategories] = new Set(events.map((name) => name.split('.')[0]));
  return category !== undefined && otherCategories.length === 0 ? `evt.${category}.>` : 'evt.>';
}
