import { it } from 'vitest';
import { loadYaml } from '@lava/yaml';
it('x', () => {
  for (const t of ['a:\n  [x, y]\nb: 1', 'a:\n  commands:\n    ["x", "y"]\n  nbd:\n    commands: ["z"]', 'c:\n  ["a"]\n', 'c:\n  ["a", "b"]\nd:\n', 'c:\n  {a: 1}\nd: 1']) {
    try { console.log(JSON.stringify(loadYaml(t))); } catch (e) { console.log(t, String(e)); }
  }
});
