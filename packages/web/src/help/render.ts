import { Marked, type Tokens } from 'marked';

/** Name of a section in an address: of a code the code, else its words. */
const slug = (text: string): string => text.toLowerCase().replaceAll(/<[^>]*>|[^\w\s-]/gu, '').trim().replaceAll(/\s+/gu, '-');

/** Codes can be found by their names. */
const withCodes = (html: string): string => html.replaceAll(/<code>([a-z0-9]+(?:-[a-z0-9]+)*)<\/code>/gu, '<code data-code="$1">$1</code>');

/**
 * A page of the documentation as HTML: sections and the reason codes of tables have ids, links lead to the page here.
 * What it gets comes with the application, so its HTML is as good as the application's.
 * @param known names of the pages that are here; links to others become text
 */
export function renderHelp(markdown: string, known: (page: string) => boolean): string {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading) { return `<h${depth} id="${slug(text)}">${withCodes(this.parser.parseInline(tokens))}</h${depth}>\n`; },
      // Pictures of pages are for readers elsewhere: here one looks at the pages.
      image({ text }: Tokens.Image) { return `<em>${text}</em>`; },
      link({ href, tokens }: Tokens.Link) {
        const text = this.parser.parseInline(tokens);
        const [, page, anchor = ''] = /^(?:\.\.\/|devices\/)?([\w-]+)\.md(#.*)?$/u.exec(href) ?? [];
        if (page !== undefined && known(page)) return `<a href="/help/${page}${anchor}">${text}</a>`;
        return /^https?:\/\//u.test(href) ? `<a href="${href}" rel="noreferrer noopener">${text}</a>` : href.startsWith('#') ? `<a href="${href}">${text}</a>` : text;
      },
      tablecell({ tokens, header }: Tokens.TableCell) {
        const html = this.parser.parseInline(tokens);
        return header ? `<th scope="col">${html}</th>` : `<td>${withCodes(html)}</td>`;
      },
      table({ header, rows }: Tokens.Table) {
        const row = (cells: Tokens.TableCell[]) => `<tr>${cells.map((cell) => this.tablecell(cell)).join('')}</tr>`;
        const head = header.some((cell) => cell.text !== '') ? `<thead>${row(header)}</thead>` : '';
        return `<div class="scroll" tabindex="0"><table>${head}<tbody>${rows.map(row).join('')}</tbody></table></div>`;
      },
    },
  });
  return marked.parse(markdown, { async: false });
}
