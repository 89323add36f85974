import { relative, resolve, sep } from 'node:path';
import { Comment, CommentTag, Converter } from 'typedoc';

const root = resolve(import.meta.dirname, '../..');

/** What the folders of src/ are about, in the order of the site. */
const TOPICS = {
  train: 'Training',
  data: 'Data',
  model: 'Models',
  report: 'Reports',
  pictures: 'Pictures',
  gpu: 'GPU',
  node: 'Files and adapters',
  bench: 'Benchmarks',
};

/** Documents go by their first heading, since a repository page would show a title in front matter as a table. */
function titles(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const [, title] = /^# (.+)$/m.exec(Comment.combineDisplayParts(document.content)) ?? [];
    if (title !== undefined) document.name = title;
  });
}

/** Symbols are sorted by what they are about: by the folder that they are in. */
function topics(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      for (const symbol of module.children ?? []) {
        const [source] = symbol.sources ?? [];
        if (source === undefined) continue;
        const [, folder] = relative(root, source.fullFileName).split(sep);
        const topic = TOPICS[folder];
        if (topic === undefined) continue;
        for (const { comment } of [symbol, ...(symbol.signatures ?? [])]) {
          comment?.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: topic }]));
        }
      }
    }
  });
}

export default {
  name: 'Shadegrad',
  includeVersion: true,
  basePath: root,
  tsconfig: '../../tsconfig.build.json',
  entryPoints: ['index', 'node', 'bench', 'charts'].map((entry) => `../../src/${entry}.ts`),
  readme: '../../README.md',
  projectDocuments: [
    '../../docs/*.md',
    '../../bench/peers/README.md',
    '../../{CONTRIBUTING,SECURITY,CHANGELOG}.md',
  ],
  plugin: [titles, topics],
  out: '../../site',
  customCss: 'site.css',
  // A README has a heading of its own.
  headings: { readme: false },
  highlightLanguages: ['bash', 'javascript', 'json', 'python', 'typescript'],
  navigation: { includeCategories: true, includeFolders: false },
  categoryOrder: [...Object.values(TOPICS), '*'],
  defaultCategory: 'Others',
  sortEntryPoints: false,
  sort: ['kind', 'instance-first', 'source-order'],
  kindSortOrder: ['Document', 'Module', 'Class', 'Function', 'Variable', 'Interface', 'TypeAlias'],
  includeHierarchySummary: false,
  searchInComments: true,
  searchInDocuments: true,
  excludeReferences: true,
  excludeExternals: true,
  validation: { notDocumented: true },
  requiredToBeDocumented: [
    'Accessor',
    'Class',
    'Constructor',
    'Function',
    'Interface',
    'Method',
    'Property',
    'TypeAlias',
    'Variable',
  ],
  treatWarningsAsErrors: true,
};
