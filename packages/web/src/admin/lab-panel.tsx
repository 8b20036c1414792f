import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { getText, post } from '../api/http.ts';
import type { LabPlan } from '../api/types.ts';
import { Editor } from '../editor/editor.tsx';
import type { EditorHandle } from '../editor/text-editor.tsx';
import { errorsOf, useCheck } from '../editor/use-check.ts';
import { Failure } from '../parts/failure.tsx';
import { plural } from '../parts/format.ts';
import { HelpLink } from '../parts/links.tsx';
import { Notice } from '../parts/notice.tsx';
import { Panel } from '../parts/page.tsx';
import style from './admin.module.css';
import { PlanList } from './plan-list.tsx';

/** The lab as one file: taken out, changed, and put back after a look at what that would do. */
export function LabPanel() {
  const [text, setText] = useState('');
  const [prune, setPrune] = useState(false);
  const [plan, setPlan] = useState<LabPlan>();
  const editor = useRef<EditorHandle>(null);
  const queries = useQueryClient();
  const ask = (lab: string) => post<LabPlan>('lab/plan', { lab, prune });
  const [check] = useCheck(text, async (lab) => { const answer = await ask(lab); setPlan(answer); return answer; });
  const errors = errorsOf(check).length;
  const current = useQuery({ queryKey: ['lab'], queryFn: ({ signal }) => getText('lab', signal), enabled: false });
  const take = useMutation({ mutationFn: async () => (await current.refetch({ throwOnError: true })).data ?? '', onSuccess: (lab) => { setText(lab); editor.current?.replace(lab); } });
  const look = useMutation({ mutationFn: (wanted: boolean) => post<LabPlan>('lab/plan', { lab: text, prune: wanted }), onSuccess: setPlan });
  const apply = useMutation({
    mutationFn: () => post<LabPlan>('lab/apply', { lab: text, prune, revision: plan?.revision ?? '' }),
    onSuccess: () => { void queries.invalidateQueries(); void ask(text).then(setPlan); },
  });
  const changes = (plan?.plan ?? []).filter((i) => i.action !== 'keep');
  return (
    <>
      <Panel title="The lab as one file" beside={<HelpLink page="lab-file">How it is written</HelpLink>}>
        <div className={style.form}>
          <Button variant="default" loading={take.isPending} onClick={() => take.mutate()}>Take out the lab as it is</Button>
          <div className={style.flags}><label><input type="checkbox" checked={prune} onChange={(e) => { setPrune(e.currentTarget.checked); if (text.trim() !== '') look.mutate(e.currentTarget.checked); }} />also remove what the file does not name</label></div>
        </div>
      </Panel>
      {(take.error ?? apply.error) !== null && <Failure error={take.error ?? apply.error} what="The lab file" />}
      {apply.isSuccess && changes.length === 0 && <Notice tone="ok" role="status" title="Done">The lab is as the file says.</Notice>}
      <Editor label="Lab file (YAML)" language="yaml" start="" check={check} onChange={setText} onSubmit={() => undefined} handle={editor}>Take out the lab as it is, or paste a lab file. What it would change is shown below; nothing is done before you apply it.</Editor>
      {text.trim() !== '' && plan !== undefined && (
        <Panel title={changes.length === 0 ? 'Nothing would change' : `${plural(changes.length, 'object')} would change`}
          beside={<Button disabled={errors > 0 || changes.length === 0 || check.state !== 'checked'} loading={apply.isPending} onClick={() => apply.mutate()}>Apply</Button>}>
          <PlanList items={changes} />
        </Panel>
      )}
    </>
  );
}
