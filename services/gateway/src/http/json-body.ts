import { findUnstorableText, invalid, mayHoldUnstorableText } from '@countersign/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';

import { type JsonLoss, lossIn } from './json-losses.js';
import { firstJsonProblem } from './json-place.js';
import { readBody } from './read-body.js';

/** Deeper values are nobody's workflow, and recursive readers further on must not be made to overflow. */
const MAX_DEPTH = 64;

/** How large a body may be. Each value costs far more in memory and checks than its text. */
interface BodyLimits {
  readonly bytes: number;
  readonly values: number;
}

/** More than any command has. */
const COMMAND: BodyLimits = { bytes: 1024 * 1024, values: 5_000 };

/** Room for a definition at its own limits, and for ten times as many states, which get an answer of their own. */
const DEFINITION: BodyLimits = { bytes: 4 * 1024 * 1024, values: 250_000 };

/** Room for 50,000 people with some roles and groups each. */
const DIRECTORY: BodyLimits = { bytes: 16 * 1024 * 1024, values: 1_000_000 };

declare module 'fastify' {
  interface FastifyContextConfig {
    bodyLimits?: BodyLimits;
  }
}

/** Configuration of a route (`@RouteConfig`) that takes a definition. */
export const DEFINITION_BODY = { bodyLimits: DEFINITION };

/** The same for a directory. */
export const DIRECTORY_BODY = { bodyLimits: DIRECTORY };

type Done = (error: Error | null, value?: unknown) => void;

/**
 * Takes JSON and nothing else, and refuses at the door what no reader further on could store or walk.
 * An empty body is none, so that clients may send the content type without one.
 */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  // Fastify's own parser also refuses `__proto__` members, which would be lost on the way.
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  const parse = (request: FastifyRequest, body: Buffer, limits: BodyLimits, done: Done) => {
    if (!isUtf8(body)) {
      done(invalid('request.malformed', 'the body is not UTF-8'));
      return;
    }
    const text = body.toString();
    void parseJson(request, text, (error: Error | null, value?: unknown) => {
      const refusal = error ? noJson(text) : unacceptable(text, value, limits);
      done(refusal ?? null, value);
    });
  };
  fastify.addContentTypeParser('application/json', (request, payload, done) => {
    const limits = request.routeOptions.config.bodyLimits ?? COMMAND;
    readBody(payload, limits.bytes, (error, body) => {
      const refusal = error ?? unreadable(request.headers);
      if (refusal || !body?.length) done(refusal, undefined);
      else parse(request, body, limits, done);
    });
  });
}

/** What JSON.parse does not take, or what it would take and lose: a member `__proto__`. */
function noJson(text: string): Error {
  const place = firstJsonProblem(text);
  if (place === undefined) {
    const reason = 'it is no JSON, or has members `__proto__` or `constructor.prototype`';
    return invalid('request.malformed', `the body cannot be read: ${reason}`);
  }
  const { line, column, problem } = place;
  return invalid('request.malformed', `line ${line}, column ${column}: ${problem}`, {
    details: { line, column },
  });
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;

/** Bodies are UTF-8, as they are: nothing is unpacked or converted. */
function unreadable(headers: FastifyRequest['headers']): Error | null {
  const encoding = headers['content-encoding'] ?? 'identity';
  const charset = CHARSET.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (/^ *identity *$/i.test(encoding) && /^utf-?8$/i.test(charset)) return null;
  return invalid('request.unsupported-encoding', 'send the body as plain UTF-8');
}

function unacceptable(text: string, value: unknown, { values }: BodyLimits): Error | undefined {
  if (text.length > 2 * MAX_DEPTH && isDeeperThan(MAX_DEPTH, value)) {
    return invalid('request.too-deep', `the body is nested deeper than ${MAX_DEPTH} levels`);
  }
  if (text.length > 2 * values && countValues(value, values) > values) {
    return invalid('request.too-many-values', `the body holds more than ${values} values`);
  }
  const loss = lossIn(text, value);
  if (loss) return lossy(loss);
  const place = mayHoldUnstorableText(text) ? findUnstorableText(value) : undefined;
  if (place === undefined) return undefined;
  return invalid('request.unstorable-text', `${place} holds a NUL character or half a character`, {
    details: { place },
  });
}

/** What is hashed and decided has to be what was sent, and readers differ about these. */
function lossy({ what, place, line, column }: JsonLoss): Error {
  const details = { place, line, column };
  return what === 'doubled-member'
    ? invalid('request.doubled-member', `${place} is there twice`, { details })
    : invalid('request.inexact-number', `${place} would lose digits: send it as text`, { details });
}

/** Safe to recurse: it is known by now that the depth is bounded. */
function countValues(value: unknown, most: number): number {
  if (value === null || typeof value !== 'object') return 1;
  let count = 1;
  for (const member of Object.values(value)) {
    count += countValues(member, most - count);
    if (count > most) break;
  }
  return count;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (levels === 0) return true;
  return Object.values(value).some((member) => isDeeperThan(levels - 1, member));
}
