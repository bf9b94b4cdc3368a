/** What does not show or is not assigned, also blanks that are letters to Unicode or look like one. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Between letters, a joiner changes how they show; elsewhere it is nothing that shows. */
const JOINERS =
  /(?<=[\p{L}\p{M}\p{Extended_Pictographic}])[\u200c\u200d](?=[\p{L}\p{Extended_Pictographic}])/gu;

/** Whether a name has nothing that does not show, such as a blank at its end, and is in the one form (NFKC) that it may have. */
export function isPlainName(name: string): boolean {
  return name === name.trim() && name === name.normalize('NFKC') && !INVISIBLE.test(name);
}

/** As `isPlainName`, with the joiners that people's names have in scripts such as Persian's. */
export function isDisplayName(name: string): boolean {
  return isPlainName(name.replaceAll(JOINERS, ''));
}

/** Controls other than tabs and line ends, and what turns the direction of the text after it. */
const MISLEADING = /[\p{Cs}\u202a-\u202e\u2066-\u2069]|(?![\t\n]|\r\n)\p{Cc}/u;

const VISIBLE = /[^\s\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** What is wrong with a text that a person wrote for others to read; undefined when nothing is. */
export function freeTextProblem(text: string): string | undefined {
  if (!VISIBLE.test(text)) return 'has no character that shows';
  if (MISLEADING.test(text)) return 'has control characters, or such as turn its direction';
  return undefined;
}
