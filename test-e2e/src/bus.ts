import type { TestNats } from '@countersign/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';

/** A connection with the credentials of the services, but without their bus key. */
export function connectAsService(nats: TestNats): Promise<NatsConnection> {
  const { username, password } = new URL(nats.url);
  const inboxPrefix = '_INBOX_SERVICES';
  return connect({ servers: nats.anonymousUrl, user: username, pass: password, inboxPrefix });
}

/** A connection as any program on the machine gets one. */
export function connectAnonymously(nats: TestNats): Promise<NatsConnection> {
  return connect({ servers: nats.anonymousUrl });
}
