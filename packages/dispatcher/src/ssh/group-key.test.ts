import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { groupKey } from './group-key.ts';

test('OpenSSH reads the key of a group, and finds the same public half', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lava-key-'));
  try {
    const { privateText, publicText } = groupKey('5c'.repeat(32), '4d1c');
    writeFileSync(join(folder, 'key'), privateText, { mode: 0o600 });
    expect(execFileSync('ssh-keygen', ['-y', '-f', join(folder, 'key')], { encoding: 'utf8' })).toBe(publicText);
    expect(publicText).toMatch(/^ssh-ed25519 AAAA\S+ lava-4d1c\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
