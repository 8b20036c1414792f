import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { textQuery } from '../api/queries.ts';
import type { Configuration, ConfigurationKind } from '../api/types.ts';
import { useAddress } from '../parts/address.ts';
import { Failure } from '../parts/failure.tsx';
import { Icon } from '../parts/icons.tsx';
import { HelpLink } from '../parts/links.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Empty, Page } from '../parts/page.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { YamlText } from '../parts/yaml-text.tsx';
import { EditText } from './edit-text.tsx';
import { kindWords, ownerPath, textPath } from './kinds.ts';
import { Versions } from './versions.tsx';

/** A text that configures something: as it is, as it was, and to write. */
export function TextPage({ kind }: { kind: ConfigurationKind }) {
  const { name = '' } = useParams({ strict: false }) as { name?: string };
  const { data, error, refetch } = useQuery(textQuery(kind, name));
  const { title, help } = kindWords[kind];
  const [search] = useAddress();
  const navigate = useNavigate();
  const heading = <><Link to={ownerPath(kind, name) as '/'}>{name}</Link> <span className="quiet">{title}</span></>;
  if (data === undefined) return <Page title={heading} windowTitle={`${name}: ${title}`}>{error === null ? <Coming rows={12} /> : <Failure error={error} retry={() => void refetch()} what={title} />}</Page>;
  const to = textPath(kind, name);
  if (search.view === 'edit' && data.can_change) return <EditText key={`${kind} ${name}`} of={data} heading={heading} />;
  const versions = search.view === 'versions' && data.path !== null;
  return (
    <Page title={heading} windowTitle={`${name}: ${title}`} lead={<HelpLink page={help}>What is this?</HelpLink>}
      beside={data.can_change && <Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={() => void navigate({ to, search: { view: 'edit' } as never })}>{data.text === null ? 'Write it' : 'Edit'}</Button>}>
      <Place of={data} />
      {data.path !== null && <Tabs label="Views of the text" items={[{ key: 'now', to, label: 'As it is', current: !versions }, { key: 'versions', to, search: { view: 'versions' }, label: 'Versions', current: versions }]} />}
      {versions ? <Versions kind={kind} name={name} />
        : data.text === null ? <Empty title="There is none">{kindWords[kind].what}</Empty> : <YamlText label={title} text={data.text} />}
    </Page>
  );
}

/** Where the text is kept, as far as that matters to the reader. */
function Place({ of: { place, path, kind } }: { of: Configuration }) {
  if (place === 'file') return <Notice tone="warn" icon="help" title="Kept in a file on the server">{path === null ? 'It is changed there by the admin.' : <>Edit <code>{path}</code> there; what is in the file counts at once.</>}</Notice>;
  if (place === 'shipped') return <Notice tone="idle" icon="help" title="Comes with LAVA">{path === null ? 'Admins can replace it.' : <>What you write here takes its place for all devices of the type; so does a file <code>{path}</code>.</>}</Notice>;
  if (place === null && path !== null) return <Notice tone="idle" icon="help" title={`No ${kindWords[kind].title.toLowerCase()} yet`}>Write it here, or into the file <code>{path}</code> on the server.</Notice>;
  return null;
}
