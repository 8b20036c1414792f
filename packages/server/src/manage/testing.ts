import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { Command } from 'commander';
import { vi } from 'vitest';
import type { Connection } from '../store/connection.ts';
import { startTestDatabases } from '../store/testing.ts';
import { addManage } from './manage.ts';
import { CommandError } from './visit.ts';

/** An empty installation, on which `manage` works until it is stopped. */
export interface Installation {
  readonly connection: Connection;
  /** The folder of all its files. */
  readonly root: string;
  stop(): Promise<void>;
}

export async function startInstallation(): Promise<Installation> {
  const databases = await startTestDatabases();
  const connection = await databases.fresh();
  const root = await mkdtemp('/tmp/lava-test-');
  await chmod(root, 0o711);
  vi.stubEnv('LAVA_ROOT', root);
  vi.stubEnv('DATABASE_URL', `postgresql://lava@localhost/test0?host=${databases.server.socketFolder}`);
  return {
    connection,
    root,
    async stop() {
      vi.unstubAllEnvs();
      await databases.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

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
