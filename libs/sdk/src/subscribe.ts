import { FEED_PREFIX } from '@countersign/contracts';
import { connect } from '@nats-io/transport-node';

import { CountersignError } from './problem.js';
import type { EventName } from './published-event.js';
import type { SubscribeOptions } from './subscribe-options.js';
import { Subscription } from './subscription.js';

/**
 * Follows events through a durable consumer, at least once each. Returns when they flow; the connection and the
 * consumer then outlive whatever happens to the server.
 *
 * @throws CountersignError `sdk.not-let-in` (wrong credentials), `sdk.not-your-durable`, `sdk.unreachable`.
 */
export async function subscribe<Name extends EventName>(
  options: SubscribeOptions<Name>,
): Promise<Subscription<Name>> {
  const { servers, credentials = {}, durable } = options;
  const connection = await connect({
    ...credentials,
    servers,
    name: `${FEED_PREFIX} ${durable}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    ignoreAuthErrorAbort: true,
  }).catch((cause: unknown) => {
    const code = /authorization|authentication/i.test(String(cause)) ? 'not-let-in' : 'unreachable';
    throw new CountersignError(`sdk.${code}`, `NATS: ${String(cause)}`, { status: 0, cause });
  });
  const subscription = new Subscription(connection, options);
  try {
    await subscription.start();
  } catch (error) {
    await connection.close();
    throw error;
  }
  return subscription;
}
