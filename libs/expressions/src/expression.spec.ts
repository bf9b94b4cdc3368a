import { describe, expect, it } from '@jest/globals';
import { AppError, type Json, type JsonObject } from '@countersign/kernel';

import { compileCondition, compileExpression, ExpressionError } from './index.js';

const context: JsonObject = {
  notional: 1e7,
  price: 1.5,
  quantity: 7,
  desk: 'fx-spot',
  approvedBy: null,
  legs: [{ currency: 'EUR', amount: 5 }, { currency: 'USD' }],
  identifier: { '@data': 'ABC1' },
  // Names that JavaScript objects have meanings for are data like any other.
  constructor: { name: 'builder' },
};

const value = (source: string, bindings: Record<string, JsonObject> = { context }): Json =>
  compileExpression(source, ['context', 'input']).evaluate(bindings);

function refusal(source: string, condition = false): AppError {
  try {
    (condition ? compileCondition : compileExpression)(source, ['context']);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect(error).not.toBeInstanceOf(ExpressionError);
    expect(error).toMatchObject({ kind: 'invalid', code: 'expression.invalid' });
    return error as AppError;
  }
  throw new Error(`compiled: ${source}`);
}

function failure(source: string): ExpressionError {
  try {
    value(source);
  } catch (error) {
    expect(error).toBeInstanceOf(ExpressionError);
    expect(error).toMatchObject({ kind: 'rule', code: 'expression.failed' });
    return error as ExpressionError;
  }
  throw new Error(`has a value: ${source}`);
}

describe('numbers', () => {
  it.each<[string, Json]>([
    ['context.notional > 1000', true],
    ['context.price > 1', true],
    ['context.quantity == 7', true],
    ['7.0 == context.quantity', true],
    ['context.quantity in [1, 7]', true],
    ['context.quantity / 2', 3.5],
    ['context.quantity * 2 + 1', 15],
    ['context.quantity % 2 == 1', true],
    ['2 - context.price', 0.5],
    ['context.legs[0].amount - 5', 0],
    ['7 / 2', 3],
    ['size(context.legs) == 2', true],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
  ])('%s', (source, expected) => {
    expect(value(source)).toBe(expected);
  });

  it.each([
    ['context.quantity / 0 > 1', 'number_not_finite'],
    ['double("nan") > 1.0', 'number_not_finite'],
    ['1 / 0 > 1', 'division_by_zero'],
    ['context.quantity > context.desk', 'no_such_overload'],
  ])('%s has no value', (source, reason) => {
    expect(failure(source).reason).toBe(reason);
  });
});

describe('keys', () => {
  it.each<[string, Json]>([
    ['context.identifier["@data"]', 'ABC1'],
    ['"@data" in context.identifier', true],
    ['"@type" in context.identifier', false],
    ['has(context.legs[0].amount)', true],
    ['has(context.legs[1].amount) ? context.legs[1].amount : 0', 0],
    ['context.legs[?9].?amount.orValue("none")', 'none'],
    ['context.?legs[?0].?amount.orValue(0)', 5],
    ['context.?a.?b.or(context.?desk).value()', 'fx-spot'],
    ['has(context.?a.b)', false],
    ['has(context.approvedBy)', true],
    ['context.?approvedBy.orValue("x") == null', true],
    ['context.legs.exists(leg, leg.currency == "USD")', true],
    ['context.legs.map(leg, has(leg.amount), leg.amount)', [5]],
    ['context.constructor.name', 'builder'],
  ])('%s', (source, expected) => {
    expect(value(source)).toEqual(expected);
  });

  it.each([
    'context.missing',
    'context.legs[1].amount',
    'context.desk.length',
    'context.legs[2]',
    'has(context.missing.deeper)',
    'has(context.approvedBy.name)',
    'input.reason',
  ])('%s has no value', (source) => {
    expect(['no_such_key', 'unknown_variable']).toContain(failure(source).reason);
  });

  it.each([
    'context.__proto__',
    'context.identifier.toString',
    'context.legs["length"]',
    'timestamp("2026-01-01T00:00:00Z").__proto__',
    'duration("1s")["constructor"]',
  ])('%s does not reach a prototype', (source) => {
    expect(failure(source).reason).toBe('no_such_key');
  });

  it('does not take inherited members for equal ones', () => {
    const bindings = {
      context: JSON.parse('{"a": {"__proto__": {}}, "b": {"x": {}}}') as JsonObject,
    };
    expect(value('context.a == context.b', bindings)).toBe(false);
    expect(value('"toString" in context')).toBe(false);
  });
});

describe('mappings', () => {
  it('builds plain JSON that shares nothing with the bindings', () => {
    const result = value('{"legs": context.legs, "n": 2, "d": decimal("1.50"), "e": [null, true]}');
    expect(result).toEqual({ legs: context['legs'], n: 2, d: '1.5', e: [null, true] });
    expect((result as JsonObject)['legs']).not.toBe(context['legs']);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  });

  it('refuses a map with a key __proto__, before it is evaluated where that can be seen', () => {
    const at = { reason: 'invalid_map_key', line: 1, column: 8 };
    expect(() => compileExpression('{"a": {"__proto__": 1}}', ['context'])).toThrow(
      expect.objectContaining({ code: 'expression.invalid', details: expect.objectContaining(at) }),
    );
    expect(failure('{"__pro" + "to__": 1}').reason).toBe('invalid_map_key');
  });

  it('keeps a key __proto__ as data', () => {
    const bindings = { context: JSON.parse('{"a": {"__proto__": {"admin": true}}}') as JsonObject };
    const result = value('context.a', bindings) as JsonObject;
    expect(Object.keys(result)).toEqual(['__proto__']);
    expect(result['admin']).toBeUndefined();
  });

  it.each(['timestamp("2026-01-01T00:00:00Z")', 'optional.none()', 'b"x"', 'int', '1u', 'cel'])(
    '%s is not JSON',
    (source) => {
      expect(failure(source).reason).toBe('not_json');
    },
  );

  it.each(['{1: 2}', '{"a": 1, "a": 2}', '{"a": 1, context.desk: 2, "fx-" + "spot": 3}'])(
    '%s is refused, early or late',
    (source) => {
      expect(() => value(source)).toThrow(AppError);
    },
  );
});

describe('what does not compile', () => {
  it.each([
    ['contxt.notional > 1', 'unknown_variable', 1, 1],
    ['context.notional >\n  wat', 'unknown_variable', 2, 3],
    ['lookup(context.desk)', 'no_matching_overload', 1, 1],
    ['size(context.desk, 1)', 'no_matching_overload', 1, 1],
    ['1 + "a"', 'no_such_overload', 1, 1],
    ['context.notional >', 'unexpected_token', 1, 19],
    ['true && context.desk.matches("x")', 'unknown_function', 1, 9],
    ['re2(context.desk, "(")', 'invalid_pattern', 1, 19],
    ['re2(context.desk, "(?=x)")', 'invalid_pattern', 1, 19],
    ['decimal("1,000") > 1', 'invalid_decimal', 1, 9],
    ['timestamp("2026-01-01T00:00:00Z").getHours("Europe/London") == 1', 'unknown_function', 1, 1],
  ])('%s', (source, reason, line, column) => {
    expect(refusal(source).details).toMatchObject({ reason, line, column });
  });

  it.each(['context.notional + 1', '"yes"', 'context', '[true]', 'decimal("1")'])(
    '%s is not a condition',
    (source) => {
      expect(refusal(source, true).details).toMatchObject({ reason: 'not_boolean' });
    },
  );
});

describe('conditions', () => {
  const condition = (source: string): boolean =>
    compileCondition(source, ['context']).evaluate({ context });

  it('follow the language where one side decides', () => {
    expect(condition('context.missing == 1 || context.price > 1')).toBe(true);
    expect(condition('context.missing == 1 && context.price < 1')).toBe(false);
    expect(() => condition('context.missing == 1 || context.price < 1')).toThrow(ExpressionError);
    expect(() => condition('context.missing == 1 && context.price > 1')).toThrow(ExpressionError);
  });

  it('take only a boolean for an answer', () => {
    expect(() => condition('context.desk')).toThrow(ExpressionError);
    expect(() => condition('context.approvedBy')).toThrow(ExpressionError);
  });

  it('match in linear time with re2', () => {
    expect(condition('re2(context.desk, "^fx-(spot|fwd)$")')).toBe(true);
    expect(condition('re2(context.desk, "swap")')).toBe(false);
  });
});
