import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { ApiError, post } from '../api/http.ts';
import { configurationQuery, meQuery } from '../api/queries.ts';
import type { Problem } from '../api/types.ts';
import { Failure } from '../parts/failure.tsx';
import { plural } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Page } from '../parts/page.tsx';
import { example } from './example.ts';
import style from './submit-page.module.css';
import type { EditorHandle } from './yaml-editor.tsx';

const YamlEditor = lazy(() => import('./yaml-editor.tsx'));

/** Where a text that is being written survives a reload. */
const draftKey = 'lava-draft';
const draft = {
  read: () => { try { return sessionStorage.getItem(draftKey) ?? ''; } catch { return ''; } },
  write: (text: string) => { try { sessionStorage.setItem(draftKey, text); } catch { /* storage may be forbidden or full */ } },
};

/** Write a definition, see its problems while typing, submit. */
export function SubmitPage() {
  const { job } = useParams({ strict: false }) as { job?: string };
  const original = useQuery({ ...configurationQuery(job ?? ''), enabled: job !== undefined });
  if (job !== undefined && original.data === undefined) {
    return <Page title={`Resubmit job ${job}`}>{original.error === null ? <Coming rows={12} /> : <Failure error={original.error} what="The definition" retry={() => void original.refetch()} />}</Page>;
  }
  return <Editor key={job ?? ''} from={job} start={original.data === undefined ? draft.read() : original.data.original_definition ?? original.data.definition} />;
}

type Check = { state: 'empty' | 'checking' | 'unreachable' } | { state: 'checked'; problems: Problem[] };

function Editor({ from, start }: { from: string | undefined; start: string }) {
  const [text, setText] = useState(start);
  const [check, setCheck] = useState<Check>({ state: 'empty' });
  const editor = useRef<EditorHandle>(null);
  const navigate = useNavigate();
  const { data: me } = useQuery(meQuery);

  // Checks shortly after the last key; an answer to an older text is dropped.
  useEffect(() => {
    if (from === undefined) draft.write(text);
    if (text.trim() === '') { setCheck({ state: 'empty' }); return; }
    let current = true;
    setCheck((old) => (old.state === 'checked' ? old : { state: 'checking' }));
    const timer = setTimeout(() => {
      post<{ valid: boolean; problems: Problem[] }>('validate', { definition: text })
        .then((answer) => { if (current) setCheck({ state: 'checked', problems: answer.problems }); })
        .catch((e: unknown) => { if (current) setCheck(e instanceof ApiError && e.problems.length > 0 ? { state: 'checked', problems: e.problems } : { state: 'unreachable' }); });
    }, 350);
    return () => { current = false; clearTimeout(timer); };
  }, [text, from]);

  const submit = useMutation({
    mutationFn: () => post<{ job_ids: (number | string)[] }>('jobs', { definition: text }),
    onSuccess: ({ job_ids: [id] }) => {
      draft.write('');
      void navigate({ to: '/scheduler/job/$job', params: { job: String(id) } });
    },
    onError: (e) => { if (e instanceof ApiError && e.problems.length > 0) setCheck({ state: 'checked', problems: e.problems }); },
  });
  const problems = check.state === 'checked' ? check.problems : [];
  const errors = problems.filter((p) => p.severity === 'error');
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
      {signedOut && <Notice tone="warn" title="Sign in to submit" action={<Link to="/accounts/login" search={{ next: '/scheduler/jobsubmit' } as never}>Sign in</Link>}>What you write here is kept and checked meanwhile.</Notice>}
      {submit.error !== null && errors.length === 0 && <Failure error={submit.error} what="The job" />}
      <div className={style.columns}>
        <div className={style.editor}>
          <Suspense fallback={<Coming rows={12} />}>
            <YamlEditor ref={editor} start={start} problems={problems} onChange={setText} onSubmit={send} />
          </Suspense>
        </div>
        <section className={style.problems} aria-label="Problems">
          <h2><span role="status">
            {check.state === 'empty' ? 'Problems' : check.state === 'checking' ? 'Checking…' : check.state === 'unreachable' ? 'Not checked: the server did not answer'
              : problems.length === 0 ? <span className={style.good}><Icon name="ok" size={14} /> Nothing wrong</span>
              : [errors.length > 0 && plural(errors.length, 'error'), problems.length > errors.length && plural(problems.length - errors.length, 'warning')].filter(Boolean).join(', ')}
          </span></h2>
          {check.state === 'empty' && <p className="quiet">Type or paste a job definition, or drop a file into the editor. It is checked as you type.</p>}
          <ul>
            {problems.map((p, i) => (
              <li key={i} data-severity={p.severity}>
                <button type="button" disabled={p.line === undefined} onClick={() => editor.current?.goTo(p)}>
                  <span className={style.icon}><Icon name={p.severity === 'error' ? 'bad' : 'warn'} size={14} /><span className="sr-only">{p.severity}</span></span>
                  <span>
                    {p.message}
                    {p.hint !== undefined && <span className={style.hint}>{p.hint}</span>}
                    <span className={style.where}>{p.line !== undefined && `Line ${p.line}${p.column === undefined ? '' : `:${p.column}`}`}{p.path.length > 0 && <code>{p.path.join('.')}</code>}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Page>
  );
}
