import { Environment } from '@marcbachmann/cel-js';

import { tameEvaluator } from './cel-internals.js';
import { registerDecimal } from './decimal.js';
import { LIMITS } from './limits.js';
import { re2 } from './regex.js';
import { Recent } from './recent.js';

const base = createBase();
const environments = new Recent<Environment>(50);

/**
 * An environment that knows the given variables. They are maps, and declared as anything: the library's
 * test for a map would refuse an object that has a key `constructor` in its JSON.
 */
export function environmentFor(variables: readonly string[]): Environment {
  const names = [...new Set(variables)].sort();
  return environments.get(names.join(' '), () => {
    const environment = base.clone();
    for (const name of names) environment.registerVariable(name, 'dyn');
    tameEvaluator(environment);
    return environment;
  });
}

function createBase(): Environment {
  const environment = new Environment({
    enableOptionalTypes: true,
    // Mappings build maps whose values differ in type.
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: LIMITS.nodes,
      maxDepth: LIMITS.depth,
      maxListElements: LIMITS.literalElements,
      maxMapEntries: LIMITS.literalElements,
      maxCallArguments: 8,
    },
  });
  registerMixedArithmetic(environment);
  registerDecimal(environment);
  environment.registerFunction('re2(string, string): bool', re2, { async: false });
  return environment;
}

type Binary = (left: number | bigint, right: number | bigint) => number;

/**
 * JSON has one kind of number and CEL two. Every number of the bindings is a double, whole or not, so that
 * an expression means the same for 7 and 7.5; a literal such as `2` is an int. CEL compares the two but
 * does not calculate with them; here it does, in double.
 */
function registerMixedArithmetic(environment: Environment): void {
  const operators: Readonly<Record<string, Binary>> = {
    '+': (a, b) => Number(a) + Number(b),
    '-': (a, b) => Number(a) - Number(b),
    '*': (a, b) => Number(a) * Number(b),
    '/': (a, b) => Number(a) / Number(b),
    '%': (a, b) => Number(a) % Number(b),
  };
  for (const [op, run] of Object.entries(operators)) {
    environment.registerOperator(`int ${op} double: double`, run);
    environment.registerOperator(`double ${op} int: double`, run);
  }
  environment.registerOperator('double % double: double', (a: number, b: number) => a % b);
}
