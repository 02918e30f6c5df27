import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.test.ts', '{bench,package,reference,state-machine,terraform}/*.test.ts'],
    pool: 'forks',
    // Only what hangs is stopped: a slow or busy machine takes many times as long as another.
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
  },
})
