import type { CommandType } from '@countersign/contracts';
import { type Actor, derivedId, invalid, newId } from '@countersign/kernel';
import { CommandClient } from '@countersign/messaging';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';

import { callerOf } from '../auth/caller.js';

const KEY = /^[\x21-\x7e]{1,200}$/;

/** The way of every command from HTTP to a service: as the verified caller, and once per idempotency key. */
@Injectable()
export class CommandGate {
  constructor(@Inject(CommandClient) private readonly client: CommandClient) {}

  /** @throws AppError `idempotency.bad-key`, or what the service answers. */
  send<Body extends z.ZodType, Reply extends z.ZodType>(
    request: FastifyRequest,
    type: CommandType<Body, Reply>,
    body: z.input<Body>,
  ): Promise<z.output<Reply>> {
    const actor = callerOf(request);
    const commandId = commandIdOf(request, actor);
    // A request from outside is where a correlation begins, and nothing caused it.
    const context = { commandId, correlationId: commandId, causationId: commandId, actor };
    return this.client.send(type, body, context);
  }
}

/** The same for the same person, route and `Idempotency-Key`; a fresh one when there is no key. */
export function commandIdOf(
  request: Pick<FastifyRequest, 'method' | 'url' | 'headers'>,
  actor: Actor,
): string {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return newId();
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw invalid('idempotency.bad-key', 'Idempotency-Key: 1 to 200 visible ASCII characters');
  }
  // Lower case because an id may be written either way.
  const [path = ''] = request.url.toLowerCase().split('?');
  return derivedId(actor.id, `${request.method} ${path}`, key);
}
