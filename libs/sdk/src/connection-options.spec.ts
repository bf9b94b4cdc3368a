import { describe, expect, it } from '@jest/globals';

import { Countersign, developmentToken } from './index.js';

const url = 'http://127.0.0.1:8080';
const refused = (message: string) =>
  expect.objectContaining({
    code: 'sdk.bad-options',
    message: expect.stringContaining(message),
  });

describe('options that cannot work', () => {
  it('are a token that is no function', () => {
    const options = { url, token: 'secret-token' } as unknown as ConstructorParameters<
      typeof Countersign
    >[0];
    expect(() => new Countersign(options)).toThrow(refused('token is a function'));
    expect(() => new Countersign(options)).not.toThrow('secret-token');
  });

  it.each([
    [`${url}/api/v1`, 'leave that out'],
    [`${url}/tools/api/v1/`, 'leave that out'],
    ['127.0.0.1:8080', 'address of the gateway'],
    ['localhost:8080', 'address of the gateway'],
    ['', 'address of the gateway'],
    [undefined as unknown as string, 'address of the gateway'],
  ])('are the address %s', (wrong, message) => {
    expect(() => new Countersign({ url: wrong, token: () => 'token' })).toThrow(refused(message));
    expect(() => developmentToken(wrong, 'alice')).toThrow(refused(message));
  });
});
