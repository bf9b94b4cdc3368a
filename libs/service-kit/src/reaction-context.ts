import { derivedId, hashOf, systemActor } from '@countersign/kernel';
import type { CommandContext, ObservedEvent } from '@countersign/messaging';

/**
 * The command that an event stands for in the service that reacts to it: the same event is always the
 * same command, so it is carried out once, however often the event comes.
 */
export function reactionContext(service: string, event: ObservedEvent): CommandContext {
  return {
    commandId: derivedId('reaction', service, event.eventId),
    commandHash: hashOf(event.eventId),
    correlationId: event.correlationId,
    causationId: event.eventId,
    actor: { ...systemActor(service), onBehalfOf: event.actor },
  };
}
