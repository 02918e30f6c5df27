/** Text of the answer. @throws Error with what the engine said. */
export const ask = async (url: string, statement: string): Promise<string> => {
  const answer = await fetch(url, { method: 'POST', body: statement })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}

export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')
