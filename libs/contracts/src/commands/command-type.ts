import type { z } from 'zod';

/** A command or question that a service answers on the bus. */
export interface CommandType<
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> {
  readonly subject: string;
  readonly body: Body;
  readonly reply: Reply;
  /** How long its sender waits for the answer, in milliseconds, where the usual five seconds may not do. */
  readonly timeoutMs?: number;
}

/** Declares a command: `cmd.<service>.<name>`. */
export function defineCommand<Body extends z.ZodType, Reply extends z.ZodType>(
  service: string,
  name: string,
  body: Body,
  reply: Reply,
): CommandType<Body, Reply> {
  return { subject: `cmd.${service}.${name}`, body, reply };
}
