import type { Job } from '../api/types.ts';
import { Empty, Facts } from '../parts/page.tsx';
import style from './tab.module.css';

/** What the submitter and the server noted about the job. */
export function MetadataTab({ job }: { job: Job }) {
  const entries = Object.entries(job.metadata);
  return (
    <div className={style.tab}>
      <Facts of={[['Priority', job.priority], ['Visibility', job.visibility], ['Tags', job.tags.length === 0 ? '–' : job.tags.join(', ')], ['Health check', job.health_check ? 'yes' : 'no'], job.error_code !== null && ['Error code', <code key="e">{job.error_code}</code>]]} />
      <hr className={style.rule} />
      {entries.length === 0
        ? <Empty title="No metadata" command={'metadata:\n  branch: main'}>A definition may carry any, to find jobs by later:</Empty>
        : <Facts of={entries.map(([key, value]) => [key, typeof value === 'string' ? value : <code key={key}>{JSON.stringify(value)}</code>] as const)} />}
    </div>
  );
}
