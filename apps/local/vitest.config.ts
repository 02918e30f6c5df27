import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    pool: 'forks',
    // Most files wait for processes they started; with as many workers as cores less one, a machine of two idles.
    maxWorkers: 3,
    passWithNoTests: true,
    testTimeout: 30_000,
  },
})
