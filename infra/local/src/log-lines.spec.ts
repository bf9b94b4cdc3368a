import { describe, expect, it } from '@jest/globals';
import { tellingLine } from './log-lines.js';

describe('tellingLine', () => {
  it.each([
    [
      'the last structured error',
      '{"level":50,"msg":"first"}\n{"level":50,"msg":"cannot append","err":{"message":"no disk"}}\n{"level":30,"msg":"bye"}\n',
      'cannot append: no disk',
    ],
    ['a level by name', '{"level":"fatal","message":"no schema"}\nbye\n', 'no schema'],
    [
      'the thrown error, not its stack',
      'file:///x.js:3\n  throw new Error("boom")\n\nError: boom\n    at f (x.js:3)\n\nNode.js v24\n',
      'Error: boom',
    ],
    ['a fatal line', 'x LOG:  starting\nx FATAL:  no room\nx LOG:  down\n', 'x FATAL:  no room'],
    ['the last line otherwise', 'one\ntwo\n\n', 'two'],
    ['that there is none', '', 'it said nothing'],
  ])('finds %s', (_, output, line) => {
    expect(tellingLine(output)).toBe(line);
  });
});
