import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    pool: 'forks',
    passWithNoTests: true,
    // Only what hangs is stopped: a slow or busy machine takes many times as long as another.
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
  },
})
