import { relative, resolve, sep } from 'node:path';
import { Comment, CommentTag, Converter } from 'typedoc';

const root = resolve(import.meta.dirname, '../..');

/** TypeDoc's own plugins, which make the links, come later. */
const BEFORE_OTHERS = 1000;

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
  export: 'Export',
};

/** Documents go by their first heading, since a repository page would show a title in front matter as a table. */
function titles(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const [, title] = /^# (.+)$/m.exec(Comment.combineDisplayParts(document.content)) ?? [];
    if (title !== undefined) document.name = title;
  });
}

/**
 * Symbols are sorted by what they are about: by the folder that they are in. That is all that is told of their sources, since
 * links to these would depend on where a clone comes from.
 */
function topics(app) {
  const sort = ({ project }) => {
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
    for (const reflection of Object.values(project.reflections)) delete reflection.sources;
  };
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, sort, BEFORE_OTHERS);
}

export default {
  name: 'Shadegrad',
  includeVersion: true,
  basePath: root,
  tsconfig: '../../tsconfig.build.json',
  entryPoints: ['index', 'node', 'bench', 'charts', 'export'].map((entry) => `../../src/${entry}.ts`),
  readme: '../../README.md',
  projectDocuments: [
    '../../docs/*.md',
    '../../{bench/peers,examples}/README.md',
    '../../{CONTRIBUTING,SECURITY,CHANGELOG}.md',
  ],
  plugin: [titles, topics],
  // Where a clone comes from is not asked. TypeDoc then wants a form of links, of which there are none: see above.
  disableGit: true,
  sourceLinkTemplate: '{path}',
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
