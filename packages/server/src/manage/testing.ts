import { Command } from 'commander';
import { vi } from 'vitest';
import { addManage } from './manage.ts';
import { CommandError } from './visit.ts';

/** Runs a command as `lava-server manage` does; what it printed, or why it refused. */
export async function manage(...args: string[]): Promise<string> {
  const program = new Command().exitOverride();
  addManage(program);
  let out = '';
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((text) => { out += String(text); return true; });
  try {
    await program.parseAsync(['manage', ...args], { from: 'user' });
    return out;
  } catch (error) {
    if (error instanceof CommandError) return `${out}CommandError: ${error.message}\n`;
    throw error;
  } finally { written.mockRestore(); }
}
