import { encodeEvent } from '@countersign/contracts';
import { derivedId, eventHash, GENESIS_HASH, hashOf, streamName } from '@countersign/kernel';

import { withStore } from './audit.js';
import type { TestSystem } from './system.js';

/**
 * Leaves the store as a process that is killed in the middle of a start leaves it: the business key is
 * reserved, and the workflow that it was reserved for does not exist.
 *
 * @param body the request that was under way, from `user` under `key`.
 * @returns the workflow's id.
 */
export async function loseStart(
  system: TestSystem,
  user: string,
  key: string,
  body: { readonly template: string; readonly businessKey: string },
  reservedAt: Date,
): Promise<string> {
  const { template, businessKey } = body;
  const commandId = derivedId(user, 'POST /api/v1/workflows', key);
  const workflowId = derivedId('workflow', commandId);
  const at = reservedAt.toISOString();
  const stream = streamName('businesskey', derivedId('business key', template, businessKey));
  const encoded = encodeEvent({
    type: 'businesskey.reserved',
    data: { template, businessKey, workflowId, reservedAt: at },
  });
  const eventId = derivedId(stream, commandId, 0);
  const metadata = {
    correlationId: commandId,
    causationId: commandId,
    commandId,
    commandHash: hashOf(body),
    actor: user,
    roles: 'trader',
    authMethod: 'dev-token',
    recordedAt: at,
    prevHash: GENESIS_HASH,
  };
  const hash = eventHash(stream, 0, { ...encoded, eventId, metadata });
  await withStore(system, (store) =>
    store.append(stream, 'none', [{ ...encoded, eventId, metadata: { ...metadata, hash } }]),
  );
  return workflowId;
}
