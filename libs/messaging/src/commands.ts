import { type CommandType, JsonValue } from '@countersign/contracts';
import {
  Actor,
  type Clock,
  CorruptDataError,
  forbidden,
  hashOf,
  parseInput,
} from '@countersign/kernel';
import type { NatsConnection } from '@nats-io/nats-core';
import { z } from 'zod';

import type { BusSigner } from './bus-signer.js';
import type { MessagingLog } from './messaging-log.js';
import { request, respond } from './request-reply.js';

/** How long after its sending a command is still taken, and how far clocks may differ. */
const VALIDITY_MS = 30_000;

/** Who asks for what, and as part of what. */
export interface CommandContext {
  readonly commandId: string;
  /** SHA-256 of the canonical body. */
  readonly commandHash: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor: Actor;
}

const Envelope = z.object({
  commandId: z.uuid(),
  correlationId: z.string().min(1).max(200),
  causationId: z.string().min(1).max(200),
  actor: Actor,
  sentAt: z.int(),
  body: JsonValue,
});

/** Sends commands to services. The envelope carries the verified actor, signed for a short while. */
export class CommandClient {
  constructor(
    private readonly bus: NatsConnection,
    private readonly signer: BusSigner,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError what the service answered, or `unavailable`; see `request`. */
  async send<Body extends z.ZodType, Reply extends z.ZodType>(
    type: CommandType<Body, Reply>,
    body: z.input<Body>,
    context: Omit<CommandContext, 'commandHash'>,
  ): Promise<z.output<Reply>> {
    const { commandId, correlationId, causationId, actor } = context;
    const sentAt = this.clock.now().getTime();
    const envelope = { commandId, correlationId, causationId, actor, sentAt, body };
    const payload = JSON.stringify(envelope);
    const reply = await request(this.bus, this.signer, type.subject, payload, type.timeoutMs);
    const parsed = type.reply.safeParse(reply);
    if (!parsed.success) throw new CorruptDataError(type.subject, parsed.error.message);
    return parsed.data;
  }
}

/** Takes commands for a service. */
export class CommandServer {
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(
    private readonly bus: NatsConnection,
    private readonly signer: BusSigner,
    private readonly clock: Clock,
    private readonly log: MessagingLog,
    private readonly service: string,
  ) {}

  serve<Body extends z.ZodType, Reply extends z.ZodType>(
    type: CommandType<Body, Reply>,
    handle: (body: z.output<Body>, context: CommandContext) => Promise<z.output<Reply>>,
  ): void {
    const stop = respond(this.bus, this.signer, this.log, type.subject, this.service, (payload) => {
      const { body, sentAt, ...context } = parseInput(Envelope, JSON.parse(payload), 'bus.invalid');
      if (Math.abs(this.clock.now().getTime() - sentAt) > VALIDITY_MS) {
        throw forbidden('bus.expired', 'the command was sent too long ago');
      }
      return handle(parseInput(type.body, body), { ...context, commandHash: hashOf(body) });
    });
    this.#stops.push(stop);
  }

  /** Takes no more, and waits for what is under way. */
  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
  }
}
