/** An error as the engine reports it. */
export interface EngineError {
  readonly code: number
  readonly message: string
}

export const readEngineError = (error: unknown): EngineError => {
  const message = error instanceof Error ? error.message : String(error)
  const reported = (error as { clickhouseCode?: unknown } | null)?.clickhouseCode
  const code = Number(reported ?? /\bCode: (\d+)\./.exec(message)?.[1] ?? 1002)
  return {
    code,
    message: /^Code: /.test(message) ? message : `Code: ${code}. DB::Exception: ${message}`,
  }
}

const statuses: ReadonlyMap<number, number> = new Map([
  [194, 401],
  ...[192, 193, 516].map((code): [number, number] => [code, 403]),
  ...[
    6, 7, 8, 25, 26, 27, 36, 38, 41, 43, 44, 53, 62, 69, 70, 72, 117, 130, 131, 349, 376, 441, 467,
    675, 676,
  ].map((code): [number, number] => [code, 400]),
  ...[16, 46, 47, 50, 56, 60, 63, 73, 81, 115, 336, 511].map((code): [number, number] => [
    code,
    404,
  ]),
  [159, 408],
  [223, 413],
  [48, 501],
  [209, 503],
  [439, 503],
])

/** As the server maps codes; everything it does not name is 500. */
export const statusOf = (code: number): number => statuses.get(code) ?? 500
