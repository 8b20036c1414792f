import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useBlocker, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useRef, useState } from 'react';
import { post } from '../api/http.ts';
import { configurationPath } from '../api/queries.ts';
import type { Configuration, Problem } from '../api/types.ts';
import { Editor } from '../editor/editor.tsx';
import { errorsOf, useCheck } from '../editor/use-check.ts';
import { Failure } from '../parts/failure.tsx';
import { plural } from '../parts/format.ts';
import { Page } from '../parts/page.tsx';
import { kindWords, textPath } from './kinds.ts';

/** A text of configuration to write: checked with the templates that it would be used with. What has errors may be saved, and says so. */
export function EditText({ of: { kind, name, text: stored }, heading }: { of: Configuration; heading: ReactNode }) {
  const [start] = useState(stored ?? '');
  const [text, setText] = useState(start);
  const path = configurationPath(kind, name);
  const [check] = useCheck(text, (asked) => post<{ problems: Problem[] }>(`${path}/check`, { text: asked }));
  const navigate = useNavigate();
  const queries = useQueryClient();
  const left = useRef(false);
  const save = useMutation({
    mutationFn: () => post<void>(path, { text }),
    onSuccess: async () => {
      left.current = true;
      for (const key of ['text', 'versions', 'device', 'audit']) void queries.invalidateQueries({ queryKey: [key] });
      await navigate({ to: textPath(kind, name) });
    },
  });
  useBlocker({ shouldBlockFn: () => !left.current && text !== start && !confirm('What you wrote is not saved. Leave it?'), enableBeforeUnload: () => !left.current && text !== start });
  const errors = errorsOf(check).length;
  const changed = text !== (stored ?? '');
  const send = () => { if (changed && !save.isPending) save.mutate(); };
  const { title, language, what } = kindWords[kind];
  return (
    <Page title={heading} windowTitle={`${name}: ${title}`} lead="editing" beside={(
      <>
        <Button variant="default" onClick={() => void navigate({ to: textPath(kind, name) })}>Leave</Button>
        <Button disabled={!changed || check.state === 'checking'} loading={save.isPending} onClick={send} title="Ctrl+Enter">{errors === 0 ? 'Save' : `Save with ${plural(errors, 'error')}`}</Button>
      </>
    )}>
      {save.error !== null && <Failure error={save.error} what={title} />}
      <Editor label={title} language={language} start={start} check={check} onChange={setText} onSubmit={send}>{what}{stored !== null && ' Saved empty, it is taken away.'}</Editor>
    </Page>
  );
}
