import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { getLog } from '../api/http.ts';
import { live } from '../api/live.ts';
import type { ActionRow, Job, SuiteRow } from '../api/types.ts';
import { LogSource } from '../log/log-source.ts';
import { jobEnded } from '../parts/state.ts';
import { mergeActions } from './action-tree.ts';
import { mergeCases } from './results-model.ts';

/** The log of a job for as long as its page is open; while the job has not ended everything about it is kept live. */
export function useJobLive(job: Job): LogSource {
  const queries = useQueryClient();
  const id = String(job.id);
  const ended = jobEnded(job);
  const source = useMemo(() => new LogSource(job.log_lines, (start, end, signal) => getLog(id, start, end, signal)),
    // One source a job: later counts come through the live connection.
    [id]);
  useEffect(() => () => source.close(), [source]);
  useEffect(() => { if (ended) source.grow(job.log_lines); }, [source, ended, job.log_lines]);

  useEffect(() => {
    if (ended) return;
    return live.watchJob(Number(id), source.window.total, (message) => {
      switch (message.type) {
        case 'log': source.push(message.first, message.records); break;
        case 'job': queries.setQueryData<Job>(['job', id], message.job); break;
        case 'actions': queries.setQueryData<ActionRow[]>(['actions', id], (known) => mergeActions(known ?? [], message.actions)); break;
        case 'results': queries.setQueryData<SuiteRow[]>(['results', id], (known) => known && mergeCases(known, message.suite, message.cases)); break;
        default:
      }
    });
  }, [id, ended, source, queries]);

  // What came between the last news and the end is read once more; when another attempt begins, nothing of the one before is left.
  const retried = job.retry?.retried ?? 0;
  const again = retried > 0 && job.state !== 'Submitted' ? retried : 0;
  useEffect(() => {
    if (!ended && again === 0) return;
    void queries.invalidateQueries({ queryKey: ['results', id] });
    void queries.invalidateQueries({ queryKey: ['actions', id] });
  }, [ended, again, id, queries]);
  return source;
}
