/**
 * The line of a server's output that most likely says why it failed: the last one of level error
 * or worse, else one that looks like an error, else simply the last.
 */
export function tellingLine(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const structured = lines.map(errorMessage).findLast((message) => message !== undefined);
  if (structured !== undefined) return structured;
  const thrown = lines.findLast((line) => /^(Uncaught )?\w*(Error|Exception)\b.*:/.test(line));
  const alarming = lines.findLast((line) =>
    /\b(FATAL|PANIC|FTL|ERROR|ERR|fatal|panic)\b/.test(line),
  );
  return thrown ?? alarming ?? lines.at(-1) ?? 'it said nothing';
}

/** The message of a JSON log line of level error (by name, or 50 and above by number). */
function errorMessage(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    const level = entry['level'];
    const isError =
      typeof level === 'number' ? level >= 50 : /^(error|fatal)$/i.test(String(level));
    if (!isError) return undefined;
    const message = entry['msg'] ?? entry['message'];
    const error = entry['err'] ?? entry['error'];
    const detail = (error as { message?: unknown } | undefined)?.message ?? error;
    return [message, detail].filter((part) => typeof part === 'string' && part !== '').join(': ');
  } catch {
    return undefined;
  }
}
