import { derivedId, hashOf, systemActor } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';

/** Whatever the triggers do by themselves: the same for the same parts, however often it is tried. */
export function triggerCommand(what: string, trigger: string, cause: string): CommandContext {
  const commandId = derivedId(what, trigger, cause);
  return {
    commandId,
    commandHash: hashOf(cause),
    correlationId: commandId,
    causationId: commandId,
    actor: systemActor('trigger'),
  };
}
