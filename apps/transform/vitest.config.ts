import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    pool: 'forks',
    passWithNoTests: true,
    testTimeout: 30_000,
  },
})
