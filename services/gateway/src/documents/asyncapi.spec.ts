import { describe, expect, it } from '@jest/globals';

import { asyncApi } from './asyncapi.js';

describe('the server of the AsyncAPI document', () => {
  it.each([
    ['nats://localhost:14222', 'localhost:14222'],
    ['nats://countersign:secret@nats.desk.example', 'nats.desk.example:4222'],
    ['one:4223,two:4224', 'one:4223'],
  ])('is the one of %s, without credentials', (url, host) => {
    const document = asyncApi(url);
    expect(document).toMatchObject({ servers: { nats: { host } } });
    expect(JSON.stringify(document)).not.toContain('secret');
  });
});
