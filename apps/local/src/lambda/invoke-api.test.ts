import { expect, it } from 'vitest'
import type { FunctionPool } from './function-pool.ts'
import { failureOf } from './invocation.ts'
import type { Outcome } from './invocation.ts'
import { startInvokeApi } from './invoke-api.ts'

it('answers as Lambda does: payload, function error, throttle, and requests that cannot be', async () => {
  const outcomes: Record<string, Outcome> = {
    '"good"': { kind: 'success', payload: '{"ok":true}' },
    '"bad"': failureOf('TypeError', 'no'),
    '"many"': { kind: 'throttled' },
  }
  const bulk: FunctionPool = {
    name: 'bulk',
    logFile: '',
    pids: () => [],
    invoke: (payload) => Promise.resolve(outcomes[payload] ?? failureOf('?', payload)),
    close: () => Promise.resolve(),
  }
  const api = await startInvokeApi([bulk])
  const post = async (name: string, body: string) => {
    const url = `${api.url}/2015-03-31/functions/${name}/invocations`
    const response = await fetch(url, { method: 'POST', body })
    const error = response.headers.get('x-amz-function-error')
    return [response.status, error, await response.json()]
  }
  try {
    expect(await post('bulk', '"good"')).toEqual([200, null, { ok: true }])
    expect(await post('bulk', '"bad"')).toEqual([
      200,
      'Unhandled',
      { errorType: 'TypeError', errorMessage: 'no', trace: [] },
    ])
    expect(await post('bulk', '"many"')).toMatchObject([429, null, {}])
    expect(await post('none', '{}')).toMatchObject([404, null, {}])
    expect(await post('bulk', '{')).toMatchObject([400, null, {}])
    expect(await post('bulk', `"${'x'.repeat(6 * 1024 * 1024)}"`)).toMatchObject([413, null, {}])
  } finally {
    await api.close()
  }
})
