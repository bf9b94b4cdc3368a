export { Decimal } from './decimal.js';
export { ExpressionError, type SourcePlace } from './errors.js';
export {
  type Bindings,
  compileCondition,
  compileExpression,
  type Condition,
  EXPRESSION_LANGUAGE,
  type Expression,
} from './expression.js';
export { LIMITS as EXPRESSION_LIMITS } from './limits.js';
export { inOneBudget } from './meter.js';
export { type Atom, type Outline, outlineCondition, type OutlineConstant } from './outline.js';
export { type FieldKind, type Misuse, type Uses, usesOf, type ValueKind } from './uses.js';
