import page from '../../../../docs/job-failures.md?raw';

export interface Reason { readonly classes: string; readonly advice: string }

/** What the documentation says of each reason code: the rows of its tables `| codes | class | what happened, what to do |`. */
export function readReasons(markdown: string): ReadonlyMap<string, Reason> {
  const found = new Map<string, Reason>();
  for (const line of markdown.split('\n')) {
    const [, codes, classes, advice] = /^\|(.+?)\|(.+?)\|(.+)\|\s*$/u.exec(line) ?? [];
    if (codes === undefined || classes === undefined || advice === undefined) continue;
    for (const [, code] of codes.matchAll(/`([a-z0-9-]+)`/gu)) if (code !== undefined) found.set(code, { classes: classes.trim(), advice: advice.trim().replaceAll('`', '') });
  }
  return found;
}

export const reasons = readReasons(page);
