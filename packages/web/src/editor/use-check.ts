import { useEffect, useState } from 'react';
import { ApiError } from '../api/http.ts';
import type { Problem } from '../api/types.ts';

export type Check = { state: 'empty' | 'checking' | 'unreachable' } | { state: 'checked'; problems: Problem[] };

/**
 * What is wrong with a text that is being written: asked shortly after the last key; an answer to an older text is dropped.
 * The second value lets an answer to something else (a refused submission) take its place.
 */
export function useCheck(text: string, ask: (text: string) => Promise<{ problems: Problem[] }>): [Check, (check: Check) => void] {
  const [check, setCheck] = useState<Check>({ state: 'empty' });
  useEffect(() => {
    if (text.trim() === '') { setCheck({ state: 'empty' }); return; }
    let current = true;
    setCheck((old) => (old.state === 'checked' ? old : { state: 'checking' }));
    const timer = setTimeout(() => {
      ask(text)
        .then((answer) => { if (current) setCheck({ state: 'checked', problems: answer.problems }); })
        .catch((e: unknown) => { if (current) setCheck(e instanceof ApiError && e.problems.length > 0 ? { state: 'checked', problems: e.problems } : { state: 'unreachable' }); });
    }, 350);
    return () => { current = false; clearTimeout(timer); };
    // `ask` is the same question as long as the page is the same.
  }, [text]);
  return [check, setCheck];
}

export const problemsOf = (check: Check): Problem[] => (check.state === 'checked' ? check.problems : []);
export const errorsOf = (check: Check): Problem[] => problemsOf(check).filter((p) => p.severity === 'error');
