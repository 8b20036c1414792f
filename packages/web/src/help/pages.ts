/** The documentation as it stands in the repository, each page loaded when it is opened. */
const files = import.meta.glob<string>(['../../../../docs/*.md', '../../../../docs/devices/*.md', '!../../../../docs/threat-model.md'], { query: '?raw', import: 'default' });

export const helpPages: ReadonlyMap<string, () => Promise<string>> = new Map(Object.entries(files).map(([path, load]) => [path.replace(/^.*\/|\.md$/gu, ''), load]));
