import type { BusSigner, MessagingLog } from '@countersign/messaging';
import { request, respond } from '@countersign/messaging';
import { messageOf } from '@countersign/kernel';
import type { NatsConnection } from '@nats-io/nats-core';
import { z } from 'zod';

const READY_TIMEOUT_MS = 1_000;

/** What a service is still waiting for. */
export interface Readiness {
  readonly ready: boolean;
  /** Names of the checks that do not hold yet. */
  readonly waiting: readonly string[];
}

const ReadinessReply = z.object({ ready: z.boolean(), waiting: z.array(z.string()) });

const readySubject = (service: string): string => `health.${service}`;

/** What must hold before a service is of use; answers the gateway over the bus. */
export class Health {
  readonly #checks = new Map<string, () => boolean>();
  #stop: (() => Promise<void>) | undefined;

  constructor(
    private readonly bus: NatsConnection,
    private readonly signer: BusSigner,
    private readonly log: MessagingLog,
    private readonly service: string,
  ) {}

  /** Adds a condition, e.g. `relay`. */
  add(name: string, holds: () => boolean): void {
    this.#checks.set(name, holds);
  }

  readiness(): Readiness {
    const waiting = [...this.#checks].filter(([, holds]) => !holds()).map(([name]) => name);
    return { ready: waiting.length === 0, waiting };
  }

  start(): void {
    const subject = readySubject(this.service);
    this.#stop = respond(this.bus, this.signer, this.log, subject, this.service, () =>
      Promise.resolve(this.readiness()),
    );
  }

  async stop(): Promise<void> {
    await this.#stop?.();
  }
}

/** Asks another service whether it is ready; one that does not answer is not. */
export async function askReadiness(
  bus: NatsConnection,
  signer: BusSigner,
  service: string,
): Promise<Readiness> {
  try {
    const reply = await request(bus, signer, readySubject(service), '{}', READY_TIMEOUT_MS);
    return ReadinessReply.parse(reply);
  } catch (error) {
    return { ready: false, waiting: [messageOf(error)] };
  }
}
