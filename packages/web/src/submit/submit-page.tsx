import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { ApiError, post } from '../api/http.ts';
import { configurationQuery, meQuery } from '../api/queries.ts';
import type { Problem } from '../api/types.ts';
import { Editor } from '../editor/editor.tsx';
import type { EditorHandle } from '../editor/text-editor.tsx';
import { errorsOf, useCheck } from '../editor/use-check.ts';
import { Failure } from '../parts/failure.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Page } from '../parts/page.tsx';
import { draft } from './draft.ts';
import { example } from './example.ts';
import { submitTabs } from './submit-tabs.tsx';

/** Write a definition, see its problems while typing, submit. */
export function SubmitPage() {
  const { job } = useParams({ strict: false }) as { job?: string };
  const original = useQuery({ ...configurationQuery(job ?? ''), enabled: job !== undefined });
  if (job !== undefined && original.data === undefined) {
    return <Page title={`Resubmit job ${job}`}>{original.error === null ? <Coming rows={12} /> : <Failure error={original.error} what="The definition" retry={() => void original.refetch()} />}</Page>;
  }
  const { multinode_definition: whole, original_definition: own, definition } = original.data ?? {};
  return <Write key={job ?? ''} from={job} start={original.data === undefined ? draft('job').read() : whole ?? own ?? definition ?? ''} />;
}

const ask = (definition: string) => post<{ problems: Problem[] }>('validate', { definition });

function Write({ from, start }: { from: string | undefined; start: string }) {
  const [text, setText] = useState(start);
  const [check, setCheck] = useCheck(text, ask);
  const editor = useRef<EditorHandle>(null);
  const navigate = useNavigate();
  const { data: me } = useQuery(meQuery);
  useEffect(() => { if (from === undefined) draft('job').write(text); }, [text, from]);

  const submit = useMutation({
    mutationFn: () => post<{ job_ids: (number | string)[] }>('jobs', { definition: text }),
    onSuccess: ({ job_ids: [id] }) => {
      draft('job').write('');
      void navigate({ to: '/scheduler/job/$job', params: { job: String(id) } });
    },
    onError: (e) => { if (e instanceof ApiError && e.problems.length > 0) setCheck({ state: 'checked', problems: e.problems }); },
  });
  const errors = errorsOf(check);
  const signedOut = me?.username === null;
  const ready = text.trim() !== '' && errors.length === 0 && !signedOut;
  const send = () => { if (ready && !submit.isPending) submit.mutate(); };

  return (
    <Page title={from === undefined ? 'Submit a job' : `Resubmit job ${from}`} beside={(
      <>
        {text.trim() === '' && <Button variant="default" onClick={() => { setText(example); editor.current?.replace(example); }}>Insert an example</Button>}
        <Button disabled={!ready} loading={submit.isPending} onClick={send} title="Ctrl+Enter">Submit</Button>
      </>
    )}>
      {from === undefined && submitTabs('job')}
      {signedOut && <Notice tone="warn" title="Sign in to submit" action={<Link to="/accounts/login" search={{ next: '/scheduler/jobsubmit' } as never}>Sign in</Link>}>What you write here is kept and checked meanwhile.</Notice>}
      {submit.error !== null && errors.length === 0 && <Failure error={submit.error} what="The job" />}
      <Editor label="Job definition (YAML)" language="yaml" start={start} check={check} onChange={setText} onSubmit={send} handle={editor}>
        Type or paste a job definition, or drop a file into the editor. It is checked as you type.
      </Editor>
    </Page>
  );
}
