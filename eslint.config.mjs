import nx from '@nx/eslint-plugin'
import tseslint from 'typescript-eslint'

/** Who may look into whom. A room sees only the rooms named here. */
const walls = {
  model: ['model'],
  logic: ['model', 'logic'],
  flow: ['model', 'logic', 'flow'],
  adapter: ['model'],
  testing: ['model', 'logic', 'flow', 'testing'],
  app: ['model', 'logic', 'flow', 'adapter'],
  tools: ['model', 'logic', 'flow', 'adapter', 'app', 'testing'],
}

const boundaries = (extra = []) => [
  'error',
  {
    allow: [],
    depConstraints: Object.entries(walls).map(([room, seen]) => ({
      sourceTag: `layer:${room}`,
      onlyDependOnLibsWithTags: [...seen, ...extra].map((name) => `layer:${name}`),
    })),
  },
]

export default tseslint.config(
  { ignores: ['**/dist', '**/.tsc', '**/node_modules', '.nx', '.silversmith'] },
  ...tseslint.configs.recommended,
  { plugins: { '@nx': nx } },
  {
    files: ['**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(),
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what you export.' },
        { selector: 'ExportDefaultDeclaration', message: 'Use a named export.' },
      ],
    },
  },
  {
    files: ['**/*.test.ts'],
    rules: { '@nx/enforce-module-boundaries': boundaries(['testing', 'logic', 'adapter']) },
  },
  {
    files: ['libs/{core,datasets,parquet,flow}/**/*.ts', 'libs/simulation/src/memory/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'Settings come in as arguments.' },
        { name: 'setTimeout', message: 'Use the Clock port.' },
        { name: 'setInterval', message: 'Use the Clock port.' },
        { name: 'fetch', message: 'I/O belongs to adapters.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Use the Clock port.' },
        { object: 'Math', property: 'random', message: 'Use the Ids port.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            'node:fs*',
            'node:http*',
            'node:net',
            'node:child_process',
            '@aws-sdk/*',
            '@clickhouse/*',
          ],
        },
      ],
    },
  },
  { files: ['**/*.config.*'], rules: { 'no-restricted-syntax': 'off' } },
)
