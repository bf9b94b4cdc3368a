import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { MAX_MESSAGE_BYTES, parseMessage } from './message.js';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('a message from upstream', () => {
  it.each([
    ['message.malformed-json', bytes('{"a":')],
    ['message.malformed-json', bytes('')],
    ['message.not-an-object', bytes('[1]')],
    ['message.not-an-object', bytes('null')],
    ['message.not-an-object', bytes('"text"')],
    ['message.unstorable-text', bytes('{"a":"\\u0000"}')],
    ['message.unstorable-text', bytes('{"a":{"\\udfff":1}}')],
    ['message.prototype-member', bytes('{"a":[{"__proto__":{"b":1}}]}')],
    ['message.prototype-member', bytes('{"\\u005f_proto__":1}')],
    ['message.not-utf8', new Uint8Array([0x22, 0xc3, 0x28, 0x22])],
    ['message.too-large', bytes(`{"a":"${'x'.repeat(MAX_MESSAGE_BYTES)}"}`)],
  ])('is refused with %s', (code, data) => {
    expect(codeOf(() => parseMessage(data))).toBe(code);
  });

  it('is taken when it is a JSON object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));
        expect(JSON.stringify(parseMessage(bytes(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});
