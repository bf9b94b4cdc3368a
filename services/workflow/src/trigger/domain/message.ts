import {
  findUnstorableText,
  invalid,
  type JsonObject,
  mayHoldUnstorableText,
} from '@countersign/kernel';

/** A message may take this many bytes; what is larger belongs in a store, with a reference here. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a message from an upstream system: one JSON object in UTF-8 whose texts can be stored.
 *
 * @throws AppError `message.too-large`, `message.not-utf8`, `message.malformed-json`,
 * `message.not-an-object`, `message.prototype-member`, `message.unstorable-text`.
 */
export function parseMessage(data: Uint8Array): JsonObject {
  if (data.byteLength > MAX_MESSAGE_BYTES) {
    throw invalid(
      'message.too-large',
      `${data.byteLength} bytes, where ${MAX_MESSAGE_BYTES} are taken`,
    );
  }
  const text = decode(data);
  const message = parse(text);
  if (text.includes(PROTO) || text.includes('\\u')) mustHaveNoPrototype(message);
  if (message === null || typeof message !== 'object' || Array.isArray(message)) {
    throw invalid('message.not-an-object', 'the message is JSON, but not an object');
  }
  if (mayHoldUnstorableText(text)) {
    const place = findUnstorableText(message);
    if (place !== undefined) {
      throw invalid(
        'message.unstorable-text',
        `${place}: a NUL character or half a surrogate pair`,
      );
    }
  }
  return message as JsonObject;
}

/** Such a member would be lost on the way, and what is left would mean something else. */
const PROTO = '__proto__';

function mustHaveNoPrototype(value: unknown, place = ''): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === PROTO) {
      throw invalid('message.prototype-member', `${place || '/'}: a member is called ${PROTO}`);
    }
    mustHaveNoPrototype(member, `${place}/${name}`);
  }
}

function decode(data: Uint8Array): string {
  try {
    return utf8.decode(data);
  } catch (error) {
    throw invalid('message.not-utf8', 'the message is not UTF-8', { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw invalid('message.malformed-json', printable(reason), { cause: error });
  }
}

/** Parser messages quote what they were given: nothing unprintable goes into an event or a log. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 300);
}
