/** Options that every command of Django takes, and that change nothing here. */
const alone = ['--no-color', '--force-color', '--traceback', '--skip-checks'];
const withValue = ['--verbosity', '--settings', '--pythonpath'];

/** A command line of `lava-server manage` without what is only for Django; others are as they were. */
export function withoutDjangoOptions(args: readonly string[]): string[] {
  const manage = args.indexOf('manage');
  if (manage === -1) return [...args];
  const kept = args.slice(0, manage + 1);
  for (let n = manage + 1; n < args.length; n++) {
    const arg = args[n]!;
    if (arg === '--') return [...kept, ...args.slice(n)];
    if (alone.includes(arg) || withValue.some((name) => arg.startsWith(`${name}=`)) || /^-v[0-3]$/.test(arg)) continue;
    if (withValue.includes(arg) || (arg === '-v' && /^[0-3]$/.test(args[n + 1] ?? ''))) { n++; continue; }
    kept.push(arg);
  }
  return kept;
}
