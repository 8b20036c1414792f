import { spawn } from 'node:child_process';

/** Runs a program on a terminal of its own until it ends or the power goes. */
export function runProgram(commandLine: string, print: (bytes: Uint8Array) => void, power: AbortSignal): { type(text: string): void; readonly ended: Promise<void> } {
  const child = spawn('script', ['-qfec', `exec ${commandLine}`, '/dev/null'], { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdout.on('data', print);
  child.stdin.on('error', () => undefined);
  // With `script` its terminal goes, and so everything on it.
  const end = () => { if (child.pid !== undefined) { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it has ended */ } } };
  power.addEventListener('abort', end, { once: true });
  if (power.aborted) end();
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  }).finally(() => power.removeEventListener('abort', end));
  return { type: (text) => { child.stdin.write(text); }, ended };
}
