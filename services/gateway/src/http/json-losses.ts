import { segment } from '@countersign/kernel';
import jsonc from 'jsonc-parser';

/** Something of a JSON text that a reader does not get to see. */
export interface JsonLoss {
  readonly what: 'doubled-member' | 'inexact-number';
  /** JSON pointer. */
  readonly place: string;
  /** Both count from 1, columns in UTF-16 code units. */
  readonly line: number;
  readonly column: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
/** Any number with as many digits is what it was when it is written again, unless it has an exponent. */
const EXACT_DIGITS = 15;

/**
 * What `JSON.parse` would lose of a text without a word: of members of one name all but the last, and digits of numbers.
 *
 * @param text that is JSON, with the value that was parsed from it, of bounded depth
 */
export function lossIn(text: string, value: unknown): JsonLoss | undefined {
  const { members, mayBeInexact } = outline(text);
  if (!mayBeInexact && members === membersOf(value)) return undefined;
  return firstLoss(text);
}

/** As fast as can be: most texts lose nothing. */
function outline(text: string): { members: number; mayBeInexact: boolean } {
  let members = 0;
  let mayBeInexact = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at);
    else if (unit === COLON) members += 1;
    else if (unit === MINUS || (unit >= ZERO && unit <= NINE)) {
      const start = at;
      while (isOfNumber(text.charCodeAt(at + 1))) at += 1;
      const length = at + 1 - start;
      mayBeInexact ||= length > EXACT_DIGITS || /e/i.test(text.slice(start, at + 1));
    }
  }
  return { members, mayBeInexact };
}

/** Digits, `.`, `e`, `E`, `+` and `-`. */
const isOfNumber = (unit: number): boolean =>
  (unit >= ZERO && unit <= NINE) ||
  unit === 0x2e ||
  unit === 0x65 ||
  unit === 0x45 ||
  unit === 0x2b ||
  unit === MINUS;

function endOfString(text: string, start: number): number {
  let end = start;
  do end = text.indexOf('"', end + 1);
  while (isEscaped(text, end));
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 1;
}

function membersOf(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  let members = 0;
  if (Array.isArray(value)) for (const item of value) members += membersOf(item);
  else for (const name in value) members += 1 + membersOf((value as Record<string, unknown>)[name]);
  return members;
}

function firstLoss(text: string): JsonLoss | undefined {
  const objects: Set<string>[] = [];
  let found: JsonLoss | undefined;
  const note = (
    what: JsonLoss['what'],
    path: () => jsonc.JSONPath,
    line: number,
    character: number,
  ): void => {
    if (found) return;
    const place = path()
      .map((part) => `/${segment(part)}`)
      .join('');
    found = { what, place, line: line + 1, column: character + 1 };
  };
  jsonc.visit(text, {
    onObjectBegin: () => void objects.push(new Set()),
    onObjectEnd: () => void objects.pop(),
    onObjectProperty(name, _offset, _length, line, character, path) {
      const names = objects.at(-1);
      if (names?.has(name)) note('doubled-member', () => [...path(), name], line, character);
      names?.add(name);
    },
    onLiteralValue(value, offset, length, line, character, path) {
      if (typeof value !== 'number' || isExact(text.slice(offset, offset + length))) return;
      note('inexact-number', path, line, character);
    },
  });
  return found;
}

/** Whether a number is the same decimal when it is written again. */
function isExact(number: string): boolean {
  const value = Number(number);
  return Number.isFinite(value) && decimalOf(number) === decimalOf(String(value));
}

/** Without sign: digits that do not begin or end with a zero, and a power of ten. */
function decimalOf(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().replace('-', '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`;
  let [start, end] = [0, digits.length];
  while (start < end && digits.charCodeAt(start) === ZERO) start += 1;
  // A pattern for zeros at the end would look at each zero of a long number again and again.
  while (end > start && digits.charCodeAt(end - 1) === ZERO) end -= 1;
  if (start === end) return '0';
  const power = Number(exponent) - fraction.length + digits.length - end;
  return `${digits.slice(start, end)}e${power}`;
}
