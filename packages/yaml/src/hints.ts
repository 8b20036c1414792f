const hints: readonly [RegExp, string][] = [
  [/tab characters/, 'Indent with spaces: YAML does not allow tabs.'],
  [/bad indentation of a mapping entry/, 'Compare the indentation with the line above. A value that contains ": " must be quoted.'],
  [/bad indentation of a sequence/, 'Entries of one list start in the same column, each with "- ".'],
  [/multiline key|expected ':' after a mapping key/, 'A key is missing its ":", or a text over several lines is not indented.'],
  [/expected after the key-value separator/, 'Put a blank after the colon.'],
  [/flow collection|comma between/, 'Check the brackets, braces and commas of this list or mapping.'],
  [/quoted scalar/, 'A quote that was opened is not closed, or a quote inside the text is not doubled or escaped.'],
  [/escape sequence/, 'Inside double quotes a backslash must be written twice; single quotes take it as it is.'],
  [/non-printable|null byte/, 'Remove the control character, or write it as an escape inside double quotes.'],
  [/tag handle/, 'Remove the tag (the word with "!"), or quote the text if it is meant to start with "!".'],
  [/end of the stream or a document separator/, 'This line is indented differently from what is above it.'],
];

/**
 * What to do about a syntax error.
 * @param place the offset in the text at which the parser stopped
 */
export function hintFor(reason: string, text: string, place: number): string | undefined {
  const lines = text.slice(Math.max(0, place - 2000), place).split('\n');
  const start = place - (lines.at(-1) ?? '').length;
  return hintFromLine(text.slice(start, start + 2000).split('\n', 1)[0] ?? '', lines.at(-2) ?? '') ?? hints.find(([pattern]) => pattern.test(reason))?.[1];
}

/** What the parser stumbles over later than where it is wrong. */
function hintFromLine(line: string, before: string): string | undefined {
  const special = /(?:^|: |- )\s*([@`%])/.exec(line)?.[1];
  if (special !== undefined) return `Quote the text: it must not begin with ${special}.`;
  if (/\t/.test(/^\s*/.exec(line)?.[0] ?? '')) return undefined;
  return [line, before].some((one) => /^\s*(?:- )?[\w-]+:[^\s:/]/.test(one)) ? 'Put a blank after the colon.' : undefined;
}
