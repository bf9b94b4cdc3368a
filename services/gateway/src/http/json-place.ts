import jsonc from 'jsonc-parser';

/** Where a text stops being JSON: both count from 1, columns in UTF-16 code units. */
export interface JsonPlace {
  readonly line: number;
  readonly column: number;
  /** In words, such as `colon expected`. */
  readonly problem: string;
}

/** The first place at which a text is no JSON; undefined when there is none, or it cannot be told. */
export function firstJsonProblem(text: string): JsonPlace | undefined {
  let found: JsonPlace | undefined;
  const stop = new Error('found');
  try {
    jsonc.visit(
      text,
      {
        onError(error, _offset, _length, startLine, startCharacter) {
          const problem = wordsOf(jsonc.printParseErrorCode(error));
          found = { line: startLine + 1, column: startCharacter + 1, problem };
          throw stop;
        },
      },
      { disallowComments: true, allowTrailingComma: false },
    );
  } catch (error) {
    // It calls itself for each level: of a text that is too deep for it, the place stays unsaid.
    if (error !== stop && !(error instanceof RangeError)) throw error;
  }
  return found;
}

/** `CloseBraceExpected` as `close brace expected`. */
function wordsOf(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}
