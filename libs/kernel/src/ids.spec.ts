import { describe, expect, it } from '@jest/globals';

import { categoryOf, derivedId, idOf, streamName } from './ids.js';

describe('ids', () => {
  it('are the same for the same parts, for ever', () => {
    expect(derivedId('workflow', 'x', 1)).toBe(derivedId('workflow', 'x', 1));
    expect(derivedId('workflow', 'x', 1)).toMatchInlineSnapshot(
      `"60e03ef9-98f9-56b9-bebb-f469c3f16c5f"`,
    );
  });

  it('do not run into each other', () => {
    expect(derivedId('ab', 'c')).not.toBe(derivedId('a', 'bc'));
    expect(derivedId('a', 1)).not.toBe(derivedId('a', '1'));
  });

  it('name streams by category and id', () => {
    const id = derivedId('x');
    const stream = streamName('approval', id);
    expect(categoryOf(stream)).toBe('approval');
    expect(idOf(stream)).toBe(id);
    expect(() => streamName('with-dash', id)).toThrow(TypeError);
    expect(() => streamName('approval', '../etc')).toThrow(TypeError);
  });
});
