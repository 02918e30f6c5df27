import { expect, test } from 'vitest'
import { asCalled } from './called-name.ts'
import { commandNames, readCommandLine } from './command-line.ts'

test('a command that is printed runs as it stands, on the stack of the one that printed it', () => {
  const document = {
    findings: [{ mend: 'silversmith ledger rebuild; then silversmith batch free B' }],
    other: 'the silversmith of the house',
    count: 3n,
  }
  expect(asCalled(document, "it's here")).toEqual({
    findings: [
      {
        mend: `npx silversmith --dir 'it'\\''s here' ledger rebuild; then npx silversmith --dir 'it'\\''s here' batch free B`,
      },
    ],
    other: 'the silversmith of the house',
    count: 3n,
  })
  expect(asCalled('silversmith repair B --yes', undefined)).toBe('npx silversmith repair B --yes')
})

test('every command is called so that it takes what it is given', () => {
  for (const name of commandNames) {
    const [call = '', ...args] = asCalled(`silversmith ${name}`, 'my-state').split(' ').slice(1)
    expect([name, call]).toEqual([name, 'silversmith'])
    const read = () => readCommandLine(args)
    if (args.includes('--dir')) expect(read).not.toThrow(/takes no --dir/)
    else expect(() => readCommandLine([...args, '--dir', 'my-state'])).toThrow(/takes no --dir/)
  }
})
