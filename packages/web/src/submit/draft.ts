/** Where a text that is being written survives a reload. */
export function draft(kind: 'job' | 'test-definition'): { read(): string; write(text: string): void } {
  const key = kind === 'job' ? 'lava-draft' : 'lava-draft-test';
  return {
    read: () => { try { return sessionStorage.getItem(key) ?? ''; } catch { return ''; } },
    write: (text) => { try { sessionStorage.setItem(key, text); } catch { /* storage may be forbidden or full */ } },
  };
}
