import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { logSearchQuery } from '../api/queries.ts';
import type { LogSource } from './log-source.ts';
import { messageText } from './message.ts';

export interface Matches { readonly state: 'none' | 'searching' | 'done' | 'failed'; readonly lines: readonly number[]; readonly total: number }
const noLines: readonly number[] = [];

/** What the server found in the whole log, and what the lines that came since add. */
export function useMatches(id: string, query: string, source: LogSource): Matches {
  const queries = useQueryClient();
  const found = useQuery({ ...logSearchQuery(id, query), enabled: query !== '' });
  useEffect(() => {
    if (query === '') return;
    const wanted = query.toLowerCase();
    return source.onPush((first, records) => {
      const more = records.flatMap((r, i) => (messageText(r.msg).toLowerCase().includes(wanted) ? [first + i] : []));
      if (more.length > 0) queries.setQueryData<{ lines: number[]; total: number }>(logSearchQuery(id, query).queryKey, (old) => old && {
        lines: [...old.lines, ...more.filter((n) => n > (old.lines.at(-1) ?? -1))], total: old.total + more.filter((n) => n > (old.lines.at(-1) ?? -1)).length,
      });
    });
  }, [id, query, source, queries]);
  if (query === '') return { state: 'none', lines: noLines, total: 0 };
  if (found.data !== undefined) return { state: 'done', ...found.data };
  return { state: found.error === null ? 'searching' : 'failed', lines: noLines, total: 0 };
}
