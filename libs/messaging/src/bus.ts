import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';

/** Where replies to services come. By default it would be below `_INBOX`, which other users may read. */
const SERVICES_INBOX = '_INBOX_SERVICES';

/** A connection to NATS that outlives the server: it reconnects for ever, and callers see timeouts meanwhile. */
export async function connectBus(url: string, name: string): Promise<NatsConnection> {
  const { servers, user, pass } = splitCredentials(url);
  return connect({
    servers,
    name,
    ...(user === undefined ? {} : { user, pass }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    waitOnFirstConnect: false,
    inboxPrefix: SERVICES_INBOX,
    // A stack trace for each request would cost more than the request.
    noAsyncTraces: true,
  });
}

/** `nats://user:password@host:port[,host:port]` as the client wants it. */
function splitCredentials(url: string): { servers: string[]; user?: string; pass?: string } {
  const servers: string[] = [];
  let user: string | undefined;
  let pass: string | undefined;
  for (const part of url.split(',')) {
    const parsed = new URL(part.includes('://') ? part : `nats://${part}`);
    servers.push(`${parsed.hostname}:${parsed.port || '4222'}`);
    if (parsed.username) user = decodeURIComponent(parsed.username);
    if (parsed.password) pass = decodeURIComponent(parsed.password);
  }
  return { servers, ...(user === undefined ? {} : { user, pass: pass ?? '' }) };
}
