import type { NodeConnectionOptions } from '@nats-io/transport-node';

import type { EventName, PublishedEvent } from './published-event.js';

/** An event that is not tried any more. */
export interface Failure {
  /** As it was published, also when it could not be understood. */
  readonly payload: string;
  readonly error: unknown;
  /** How often it was delivered. */
  readonly attempts: number;
}

export interface SubscribeOptions<Name extends EventName> {
  /** NATS servers, such as `127.0.0.1:4222`. */
  readonly servers: string | string[];
  /** As the NATS client takes them: `{user, pass}`, `{token}`, `{authenticator}`, and `{tls}`. */
  readonly credentials?: Pick<
    NodeConnectionOptions,
    'user' | 'pass' | 'token' | 'authenticator' | 'tls'
  >;
  /**
   * The durable consumer: the subscriber's place in the stream, kept by the server. One that the user may use.
   * Several processes with the same one share its events.
   */
  readonly durable: string;
  readonly events: readonly Name[];
  /** Acts on one event. Once it has returned the event is acknowledged; if it throws the event comes again. */
  readonly handle: (event: PublishedEvent<Name>, attempt: number) => void | Promise<void>;
  /** Told of an event that is given up. If it throws, the event is not. Default: a line on standard error. */
  readonly failed?: (failure: Failure) => void | Promise<void>;
  /** Deliveries after which an event whose handler throws is given up (default 10: about five minutes). */
  readonly maxAttempts?: number;
  /** Events handled at the same time, of different partitions (default 1: in the order of the stream). */
  readonly concurrency?: number;
  /** Passes over what happened before; a new durable consumer begins with the first event there is. */
  readonly since?: Date;
  /** Told of what goes wrong meanwhile and is tried again, such as a server that is away. */
  readonly log?: (message: string) => void;
}
