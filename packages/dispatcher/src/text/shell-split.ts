import { ConfigurationError } from '@lava/base';

/** Splits a command into words by the shell's quoting rules, as Python's `shlex.split` does; nothing is expanded. */
export function shellSplit(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < command.length; i += 1) {
    const c = command[i] as string;
    if (c === "'" || c === '"') {
      const from = i;
      word ??= '';
      for (i += 1; command[i] !== c; i += 1) {
        if (i >= command.length) throw new ConfigurationError(`No closing quotation in '${command}' (opened at character ${from + 1})`, { code: 'command-quoting' });
        if (c === '"' && command[i] === '\\' && (command[i + 1] === '"' || command[i + 1] === '\\')) i += 1;
        word += command[i];
      }
    } else if (c === '\\') {
      i += 1;
      if (i >= command.length) throw new ConfigurationError(`No escaped character at the end of '${command}'`, { code: 'command-quoting' });
      word = (word ?? '') + command[i];
    } else if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + c;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
